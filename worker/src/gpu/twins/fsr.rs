//! Twins of `easu` and `rcas`.

use super::{Bound, planes_mut};
use crate::gpu::shaders::easu::{DIRECTION_MIN, LOBE_CHANGE, Params as EasuParams};
use crate::gpu::shaders::rcas::{DIVISOR_MIN, LOBE_MAX, Params as RcasParams};

type Colour = [f32; 3];

fn texel(planes: [&[f32]; 3], (width, height): (u32, u32), x: i32, y: i32) -> Colour {
    let column = x.clamp(0, width as i32 - 1) as u32;
    let row = y.clamp(0, height as i32 - 1) as u32;
    planes.map(|plane| plane[(row * width + column) as usize])
}

fn brightness(colour: Colour) -> f32 {
    0.5 * colour[0] + colour[1] + 0.5 * colour[2]
}

fn edge(before: f32, centre: f32, after: f32) -> f32 {
    let steepest = (after - centre).abs().max((centre - before).abs());
    if steepest == 0.0 {
        return 0.0;
    }
    let share = ((after - before).abs() / steepest).clamp(0.0, 1.0);
    share * share
}

fn analyse(weight: f32, [up, left, centre, right, down]: [f32; 5]) -> [f32; 3] {
    let length = edge(left, centre, right) + edge(up, centre, down);
    [weight * (right - left), weight * (down - up), weight * length]
}

struct Kernel {
    direction: [f32; 2],
    stretch: [f32; 2],
    lobe: f32,
}

fn tap(offset: [f32; 2], kernel: &Kernel) -> f32 {
    let along = (offset[0] * kernel.direction[0] + offset[1] * kernel.direction[1]) * kernel.stretch[0];
    let across = (offset[1] * kernel.direction[0] - offset[0] * kernel.direction[1]) * kernel.stretch[1];
    let distance_squared = (along * along + across * across).min(1.0 / kernel.lobe);
    let base = 0.4 * distance_squared - 1.0;
    let window = kernel.lobe * distance_squared - 1.0;
    (1.5625 * base * base - 0.5625) * window * window
}

fn shape(found: [f32; 3]) -> Kernel {
    let squared = found[0] * found[0] + found[1] * found[1];
    let direction = if squared < DIRECTION_MIN { [1.0, 0.0] } else { [found[0] / squared.sqrt(), found[1] / squared.sqrt()] };
    let half_length = 0.5 * found[2];
    let length = half_length * half_length;
    let [x, y] = direction;
    let diagonal = (x * x + y * y) / x.abs().max(y.abs());
    Kernel { direction, stretch: [1.0 + (diagonal - 1.0) * length, 1.0 - 0.5 * length], lobe: 0.5 + LOBE_CHANGE * length }
}

/// The twelve taps b c e f g h i j k l n o, as offsets from f.
const TAPS: [[i32; 2]; 12] = [[0, -1], [1, -1], [-1, 0], [0, 0], [1, 0], [2, 0], [-1, 1], [0, 1], [1, 1], [2, 1], [0, 2], [1, 2]];

pub(super) fn easu(params: EasuParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (columns, rows) = (bound.read::<[f32; 2]>(0), bound.read::<[f32; 2]>(1));
    let planes = bound.read_planes(2);
    let scaled = planes_mut(&mut writes);
    for y in 0..params.target_height {
        for x in 0..params.target_width {
            let colour = easu_sample(&params, planes, columns[x as usize], rows[y as usize]);
            for c in 0..3 {
                scaled[c][(y * params.target_width + x) as usize] = colour[c];
            }
        }
    }
    bound.writes = writes;
}

fn easu_sample(params: &EasuParams, planes: [&[f32]; 3], [x, u]: [f32; 2], [y, v]: [f32; 2]) -> Colour {
    let (x, y) = (x as i32, y as i32);
    let size = (params.source_width, params.source_height);
    let colours = TAPS.map(|[dx, dy]| texel(planes, size, x + dx, y + dy));
    let [bl, cl, el, fl, gl, hl, il, jl, kl, ll, nl, ol] = colours.map(brightness);
    let parts = [
        analyse((1.0 - u) * (1.0 - v), [bl, el, fl, gl, jl]),
        analyse(u * (1.0 - v), [cl, fl, gl, hl, kl]),
        analyse((1.0 - u) * v, [fl, il, jl, kl, nl]),
        analyse(u * v, [gl, jl, kl, ll, ol]),
    ];
    let kernel = shape([0, 1, 2].map(|c| parts[0][c] + parts[1][c] + parts[2][c] + parts[3][c]));
    let weights = TAPS.map(|[dx, dy]| tap([dx as f32 - u, dy as f32 - v], &kernel));
    let total: f32 = weights.iter().sum();
    let [_, _, _, f, g, _, _, j, k, ..] = colours;
    [0, 1, 2].map(|c| {
        let sum: f32 = colours.iter().zip(weights).map(|(colour, weight)| colour[c] * weight).sum();
        let low = f[c].min(g[c]).min(j[c].min(k[c]));
        let high = f[c].max(g[c]).max(j[c].max(k[c]));
        (sum / total).max(low).min(high)
    })
}

fn calm([b, d, e, f, h]: [f32; 5]) -> f32 {
    let range = b.max(d).max(f.max(h)).max(e) - b.min(d).min(f.min(h)).min(e);
    let peak = (0.25 * (b + d + f + h) - e).abs();
    1.0 - 0.5 * (peak / range.max(DIVISOR_MIN)).clamp(0.0, 1.0)
}

pub(super) fn rcas(params: RcasParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let planes = bound.read_planes(0);
    let sharp = planes_mut(&mut writes);
    let size = (params.width, params.height);
    for y in 0..params.height as i32 {
        for x in 0..params.width as i32 {
            let [b, d, e, f, h] = [(0, -1), (-1, 0), (0, 0), (1, 0), (0, 1)].map(|(dx, dy)| texel(planes, size, x + dx, y + dy));
            let lobes = [0, 1, 2].map(|c| {
                let low = b[c].min(d[c]).min(f[c].min(h[c]));
                let high = b[c].max(d[c]).max(f[c].max(h[c]));
                let room_below = low.min(e[c]) / (4.0 * high).max(DIVISOR_MIN);
                let room_above = (1.0 - high.max(e[c])) / (4.0 - 4.0 * low).max(DIVISOR_MIN);
                (-room_below).max(-room_above)
            });
            let clear = calm([b, d, e, f, h].map(brightness));
            let lobe = (-LOBE_MAX).max(lobes[0].max(lobes[1]).max(lobes[2]).min(0.0)) * params.strength * clear;
            for c in 0..3 {
                let result = (lobe * (b[c] + d[c] + f[c] + h[c]) + e[c]) / (4.0 * lobe + 1.0);
                sharp[c][(y as u32 * params.width + x as u32) as usize] = result;
            }
        }
    }
    bound.writes = writes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easu_weighs_like_lanczos_with_two_lobes() {
        for length in [0.0, 0.5, 1.0] {
            let kernel = Kernel { direction: [0.6, 0.8], stretch: [1.0, 1.0], lobe: 0.5 + LOBE_CHANGE * length };
            let at = |distance: f32| tap([0.6 * distance, 0.8 * distance], &kernel);
            assert!((at(0.0) - 1.0).abs() < 1e-6, "one at the centre");
            assert!(at(1.0).abs() < 1e-6, "zero one texel away");
            let reach = (1.0 / kernel.lobe).sqrt();
            assert!(at(reach).abs() < 1e-6 && at(reach + 1.0).abs() < 1e-6, "zero from its reach on");
            assert!(at(0.5 * (1.0 + reach)) < 0.0, "a negative lobe between");
        }
    }

    #[test]
    fn easu_stretches_along_an_edge_and_not_on_a_line() {
        assert_eq!((edge(0.0, 0.5, 1.0), edge(0.0, 1.0, 0.0), edge(0.3, 0.3, 0.3)), (1.0, 0.0, 0.0));
        let vertical = shape(analyse(1.0, [0.5, 0.0, 0.5, 1.0, 0.5]));
        assert_eq!((vertical.direction, vertical.stretch), ([1.0, 0.0], [1.0, 0.875]));
        let both = shape(analyse(1.0, [0.0, 0.0, 0.5, 1.0, 1.0]));
        assert!((both.lobe - 0.21).abs() < 1e-6, "a quarter less 0.04 where both axes are edges");
        assert!((both.stretch[0] - 2.0_f32.sqrt()).abs() < 1e-6 && both.stretch[1] == 0.5, "{:?}", both.stretch);
    }

    /// Worked by hand: neighbours 0.4, centre 0.5. Room above 0.5 / 2.4 and below 0.4 / 1.6 both exceed the limit of 3/16,
    /// and the lone peak halves that: (0.5 - 1.6 * 3/32) / (1 - 12/32) = 0.56.
    #[test]
    fn rcas_sharpens_as_worked_by_hand() {
        let mut plane = vec![0.4_f32; 9];
        plane[4] = 0.5;
        let words: &[u32] = bytemuck::cast_slice(&plane);
        let mut bound = Bound { reads: vec![words; 3], writes: vec![vec![0; 9]; 3] };
        rcas(RcasParams { width: 3, height: 3, strength: 1.0 }, &mut bound);
        assert!((f32::from_bits(bound.writes[1][4]) - 0.56).abs() < 1e-6);
        assert!((f32::from_bits(bound.writes[2][0]) - 0.4).abs() < 1e-6, "flat stays flat");
    }
}

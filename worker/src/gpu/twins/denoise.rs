//! Twins of `denoise` and `denoise_mean`.

use super::{Bound, values_mut};
use crate::gpu::shaders::denoise::Params;
use crate::gpu::shaders::denoise_mean::Params as MeanParams;

fn texel(plane: &[f32], params: &Params, x: i32, y: i32) -> f32 {
    let column = x.clamp(0, params.width as i32 - 1) as u32;
    let row = y.clamp(0, params.height as i32 - 1) as u32;
    plane[(row * params.width + column) as usize]
}

/// How unlike the surroundings of two places are.
fn distance(params: &Params, (centre, x, y): (&[f32], i32, i32), (other, s, t): (&[f32], i32, i32)) -> f32 {
    let squared = |across: i32, down: i32| {
        let apart = texel(other, params, s + across, t + down) - texel(centre, params, x + across, y + down);
        apart * apart
    };
    let row = |down| 0.25 * (squared(-1, down) + squared(1, down)) + 0.5 * squared(0, down);
    0.25 * (row(-1) + row(1)) + 0.5 * row(0)
}

pub(super) fn denoise(params: Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (centre, other) = (bound.read::<f32>(0), bound.read::<f32>(1));
    let sums: &mut [[f32; 2]] = values_mut(&mut writes[0]);
    for y in 0..params.height as i32 {
        for x in 0..params.width as i32 {
            let mut sum = [0.0; 2];
            for t in y - params.radius..=y + params.radius {
                for s in x - params.radius..=x + params.radius {
                    let distance = distance(&params, (centre, x, y), (other, s, t));
                    let closeness = ((params.distance_max - distance) * params.weight_scale).clamp(0.0, 1.0);
                    let same = params.begin == 0 && distance == 0.0 && (s, t) == (x, y);
                    let weight = if same { 0.0 } else { closeness * closeness };
                    sum[0] += weight * texel(other, &params, s, t);
                    sum[1] += weight;
                }
            }
            let place = &mut sums[(y as u32 * params.width + x as u32) as usize];
            *place = if params.begin == 0 { [sum[0] + place[0], sum[1] + place[1]] } else { sum };
        }
    }
    bound.writes = writes;
}

pub(super) fn denoise_mean(params: MeanParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let sums = bound.read::<[f32; 2]>(0);
    let plane: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    for i in 0..params.samples as usize {
        plane[i] = sums[i][0] / sums[i][1];
    }
    bound.writes = writes;
}

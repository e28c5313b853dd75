//! Twins of `net_resize`, `net_pool` and `net_grid_sample`.

use super::Tensors;
use crate::gpu::shaders::net_grid_sample::{self, OUTSIDE_BORDER, OUTSIDE_REFLECTION, SAMPLE_CUBIC, SAMPLE_NEAREST};
use crate::gpu::shaders::{net_pool, net_resize};

/// Visits every element of a result in blocks: where it goes, the first element of its channel in the source, column and row.
fn visit(
    tensors: &mut Tensors<'_, '_>,
    [blocks, width, height]: [u32; 3],
    (to_first, to_total): (u32, u32),
    value: impl Fn([u32; 2], u32, u32, u32) -> f32,
) {
    // The workgroups along z say how many pictures there are.
    let batch = tensors.pass.groups[2] / blocks;
    tensors.write(0, |result| {
        for n in 0..batch {
            for channel in 0..blocks * 4 {
                for y in 0..height {
                    for x in 0..width {
                        let block = n * to_total + to_first + channel / 4;
                        let place = ((block * height + y) * width + x) * 4 + channel % 4;
                        result[place as usize] = value([n, channel / 4], channel % 4, x, y);
                    }
                }
            }
        }
    });
}

pub(super) fn net_resize(params: net_resize::Params, tensors: &mut Tensors<'_, '_>) {
    let places = tensors.bound.read::<u32>(0).to_vec();
    let (weights, source) = (tensors.table(1).to_vec(), tensors.read(2));
    let size = [params.blocks, params.out_width, params.out_height];
    visit(tensors, size, (params.to_first, params.to_total), |[n, block], lane, x, y| {
        let first = (n * params.from_total + params.from_first + block) * params.in_height;
        let mut sum = 0.0_f32;
        for ky in 0..params.taps_y {
            let tap_y = (params.taps_x * params.out_width + ky * params.out_height + y) as usize;
            let row = (first + places[tap_y]) * params.in_width;
            let mut line = 0.0_f32;
            for kx in 0..params.taps_x {
                let tap_x = (kx * params.out_width + x) as usize;
                line = weights[tap_x].mul_add(source[((row + places[tap_x]) * 4 + lane) as usize], line);
            }
            sum = weights[tap_y].mul_add(line, sum);
        }
        sum
    });
}

pub(super) fn net_pool(params: net_pool::Params, tensors: &mut Tensors<'_, '_>) {
    let source = tensors.read(0);
    let largest = tensors.constant("LARGEST") == 1;
    let size = [params.blocks, params.out_width, params.out_height];
    let (width, height) = (params.in_width as i32, params.in_height as i32);
    visit(tensors, size, (params.to_first, params.to_total), |[n, block], lane, out_x, out_y| {
        let first = (n * params.from_total + params.from_first + block) * params.in_height;
        let (mut seen, mut counted) = (Vec::new(), 0);
        for ky in 0..params.kernel_y {
            let y = (out_y * params.stride_y + ky * params.dilation_y) as i32 - params.pad_y;
            for kx in 0..params.kernel_x {
                let x = (out_x * params.stride_x + kx * params.dilation_x) as i32 - params.pad_x;
                counted += u32::from(x < width + params.pad_end_x && y < height + params.pad_end_y);
                if (0..width).contains(&x) && (0..height).contains(&y) {
                    seen.push(source[(((first + y as u32) * params.in_width + x as u32) * 4 + lane) as usize]);
                }
            }
        }
        if largest {
            seen.into_iter().reduce(f32::max).unwrap_or(0.0)
        } else {
            let count = if params.count_padding == 1 { counted } else { seen.len() as u32 };
            seen.iter().sum::<f32>() / count.max(1) as f32
        }
    });
}

/// How one axis of a picture is sampled.
#[derive(Clone, Copy)]
struct Axis {
    length: u32,
    outside: u32,
    align_corners: bool,
}

impl Axis {
    fn reflected(self, x: f32) -> f32 {
        let last = self.length as f32 - 1.0;
        let (low, span) = if self.align_corners { (0.0, last) } else { (-0.5, last + 1.0) };
        if span <= 0.0 {
            return 0.0;
        }
        let way = (x - low).abs();
        let (folds, rest) = ((way / span).floor(), way - (way / span).floor() * span);
        (if folds % 2.0 == 1.0 { span - rest } else { rest }) + low
    }

    fn held_inside(self, x: f32) -> f32 {
        let last = self.length as f32 - 1.0;
        match self.outside {
            OUTSIDE_BORDER => x.clamp(0.0, last),
            OUTSIDE_REFLECTION => self.reflected(x).clamp(0.0, last),
            _ => x,
        }
    }

    fn place(self, g: f32) -> f32 {
        let length = self.length as f32;
        if self.align_corners { (g + 1.0) * 0.5 * (length - 1.0) } else { ((g + 1.0) * length - 1.0) * 0.5 }
    }

    /// The pixel that a tap reads, if it lies inside.
    fn tap(self, x: f32) -> Option<u32> {
        let x = self.held_inside(x);
        (x >= 0.0 && x < self.length as f32).then_some(x as u32)
    }
}

/// Keys' cubic at distances 1 + t, t, 1 - t and 2 - t.
fn cubic_weights(t: f32) -> [f32; 4] {
    let a = net_grid_sample::CUBIC_A;
    let near = |u: f32| ((a + 2.0) * u - (a + 3.0)) * u * u + 1.0;
    let far = |u: f32| ((a * u - 5.0 * a) * u + 8.0 * a) * u - 4.0 * a;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}

pub(super) fn net_grid_sample(params: net_grid_sample::Params, tensors: &mut Tensors<'_, '_>) {
    let (source, grid) = (tensors.read(0), tensors.read(1));
    let (sampling, outside) = (tensors.constant("SAMPLING"), tensors.constant("OUTSIDE"));
    let (align_corners, warp) = (tensors.constant("ALIGN_CORNERS") == 1, tensors.constant("WARP") == 1);
    let axis = |length| Axis { length, outside, align_corners };
    let (across, down) = (axis(params.in_width), axis(params.in_height));
    let size = [params.blocks, params.out_width, params.out_height];
    visit(tensors, size, (params.to_first, params.to_total), |[n, block], lane, x, y| {
        let first = (n * params.from_total + params.from_first + block) * params.in_height;
        let taken = |at_x: f32, at_y: f32| match (across.tap(at_x), down.tap(at_y)) {
            (Some(column), Some(row)) => source[(((first + row) * params.in_width + column) * 4 + lane) as usize],
            _ => 0.0,
        };
        let place = params.grid_offset + n * params.grid_picture + (y * params.out_width + x) * params.grid_place;
        let (g_x, g_y) = (grid[place as usize], grid[(place + params.grid_y) as usize]);
        let mut at = if warp { (x as f32 + g_x, y as f32 + g_y) } else { (across.place(g_x), down.place(g_y)) };
        if sampling != SAMPLE_CUBIC {
            at = (across.held_inside(at.0), down.held_inside(at.1));
        }
        if sampling == SAMPLE_NEAREST {
            return taken(at.0.round_ties_even(), at.1.round_ties_even());
        }
        let (left, top) = (at.0.floor(), at.1.floor());
        let (t, u) = (at.0 - left, at.1 - top);
        if sampling == SAMPLE_CUBIC {
            let (columns, rows) = (cubic_weights(t), cubic_weights(u));
            let line = |j: u8| {
                let tap = |i: u8| columns[usize::from(i)] * taken(left + f32::from(i) - 1.0, top + f32::from(j) - 1.0);
                rows[usize::from(j)] * (0..4).map(tap).sum::<f32>()
            };
            return (0..4).map(line).sum();
        }
        let mix = |a: f32, b: f32, t: f32| a * (1.0 - t) + b * t;
        let upper = mix(taken(left, top), taken(left + 1.0, top), t);
        let lower = mix(taken(left, top + 1.0), taken(left + 1.0, top + 1.0), t);
        mix(upper, lower, u)
    });
}

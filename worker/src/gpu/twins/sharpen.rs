//! Twin of `sharpen`.

use super::Bound;
use crate::gpu::shaders::sharpen::{OVERSHOOT, Params};

const BINOMIAL: [f32; 5] = [0.0625, 0.25, 0.375, 0.25, 0.0625];

fn sample(params: &Params, plane: &[f32], x: i32, y: i32) -> f32 {
    let texel = |across: i32, down: i32| {
        let column = (x + across).clamp(0, params.width as i32 - 1) as u32;
        let row = (y + down).clamp(0, params.height as i32 - 1) as u32;
        plane[(row * params.width + column) as usize]
    };
    let middle = texel(0, 0);
    let mut detail = 0.0;
    for (down, row) in (-2..).zip(BINOMIAL) {
        let line: f32 = (-2..).zip(BINOMIAL).map(|(across, weight)| weight * (middle - texel(across, down))).sum();
        detail += row * line;
    }
    let near = (-1..=1).flat_map(|down| (-1..=1).map(move |across| (across, down)));
    let (low, high) = near.fold((middle, middle), |(low, high), (across, down)| {
        let value = texel(across, down);
        (value.min(low), value.max(high))
    });
    let contrast = high - low;
    let clear = contrast * contrast / (contrast * contrast + params.noise_squared);
    let room = OVERSHOOT * contrast;
    (middle + params.amount * clear * detail).clamp(low - room, high + room)
}

pub(super) fn sharpen(params: Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let plane = bound.read::<f32>(0);
    let sharp: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    for y in 0..params.height {
        for x in 0..params.width {
            sharp[(y * params.width + x) as usize] = sample(&params, plane, x as i32, y as i32);
        }
    }
    bound.writes = writes;
}

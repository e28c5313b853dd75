//! Twins of `grain_field` and `grain`.

use super::Bound;
use super::hash::pcg3d;
use crate::gpu::shaders::grain::Params;
use crate::gpu::shaders::grain_field::Params as FieldParams;

fn white(params: &FieldParams, x: u32, y: u32, frame: u32) -> f32 {
    let place = [x ^ params.seed_x, y ^ params.seed_y, frame.wrapping_add(params.seed_z)];
    let sum: u32 = pcg3d(place).iter().map(|random| random >> 10).sum();
    (sum as f32 / 4_194_304.0 - 1.5) * 2.0
}

pub(super) fn grain_field(params: FieldParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (number, taps) = (bound.read::<u32>(0), bound.read::<f32>(1));
    let frame = number[0].wrapping_sub(params.delay);
    let field: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    for row in 0..params.rows {
        for x in 0..params.width {
            let y = (row + params.first_row).wrapping_sub(params.radius);
            let at = |tap: u32| white(&params, (x + tap).wrapping_sub(params.radius), y, frame);
            field[(row * params.width + x) as usize] = (0..).zip(taps).map(|(tap, weight)| weight * at(tap)).sum();
        }
    }
    bound.writes = writes;
}

pub(super) fn grain(params: Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (luma, field, taps) = (bound.read::<f32>(0), bound.read::<f32>(1), bound.read::<f32>(2));
    let grainy: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    for i in 0..(params.width * params.height) as usize {
        let grain: f32 = taps.iter().enumerate().map(|(tap, weight)| weight * field[i + tap * params.width as usize]).sum();
        let held = luma[i].clamp(0.0, 1.0);
        grainy[i] = luma[i] + params.deviation * 4.0 * held * (1.0 - held) * grain;
    }
    bound.writes = writes;
}

//! Twin of `deband`.

use super::Bound;
use super::hash::pcg3d;
use crate::gpu::shaders::deband::{Params, RINGS};

/// The sum of two opposite places, if they and the middle may be of one gradient.
fn pair(params: &Params, plane: &[f32], (x, y): (u32, u32), (across, down): (i32, i32)) -> Option<f32> {
    let at = |across: i32, down: i32| plane[((y as i32 + down) as u32 * params.width + (x as i32 + across) as u32) as usize];
    let (middle, first, second) = (at(0, 0), at(across, down), at(-across, -down));
    let difference = (first - middle).abs().max((second - middle).abs());
    let mean_difference = (0.5 * (first + second) - middle).abs();
    (difference <= params.difference_max && mean_difference <= params.mean_difference_max).then_some(first + second)
}

fn sample(params: &Params, plane: &[f32], x: u32, y: u32) -> f32 {
    let room = (x.min(params.width - 1 - x), y.min(params.height - 1 - y));
    let held = |across: u32, down: u32| (across.min(room.0) as i32, down.min(room.1) as i32);
    let (mut sum, mut count) = (plane[(y * params.width + x) as usize], 1.0);
    for ring in 1..=RINGS {
        let reach = (params.range * ring / RINGS).max(1);
        let random = pcg3d([x, y + params.first_row, params.field * RINGS + ring]);
        let (along, aside) = (1 + (random[0] >> 8) % reach, (random[1] >> 8) % (reach + 1));
        let (across, down) = held(aside, along);
        let first = pair(params, plane, (x, y), held(along, aside));
        let second = pair(params, plane, (x, y), (-across, down));
        let (Some(first), Some(second)) = (first, second) else { break };
        sum += first + second;
        count += 4.0;
    }
    sum / count
}

pub(super) fn deband(params: Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let plane = bound.read::<f32>(0);
    let smooth: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    for y in 0..params.height {
        for x in 0..params.width {
            smooth[(y * params.width + x) as usize] = sample(&params, plane, x, y);
        }
    }
    bound.writes = writes;
}

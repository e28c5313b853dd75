//! Twins of `resample_across` and `resample_down`.

use super::Bound;
use crate::gpu::shaders::{resample_across as across, resample_down as down};

pub(super) fn resample_across(params: across::Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (firsts, weights, source) = (bound.read::<u32>(0), bound.read::<f32>(1), bound.read::<f32>(2));
    let resampled: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    for y in 0..params.height {
        for x in 0..params.target_width {
            let first = y * params.source_width + firsts[x as usize];
            let mut sum = 0.0;
            for tap in 0..params.taps {
                sum += weights[(tap * params.target_width + x) as usize] * source[(first + tap) as usize];
            }
            resampled[(y * params.target_width + x) as usize] = sum;
        }
    }
    bound.writes = writes;
}

pub(super) fn resample_down(params: down::Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (firsts, weights, source) = (bound.read::<u32>(0), bound.read::<f32>(1), bound.read::<f32>(2));
    let resampled: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    for y in 0..params.target_height {
        for x in 0..params.width {
            let first = firsts[y as usize] * params.width + x;
            let mut sum = 0.0;
            for tap in 0..params.taps {
                sum += weights[(tap * params.target_height + y) as usize] * source[(first + tap * params.width) as usize];
            }
            resampled[(y * params.width + x) as usize] = sum;
        }
    }
    bound.writes = writes;
}

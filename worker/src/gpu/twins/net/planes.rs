//! Twins of the passes that lead into a network and out of it: `net_load`, `net_save`, `net_from_planes`, `net_to_planes`.

use super::Tensors;
use crate::gpu::shaders::{net_from_planes, net_load, net_save, net_to_planes};

pub(super) fn net_load(params: net_load::Params, tensors: &mut Tensors<'_, '_>) {
    let source = tensors.table(0)[..params.count as usize].to_vec();
    tensors.write(0, |result| result[..source.len()].copy_from_slice(&source));
}

pub(super) fn net_save(params: net_save::Params, tensors: &mut Tensors<'_, '_>) {
    let source = tensors.read(0);
    let result: &mut [f32] = bytemuck::cast_slice_mut(&mut tensors.bound.writes[0]);
    let count = params.count as usize;
    result[..count].copy_from_slice(&source[..count]);
}

pub(super) fn net_from_planes(params: net_from_planes::Params, tensors: &mut Tensors<'_, '_>) {
    let planes = [0, 1, 2].map(|plane| tensors.table(plane).to_vec());
    tensors.write(0, |result| {
        for y in 0..params.piece_height {
            for x in 0..params.piece_width {
                let column = (params.left + x as i32).clamp(0, params.width as i32 - 1) as u32;
                let row = (params.top + y as i32).clamp(0, params.height as i32 - 1) as u32;
                for lane in 0..4 {
                    let value =
                        if lane < params.channels { planes[lane as usize][(row * params.width + column) as usize] } else { 0.0 };
                    result[((y * params.piece_width + x) * 4 + lane) as usize] = value * params.scale;
                }
            }
        }
    });
}

pub(super) fn net_to_planes(params: net_to_planes::Params, tensors: &mut Tensors<'_, '_>) {
    let source = tensors.read(0);
    for lane in 0..params.channels {
        let plane: &mut [f32] = bytemuck::cast_slice_mut(&mut tensors.bound.writes[lane as usize]);
        for y in 0..params.piece_height {
            for x in 0..params.piece_width {
                let from = ((params.top + y) * params.width + params.left + x) * 4 + lane;
                let to = (params.to_top + y) * params.plane_width + params.to_left + x;
                plane[to as usize] = source[from as usize] * params.scale;
            }
        }
    }
}

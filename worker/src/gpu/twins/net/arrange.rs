//! Twins of `net_move` and `net_shuffle`.

use super::Tensors;
use crate::gpu::shaders::net_move::{self, MOVE_AXES, MOVE_EDGE, MOVE_REFLECT, MOVE_WRAP};
use crate::gpu::shaders::net_shuffle::{self, SHUFFLE_CRD, SHUFFLE_INTO_CHANNELS};

/// An index brought into an axis of `length`, where what lies outside is made of what lies inside.
fn held_inside(outside: u32, index: i32, length: i32) -> i32 {
    match outside {
        MOVE_REFLECT => {
            let period = (2 * (length - 1)).max(1);
            let folded = index.rem_euclid(period);
            folded.min(period - folded) % length.max(1)
        }
        MOVE_EDGE => index.clamp(0, length - 1),
        MOVE_WRAP => index.rem_euclid(length),
        _ => index,
    }
}

fn distance_of(index: u32, step: u32, blocked: bool) -> u32 {
    if blocked { index / 4 * step + index % 4 } else { index * step }
}

pub(super) fn net_move(params: net_move::Params, tensors: &mut Tensors<'_, '_>) {
    let axes = tensors.bound.read::<i32>(0).to_vec();
    let source = tensors.read(1);
    let outside = tensors.constant("OUTSIDE");
    tensors.write(0, |result| {
        for i in 0..params.count {
            let (mut rest, mut from, mut to) = (i, params.from_offset, params.to_offset);
            let (mut inside, mut zero) = (true, false);
            for axis in (0..MOVE_AXES).rev() {
                let [size, start, step, length, from_step, to_step] = [0, 1, 2, 3, 4, 5].map(|at| axes[axis as usize * 6 + at]);
                let index = rest % size as u32;
                rest /= size as u32;
                let wanted = held_inside(outside, start + index as i32 * step, length);
                inside &= (0..length).contains(&wanted);
                zero |= axis == params.to_channels && index >= params.channels;
                from += distance_of(wanted.max(0) as u32, from_step as u32, axis == params.from_channels);
                to += distance_of(index, to_step as u32, axis == params.to_channels);
            }
            result[to as usize] = match (zero, inside) {
                (true, _) => 0.0,
                (false, true) => source[from as usize],
                (false, false) => params.value,
            };
        }
    });
}

pub(super) fn net_shuffle(params: net_shuffle::Params, tensors: &mut Tensors<'_, '_>) {
    let source = tensors.read(0);
    let order = tensors.constant("ORDER");
    let blocks = params.out_channels.div_ceil(4);
    let side = params.side;
    // Batches are not counted in the parameters: the workgroups along z say how many there are.
    let batch = tensors.pass.groups[2] / blocks;
    tensors.write(0, |result| {
        for n in 0..batch {
            for channel in 0..blocks * 4 {
                for y in 0..params.out_height {
                    for x in 0..params.out_width {
                        let (from_channel, column, row) = if order == SHUFFLE_INTO_CHANNELS {
                            let part = channel / params.in_channels;
                            (channel % params.in_channels, x * side + part % side, y * side + part / side)
                        } else {
                            let part = y % side * side + x % side;
                            let crd = channel * side * side + part;
                            let from = if order == SHUFFLE_CRD { crd } else { part * params.out_channels + channel };
                            (from, x / side, y / side)
                        };
                        let to_block = n * params.to_total + params.to_first + channel / 4;
                        let to = ((to_block * params.out_height + y) * params.out_width + x) * 4 + channel % 4;
                        let from_block = n * params.from_total + params.from_first + from_channel / 4;
                        let from = ((from_block * params.in_height + row) * params.in_width + column) * 4 + from_channel % 4;
                        result[to as usize] = if channel < params.out_channels { source[from as usize] } else { 0.0 };
                    }
                }
            }
        }
    });
}

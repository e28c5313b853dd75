//! Twins of the convolutions.

use super::Tensors;
use super::pointwise::{of_one, of_two};
use crate::gpu::shaders::net_conv::{NO_RESIDUAL, RESIDUAL_AFTER, RESIDUAL_AFTER_UNDER, RESIDUAL_BEFORE, RESIDUAL_BEFORE_UNDER};
use crate::gpu::shaders::{net_arithmetic::PRELU, net_conv_depthwise, net_conv_plain, net_conv_transpose, net_conv3x3_matrix};

type Params = net_conv_plain::Params;

/// Sizes of the kernel and how it moves, which the kernels for 3x3 of stride 1 do not state.
struct Window {
    kernel: [u32; 2],
    stride: [u32; 2],
    dilation: [u32; 2],
}

impl Window {
    fn of(tensors: &Tensors<'_, '_>) -> Self {
        let stated = tensors.pass.shader.facts().overrides.iter().any(|over| over.name == "KERNEL_WIDTH");
        let pair = |names: [&str; 2], otherwise| if stated { names.map(|name| tensors.constant(name)) } else { otherwise };
        Self {
            kernel: pair(["KERNEL_WIDTH", "KERNEL_HEIGHT"], [3, 3]),
            stride: pair(["STRIDE_X", "STRIDE_Y"], [1, 1]),
            dilation: pair(["DILATION_X", "DILATION_Y"], [1, 1]),
        }
    }
}

/// A value of the input; zero outside.
fn source_at(params: &Params, source: &[f32], [n, channel]: [u32; 2], x: i32, y: i32) -> f32 {
    if x < 0 || y < 0 || x >= params.in_width as i32 || y >= params.in_height as i32 {
        return 0.0;
    }
    let row = (n * params.in_total + params.in_first + channel / 4) * params.in_height + y as u32;
    source[((row * params.in_width + x as u32) * 4 + channel % 4) as usize]
}

/// Runs every output: `sum` makes the sum of picture `n`, output channel `channel` (counted over blocks), column and row.
fn outputs(params: &Params, tensors: &mut Tensors<'_, '_>, sum: impl Fn(u32, u32, u32, u32) -> f32) {
    let residual = tensors.read(3);
    let extras = tensors.table(2).to_vec();
    let (activation, adds) = (tensors.constant("ACTIVATION"), tensors.constant("RESIDUAL"));
    let under = adds == RESIDUAL_BEFORE_UNDER || adds == RESIDUAL_AFTER_UNDER;
    tensors.write(0, |result| {
        for n in 0..params.batch {
            for channel in 0..params.out_blocks * 4 {
                for y in 0..params.out_height {
                    for x in 0..params.out_width {
                        let added = if adds == NO_RESIDUAL {
                            0.0
                        } else {
                            let first_total = (params.residual_first, params.residual_total);
                            residual[place(params, n, channel, (x, y), first_total, under)]
                        };
                        let mut value = sum(n, channel, x, y);
                        if adds == RESIDUAL_BEFORE || adds == RESIDUAL_BEFORE_UNDER {
                            value += added;
                        }
                        value = if activation == PRELU {
                            of_two(PRELU, value, extras[(params.out_blocks * 4 + channel) as usize])
                        } else {
                            of_one(activation, value, params.alpha, params.beta)
                        };
                        if adds == RESIDUAL_AFTER || adds == RESIDUAL_AFTER_UNDER {
                            value += added;
                        }
                        result[place(params, n, channel, (x, y), (params.to_first, params.to_total), false)] = value;
                    }
                }
            }
        }
    });
}

/// Where a result goes, shuffled; or, `under` the shuffle, the pixel that it came from.
fn place(params: &Params, n: u32, channel: u32, (x, y): (u32, u32), (first, total): (u32, u32), under: bool) -> usize {
    let (block, lane) = (channel / 4, channel % 4);
    let side = if under { 1 } else { params.shuffle };
    let part = if under { 0 } else { block / params.shuffle_blocks };
    let (column, row) = (x * side + part % side, y * side + part / side);
    let picture = n * total + first + block % params.shuffle_blocks;
    (((picture * params.out_height * side + row) * params.out_width * side + column) * 4 + lane) as usize
}

pub(super) fn net_conv(params: Params, tensors: &mut Tensors<'_, '_>) {
    let (source, weights, extras) = (tensors.read(0), tensors.table(1).to_vec(), tensors.table(2).to_vec());
    let Window { kernel, stride, dilation } = Window::of(tensors);
    outputs(&params, tensors, |n, channel, x, y| {
        let first = channel / 4 / params.group_blocks * params.in_blocks;
        let mut sum = extras[channel as usize];
        for block in 0..params.in_blocks {
            for ky in 0..kernel[1] {
                for kx in 0..kernel[0] {
                    let at_x = (x * stride[0] + kx * dilation[0]) as i32 - params.pad_x;
                    let at_y = (y * stride[1] + ky * dilation[1]) as i32 - params.pad_y;
                    let matrix = ((block * kernel[1] + ky) * kernel[0] + kx) * params.out_blocks + channel / 4;
                    for lane in 0..4 {
                        let value = source_at(&params, &source, [n, (first + block) * 4 + lane], at_x, at_y);
                        sum = value.mul_add(weights[(matrix * 16 + lane * 4 + channel % 4) as usize], sum);
                    }
                }
            }
        }
        sum
    });
}

pub(super) fn net_conv3x3_matrix(params: net_conv3x3_matrix::Params, tensors: &mut Tensors<'_, '_>) {
    let params: Params = bytemuck::cast(params);
    let (source, weights, extras) = (tensors.read(0), tensors.read(1), tensors.table(2).to_vec());
    let columns = (params.out_blocks * 4).next_multiple_of(16 * net_conv3x3_matrix::MATRIX_TILES);
    outputs(&params, tensors, |n, channel, x, y| {
        let mut sum = 0.0_f32;
        for input in 0..params.in_blocks * 4 {
            for tap in 0..9 {
                let (at_x, at_y) = ((x + tap % 3) as i32 - params.pad_x, (y + tap / 3) as i32 - params.pad_y);
                let tile = (input / 16 * 9 + tap) * (columns / 16) + channel / 16;
                let weight = weights[((tile * 16 + input % 16) * 16 + channel % 16) as usize];
                sum = source_at(&params, &source, [n, input], at_x, at_y).mul_add(weight, sum);
            }
        }
        sum + extras[channel as usize]
    });
}

pub(super) fn net_conv_depthwise(params: net_conv_depthwise::Params, tensors: &mut Tensors<'_, '_>) {
    let params: Params = bytemuck::cast(params);
    let (source, weights, extras) = (tensors.read(0), tensors.table(1).to_vec(), tensors.table(2).to_vec());
    let Window { kernel, stride, dilation } = Window::of(tensors);
    outputs(&params, tensors, |n, channel, x, y| {
        let mut sum = extras[channel as usize];
        for ky in 0..kernel[1] {
            for kx in 0..kernel[0] {
                let at_x = (x * stride[0] + kx * dilation[0]) as i32 - params.pad_x;
                let at_y = (y * stride[1] + ky * dilation[1]) as i32 - params.pad_y;
                let weight = weights[((ky * kernel[0] + kx) * params.out_blocks * 4 + channel) as usize];
                sum = source_at(&params, &source, [n, channel], at_x, at_y).mul_add(weight, sum);
            }
        }
        sum
    });
}

pub(super) fn net_conv_transpose(params: net_conv_transpose::Params, tensors: &mut Tensors<'_, '_>) {
    let params: Params = bytemuck::cast(params);
    let (source, weights, extras) = (tensors.read(0), tensors.table(1).to_vec(), tensors.table(2).to_vec());
    let Window { kernel, stride, dilation } = Window::of(tensors);
    // The input pixel whose tap falls on an output, if there is one.
    let under = |at: u32, tap: u32, axis: usize, pad: i32| {
        let place = at as i32 + pad - (tap * dilation[axis]) as i32;
        (place >= 0 && place % stride[axis] as i32 == 0).then(|| place / stride[axis] as i32)
    };
    outputs(&params, tensors, |n, channel, x, y| {
        let first = channel / 4 / params.group_blocks * params.in_blocks;
        let mut sum = extras[channel as usize];
        for block in 0..params.in_blocks {
            for ky in 0..kernel[1] {
                for kx in 0..kernel[0] {
                    let places = (under(x, kx, 0, params.pad_x), under(y, ky, 1, params.pad_y));
                    let (Some(at_x), Some(at_y)) = places else { continue };
                    let matrix = ((block * kernel[1] + ky) * kernel[0] + kx) * params.out_blocks + channel / 4;
                    for lane in 0..4 {
                        let value = source_at(&params, &source, [n, (first + block) * 4 + lane], at_x, at_y);
                        sum = value.mul_add(weights[(matrix * 16 + lane * 4 + channel % 4) as usize], sum);
                    }
                }
            }
        }
        sum
    });
}

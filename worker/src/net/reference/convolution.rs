//! Twins of the convolutions.

use super::View;
use crate::net::shaped::ConvAt;

/// A plane of an operand: rows and columns of one channel of one picture.
fn plane<'a>(x: View<'a, f32>, batch: usize, channel: usize) -> &'a [f32] {
    let size = x.shape[2] * x.shape[3];
    let begin = (batch * x.shape[1] + channel) * size;
    &x.data[begin..begin + size]
}

fn bias(operands: &[View<'_, f32>], channel: usize) -> f64 {
    operands.get(2).map_or(0.0, |bias| f64::from(bias.data[channel]))
}

/// Outputs whose tap lies within an input of `size`: from the first to before the second.
fn covered(size: usize, outputs: usize, stride: usize, tap: usize, pad: usize) -> (usize, usize) {
    let first = pad.saturating_sub(tap).div_ceil(stride);
    // The tap of output o lies at o·stride + tap - pad.
    let last = (size + pad).checked_sub(tap + 1).map_or(0, |room| room / stride + 1);
    (first.min(outputs), last.min(outputs))
}

/// x [n, in, h, w], weight [out, in / groups, kh, kw], bias? [out]. Correlation, as all deep-learning frameworks have it.
pub(super) fn conv(conv: &ConvAt, operands: &[View<'_, f32>], shape: &[usize]) -> Vec<f32> {
    let (x, weight) = (operands[0], operands[1]);
    let [batches, outs, rows, columns] = [shape[0], shape[1], shape[2], shape[3]];
    let (ins, outs_in_group) = (weight.shape[1], outs / conv.groups);
    let [kernel_rows, kernel_columns] = conv.kernel;
    let mut result = Vec::with_capacity(shape.iter().product());
    let mut sums = vec![0.0_f64; rows * columns];
    for batch in 0..batches {
        for out in 0..outs {
            sums.fill(bias(operands, out));
            for channel in 0..ins {
                let source = plane(x, batch, out / outs_in_group * ins + channel);
                let taps = &weight.data[(out * ins + channel) * kernel_rows * kernel_columns..];
                for (row, sums) in sums.chunks_exact_mut(columns).enumerate() {
                    for tap_row in 0..kernel_rows {
                        let at = (row * conv.stride[0] + tap_row * conv.dilation[0]).wrapping_sub(conv.pad[0]);
                        if at < x.shape[2] {
                            let line = &source[at * x.shape[3]..(at + 1) * x.shape[3]];
                            add_row(conv, line, &taps[tap_row * kernel_columns..][..kernel_columns], sums);
                        }
                    }
                }
            }
            result.extend(sums.iter().map(|sum| *sum as f32));
        }
    }
    result
}

/// Adds one row of input under one row of taps to a row of outputs.
fn add_row(conv: &ConvAt, line: &[f32], taps: &[f32], sums: &mut [f64]) {
    for (column, tap) in taps.iter().enumerate() {
        let offset = column * conv.dilation[1];
        let (first, last) = covered(line.len(), sums.len(), conv.stride[1], offset, conv.pad[1]);
        if first < last {
            let begin = first * conv.stride[1] + offset - conv.pad[1];
            let inputs = line[begin..].iter().step_by(conv.stride[1]);
            for (sum, input) in sums[first..last].iter_mut().zip(inputs) {
                *sum += f64::from(*tap) * f64::from(*input);
            }
        }
    }
}

/// x [n, in, h, w], weight [in, out / groups, kh, kw], bias? [out]: every input adds the kernel, times itself, to the output.
pub(super) fn conv_transpose(conv: &ConvAt, operands: &[View<'_, f32>], shape: &[usize]) -> Vec<f32> {
    let (x, weight) = (operands[0], operands[1]);
    let [batches, outs, rows, columns] = [shape[0], shape[1], shape[2], shape[3]];
    let (outs_in_group, ins) = (weight.shape[1], x.shape[1] / conv.groups);
    let [kernel_rows, kernel_columns] = conv.kernel;
    let mut result = Vec::with_capacity(shape.iter().product());
    let mut sums = vec![0.0_f64; rows * columns];
    for batch in 0..batches {
        for out in 0..outs {
            sums.fill(bias(operands, out));
            let (group, out) = (out / outs_in_group, out % outs_in_group);
            for channel in group * ins..(group + 1) * ins {
                let source = plane(x, batch, channel);
                let taps = &weight.data[(channel * outs_in_group + out) * kernel_rows * kernel_columns..];
                for (row, line) in source.chunks_exact(x.shape[3]).enumerate() {
                    for tap_row in 0..kernel_rows {
                        let at = (row * conv.stride[0] + tap_row * conv.dilation[0]).wrapping_sub(conv.pad[0]);
                        if at < rows {
                            let sums = &mut sums[at * columns..(at + 1) * columns];
                            scatter_row(conv, line, &taps[tap_row * kernel_columns..][..kernel_columns], sums);
                        }
                    }
                }
            }
            result.extend(sums.iter().map(|sum| *sum as f32));
        }
    }
    result
}

/// Adds one row of inputs, spread by one row of taps, to a row of outputs.
fn scatter_row(conv: &ConvAt, line: &[f32], taps: &[f32], sums: &mut [f64]) {
    for (column, tap) in taps.iter().enumerate() {
        for (place, input) in line.iter().enumerate() {
            let at = (place * conv.stride[1] + column * conv.dilation[1]).wrapping_sub(conv.pad[1]);
            if let Some(sum) = sums.get_mut(at) {
                *sum += f64::from(*tap) * f64::from(*input);
            }
        }
    }
}

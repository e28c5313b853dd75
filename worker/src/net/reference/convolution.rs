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
    let taps = Taps::new(conv, [x.shape[2], x.shape[3]], [rows, columns]);
    let mut result = Vec::with_capacity(shape.iter().product());
    let mut sums = vec![0.0_f64; rows * columns];
    for batch in 0..batches {
        for out in 0..outs {
            sums.fill(bias(operands, out));
            for channel in 0..ins {
                let source = plane(x, batch, out / outs_in_group * ins + channel);
                let kernel = (out * ins + channel) * conv.kernel[0] * conv.kernel[1];
                taps.add(&weight.data[kernel..], source, &mut sums);
            }
            result.extend(sums.iter().map(|sum| *sum as f32));
        }
    }
    result
}

/// Which outputs each row and each column of taps reaches.
struct Taps {
    /// For each row of taps: the first and last output row, and the input row of the first.
    rows: Vec<(usize, usize, usize)>,
    /// The same for columns.
    columns: Vec<(usize, usize, usize)>,
    stride: [usize; 2],
    /// Columns of the input and of the output.
    width: [usize; 2],
}

impl Taps {
    fn new(conv: &ConvAt, from: [usize; 2], to: [usize; 2]) -> Self {
        let along = |axis: usize| {
            let reach = |tap: usize| {
                let offset = tap * conv.dilation[axis];
                let (first, last) = covered(from[axis], to[axis], conv.stride[axis], offset, conv.pad[axis]);
                (first, last, if first < last { first * conv.stride[axis] + offset - conv.pad[axis] } else { 0 })
            };
            (0..conv.kernel[axis]).map(reach).collect()
        };
        Self { rows: along(0), columns: along(1), stride: conv.stride, width: [from[1], to[1]] }
    }

    /// Adds one plane under its kernel to a plane of outputs.
    fn add(&self, kernel: &[f32], source: &[f32], sums: &mut [f64]) {
        let mut kernel = kernel.iter();
        for (first, last, from) in &self.rows {
            for ((left, right, from_column), tap) in self.columns.iter().zip(&mut kernel) {
                let tap = f64::from(*tap);
                for (step, row) in (*first..*last).enumerate().filter(|_| left < right) {
                    let line = &source[(from + step * self.stride[0]) * self.width[0]..][..self.width[0]];
                    let sums = &mut sums[row * self.width[1]..][*left..*right];
                    self.add_row(tap, &line[*from_column..], sums);
                }
            }
        }
    }

    fn add_row(&self, tap: f64, line: &[f32], sums: &mut [f64]) {
        if self.stride[1] == 1 {
            // The common case by itself: without steps the compiler makes a far quicker loop of it.
            for (sum, input) in sums.iter_mut().zip(line) {
                *sum += tap * f64::from(*input);
            }
        } else {
            for (sum, input) in sums.iter_mut().zip(line.iter().step_by(self.stride[1])) {
                *sum += tap * f64::from(*input);
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

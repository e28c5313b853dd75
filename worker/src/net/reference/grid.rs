//! Twins of the samplers: GridSample (ONNX, after PyTorch's `grid_sample`) and ncnn's Warp.

use super::View;
use super::resize::cubic_weights;
use crate::net::op::{GridInterpolation, GridPadding};

/// PyTorch's coefficient for bicubic grids.
const CUBIC_A: f32 = -0.75;

/// A position mirrored into `low..=high`.
fn mirrored(x: f32, low: f32, high: f32) -> f32 {
    let span = high - low;
    if span <= 0.0 {
        return low;
    }
    let offset = (x - low).rem_euclid(2.0 * span);
    low + offset.min(2.0 * span - offset)
}

/// How one axis of a picture is sampled.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    padding: GridPadding,
    align_corners: bool,
}

impl Axis {
    /// The mirrors of `Reflection`: the centres of the edge pixels or their outer edges.
    fn mirror(self, x: f32) -> f32 {
        let last = self.size as f32 - 1.0;
        if self.align_corners { mirrored(x, 0.0, last) } else { mirrored(x, -0.5, last + 0.5).clamp(0.0, last) }
    }

    /// From -1..1 to pixels.
    fn pixels(self, at: f32) -> f32 {
        let size = self.size as f32;
        if self.align_corners { (at + 1.0) / 2.0 * (size - 1.0) } else { ((at + 1.0) * size - 1.0) / 2.0 }
    }

    /// A position brought into the picture, where the padding does so.
    fn settled(self, x: f32) -> f32 {
        match self.padding {
            GridPadding::Zeros => x,
            GridPadding::Border => x.clamp(0.0, self.size as f32 - 1.0),
            GridPadding::Reflection => self.mirror(x),
        }
    }

    /// The pixel that tap `place` reads; none reads zero. A position that is no number reads zero too.
    fn tap(self, place: f32) -> Option<usize> {
        let place = self.settled(place).round();
        (place >= 0.0 && place < self.size as f32).then_some(place as usize)
    }

    /// The pixels that position `x` (in pixels) is made of, with their weights.
    fn taps(self, interpolation: GridInterpolation, x: f32) -> Vec<(Option<usize>, f32)> {
        match interpolation {
            GridInterpolation::Nearest => vec![(self.tap(self.settled(x).round_ties_even()), 1.0)],
            GridInterpolation::Linear => {
                let x = self.settled(x);
                let (low, t) = (x.floor(), x - x.floor());
                vec![(self.tap(low), 1.0 - t), (self.tap(low + 1.0), t)]
            }
            // Each tap is brought into the picture by itself, so that the curve is the same outside.
            GridInterpolation::Cubic => {
                let first = x.floor() - 1.0;
                let weights = cubic_weights(CUBIC_A, x - x.floor());
                (0_u8..).map(|tap| self.tap(first + f32::from(tap))).zip(weights).collect()
            }
        }
    }
}

/// x [n, c, h, w], grid [n, oh, ow, 2] of (x, y).
pub(super) fn grid_sample(
    interpolation: GridInterpolation,
    padding: GridPadding,
    align_corners: bool,
    operands: &[View<'_, f32>],
    shape: &[usize],
) -> Vec<f32> {
    let (x, grid) = (operands[0], operands[1]);
    let axis = |size| Axis { size, padding, align_corners };
    let (down, across) = (axis(x.shape[2]), axis(x.shape[3]));
    let positions = shape[2] * shape[3];
    sample(x, shape, |batch, at| {
        let place = (batch * positions + at) * 2;
        let (column, row) = (across.pixels(grid.data[place]), down.pixels(grid.data[place + 1]));
        (down.taps(interpolation, row), across.taps(interpolation, column))
    })
}

/// x [n, c, h, w], flow [n, 2, h, w] of (x, y) in pixels.
pub(super) fn warp(operands: &[View<'_, f32>], shape: &[usize]) -> Vec<f32> {
    let (x, flow) = (operands[0], operands[1]);
    let axis = |size| Axis { size, padding: GridPadding::Border, align_corners: true };
    let (down, across) = (axis(x.shape[2]), axis(x.shape[3]));
    let positions = shape[2] * shape[3];
    sample(x, shape, |batch, at| {
        let place = batch * 2 * positions + at;
        let column = (at % shape[3]) as f32 + flow.data[place];
        let row = (at / shape[3]) as f32 + flow.data[place + positions];
        (down.taps(GridInterpolation::Linear, row), across.taps(GridInterpolation::Linear, column))
    })
}

type Taps = Vec<(Option<usize>, f32)>;

/// Every channel of `x` at the positions that `taps(batch, position)` gives for rows and columns.
fn sample(x: View<'_, f32>, shape: &[usize], taps: impl Fn(usize, usize) -> (Taps, Taps)) -> Vec<f32> {
    let (channels, columns, positions) = (x.shape[1], x.shape[3], shape[2] * shape[3]);
    let size = x.shape[2] * columns;
    let mut result = vec![0.0; shape.iter().product()];
    for batch in 0..x.shape[0] {
        for at in 0..positions {
            let (down, across) = taps(batch, at);
            for channel in 0..channels {
                let plane = &x.data[(batch * channels + channel) * size..][..size];
                let mut sum = 0.0_f64;
                for (row, row_weight) in &down {
                    for (column, column_weight) in &across {
                        if let (Some(row), Some(column)) = (row, column) {
                            sum += f64::from(*row_weight) * f64::from(*column_weight) * f64::from(plane[row * columns + column]);
                        }
                    }
                }
                result[(batch * channels + channel) * positions + at] = sum as f32;
            }
        }
    }
    result
}

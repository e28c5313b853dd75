//! The twin of Resize: nearest, linear and cubic along rows and columns (ONNX's definitions, docs/Operators.md#Resize).

use super::View;
use crate::net::op::{Coordinates, Interpolation, Rounding};

/// What one output pixel is made of along one axis: places in the input and their weights.
pub(in crate::net) type Taps = Vec<(usize, f32)>;

/// Where output pixel `at` lies in an input of `size` pixels.
fn coordinate(coordinates: Coordinates, at: usize, size: usize, outputs: usize, scale: f32) -> f32 {
    let at = at as f32;
    match coordinates {
        Coordinates::HalfPixel => (at + 0.5) / scale - 0.5,
        Coordinates::PytorchHalfPixel if outputs == 1 => 0.0,
        Coordinates::PytorchHalfPixel => (at + 0.5) / scale - 0.5,
        Coordinates::HalfPixelSymmetric => {
            let adjustment = outputs as f32 / (scale * size as f32);
            size as f32 / 2.0 * (1.0 - adjustment) + (at + 0.5) / scale - 0.5
        }
        Coordinates::AlignCorners if outputs == 1 => 0.0,
        Coordinates::AlignCorners => at * (size - 1) as f32 / (outputs - 1) as f32,
        Coordinates::Asymmetric => at / scale,
    }
}

fn nearest(rounding: Rounding, x: f32) -> f32 {
    match rounding {
        Rounding::PreferFloor => (x - 0.5).ceil(),
        Rounding::PreferCeil => (x + 0.5).floor(),
        Rounding::Floor => x.floor(),
        Rounding::Ceil => x.ceil(),
    }
}

/// Keys' cubic at distances `1 + t`, `t`, `1 - t` and `2 - t`.
pub(super) fn cubic_weights(a: f32, t: f32) -> [f32; 4] {
    let near = |d: f32| ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
    let far = |d: f32| ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}

fn taps(interpolation: Interpolation, x: f32, size: usize) -> Taps {
    let last = size as i64 - 1;
    let within = |place: i64| place.clamp(0, last) as usize;
    match interpolation {
        Interpolation::Nearest(rounding) => vec![(within(nearest(rounding, x) as i64), 1.0)],
        Interpolation::Linear => {
            let x = x.clamp(0.0, last as f32);
            let t = x - x.floor();
            vec![(within(x as i64), 1.0 - t), (within(x as i64 + 1), t)]
        }
        Interpolation::Cubic { a, exclude_outside } => {
            let first = x.floor() as i64 - 1;
            let mut weights = cubic_weights(a, x - x.floor());
            if exclude_outside {
                for (place, weight) in (first..).zip(&mut weights) {
                    if !(0..=last).contains(&place) {
                        *weight = 0.0;
                    }
                }
                let sum = weights.iter().sum::<f32>();
                weights = weights.map(|weight| weight / sum);
            }
            (first..).zip(weights).map(|(place, weight)| (within(place), weight)).collect()
        }
    }
}

/// What each of `to` output pixels along one axis is made of, in an input of `from` pixels.
pub(in crate::net) fn resize_taps(
    interpolation: Interpolation,
    coordinates: Coordinates,
    scale: f32,
    from: usize,
    to: usize,
) -> Vec<Taps> {
    let place = |at| coordinate(coordinates, at, from, to, scale);
    (0..to).map(|at| taps(interpolation, place(at), from)).collect()
}

/// x [.., h, w] to `shape`, first along columns, then along rows.
pub(super) fn resize(
    interpolation: Interpolation,
    coordinates: Coordinates,
    scale: [f32; 2],
    x: View<'_, f32>,
    shape: &[usize],
) -> Vec<f32> {
    let sides = |shape: &[usize]| [shape[shape.len() - 2], shape[shape.len() - 1]];
    let (from, to) = (sides(x.shape), sides(shape));
    let along = |axis: usize| resize_taps(interpolation, coordinates, scale[axis], from[axis], to[axis]);
    let (rows, columns) = (along(0), along(1));
    let mut result = Vec::with_capacity(shape.iter().product());
    for plane in x.data.chunks_exact(from[0] * from[1]) {
        for row in &rows {
            for column in &columns {
                let line = |at: usize| {
                    column.iter().map(|(place, weight)| f64::from(*weight) * f64::from(plane[at * from[1] + place])).sum::<f64>()
                };
                result.push(row.iter().map(|(at, weight)| f64::from(*weight) * line(*at)).sum::<f64>() as f32);
            }
        }
    }
    result
}

//! Twins of the operators that sum over axes.

use super::View;
use super::walk::{broadcast_strides, strides, walk};
use crate::net::op::Reduction;

/// All elements along `axes` become one.
pub(super) fn reduce(reduction: Reduction, axes: &[usize], x: View<'_, f32>) -> Vec<f32> {
    let kept: Vec<usize> = (0..x.shape.len()).map(|axis| if axes.contains(&axis) { 1 } else { x.shape[axis] }).collect();
    let start = match reduction {
        Reduction::Mean | Reduction::Sum => 0.0,
        Reduction::Prod => 1.0,
        Reduction::Max => f64::NEG_INFINITY,
        Reduction::Min => f64::INFINITY,
    };
    let mut results = vec![start; kept.iter().product()];
    walk(x.shape, [0, 0], [&strides(x.shape), &broadcast_strides(&kept, x.shape)], |[from, to]| {
        let (result, element) = (&mut results[to], f64::from(x.data[from]));
        *result = match reduction {
            Reduction::Mean | Reduction::Sum => *result + element,
            Reduction::Prod => *result * element,
            Reduction::Max => result.max(element),
            Reduction::Min => result.min(element),
        };
    });
    let count = axes.iter().map(|axis| x.shape[*axis]).product::<usize>() as f64;
    let divisor = if reduction == Reduction::Mean { count } else { 1.0 };
    results.into_iter().map(|result| (result / divisor) as f32).collect()
}

/// a [.., m, k], b [.., k, n]; leading axes broadcast to those of `shape`.
pub(super) fn mat_mul(operands: &[View<'_, f32>], shape: &[usize]) -> Vec<f32> {
    let (a, b) = (operands[0], operands[1]);
    let (leading, inner) = shape.split_at(shape.len() - 2);
    let (columns, depth) = (inner[1], a.shape[a.shape.len() - 1]);
    let matrix = |view: View<'_, f32>| {
        let (outer, own) = view.shape.split_at(view.shape.len() - 2);
        let size = (own[0] * own[1]) as isize;
        broadcast_strides(outer, leading).into_iter().map(|stride| stride * size).collect::<Vec<_>>()
    };
    let mut result = Vec::with_capacity(shape.iter().product());
    let mut sums = vec![0.0_f64; columns];
    walk(leading, [0, 0], [&matrix(a), &matrix(b)], |[a_begin, b_begin]| {
        for row in 0..inner[0] {
            sums.fill(0.0);
            for (at, left) in a.data[a_begin + row * depth..][..depth].iter().enumerate() {
                for (sum, right) in sums.iter_mut().zip(&b.data[b_begin + at * columns..]) {
                    *sum += f64::from(*left) * f64::from(*right);
                }
            }
            result.extend(sums.iter().map(|sum| *sum as f32));
        }
    });
    result
}

/// exp(x) over the sum of all exp(x) along the axis, the largest taken off first.
pub(super) fn softmax(axis: usize, x: View<'_, f32>) -> Vec<f32> {
    let step = x.shape[axis + 1..].iter().product::<usize>();
    let size = x.shape[axis];
    let mut result = x.data.to_vec();
    for group in result.chunks_exact_mut(size * step) {
        for offset in 0..step {
            let places = (0..size).map(|at| offset + at * step);
            let largest = places.clone().map(|place| group[place]).fold(f32::NEG_INFINITY, f32::max);
            let sum = places.clone().map(|place| f64::from(group[place] - largest).exp()).sum::<f64>();
            for place in places {
                group[place] = (f64::from(group[place] - largest).exp() / sum) as f32;
            }
        }
    }
    result
}

/// x [n, c, ..], scale [c], bias [c].
pub(super) fn instance_norm(epsilon: f32, operands: &[View<'_, f32>]) -> Vec<f32> {
    let (x, scale, bias) = (operands[0], operands[1], operands[2]);
    let size = x.shape[2..].iter().product::<usize>();
    let mut result = Vec::with_capacity(x.data.len());
    for (place, plane) in x.data.chunks_exact(size).enumerate() {
        let channel = place % x.shape[1];
        let mean = plane.iter().map(|x| f64::from(*x)).sum::<f64>() / size as f64;
        let variance = plane.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / size as f64;
        let factor = f64::from(scale.data[channel]) / (variance + f64::from(epsilon)).sqrt();
        result.extend(plane.iter().map(|x| ((f64::from(*x) - mean) * factor + f64::from(bias.data[channel])) as f32));
    }
    result
}

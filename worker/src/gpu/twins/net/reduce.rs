//! Twins of `net_reduce`, `net_softmax` and `net_matmul`.

use super::Tensors;
use crate::gpu::shaders::{net_matmul, net_reduce, net_softmax};

/// The elements of the middle axis of three that belong to result `i`: their places.
fn line(i: u32, length: u32, inner: u32) -> impl Iterator<Item = usize> + Clone {
    let first = i / inner * length * inner + i % inner;
    (0..length).map(move |k| (first + k * inner) as usize)
}

pub(super) fn net_reduce(params: net_reduce::Params, tensors: &mut Tensors<'_, '_>) {
    let source = tensors.read(0);
    let join = match tensors.constant("REDUCTION") {
        net_reduce::REDUCE_MAX => f32::max,
        net_reduce::REDUCE_MIN => f32::min,
        _ => |a: f32, b: f32| a + b,
    };
    tensors.write(0, |result| {
        for i in 0..params.outer * params.inner {
            let elements = line(i, params.length, params.inner).map(|place| source[place]);
            result[i as usize] = elements.reduce(join).unwrap_or(0.0) * params.scale;
        }
    });
}

pub(super) fn net_softmax(params: net_softmax::Params, tensors: &mut Tensors<'_, '_>) {
    let source = tensors.read(0);
    tensors.write(0, |result| {
        for i in 0..params.outer * params.inner {
            let places = line(i, params.length, params.inner);
            let top = places.clone().map(|place| source[place]).fold(f32::NEG_INFINITY, f32::max);
            let sum = places.clone().map(|place| (source[place] - top).exp()).sum::<f32>();
            for place in places {
                result[place] = (source[place] - top).exp() / sum;
            }
        }
    });
}

pub(super) fn net_matmul(params: net_matmul::Params, tensors: &mut Tensors<'_, '_>) {
    let offsets = tensors.bound.read::<u32>(0).to_vec();
    let (left, right) = (tensors.read(1), tensors.read(2));
    let net_matmul::Params { batch, rows, columns, depth } = params;
    tensors.write(0, |result| {
        for i in 0..batch * rows * columns {
            let (column, row, product) = (i % columns, i / columns % rows, i / columns / rows);
            let (first, second) = (offsets[2 * product as usize], offsets[2 * product as usize + 1]);
            result[i as usize] = (0..depth).fold(0.0, |sum: f32, k| {
                left[(first + row * depth + k) as usize].mul_add(right[(second + k * columns + column) as usize], sum)
            });
        }
    });
}

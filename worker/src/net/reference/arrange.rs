//! Twins of the operators that only move elements, for elements of any type: shape arithmetic uses them too.

use super::View;
use super::walk::{broadcast_strides, strides, walk};
use crate::net::op::{ChannelOrder, PadMode};
use crate::net::shaped::TensorOp;

/// Moves elements as `op` says; `fill` is the constant of a padding.
///
/// # Panics
/// When `op` computes something: the caller's bug.
pub(in crate::net) fn rearrange<T: Copy>(op: &TensorOp, operands: &[View<'_, T>], shape: &[usize], fill: T) -> Vec<T> {
    let x = operands[0];
    let own = strides(x.shape);
    match op {
        TensorOp::Reshape => x.data.to_vec(),
        TensorOp::Expand => gather(x, shape, 0, &broadcast_strides(x.shape, shape)),
        TensorOp::Transpose { permutation } => {
            gather(x, shape, 0, &permutation.iter().map(|axis| own[*axis]).collect::<Vec<_>>())
        }
        TensorOp::Slice { start, step } => {
            let begin = start.iter().zip(&own).map(|(start, stride)| *start as isize * stride).sum();
            gather(x, shape, begin, &step.iter().zip(&own).map(|(step, stride)| *step as isize * stride).collect::<Vec<_>>())
        }
        TensorOp::DepthToSpace { block, order } => depth_to_space(*block, *order, x, shape),
        TensorOp::SpaceToDepth { block } => space_to_depth(*block, x, shape),
        TensorOp::Concat { axis } => concat(*axis, operands, shape),
        TensorOp::Pad { mode, begin, .. } => pad(*mode, begin, x, shape, fill),
        other => unreachable!("{other:?} computes"),
    }
}

/// The elements of `x` from place `start` on, in steps of `strides`, as a value of shape `shape`.
fn gather<T: Copy>(x: View<'_, T>, shape: &[usize], start: isize, strides: &[isize]) -> Vec<T> {
    let mut result = Vec::with_capacity(shape.iter().product());
    walk(shape, [start], [strides], |[place]| result.push(x.data[place]));
    result
}

/// Seen as [n, c, h, block, w, block], the output is the input with its axes exchanged.
fn depth_to_space<T: Copy>(block: usize, order: ChannelOrder, x: View<'_, T>, shape: &[usize]) -> Vec<T> {
    let [batches, channels, rows, columns] = [shape[0], shape[1], x.shape[2], x.shape[3]];
    let (split, axes) = match order {
        ChannelOrder::Dcr => ([batches, block, block, channels, rows, columns], [0, 3, 4, 1, 5, 2]),
        ChannelOrder::Crd => ([batches, channels, block, block, rows, columns], [0, 1, 4, 2, 5, 3]),
    };
    let own = strides(&split);
    gather(x, &axes.map(|axis| split[axis]), 0, &axes.map(|axis| own[axis]))
}

/// Seen as [n, block, block, c, h, w], the output is the input with its axes exchanged.
fn space_to_depth<T: Copy>(block: usize, x: View<'_, T>, shape: &[usize]) -> Vec<T> {
    let split = [x.shape[0], x.shape[1], shape[2], block, shape[3], block];
    let own = strides(&split);
    let axes = [0, 3, 5, 1, 2, 4];
    gather(x, &axes.map(|axis: usize| split[axis]), 0, &axes.map(|axis: usize| own[axis]))
}

fn concat<T: Copy>(axis: usize, operands: &[View<'_, T>], shape: &[usize]) -> Vec<T> {
    let outer = shape[..axis].iter().product::<usize>();
    let mut result = Vec::with_capacity(shape.iter().product());
    for at in 0..outer {
        for operand in operands {
            let run = operand.shape[axis..].iter().product::<usize>();
            result.extend_from_slice(&operand.data[at * run..(at + 1) * run]);
        }
    }
    result
}

/// Where element `place` (counted from the first of the unpadded axis) comes from; none for a constant.
fn source(mode: PadMode, place: i64, size: i64) -> Option<usize> {
    let within = match mode {
        PadMode::Constant => place,
        PadMode::Edge => place.clamp(0, size - 1),
        PadMode::Wrap => place.rem_euclid(size),
        PadMode::Reflect if size == 1 => 0,
        PadMode::Reflect => {
            let period = place.rem_euclid(2 * (size - 1));
            period.min(2 * (size - 1) - period)
        }
    };
    usize::try_from(within).ok().filter(|within| (*within as i64) < size)
}

fn pad<T: Copy>(mode: PadMode, begin: &[i64], x: View<'_, T>, shape: &[usize], fill: T) -> Vec<T> {
    // For every axis, how far the element before each output element's axis place lies, or none.
    let tables: Vec<Vec<Option<usize>>> = (0..shape.len())
        .map(|axis| (0..shape[axis]).map(|at| source(mode, at as i64 - begin[axis], x.shape[axis] as i64)).collect())
        .collect();
    let own = strides(x.shape);
    let mut counters = vec![0; shape.len()];
    let mut result = Vec::with_capacity(shape.iter().product());
    for _ in 0..shape.iter().product::<usize>() {
        let place = (0..shape.len()).try_fold(0, |place, axis| Some(place + tables[axis][counters[axis]]? * own[axis] as usize));
        result.push(place.map_or(fill, |place| x.data[place]));
        for axis in (0..shape.len()).rev() {
            counters[axis] += 1;
            if counters[axis] < shape[axis] {
                break;
            }
            counters[axis] = 0;
        }
    }
    result
}

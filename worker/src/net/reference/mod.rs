//! The CPU twin of every tensor operator, in plain loops: the measure that GPU kernels are held to.
//!
//! Sums are kept in f64 and rounded to f32 once at the end; everything else is f32, in the order that the operator's definition
//! gives. Nothing here is tuned beyond running along rows.

mod arrange;
mod convolution;
mod grid;
mod pointwise;
mod pooling;
mod reduce;
mod resize;
mod walk;

use super::graph::ValueId;
use super::refusal::Refusal;
use super::shaped::{Shaped, TensorOp};

pub(super) use arrange::rearrange;
pub(crate) use pointwise::{binary, unary};
pub(super) use resize::resize_taps;
pub(super) use walk::{broadcast_strides, strides, walk};

/// An operand: its shape and its elements, the last axis running fastest.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    /// Sizes, outermost first.
    pub shape: &'a [usize],
    /// As many elements as the product of the shape.
    pub data: &'a [T],
}

/// Runs a whole network: one slice of elements for each of [`Shaped::inputs`], in that order; returns the elements of each of
/// [`Shaped::outputs`].
///
/// # Errors
/// When the inputs are not as many, or not as large, as the network takes.
pub fn run(network: &Shaped, inputs: &[&[f32]]) -> Result<Vec<Vec<f32>>, Refusal> {
    if inputs.len() != network.inputs().len() {
        let why = format!("{} inputs are given and the network takes {}", inputs.len(), network.inputs().len());
        return Err(Refusal::Input { input: "all".to_owned(), why });
    }
    let mut computed: Vec<Option<Vec<f32>>> = vec![None; network.value_count()];
    for (port, given) in network.inputs().iter().zip(inputs) {
        let expected = network.elements(port.value);
        if given.len() != expected {
            let why = format!("{} elements are given and shape {:?} has {expected}", given.len(), network.shape(port.value));
            return Err(Refusal::Input { input: port.name.clone(), why });
        }
        computed[port.value.index()] = Some(given.to_vec());
    }
    let mut uses_left: Vec<usize> = (0..network.value_count()).map(|value| network.uses(ValueId(value as u32)).len()).collect();
    for node in network.nodes() {
        let operands = node.inputs.iter().map(|value| view(network, &computed, *value)).collect::<Vec<_>>();
        computed[node.output.index()] = Some(evaluate(&node.op, &operands, network.shape(node.output)));
        for value in &node.inputs {
            uses_left[value.index()] -= 1;
            if uses_left[value.index()] == 0 && !network.is_output(*value) {
                computed[value.index()] = None;
            }
        }
    }
    Ok(network.outputs().iter().map(|port| view(network, &computed, port.value).data.to_vec()).collect())
}

fn view<'a>(network: &'a Shaped, computed: &'a [Option<Vec<f32>>], value: ValueId) -> View<'a, f32> {
    let known = network.constant(value).map(AsRef::as_ref);
    let data = known.or(computed[value.index()].as_deref()).expect("nodes stand in running order");
    View { shape: network.shape(value), data }
}

/// One operator: the elements of its result, whose shape is `shape`. Operands and shape are those of a valid [`Shaped`].
#[must_use]
pub fn evaluate(op: &TensorOp, operands: &[View<'_, f32>], shape: &[usize]) -> Vec<f32> {
    let x = operands[0];
    match op {
        TensorOp::Conv(conv) => convolution::conv(conv, operands, shape),
        TensorOp::ConvTranspose(conv) => convolution::conv_transpose(conv, operands, shape),
        TensorOp::Unary(op) => x.data.iter().map(|x| unary(*op, *x)).collect(),
        TensorOp::Clip { min, max } => x.data.iter().map(|x| x.max(*min).min(*max)).collect(),
        TensorOp::PRelu => pointwise::broadcast(operands, shape, |x, slope| if x < 0.0 { slope * x } else { x }),
        TensorOp::Binary(op) => pointwise::broadcast(operands, shape, |a, b| binary(*op, a, b)),
        TensorOp::Resize { interpolation, coordinates, scale } => resize::resize(*interpolation, *coordinates, *scale, x, shape),
        TensorOp::GridSample { interpolation, padding, align_corners } => {
            grid::grid_sample(*interpolation, *padding, *align_corners, operands, shape)
        }
        TensorOp::Warp => grid::warp(operands, shape),
        TensorOp::Reduce { reduction, axes } => reduce::reduce(*reduction, axes, x),
        TensorOp::MatMul => reduce::mat_mul(operands, shape),
        TensorOp::MaxPool(pool) => pooling::max_pool(pool, x, shape),
        TensorOp::AveragePool(pool) => pooling::average_pool(pool, x, shape),
        TensorOp::Softmax { axis } => reduce::softmax(*axis, x),
        TensorOp::InstanceNorm { epsilon } => reduce::instance_norm(*epsilon, operands),
        TensorOp::Pad { value, .. } => rearrange(op, operands, shape, *value),
        TensorOp::DepthToSpace { .. }
        | TensorOp::SpaceToDepth { .. }
        | TensorOp::Concat { .. }
        | TensorOp::Slice { .. }
        | TensorOp::Transpose { .. }
        | TensorOp::Reshape
        | TensorOp::Expand => rearrange(op, operands, shape, 0.0),
    }
}

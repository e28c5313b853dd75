//! What the passes can run, answered without a device: so a network is refused when it is added to a farm, not when it renders.

use crate::gpu::shaders::net_move::MOVE_AXES;
use crate::net::Network;
use crate::net::op::Reduction;
use crate::net::shaped::{Shaped, ShapedNode, TensorOp};

/// A node that cannot be run on a GPU.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("node `{node}` ({operator}) cannot be run on a GPU: {why}")]
pub struct Unsupported {
    /// Which node.
    pub node: String,
    /// Its operator.
    pub operator: &'static str,
    /// What is wrong with it.
    pub why: String,
}

/// Elements of one value: places in it are counted in 32 bits.
const ELEMENTS_MAX: usize = u32::MAX as usize / 2;

/// Whether every node can be recorded.
///
/// # Errors
/// The first node that cannot, with the reason.
pub fn supported(net: &Shaped) -> Result<(), Unsupported> {
    net.nodes().iter().try_for_each(|node| {
        fault(net, node).map_or(Ok(()), |why| Err(Unsupported { node: node.name.clone(), operator: operator(&node.op), why }))
    })
}

/// Whether a network can be recorded at some usual picture size, where it goes with one at all (see [`Network::check`]).
///
/// # Errors
/// The first node that cannot, with the reason.
pub fn runnable(network: &Network) -> Result<(), Unsupported> {
    network.at_usual_sizes().first().map_or(Ok(()), supported)
}

fn fault(net: &Shaped, node: &ShapedNode) -> Option<String> {
    let shapes = node.inputs.iter().chain([&node.output]).map(|value| net.shape(*value));
    for shape in shapes.clone() {
        if shape.len() > MOVE_AXES as usize {
            return Some(format!("a value of shape {shape:?} has {} axes, and at most {MOVE_AXES} are taken", shape.len()));
        }
        let elements = shape.iter().product::<usize>();
        if elements == 0 {
            return Some(format!("a value of shape {shape:?} has no elements"));
        }
        if elements > ELEMENTS_MAX {
            return Some(format!("a value of shape {shape:?} has {elements} elements, and at most {ELEMENTS_MAX} are taken"));
        }
    }
    let pictures = |values: usize| {
        let inputs = node.inputs.iter().take(values).map(|value| net.shape(*value));
        let mut all = inputs.chain([net.shape(node.output)]);
        all.find(|shape| shape.len() != 4).map(|shape| format!("a picture has four axes and a value here has shape {shape:?}"))
    };
    match &node.op {
        TensorOp::Conv(_) | TensorOp::ConvTranspose(_) => {
            let computed = node.inputs[1..].iter().find(|value| net.constant(**value).is_none());
            computed.map(|value| format!("its weights `{}` are computed, not known", net.value_name(*value))).or(pictures(1))
        }
        TensorOp::DepthToSpace { .. }
        | TensorOp::SpaceToDepth { .. }
        | TensorOp::Resize { .. }
        | TensorOp::MaxPool(_)
        | TensorOp::AveragePool(_)
        | TensorOp::InstanceNorm { .. } => pictures(1),
        TensorOp::GridSample { .. } | TensorOp::Warp => pictures(2),
        TensorOp::Reduce { reduction: Reduction::Prod, .. } => Some("a product of elements".to_owned()),
        TensorOp::MatMul if shapes.clone().any(|shape| shape.len() < 2) => Some("a matrix has two axes".to_owned()),
        _ => None,
    }
}

/// An operator as ONNX calls it.
fn operator(op: &TensorOp) -> &'static str {
    match op {
        TensorOp::Conv(_) => "Conv",
        TensorOp::ConvTranspose(_) => "ConvTranspose",
        TensorOp::Unary(_) => "element-wise function",
        TensorOp::Clip { .. } => "Clip",
        TensorOp::PRelu => "PRelu",
        TensorOp::Binary(_) => "element-wise arithmetic",
        TensorOp::DepthToSpace { .. } => "DepthToSpace",
        TensorOp::SpaceToDepth { .. } => "SpaceToDepth",
        TensorOp::Resize { .. } => "Resize",
        TensorOp::GridSample { .. } => "GridSample",
        TensorOp::Warp => "Warp",
        TensorOp::Concat { .. } => "Concat",
        TensorOp::Slice { .. } => "Slice",
        TensorOp::Pad { .. } => "Pad",
        TensorOp::Reduce { .. } => "Reduce",
        TensorOp::MatMul => "MatMul",
        TensorOp::MaxPool(_) => "MaxPool",
        TensorOp::AveragePool(_) => "AveragePool",
        TensorOp::Transpose { .. } => "Transpose",
        TensorOp::Reshape => "Reshape",
        TensorOp::Expand => "Expand",
        TensorOp::Softmax { .. } => "Softmax",
        TensorOp::InstanceNorm { .. } => "InstanceNormalization",
    }
}

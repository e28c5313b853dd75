//! Which values are written straight into their part of a concatenation, so that nothing is left to copy.
//!
//! Invariant: no step reads the buffer that it writes, whichever parts of it those are.

use std::collections::BTreeMap;

use super::fuse::{Step, Work};
use super::place::{Home, LANES};
use crate::net::Shaped;
use crate::net::graph::ValueId;
use crate::net::shaped::TensorOp;

/// The axis of channels.
const CHANNELS: usize = 1;

/// Whether every part of a concatenation but the last fills whole blocks of channels.
pub(super) fn whole_blocks(net: &Shaped, axis: usize, inputs: &[ValueId], output: ValueId) -> bool {
    let aligned = inputs.iter().rev().skip(1).all(|input| net.shape(*input)[axis].is_multiple_of(LANES));
    net.shape(output).len() == 4 && axis == CHANNELS && aligned
}

/// The part of a concatenation that each value is written to: values of whole blocks that a pass makes, each in the first
/// concatenation that it belongs to.
pub(super) fn homes(net: &Shaped, steps: &[Step]) -> BTreeMap<ValueId, Home> {
    let made = steps.iter().filter(|step| makes_blocks(net, step)).map(|step| step.output).collect::<Vec<_>>();
    let mut homes = BTreeMap::new();
    for step in steps {
        let Work::Tensor { op: TensorOp::Concat { axis }, inputs } = &step.work else { continue };
        if !whole_blocks(net, *axis, inputs, step.output) {
            continue;
        }
        let mut begin = 0;
        for input in inputs {
            if made.contains(input) {
                homes.entry(*input).or_insert(Home { whole: step.output, first: (begin / LANES) as u32 });
            }
            begin += net.shape(*input)[CHANNELS];
        }
    }
    // Taking a home away can only part buffers, so this ends.
    while let Some(value) = steps.iter().find(|step| reads_its_result(net, steps, &homes, step)).map(|step| step.output) {
        homes.remove(&value);
    }
    homes
}

/// Whether a step writes a value in blocks, and each element of it.
fn makes_blocks(net: &Shaped, step: &Step) -> bool {
    match &step.work {
        Work::Conv { .. } => true,
        Work::Chain(_) => net.shape(step.output).len() == 4,
        Work::Tensor { op, .. } => matches!(
            op,
            TensorOp::Resize { .. }
                | TensorOp::GridSample { .. }
                | TensorOp::Warp
                | TensorOp::MaxPool(_)
                | TensorOp::AveragePool(_)
                | TensorOp::DepthToSpace { .. }
                | TensorOp::SpaceToDepth { .. }
        ),
    }
}

/// Whether a step with a home reads a value of the same buffer.
fn reads_its_result(net: &Shaped, steps: &[Step], homes: &BTreeMap<ValueId, Home>, step: &Step) -> bool {
    homes.contains_key(&step.output) && {
        let own = buffer_of(net, steps, homes, step.output);
        step.reads().iter().any(|value| buffer_of(net, steps, homes, *value) == own)
    }
}

/// The value that stands for a buffer: the outermost concatenation; for a slice that of the value it is cut from.
fn buffer_of(net: &Shaped, steps: &[Step], homes: &BTreeMap<ValueId, Home>, mut value: ValueId) -> ValueId {
    loop {
        if let Some(home) = homes.get(&value) {
            value = home.whole;
            continue;
        }
        let node = net.producer(value).map(|place| &net.nodes()[place]);
        match node {
            Some(node) if matches!(node.op, TensorOp::Slice { .. }) && steps.iter().any(|step| step.output == value) => {
                value = node.inputs[0];
            }
            _ => return value,
        }
    }
}

//! The same network with fewer operations: what exporters spell out is put back together.
//!
//! Factors and sums of channels go into the convolution before them, zeros around a picture into the convolution after them,
//! a reshape, transposition and reshape that shuffle pixels become that shuffle, and reshapes of reshapes become one.

use super::graph::{Tensor, ValueId};
use super::lower::Draft;
use super::op::{Binary, ChannelOrder, PadMode};
use super::shaped::{ShapedNode, TensorOp};

/// The simplified draft.
pub(super) fn simplify(mut draft: Draft) -> Draft {
    draft.nodes = scales_into_convolutions(&mut draft);
    let producers = producers(&draft);
    let uses = uses(&draft);
    for place in 0..draft.nodes.len() {
        shuffle(&mut draft, &producers, place);
        join_reshapes(&mut draft, &producers, place);
        padding_into_convolution(&mut draft, &producers, &uses, place);
    }
    draft
}

/// For each value, the node that makes it.
fn producers(draft: &Draft) -> Vec<Option<usize>> {
    let mut producers = vec![None; draft.values.len()];
    for (place, node) in draft.nodes.iter().enumerate() {
        producers[node.output.index()] = Some(place);
    }
    producers
}

/// For each value, how many nodes use it.
fn uses(draft: &Draft) -> Vec<usize> {
    let mut uses = vec![0; draft.values.len()];
    for input in draft.nodes.iter().flat_map(|node| &node.inputs) {
        uses[input.index()] += 1;
    }
    uses
}

/// Convolution, then a known factor or sum for each channel: one convolution.
fn scales_into_convolutions(draft: &mut Draft) -> Vec<ShapedNode> {
    let uses = uses(draft);
    let mut kept: Vec<ShapedNode> = Vec::with_capacity(draft.nodes.len());
    let mut producers: Vec<Option<usize>> = vec![None; draft.values.len()];
    for node in std::mem::take(&mut draft.nodes) {
        let fused = scaled(draft, &node).and_then(|(from, op, numbers)| {
            let place = producers[from.index()].filter(|_| uses[from.index()] == 1 && !draft.is_wanted(from))?;
            let inputs = convolution_scaled(draft, &kept[place], op, &numbers)?;
            kept[place].inputs = inputs;
            kept[place].output = node.output;
            Some(place)
        });
        let place = fused.unwrap_or_else(|| {
            kept.push(node.clone());
            kept.len() - 1
        });
        producers[node.output.index()] = Some(place);
    }
    kept
}

/// What is scaled and by which numbers (one, or one a channel), if that is what the node does.
fn scaled(draft: &Draft, node: &ShapedNode) -> Option<(ValueId, Binary, Vec<f32>)> {
    let TensorOp::Binary(op) = node.op else { return None };
    let (a, b) = (node.inputs[0], *node.inputs.get(1)?);
    let (from, by) = match op {
        Binary::Add | Binary::Mul if draft.is_known(a) => (b, a),
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Div => (a, b),
        Binary::Pow | Binary::Min | Binary::Max => return None,
    };
    let (shape, numbers) = (draft.shape(by), draft.real(by)?);
    let channels = *draft.shape(node.output).get(1)?;
    let per_channel = shape.len() >= 3 && shape[shape.len() - 3] == channels;
    let fits = numbers.len() == 1 || (per_channel && numbers.len() == channels);
    (fits && draft.shape(from) == draft.shape(node.output)).then(|| (from, op, numbers.to_vec()))
}

/// The operands of a convolution whose result is scaled too.
fn convolution_scaled(draft: &mut Draft, node: &ShapedNode, op: Binary, numbers: &[f32]) -> Option<Vec<ValueId>> {
    let (TensorOp::Conv(_) | TensorOp::ConvTranspose(_)) = node.op else { return None };
    let channels = draft.shape(node.output)[1];
    let number = |channel: usize| f64::from(numbers[if numbers.len() == 1 { 0 } else { channel }]);
    let (weight, shape) = (node.inputs[1], draft.shape(node.inputs[1]).to_vec());
    let bias = match node.inputs.get(2) {
        Some(bias) => draft.real(*bias)?.to_vec(),
        None => vec![0.0; channels],
    };
    let bias =
        bias.iter().enumerate().map(|(channel, bias)| apply(op, f64::from(*bias), number(channel)) as f32).collect::<Vec<_>>();
    let taps = shape[2] * shape[3];
    let channel_of: Box<dyn Fn(usize) -> usize> = match node.op {
        TensorOp::Conv(_) => Box::new(|place| place / (shape[1] * taps)),
        // [in, out / groups, ..]: the group follows from the input channel.
        TensorOp::ConvTranspose(conv) => {
            let (outs, ins) = (shape[1], shape[0] / conv.groups);
            Box::new(move |place| place / (outs * taps) / ins * outs + place / taps % outs)
        }
        _ => return None,
    };
    let weight = if matches!(op, Binary::Mul | Binary::Div) {
        let old = draft.real(weight)?.to_vec();
        draft.charge(old.len(), old.len() as u64).ok()?;
        let new = old.iter().enumerate().map(|(place, x)| apply(op, f64::from(*x), number(channel_of(place))) as f32);
        let tensor = Tensor::f32(shape.clone(), new.collect::<Vec<_>>());
        draft.constant("", tensor)
    } else {
        weight
    };
    let bias = draft.constant("", Tensor::f32(vec![channels], bias));
    Some(vec![node.inputs[0], weight, bias])
}

fn apply(op: Binary, x: f64, by: f64) -> f64 {
    match op {
        Binary::Add => x + by,
        Binary::Sub => x - by,
        Binary::Mul => x * by,
        Binary::Div => x / by,
        Binary::Pow | Binary::Min | Binary::Max => unreachable!("never folded"),
    }
}

/// The node that makes an operand, and its operand.
fn before<'a>(draft: &'a Draft, producers: &[Option<usize>], value: ValueId) -> Option<&'a ShapedNode> {
    producers.get(value.index()).copied().flatten().map(|place| &draft.nodes[place])
}

/// Reshape to six axes, exchange them, reshape back: a pixel shuffle.
fn shuffle(draft: &mut Draft, producers: &[Option<usize>], place: usize) {
    let found = (|| {
        let last = &draft.nodes[place];
        let exchange = before(draft, producers, last.inputs[0])?;
        let (TensorOp::Reshape, TensorOp::Transpose { permutation }) = (&last.op, &exchange.op) else { return None };
        let first = before(draft, producers, exchange.inputs[0]).filter(|node| node.op == TensorOp::Reshape)?;
        let x = first.inputs[0];
        let (&[batch, channels, rows, columns], split) = (draft.shape(x), draft.shape(first.output)) else { return None };
        let (order, block) = match (permutation.as_slice(), split) {
            ([0, 1, 4, 2, 5, 3], [_, _, block, other, ..]) if block == other => (ChannelOrder::Crd, *block),
            ([0, 3, 4, 1, 5, 2], [_, block, other, ..]) if block == other => (ChannelOrder::Dcr, *block),
            _ => return None,
        };
        let outs = channels / (block * block);
        let wanted = match order {
            ChannelOrder::Crd => [batch, outs, block, block, rows, columns],
            ChannelOrder::Dcr => [batch, block, block, outs, rows, columns],
        };
        let fits = split == wanted && draft.shape(last.output) == [batch, outs, rows * block, columns * block];
        fits.then_some((x, TensorOp::DepthToSpace { block, order }))
    })();
    if let Some((x, op)) = found {
        draft.nodes[place].inputs = vec![x];
        draft.nodes[place].op = op;
    }
}

fn join_reshapes(draft: &mut Draft, producers: &[Option<usize>], place: usize) {
    let node = &draft.nodes[place];
    let first = before(draft, producers, node.inputs[0]).filter(|first| first.op == TensorOp::Reshape);
    if let (TensorOp::Reshape, Some(first)) = (&node.op, first) {
        draft.nodes[place].inputs = first.inputs.clone();
    }
}

/// Zeros around a picture, then a convolution: the convolution's own padding. What lies below and right follows from sizes.
fn padding_into_convolution(draft: &mut Draft, producers: &[Option<usize>], uses: &[usize], place: usize) {
    let node = &draft.nodes[place];
    let TensorOp::Conv(mut conv) = node.op else { return };
    let Some(padding) = before(draft, producers, node.inputs[0]) else { return };
    let TensorOp::Pad { mode: PadMode::Constant, begin, value: 0.0 } = &padding.op else { return };
    let (from, to) = (draft.shape(padding.inputs[0]), draft.shape(padding.output));
    let grows = |axis: usize| begin[axis] >= 0 && from[axis] + begin[axis] as usize <= to[axis];
    if from[..2] != to[..2] || !grows(2) || !grows(3) || uses[padding.output.index()] != 1 {
        return;
    }
    conv.pad = [conv.pad[0] + begin[2] as usize, conv.pad[1] + begin[3] as usize];
    let x = padding.inputs[0];
    let node = &mut draft.nodes[place];
    node.op = TensorOp::Conv(conv);
    node.inputs[0] = x;
}

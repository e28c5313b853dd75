//! Operators that only move elements: all of them are one pass that reads each element of the result from its place.

use super::Outside;
use super::fuse::picture;
use super::homes::whole_blocks;
use super::place::{Blocks, LANES, Writer};
use crate::gpu::passes::line_grid;
use crate::gpu::recording::Proxy;
use crate::gpu::shaders::{Shader, net_move};
use crate::net::graph::ValueId;
use crate::net::op::{ChannelOrder, PadMode};
use crate::net::reference::strides;
use crate::net::shaped::TensorOp;

/// Where the elements of a value are found, whichever way it lies.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    buffer: Proxy,
    offset: usize,
    shape: Vec<usize>,
    /// From one element of each axis to the next; along channels in blocks, from one block to the next.
    strides: Vec<usize>,
    blocked: bool,
}

impl Reading {
    /// A picture in blocks.
    pub(super) fn blocks(blocks: Blocks, shape: [usize; 4]) -> Self {
        let (offset, strides) = block_strides(blocks, shape);
        Self { buffer: blocks.buffer, offset, shape: shape.to_vec(), strides, blocked: true }
    }
}

impl Reading {
    /// Leaves out the first elements of an axis that is not blocked.
    pub(super) fn skip(&mut self, axis: usize, elements: usize) {
        self.offset += elements * self.strides[axis];
        self.shape[axis] -= elements;
    }
}

/// One axis of a result: along which axis of the source its elements lie, from where on, in which steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Along {
    /// None repeats what is there.
    pub(super) axis: Option<usize>,
    pub(super) start: i64,
    pub(super) step: i64,
}

impl Along {
    fn axis(axis: usize) -> Self {
        Self { axis: Some(axis), start: 0, step: 1 }
    }
}

/// Where results go: a buffer, a place in it, and the strides of the result's axes; the axis of channels in blocks.
struct Writing {
    buffer: Proxy,
    offset: usize,
    strides: Vec<usize>,
    blocked: bool,
}

impl Writing {
    fn plain(buffer: Proxy, shape: &[usize]) -> Self {
        Self { buffer, offset: 0, strides: plain_strides(shape), blocked: false }
    }

    fn blocks(blocks: Blocks, shape: &[usize]) -> Self {
        let (offset, strides) = block_strides(blocks, picture(shape));
        Self { buffer: blocks.buffer, offset, strides, blocked: true }
    }
}

fn plain_strides(shape: &[usize]) -> Vec<usize> {
    strides(shape).into_iter().map(|stride| stride as usize).collect()
}

fn block_strides(blocks: Blocks, [_, _, h, w]: [usize; 4]) -> (usize, Vec<usize>) {
    let block = h * w * LANES;
    (blocks.first as usize * block, vec![blocks.total as usize * block, block, w * LANES, LANES])
}

/// The axis of channels.
const CHANNELS: usize = 1;

impl Writer<'_> {
    /// Where a value's elements are found. One that lies nowhere yet is a constant, and is laid out plain.
    pub(super) fn reading(&mut self, value: ValueId) -> Reading {
        let shape = self.net.shape(value).to_vec();
        let held = self.held.get(&value).copied().unwrap_or_default();
        match (held.plain, held.blocks) {
            (None, Some(blocks)) => Reading::blocks(blocks, picture(&shape)),
            (plain, _) => {
                let buffer = plain.unwrap_or_else(|| self.plain(value));
                Reading { buffer, offset: 0, strides: plain_strides(&shape), shape, blocked: false }
            }
        }
    }

    pub(super) fn copy_into_blocks(&mut self, from: &Reading, shape: &[usize], to: Blocks) {
        let along = (0..shape.len()).map(Along::axis).collect::<Vec<_>>();
        self.gather(from, &along, shape, &Writing::blocks(to, shape), (Outside::Constant, 0.0));
    }

    /// Into columns of a wider picture, from one column on.
    pub(super) fn copy_into_part(&mut self, from: &Reading, shape: &[usize], to: Blocks, whole: [usize; 4], column: usize) {
        let along = (0..shape.len()).map(Along::axis).collect::<Vec<_>>();
        let (offset, strides) = block_strides(to, whole);
        let to = Writing { buffer: to.buffer, offset: offset + column * strides[3], strides, blocked: true };
        self.gather(from, &along, shape, &to, (Outside::Constant, 0.0));
    }

    pub(super) fn copy_into_plain(&mut self, from: &Reading, shape: &[usize], to: Proxy) {
        let along = (0..shape.len()).map(Along::axis).collect::<Vec<_>>();
        self.gather(from, &along, shape, &Writing::plain(to, shape), (Outside::Constant, 0.0));
    }

    /// A value that lies in blocks repeated up to `shape`, for operations that want operands of full size.
    pub(super) fn expanded_blocks(&mut self, value: ValueId, shape: [usize; 4]) -> Blocks {
        let to = self.free_blocks("expanded", shape);
        self.expand_into(value, &Writing::blocks(to, &shape), &shape);
        to
    }

    /// The same in plain order.
    pub(super) fn expanded_plain(&mut self, value: ValueId, shape: &[usize]) -> Proxy {
        let to = self.buffer("expanded", shape.iter().product());
        self.expand_into(value, &Writing::plain(to, shape), shape);
        to
    }

    fn expand_into(&mut self, value: ValueId, to: &Writing, shape: &[usize]) {
        let from = self.reading(value);
        let lacks = shape.len() - from.shape.len();
        let along = (0..shape.len())
            .map(|axis| match axis.checked_sub(lacks) {
                Some(own) if from.shape[own] != 1 => Along::axis(own),
                Some(own) => Along { axis: Some(own), start: 0, step: 0 },
                None => Along { axis: None, start: 0, step: 0 },
            })
            .collect::<Vec<_>>();
        self.gather(&from, &along, shape, to, (Outside::Constant, 0.0));
    }

    /// A value with its axes in another order, in plain order.
    pub(super) fn transpose_into(&mut self, input: ValueId, order: &[usize], shape: &[usize], to: Proxy) {
        let from = self.reading(input);
        let along = order.iter().map(|axis| Along::axis(*axis)).collect::<Vec<_>>();
        self.gather(&from, &along, shape, &Writing::plain(to, shape), (Outside::Constant, 0.0));
    }

    /// Slices, pads, transposes, repeats: one pass, or none where the elements need not move.
    pub(super) fn arrange(&mut self, op: &TensorOp, input: ValueId, output: ValueId) {
        if let (TensorOp::Slice { start, step }, true) = (op, self.is_in_blocks(input))
            && let Some(view) = self.slice_of_channels(input, output, start, step)
        {
            return self.hold_blocks(output, view);
        }
        let shape = self.net.shape(output).to_vec();
        let axes = 0..shape.len();
        let (along, outside) = match op {
            TensorOp::Slice { start, step } => {
                let along = axes.map(|axis| Along { axis: Some(axis), start: start[axis] as i64, step: step[axis] });
                (along.collect::<Vec<_>>(), (Outside::Constant, 0.0))
            }
            TensorOp::Pad { mode, begin, value } => {
                let along = axes.map(|axis| Along { axis: Some(axis), start: -begin[axis], step: 1 });
                (along.collect(), (Outside::of(*mode), *value))
            }
            TensorOp::Transpose { permutation } => {
                (permutation.iter().map(|axis| Along::axis(*axis)).collect(), (Outside::Constant, 0.0))
            }
            TensorOp::Expand => {
                let to = self.result_writing(input, output, &shape);
                return self.expand_into(input, &to, &shape);
            }
            _ => unreachable!("only what moves elements comes here"),
        };
        let from = self.reading(input);
        let to = match op {
            // Channels lie elsewhere afterwards.
            TensorOp::Transpose { .. } => Writing::plain(self.new_plain(output), &shape),
            _ => self.result_writing(input, output, &shape),
        };
        self.gather(&from, &along, &shape, &to, outside);
    }

    /// Where a result goes that lies as its source does.
    fn result_writing(&mut self, input: ValueId, output: ValueId, shape: &[usize]) -> Writing {
        if self.is_in_blocks(input) && shape.len() == 4 {
            Writing::blocks(self.new_blocks(output), shape)
        } else {
            Writing::plain(self.new_plain(output), shape)
        }
    }

    /// A slice of channels that begins with a block is a look at the same buffer.
    fn slice_of_channels(&self, input: ValueId, output: ValueId, start: &[usize], step: &[i64]) -> Option<Blocks> {
        let (from, to) = (self.net.shape(input), self.net.shape(output));
        let others = from.iter().zip(to).enumerate().all(|(axis, (from, to))| axis == CHANNELS || from == to);
        let aligned = start[CHANNELS].is_multiple_of(LANES) && step.iter().all(|step| *step == 1);
        let blocks = self.held.get(&input)?.blocks?;
        // A value with a home must be written there.
        let free = !self.homes.contains_key(&output);
        (others && aligned && free).then(|| Blocks { first: blocks.first + (start[CHANNELS] / LANES) as u32, ..blocks })
    }

    /// Channels to squares of pixels and back.
    pub(super) fn shuffle(&mut self, op: &TensorOp, input: ValueId, output: ValueId) {
        use crate::gpu::shaders::net_shuffle as shader;
        let (side, order) = match op {
            TensorOp::DepthToSpace { block, order: ChannelOrder::Dcr } => (*block, shader::SHUFFLE_DCR),
            TensorOp::DepthToSpace { block, order: ChannelOrder::Crd } => (*block, shader::SHUFFLE_CRD),
            TensorOp::SpaceToDepth { block } => (*block, shader::SHUFFLE_INTO_CHANNELS),
            _ => unreachable!("only shuffles come here"),
        };
        let (from, to) = (self.blocks(input), self.new_blocks(output));
        let ([_, in_channels, in_height, in_width], [n, out_channels, out_height, out_width]) =
            (picture(self.net.shape(input)), picture(self.net.shape(output)));
        let params = shader::Params {
            in_width: in_width as u32,
            in_height: in_height as u32,
            in_channels: in_channels as u32,
            from_first: from.first,
            from_total: from.total,
            out_width: out_width as u32,
            out_height: out_height as u32,
            out_channels: out_channels as u32,
            to_first: to.first,
            to_total: to.total,
            side: side as u32,
        };
        let program = self.real().of(Shader::NetShuffle, Shader::NetShuffleF16);
        let groups = [out_width.div_ceil(8) as u32, out_height.div_ceil(8) as u32, (n * out_channels.div_ceil(LANES)) as u32];
        self.recorder.dispatch(program, &[("ORDER", f64::from(order))], &params, &[from.buffer], &[to.buffer], groups);
    }

    /// Puts values side by side. What was written in its place already stays there.
    pub(super) fn concat(&mut self, axis: usize, inputs: &[ValueId], output: ValueId) {
        let shape = self.net.shape(output).to_vec();
        let in_blocks = self.concatenates_blocks(axis, inputs, output);
        let to = if in_blocks {
            Writing::blocks(self.new_blocks(output), &shape)
        } else {
            Writing::plain(self.new_plain(output), &shape)
        };
        let mut begin = 0;
        for input in inputs {
            let part = self.net.shape(*input).to_vec();
            let home = self.homes.get(input).copied().filter(|home| in_blocks && home.whole == output);
            let is_home = home.is_some_and(|home| home.first as usize == begin / LANES) && self.is_in_blocks(*input);
            if !is_home {
                let from = self.reading(*input);
                let along = (0..part.len()).map(Along::axis).collect::<Vec<_>>();
                let step = if in_blocks { begin / LANES } else { begin };
                let place = Writing { offset: to.offset + step * to.strides[axis], strides: to.strides.clone(), ..to };
                self.gather(&from, &along, &part, &place, (Outside::Constant, 0.0));
            }
            begin += part[axis];
        }
    }

    /// Whether a concatenation lies in blocks: along channels, each part but the last of whole blocks.
    fn concatenates_blocks(&self, axis: usize, inputs: &[ValueId], output: ValueId) -> bool {
        whole_blocks(self.net, axis, inputs, output) && inputs.iter().any(|input| self.is_in_blocks(*input))
    }

    /// One pass: each element of a result of `shape` from where `along` says.
    fn gather(&mut self, from: &Reading, along: &[Along], shape: &[usize], to: &Writing, outside: (Outside, f32)) {
        let mut axes = (0..shape.len())
            .map(|axis| {
                let Along { axis: source, start, step } = along[axis];
                let (length, stride) = source.map_or((1, 0), |source| (from.shape[source], from.strides[source]));
                let line = [shape[axis], 0, 0, length, stride, to.strides[axis]].map(|number| number as i32);
                ([line[0], start as i32, step as i32, line[3], line[4], line[5]], source == Some(CHANNELS) && from.blocked, axis)
            })
            .collect::<Vec<_>>();
        if to.blocked {
            // Channels last, so that neighbours write neighbours; whole blocks of them.
            let channels = axes.remove(CHANNELS);
            axes.push(channels);
        }
        while axes.len() < net_move::MOVE_AXES as usize {
            axes.insert(0, ([1, 0, 0, 1, 0, 0], false, usize::MAX));
        }
        let mut to_channels = net_move::MOVE_AXES;
        if to.blocked {
            let last = axes.len() - 1;
            axes[last].0[0] = shape[CHANNELS].next_multiple_of(LANES) as i32;
            to_channels = last as u32;
        }
        let from_channels = axes.iter().position(|(_, channels, _)| *channels).map_or(net_move::MOVE_AXES, |axis| axis as u32);
        let count = axes.iter().map(|(line, ..)| line[0] as u64).product::<u64>();
        let program = self.real().of(Shader::NetMove, Shader::NetMoveF16);
        let (stride, size) = line_grid(program, count);
        let params = net_move::Params {
            count: count as u32,
            stride,
            from_offset: from.offset as u32,
            to_offset: to.offset as u32,
            from_channels,
            to_channels,
            channels: if to.blocked { shape[CHANNELS] as u32 } else { 0 },
            value: outside.1,
        };
        let table = axes.iter().flat_map(|(line, ..)| *line).collect::<Vec<_>>();
        let table = self.recorder.table("axes", &table);
        let groups = [size.0 / program.facts().workgroup[0], size.1, 1];
        let constants = [("OUTSIDE", f64::from(outside.0.code()))];
        self.recorder.dispatch(program, &constants, &params, &[table, from.buffer], &[to.buffer], groups);
    }
}

impl Outside {
    fn of(mode: PadMode) -> Self {
        match mode {
            PadMode::Constant => Self::Constant,
            PadMode::Reflect => Self::Reflect,
            PadMode::Edge => Self::Edge,
            PadMode::Wrap => Self::Wrap,
        }
    }

    fn code(self) -> u32 {
        match self {
            Self::Constant => net_move::MOVE_CONSTANT,
            Self::Reflect => net_move::MOVE_REFLECT,
            Self::Edge => net_move::MOVE_EDGE,
            Self::Wrap => net_move::MOVE_WRAP,
        }
    }
}

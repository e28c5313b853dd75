//! Operators that take many elements together: reductions, softmax, products of matrices, normalisation.

use super::arrange::Reading;
use super::elementwise::Operand;
use super::fuse::{Function, Link, Second, picture};
use super::place::{Blocks, LANES, Writer};
use crate::gpu::passes::line_grid;
use crate::gpu::recording::Proxy;
use crate::gpu::shaders::{Shader, net_arithmetic as codes, net_matmul, net_pointwise as spread, net_reduce, net_softmax};
use crate::net::graph::ValueId;
use crate::net::op::Reduction;
use crate::net::reference::strides;

/// Elements as three axes, of which the middle one is taken together.
#[derive(Clone, Copy, Debug)]
struct Triple {
    outer: usize,
    length: usize,
    inner: usize,
}

impl Triple {
    /// Axes `first..end` of a shape in the middle.
    fn of(shape: &[usize], first: usize, end: usize) -> Self {
        let product = |axes: &[usize]| axes.iter().product();
        Self { outer: product(&shape[..first]), length: product(&shape[first..end]), inner: product(&shape[end..]) }
    }
}

impl Writer<'_> {
    pub(super) fn reduce(&mut self, reduction: Reduction, axes: &[usize], input: ValueId, output: ValueId) {
        let shape = self.net.shape(input).to_vec();
        // What a network pools over rows and columns stays in blocks where its channels go on as channels.
        let pools = shape.len() == 4 && axes == [2, 3] && self.is_in_blocks(input) && !self.homes.contains_key(&output);
        if pools && self.net.shape(output).len() == 4 {
            let from = self.blocks(input);
            let pooled = self.pooled(reduction, from, picture(&shape));
            self.held.entry(output).or_default().blocks = Some(pooled);
            return;
        }
        let contiguous = axes.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        let (from, triple) = if contiguous {
            let (first, end) = axes.split_first().map_or((0, 0), |(first, _)| (*first, first + axes.len()));
            (self.plain(input), Triple::of(&shape, first, end))
        } else {
            let kept = (0..shape.len()).filter(|axis| !axes.contains(axis));
            let order = kept.chain(axes.iter().copied()).collect::<Vec<_>>();
            let moved = order.iter().map(|axis| shape[*axis]).collect::<Vec<_>>();
            (self.transposed(input, &order), Triple::of(&moved, shape.len() - axes.len(), shape.len()))
        };
        let to = self.new_plain(output);
        let scale = if reduction == Reduction::Mean { 1.0 / triple.length as f64 } else { 1.0 };
        self.reduce_triple(reduction, triple, scale, from, to);
    }

    /// Rows and columns of a picture in blocks become one pixel: first along each row, then the rows, so that there is work for many
    /// invocations and one order of sums.
    pub(super) fn pooled(&mut self, reduction: Reduction, from: Blocks, [n, c, h, w]: [usize; 4]) -> Blocks {
        let (first, blocks) = (from.first as usize, c.div_ceil(LANES));
        let from = if first == 0 && from.total as usize == blocks {
            from
        } else {
            let reading = Reading::blocks(from, [n, c, h, w]);
            let own = self.free_blocks("pooled", [n, c, h, w]);
            self.copy_into_blocks(&reading, &[n, c, h, w], own);
            own
        };
        let (across, down) = if reduction == Reduction::Mean { (1.0 / w as f64, 1.0 / h as f64) } else { (1.0, 1.0) };
        self.pooled_in_two(reduction, from, [n, c, h, w], [across, down])
    }

    /// The mean of a whole picture in blocks, times `weight`.
    pub(super) fn pooled_with(&mut self, from: Blocks, [n, c, h, w]: [usize; 4], weight: f64) -> Blocks {
        self.pooled_in_two(Reduction::Sum, from, [n, c, h, w], [1.0 / w as f64, weight / h as f64])
    }

    /// `scales` is what sums along rows, and sums of those, are multiplied with.
    fn pooled_in_two(&mut self, reduction: Reduction, from: Blocks, [n, c, h, w]: [usize; 4], scales: [f64; 2]) -> Blocks {
        let blocks = c.div_ceil(LANES);
        let rows = self.buffer("rows pooled", n * blocks * h * LANES);
        let to = self.free_blocks("pooled", [n, c, 1, 1]);
        let across = Triple { outer: n * blocks * h, length: w, inner: LANES };
        self.reduce_triple(reduction, across, scales[0], from.buffer, rows);
        self.reduce_triple(reduction, Triple { outer: n * blocks, length: h, inner: LANES }, scales[1], rows, to.buffer);
        to
    }

    /// `scale` is what a sum is multiplied with: 1 over the length for a mean.
    fn reduce_triple(&mut self, reduction: Reduction, triple: Triple, scale: f64, from: Proxy, to: Proxy) {
        let code = match reduction {
            Reduction::Mean | Reduction::Sum | Reduction::Prod => net_reduce::REDUCE_SUM,
            Reduction::Max => net_reduce::REDUCE_MAX,
            Reduction::Min => net_reduce::REDUCE_MIN,
        };
        let scale = scale as f32;
        let program = self.real().of(Shader::NetReduce, Shader::NetReduceF16);
        let Triple { outer, length, inner } = triple;
        let (stride, size) = line_grid(program, (outer * inner) as u64);
        let params = net_reduce::Params { outer: outer as u32, length: length as u32, inner: inner as u32, stride, scale };
        let groups = [size.0 / program.facts().workgroup[0], size.1, 1];
        self.recorder.dispatch(program, &[("REDUCTION", f64::from(code))], &params, &[from], &[to], groups);
    }

    pub(super) fn softmax(&mut self, axis: usize, input: ValueId, output: ValueId) {
        let triple = Triple::of(self.net.shape(input), axis, axis + 1);
        let (from, to) = (self.plain(input), self.new_plain(output));
        let program = self.real().of(Shader::NetSoftmax, Shader::NetSoftmaxF16);
        let (stride, size) = line_grid(program, (triple.outer * triple.inner) as u64);
        let Triple { outer, length, inner } = triple;
        let params = net_softmax::Params { outer: outer as u32, length: length as u32, inner: inner as u32, stride };
        self.recorder.grid(program, &params, &[from], &[to], size);
    }

    pub(super) fn matmul(&mut self, inputs: &[ValueId], output: ValueId) {
        let shape = self.net.shape(output).to_vec();
        let [rows, columns] = [shape[shape.len() - 2], shape[shape.len() - 1]];
        let depth = *self.net.shape(inputs[0]).last().expect("`supported` holds matrices to two axes and more");
        let batch = shape[..shape.len() - 2].iter().product::<usize>();
        let begins = inputs.iter().map(|input| begins(self.net.shape(*input), &shape)).collect::<Vec<_>>();
        let offsets = begins[0].iter().zip(&begins[1]).flat_map(|(left, right)| [*left, *right]).collect::<Vec<_>>();
        let offsets = self.recorder.table("offsets", &offsets);
        let (left, right) = (self.plain(inputs[0]), self.plain(inputs[1]));
        let to = self.new_plain(output);
        let params = net_matmul::Params { batch: batch as u32, rows: rows as u32, columns: columns as u32, depth: depth as u32 };
        let program = self.real().of(Shader::NetMatmul, Shader::NetMatmulF16);
        let sides = program.facts().workgroup;
        let across = sides[0] * net_matmul::MATMUL_COLUMNS;
        let groups = [(columns as u32).div_ceil(across), (rows as u32).div_ceil(sides[1]), batch as u32];
        self.recorder.dispatch(program, &[], &params, &[offsets, left, right], &[to], groups);
    }

    /// Each channel of each picture to mean 0 and variance 1: the mean, the distances from it, the mean of their squares, and
    /// the distances over its root, scaled and shifted.
    pub(super) fn instance_norm(&mut self, epsilon: f32, inputs: &[ValueId], output: ValueId) {
        let shape = picture(self.net.shape(output));
        let (one, each) = ([shape[0], shape[1], 1, 1], spread::SPREAD_CHANNEL);
        let second = |code, second, a| Link { function: Function { code, a, b: 0.0 }, second };
        let first = |code| Link { function: Function { code, a: 0.0, b: 0.0 }, second: Second::None };
        let of_channels = |buffer| Operand { buffer, first: 0, total: 0, spread: each };
        let from = self.blocks(inputs[0]);
        let mean = self.pooled(Reduction::Mean, from, shape);
        let distances = self.free_blocks("distances", shape);
        let subtract = [second(codes::SUB, Second::Operand(0), 0.0)];
        self.pointwise(&subtract, &[Operand::full(from), Operand::spread(mean, each)], distances, shape);
        let squares = self.free_blocks("squares", shape);
        self.pointwise(&[second(codes::MUL, Second::Start, 0.0)], &[Operand::full(distances)], squares, shape);
        let variance = self.pooled(Reduction::Mean, squares, shape);
        let factors = self.free_blocks("factors", one);
        let root = [
            second(codes::ADD, Second::Number, epsilon),
            first(codes::SQRT),
            first(codes::RECIPROCAL),
            second(codes::MUL, Second::Operand(0), 0.0),
        ];
        let (scale, bias) = (self.plain(inputs[1]), self.plain(inputs[2]));
        self.pointwise(&root, &[Operand::full(variance), of_channels(scale)], factors, one);
        let apply = [second(codes::MUL, Second::Operand(0), 0.0), second(codes::ADD, Second::Operand(1), 0.0)];
        let to = self.new_blocks(output);
        self.pointwise(&apply, &[Operand::full(distances), Operand::spread(factors, each), of_channels(bias)], to, shape);
    }

    /// A value with its axes in another order.
    fn transposed(&mut self, input: ValueId, order: &[usize]) -> Proxy {
        let shape = order.iter().map(|axis| self.net.shape(input)[*axis]).collect::<Vec<_>>();
        let to = self.buffer("transposed", shape.iter().product());
        self.transpose_into(input, order, &shape, to);
        to
    }
}

/// Where each matrix of an operand begins, for all leading axes of the result.
fn begins(own: &[usize], shape: &[usize]) -> Vec<u32> {
    let (matrix, leading) = (own[own.len() - 2] * own[own.len() - 1], &own[..own.len() - 2]);
    let of_result = &shape[..shape.len() - 2];
    let lacks = of_result.len() - leading.len();
    let (result_strides, own_strides) = (strides(of_result), strides(leading));
    let begin = |index: usize| {
        let along = |axis: usize| {
            let place = index / result_strides[axis + lacks] as usize % of_result[axis + lacks];
            if leading[axis] == 1 { 0 } else { place * own_strides[axis] as usize }
        };
        ((0..leading.len()).map(along).sum::<usize>() * matrix) as u32
    };
    (0..of_result.iter().product()).map(begin).collect()
}

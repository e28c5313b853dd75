//! Chains of element-wise operations: one pass each.

use super::fuse::{Chain, Link, Second, picture, spreads_over_channels};
use super::place::{Blocks, LANES, Writer};
use crate::gpu::passes::line_grid;
use crate::gpu::recording::Proxy;
use crate::gpu::shaders::{Shader, net_pointwise as shader};
use crate::net::graph::ValueId;

/// How an operand is found: its buffer, where it begins and how many blocks its buffer has, and how it spreads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    pub(super) buffer: Proxy,
    pub(super) first: u32,
    /// Zero where every picture of a batch sees the same.
    pub(super) total: u32,
    pub(super) spread: u32,
}

impl Operand {
    /// A picture as large as the result.
    pub(super) fn full(blocks: Blocks) -> Self {
        Self::spread(blocks, shader::SPREAD_FULL)
    }

    pub(super) fn spread(blocks: Blocks, spread: u32) -> Self {
        Self { buffer: blocks.buffer, first: blocks.first, total: blocks.total, spread }
    }
}

const CODES: [&str; 4] = ["CODE_0", "CODE_1", "CODE_2", "CODE_3"];
const FROMS: [&str; 4] = ["FROM_0", "FROM_1", "FROM_2", "FROM_3"];
const SPREADS: [&str; 3] = ["SPREAD_1", "SPREAD_2", "SPREAD_3"];

impl Writer<'_> {
    pub(super) fn chain(&mut self, chain: &Chain, output: ValueId) {
        let shape = self.net.shape(output).to_vec();
        let full = |value: &ValueId| self.net.shape(*value) == shape.as_slice();
        let all = std::iter::once(chain.start).chain(chain.operands.iter().copied()).collect::<Vec<_>>();
        let in_blocks = shape.len() == 4 && all.iter().filter(|value| full(value)).any(|value| self.is_in_blocks(*value));
        // A home is in blocks, whatever the operands are.
        let in_blocks = in_blocks || self.homes.contains_key(&output);
        let mut operands = all.iter().map(|value| self.operand(*value, &shape, in_blocks)).collect::<Vec<_>>();
        // The start is never spread by the shader.
        if operands[0].spread != shader::SPREAD_FULL {
            operands[0] = self.expanded(chain.start, &shape, in_blocks);
        }
        if in_blocks {
            let to = self.new_blocks(output);
            self.pointwise(&chain.links, &operands, to, picture(&shape));
        } else {
            // Plain elements are one block of as many pixels as they make vec4s.
            let count = shape.iter().product::<usize>().div_ceil(LANES).max(1);
            let to = Blocks { buffer: self.new_plain(output), first: 0, total: 1 };
            self.pointwise(&chain.links, &operands, to, [1, LANES, 1, count]);
        }
    }

    /// One pass of element-wise operations on pictures in blocks; the first operand has the result's shape.
    pub(super) fn pointwise(&mut self, links: &[Link], operands: &[Operand], to: Blocks, [n, c, h, w]: [usize; 4]) {
        let blocks = c.div_ceil(LANES);
        let count = n * blocks * h * w;
        let program = self.real().of(Shader::NetPointwise, Shader::NetPointwiseF16);
        let (stride, size) = line_grid(program, count as u64);
        let at = |index: usize| operands.get(index).copied().unwrap_or(operands[0]);
        let number = |index: usize| links.get(index).map_or((0.0, 0.0), |link| (link.function.a, link.function.b));
        let params = shader::Params {
            pixels: (h * w) as u32,
            blocks: blocks as u32,
            count: count as u32,
            stride,
            lanes_last: (c - (blocks - 1) * LANES) as u32,
            first_0: at(0).first,
            total_0: at(0).total,
            first_1: at(1).first,
            total_1: at(1).total,
            first_2: at(2).first,
            total_2: at(2).total,
            first_3: at(3).first,
            total_3: at(3).total,
            to_first: to.first,
            to_total: to.total,
            a_0: number(0).0,
            b_0: number(0).1,
            a_1: number(1).0,
            b_1: number(1).1,
            a_2: number(2).0,
            b_2: number(2).1,
            a_3: number(3).0,
            b_3: number(3).1,
        };
        let constants = constants(links, operands);
        let reads = [0, 1, 2, 3].map(|index| at(index).buffer);
        let groups = [size.0 / program.facts().workgroup[0], size.1, 1];
        self.recorder.dispatch(program, &constants, &params, &reads, &[to.buffer], groups);
    }

    /// An operand as the shader can spread it over a result of `shape`; repeated to full size where it cannot.
    fn operand(&mut self, value: ValueId, shape: &[usize], in_blocks: bool) -> Operand {
        let own = self.net.shape(value).to_vec();
        if own.iter().product::<usize>() == 1 && shape.iter().product::<usize>() != 1 {
            return Operand { buffer: self.plain(value), first: 0, total: 0, spread: shader::SPREAD_ONE };
        }
        if own == shape {
            return if in_blocks {
                Operand::full(self.blocks(value))
            } else {
                Operand { buffer: self.plain(value), first: 0, total: 1, spread: shader::SPREAD_FULL }
            };
        }
        if in_blocks {
            let [n, c, h, w] = picture(shape);
            // One picture's channels in plain order are its blocks of one pixel.
            if spreads_over_channels(&own, c) && !self.is_in_blocks(value) {
                return Operand { buffer: self.plain(value), first: 0, total: 0, spread: shader::SPREAD_CHANNEL };
            }
            let (spread, held) = match own.as_slice() {
                [b, channels, 1, 1] if *channels == c => (shader::SPREAD_CHANNEL, *b),
                [b, 1, rows, columns] if [*rows, *columns] == [h, w] => (shader::SPREAD_PIXEL, *b),
                _ => return self.expanded(value, shape, in_blocks),
            };
            if held == n || held == 1 {
                let blocks = self.blocks(value);
                let total = if held == n { blocks.total } else { 0 };
                return Operand { buffer: blocks.buffer, first: blocks.first, total, spread };
            }
        }
        self.expanded(value, shape, in_blocks)
    }

    fn expanded(&mut self, value: ValueId, shape: &[usize], in_blocks: bool) -> Operand {
        if in_blocks {
            Operand::full(self.expanded_blocks(value, picture(shape)))
        } else {
            Operand { buffer: self.expanded_plain(value, shape), first: 0, total: 1, spread: shader::SPREAD_FULL }
        }
    }
}

/// What the shader is compiled with: the operations, where their second values come from, how those spread.
fn constants(links: &[Link], operands: &[Operand]) -> Vec<(&'static str, f64)> {
    let mut constants = Vec::with_capacity(CODES.len() + FROMS.len() + SPREADS.len());
    for (place, link) in links.iter().enumerate() {
        constants.push((CODES[place], f64::from(link.function.code)));
        let from = match link.second {
            Second::None | Second::Start => shader::FROM_START,
            Second::Operand(operand) => operand as u32 + 1,
            Second::Number => shader::FROM_NUMBER,
        };
        constants.push((FROMS[place], f64::from(from)));
    }
    let spreads = operands.iter().skip(1).zip(SPREADS);
    constants.extend(spreads.map(|(operand, name)| (name, f64::from(operand.spread))));
    constants
}

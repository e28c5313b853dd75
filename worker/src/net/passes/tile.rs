//! A network run piece by piece where a whole picture does not fit, with the same result.
//!
//! Tiles are all of one size and begin at multiples of the network's alignment, so a pixel of any value lies in its tile where it
//! lies in the whole, shifted by whole pixels. What a tile's own edge spoils lies within `reach` input pixels of it and is left
//! out; at the picture's edges tile and whole see the same. A global pooling is over the whole picture: for each of them, in the
//! network's order, every tile is run up to it first, and the means of the parts are weighed and summed in the order of the tiles.

use std::collections::{BTreeMap, BTreeSet};

use super::arrange::Reading;
use super::fuse::{Step, Work, picture, plan};
use super::place::{Blocks, LANES, Tables, Writer};
use super::{Options, homes};
use crate::gpu::recording::Recorder;
use crate::net::field::{Field, alignment, fields};
use crate::net::graph::ValueId;
use crate::net::op::Reduction;
use crate::net::shaped::{Shaped, TensorOp};

/// Fewest input pixels along a side that a tile answers for: below, all the work is spent on edges.
const CORE_MIN: usize = 16;

/// Why a network cannot be run in tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "node `{node}` looks at the whole picture, so the network cannot be run in tiles, and the picture does not fit at once; render a smaller size or use another GPU"
)]
pub struct Untileable {
    /// The node.
    pub node: String,
}

/// What tiles of a network must keep to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// Places and sizes are multiples of this many input pixels.
    pub align: usize,
    /// Input pixels from a tile's edge on which results are spoilt; a multiple of `align`.
    pub reach: usize,
    /// The results of global poolings, in running order.
    pools: Vec<ValueId>,
}

/// Where one tile lies along an axis of the input, and which pixels it answers for: those over input pixels `from..to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) begin: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Covers `length` input pixels by tiles of `tile`.
pub(crate) fn spans(length: usize, tile: usize, reach: usize) -> Vec<Span> {
    if tile >= length {
        return vec![Span { begin: 0, from: 0, to: length }];
    }
    let core = tile - 2 * reach;
    let mut spans: Vec<Span> = Vec::new();
    loop {
        let from = spans.last().map_or(0, |last| last.to);
        let begin = (spans.len() * core).min(length - tile);
        let to = if begin + tile == length { length } else { begin + tile - reach };
        spans.push(Span { begin, from, to });
        if to == length {
            return spans;
        }
    }
}

impl Tiling {
    /// What tiles of this network must keep to; `net` is shaped at any size.
    ///
    /// # Errors
    /// The first node that looks at the whole picture in a way that tiles cannot follow.
    pub fn of(net: &Shaped) -> Result<Self, Untileable> {
        let fields = fields(net);
        let whole = |field: &Field| field.rows.whole || field.columns.whole;
        let mut pools = Vec::new();
        for node in net.nodes() {
            let born = whole(&fields[node.output.index()]) && !node.inputs.iter().any(|value| whole(&fields[value.index()]));
            let pooled = is_global_mean(net, node.output);
            if pooled {
                pools.push(node.output);
            } else if born || cannot_follow(&fields, net, node) {
                return Err(Untileable { node: node.name.clone() });
            }
        }
        let align = alignment(&fields).map_or(1, |align| align as usize).max(1);
        let ends = net.outputs().iter().map(|port| port.value);
        let seen = pools.iter().map(|pool| pool_source(net, *pool)).chain(ends);
        let reach = seen.map(|value| reach(&fields[value.index()])).max().unwrap_or(0);
        Ok(Self { align, reach: reach.next_multiple_of(align), pools })
    }

    /// For a network that runs in one piece.
    #[must_use]
    pub fn none() -> Self {
        Self { align: 1, reach: 0, pools: Vec::new() }
    }

    /// The smallest tile that is worth its edges.
    #[must_use]
    pub fn smallest(&self) -> usize {
        (2 * self.reach + CORE_MIN).next_multiple_of(self.align)
    }
}

/// Whether a node sees the whole picture through one of its own operands other than a pooled mean: a pooling of what hangs on
/// a pooling is followed, a sum along rows alone is not.
fn cannot_follow(fields: &[Field], net: &Shaped, node: &crate::net::ShapedNode) -> bool {
    let no_place = |value: ValueId| {
        let field = fields[value.index()];
        field.rows.local.is_none() && field.columns.local.is_none()
    };
    // Without a place of its own a value must be one pixel, as what comes of pooled means is.
    let shape = net.shape(node.output);
    no_place(node.output) && (shape.len() != 4 || shape[2] * shape[3] != 1)
}

/// Input pixels on either side of a pixel that it depends on, at most.
fn reach(field: &Field) -> usize {
    [field.rows, field.columns]
        .iter()
        .filter_map(|along| along.local)
        .map(|local| (-local.low.floor()).max(local.high.ceil() + 1).max(0) as usize)
        .max()
        .unwrap_or(0)
}

fn is_global_mean(net: &Shaped, value: ValueId) -> bool {
    net.producer(value).is_some_and(|place| {
        let node = &net.nodes()[place];
        let means = matches!(&node.op, TensorOp::Reduce { reduction: Reduction::Mean, axes } if axes == &[2, 3]);
        means && net.shape(node.inputs[0]).len() == 4 && net.shape(value).len() == 4
    })
}

fn pool_source(net: &Shaped, pool: ValueId) -> ValueId {
    net.producer(pool).map_or(pool, |place| net.nodes()[place].inputs[0])
}

/// One tile of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) across: Span,
    pub(crate) down: Span,
}

/// Records a network tile by tile: `load` records the way of a tile's input into a buffer in blocks, `store` takes its output.
/// `net` is shaped at the tile's size, `whole` is the size of the input picture.
pub(crate) fn record_tiles(
    net: &Shaped,
    recorder: &mut Recorder,
    (tiling, tiles, whole): (&Tiling, &[Tile], [usize; 2]),
    options: &Options,
    tables: &mut Tables,
    mut load: impl FnMut(&mut Recorder, &Tile) -> Blocks,
    mut store: impl FnMut(&mut Recorder, &Tile, Blocks),
) {
    let steps = plan(net, options.join);
    let (input, output) = (net.inputs()[0].value, net.outputs()[0].value);
    let mut known: BTreeMap<ValueId, Blocks> = BTreeMap::new();
    let pools = if tiles.len() > 1 { tiling.pools.as_slice() } else { &[] };
    for pool in pools {
        let source = pool_source(net, *pool);
        let [_, channels, ..] = picture(net.shape(source));
        let total = channels.div_ceil(LANES);
        let mut parts: Option<Blocks> = None;
        for (place, tile) in tiles.iter().enumerate() {
            let loaded = load(recorder, tile);
            let mut writer = Writer::new(net, recorder, options, tables);
            let parts = *parts.get_or_insert_with(|| writer.free_blocks("parts pooled", [1, channels, 1, tiles.len()]));
            writer.run_to(&steps, source, (input, loaded), &known);
            let part = writer.part_of_mean(source, tile, (tiling, whole));
            let column = Blocks { first: 0, total: total as u32, ..parts };
            writer.copy_column(part, channels, column, (place, tiles.len()));
        }
        let Some(parts) = parts else { continue };
        let mut writer = Writer::new(net, recorder, options, tables);
        known.insert(*pool, writer.sum_of_columns(parts, channels, tiles.len()));
    }
    for tile in tiles {
        let loaded = load(recorder, tile);
        let mut writer = Writer::new(net, recorder, options, tables);
        writer.run_to(&steps, output, (input, loaded), &known);
        let made = writer.blocks(output);
        store(recorder, tile, made);
    }
}

impl Writer<'_> {
    /// Runs what `target` needs, with poolings that are known.
    fn run_to(&mut self, steps: &[Step], target: ValueId, (input, loaded): (ValueId, Blocks), known: &BTreeMap<ValueId, Blocks>) {
        self.hold_blocks(input, loaded);
        for (value, blocks) in known {
            self.hold_blocks(*value, *blocks);
        }
        let mut needed = BTreeSet::from([target]);
        let mut wanted = Vec::new();
        for step in steps.iter().rev() {
            if needed.contains(&step.output) && !known.contains_key(&step.output) {
                needed.extend(step.reads());
                wanted.push(step.clone());
            }
        }
        wanted.reverse();
        if self.options.join {
            self.homes = homes::homes(self.net, &wanted);
        }
        for step in &wanted {
            self.step(step);
        }
    }

    /// The share of one tile in the mean of a value over the whole picture, one pixel of all channels.
    fn part_of_mean(&mut self, value: ValueId, tile: &Tile, (tiling, whole): (&Tiling, [usize; 2])) -> Blocks {
        let [_, c, h, w] = picture(self.net.shape(value));
        let field = fields(self.net)[value.index()];
        let own = |along: crate::net::field::Along, span: Span, size: usize, whole: usize, tile_size: usize| {
            let step = along.local.map_or(crate::net::Ratio { numerator: 1, denominator: 1 }, |local| local.step);
            let pixels = |input: usize| input * step.denominator as usize / step.numerator as usize;
            let shift = pixels(span.begin);
            // The last tile answers for all that is left, and the value may be smaller than its share of the input.
            let end = if span.to == whole { size } else { pixels(span.to) - shift };
            let whole_size = size + pixels(whole - tile_size);
            (pixels(span.from) - shift, end, whole_size)
        };
        let _ = tiling;
        let [tile_h, tile_w] = [2, 3].map(|axis| self.net.shape(self.net.inputs()[0].value)[axis]);
        let (left, right, all_w) = own(field.columns, tile.across, w, whole[1], tile_w);
        let (top, bottom, all_h) = own(field.rows, tile.down, h, whole[0], tile_h);
        let (rows, columns) = (bottom - top, right - left);
        let from = self.blocks(value);
        let cut = self.free_blocks("part", [1, c, rows, columns]);
        let mut reading = Reading::blocks(from, [1, c, h, w]);
        reading.skip(2, top);
        reading.skip(3, left);
        self.copy_into_blocks(&reading, &[1, c, rows, columns], cut);
        let weight = (rows * columns) as f64 / (all_h * all_w) as f64;
        self.pooled_with(cut, [1, c, rows, columns], weight)
    }

    /// Puts one pixel of all channels into a column of a row of them.
    fn copy_column(&mut self, part: Blocks, channels: usize, row: Blocks, (column, columns): (usize, usize)) {
        let reading = Reading::blocks(part, [1, channels, 1, 1]);
        self.copy_into_part(&reading, &[1, channels, 1, 1], row, [1, channels, 1, columns], column);
    }

    /// The sum over a row of pixels.
    fn sum_of_columns(&mut self, row: Blocks, channels: usize, columns: usize) -> Blocks {
        self.pooled(Reduction::Sum, row, [1, channels, 1, columns])
    }
}

/// Bytes that the values of a network take on a device when each is dropped after its last use, and those of the largest one.
#[must_use]
pub fn memory(net: &Shaped, options: &Options) -> (u64, u64) {
    let steps = plan(net, options.join);
    let bytes = |value: ValueId| {
        let elements = match *net.shape(value) {
            [n, c, h, w] => n * c.next_multiple_of(LANES) * h * w,
            _ => net.elements(value).next_multiple_of(LANES),
        };
        (elements * options.real.bytes()) as u64
    };
    let mut last = BTreeMap::new();
    for (place, step) in steps.iter().enumerate() {
        for value in step.reads().into_iter().chain([step.output]) {
            last.insert(value, place);
        }
    }
    let mut live = net.inputs().iter().map(|port| bytes(port.value)).sum::<u64>();
    let (mut most, mut largest) = (live, live);
    for (place, step) in steps.iter().enumerate() {
        let own = bytes(step.output);
        // A concatenation is as large as its parts, which were written into it.
        let grows = !matches!(step.work, Work::Tensor { op: TensorOp::Concat { .. } | TensorOp::Reshape, .. });
        live += if grows { own } else { 0 };
        (most, largest) = (most.max(live), largest.max(own));
        for (value, end) in &last {
            if *end == place && !net.is_output(*value) && net.constant(*value).is_none() {
                live = live.saturating_sub(bytes(*value));
            }
        }
    }
    (most, largest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tiles_answer_for_every_pixel_once_and_look_far_enough(
            length in 1_usize..400, reach in 0_usize..20, core in 1_usize..60, align in 1_usize..5,
        ) {
            let (length, reach) = (length * align, reach * align);
            let tile = core * align + 2 * reach;
            let spans = spans(length, tile, reach);
            let size = tile.min(length);
            let mut reached = 0;
            for span in &spans {
                prop_assert_eq!(span.from, reached);
                prop_assert!(span.to > span.from && span.begin % align == 0 && span.begin + size <= length);
                prop_assert!(span.begin == 0 || span.from >= span.begin + reach);
                prop_assert!(span.begin + size == length || span.to + reach <= span.begin + size);
                reached = span.to;
            }
            prop_assert_eq!(reached, length);
        }
    }
}

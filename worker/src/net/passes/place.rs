//! Where values lie on the device.
//!
//! A value of four axes [n, c, h, w] may lie **in blocks** of four channels: element (n, c, y, x) is lane c % 4 of the vec4 at
//! ((n * total + first + c / 4) * h + y) * w + x, where `total` counts the blocks of the buffer and `first` is where this value
//! begins in it. So neighbours in a row are neighbours in memory, a vec4 is one pixel's share of four channels, values that will be
//! concatenated are written side by side from the start, and a slice of channels is a look at the same buffer. Lanes beyond
//! the last channel hold finite numbers that nobody may use.
//!
//! Any value may lie **plain**: its elements in order, the last axis fastest, padded to a multiple of four elements.
//!
//! Elements are f32 or f16, the same for all values of one network; all arithmetic is f32.

use std::collections::BTreeMap;
use std::sync::Arc;

use shotfarm_shared::digest::Digest;

use super::Real;
use super::fuse::picture;
use crate::gpu::recording::{Proxy, Recorder, Table};
use crate::net::graph::ValueId;
use crate::net::shaped::Shaped;

/// Channels that lie together.
pub(super) const LANES: usize = 4;

/// A value in blocks of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    pub(crate) buffer: Proxy,
    /// The block of the buffer where the value begins.
    pub(crate) first: u32,
    /// Blocks of the buffer, for each picture of a batch.
    pub(crate) total: u32,
}

/// Where a value lies; in both orders once both were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub(super) blocks: Option<Blocks>,
    pub(super) plain: Option<Proxy>,
}

/// Part of a concatenation: where in which result the value goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    pub(super) whole: ValueId,
    pub(super) first: u32,
}

/// Tables made of a network's constants, kept so that every tile and every size finds them made. The key tells what was made of
/// which elements.
#[derive(Debug, Default)]
pub struct Tables(BTreeMap<MadeFrom, Made>);

/// The address and length of the elements, and the digest of what was done with them.
type MadeFrom = (usize, usize, Digest);

/// The elements, and the table.
type Made = (Arc<[f32]>, Table);

impl Tables {
    /// The table made of `source` by `make`, whose result depends on `source` and on `recipe` alone.
    pub(super) fn made(&mut self, source: &Arc<[f32]>, recipe: &[u8], make: impl FnOnce(&[f32]) -> Vec<u8>) -> Table {
        // The elements are kept with their table, so the address names them for as long as the key exists.
        let key = (source.as_ptr() as usize, source.len(), Digest::of(recipe));
        let made = self.0.entry(key).or_insert_with(|| (Arc::clone(source), Table::new(Arc::from(make(source)))));
        made.1.clone()
    }
}

/// Writes a network's passes into a recording, value by value.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) net: &'a Shaped,
    pub(super) recorder: &'a mut Recorder,
    pub(super) options: &'a super::Options,
    pub(super) tables: &'a mut Tables,
    pub(super) held: BTreeMap<ValueId, Held>,
    pub(super) homes: BTreeMap<ValueId, Home>,
}

impl Writer<'_> {
    pub(super) fn real(&self) -> Real {
        self.options.real
    }

    /// A new buffer for `elements` elements, rounded up to whole vec4s.
    pub(super) fn buffer(&mut self, label: &str, elements: usize) -> Proxy {
        let elements = elements.next_multiple_of(LANES).max(LANES);
        self.recorder.scratch(label, (elements * self.real().bytes()) as u64)
    }

    /// Room for a value in blocks: its own, or its part of a concatenation.
    pub(super) fn new_blocks(&mut self, value: ValueId) -> Blocks {
        if let Some(blocks) = self.held.get(&value).and_then(|held| held.blocks) {
            return blocks;
        }
        let blocks = if let Some(Home { whole, first }) = self.homes.get(&value).copied() {
            let whole = self.new_blocks(whole);
            Blocks { first: whole.first + first, ..whole }
        } else {
            let shape = picture(self.net.shape(value));
            let label = self.net.value_name(value).to_owned();
            self.free_blocks(&label, shape)
        };
        self.held.entry(value).or_default().blocks = Some(blocks);
        blocks
    }

    /// Room in blocks for something of this shape that is no value of the network.
    pub(super) fn free_blocks(&mut self, label: &str, [n, c, h, w]: [usize; 4]) -> Blocks {
        let total = c.div_ceil(LANES);
        let buffer = self.buffer(label, n * total * LANES * h * w);
        Blocks { buffer, first: 0, total: total as u32 }
    }

    /// Room for a value in plain order.
    pub(super) fn new_plain(&mut self, value: ValueId) -> Proxy {
        let label = self.net.value_name(value).to_owned();
        let plain = self.buffer(&label, self.net.elements(value));
        self.held.entry(value).or_default().plain = Some(plain);
        plain
    }

    /// Whether a value lies in blocks already.
    pub(super) fn is_in_blocks(&self, value: ValueId) -> bool {
        self.held.get(&value).is_some_and(|held| held.blocks.is_some())
    }

    /// A value in blocks, brought there if it is not.
    pub(super) fn blocks(&mut self, value: ValueId) -> Blocks {
        if let Some(blocks) = self.held.get(&value).and_then(|held| held.blocks) {
            return blocks;
        }
        if let Some(data) = self.net.constant(value).cloned() {
            let shape = picture(self.net.shape(value));
            let real = self.real();
            let recipe = format!("blocks of {shape:?} in {real:?}");
            let table = self.tables.made(&data, recipe.as_bytes(), |data| real.encode(&into_blocks(data, shape)));
            let buffer = self.recorder.table_bytes(self.net.value_name(value), &table);
            let blocks = Blocks { buffer, first: 0, total: shape[1].div_ceil(LANES) as u32 };
            self.held.entry(value).or_default().blocks = Some(blocks);
            return blocks;
        }
        let from = self.reading(value);
        let blocks = self.new_blocks(value);
        self.copy_into_blocks(&from, self.net.shape(value), blocks);
        blocks
    }

    /// A value in plain order, brought there if it is not.
    pub(super) fn plain(&mut self, value: ValueId) -> Proxy {
        if let Some(plain) = self.held.get(&value).and_then(|held| held.plain) {
            return plain;
        }
        if let Some(data) = self.net.constant(value).cloned() {
            let real = self.real();
            let table = self.tables.made(&data, format!("plain in {real:?}").as_bytes(), |data| {
                let mut padded = data.to_vec();
                padded.resize(data.len().next_multiple_of(LANES).max(LANES), 0.0);
                real.encode(&padded)
            });
            let plain = self.recorder.table_bytes(self.net.value_name(value), &table);
            self.held.entry(value).or_default().plain = Some(plain);
            return plain;
        }
        let from = self.reading(value);
        let plain = self.new_plain(value);
        self.copy_into_plain(&from, self.net.shape(value), plain);
        plain
    }

    /// Gives a value the elements of a buffer in blocks.
    pub(super) fn hold_blocks(&mut self, value: ValueId, blocks: Blocks) {
        self.held.entry(value).or_default().blocks = Some(blocks);
    }

    /// Gives a value the elements of another one's buffer.
    pub(super) fn hold_plain(&mut self, value: ValueId, plain: Proxy) {
        self.held.entry(value).or_default().plain = Some(plain);
    }
}

/// A constant picture in blocks of channels.
fn into_blocks(data: &[f32], [n, c, h, w]: [usize; 4]) -> Vec<f32> {
    let total = c.div_ceil(LANES);
    let mut blocks = vec![0.0; n * total * LANES * h * w];
    for (place, value) in data.iter().enumerate() {
        let (pixel, channel, batch) = (place % (h * w), place / (h * w) % c, place / (h * w * c));
        blocks[((batch * total + channel / LANES) * h * w + pixel) * LANES + channel % LANES] = *value;
    }
    blocks
}

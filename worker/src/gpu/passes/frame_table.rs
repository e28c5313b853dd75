//! Tables that are counted anew for every frame, because its window lies elsewhere: the same weights and places, from the same
//! functions, as a window that stands still has for the whole job.
//!
//! A table has one size for all frames of the shot, which is counted from the longest span of the whole track and not of a task's
//! range: so a frame's bytes do not depend on where the shot was split. What a frame needs less weighs nothing.

use super::kernel::Kernel;
use super::places::{self, blocks, each};
use super::tables::{Axis, block_samples_max, line_of, taps_max};
use super::view::{PerFrame, longest};
use super::window::Span;

/// A table that comes with every frame.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameTable(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Of `resample_across` and `resample_down`: firsts, weights.
    Line { spans: PerFrame<Span>, source: Axis, target: Axis, kernel: Kernel, taps: u32 },
    /// Of `scale`: firsts, weights.
    Blocks { spans: PerFrame<Span>, source: Axis, target: Axis, kernel: Kernel, block: u32, step: u32, samples: u32 },
    /// Of `ewa`: firsts, offsets and the kernel's shrinking.
    Places { spans: PerFrame<Span>, target: u32, block: u32, lanes: u32, radius: f64, texels: u32 },
    /// Of `easu`: texel and fraction.
    Each { spans: PerFrame<Span>, target: u32 },
    /// Of `compose`: left, top, right, bottom.
    Rectangle { places: PerFrame<[u32; 4]> },
}

impl FrameTable {
    /// Weights from `source` to `target` along an axis, and how many taps each output has.
    pub(super) fn line(spans: &PerFrame<Span>, source: Axis, target: Axis, kernel: Kernel) -> (Self, u32) {
        let taps = taps_max(&source, longest(spans), &target, kernel);
        (Self(Kind::Line { spans: spans.clone(), source, target, kernel, taps }), taps)
    }

    /// The same for blocks of `block` outputs that begin at multiples of `step` source samples, and how many of these a block
    /// reads. Firsts are counted in steps. `None` where the source is shorter than that.
    pub(super) fn blocks(
        spans: &PerFrame<Span>,
        (source, target): (Axis, Axis),
        kernel: Kernel,
        (block, step): (u32, u32),
    ) -> Option<(Self, u32)> {
        let samples = block_samples_max(&source, longest(spans), &target, kernel, (block, step))?;
        Some((Self(Kind::Blocks { spans: spans.clone(), source, target, kernel, block, step, samples }), samples))
    }

    /// Where blocks of `block` outputs lie among the texels within `radius` of the kernel, which is widened where a frame's span
    /// shrinks; and how many texels each block reads. Offsets are padded to `lanes` for each block; behind them stands the
    /// kernel's shrinking.
    pub(super) fn places(spans: &PerFrame<Span>, target: u32, (block, lanes): (u32, u32), radius: f64) -> (Self, u32) {
        let texels = places::texels_max(longest(spans), target, block, radius);
        (Self(Kind::Places { spans: spans.clone(), target, block, lanes, radius, texels }), texels)
    }

    /// The texel at or before each output, and how far beyond it the output lies.
    pub(super) fn each(spans: &PerFrame<Span>, target: u32) -> Self {
        Self(Kind::Each { spans: spans.clone(), target })
    }

    /// Where a layer lies in the picture: left, top, right and bottom in samples of a plane.
    pub(super) fn rectangle(places: PerFrame<[u32; 4]>) -> Self {
        Self(Kind::Rectangle { places })
    }

    /// Words of each of its parts, which lie one after the other; each part is a buffer of its own.
    pub(crate) fn part_words(&self) -> Vec<u64> {
        let words = |count: u32, each: u32| u64::from(count) * u64::from(each);
        match &self.0 {
            Kind::Line { target, taps, .. } => vec![words(target.length, 1), words(target.length, *taps)],
            Kind::Blocks { target, block, samples, .. } => {
                let count = target.length.div_ceil(*block);
                vec![words(count, 1), words(count, samples * block)]
            }
            Kind::Places { target, block, lanes, .. } => {
                let count = target.div_ceil(*block);
                vec![words(count, 1), words(count + 1, *lanes)]
            }
            Kind::Each { target, .. } => vec![words(*target, 2)],
            Kind::Rectangle { .. } => vec![4],
        }
    }

    /// Puts the table of a frame of the shot behind `bytes`.
    pub(crate) fn append(&self, bytes: &mut Vec<u8>, frame: u64) {
        let mut put = |words: &[u8]| bytes.extend_from_slice(words);
        match &self.0 {
            Kind::Line { spans, source, target, kernel, taps } => {
                let table = line_of(source, spans.at(frame), target, *kernel, Some(*taps));
                put(bytemuck::cast_slice(&table.firsts));
                put(bytemuck::cast_slice(&table.weights));
            }
            Kind::Blocks { spans, source, target, kernel, block, step, samples } => {
                let line = line_of(source, spans.at(frame), target, *kernel, None);
                let table = line.blocks_of(source.length, *block as usize, *step, *samples);
                let table = table.expect("no block reads more than what was counted from the longest span");
                let firsts = table.firsts.iter().map(|first| first / step).collect::<Vec<_>>();
                put(bytemuck::cast_slice(&firsts));
                put(bytemuck::cast_slice(&table.weights));
            }
            Kind::Places { spans, target, block, lanes, radius, .. } => {
                let span = spans.at(frame);
                let widen = places::widened(span, *target);
                let found = blocks(span, *target, *block, radius * widen);
                put(bytemuck::cast_slice(&found.firsts));
                put(bytemuck::cast_slice(&places::padded(&found.offsets, *block, *lanes, widen)));
            }
            Kind::Each { spans, target } => put(bytemuck::cast_slice(&each(spans.at(frame), *target))),
            Kind::Rectangle { places } => put(bytemuck::cast_slice(&places.at(frame))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::view::Run;
    use super::*;

    /// Offsets of a block along x, as `ewa` reads them.
    const PLACES_ACROSS: u32 = 4;
    const KERNELS: [Kernel; 6] =
        [Kernel::Bilinear, Kernel::CATMULL_ROM, Kernel::Cubic { b: 1.0, c: 0.0 }, Kernel::Lanczos3, Kernel::Area, Kernel::Mip];

    fn luma(length: u32) -> Axis {
        Axis { luma_length: length, length, pitch: 1.0, centre: 0.5 }
    }

    fn chroma(length: u32, centre: f64) -> Axis {
        Axis { luma_length: length, length: length.div_ceil(2), pitch: 2.0, centre }
    }

    /// The table of a frame as its parts.
    fn parts(table: &FrameTable, frame: u64) -> Vec<Vec<u32>> {
        let mut bytes = Vec::new();
        table.append(&mut bytes, frame);
        let words = bytemuck::pod_collect_to_vec::<u8, u32>(&bytes);
        let mut rest = words.as_slice();
        let mut part = |count: &u64| {
            let (part, after) = rest.split_at(*count as usize);
            rest = after;
            part.to_vec()
        };
        let found = table.part_words().iter().map(&mut part).collect();
        assert!(rest.is_empty(), "{} words more than told", rest.len());
        found
    }

    fn floats(words: &[u32]) -> Vec<f32> {
        words.iter().map(|word| f32::from_bits(*word)).collect()
    }

    prop_compose! {
        /// Spans within, and beyond, a picture of 96 samples.
        fn spans()(spans in proptest::collection::vec((-20.0_f64..90.0, 3.0_f64..96.0), 1..5)) -> PerFrame<Span> {
            let values = spans.into_iter().map(|(origin, length)| Span { origin, length }).collect();
            PerFrame::new(vec![Run { first: 0, values }]).expect("spans")
        }
    }

    proptest! {
        /// What a frame's table makes of a line is, to the bit, what the table of its window alone makes of it: what is added
        /// weighs nothing and stands at the ends.
        #[test]
        fn every_frame_has_the_weights_of_its_own_window(
            spans in spans(), target in 2_u32..130, pick in 0..KERNELS.len(), frame in 0_u64..5, subsampled: bool, left: bool
        ) {
            let centre = if left { 0.5 } else { 1.0 };
            let (source, target) = if subsampled { (chroma(96, centre), chroma(target, centre)) } else { (luma(96), luma(target)) };
            let (table, taps) = FrameTable::line(&spans, source, target, KERNELS[pick]);
            let found = parts(&table, frame);
            let alone = line_of(&source, spans.at(frame), &target, KERNELS[pick], None);
            let outputs = target.length as usize;
            let samples = (0..source.length).map(|k| (k * 37 % 19) as f32).collect::<Vec<_>>();
            let sum = |firsts: &[u32], weights: &[f32], taps: u32, output: usize| {
                (0..taps as usize).fold(0.0_f32, |sum, tap| {
                    sum + weights[tap * outputs + output] * samples[firsts[output] as usize + tap]
                })
            };
            for output in 0..outputs {
                prop_assert!(found[0][output] + taps <= source.length);
                let framed = sum(&found[0], &floats(&found[1]), taps, output);
                prop_assert_eq!(framed.to_bits(), sum(&alone.firsts, &alone.weights, alone.taps, output).to_bits());
            }
        }

        #[test]
        fn every_block_has_the_weights_of_its_frames_window(
            spans in spans(), target in 2_u32..130, pick in 0..KERNELS.len(), frame in 0_u64..5,
            block in prop_oneof![Just(4_u32), Just(8)], step in prop_oneof![Just(1_u32), Just(2), Just(4)],
        ) {
            let (source, target) = (luma(96), luma(target));
            let found = FrameTable::blocks(&spans, (source, target), KERNELS[pick], (block, step));
            let Some((table, samples)) = found else { return Ok(()) };
            let found = parts(&table, frame);
            let weights = floats(&found[1]);
            let alone = line_of(&source, spans.at(frame), &target, KERNELS[pick], None);
            let values = (0..96).map(|k| (k * 37 % 19) as f32).collect::<Vec<_>>();
            let blocks = found[0].len();
            for output in 0..target.length as usize {
                let (index, place) = (output / block as usize, output % block as usize);
                let first = (found[0][index] * step) as usize;
                prop_assert!(first + samples as usize <= 96);
                let framed = (0..samples as usize).fold(0.0_f32, |sum, sample| {
                    sum + weights[(sample * blocks + index) * block as usize + place] * values[first + sample]
                });
                let expected = (0..alone.taps as usize).fold(0.0_f32, |sum, tap| {
                    sum + alone.weights[tap * target.length as usize + output] * values[alone.firsts[output] as usize + tap]
                });
                prop_assert_eq!(framed.to_bits(), expected.to_bits());
            }
        }

        #[test]
        fn every_texel_within_reach_of_a_frames_outputs_is_read(
            spans in spans(), target in 2_u32..130, frame in 0_u64..5, block in 1_u32..5
        ) {
            let radius = 3.24;
            let (table, texels) = FrameTable::places(&spans, target, (block, PLACES_ACROSS), radius);
            let found = parts(&table, frame);
            let (span, offsets) = (spans.at(frame), floats(&found[1]));
            let widen = span.pitch(target).max(1.0);
            prop_assert_eq!(offsets[offsets.len() - 4], (1.0 / widen) as f32);
            for output in 0..target {
                let (index, place) = ((output / block) as usize, (output % block) as usize);
                let (first, centre) = (f64::from(found[0][index] as i32), span.centre(output, target));
                let offset = f64::from(offsets[index * PLACES_ACROSS as usize + place]);
                prop_assert!((first + offset - centre).abs() < 1e-4);
                prop_assert!(first <= (centre - radius * widen).floor() + 1.0);
                prop_assert!(first + f64::from(texels) >= (centre + radius * widen).ceil());
            }
        }
    }
}

//! Tables of weights along an axis, counted in f64: once for each job, or for each frame where its window moves.

use super::kernel::Kernel;
use super::window::Span;

/// The weights that make each output sample of a line out of the source's: `weights[tap * outputs + output]` belongs to
/// source sample `firsts[output] + tap`. Each output's weights sum to 1; taps beyond an end are folded into the end sample.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LineTable {
    pub(super) firsts: Vec<u32>,
    pub(super) weights: Vec<f32>,
    pub(super) taps: u32,
}

/// The same for blocks of neighbouring outputs that read the same source samples:
/// `weights[(sample * blocks + block) * outputs + output]` belongs to source sample `firsts[block] + sample`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BlockTable {
    pub(super) firsts: Vec<u32>,
    pub(super) weights: Vec<f32>,
    /// Source samples that every block reads.
    pub(super) samples: u32,
}

/// Where samples lie along one axis of one plane: sample `i` at luma coordinate `i * pitch + centre`, where luma sample `k`
/// covers `k..k+1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// Luma samples of the picture along the axis.
    pub(super) luma_length: u32,
    /// Samples of the plane.
    pub(super) length: u32,
    /// Luma samples from one sample to the next.
    pub(super) pitch: f64,
    /// The first sample's coordinate.
    pub(super) centre: f64,
}

impl Axis {
    /// The coordinate, in samples of `self`, of sample `index` of `target`, and how many samples of `self` one step in
    /// `target` spans, where `window` of `self` becomes the whole of `target`.
    fn map(&self, window: Span, target: &Self, index: u32) -> (f64, f64) {
        let place = f64::from(index) * target.pitch + target.centre;
        let luma = window.origin + place * window.length / f64::from(target.luma_length);
        ((luma - self.centre) / self.pitch, target.pitch * window.pitch(target.luma_length) / self.pitch)
    }
}

/// Weights from a window of `source` to `target` along one axis; the kernel is widened when the target is coarser. `None` when
/// every target sample is a source sample as it stands.
pub(super) fn line(source: &Axis, window: Span, target: &Axis, kernel: Kernel) -> Option<LineTable> {
    let unchanged = source == target && window == Span { origin: 0.0, length: f64::from(source.luma_length) };
    (!unchanged).then(|| line_of(source, window, target, kernel, None))
}

/// As [`line`], whatever the window. With `taps` every output has so many of them, the last of no weight where it needs fewer:
/// at least as many as [`taps_max`] says for a span as long as this one.
pub(super) fn line_of(source: &Axis, window: Span, target: &Axis, kernel: Kernel, taps: Option<u32>) -> LineTable {
    let row = |output| {
        let (centre, span) = source.map(window, target, output);
        tap_weights(source.length, kernel, centre, span)
    };
    let rows = (0..target.length).map(row).collect::<Vec<_>>();
    let taps = taps.unwrap_or_else(|| rows.iter().map(|(_, weights)| weights.len() as u32).max().unwrap_or(1));
    let outputs = target.length as usize;
    let mut table = LineTable { firsts: vec![0; outputs], weights: vec![0.0; outputs * taps as usize], taps };
    for (output, (first, weights)) in rows.iter().enumerate() {
        // A row shorter than the longest may have to begin earlier to end inside.
        let held = (*first).min(source.length - taps);
        table.firsts[output] = held;
        for (tap, weight) in (first - held..).zip(weights) {
            table.weights[tap as usize * outputs + output] = *weight;
        }
    }
    table
}

/// Most taps that [`line_of`] gives an output with a span as long as this one, or shorter.
///
/// The samples nearer than the reach lie in an open interval twice as long, and so many integers at most are in one. Rounding
/// takes none in: it keeps the order, and integers are what it rounds to.
pub(super) fn taps_max(source: &Axis, longest: Span, target: &Axis, kernel: Kernel) -> u32 {
    let (_, span) = source.map(longest, target, 0);
    ((2.0 * kernel.reach(span)).ceil() as u32).clamp(1, source.length)
}

/// What two places counted from a rounded pitch may be apart beyond it, in samples: far more than f64 loses in a frame.
const PLACES_LOST: f64 = 1e-9;

/// Most source samples that a block of `block` outputs reads with a span as long as this one, or shorter, where blocks begin at
/// multiples of `step`; a multiple of it. `None` where the source is not of whole steps.
pub(super) fn block_samples_max(
    source: &Axis,
    longest: Span,
    target: &Axis,
    kernel: Kernel,
    (block, step): (u32, u32),
) -> Option<u32> {
    let (_, span) = source.map(longest, target, 0);
    let outputs = f64::from(block.min(target.length) - 1);
    let samples = (outputs * span + 2.0 * kernel.reach(span) + PLACES_LOST).ceil() as u32;
    // A block's first sample lies up to a step less one beyond where the block begins.
    let samples = (samples.max(1) + step - 1).next_multiple_of(step);
    source.length.is_multiple_of(step).then_some(samples.min(source.length))
}

/// The first source sample and the weights of one output sample that lies at `centre` and spans `span` source samples.
fn tap_weights(length: u32, kernel: Kernel, centre: f64, span: f64) -> (u32, Vec<f32>) {
    let reach = kernel.reach(span);
    let end = i64::from(length) - 1;
    // Samples exactly at the reach weigh nothing; the nearest sample always counts.
    let nearest = (centre + 0.5).floor() as i64;
    let from = ((centre - reach).floor() as i64 + 1).min(nearest);
    let to = ((centre + reach).ceil() as i64 - 1).max(nearest);
    let (first, last) = (from.clamp(0, end), to.clamp(0, end));
    let mut weights = vec![0.0; (last - first + 1) as usize];
    for sample in from..=to {
        weights[(sample.clamp(0, end) - first) as usize] += kernel.weight(sample, centre, span);
    }
    let sum: f64 = weights.iter().sum();
    (first as u32, weights.into_iter().map(|weight| (weight / sum) as f32).collect())
}

impl LineTable {
    /// Every sample as it stands.
    pub(super) fn unchanged(length: u32) -> Self {
        Self { firsts: (0..length).collect(), weights: vec![1.0; length as usize], taps: 1 }
    }

    fn outputs(&self) -> usize {
        self.firsts.len()
    }

    /// The same weights for blocks of `block` outputs whose source samples begin at a multiple of `step`. `None` where the
    /// source is shorter than what a block reads. Outputs of the last block that do not exist weigh nothing.
    pub(super) fn blocks(&self, source_length: u32, block: usize, step: u32) -> Option<BlockTable> {
        let of = |outputs: &[u32]| {
            let first = outputs.iter().min().copied().unwrap_or(0) / step * step;
            let last = outputs.iter().max().copied().unwrap_or(0) + self.taps;
            (last - first).next_multiple_of(step)
        };
        let samples = self.firsts.chunks(block).map(of).max()?;
        self.blocks_of(source_length, block, step, samples)
    }

    /// As [`Self::blocks`], where every block reads so many samples: whole steps. `None` also where that is less than one needs.
    pub(super) fn blocks_of(&self, source_length: u32, block: usize, step: u32, samples: u32) -> Option<BlockTable> {
        let last_first = source_length.checked_sub(samples)? / step * step;
        let first = |outputs: &[u32]| (outputs.iter().min().copied().unwrap_or(0) / step * step).min(last_first);
        let firsts = self.firsts.chunks(block).map(first).collect::<Vec<_>>();
        let mut weights = vec![0.0; firsts.len() * samples as usize * block];
        for output in 0..self.outputs() {
            let (index, place) = (output / block, output % block);
            for tap in 0..self.taps {
                let weight = self.weights[tap as usize * self.outputs() + output];
                let sample = self.firsts[output] + tap - firsts[index];
                // What does not fit weighs nothing: a first that was held back to end inside takes its taps with it.
                if sample < samples {
                    weights[(sample as usize * firsts.len() + index) * block + place] = weight;
                } else if weight != 0.0 {
                    return None;
                }
            }
        }
        Some(BlockTable { firsts, weights, samples })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::recipe::Separable;

    use super::*;

    fn luma(length: u32) -> Axis {
        Axis { luma_length: length, length, pitch: 1.0, centre: 0.5 }
    }

    fn whole(length: u32) -> Span {
        Span { origin: 0.0, length: f64::from(length) }
    }

    const KERNELS: [Kernel; 6] = [
        Kernel::Bilinear,
        Kernel::CATMULL_ROM,
        Kernel::Cubic { b: 1.0 / 3.0, c: 1.0 / 3.0 },
        Kernel::Lanczos3,
        Kernel::Area,
        Kernel::Mip,
    ];

    /// What the table makes of a line.
    fn apply(table: &LineTable, line: &[f64]) -> Vec<f64> {
        let outputs = table.firsts.len();
        let tap = |output: usize, tap: usize| {
            f64::from(table.weights[tap * outputs + output]) * line[table.firsts[output] as usize + tap]
        };
        (0..outputs).map(|output| (0..table.taps as usize).map(|at| tap(output, at)).sum()).collect()
    }

    proptest! {
        #[test]
        fn every_output_is_a_mean_of_samples_inside(source in 1_u32..60, target in 1_u32..90, pick in 0..KERNELS.len()) {
            if let Some(table) = line(&luma(source), whole(source), &luma(target), KERNELS[pick]) {
                for output in 0..target as usize {
                    prop_assert!(table.firsts[output] + table.taps <= source);
                    let sum: f32 = (0..table.taps as usize).map(|tap| table.weights[tap * target as usize + output]).sum();
                    prop_assert!((sum - 1.0).abs() < 1e-5, "{sum}");
                }
            }
        }

        #[test]
        fn windows_of_whole_samples_are_crops(length in 8_u32..30, origin in 4_u32..20, target in 2_u32..60, pick in 0..5_usize) {
            let kernel = KERNELS[pick];
            let (source, window) = (luma(64), Span { origin: f64::from(origin), length: f64::from(length) });
            let Some(windowed) = line(&source, window, &luma(target), kernel) else { return Ok(()) };
            let Some(cropped) = line(&luma(length), whole(length), &luma(target), kernel) else { return Ok(()) };
            let samples = (0..64).map(|k| f64::from(k * 37 % 19)).collect::<Vec<_>>();
            let crop = &samples[origin as usize..(origin + length) as usize];
            let (pitch, span) = (window.pitch(target), window.pitch(target));
            for (output, (left, right)) in apply(&windowed, &samples).iter().zip(apply(&cropped, crop)).enumerate() {
                let centre = (output as f64 + 0.5) * pitch - 0.5;
                let reach = kernel.reach(span) + 1.0;
                if centre > reach && centre + reach < f64::from(length) - 1.0 {
                    prop_assert!((left - right).abs() < 1e-4, "{kernel:?} {output}: {left} is not {right}");
                }
            }
        }

        #[test]
        fn windows_between_samples_shift_a_ramp_by_as_much(shift in -2.0_f64..2.0, pick in 0..5_usize) {
            let window = Span { origin: 16.0 + shift, length: 32.0 };
            let Some(table) = line(&luma(64), window, &luma(32), KERNELS[pick]) else { return Ok(()) };
            // Lanczos bends a ramp between samples by up to a hundredth of a step.
            let tolerance = if KERNELS[pick] == Kernel::Lanczos3 { 0.02 } else { 1e-4 };
            let ramp = (0..64).map(f64::from).collect::<Vec<_>>();
            for (output, found) in apply(&table, &ramp).iter().enumerate() {
                let expected = 16.0 + shift + output as f64;
                prop_assert!((found - expected).abs() < tolerance, "{:?}: {found} is not {expected}", KERNELS[pick]);
            }
        }

        #[test]
        fn a_ramp_stays_a_ramp_away_from_the_ends(source in 20_u32..60, target in 20_u32..90) {
            let ratio = f64::from(source) / f64::from(target);
            if let Some(table) = line(&luma(source), whole(source), &luma(target), Kernel::CATMULL_ROM) {
                let ramp = (0..source).map(f64::from).collect::<Vec<_>>();
                let reach = 3.0 * ratio.max(1.0) + 1.0;
                for (output, value) in apply(&table, &ramp).into_iter().enumerate() {
                    let centre = whole(source).centre(output as u32, target);
                    if centre < reach || centre > f64::from(source) - reach || ratio > 1.0 {
                        continue;
                    }
                    prop_assert!((value - centre).abs() < 1e-4, "{value} at {centre}");
                }
            }
        }

        #[test]
        fn blocks_hold_the_same_weights(
            source in 24_u32..60, target in 1_u32..90, pick in 0..KERNELS.len(), wide: bool, step in 1_u32..5
        ) {
            let block = if wide { 8 } else { 4 };
            let Some(table) = line(&luma(source), whole(source), &luma(target), KERNELS[pick]) else { return Ok(()) };
            let samples = (0..source).map(|k| f64::from(k * 37 % 19)).collect::<Vec<_>>();
            let Some(blocks) = table.blocks(source, block, step) else { return Ok(()) };
            for (output, expected) in apply(&table, &samples).into_iter().enumerate() {
                let (index, place) = (output / block, output % block);
                prop_assert_eq!(blocks.firsts[index] % step, 0);
                prop_assert!(blocks.firsts[index] + blocks.samples <= source);
                let weight = |sample: usize| blocks.weights[(sample * blocks.firsts.len() + index) * block + place];
                let found: f64 = (0..blocks.samples as usize)
                    .map(|sample| f64::from(weight(sample)) * samples[blocks.firsts[index] as usize + sample])
                    .sum();
                prop_assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
            }
        }

        #[test]
        fn enlarging_follows_the_source_when_it_is_shifted(target in 24_u32..80, shift in 1_usize..6, pick in 0..KERNELS.len()) {
            // By a window of one sample less on the left, every output moves by what that sample was worth.
            let window = |origin| Span { origin, length: 24.0 };
            let samples = (0..64).map(|k| f64::from(k * 29 % 17)).collect::<Vec<_>>();
            let shifted = samples[shift..].iter().chain(&samples[..shift]).copied().collect::<Vec<_>>();
            let at = |origin| line(&luma(64), window(origin), &luma(target), KERNELS[pick]).expect("another length");
            let left = apply(&at(16.0 + shift as f64), &samples);
            for (left, right) in left.iter().zip(apply(&at(16.0), &shifted)) {
                prop_assert!((left - right).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn the_area_of_half_a_picture_is_its_mean() {
        let table = line(&luma(6), whole(6), &luma(3), Kernel::Area).expect("another length");
        assert_eq!(apply(&table, &[1.0, 3.0, 5.0, 7.0, 9.0, 11.0]), [2.0, 6.0, 10.0]);
        let table = line(&luma(2), whole(2), &luma(3), Kernel::Area).expect("another length");
        assert!((apply(&table, &[0.0, 3.0])[1] - 1.5).abs() < 1e-6, "the middle of three covers half of each");
    }

    #[test]
    fn kernels_of_recipes_leave_what_needs_no_change() {
        for filter in [Separable::Mitchell, Separable::Lanczos] {
            assert_eq!(line(&luma(9), whole(9), &luma(9), Kernel::of(filter)), None);
        }
    }
}

//! Tables of weights, counted in f64 once for each job.

use super::kernel::{JINC_ZERO_3, Kernel, ewa_lanczos};

/// The weights that make each output sample of a line out of the source's: `weights[tap * outputs + output]` belongs to
/// source sample `firsts[output] + tap`. Each output's weights sum to 1; taps beyond an end are folded into the end sample.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LineTable {
    pub(super) firsts: Vec<u32>,
    pub(super) weights: Vec<f32>,
    pub(super) taps: u32,
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
    /// `target` spans.
    fn map(&self, target: &Self, index: u32) -> (f64, f64) {
        let ratio = f64::from(self.luma_length) / f64::from(target.luma_length);
        let luma = (f64::from(index) * target.pitch + target.centre) * ratio;
        ((luma - self.centre) / self.pitch, target.pitch * ratio / self.pitch)
    }
}

/// Weights from `source` to `target` along one axis; the kernel is widened when the target is coarser. `None` when every
/// target sample is a source sample as it stands.
pub(super) fn line(source: &Axis, target: &Axis, kernel: Kernel) -> Option<LineTable> {
    if source == target {
        return None;
    }
    let widen = source.map(target, 0).1.max(1.0);
    let rows = (0..target.length).map(|output| tap_weights(source, kernel, source.map(target, output).0, widen));
    let rows = rows.collect::<Vec<_>>();
    let taps = rows.iter().map(|(_, weights)| weights.len() as u32).max().unwrap_or(1);
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
    Some(table)
}

/// The first source sample and the weights of one output sample that lies at `centre`.
fn tap_weights(source: &Axis, kernel: Kernel, centre: f64, widen: f64) -> (u32, Vec<f32>) {
    let reach = kernel.radius() * widen;
    let end = i64::from(source.length) - 1;
    // Samples exactly at the reach weigh nothing.
    let (from, to) = ((centre - reach).floor() as i64 + 1, (centre + reach).ceil() as i64 - 1);
    let (first, last) = (from.clamp(0, end), to.clamp(0, end));
    let mut weights = vec![0.0; (last - first + 1) as usize];
    for sample in from..=to {
        weights[(sample.clamp(0, end) - first) as usize] += kernel.weight((sample as f64 - centre) / widen);
    }
    let sum: f64 = weights.iter().sum();
    (first as u32, weights.into_iter().map(|weight| (weight / sum) as f32).collect())
}

/// Entries of the polar table. Between two of them a line is off by less than 1e-5.
const POLAR_ENTRIES: u32 = 1_024;

/// The polar kernel over the squared distance: each entry's value and the difference to the next.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PolarTable {
    pub(super) entries: Vec<[f32; 2]>,
    /// Entries for one unit of squared distance.
    pub(super) scale: f64,
}

pub(super) fn polar() -> PolarTable {
    let scale = f64::from(POLAR_ENTRIES) / (JINC_ZERO_3 * JINC_ZERO_3);
    let value = |entry: u32| ewa_lanczos((f64::from(entry) / scale).sqrt());
    let mut entries =
        (0..POLAR_ENTRIES).map(|entry| [value(entry) as f32, (value(entry + 1) - value(entry)) as f32]).collect::<Vec<_>>();
    // A squared distance that rounding lifts to the radius or just beyond it finds nothing here.
    entries.extend([[0.0, 0.0]; 2]);
    PolarTable { entries, scale }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn luma(length: u32) -> Axis {
        Axis { luma_length: length, length, pitch: 1.0, centre: 0.5 }
    }

    proptest! {
        #[test]
        fn every_output_is_a_mean_of_samples_inside(source in 1_u32..60, target in 1_u32..90, cubic: bool) {
            let kernel = if cubic { Kernel::CatmullRom } else { Kernel::Lanczos3 };
            if let Some(table) = line(&luma(source), &luma(target), kernel) {
                for output in 0..target as usize {
                    prop_assert!(table.firsts[output] + table.taps <= source);
                    let sum: f32 = (0..table.taps as usize).map(|tap| table.weights[tap * target as usize + output]).sum();
                    prop_assert!((sum - 1.0).abs() < 1e-5, "{sum}");
                }
            }
        }

        #[test]
        fn a_ramp_stays_a_ramp_away_from_the_ends(source in 20_u32..60, target in 20_u32..90) {
            let ratio = f64::from(source) / f64::from(target);
            if let Some(table) = line(&luma(source), &luma(target), Kernel::CatmullRom) {
                let reach = 3.0 * ratio.max(1.0) + 1.0;
                for output in 0..target {
                    let centre = (f64::from(output) + 0.5) * ratio - 0.5;
                    if centre < reach || centre > f64::from(source) - reach || ratio > 1.0 {
                        continue;
                    }
                    let value: f64 = (0..table.taps)
                        .map(|tap| {
                            let weight = table.weights[(tap * target + output) as usize];
                            f64::from(weight) * f64::from(table.firsts[output as usize] + tap)
                        })
                        .sum();
                    prop_assert!((value - centre).abs() < 1e-4, "{value} at {centre}");
                }
            }
        }
    }

    #[test]
    fn the_polar_table_follows_its_kernel() {
        let table = polar();
        for step in 0..2_000 {
            let squared = f64::from(step) / 2_000.0 * JINC_ZERO_3 * JINC_ZERO_3;
            let place = squared * table.scale;
            let entry = table.entries[place as usize];
            let found = f64::from(entry[0]) + place.fract() * f64::from(entry[1]);
            assert!((found - ewa_lanczos(squared.sqrt())).abs() < 1e-4, "at {squared}");
        }
    }
}

//! How near rendered frames come to their source, as a receipt carries it and a job adds it up.
//!
//! Invariant: joining is exact, so a shot's figures are the same however it was split.

use serde::{Deserialize, Serialize};

use crate::limits::{FIDELITY_HUNDREDTHS_MAX, FIDELITY_SAMPLE_FRAMES, GRID_FRAMES};

/// Peak signal to noise ratios of luma between sampled frames, brought down to their source's size, and their source. In
/// hundredths of a decibel, so that sums are exact; frames that do not differ count as [`FIDELITY_HUNDREDTHS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fidelity {
    /// Frames that were compared; at least one.
    pub samples: u32,
    /// The frame of the shot that came back least like its source; the first of several.
    pub worst_frame: u64,
    /// Its ratio.
    pub worst_hundredths: u32,
    /// The sum of all ratios.
    pub total_hundredths: u64,
}

impl Fidelity {
    /// Of one frame of the shot, `decibels` from its source. Not a number counts as nothing alike.
    #[must_use]
    pub fn of_frame(frame: u64, decibels: f64) -> Self {
        let hundredths = (decibels * 100.0).round().clamp(0.0, f64::from(FIDELITY_HUNDREDTHS_MAX)) as u32;
        Self { samples: 1, worst_frame: frame, worst_hundredths: hundredths, total_hundredths: u64::from(hundredths) }
    }

    /// Of both; neither order nor grouping matters.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let rank = |of: &Self| (of.worst_hundredths, of.worst_frame);
        let worst = if rank(&other) < rank(&self) { other } else { self };
        Self {
            samples: self.samples.saturating_add(other.samples),
            total_hundredths: self.total_hundredths.saturating_add(other.total_hundredths),
            ..worst
        }
    }

    /// The mean over the compared frames, in decibels.
    #[must_use]
    pub fn mean_decibels(&self) -> f64 {
        self.total_hundredths as f64 / 100.0 / f64::from(self.samples.max(1))
    }

    /// The worst frame's, in decibels.
    #[must_use]
    pub fn worst_decibels(&self) -> f64 {
        f64::from(self.worst_hundredths) / 100.0
    }
}

/// Whether a frame of a shot of `frames` frames is compared with its source: every [`FIDELITY_SAMPLE_FRAMES`]th, and the first
/// and last of every cell of the grid, where a cut may lie. It depends on nothing but the frame's place in the shot.
#[must_use]
pub fn is_sampled(frame: u64, frames: u64) -> bool {
    frame.is_multiple_of(FIDELITY_SAMPLE_FRAMES) || (frame + 1).is_multiple_of(GRID_FRAMES) || frame + 1 == frames
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(frames: &[(u64, f64)]) -> Option<Fidelity> {
        frames.iter().map(|&(frame, decibels)| Fidelity::of_frame(frame, decibels)).reduce(Fidelity::join)
    }

    #[test]
    fn the_worst_frame_is_named_and_the_mean_is_of_all() {
        let found = joined(&[(0, 40.0), (24, 18.2), (47, 18.2), (48, 43.6)]).expect("four frames");
        assert_eq!((found.samples, found.worst_frame, found.worst_decibels()), (4, 24, 18.2));
        assert!((found.mean_decibels() - 30.0).abs() < 1e-9);
        let odd = joined(&[(0, f64::INFINITY), (1, f64::NAN), (2, -3.0)]).expect("three frames");
        assert_eq!((odd.worst_frame, odd.worst_hundredths, odd.total_hundredths), (1, 0, u64::from(FIDELITY_HUNDREDTHS_MAX)));
    }

    #[test]
    fn first_and_last_of_every_cell_are_compared() {
        let sampled = (0..100).filter(|&frame| is_sampled(frame, 100)).collect::<Vec<_>>();
        assert_eq!(sampled, [0, 24, 47, 48, 72, 95, 96, 99]);
        assert!(is_sampled(0, 1));
    }

    proptest! {
        #[test]
        fn a_split_changes_nothing(decibels in prop::collection::vec(0.0_f64..110.0, 2..40), cut: prop::sample::Index, swap: bool) {
            let frames = (0..).zip(decibels).collect::<Vec<_>>();
            let (left, right) = frames.split_at(1 + cut.index(frames.len() - 1));
            let (left, right) = (joined(left).expect("not empty"), joined(right).expect("not empty"));
            let parts = if swap { right.join(left) } else { left.join(right) };
            prop_assert_eq!(Some(parts), joined(&frames));
        }
    }
}

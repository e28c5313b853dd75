//! How a shot is cut into render tasks.
//!
//! Ranges start on the grid of [`GRID_FRAMES`], because that is the closed GOP of every segment: cut there, the encoder sees the
//! same groups of pictures however a shot is split.

use crate::frames::FrameRange;
use crate::limits::{ANALYSIS_CELLS, GRID_FRAMES, TASK_SECONDS_AIM};

/// What is known when a shot is cut.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Output pixels that one worker makes in a second, if that has been measured.
    pub pixels_per_second: Option<f64>,
    /// Tasks that the farm can work on at a time.
    pub slots: u64,
    /// Frames that wait in the farm, this shot's included.
    pub frames_waiting: u64,
}

/// Frames of one task: about [`TASK_SECONDS_AIM`] of work where the speed is known and one grid cell where not; never so many
/// that slots stay empty while frames wait. A multiple of the grid.
#[must_use]
pub fn task_frames(output_pixels: u64, pace: Pace) -> u64 {
    let cells_by_speed = pace.pixels_per_second.map_or(1.0, |speed| {
        let frames = TASK_SECONDS_AIM * speed / output_pixels.max(1) as f64;
        frames / GRID_FRAMES as f64
    });
    let cells_by_share = pace.frames_waiting.div_ceil(pace.slots.max(1)).div_ceil(GRID_FRAMES);
    (cells_by_speed.min(1e9) as u64).min(cells_by_share).max(1) * GRID_FRAMES
}

/// Cuts `frames` frames into ranges of `task_frames`, a multiple of the grid; the last may be shorter. A last range of less
/// than half a grid cell joins its neighbour.
#[must_use]
pub fn ranges(frames: u64, task_frames: u64) -> Vec<FrameRange> {
    let step = task_frames.max(GRID_FRAMES);
    let mut ranges = Vec::new();
    let mut start = 0;
    while start < frames {
        let end = if frames - start < step + GRID_FRAMES / 2 { frames } else { start + step };
        ranges.push(FrameRange::new(start, end));
        start = end;
    }
    ranges
}

/// Cuts `frames` frames into ranges to look at. What is found does not depend on how they are cut.
#[must_use]
pub fn analysis_ranges(frames: u64) -> Vec<FrameRange> {
    ranges(frames, ANALYSIS_CELLS * GRID_FRAMES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unknown_speed_gives_one_cell_and_known_speed_half_a_minute() {
        let pace = |pixels_per_second| Pace { pixels_per_second, slots: 2, frames_waiting: 100_000 };
        assert_eq!(task_frames(1280 * 720, pace(None)), GRID_FRAMES);
        assert_eq!(task_frames(1280 * 720, pace(Some(1280.0 * 720.0 * 16.0))), 480);
        assert_eq!(task_frames(1280 * 720, pace(Some(1.0))), GRID_FRAMES);
    }

    #[test]
    fn few_frames_are_shared_out() {
        let pace = Pace { pixels_per_second: Some(1e12), slots: 4, frames_waiting: 400 };
        assert_eq!(task_frames(1280 * 720, pace), 144);
    }

    proptest! {
        #[test]
        fn ranges_hold_every_frame_once_and_start_on_the_grid(frames in 1_u64..5_000, cells in 1_u64..20) {
            let ranges = ranges(frames, cells * GRID_FRAMES);
            let mut expected_start = 0;
            for range in &ranges {
                prop_assert_eq!(range.start, expected_start);
                prop_assert_eq!(range.start % GRID_FRAMES, 0);
                prop_assert!(!range.is_empty());
                prop_assert!(range.len() < (cells + 1) * GRID_FRAMES);
                expected_start = range.end;
            }
            prop_assert_eq!(expected_start, frames);
        }
    }
}

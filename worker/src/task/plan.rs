//! Which source frames a render submits, and which of the frames that come out it keeps.
//!
//! Steps that look around ([`crate::gpu::Recording::context_frames`]) get the frames before and after the range too; beyond the
//! ends of the shot the first and the last frame stand in. Invariant: what is submitted around a frame is the same in whichever
//! range that frame is rendered, so a shot may be split anywhere.

use shotfarm_shared::frames::FrameRange;

use super::error::TaskError;
use super::pipeline::Source;
use crate::gpu::recording::Tail;

/// A render's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FramePlan {
    range: FrameRange,
    shot_frames: u64,
    context_frames: u32,
    delay_frames: u32,
}

impl FramePlan {
    /// Frames `range` of a shot of `shot_frames`, each of which depends on `context_frames` on either side and comes out
    /// `delay_frames` submissions late, which is no more than that.
    pub(super) fn new(range: FrameRange, shot_frames: u64, context_frames: u32, delay_frames: u32) -> Self {
        debug_assert!(delay_frames <= context_frames, "a step waits only for frames that it looks at");
        Self { range, shot_frames, context_frames, delay_frames }
    }

    /// The frames to decode.
    pub(super) fn decoded(&self) -> FrameRange {
        let start = self.range.start.saturating_sub(self.context_frames.into());
        FrameRange::new(start, (self.range.end + u64::from(self.delay_frames)).min(self.shot_frames))
    }

    /// The number of the first submission, below 0 where it stands before the shot's first frame; the others count on.
    pub(super) fn first_number(&self) -> i64 {
        self.range.start as i64 - i64::from(self.context_frames)
    }

    /// The number of the frame that comes out first: what was thrown away included, it is below the range's.
    pub(super) fn first_out(&self) -> i64 {
        self.first_number() - i64::from(self.delay_frames)
    }

    /// The frames that are kept.
    pub(super) fn range(&self) -> FrameRange {
        self.range
    }

    /// How many frames are submitted.
    pub(super) fn submissions(&self) -> u64 {
        self.warm_up() + self.range.len()
    }

    /// How many of the frames that come out first are thrown away; all others are the range's.
    pub(super) fn warm_up(&self) -> u64 {
        u64::from(self.context_frames) + u64::from(self.delay_frames)
    }

    /// The source frame of a submission.
    fn source_frame(&self, submission: u64) -> u64 {
        let number = self.first_number() + submission as i64;
        number.clamp(0, self.shot_frames as i64 - 1) as u64
    }
}

/// The frames of a source in the order of their submissions, the ends of the shot repeated, each with its tail behind it.
pub(super) struct Submissions<'a> {
    source: &'a mut dyn Source,
    plan: FramePlan,
    tail: &'a Tail,
    next: u64,
    /// A frame that is submitted again.
    held: Option<(u64, Vec<u8>)>,
}

impl<'a> Submissions<'a> {
    /// `source` gives the frames of [`FramePlan::decoded`].
    pub(super) fn new(source: &'a mut dyn Source, plan: FramePlan, tail: &'a Tail) -> Self {
        Self { source, plan, tail, next: 0, held: None }
    }
}

impl Source for Submissions<'_> {
    fn read(&mut self, frame: &mut Vec<u8>) -> Result<bool, TaskError> {
        if self.next == self.plan.submissions() {
            // The source checks its own end when it is asked once more.
            return self.source.read(frame);
        }
        let wanted = self.plan.source_frame(self.next);
        match &self.held {
            Some((held, bytes)) if *held == wanted => frame.clone_from(bytes),
            _ => {
                self.held = None;
                if !self.source.read(frame)? {
                    return Ok(false);
                }
            }
        }
        let number = self.plan.first_number() + self.next as i64;
        self.next += 1;
        let again = self.next < self.plan.submissions() && self.plan.source_frame(self.next) == wanted;
        if again && self.held.is_none() {
            self.held = Some((wanted, frame.clone()));
        }
        // A frame that is submitted again has another tail: other frames before it are on their way.
        self.tail.append(frame, number);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers as frames.
    struct Numbers(std::ops::Range<u64>);

    impl Source for Numbers {
        fn read(&mut self, frame: &mut Vec<u8>) -> Result<bool, TaskError> {
            let next = self.0.next();
            frame.clear();
            frame.extend(next.unwrap_or_default().to_be_bytes());
            Ok(next.is_some())
        }
    }

    fn submitted(plan: FramePlan) -> Vec<u64> {
        let decoded = plan.decoded();
        let (mut numbers, tail) = (Numbers(decoded.start..decoded.end), Tail::default());
        let mut submissions = Submissions::new(&mut numbers, plan, &tail);
        let (mut found, mut frame) = (Vec::new(), Vec::new());
        while submissions.read(&mut frame).unwrap() {
            found.push(u64::from_be_bytes(frame.as_slice().try_into().unwrap()));
        }
        assert!(numbers.0.is_empty(), "frames were decoded that nobody submits");
        found
    }

    #[test]
    fn without_context_the_range_is_all() {
        let plan = FramePlan::new(FrameRange::new(48, 96), 200, 0, 0);
        assert_eq!((plan.decoded(), plan.warm_up(), plan.first_number()), (FrameRange::new(48, 96), 0, 48));
        assert_eq!(submitted(plan), (48..96).collect::<Vec<_>>());
    }

    #[test]
    fn the_ends_of_the_shot_are_repeated() {
        assert_eq!(submitted(FramePlan::new(FrameRange::new(0, 3), 3, 2, 2)), [0, 0, 0, 1, 2, 2, 2]);
        assert_eq!(submitted(FramePlan::new(FrameRange::new(0, 2), 9, 2, 1)), [0, 0, 0, 1, 2]);
        assert_eq!(submitted(FramePlan::new(FrameRange::new(0, 1), 1, 1, 1)), [0, 0, 0]);
    }

    proptest! {
        #[test]
        fn every_frame_sees_the_same_neighbours_whatever_the_split(
            shot in 1_u64..30, cut in 0.0_f64..1.0, length in 1_u64..30, context in 0_u32..5, delay_share in 0.0_f64..=1.0
        ) {
            let start = (cut * shot as f64) as u64;
            let range = FrameRange::new(start, (start + length).min(shot));
            let delay = (f64::from(context) * delay_share) as u32;
            let plan = FramePlan::new(range, shot, context, delay);
            let submitted = submitted(plan);
            prop_assert_eq!(submitted.len() as u64, plan.submissions());
            for (kept, frame) in (plan.warm_up()..plan.submissions()).zip(range.start..range.end) {
                // What comes out after submission `kept` is the frame submitted `delay` before.
                let own = kept - u64::from(delay);
                prop_assert_eq!(plan.first_number() + own as i64, frame as i64);
                for before in 0..=u64::from(context) {
                    prop_assert_eq!(submitted[(own - before) as usize], frame.saturating_sub(before));
                }
                for after in 0..=u64::from(delay) {
                    prop_assert_eq!(submitted[(own + after) as usize], (frame + after).min(shot - 1));
                }
            }
        }
    }
}

//! Rendered frames held to their source on the way, on a thread of its own: an engine around an engine.
//!
//! ```text
//! submit(source frame) --a copy, if sampled--.
//! next(rendered frame) --a copy--------------'--> comparing thread --> Fidelity, or the first frame that is too far off
//! ```
//!
//! The GPU thread only copies a few frames; they are compared beside it. Which frames are sampled depends
//! on nothing but their place in the shot (`shared/src/fidelity.rs`).

use std::collections::VecDeque;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded};
use shotfarm_shared::fidelity::{Fidelity, is_sampled};
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::FrameLayout;

use super::error::TaskError;
use super::pipeline::Engine;
use super::plan::FramePlan;
use crate::quality::decibels_from_source;

/// Pairs that wait to be compared; the GPU waits when there are more. Two of 8K are 100 MB.
const PAIRS_MAX: usize = 2;

/// What is compared, and what is asked of it.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    /// Of the frames that come in.
    pub(super) source: FrameLayout,
    /// Of the frames that come out.
    pub(super) output: FrameLayout,
    /// Frames of the whole shot.
    pub(super) frames: u64,
    /// A frame further from its source than this, in hundredths of a decibel, is refused.
    pub(super) asked_hundredths: Option<u32>,
}

impl Comparison {
    /// Compares one pair of frames.
    fn compare(&self, pair: &Pair) -> Result<Fidelity, TaskError> {
        let decibels = decibels_from_source((&self.source, &pair.source), (&self.output, &pair.rendered));
        let found = Fidelity::of_frame(pair.frame, decibels);
        match self.asked_hundredths.filter(|&asked| found.worst_hundredths < asked) {
            Some(asked) => Err(TaskError::Unlike {
                frame: pair.frame,
                // Rounded down, so that what is below never reads as if it were not.
                found_decibels: f64::from(found.worst_hundredths / 10) / 10.0,
                asked_decibels: f64::from(asked) / 100.0,
            }),
            None => Ok(found),
        }
    }
}

/// The same frame before and after.
struct Pair {
    frame: u64,
    source: Vec<u8>,
    rendered: Vec<u8>,
}

/// An engine whose sampled frames are compared with what went into it.
pub(super) struct Comparing<'a, E> {
    engine: &'a mut E,
    range: FrameRange,
    /// Frames of the whole shot.
    frames: u64,
    /// The number of the frame that comes out next.
    next_out: i64,
    /// Sampled source frames whose rendered ones are not out yet.
    waiting: VecDeque<Vec<u8>>,
    comparer: Option<Comparer>,
}

struct Comparer {
    pairs: Sender<Pair>,
    thread: JoinHandle<Result<Option<Fidelity>, TaskError>>,
}

impl Comparer {
    fn start(comparison: Comparison) -> Self {
        let (pairs, to_compare) = bounded::<Pair>(PAIRS_MAX);
        let thread = thread::spawn(move || {
            let mut found: Option<Fidelity> = None;
            // The first failure ends the thread and with it the channel, which is how the engine learns of it.
            for pair in to_compare {
                let one = comparison.compare(&pair)?;
                found = Some(found.map_or(one, |found| found.join(one)));
            }
            Ok(found)
        });
        Self { pairs, thread }
    }

    /// What was found; its channel ends, and the thread with it.
    fn finish(self) -> Result<Option<Fidelity>, TaskError> {
        drop(self.pairs);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl<'a, E: Engine> Comparing<'a, E> {
    /// Around an engine that is given the frames of `plan`. Without a comparison it only passes frames on.
    pub(super) fn new(engine: &'a mut E, comparison: Option<Comparison>, plan: FramePlan) -> Self {
        let frames = comparison.as_ref().map_or(0, |comparison| comparison.frames);
        let comparer = comparison.map(Comparer::start);
        Self { engine, range: plan.range(), frames, next_out: plan.first_out(), waiting: VecDeque::new(), comparer }
    }

    /// What all comparisons found.
    pub(super) fn finish(mut self) -> Result<Option<Fidelity>, TaskError> {
        self.comparer.take().map_or(Ok(None), Comparer::finish)
    }

    /// The frame of the shot with this number, if it is one of the range that is compared. Numbers before and after the range
    /// belong to frames that are only looked at.
    fn compared(&self, number: i64) -> Option<u64> {
        let frame = u64::try_from(number).ok().filter(|frame| (self.range.start..self.range.end).contains(frame))?;
        (self.comparer.is_some() && is_sampled(frame, self.frames)).then_some(frame)
    }
}

impl<E: Engine> Engine for Comparing<'_, E> {
    fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), TaskError> {
        self.engine.submit(frame, number)?;
        if self.compared(number).is_some() {
            self.waiting.push_back(frame.to_vec());
        }
        Ok(())
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
        self.engine.next(out)?;
        let number = self.next_out;
        self.next_out += 1;
        let Some(frame) = self.compared(number) else { return Ok(()) };
        let source = self.waiting.pop_front().expect("kept when it was submitted, by the same rule");
        let pair = Pair { frame, source, rendered: out.clone() };
        match &self.comparer {
            Some(comparer) if comparer.pairs.send(pair).is_err() => {
                self.comparer.take().map_or(Ok(None), Comparer::finish).map(|_| ())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn in_flight(&self) -> usize {
        self.engine.in_flight()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, Matrix, PixelFormat, Range};

    use super::*;

    /// Gives every frame back as it came, `delay` submissions late, but for those that are to come back broken.
    struct Echo {
        frames: VecDeque<(i64, Vec<u8>)>,
        in_flight: usize,
        delay: usize,
        broken: Vec<i64>,
    }

    impl Engine for Echo {
        fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), TaskError> {
            self.frames.push_back((number, frame.to_vec()));
            self.in_flight += 1;
            Ok(())
        }

        fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
            self.in_flight -= 1;
            if self.frames.len() - self.in_flight <= self.delay {
                *out = vec![0; 12];
                return Ok(());
            }
            let (number, frame) = self.frames.pop_front().expect("a frame in flight");
            *out = frame;
            if self.broken.contains(&number) {
                out.iter_mut().for_each(|code| *code = code.wrapping_add(60));
            }
            Ok(())
        }

        fn in_flight(&self) -> usize {
            self.in_flight
        }
    }

    const FRAMES: u64 = 150;

    fn comparison(asked_hundredths: Option<u32>) -> Option<Comparison> {
        let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
        let layout = FrameLayout { extent: Extent::new(4, 2), format: PixelFormat::Yuv420p, colour };
        Some(Comparison { source: layout.clone(), output: layout, frames: FRAMES, asked_hundredths })
    }

    /// The frames `start..end` of the shot through an engine that looks `delay` frames ahead and breaks some; `flight` at once.
    fn through(
        (start, end): (u64, u64),
        (delay, flight): (u32, usize),
        broken: &[u64],
        comparison: Option<Comparison>,
    ) -> Result<Option<Fidelity>, TaskError> {
        let plan = FramePlan::new(FrameRange::new(start, end), FRAMES, delay, delay);
        let broken = broken.iter().map(|frame| *frame as i64).collect();
        let mut echo = Echo { frames: VecDeque::new(), in_flight: 0, delay: delay as usize, broken };
        let mut engine = Comparing::new(&mut echo, comparison, plan);
        let mut out = Vec::new();
        for number in (plan.first_number()..).take(plan.submissions() as usize) {
            if engine.in_flight() == flight {
                engine.next(&mut out)?;
            }
            let frame = number.clamp(0, FRAMES as i64 - 1);
            engine.submit(&[(frame % 100) as u8 + 20; 12], number)?;
        }
        while engine.in_flight() > 0 {
            engine.next(&mut out)?;
        }
        engine.finish()
    }

    #[test]
    fn the_frame_that_is_too_far_off_is_named() {
        let error = through((48, FRAMES), (0, 4), &[72, 96], comparison(Some(2_500))).expect_err("60 codes off");
        assert_eq!(
            error.to_string(),
            "frame 72 came back 12.5 dB from its source, below the 25 dB that the recipe asks for; look at the network or the source"
        );
        assert!(through((48, FRAMES), (0, 4), &[72], comparison(Some(1_256))).is_ok());
        // Between samples nobody looks.
        assert!(through((48, FRAMES), (0, 4), &[73], comparison(Some(2_500))).is_ok());
    }

    #[test]
    fn the_last_frame_is_compared_too() {
        let error = through((48, FRAMES), (2, 4), &[FRAMES - 1], comparison(Some(2_500))).expect_err("60 codes off");
        assert!(error.to_string().starts_with("frame 149 came back"), "{error}");
    }

    #[test]
    fn without_a_comparison_nothing_is_found() {
        assert!(matches!(through((0, FRAMES), (0, 4), &[24], None), Ok(None)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_split_finds_the_same(
            cut in 1..FRAMES, delay in 0_u32..4, flight in 1_usize..5, broken in prop::collection::vec(0..FRAMES, 0..8)
        ) {
            let found = |range| through(range, (delay, flight), &broken, comparison(None)).expect("nothing is asked");
            let (left, right) = (found((0, cut)), found((cut, FRAMES)));
            let joined = [left, right].into_iter().flatten().reduce(Fidelity::join);
            prop_assert_eq!(joined, found((0, FRAMES)));
        }
    }
}

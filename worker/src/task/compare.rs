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
use shotfarm_shared::limits::FRAMES_IN_FLIGHT;
use shotfarm_shared::media::FrameLayout;

use super::error::TaskError;
use super::pipeline::Engine;
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
    /// A frame further from its source than this is refused.
    pub(super) asked_decibels: Option<f64>,
}

impl Comparison {
    /// Compares one pair of frames.
    fn compare(&self, pair: &Pair) -> Result<Fidelity, TaskError> {
        let found_decibels = decibels_from_source((&self.source, &pair.source), (&self.output, &pair.rendered));
        match self.asked_decibels.filter(|&asked| found_decibels < asked) {
            Some(asked_decibels) => Err(TaskError::Unlike { frame: pair.frame, found_decibels, asked_decibels }),
            None => Ok(Fidelity::of_frame(pair.frame, found_decibels)),
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
    /// Frames of the whole shot; nothing where nothing is compared.
    frames: u64,
    /// The place in the shot of the frame submitted next, and of the one taken out next.
    submitted: u64,
    taken: u64,
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
    /// Around an engine whose first frame is `first` of the shot. Without a comparison it only passes frames on.
    pub(super) fn new(engine: &'a mut E, comparison: Option<Comparison>, first: u64) -> Self {
        let frames = comparison.as_ref().map_or(0, |comparison| comparison.frames);
        let comparer = comparison.map(Comparer::start);
        let waiting = VecDeque::with_capacity(FRAMES_IN_FLIGHT);
        Self { engine, frames, submitted: first, taken: first, waiting, comparer }
    }

    /// What all comparisons found.
    pub(super) fn finish(mut self) -> Result<Option<Fidelity>, TaskError> {
        self.comparer.take().map_or(Ok(None), Comparer::finish)
    }

    fn is_compared(&self, frame: u64) -> bool {
        self.comparer.is_some() && is_sampled(frame, self.frames)
    }
}

impl<E: Engine> Engine for Comparing<'_, E> {
    fn submit(&mut self, frame: &[u8]) -> Result<(), TaskError> {
        self.engine.submit(frame)?;
        if self.is_compared(self.submitted) {
            self.waiting.push_back(frame.to_vec());
        }
        self.submitted += 1;
        Ok(())
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
        self.engine.next(out)?;
        let frame = self.taken;
        self.taken += 1;
        if !self.is_compared(frame) {
            return Ok(());
        }
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

    /// Gives every frame back as it came, but for those that are to come back broken.
    struct Echo {
        frames: VecDeque<Vec<u8>>,
        taken: u64,
        broken: Vec<u64>,
    }

    impl Engine for Echo {
        fn submit(&mut self, frame: &[u8]) -> Result<(), TaskError> {
            self.frames.push_back(frame.to_vec());
            Ok(())
        }

        fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
            *out = self.frames.pop_front().expect("a frame in flight");
            if self.broken.contains(&self.taken) {
                out.iter_mut().for_each(|code| *code = code.wrapping_add(60));
            }
            self.taken += 1;
            Ok(())
        }

        fn in_flight(&self) -> usize {
            self.frames.len()
        }
    }

    const FRAMES: u64 = 150;

    fn comparison(asked_decibels: Option<f64>) -> Comparison {
        let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
        let layout = FrameLayout { extent: Extent::new(4, 2), format: PixelFormat::Yuv420p, colour };
        Comparison { source: layout.clone(), output: layout, frames: FRAMES, asked_decibels }
    }

    /// Frames `first..end` through an engine that breaks some; `flight` of them at once.
    fn through(
        (first, end): (u64, u64),
        broken: &[u64],
        flight: usize,
        comparison: Option<Comparison>,
    ) -> Result<Option<Fidelity>, TaskError> {
        let broken = broken.iter().filter(|frame| **frame >= first).map(|frame| frame - first).collect();
        let mut echo = Echo { frames: VecDeque::new(), taken: 0, broken };
        let mut engine = Comparing::new(&mut echo, comparison, first);
        let mut out = Vec::new();
        for frame in first..end {
            if engine.in_flight() == flight {
                engine.next(&mut out)?;
            }
            engine.submit(&[(frame % 100) as u8 + 20; 12])?;
        }
        while engine.in_flight() > 0 {
            engine.next(&mut out)?;
        }
        engine.finish()
    }

    #[test]
    fn the_frame_that_is_too_far_off_is_named() {
        let error = through((48, FRAMES), &[72, 96], 4, Some(comparison(Some(25.0)))).expect_err("60 codes off");
        assert_eq!(
            error.to_string(),
            "frame 72 came back 12.6 dB from its source, below the 25 dB that the recipe asks for; look at the network or the source"
        );
        assert!(through((48, FRAMES), &[72], 4, Some(comparison(Some(12.0)))).is_ok());
        // Between samples nobody looks.
        assert!(through((48, FRAMES), &[73], 4, Some(comparison(Some(25.0)))).is_ok());
    }

    #[test]
    fn the_last_frame_is_compared_too() {
        let error = through((48, FRAMES), &[FRAMES - 1], 4, Some(comparison(Some(25.0)))).expect_err("60 codes off");
        assert!(error.to_string().starts_with("frame 149 came back"), "{error}");
    }

    #[test]
    fn without_a_comparison_nothing_is_found() {
        assert!(matches!(through((0, FRAMES), &[24], 4, None), Ok(None)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_split_finds_the_same(
            cut in 1..FRAMES, flight in 1_usize..5, broken in prop::collection::vec(0..FRAMES, 0..8)
        ) {
            let found = |range| through(range, &broken, flight, Some(comparison(None))).expect("nothing is asked");
            let (left, right) = (found((0, cut)), found((cut, FRAMES)));
            let joined = [left, right].into_iter().flatten().reduce(Fidelity::join);
            prop_assert_eq!(joined, found((0, FRAMES)));
        }
    }
}

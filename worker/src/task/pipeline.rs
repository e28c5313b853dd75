//! Decode, compute, encode: three threads, bounded channels of recycled frame buffers, frames in order.
//!
//! ```text
//! decode thread --[raw frames]--> this thread (GPU, several frames in flight) --[done frames]--> encode thread
//!        ^-------[empty buffers]------'                       ^---------------[empty buffers]---------'
//! ```
//!
//! Invariant: no frame is dropped, repeated or reordered; whichever stage fails first, the others end, and that failure is
//! what is returned. Memory is bounded by the buffers in circulation: [`FRAMES_IN_FLIGHT`] on either side, plus the GPU's own.

use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use shotfarm_shared::limits::FRAMES_IN_FLIGHT;

use super::Progress;
use super::error::TaskError;
use super::plan::{FramePlan, Submissions};
use crate::gpu::recording::Tail;
use crate::media::Cancel;

/// Where frames come from.
pub(super) trait Source: Send {
    /// Reads the next frame into `frame`; `false` after the last.
    fn read(&mut self, frame: &mut Vec<u8>) -> Result<bool, TaskError>;
}

/// What is done to them; takes up to [`FRAMES_IN_FLIGHT`] before the first has to be taken out.
pub(super) trait Engine {
    fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), TaskError>;
    fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError>;
    fn in_flight(&self) -> usize;
}

/// Where they go.
pub(super) trait Sink: Send {
    fn write(&mut self, frame: &[u8]) -> Result<(), TaskError>;
}

/// Where the time of a render went. Stages overlap, so they add up to more than `total`; what the GPU thread waited for says
/// which stage is the slowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// The decode thread at work.
    pub decode: Duration,
    /// The GPU thread: submitting frames and waiting for them.
    pub gpu: Duration,
    /// The encode thread at work.
    pub encode: Duration,
    /// The GPU thread with nothing in flight, waiting for the decoder.
    pub decode_wait: Duration,
    /// The GPU thread waiting for the encoder to take a frame.
    pub encode_wait: Duration,
    /// From the first frame's decode to the last frame's encode.
    pub total: Duration,
    /// Frames that went through.
    pub frames: u64,
}

/// A stage of a render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading and decoding the source.
    Decode,
    /// The recipe's steps.
    Gpu,
    /// Encoding the segment.
    Encode,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Decode => "decode",
            Self::Gpu => "gpu",
            Self::Encode => "encode",
        })
    }
}

impl StageTimes {
    /// The stage that the others wait for: the one that is at work the longest.
    #[must_use]
    pub fn slowest(&self) -> Stage {
        let stages = [(self.decode, Stage::Decode), (self.gpu, Stage::Gpu), (self.encode, Stage::Encode)];
        let slowest = stages.into_iter().max_by_key(|(time, _)| *time);
        slowest.map_or(Stage::Gpu, |(_, stage)| stage)
    }

    /// The share of the whole in which that stage was at work: what is missing from 1 is overlap that was not reached.
    #[must_use]
    pub fn overlap(&self) -> f64 {
        let busiest = self.decode.max(self.gpu).max(self.encode);
        if self.total.is_zero() { 1.0 } else { busiest.as_secs_f64() / self.total.as_secs_f64() }
    }
}

/// Runs the frames of `plan` from `source`, which decodes what the plan says, through `engine` into `sink`, unless `cancel`
/// comes first: then only frames that were under way are still encoded. `tail` is put behind each frame on its way to the engine.
pub(super) fn run(
    source: &mut dyn Source,
    engine: &mut dyn Engine,
    sink: &mut dyn Sink,
    (plan, tail): (FramePlan, &Tail),
    progress: &Progress,
    cancel: &Cancel,
) -> Result<StageTimes, TaskError> {
    let started = Instant::now();
    let (raw_in, raw_out, raw_spare_in, raw_spare_out) = ring();
    let (done_in, done_out, done_spare_in, done_spare_out) = ring();
    let (decoded, computed, encoded) = thread::scope(|scope| {
        let decoding = scope.spawn(move || decode(&mut Submissions::new(source, plan, tail), &raw_spare_out, &raw_in));
        let encoding = scope.spawn(move || encode(sink, &done_out, &done_spare_in, progress));
        // Its ends of the channels go with it, which is how the others learn that it has stopped.
        let computed = compute(engine, plan, raw_out, raw_spare_in, done_spare_out, done_in, cancel);
        (join(decoding), computed, join(encoding))
    });
    // A stage that ends because a neighbour stopped returns Ok: only the failure itself is an Err.
    let (decode, (gpu, decode_wait, encode_wait), (encode, frames)) = (decoded?, computed?, encoded?);
    Ok(StageTimes { decode, gpu, encode, decode_wait, encode_wait, total: started.elapsed(), frames })
}

type Ring = (Sender<Vec<u8>>, Receiver<Vec<u8>>, Sender<Vec<u8>>, Receiver<Vec<u8>>);

/// A channel of full buffers, and one back with the empty ones, which all lie in it at first.
fn ring() -> Ring {
    let (full_in, full_out) = bounded(FRAMES_IN_FLIGHT);
    let (spare_in, spare_out) = bounded(FRAMES_IN_FLIGHT);
    for _ in 0..FRAMES_IN_FLIGHT {
        spare_in.send(Vec::new()).expect("both ends are here and it has room for this many");
    }
    (full_in, full_out, spare_in, spare_out)
}

/// A panic in a stage is one of the task.
fn join<T>(handle: thread::ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn decode(source: &mut dyn Source, spare: &Receiver<Vec<u8>>, full: &Sender<Vec<u8>>) -> Result<Duration, TaskError> {
    let mut at_work = Duration::ZERO;
    while let Ok(mut frame) = spare.recv() {
        let started = Instant::now();
        let more = source.read(&mut frame)?;
        at_work += started.elapsed();
        if !more || full.send(frame).is_err() {
            break;
        }
    }
    Ok(at_work)
}

fn encode(
    sink: &mut dyn Sink,
    full: &Receiver<Vec<u8>>,
    spare: &Sender<Vec<u8>>,
    progress: &Progress,
) -> Result<(Duration, u64), TaskError> {
    let (mut at_work, mut frames) = (Duration::ZERO, 0);
    while let Ok(frame) = full.recv() {
        let started = Instant::now();
        sink.write(&frame)?;
        at_work += started.elapsed();
        frames += 1;
        progress.set(frames);
        // Nobody takes it back after the last frame.
        let _ = spare.send(frame);
    }
    Ok((at_work, frames))
}

#[expect(clippy::needless_pass_by_value, reason = "the ends of the channels must go when this stage ends")]
fn compute(
    engine: &mut dyn Engine,
    plan: FramePlan,
    raw: Receiver<Vec<u8>>,
    raw_spare: Sender<Vec<u8>>,
    done_spare: Receiver<Vec<u8>>,
    done: Sender<Vec<u8>>,
    cancel: &Cancel,
) -> Result<(Duration, Duration, Duration), TaskError> {
    let started = Instant::now();
    let (mut decode_wait, mut encode_wait) = (Duration::ZERO, Duration::ZERO);
    let (mut more, mut number, mut warm_up) = (true, plan.first_number(), plan.warm_up());
    let mut thrown_away = None;
    while more || engine.in_flight() > 0 {
        while more && engine.in_flight() < FRAMES_IN_FLIGHT {
            let waiting = Instant::now();
            // With frames in flight there is something better to do than to wait for the decoder.
            let frame = if engine.in_flight() == 0 { raw.recv().map_err(TryRecvError::from) } else { raw.try_recv() };
            match frame {
                Ok(frame) => {
                    decode_wait += waiting.elapsed();
                    engine.submit(&frame, number)?;
                    number += 1;
                    // The decoder may have ended already.
                    let _ = raw_spare.send(frame);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => more = false,
            }
        }
        if engine.in_flight() == 0 {
            continue;
        }
        cancel.check()?;
        let waiting = Instant::now();
        let Some(mut frame) = thrown_away.take().or_else(|| done_spare.recv().ok()) else { break };
        encode_wait += waiting.elapsed();
        engine.next(&mut frame)?;
        if warm_up > 0 {
            warm_up -= 1;
            thrown_away = Some(frame);
        } else if done.send(frame).is_err() {
            break;
        }
    }
    Ok((started.elapsed().saturating_sub(decode_wait + encode_wait), decode_wait, encode_wait))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;
    use shotfarm_shared::frames::FrameRange;

    use crate::media::MediaError;

    use super::*;

    /// Numbers instead of frames. Each part fails at a frame of choice.
    struct Fake {
        next: u64,
        end: u64,
        fails_at: Option<u64>,
        cancels_at: Option<u64>,
        cancel: Cancel,
        queue: VecDeque<Vec<u8>>,
        seen: Vec<u64>,
    }

    fn fake(end: u64, fails_at: Option<u64>) -> Fake {
        Fake { next: 0, end, fails_at, cancels_at: None, cancel: Cancel::new(), queue: VecDeque::new(), seen: Vec::new() }
    }

    impl Fake {
        fn step(&mut self) -> Result<(), TaskError> {
            if self.fails_at == Some(self.next) {
                let detail = format!("frame {}", self.next);
                return Err(MediaError::Own { operation: "testing", subject: "x".into(), detail }.into());
            }
            self.next += 1;
            Ok(())
        }
    }

    impl Source for Fake {
        fn read(&mut self, frame: &mut Vec<u8>) -> Result<bool, TaskError> {
            if self.cancels_at == Some(self.next) {
                self.cancel.cancel();
            }
            if self.next == self.end {
                return Ok(false);
            }
            frame.clear();
            frame.extend(self.next.to_be_bytes());
            self.step().map(|()| true)
        }
    }

    impl Engine for Fake {
        fn submit(&mut self, frame: &[u8], _number: i64) -> Result<(), TaskError> {
            assert!(self.queue.len() < FRAMES_IN_FLIGHT);
            self.queue.push_back(frame.to_vec());
            self.step()
        }

        fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
            *out = self.queue.pop_front().expect("a frame in flight");
            Ok(())
        }

        fn in_flight(&self) -> usize {
            self.queue.len()
        }
    }

    impl Sink for Fake {
        fn write(&mut self, frame: &[u8]) -> Result<(), TaskError> {
            self.step()?;
            self.seen.push(u64::from_be_bytes(frame.try_into().expect("eight bytes")));
            Ok(())
        }
    }

    /// Frames as they are.
    fn plain(frames: u64) -> FramePlan {
        FramePlan::new(FrameRange::new(0, frames), frames, 0, 0)
    }

    /// Gives each frame back as late as its steps say, with the numbers that it was told.
    struct Late {
        waiting: VecDeque<Vec<u8>>,
        in_flight: VecDeque<Vec<u8>>,
        numbers: Vec<i64>,
        delay: usize,
    }

    impl Engine for Late {
        fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), TaskError> {
            self.numbers.push(number);
            self.waiting.push_back(frame.to_vec());
            let ready = self.waiting.len() > self.delay;
            self.in_flight.push_back(if ready { self.waiting.pop_front().unwrap() } else { b"nothing".to_vec() });
            Ok(())
        }

        fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
            *out = self.in_flight.pop_front().expect("a frame in flight");
            Ok(())
        }

        fn in_flight(&self) -> usize {
            self.in_flight.len()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn every_frame_arrives_once_and_in_order(frames in 0_u64..40) {
            let (mut source, mut engine, mut sink) = (fake(frames, None), fake(0, None), fake(0, None));
            let progress = Progress::default();
            let times = run(&mut source, &mut engine, &mut sink, (plain(frames), &Tail::default()), &progress, &Cancel::new()).unwrap();
            prop_assert_eq!(sink.seen, (0..frames).collect::<Vec<_>>());
            prop_assert_eq!((times.frames, progress.get()), (frames, frames));
        }

        #[test]
        fn a_late_engine_gives_exactly_the_range(start in 0_u64..20, length in 1_u64..20, delay in 0_u32..6, more in 0_u32..3) {
            let shot = 24;
            let range = FrameRange::new(start, (start + length).min(shot));
            let plan = FramePlan::new(range, shot, delay + more, delay);
            let decoded = plan.decoded();
            let (mut source, mut sink) = (Fake { next: decoded.start, ..fake(decoded.end, None) }, fake(0, None));
            let mut engine =
                Late { waiting: VecDeque::new(), in_flight: VecDeque::new(), numbers: Vec::new(), delay: delay as usize };
            run(&mut source, &mut engine, &mut sink, (plan, &Tail::default()), &Progress::default(), &Cancel::new()).unwrap();
            prop_assert_eq!(sink.seen, (range.start..range.end).collect::<Vec<_>>());
            let numbers = (plan.first_number()..).take(engine.numbers.len()).collect::<Vec<_>>();
            prop_assert_eq!(engine.numbers, numbers);
        }

        #[test]
        fn the_failure_of_any_stage_ends_all_and_is_returned(frames in 1_u64..40, at: u64, stage in 0_usize..3) {
            let fails = |number| (number == stage).then_some(at % frames);
            let (mut source, mut engine, mut sink) = (fake(frames, fails(0)), fake(0, fails(1)), fake(0, fails(2)));
            let error = run(&mut source, &mut engine, &mut sink, (plain(frames), &Tail::default()), &Progress::default(), &Cancel::new()).unwrap_err();
            prop_assert!(error.to_string().ends_with(&format!("frame {}", at % frames)), "{}", error);
        }
    }

    #[test]
    fn the_slowest_stage_is_the_one_at_work_the_longest() {
        let millis = Duration::from_millis;
        let times =
            StageTimes { decode: millis(20), gpu: millis(40), encode: millis(50), total: millis(100), ..StageTimes::default() };
        assert_eq!((times.slowest(), times.overlap()), (Stage::Encode, 0.5));
        assert_eq!(StageTimes { decode: millis(95), ..times }.slowest(), Stage::Decode);
        assert_eq!(StageTimes { gpu: millis(95), ..times }.slowest().to_string(), "gpu");
        assert_eq!(StageTimes::default().overlap(), 1.0);
    }

    #[test]
    fn after_a_cancel_only_frames_under_way_are_finished() {
        let (mut source, mut engine, mut sink) = (fake(10_000, None), fake(0, None), fake(0, None));
        source.cancels_at = Some(20);
        let cancel = source.cancel.clone();
        let error = run(&mut source, &mut engine, &mut sink, (plain(10_000), &Tail::default()), &Progress::default(), &cancel)
            .unwrap_err();
        assert!(matches!(error, TaskError::Media(MediaError::Cancelled)), "{error}");
        // Every buffer in circulation, and every frame that the GPU can hold.
        assert!(source.next <= 20 + 3 * FRAMES_IN_FLIGHT as u64, "{} frames were decoded", source.next);
    }
}

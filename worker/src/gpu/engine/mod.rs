//! Runs a recording on a device, several frames in flight.
//!
//! Each slot of the ring has an upload and a readback buffer of its own; everything between is shared, because the queue runs
//! one frame's passes after the other's. Frames come out in the order they went in.

mod compile;
mod slot;
mod timing;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use shotfarm_shared::limits::{FRAMES_IN_FLIGHT, GPU_FRAME_MILLIS_MAX};

use self::compile::{Compiled, CompiledOp, Place};
use self::slot::Slot;
use super::device::{Gpu, GpuError};
use super::recording::{Op, Proxy, Recording};

pub use self::timing::OpTiming;

/// Most times the operations are put into one submission of [`Graph::run_ops`].
const OPS_SUBMISSION_RUNS_MAX: u32 = 8;

/// Where the time of the frames so far went, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Copying frames into upload buffers and submitting them.
    pub upload: Duration,
    /// Waiting for the device.
    pub gpu_wait: Duration,
    /// Copying frames out of readback buffers.
    pub readback: Duration,
    /// Frames that came out.
    pub frames: u64,
}

/// A recording, compiled for one device.
#[derive(Debug)]
pub struct Graph {
    gpu: Gpu,
    compiled: Compiled,
    names: Vec<&'static str>,
    input_bytes: usize,
    output_bytes: usize,
    delay_frames: u32,
    context_frames: u32,
    free: Vec<Slot>,
    in_flight: VecDeque<InFlight>,
    times: StageTimes,
}

/// A frame on its way.
#[derive(Debug)]
struct InFlight {
    slot: Slot,
    submission: wgpu::SubmissionIndex,
    /// The number it was submitted with.
    number: i64,
}

impl Graph {
    /// Compiles a recording.
    ///
    /// # Errors
    /// When it exceeds the device's limits or memory, or the device is lost.
    pub fn new(gpu: &Gpu, recording: &Recording) -> Result<Self, GpuError> {
        recording.check(&gpu.limits(), gpu.features())?;
        let compiled = Compiled::new(gpu, recording);
        gpu.check()?;
        gpu.pipelines.save();
        let slot = || {
            let bytes = |proxy: Proxy| recording.buffers[proxy.index()].bytes;
            Slot::new(gpu, bytes(recording.input), bytes(recording.output))
        };
        let free = (0..FRAMES_IN_FLIGHT).map(|_| slot()).collect();
        gpu.queue.submit([]);
        gpu.check()?;
        Ok(Self {
            gpu: gpu.clone(),
            compiled,
            names: recording.ops.iter().map(Op::name).collect(),
            input_bytes: recording.input_bytes,
            output_bytes: recording.output_bytes,
            delay_frames: recording.delay_frames,
            context_frames: recording.context_frames,
            free,
            in_flight: VecDeque::new(),
            times: StageTimes::default(),
        })
    }

    /// Forgets the frames so far: the next frame is the first of its shot or range. Called with no frame in flight.
    ///
    /// # Errors
    /// When frames are in flight or the device fails.
    pub fn begin(&mut self) -> Result<(), GpuError> {
        if !self.in_flight.is_empty() {
            return Err(GpuError::Full(self.in_flight.len()));
        }
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("begin") });
        for history in &self.compiled.histories {
            encoder.clear_buffer(history, 0, None);
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.check()
    }

    /// See [`Recording::delay_frames`].
    #[must_use]
    pub fn delay_frames(&self) -> u32 {
        self.delay_frames
    }

    /// See [`Recording::context_frames`].
    #[must_use]
    pub fn context_frames(&self) -> u32 {
        self.context_frames
    }

    /// Frames submitted and not yet taken out.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether [`Graph::next`] must be called before another [`Graph::submit`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.in_flight.len() == FRAMES_IN_FLIGHT
    }

    /// Where the time of the frames so far went.
    #[must_use]
    pub fn times(&self) -> StageTimes {
        self.times
    }

    /// Sends a raw frame on its way and returns without waiting for it. `number` is its place in the shot, negative for what
    /// is submitted in front of a shot's first frame.
    ///
    /// # Errors
    /// When the frame has another size than the input layout's, every slot is taken, or the device fails. After a failure of
    /// the device the graph must be dropped.
    pub fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), GpuError> {
        let started = Instant::now();
        if frame.len() != self.input_bytes {
            return Err(GpuError::FrameBytes { expected: self.input_bytes, got: frame.len() });
        }
        self.gpu.check()?;
        let slot = self.free.pop().ok_or(GpuError::Full(self.in_flight.len()))?;
        if let Err(error) = slot.fill(frame, number) {
            return Err(self.gpu.fault_or(self.refused(&error.to_string())));
        }
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("frame") });
        if let Some(input) = &self.compiled.input {
            encoder.copy_buffer_to_buffer(&slot.upload, 0, input, 0, input.size());
        }
        if let Some(number) = &self.compiled.frame_number {
            encoder.copy_buffer_to_buffer(&slot.upload, slot.number_byte(), number, 0, number.size());
        }
        if let Some(guard) = &self.compiled.guard {
            encoder.clear_buffer(guard, 0, None);
        }
        encode(&self.compiled.ops, &slot, None, &mut encoder);
        if let Some(guard) = &self.compiled.guard {
            encoder.copy_buffer_to_buffer(guard, 0, &slot.readback, slot.guard_byte(), guard.size());
        }
        if let Some(output) = &self.compiled.output {
            encoder.copy_buffer_to_buffer(output, 0, &slot.readback, 0, output.size());
        }
        let submission = self.gpu.queue.submit([encoder.finish()]);
        slot.map();
        self.in_flight.push_back(InFlight { slot, submission, number });
        self.times.upload += started.elapsed();
        self.gpu.check()
    }

    /// Waits for the oldest frame in flight and puts its bytes into `out`, whatever was in it before.
    ///
    /// # Errors
    /// When no frame is in flight, the frame holds values that are no numbers, or the device fails. After a failure of the
    /// device the graph must be dropped.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Result<(), GpuError> {
        let InFlight { slot, submission, number } = self.in_flight.pop_front().ok_or(GpuError::Empty)?;
        let started = Instant::now();
        self.wait(submission)?;
        if !slot.is_mapped() {
            return Err(self.gpu.fault_or(self.refused("the buffers of a finished frame could not be mapped")));
        }
        let waited = Instant::now();
        let lost = slot.take(out, self.output_bytes).map_err(|error| self.gpu.fault_or(self.refused(&error.to_string())))?;
        self.free.push(slot);
        self.times.gpu_wait += waited - started;
        self.times.readback += waited.elapsed();
        self.times.frames += 1;
        let frame = number - i64::from(self.delay_frames);
        // What comes out before the first frame's picture is thrown away, whatever is in it.
        if lost > 0 && frame >= 0 {
            return Err(GpuError::NotFinite { adapter: self.gpu.adapter(), frame, count: lost });
        }
        Ok(())
    }

    /// Runs the operations `runs` times over whatever the input buffer holds, without upload or readback, and gives the time
    /// it took: the rate of the shaders alone.
    ///
    /// # Errors
    /// When frames are in flight or the device fails.
    pub fn run_ops(&mut self, runs: u32) -> Result<Duration, GpuError> {
        self.run_some(0..self.compiled.ops.len(), runs)
    }

    /// Like [`Graph::run_ops`] for the one operation of this place in the recording.
    ///
    /// # Errors
    /// When frames are in flight or the device fails.
    ///
    /// # Panics
    /// When the recording has no such operation.
    pub fn run_op(&mut self, index: usize, runs: u32) -> Result<Duration, GpuError> {
        self.run_some(index..index + 1, runs)
    }

    fn run_some(&mut self, ops: Range<usize>, runs: u32) -> Result<Duration, GpuError> {
        let Some(slot) = self.free.last().filter(|_| self.in_flight.is_empty()) else {
            return Err(GpuError::Full(self.in_flight.len()));
        };
        // Copies may take from the slot's own buffers, which the device sees only while they are not mapped.
        slot.upload.unmap();
        let started = Instant::now();
        let mut left = runs;
        while left > 0 {
            let batch = left.min(OPS_SUBMISSION_RUNS_MAX);
            let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("passes") });
            for _ in 0..batch {
                encode(&self.compiled.ops[ops.clone()], slot, None, &mut encoder);
            }
            let index = self.gpu.queue.submit([encoder.finish()]);
            self.wait(index)?;
            left -= batch;
        }
        let took = started.elapsed();
        self.remap()?;
        Ok(took)
    }

    /// Brings the slot that operations ran with back into the state of a free one.
    fn remap(&self) -> Result<(), GpuError> {
        let Some(slot) = self.free.last() else { return Ok(()) };
        slot.map();
        self.wait(self.gpu.queue.submit([]))?;
        slot.readback.unmap();
        Ok(())
    }

    fn wait(&self, index: wgpu::SubmissionIndex) -> Result<(), GpuError> {
        let timeout = Some(Duration::from_millis(GPU_FRAME_MILLIS_MAX));
        match self.gpu.device.poll(wgpu::PollType::Wait { submission_index: Some(index), timeout }) {
            Ok(_) => self.gpu.check(),
            Err(wgpu::PollError::Timeout) => {
                let stuck = GpuError::Stuck { adapter: self.gpu.adapter(), seconds: GPU_FRAME_MILLIS_MAX / 1_000 };
                Err(self.gpu.fault_or(stuck))
            }
            Err(error) => Err(self.gpu.fault_or(self.refused(&error.to_string()))),
        }
    }

    fn refused(&self, reason: &str) -> GpuError {
        GpuError::Refused { adapter: self.gpu.adapter(), reason: reason.to_owned() }
    }
}

/// Puts operations into a submission; those that follow one another without a copy between share one compute pass, at whose
/// ends the stamps are written.
fn encode(
    ops: &[CompiledOp],
    slot: &Slot,
    mut stamps: Option<wgpu::ComputePassTimestampWrites<'_>>,
    encoder: &mut wgpu::CommandEncoder,
) {
    let buffer = |place: &'_ Place| match place {
        Place::Buffer(buffer) => buffer.clone(),
        Place::Upload => slot.upload.clone(),
        Place::Readback => slot.readback.clone(),
    };
    for run in ops.chunk_by(|left, right| left.is_pass() && right.is_pass()) {
        if let [CompiledOp::Copy { from, from_byte, to, to_byte, bytes }] = run {
            encoder.copy_buffer_to_buffer(&buffer(from), *from_byte, &buffer(to), *to_byte, *bytes);
            continue;
        }
        let timestamp_writes = stamps.take();
        let mut compute = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes });
        for op in run {
            if let CompiledOp::Pass { pipeline, bindings, groups } = op {
                compute.set_pipeline(pipeline);
                compute.set_bind_group(0, bindings, &[]);
                compute.dispatch_workgroups(groups[0], groups[1], groups[2]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::failure::FailureClass;

    use super::*;
    use crate::gpu::recording::Recorder;
    use crate::gpu::shaders::{Shader, bench_arithmetic, pack};
    use crate::gpu::testing::{software, unchanged};
    use crate::gpu::twins;

    /// A device that goes away between two frames, as after a driver reset.
    #[test]
    fn a_lost_device_is_an_error_of_the_environment() {
        let (gpu, recording) = (software(), unchanged());
        let mut graph = Graph::new(&gpu, &recording).expect("compiles");
        let frame = vec![7; recording.input_bytes];
        graph.submit(&frame, 0).expect("submits");
        gpu.destroy();
        let mut out = Vec::new();
        let error = graph.next(&mut out).and_then(|()| graph.submit(&frame, 0)).and_then(|()| graph.next(&mut out));
        let error = error.expect_err("the device is gone");
        assert_eq!(error.class(), FailureClass::Environment, "{error}");
        assert!(matches!(error, GpuError::Lost { .. }), "{error}");
        assert!(Graph::new(&gpu, &recording).is_err(), "a lost device compiles nothing");
    }

    /// 256 invocations in one workgroup instead of the shader's 64, in both element types: the variant, the override, and the
    /// workgroup that it sizes. The sums are exact in either type.
    #[test]
    fn overrides_and_variants_reach_the_device() {
        let gpu = software();
        for (shader, bytes) in [(Shader::BenchArithmetic, 1_024), (Shader::BenchArithmeticF16, 512)] {
            let recorder = Recorder::new(4);
            let params = bench_arithmetic::Params { rounds: 3, factor: 0.5, addend: 0.25 };
            let constants = [("GROUP", 256.0)];
            assert_eq!(shader.facts().workgroup_with(&constants), [256, 1, 1]);
            let record = |recorder: &mut Recorder, output| {
                recorder.dispatch(shader, &constants, &params, &[], &[output], [1, 1, 1]);
            };
            let recording = recorder.finish(bytes, record);
            let mut graph = Graph::new(&gpu, &recording).expect("compiles");
            let mut found = Vec::new();
            graph.submit(&[0; 4], 0).expect("submits");
            graph.next(&mut found).expect("a frame");
            assert_eq!(found, twins::run(&recording, &[0; 4]), "{shader:?}");
            assert!(found[bytes - 2..].iter().any(|&byte| byte != 0));
        }
    }

    /// The frame before, and the number of this one: what comes out is the last frame's first word, then the number.
    #[test]
    fn histories_and_numbers_follow_the_frames_until_the_next_beginning() {
        let gpu = software();
        let mut recorder = Recorder::new(8);
        let (input, history, number) = (recorder.input(), recorder.history("last", 8), recorder.frame_number());
        let recording = recorder.finish(16, |recorder, output| {
            recorder.copy((history, 0), (output, 0), 8);
            recorder.copy((number, 0), (output, 8), 8);
            recorder.copy((input, 0), (history, 0), 8);
        });
        let mut graph = Graph::new(&gpu, &recording).expect("compiles");
        let mut out = Vec::new();
        for round in 0..2 {
            graph.begin().expect("nothing is in flight");
            let mut expected = 0_u64;
            for number in [-1_i64, 0, 5_000_000_000] {
                graph.submit(&(number + 77).to_le_bytes(), number).expect("submits");
                graph.next(&mut out).expect("a frame");
                assert_eq!(out, [expected.to_le_bytes(), number.to_le_bytes()].concat(), "round {round}");
                expected = (number + 77) as u64;
            }
        }
    }

    /// Copies a word of the input into a plane and packs it: what is no number is counted and refused, naming the frame.
    #[test]
    fn what_is_no_number_does_not_get_out() {
        let gpu = software();
        let mut recorder = Recorder::new(16);
        let (input, plane) = (recorder.input(), recorder.plane("luma", 4));
        recorder.copy((input, 0), (plane, 0), 16);
        let params = pack::Params {
            first_word: 0,
            words: 1,
            stride: 64,
            first_sample: 0,
            samples: 4,
            width: 4,
            samples_per_word: 4,
            dither: 0,
            code_zero: 0.0,
            code_scale: 255.0,
            code_max: 255.0,
        };
        let recording = recorder.finish(4, |recorder, output| {
            let guard = recorder.guard();
            recorder.grid(Shader::Pack, &params, &[plane], &[output, guard], (1, 1));
        });
        let mut graph = Graph::new(&gpu, &recording).expect("compiles");
        let frame = |values: [f32; 4]| bytemuck::cast_slice::<f32, u8>(&values).to_vec();
        let mut out = Vec::new();
        graph.submit(&frame([0.0, 1.0, f32::MAX, f32::MIN]), 6).expect("submits");
        graph.next(&mut out).expect("all are numbers");
        assert_eq!(out, [0, 255, 255, 0]);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::NAN] {
            graph.submit(&frame([0.0, bad, 1.0, bad]), 7).expect("submits");
            let error = graph.next(&mut out).expect_err("two of them");
            assert!(matches!(error, GpuError::NotFinite { frame: 7, count: 2, .. }), "{error}");
            assert_eq!(error.class(), FailureClass::Worker);
            graph.submit(&frame([0.5; 4]), 8).expect("submits");
            graph.next(&mut out).expect("the next frame is counted anew");
        }
    }
}

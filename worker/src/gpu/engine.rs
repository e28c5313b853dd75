//! Runs a recording on a device, several frames in flight.
//!
//! Each slot of the ring has an upload and a readback buffer of its own; everything between is shared, because the queue runs
//! one frame's passes after the other's. Frames come out in the order they went in.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use shotfarm_shared::limits::{FRAMES_IN_FLIGHT, GPU_FRAME_MILLIS_MAX};

use super::device::{Gpu, GpuError};
use super::recording::{BufferSpec, Pass, Recording, Role};
use super::shaders::Shader;

/// Most times the passes are put into one submission of [`Graph::run_passes`].
const PASSES_SUBMISSION_RUNS_MAX: u32 = 8;

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
    passes: Vec<CompiledPass>,
    input: wgpu::Buffer,
    output: wgpu::Buffer,
    input_bytes: usize,
    output_bytes: usize,
    free: Vec<Slot>,
    in_flight: VecDeque<(Slot, wgpu::SubmissionIndex)>,
    times: StageTimes,
}

#[derive(Debug)]
struct CompiledPass {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    groups: [u32; 3],
}

/// Where one frame goes in and comes out. While free, `upload` is mapped and `readback` is not.
#[derive(Debug)]
struct Slot {
    upload: wgpu::Buffer,
    readback: wgpu::Buffer,
    /// Mappings that succeeded since the last submission.
    mapped: Arc<AtomicU32>,
}

impl Slot {
    /// Asks for both buffers back once the submission is through.
    fn map(&self) {
        self.mapped.store(0, Ordering::Release);
        for (buffer, mode) in [(&self.readback, wgpu::MapMode::Read), (&self.upload, wgpu::MapMode::Write)] {
            let mapped = Arc::clone(&self.mapped);
            buffer.map_async(mode, .., move |result| {
                if result.is_ok() {
                    mapped.fetch_add(1, Ordering::AcqRel);
                }
            });
        }
    }

    fn is_mapped(&self) -> bool {
        self.mapped.load(Ordering::Acquire) == 2
    }
}

impl Graph {
    /// Compiles a recording.
    ///
    /// # Errors
    /// When it exceeds the device's limits or memory, or the device is lost.
    pub fn new(gpu: &Gpu, recording: &Recording) -> Result<Self, GpuError> {
        recording.check(&gpu.limits())?;
        let buffers = recording.buffers.iter().map(|spec| create_buffer(gpu, spec)).collect::<Vec<_>>();
        gpu.check()?;
        let mut pipelines: Vec<(Shader, wgpu::ComputePipeline)> = Vec::new();
        let passes = recording.passes.iter().map(|pass| compile(gpu, pass, &buffers, &mut pipelines)).collect();
        let (input, output) = (&buffers[recording.input.0], &buffers[recording.output.0]);
        let free = (0..FRAMES_IN_FLIGHT).map(|_| create_slot(gpu, input.size(), output.size())).collect();
        gpu.queue.submit([]);
        gpu.check()?;
        Ok(Self {
            gpu: gpu.clone(),
            passes,
            input: input.clone(),
            output: output.clone(),
            input_bytes: recording.input_bytes,
            output_bytes: recording.output_bytes,
            free,
            in_flight: VecDeque::new(),
            times: StageTimes::default(),
        })
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

    /// Sends a raw frame on its way and returns without waiting for it.
    ///
    /// # Errors
    /// When the frame has another size than the input layout's, every slot is taken, or the device fails. After a failure of
    /// the device the graph must be dropped.
    pub fn submit(&mut self, frame: &[u8]) -> Result<(), GpuError> {
        let started = Instant::now();
        if frame.len() != self.input_bytes {
            return Err(GpuError::FrameBytes { expected: self.input_bytes, got: frame.len() });
        }
        self.gpu.check()?;
        let slot = self.free.pop().ok_or(GpuError::Full(self.in_flight.len()))?;
        match slot.upload.get_mapped_range_mut(..) {
            Ok(mut view) => view.slice(..frame.len()).copy_from_slice(frame),
            Err(error) => return Err(self.gpu.fault_or(self.refused(&error.to_string()))),
        }
        slot.upload.unmap();
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("frame") });
        encoder.copy_buffer_to_buffer(&slot.upload, 0, &self.input, 0, self.input.size());
        encode(&self.passes, &mut encoder);
        encoder.copy_buffer_to_buffer(&self.output, 0, &slot.readback, 0, self.output.size());
        let index = self.gpu.queue.submit([encoder.finish()]);
        slot.map();
        self.in_flight.push_back((slot, index));
        self.times.upload += started.elapsed();
        self.gpu.check()
    }

    /// Waits for the oldest frame in flight and puts its bytes into `out`, whatever was in it before.
    ///
    /// # Errors
    /// When no frame is in flight or the device fails. After a failure of the device the graph must be dropped.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Result<(), GpuError> {
        let (slot, index) = self.in_flight.pop_front().ok_or(GpuError::Empty)?;
        let started = Instant::now();
        self.wait(index)?;
        if !slot.is_mapped() {
            return Err(self.gpu.fault_or(self.refused("the buffers of a finished frame could not be mapped")));
        }
        let waited = Instant::now();
        out.clear();
        match slot.readback.get_mapped_range(..) {
            Ok(view) => out.extend_from_slice(&view[..self.output_bytes]),
            Err(error) => return Err(self.gpu.fault_or(self.refused(&error.to_string()))),
        }
        slot.readback.unmap();
        self.free.push(slot);
        self.times.gpu_wait += waited - started;
        self.times.readback += waited.elapsed();
        self.times.frames += 1;
        Ok(())
    }

    /// Runs the passes `runs` times over whatever the input buffer holds, without upload or readback, and gives the time it
    /// took: the rate of the shaders alone.
    ///
    /// # Errors
    /// When the device fails.
    pub fn run_passes(&mut self, runs: u32) -> Result<Duration, GpuError> {
        self.run_some(0..self.passes.len(), runs)
    }

    /// Like [`Graph::run_passes`] for the one pass of this place in the recording.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// When the recording has no such pass.
    pub fn run_pass(&mut self, index: usize, runs: u32) -> Result<Duration, GpuError> {
        self.run_some(index..index + 1, runs)
    }

    fn run_some(&mut self, passes: Range<usize>, runs: u32) -> Result<Duration, GpuError> {
        let started = Instant::now();
        let mut left = runs;
        while left > 0 {
            let batch = left.min(PASSES_SUBMISSION_RUNS_MAX);
            let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("passes") });
            for _ in 0..batch {
                encode(&self.passes[passes.clone()], &mut encoder);
            }
            let index = self.gpu.queue.submit([encoder.finish()]);
            self.wait(index)?;
            left -= batch;
        }
        Ok(started.elapsed())
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

fn encode(passes: &[CompiledPass], encoder: &mut wgpu::CommandEncoder) {
    let mut run = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes: None });
    for pass in passes {
        run.set_pipeline(&pass.pipeline);
        run.set_bind_group(0, &pass.bindings, &[]);
        run.dispatch_workgroups(pass.groups[0], pass.groups[1], pass.groups[2]);
    }
}

fn create_buffer(gpu: &Gpu, spec: &BufferSpec) -> wgpu::Buffer {
    let transfer = match &spec.role {
        Role::Input | Role::Table(_) => wgpu::BufferUsages::COPY_DST,
        Role::Output => wgpu::BufferUsages::COPY_SRC,
        Role::Scratch => wgpu::BufferUsages::empty(),
    };
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(&spec.label),
        size: spec.bytes,
        usage: wgpu::BufferUsages::STORAGE | transfer,
        mapped_at_creation: false,
    });
    if let Role::Table(bytes) = &spec.role {
        gpu.queue.write_buffer(&buffer, 0, bytes);
    }
    buffer
}

fn create_slot(gpu: &Gpu, input_bytes: u64, output_bytes: u64) -> Slot {
    let create = |label, size, usage, mapped_at_creation| {
        gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation })
    };
    Slot {
        upload: create("upload", input_bytes, wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC, true),
        readback: create("readback", output_bytes, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST, false),
        mapped: Arc::default(),
    }
}

fn compile(
    gpu: &Gpu,
    pass: &Pass,
    buffers: &[wgpu::Buffer],
    pipelines: &mut Vec<(Shader, wgpu::ComputePipeline)>,
) -> CompiledPass {
    let known = pipelines.iter().find(|(shader, _)| *shader == pass.shader).map(|(_, pipeline)| pipeline.clone());
    let pipeline = known.unwrap_or_else(|| {
        let pipeline = create_pipeline(gpu, pass.shader);
        pipelines.push((pass.shader, pipeline.clone()));
        pipeline
    });
    let params = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("params"),
        size: pass.params.len() as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    gpu.queue.write_buffer(&params, 0, &pass.params);
    let bound = std::iter::once(&params).chain(pass.reads.iter().chain(&pass.writes).map(|proxy| &buffers[proxy.0]));
    let entries = (0..)
        .zip(bound)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect::<Vec<_>>();
    let bindings = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(pass.shader.facts().name),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    });
    CompiledPass { pipeline, bindings, groups: pass.groups }
}

fn create_pipeline(gpu: &Gpu, shader: Shader) -> wgpu::ComputePipeline {
    let facts = shader.facts();
    let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(facts.name),
        source: wgpu::ShaderSource::Wgsl(facts.source.into()),
    });
    gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(facts.name),
        layout: None,
        module: &module,
        entry_point: Some(facts.name),
        compilation_options: wgpu::PipelineCompilationOptions { zero_initialize_workgroup_memory: false, ..Default::default() },
        cache: None,
    })
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::failure::FailureClass;
    use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};

    use super::*;
    use crate::gpu::{GpuChoice, record};

    /// A device that goes away between two frames, as after a driver reset.
    #[test]
    fn a_lost_device_is_an_error_of_the_environment() {
        let gpu = Gpu::open(GpuChoice::Software).expect("a software Vulkan device; install `mesa-vulkan-drivers`");
        let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
        let layout = FrameLayout { extent: Extent::new(16, 8), format: PixelFormat::Yuv420p, colour };
        let recording = record(&[], &layout, &layout).expect("records");
        let mut graph = Graph::new(&gpu, &recording).expect("compiles");
        let frame = vec![7; layout.frame_bytes()];
        graph.submit(&frame).expect("submits");
        gpu.device.destroy();
        let mut out = Vec::new();
        let error = graph.next(&mut out).and_then(|()| graph.submit(&frame)).and_then(|()| graph.next(&mut out));
        let error = error.expect_err("the device is gone");
        assert_eq!(error.class(), FailureClass::Environment, "{error}");
        assert!(matches!(error, GpuError::Lost { .. }), "{error}");
        assert!(Graph::new(&gpu, &recording).is_err(), "a lost device compiles nothing");
    }
}

//! From the operations of a recording to the device's own objects.

use crate::gpu::device::Gpu;
use crate::gpu::recording::{BufferSpec, Op, Pass, Proxy, Recording, Role};

/// One operation, ready to be put into a submission.
#[derive(Debug)]
pub(super) enum CompiledOp {
    Pass { pipeline: wgpu::ComputePipeline, bindings: wgpu::BindGroup, groups: [u32; 3] },
    Copy { from: Place, from_byte: u64, to: Place, to_byte: u64, bytes: u64 },
}

impl CompiledOp {
    pub(super) fn is_pass(&self) -> bool {
        matches!(self, Self::Pass { .. })
    }
}

/// Where bytes are copied from or to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Buffer(wgpu::Buffer),
    /// The upload buffer of the frame's slot.
    Upload,
    /// The readback buffer of the frame's slot.
    Readback,
}

/// A recording's objects on one device.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) ops: Vec<CompiledOp>,
    /// The raw frame that comes in, where a pass sees it; where none does, copies take from the slot's upload buffer itself.
    pub(super) input: Option<wgpu::Buffer>,
    /// The raw frame that goes out, likewise.
    pub(super) output: Option<wgpu::Buffer>,
    pub(super) frame_number: Option<wgpu::Buffer>,
    pub(super) guard: Option<wgpu::Buffer>,
    pub(super) histories: Vec<wgpu::Buffer>,
}

impl Compiled {
    pub(super) fn new(gpu: &Gpu, recording: &Recording) -> Self {
        let buffers = places(gpu, recording);
        let buffer = |proxy: Proxy| match &buffers[proxy.0] {
            Place::Buffer(buffer) => Some(buffer.clone()),
            Place::Upload | Place::Readback => None,
        };
        let ops = recording.ops.iter().map(|op| match op {
            Op::Pass(pass) => compile(gpu, pass, &buffers),
            Op::Copy { from, from_byte, to, to_byte, bytes } => {
                let (from, to) = (buffers[from.0].clone(), buffers[to.0].clone());
                CompiledOp::Copy { from, from_byte: *from_byte, to, to_byte: *to_byte, bytes: *bytes }
            }
        });
        Self {
            ops: ops.collect(),
            input: buffer(recording.input),
            output: buffer(recording.output),
            frame_number: of_role(recording, &buffers, &Role::FrameNumber).pop(),
            guard: of_role(recording, &buffers, &Role::Guard).pop(),
            histories: of_role(recording, &buffers, &Role::History),
        }
    }
}

fn of_role(recording: &Recording, buffers: &[Place], role: &Role) -> Vec<wgpu::Buffer> {
    let found = recording.buffers.iter().zip(buffers).filter(|(spec, _)| spec.role == *role);
    found.filter_map(|(_, place)| if let Place::Buffer(buffer) = place { Some(buffer.clone()) } else { None }).collect()
}

/// A buffer for each of the recording's, or the slot's own where copies alone reach it.
fn places(gpu: &Gpu, recording: &Recording) -> Vec<Place> {
    let mut seen = vec![false; recording.buffers.len()];
    for proxy in recording.passes().flat_map(|pass| pass.reads.iter().chain(&pass.writes)) {
        seen[proxy.0] = true;
    }
    // A readback buffer can only be written.
    for op in recording.ops.iter().filter(|op| op.reads().contains(&recording.output)) {
        op.reads().iter().for_each(|proxy| seen[proxy.0] = true);
    }
    let place = |(spec, seen): (&BufferSpec, bool)| match spec.role {
        Role::Input if !seen => Place::Upload,
        Role::Output if !seen => Place::Readback,
        _ => Place::Buffer(create_buffer(gpu, spec)),
    };
    recording.buffers.iter().zip(seen).map(place).collect()
}

fn create_buffer(gpu: &Gpu, spec: &BufferSpec) -> wgpu::Buffer {
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(&spec.label),
        size: spec.bytes,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    if let Role::Table(table) = &spec.role {
        let (whole, rest) = table.bytes().split_at(table.bytes().len() & !3);
        gpu.queue.write_buffer(&buffer, 0, whole);
        if !rest.is_empty() {
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            gpu.queue.write_buffer(&buffer, whole.len() as u64, &last);
        }
    }
    buffer
}

fn compile(gpu: &Gpu, pass: &Pass, buffers: &[Place]) -> CompiledOp {
    let pipeline = gpu.pipelines.of(&gpu.device, pass);
    let params = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("params"),
        size: pass.params.len() as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    gpu.queue.write_buffer(&params, 0, &pass.params);
    let seen = pass.reads.iter().chain(&pass.writes).filter_map(|proxy| match &buffers[proxy.0] {
        Place::Buffer(buffer) => Some(buffer),
        Place::Upload | Place::Readback => None,
    });
    let entries = (0..)
        .zip(std::iter::once(&params).chain(seen))
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect::<Vec<_>>();
    let bindings = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(pass.shader.facts().name),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    });
    CompiledOp::Pass { pipeline, bindings, groups: pass.groups }
}

//! Writes a recording, operation by operation.

use std::sync::Arc;

use bytemuck::Pod;

use super::{BufferSpec, FRAME_NUMBER_BYTES, GUARD_BYTES, Op, Pass, Proxy, Recording, Role, Table, Tail, WORD_BYTES};
use crate::gpu::passes::FrameTable;
use crate::gpu::shaders::Shader;

/// Writes a recording. What breaks an invariant of the module is a fault of the code that records, and panics naming the pass.
#[derive(Debug)]
pub struct Recorder {
    buffers: Vec<BufferSpec>,
    /// Whether something has been written into each buffer, or need not be.
    written: Vec<bool>,
    ops: Vec<Op>,
    input: Proxy,
    frame_bytes: usize,
    tail: Tail,
    /// The buffers of each of its tables.
    tail_buffers: Vec<Vec<Proxy>>,
    delay_frames: u32,
    context_frames: u32,
}

impl Recorder {
    /// A recording that begins with raw frames of this size.
    #[must_use]
    pub fn new(frame_bytes: usize) -> Self {
        let mut recorder = Self {
            buffers: Vec::new(),
            written: Vec::new(),
            ops: Vec::new(),
            input: Proxy(0),
            frame_bytes,
            tail: Tail::default(),
            tail_buffers: Vec::new(),
            delay_frames: 0,
            context_frames: 0,
        };
        recorder.input = recorder.buffer("input frame", frame_bytes as u64, Role::Input);
        recorder
    }

    /// The raw frame that comes in.
    #[must_use]
    pub fn input(&self) -> Proxy {
        self.input
    }

    fn buffer(&mut self, label: &str, bytes: u64, role: Role) -> Proxy {
        let bytes = bytes.next_multiple_of(WORD_BYTES).max(WORD_BYTES);
        self.written.push(!matches!(role, Role::Scratch | Role::Output));
        self.buffers.push(BufferSpec { label: label.to_owned(), bytes, role });
        Proxy(self.buffers.len() - 1)
    }

    /// The buffer of this role, made at the first call.
    fn once(&mut self, label: &str, bytes: u64, role: Role) -> Proxy {
        match self.buffers.iter().position(|buffer| buffer.role == role) {
            Some(index) => Proxy(index),
            None => self.buffer(label, bytes, role),
        }
    }

    /// A buffer of one f32 for each sample.
    pub fn plane(&mut self, label: &str, samples: u64) -> Proxy {
        self.scratch(label, samples * WORD_BYTES)
    }

    /// A buffer for values between two passes.
    pub fn scratch(&mut self, label: &str, bytes: u64) -> Proxy {
        self.buffer(label, bytes, Role::Scratch)
    }

    /// A buffer that keeps what is in it from one frame to the next, zero before the first.
    pub fn history(&mut self, label: &str, bytes: u64) -> Proxy {
        self.buffer(label, bytes, Role::History)
    }

    /// The buffer that holds the number of the frame that was submitted last; see [`Role::FrameNumber`]. What comes out then
    /// is the picture of the frame [`Recorder::delay_frames`] before it.
    pub fn frame_number(&mut self) -> Proxy {
        self.once("frame number", FRAME_NUMBER_BYTES, Role::FrameNumber)
    }

    /// The buffer in which a pass that writes the output counts values that are no numbers (a shader includes
    /// `shared/finite.wgsl` to see them). A frame with any is refused by the engine.
    pub fn guard(&mut self) -> Proxy {
        self.once("guard", GUARD_BYTES, Role::Guard)
    }

    /// A constant buffer; equal tables are kept once.
    pub fn table<T: Pod>(&mut self, label: &str, values: &[T]) -> Proxy {
        self.table_bytes(label, &Table::new(Arc::from(bytemuck::cast_slice(values))))
    }

    /// A constant buffer of bytes that other recordings may hold too.
    pub fn table_bytes(&mut self, label: &str, table: &Table) -> Proxy {
        self.once(label, table.bytes().len() as u64, Role::Table(table.clone()))
    }

    /// The buffers of a table that comes with every frame, one for each of its parts, filled here from what is behind the frame.
    /// A table that was asked for before is in the same buffers.
    pub fn frame_table(&mut self, label: &str, table: &FrameTable) -> Vec<Proxy> {
        if let Some(place) = self.tail.find(table, self.delay_frames) {
            return self.tail_buffers[place].clone();
        }
        let mut begin = self.buffers[self.input.0].bytes;
        let words = table.part_words();
        self.buffers[self.input.0].bytes += words.iter().sum::<u64>() * WORD_BYTES;
        let mut part = |words: &u64| {
            let bytes = words * WORD_BYTES;
            let buffer = self.scratch(label, bytes);
            self.copy((self.input, begin), (buffer, 0), bytes);
            begin += bytes;
            buffer
        };
        let buffers = words.iter().map(&mut part).collect::<Vec<_>>();
        self.tail.push(table.clone(), self.delay_frames);
        self.tail_buffers.push(buffers.clone());
        buffers
    }

    /// From here on the picture depends on `radius` more frames on either side, and comes out as many submissions later.
    pub fn look_around(&mut self, radius: u32) {
        self.delay_frames += radius;
        self.context_frames += radius;
    }

    /// The result depends on so many frames before its own, and comes out with it.
    pub fn look_back(&mut self, frames: u32) {
        self.context_frames += frames;
    }

    /// From here on another band of the same picture is made, which begins at the input frame again. All bands of a picture
    /// look around alike.
    pub fn begin_band(&mut self) {
        (self.delay_frames, self.context_frames) = (0, 0);
    }

    /// How many submissions the picture lags behind at this point of the recording.
    #[must_use]
    pub fn delay_frames(&self) -> u32 {
        self.delay_frames
    }

    /// Whether anything has been written into a buffer, or need not be.
    #[must_use]
    pub fn is_written(&self, proxy: Proxy) -> bool {
        self.written[proxy.0]
    }

    /// A pass over a grid of `width` by `height` invocations.
    pub fn grid(&mut self, shader: Shader, params: &impl Pod, reads: &[Proxy], writes: &[Proxy], size: (u32, u32)) {
        let sides = shader.facts().workgroup;
        let groups = [size.0.div_ceil(sides[0]), size.1.div_ceil(sides[1]), 1];
        self.dispatch(shader, &[], params, reads, writes, groups);
    }

    /// A pass of so many workgroups, with some of its overrides set. How many invocations a workgroup then has is told by
    /// [`crate::gpu::shaders::ShaderFacts::workgroup_with`].
    pub fn dispatch(
        &mut self,
        shader: Shader,
        constants: &[(&'static str, f64)],
        params: &impl Pod,
        reads: &[Proxy],
        writes: &[Proxy],
        groups: [u32; 3],
    ) {
        let facts = shader.facts();
        let params = bytemuck::bytes_of(params).to_vec();
        assert_eq!((params.len(), reads.len(), writes.len()), (facts.params_bytes, facts.reads, facts.writes), "{}", facts.name);
        for (name, _) in constants {
            assert!(facts.overrides.iter().any(|over| over.name == *name), "{} has no override `{name}`", facts.name);
        }
        for over in facts.overrides.iter().filter(|over| over.default.is_none()) {
            assert!(constants.iter().any(|(name, _)| *name == over.name), "{}: `{}` must be set", facts.name, over.name);
        }
        let (reads, writes) = (reads.to_vec(), writes.to_vec());
        self.push(Op::Pass(Pass { shader, constants: constants.to_vec(), params, reads, writes, groups }));
    }

    /// Moves bytes between two buffers, each with the byte to begin at; all multiples of 4.
    pub fn copy(&mut self, (from, from_byte): (Proxy, u64), (to, to_byte): (Proxy, u64), bytes: u64) {
        for (proxy, begin) in [(from, from_byte), (to, to_byte)] {
            let spec = &self.buffers[proxy.0];
            let whole = begin.is_multiple_of(WORD_BYTES) && bytes.is_multiple_of(WORD_BYTES);
            assert!(whole, "a copy of `{}` is not of whole words", spec.label);
            assert!(begin + bytes <= spec.bytes, "a copy goes beyond `{}`", spec.label);
        }
        self.push(Op::Copy { from, from_byte, to, to_byte, bytes });
    }

    fn push(&mut self, op: Op) {
        for read in op.reads() {
            let label = &self.buffers[read.0].label;
            assert!(self.written[read.0], "`{}` reads `{label}`, which nothing has written", op.name());
            assert!(!op.writes().contains(read), "`{}` reads and writes `{label}`", op.name());
        }
        for write in op.writes() {
            let spec = &self.buffers[write.0];
            let fixed = matches!(spec.role, Role::Input | Role::FrameNumber | Role::Table(_));
            assert!(!fixed, "`{}` writes `{}`, which is only read", op.name(), spec.label);
            self.written[write.0] = true;
        }
        self.ops.push(op);
    }

    /// Ends the recording with what `pack` records into the output buffer.
    pub fn finish(mut self, output_bytes: usize, pack: impl FnOnce(&mut Self, Proxy)) -> Recording {
        let output = self.buffer("output frame", output_bytes as u64, Role::Output);
        pack(&mut self, output);
        let Self { buffers, ops, input, frame_bytes, tail, delay_frames, context_frames, .. } = self;
        let input_bytes = frame_bytes + tail.bytes(frame_bytes);
        let recording =
            Recording { buffers, ops, frame_bytes, input_bytes, tail, output_bytes, input, output, delay_frames, context_frames };
        recording.share_scratch()
    }
}

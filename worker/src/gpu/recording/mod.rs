//! A job's passes as data: which shader, which buffers, which parameters, how many workgroups. No device is known here.
//!
//! Invariants, kept by [`Recorder`]: a pass binds as many buffers as its shader declares and sets only constants that it has,
//! reads only what an earlier operation (or the input, a table, the frame's number, or the frame before) has written, and is
//! never bound to one buffer both for reading and for writing.

mod device;
mod recorder;
mod share;
mod tail;

use std::sync::Arc;

use shotfarm_shared::digest::Digest;

use super::shaders::Shader;

pub use device::{Component, CooperativeMatrix, DeviceFeatures, DeviceLimits, ExceedsDevice};
pub use recorder::Recorder;
pub use tail::Tail;

/// Buffers are whole words: the shaders see them as arrays of 4-byte values.
pub(super) const WORD_BYTES: u64 = 4;
/// Bytes of the buffer that holds a frame's number: low word, high word, twice zero.
pub(super) const FRAME_NUMBER_BYTES: u64 = 16;

/// Bytes of the buffer in which passes count values that are no numbers.
pub(super) const GUARD_BYTES: u64 = WORD_BYTES;

/// The name of a buffer within one recording: its index in [`Recording::buffers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proxy(pub(crate) usize);

impl Proxy {
    /// Its place in [`Recording::buffers`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// What a buffer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The raw frame that comes in, and what comes with it.
    Input,
    /// The raw frame that goes out.
    Output,
    /// Values between two passes; undefined until the frame's first operation that writes them.
    Scratch,
    /// Values that stay from one frame to the next; zero before the first.
    History,
    /// The number of the frame that was submitted, counted within the shot: low word, high word, 0, 0. In two's complement,
    /// because frames before the shot's first are submitted with negative numbers where a step looks back.
    FrameNumber,
    /// How many values on their way into the output were no numbers; zero at the start of every frame, and read back with it.
    Guard,
    /// Bytes that stay the same for every frame.
    Table(Table),
}

/// The bytes of a table, shared by every recording that holds them, compared by digest.
#[derive(Clone, Debug)]
pub struct Table {
    bytes: Arc<[u8]>,
    digest: Digest,
}

impl Table {
    /// A table of these bytes; they are hashed once.
    #[must_use]
    pub fn new(bytes: Arc<[u8]>) -> Self {
        Self { digest: Digest::of(&bytes), bytes }
    }

    /// What it holds.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The name of what it holds.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Table {}

/// One buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BufferSpec {
    /// What it holds, for messages and debuggers.
    pub label: String,
    /// Its size, a multiple of 4.
    pub bytes: u64,
    /// What it is for.
    pub role: Role,
}

/// One thing that is done to a frame. Operations run one after the other, and each sees what those before it wrote.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A shader runs.
    Pass(Pass),
    /// Bytes move from one buffer to another; places and length are multiples of 4.
    Copy {
        /// From where.
        from: Proxy,
        /// From which of its bytes on.
        from_byte: u64,
        /// To where.
        to: Proxy,
        /// From which of its bytes on.
        to_byte: u64,
        /// How many.
        bytes: u64,
    },
}

impl Op {
    /// What it is called in messages and measurements.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pass(pass) => pass.shader.facts().name,
            Self::Copy { .. } => "copy",
        }
    }

    /// The buffers it reads.
    #[must_use]
    pub fn reads(&self) -> &[Proxy] {
        match self {
            Self::Pass(pass) => &pass.reads,
            Self::Copy { from, .. } => std::slice::from_ref(from),
        }
    }

    /// The buffers it writes, in whole or in part.
    #[must_use]
    pub fn writes(&self) -> &[Proxy] {
        match self {
            Self::Pass(pass) => &pass.writes,
            Self::Copy { to, .. } => std::slice::from_ref(to),
        }
    }

    fn proxies_mut(&mut self) -> Vec<&mut Proxy> {
        match self {
            Self::Pass(pass) => pass.reads.iter_mut().chain(&mut pass.writes).collect(),
            Self::Copy { from, to, .. } => vec![from, to],
        }
    }
}

/// One dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// Which program.
    pub shader: Shader,
    /// The overrides that are set, by name. Shader and constants together name the compiled kernel.
    pub constants: Vec<(&'static str, f64)>,
    /// The parameter block, as the shader lays it out.
    pub params: Vec<u8>,
    /// The buffers it reads, in the order of its bindings.
    pub reads: Vec<Proxy>,
    /// The buffers it writes, in the order of its bindings.
    pub writes: Vec<Proxy>,
    /// Workgroups along x, y and z.
    pub groups: [u32; 3],
}

/// All that is done to each frame of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Every buffer, by [`Proxy`].
    pub buffers: Vec<BufferSpec>,
    /// What is done, in order.
    pub ops: Vec<Op>,
    /// Bytes of a raw frame that comes in, without its tail.
    pub frame_bytes: usize,
    /// The same with its tail; its buffer is padded up to whole words.
    pub input_bytes: usize,
    /// What comes behind every frame.
    pub tail: Tail,
    /// Bytes of a frame that goes out; its buffer is padded up to whole words.
    pub output_bytes: usize,
    /// Where frames come in.
    pub input: Proxy,
    /// Where frames go out.
    pub output: Proxy,
    /// So many submissions after a frame went in, what comes out is that frame's picture: steps that look ahead wait.
    pub delay_frames: u32,
    /// Frames before and after it that a frame's picture depends on.
    pub context_frames: u32,
}

impl Recording {
    /// Its dispatches, in order.
    pub fn passes(&self) -> impl Iterator<Item = &Pass> {
        self.ops.iter().filter_map(|op| match op {
            Op::Pass(pass) => Some(pass),
            Op::Copy { .. } => None,
        })
    }

    /// Its dispatches, in order, to be changed.
    pub fn passes_mut(&mut self) -> impl Iterator<Item = &mut Pass> {
        self.ops.iter_mut().filter_map(|op| match op {
            Op::Pass(pass) => Some(pass),
            Op::Copy { .. } => None,
        })
    }

    /// The first `length` operations, with the buffer that the last of them wrote first as the output: what stands between
    /// two passes, to be looked at.
    ///
    /// # Panics
    /// When `length` is 0 or there are fewer operations.
    #[must_use]
    pub fn until(&self, length: usize) -> Self {
        let mut cut = self.clone();
        cut.ops.truncate(length);
        let last = self.ops[length - 1].writes()[0];
        if last != self.output {
            cut.buffers[self.output.0].role = Role::Scratch;
            cut.buffers[last.0].role = Role::Output;
            cut.output = last;
            cut.output_bytes = self.buffers[last.0].bytes as usize;
        }
        cut
    }

    /// Bytes that an operation binds, each buffer once, or reads and writes as a copy.
    #[must_use]
    pub fn op_bytes(&self, op: &Op) -> u64 {
        match op {
            Op::Pass(pass) => {
                let bound = pass.reads.iter().chain(&pass.writes).collect::<std::collections::BTreeSet<_>>();
                bound.into_iter().map(|proxy| self.buffers[proxy.0].bytes).sum()
            }
            Op::Copy { bytes, .. } => 2 * bytes,
        }
    }

    /// Bytes of all buffers that frames share on the device.
    #[must_use]
    pub fn device_bytes(&self) -> u64 {
        self.buffers.iter().map(|buffer| buffer.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::shaders::resample_down::Params;

    const LIMITS: DeviceLimits = DeviceLimits {
        binding_bytes_max: 128 << 20,
        buffer_bytes_max: 1 << 30,
        bindings_max: 8,
        groups_max: 65_535,
        group_invocations_max: 256,
        group_sides_max: [256, 256, 64],
    };

    /// A chain of passes over planes of one size, as far as buffers are concerned.
    fn chain(length: usize, samples: u64) -> Recording {
        let mut recorder = Recorder::new(samples as usize * 4);
        let table = recorder.table("table", &[1.0_f32]);
        let params = Params { width: 1, target_height: 1, taps: 1 };
        let mut plane = recorder.input();
        for _ in 0..length {
            let next = recorder.plane("plane", samples);
            recorder.grid(Shader::ResampleDown, &params, &[table, table, plane], &[next], (1, 1));
            plane = next;
        }
        recorder.finish(samples as usize * 4, |recorder, output| {
            recorder.grid(Shader::ResampleDown, &params, &[table, table, plane], &[output], (1, 1));
        })
    }

    #[test]
    fn a_long_chain_lives_in_two_scratch_buffers() {
        let recording = chain(9, 10);
        let scratch = recording.buffers.iter().filter(|buffer| buffer.role == Role::Scratch).count();
        assert_eq!(scratch, 2);
        for pass in recording.passes() {
            assert!(pass.reads.iter().all(|read| !pass.writes.contains(read)), "a pass reads what it writes");
        }
        let passes = recording.passes().collect::<Vec<_>>();
        for pair in passes.windows(2) {
            assert_eq!(pair[0].writes[0], pair[1].reads[2], "the chain is broken");
        }
    }

    #[test]
    fn histories_are_nobody_elses_and_copies_keep_their_buffers() {
        let mut recorder = Recorder::new(40);
        let history = recorder.history("last frame", 40);
        let (first, second) = (recorder.scratch("first", 40), recorder.scratch("second", 40));
        recorder.copy((history, 0), (first, 0), 40);
        recorder.copy((first, 0), (second, 0), 40);
        recorder.copy((recorder.input(), 0), (history, 0), 40);
        let third = recorder.scratch("third", 40);
        recorder.copy((second, 20), (third, 0), 20);
        recorder.copy((second, 0), (third, 20), 20);
        let recording = recorder.finish(40, |recorder, output| recorder.copy((third, 0), (output, 0), 40));
        let of = |role: &Role| recording.buffers.iter().filter(|buffer| buffer.role == *role).count();
        assert_eq!((of(&Role::History), of(&Role::Scratch)), (1, 2), "the third lies where the first was");
        let frames = [vec![1_u8; 40], vec![2; 40], vec![3; 40]];
        let out = crate::gpu::twins::run_frames(&recording, &frames);
        assert_eq!(out, [vec![0; 40], vec![1; 40], vec![2; 40]], "each frame comes out one late");
    }

    #[test]
    fn tables_of_the_same_bytes_are_one() {
        let mut recorder = Recorder::new(4);
        let bytes: Arc<[u8]> = Arc::from([1, 2, 3, 4]);
        let first = recorder.table_bytes("weights", &Table::new(Arc::clone(&bytes)));
        assert_eq!(first, recorder.table("others", &[u32::from_le_bytes([1, 2, 3, 4])]));
        assert_ne!(first, recorder.table("others", &[0_u32]));
        assert_eq!(Arc::strong_count(&bytes), 2, "the bytes are shared, not copied");
    }

    #[test]
    fn what_is_too_large_is_said_in_a_sentence() {
        let none = DeviceFeatures::default();
        assert_eq!(chain(1, 32 << 20).check(&LIMITS, &none), Ok(()));
        let error = chain(1, (32 << 20) + 1).check(&LIMITS, &none).expect_err("4 bytes too many");
        assert_eq!(
            error.to_string(),
            "the buffer `input frame` needs 129 MiB and this GPU takes at most 128 MiB in one buffer; render a smaller size or \
             use another GPU"
        );
        let few = DeviceLimits { bindings_max: 3, ..LIMITS };
        let error = chain(1, 1).check(&few, &none).expect_err("4 bindings");
        assert_eq!(error, ExceedsDevice::Bindings { pass: "resample_down", count: 4, limit: 3 });
        let narrow = DeviceLimits { group_invocations_max: 32, ..LIMITS };
        let error = chain(1, 1).check(&narrow, &none).expect_err("64 invocations");
        assert_eq!(error, ExceedsDevice::Group { pass: "resample_down", sides: [64, 1, 1] });
    }
}

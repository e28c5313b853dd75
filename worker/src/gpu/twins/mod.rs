//! CPU twins: what each pass computes, in plain loops that can be read next to its WGSL. They say what is right; the tests hold
//! every device to them.
//!
//! A twin is named like its shader and takes the same parameter block and the same buffers in the same order, those read and
//! those written. It visits every invocation that has something to do, in any order.

mod bench;
mod compose;
mod curves;
mod deband;
mod denoise;
mod ewa;
mod faces;
mod frame;
mod fsr;
mod grain;
pub mod half;
mod hash;
mod look;
mod net;
mod resample;
mod rgb;
mod scale;
mod sharpen;

use bytemuck::Pod;

use super::recording::{BufferSpec, Op, Pass, Recording, Role, WORD_BYTES};
use super::shaders::Shader;

pub(super) use self::hash::pcg3d;

/// The buffers of one pass as words.
struct Bound<'a> {
    reads: Vec<&'a [u32]>,
    writes: Vec<Vec<u32>>,
}

impl<'a> Bound<'a> {
    fn read<T: Pod>(&self, index: usize) -> &'a [T] {
        bytemuck::cast_slice(&self.reads[index][..whole_words::<T>(self.reads[index].len())])
    }

    /// All buffers read from `first` on, as the three planes of a picture.
    fn read_planes(&self, first: usize) -> [&'a [f32]; 3] {
        [self.read(first), self.read(first + 1), self.read(first + 2)]
    }
}

/// The words of as many whole values as there are: a buffer that serves several passes may be larger than what is in it.
fn whole_words<T>(words: usize) -> usize {
    words - words % (size_of::<T>() / size_of::<u32>()).max(1)
}

/// A written buffer as values.
fn values_mut<T: Pod>(words: &mut [u32]) -> &mut [T] {
    let whole = whole_words::<T>(words.len());
    bytemuck::cast_slice_mut(&mut words[..whole])
}

/// The written buffers as the three planes of a picture.
fn planes_mut(writes: &mut [Vec<u32>]) -> [&mut [f32]; 3] {
    match writes {
        [first, second, third] => {
            [bytemuck::cast_slice_mut(first), bytemuck::cast_slice_mut(second), bytemuck::cast_slice_mut(third)]
        }
        _ => unreachable!("the recorder holds a pass to the number of buffers that its shader declares"),
    }
}

/// Runs a whole recording on one raw frame, the first of its shot.
///
/// # Panics
/// When `frame` has another size than the recording's input: the twins are a measure for tests, not a way to render.
#[must_use]
pub fn run(recording: &Recording, frame: &[u8]) -> Vec<u8> {
    run_frames(recording, &[frame]).remove(0)
}

/// Runs a whole recording on the frames of a shot, numbered from 0: as many come out as go in, each as late as the recording
/// says.
///
/// # Panics
/// Like [`run`].
#[must_use]
pub fn run_frames(recording: &Recording, frames: &[impl AsRef<[u8]>]) -> Vec<Vec<u8>> {
    run_numbered(recording, frames, 0)
}

/// Like [`run_frames`], numbered from `first` on: a part of a shot.
///
/// # Panics
/// Like [`run`].
#[must_use]
pub fn run_numbered(recording: &Recording, frames: &[impl AsRef<[u8]>], first: i64) -> Vec<Vec<u8>> {
    let mut memory = memory(recording);
    let mut run = |(frame, number): (_, i64)| {
        run_frame(recording, &mut memory, AsRef::as_ref(frame), number);
        bytemuck::cast_slice::<u32, u8>(&memory[recording.output.0])[..recording.output_bytes].to_vec()
    };
    frames.iter().zip(first..).map(|(frame, number)| run((frame, number))).collect()
}

/// Runs a whole recording on one raw frame and gives every buffer as it stands at the end.
///
/// # Panics
/// Like [`run`].
#[must_use]
pub fn run_all(recording: &Recording, frame: &[u8]) -> Vec<Vec<u32>> {
    let mut memory = memory(recording);
    run_frame(recording, &mut memory, frame, 0);
    memory
}

/// Every buffer before the first frame.
fn memory(recording: &Recording) -> Vec<Vec<u32>> {
    let initial = |buffer: &BufferSpec| match &buffer.role {
        Role::Table(table) => words(table.bytes(), buffer.bytes),
        _ => vec![0; buffer.bytes as usize / size_of::<u32>()],
    };
    recording.buffers.iter().map(initial).collect()
}

fn words(bytes: &[u8], length: u64) -> Vec<u32> {
    let mut padded = bytes.to_vec();
    padded.resize(length as usize, 0);
    bytemuck::pod_collect_to_vec(&padded)
}

fn run_frame(recording: &Recording, memory: &mut [Vec<u32>], frame: &[u8], number: i64) {
    assert_eq!(frame.len(), recording.input_bytes, "a frame of the recording's input layout");
    for (buffer, memory) in recording.buffers.iter().zip(memory.iter_mut()) {
        match buffer.role {
            Role::Input => *memory = words(frame, buffer.bytes),
            Role::Guard => memory.fill(0),
            Role::FrameNumber => *memory = words(&number.to_le_bytes(), buffer.bytes),
            Role::Output | Role::Scratch | Role::History | Role::Table(_) => {}
        }
    }
    for op in &recording.ops {
        match op {
            Op::Pass(pass) => run_pass(pass, memory),
            Op::Copy { from, from_byte, to, to_byte, bytes } => {
                let word = |byte: u64| (byte / WORD_BYTES) as usize;
                let moved = memory[from.0][word(*from_byte)..word(from_byte + bytes)].to_vec();
                memory[to.0][word(*to_byte)..word(to_byte + bytes)].copy_from_slice(&moved);
            }
        }
    }
}

fn run_pass(pass: &Pass, memory: &mut [Vec<u32>]) {
    let writes = pass.writes.iter().map(|proxy| std::mem::take(&mut memory[proxy.0])).collect();
    let reads = pass.reads.iter().map(|proxy| memory[proxy.0].as_slice()).collect();
    let mut bound = Bound { reads, writes };
    match pass.shader {
        Shader::Unpack => frame::unpack(params(pass), &mut bound),
        Shader::Pack => frame::pack(params(pass), &mut bound),
        Shader::MoveBytes => frame::move_bytes(params(pass), &mut bound),
        Shader::ResampleAcross => resample::resample_across(params(pass), &mut bound),
        Shader::ResampleDown => resample::resample_down(params(pass), &mut bound),
        Shader::Scale => scale::scale(params(pass), &scale_constants(pass), &mut bound),
        Shader::Compose => compose::compose(params(pass), &mut bound),
        Shader::ToRgb => rgb::to_rgb(params(pass), &mut bound),
        Shader::FromRgb => rgb::from_rgb(params(pass), &mut bound),
        Shader::Ewa => ewa::ewa(params(pass), &ewa_constants(pass), &mut bound),
        Shader::Easu => fsr::easu(params(pass), &mut bound),
        Shader::Rcas => fsr::rcas(params(pass), &mut bound),
        Shader::BenchMatrix => bench::bench_matrix(params(pass), pass.groups[0], &mut bound),
        Shader::Denoise => denoise::denoise(params(pass), &mut bound),
        Shader::DenoiseMean => denoise::denoise_mean(params(pass), &mut bound),
        Shader::Deband => deband::deband(params(pass), &mut bound),
        Shader::Sharpen => sharpen::sharpen(params(pass), &mut bound),
        Shader::FaceInput => faces::face_input(params(pass), &mut bound),
        Shader::GrainField => grain::grain_field(params(pass), &mut bound),
        Shader::Grain => grain::grain(params(pass), &mut bound),
        Shader::BenchArithmetic | Shader::BenchArithmeticF16 => {
            bench::bench_arithmetic(params(pass), invocations(pass), pass.shader.facts().needs.f16, &mut bound);
        }
        _ => {
            let ran = look::run(pass, &mut bound) || net::run(pass, &mut bound);
            assert!(ran, "{} has no twin", pass.shader.facts().name);
        }
    }
    for (proxy, words) in pass.writes.iter().zip(bound.writes) {
        memory[proxy.0] = words;
    }
}

/// Invocations of a pass along x.
fn invocations(pass: &Pass) -> u32 {
    pass.groups[0] * pass.shader.facts().workgroup_with(&pass.constants)[0]
}

fn ewa_constants(pass: &Pass) -> ewa::Constants {
    ewa::Constants {
        antiring: constant(pass, "ANTIRING") != 0,
        curve: constant(pass, "CURVE"),
        block_width: constant(pass, "BLOCK_WIDTH"),
        shared_columns: constant(pass, "SHARED_COLUMNS"),
        shared_rows: constant(pass, "SHARED_ROWS"),
    }
}

fn scale_constants(pass: &Pass) -> scale::Constants {
    scale::Constants {
        source_bits: constant(pass, "SOURCE_BITS"),
        target_bits: constant(pass, "TARGET_BITS"),
        columns: constant(pass, "COLUMNS"),
        dither: constant(pass, "DITHER") != 0,
    }
}

/// A constant that the pass sets, as a whole number.
fn constant(pass: &Pass, name: &str) -> u32 {
    let set = pass.constants.iter().find(|(constant, _)| *constant == name).map(|(_, value)| *value as u32);
    let of_shader = || pass.shader.facts().overrides.iter().find(|over| over.name == name)?.default;
    set.or_else(|| of_shader().map(|value| value as u32)).expect("the recorder holds a pass to the constants of its shader")
}

fn params<T: Pod>(pass: &Pass) -> T {
    bytemuck::pod_read_unaligned(&pass.params)
}

//! CPU twins: what each pass computes, in plain loops that can be read next to its WGSL. They say what is right; the tests hold
//! every device to them.
//!
//! A twin is named like its shader and takes the same parameter block and the same buffers in the same order, those read and
//! those written. It visits every invocation that has something to do, in any order.

mod curves;
mod ewa;
mod frame;
mod fsr;
mod position;
mod resample;
mod rgb;

use bytemuck::Pod;

use super::recording::{Pass, Recording, Role};
use super::shaders::Shader;

/// The buffers of one pass as words.
struct Bound<'a> {
    reads: Vec<&'a [u32]>,
    writes: Vec<Vec<u32>>,
}

impl<'a> Bound<'a> {
    fn read<T: Pod>(&self, index: usize) -> &'a [T] {
        bytemuck::cast_slice(self.reads[index])
    }

    /// All buffers read from `first` on, as the three planes of a picture.
    fn read_planes(&self, first: usize) -> [&'a [f32]; 3] {
        [self.read(first), self.read(first + 1), self.read(first + 2)]
    }
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

/// Runs a whole recording on one raw frame.
///
/// # Panics
/// When `frame` has another size than the recording's input: the twins are a measure for tests, not a way to render.
#[must_use]
pub fn run(recording: &Recording, frame: &[u8]) -> Vec<u8> {
    let mut memory = run_all(recording, frame);
    let words = std::mem::take(&mut memory[recording.output.0]);
    bytemuck::cast_slice::<u32, u8>(&words)[..recording.output_bytes].to_vec()
}

/// Runs a whole recording on one raw frame and gives every buffer as it stands at the end.
///
/// # Panics
/// Like [`run`].
#[must_use]
pub fn run_all(recording: &Recording, frame: &[u8]) -> Vec<Vec<u32>> {
    assert_eq!(frame.len(), recording.input_bytes, "a frame of the recording's input layout");
    let words = |bytes: &[u8], length: u64| {
        let mut padded = bytes.to_vec();
        padded.resize(length as usize, 0);
        bytemuck::pod_collect_to_vec::<u8, u32>(&padded)
    };
    let mut memory = recording
        .buffers
        .iter()
        .map(|buffer| match &buffer.role {
            Role::Input => words(frame, buffer.bytes),
            Role::Table(bytes) => words(bytes, buffer.bytes),
            Role::Output | Role::Scratch => vec![0; buffer.bytes as usize / 4],
        })
        .collect::<Vec<_>>();
    for pass in &recording.passes {
        run_pass(pass, &mut memory);
    }
    memory
}

fn run_pass(pass: &Pass, memory: &mut [Vec<u32>]) {
    let writes = pass.writes.iter().map(|proxy| std::mem::take(&mut memory[proxy.0])).collect();
    let reads = pass.reads.iter().map(|proxy| memory[proxy.0].as_slice()).collect();
    let mut bound = Bound { reads, writes };
    match pass.shader {
        Shader::Unpack => frame::unpack(params(pass), &mut bound),
        Shader::Pack => frame::pack(params(pass), &mut bound),
        Shader::ResampleAcross => resample::resample_across(params(pass), &mut bound),
        Shader::ResampleDown => resample::resample_down(params(pass), &mut bound),
        Shader::ToRgb => rgb::to_rgb(params(pass), &mut bound),
        Shader::FromRgb => rgb::from_rgb(params(pass), &mut bound),
        Shader::Ewa => ewa::ewa(params(pass), &mut bound),
        Shader::Easu => fsr::easu(params(pass), &mut bound),
        Shader::Rcas => fsr::rcas(params(pass), &mut bound),
    }
    for (proxy, words) in pass.writes.iter().zip(bound.writes) {
        memory[proxy.0] = words;
    }
}

fn params<T: Pod>(pass: &Pass) -> T {
    bytemuck::pod_read_unaligned(&pass.params)
}

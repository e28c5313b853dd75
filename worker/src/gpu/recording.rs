//! A job's passes as data: which shader, which buffers, which parameters, how many workgroups. No device is known here.
//!
//! Invariants, kept by [`Recorder`]: a pass binds as many buffers as its shader declares, reads only what an earlier pass (or
//! the input, or a table) has written, and is never bound to one buffer both for reading and for writing.

use std::collections::{BTreeMap, BTreeSet};

use bytemuck::Pod;

use super::shaders::Shader;

/// Buffers are whole words: the shaders see them as arrays of 4-byte values.
const WORD_BYTES: u64 = 4;

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
    /// The raw frame that comes in.
    Input,
    /// The raw frame that goes out.
    Output,
    /// Values between two passes.
    Scratch,
    /// Bytes that stay the same for every frame.
    Table(Vec<u8>),
}

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

/// One dispatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Which program.
    pub shader: Shader,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Every buffer, by [`Proxy`].
    pub buffers: Vec<BufferSpec>,
    /// The dispatches in order.
    pub passes: Vec<Pass>,
    /// Bytes of a frame that comes in; its buffer is padded up to whole words.
    pub input_bytes: usize,
    /// Bytes of a frame that goes out; its buffer is padded up to whole words.
    pub output_bytes: usize,
    /// Where frames come in.
    pub input: Proxy,
    /// Where frames go out.
    pub output: Proxy,
}

/// What a device can bind and dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceLimits {
    /// Largest storage buffer that a pass may see.
    pub binding_bytes_max: u64,
    /// Largest buffer.
    pub buffer_bytes_max: u64,
    /// Storage buffers that one pass may see.
    pub bindings_max: u32,
    /// Workgroups along one axis.
    pub groups_max: u32,
}

/// Why a recording does not fit on a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExceedsDevice {
    /// A buffer is too large.
    #[error(
        "the buffer `{label}` needs {} MiB and this GPU takes at most {} MiB in one buffer; render a smaller size or use \
         another GPU", bytes.div_ceil(1 << 20), limit_bytes >> 20
    )]
    Buffer {
        /// Which buffer.
        label: String,
        /// Its size.
        bytes: u64,
        /// What the device takes.
        limit_bytes: u64,
    },
    /// A pass binds too many buffers.
    #[error("the pass `{pass}` uses {count} buffers at once and this GPU takes at most {limit}; use another GPU")]
    Bindings {
        /// Which pass.
        pass: &'static str,
        /// Its buffers.
        count: usize,
        /// What the device takes.
        limit: u32,
    },
    /// A pass has too many workgroups along one axis.
    #[error(
        "the pass `{pass}` needs {count} workgroups along one axis and this GPU takes at most {limit}; render a smaller size"
    )]
    Groups {
        /// Which pass.
        pass: &'static str,
        /// Its workgroups.
        count: u32,
        /// What the device takes.
        limit: u32,
    },
}

impl Recording {
    /// Whether a device can run it.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check(&self, limits: &DeviceLimits) -> Result<(), ExceedsDevice> {
        let limit_bytes = limits.binding_bytes_max.min(limits.buffer_bytes_max);
        if let Some(buffer) = self.buffers.iter().find(|buffer| buffer.bytes > limit_bytes) {
            return Err(ExceedsDevice::Buffer { label: buffer.label.clone(), bytes: buffer.bytes, limit_bytes });
        }
        for pass in &self.passes {
            let name = pass.shader.facts().name;
            let count = pass.reads.len() + pass.writes.len();
            if count > limits.bindings_max as usize {
                return Err(ExceedsDevice::Bindings { pass: name, count, limit: limits.bindings_max });
            }
            if let Some(&count) = pass.groups.iter().find(|&&count| count > limits.groups_max) {
                return Err(ExceedsDevice::Groups { pass: name, count, limit: limits.groups_max });
            }
        }
        Ok(())
    }

    /// Bytes of all buffers that frames share on the device.
    #[must_use]
    pub fn device_bytes(&self) -> u64 {
        self.buffers.iter().map(|buffer| buffer.bytes).sum()
    }

    /// The same work with scratch buffers used again once nothing reads them any more. Passes run one after the other, so a
    /// buffer is free from the pass after its last use on.
    #[must_use]
    pub fn share_scratch(mut self) -> Self {
        let mut last_use = vec![0; self.buffers.len()];
        for (index, pass) in self.passes.iter().enumerate() {
            for proxy in pass.reads.iter().chain(&pass.writes) {
                last_use[proxy.0] = index;
            }
        }
        let mut place = (0..self.buffers.len()).map(Proxy).collect::<Vec<_>>();
        let mut free: BTreeMap<u64, Vec<Proxy>> = BTreeMap::new();
        let mut placed = vec![false; self.buffers.len()];
        for (index, pass) in self.passes.iter().enumerate() {
            for proxy in &pass.writes {
                let spec = &self.buffers[proxy.0];
                if spec.role == Role::Scratch && !std::mem::replace(&mut placed[proxy.0], true) {
                    place[proxy.0] = free.get_mut(&spec.bytes).and_then(Vec::pop).unwrap_or(*proxy);
                }
            }
            let used = pass.reads.iter().chain(&pass.writes).collect::<BTreeSet<_>>();
            for proxy in used {
                let spec = &self.buffers[proxy.0];
                if spec.role == Role::Scratch && last_use[proxy.0] == index {
                    free.entry(spec.bytes).or_default().push(place[proxy.0]);
                }
            }
        }
        self.rename(&place);
        self
    }

    /// Puts each buffer in its place and drops those that no place names.
    fn rename(&mut self, place: &[Proxy]) {
        let mut kept: Vec<Option<Proxy>> = vec![None; self.buffers.len()];
        let mut buffers = Vec::new();
        for proxy in place {
            kept[proxy.0].get_or_insert_with(|| {
                buffers.push(self.buffers[proxy.0].clone());
                Proxy(buffers.len() - 1)
            });
        }
        let renamed = |proxy: Proxy| kept[place[proxy.0].0].expect("every place was kept in the loop above");
        for pass in &mut self.passes {
            for proxy in pass.reads.iter_mut().chain(&mut pass.writes) {
                *proxy = renamed(*proxy);
            }
        }
        (self.input, self.output) = (renamed(self.input), renamed(self.output));
        self.buffers = buffers;
    }
}

/// Writes a recording, pass by pass.
#[derive(Debug)]
pub(crate) struct Recorder {
    buffers: Vec<BufferSpec>,
    passes: Vec<Pass>,
    input: Proxy,
    input_bytes: usize,
}

impl Recorder {
    pub(crate) fn new(input_bytes: usize) -> Self {
        let mut recorder = Self { buffers: Vec::new(), passes: Vec::new(), input: Proxy(0), input_bytes };
        recorder.input = recorder.buffer("input frame", input_bytes as u64, Role::Input);
        recorder
    }

    pub(crate) fn input(&self) -> Proxy {
        self.input
    }

    fn buffer(&mut self, label: &str, bytes: u64, role: Role) -> Proxy {
        let bytes = bytes.next_multiple_of(WORD_BYTES).max(WORD_BYTES);
        self.buffers.push(BufferSpec { label: label.to_owned(), bytes, role });
        Proxy(self.buffers.len() - 1)
    }

    /// A buffer of one f32 for each sample.
    pub(crate) fn plane(&mut self, label: &str, samples: u64) -> Proxy {
        self.buffer(label, samples * WORD_BYTES, Role::Scratch)
    }

    /// A constant buffer; equal tables are kept once.
    pub(crate) fn table<T: Pod>(&mut self, label: &str, values: &[T]) -> Proxy {
        let role = Role::Table(bytemuck::cast_slice(values).to_vec());
        if let Some(index) = self.buffers.iter().position(|buffer| buffer.role == role) {
            return Proxy(index);
        }
        self.buffer(label, size_of_val(values) as u64, role)
    }

    /// A pass over a grid of `width` by `height` invocations.
    pub(crate) fn grid(&mut self, shader: Shader, params: &impl Pod, reads: &[Proxy], writes: &[Proxy], size: (u32, u32)) {
        let facts = shader.facts();
        let params = bytemuck::bytes_of(params).to_vec();
        assert_eq!((params.len(), reads.len(), writes.len()), (facts.params_bytes, facts.reads, facts.writes), "{}", facts.name);
        let groups = [size.0.div_ceil(facts.workgroup[0]), size.1.div_ceil(facts.workgroup[1]), 1];
        self.passes.push(Pass { shader, params, reads: reads.to_vec(), writes: writes.to_vec(), groups });
    }

    /// Ends the recording with the pass that `pack` records into the output buffer.
    pub(crate) fn finish(mut self, output_bytes: usize, pack: impl FnOnce(&mut Self, Proxy)) -> Recording {
        let output = self.buffer("output frame", output_bytes as u64, Role::Output);
        pack(&mut self, output);
        let Self { buffers, passes, input, input_bytes } = self;
        Recording { buffers, passes, input_bytes, output_bytes, input, output }.share_scratch()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::shaders::resample_down::Params;

    const LIMITS: DeviceLimits =
        DeviceLimits { binding_bytes_max: 128 << 20, buffer_bytes_max: 1 << 30, bindings_max: 8, groups_max: 65_535 };

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
        for pass in &recording.passes {
            assert!(pass.reads.iter().all(|read| !pass.writes.contains(read)), "a pass reads what it writes");
        }
        for pair in recording.passes.windows(2) {
            assert_eq!(pair[0].writes[0], pair[1].reads[2], "the chain is broken");
        }
    }

    #[test]
    fn what_is_too_large_is_said_in_a_sentence() {
        assert_eq!(chain(1, 32 << 20).check(&LIMITS), Ok(()));
        let error = chain(1, (32 << 20) + 1).check(&LIMITS).expect_err("4 bytes too many");
        assert_eq!(
            error.to_string(),
            "the buffer `input frame` needs 129 MiB and this GPU takes at most 128 MiB in one buffer; render a smaller size or \
             use another GPU"
        );
        let few = DeviceLimits { bindings_max: 3, ..LIMITS };
        let error = chain(1, 1).check(&few).expect_err("4 bindings");
        assert_eq!(error, ExceedsDevice::Bindings { pass: "resample_down", count: 4, limit: 3 });
    }
}

//! A network as GPU passes: from a [`Shaped`] to operations of a recording, in which it stands between other steps of a frame.
//!
//! ```text
//! Shaped --fuse::plan--> steps --Writer--> passes of a Recording
//!                                  \-- place: where values lie; choice: which kernel a convolution gets
//! ```
//!
//! Invariants: a pass never reads the buffer that it writes; all f32 kernels of an operator give equal bits, so which of them
//! is chosen changes no picture, however a job is split. With f16 every value is rounded to f16 between passes and sums are still
//! f32, so that a choice among those kernels changes nothing there either. The matrix kernel sums in another order: a device
//! that has once found it quicker for a class of work keeps to it (`tune`), so all its frames are made alike; but two
//! devices of different kinds, or f16 on one and f32 on the other, may differ in the last code of a sample.

mod arrange;
mod choice;
mod conv;
mod elementwise;
mod fuse;
mod homes;
mod pictures;
mod place;
mod reduce;
mod supported;
mod tile;

use std::collections::BTreeMap;

use super::shaped::{Shaped, TensorOp};
use crate::gpu::passes::line_grid;
use crate::gpu::recording::{Proxy, Recorder, Recording};
use crate::gpu::shaders::{Shader, net_load, net_save};
use crate::gpu::twins::half;
use fuse::{Step, Work, plan};
use place::Writer;

pub use choice::{ConvClass, ConvKernel, Kernels};
pub(crate) use place::Blocks;
pub use place::Tables;
pub use supported::{Unsupported, runnable, supported};
pub(crate) use tile::{Tile, record_tiles, spans};
pub use tile::{Tiling, Untileable, memory};

/// What values are stored as between two passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Real {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits: half the memory and its traffic, ten bits of fraction.
    F16,
}

impl Real {
    /// Bytes of one element.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }

    /// The element type that a network is run in where this one is wanted. A network that takes samples where it computes them to
    /// lie runs in f32: a place rounded to f16 is another place.
    #[must_use]
    pub fn suits(self, net: &Shaped) -> Self {
        let samples = net.nodes().iter().any(|node| matches!(node.op, TensorOp::GridSample { .. } | TensorOp::Warp));
        if samples { Self::F32 } else { self }
    }

    /// The variant of a shader for this element type.
    fn of(self, f32: Shader, f16: Shader) -> Shader {
        match self {
            Self::F32 => f32,
            Self::F16 => f16,
        }
    }

    /// Numbers as the device stores them.
    fn encode(self, values: &[f32]) -> Vec<u8> {
        match self {
            Self::F32 => bytemuck::cast_slice(values).to_vec(),
            Self::F16 => values.iter().flat_map(|value| half::from_f32(*value).to_le_bytes()).collect(),
        }
    }
}

/// How a network is recorded.
#[derive(Clone, Debug)]
pub struct Options {
    /// What values are stored as.
    pub real: Real,
    /// Whether neighbouring operators become one pass where they can. False only to compare.
    pub join: bool,
    /// Which kernel each convolution gets.
    pub kernels: Kernels,
}

impl Default for Options {
    fn default() -> Self {
        Self { real: Real::F32, join: true, kernels: Kernels::default() }
    }
}

/// What lies beyond the ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outside {
    Constant,
    Reflect,
    Edge,
    Wrap,
}

/// An input's buffer must be a multiple of so many bytes: passes read four elements at once.
pub const INPUT_BYTES: usize = 16;

/// Records a network: one buffer of f32 in plain order, padded to [`INPUT_BYTES`], for each of [`Shaped::inputs`]; gives the
/// same for each of its outputs.
///
/// The network must be one that [`supported`] takes.
///
/// # Panics
/// When there are not as many inputs as the network has.
pub fn record(net: &Shaped, recorder: &mut Recorder, inputs: &[Proxy], options: &Options, tables: &mut Tables) -> Vec<Proxy> {
    assert_eq!(inputs.len(), net.inputs().len(), "one buffer for each input");
    let mut writer = Writer::new(net, recorder, options, tables);
    for (port, input) in net.inputs().iter().zip(inputs) {
        writer.load(port.value, *input);
    }
    writer.run();
    net.outputs().iter().map(|port| writer.save(port.value)).collect()
}

/// A network as a recording of its own: the elements of all inputs, f32 in plain order one input after the other, are the frame
/// that goes in; those of all outputs are the frame that comes out.
#[must_use]
pub fn recording(net: &Shaped, options: &Options, tables: &mut Tables) -> Recording {
    let bytes = |ports: &[super::Port]| ports.iter().map(|port| net.elements(port.value) * size_of::<f32>()).collect::<Vec<_>>();
    let (inputs, outputs) = (bytes(net.inputs()), bytes(net.outputs()));
    let mut recorder = Recorder::new(inputs.iter().sum());
    let (frame, mut begin) = (recorder.input(), 0);
    let buffers = inputs.iter().zip(net.inputs()).map(|(bytes, port)| {
        let buffer = recorder.scratch(&port.name, bytes.next_multiple_of(INPUT_BYTES) as u64);
        recorder.copy((frame, begin), (buffer, 0), *bytes as u64);
        begin += *bytes as u64;
        buffer
    });
    let buffers = buffers.collect::<Vec<_>>();
    let made = record(net, &mut recorder, &buffers, options, tables);
    recorder.finish(outputs.iter().sum(), |recorder, frame| {
        let mut begin = 0;
        for (buffer, bytes) in made.iter().zip(&outputs) {
            recorder.copy((*buffer, 0), (frame, begin), *bytes as u64);
            begin += *bytes as u64;
        }
    })
}

/// The kinds of convolution in a network that several kernels can do.
pub(super) fn conv_classes(net: &Shaped) -> Vec<ConvClass> {
    let steps = plan(net, true);
    let classes = steps.iter().filter_map(|step| match &step.work {
        Work::Conv { source, step } => conv::class(step, net.shape(*source)[1]),
        Work::Chain(_) | Work::Tensor { .. } => None,
    });
    let classes = classes.collect::<std::collections::BTreeSet<_>>();
    classes.into_iter().collect()
}

impl<'a> Writer<'a> {
    fn new(net: &'a Shaped, recorder: &'a mut Recorder, options: &'a Options, tables: &'a mut Tables) -> Self {
        Self { net, recorder, options, tables, held: BTreeMap::new(), homes: BTreeMap::new() }
    }

    fn run(&mut self) {
        let steps = plan(self.net, self.options.join);
        if self.options.join {
            self.homes = homes::homes(self.net, &steps);
        }
        for step in &steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        match &step.work {
            Work::Conv { source, step: conv } => self.conv(conv, *source, step.output),
            Work::Chain(chain) => self.chain(chain, step.output),
            Work::Tensor { op, inputs } => self.tensor(op, inputs, step.output),
        }
    }

    fn tensor(&mut self, op: &TensorOp, inputs: &[super::ValueId], output: super::ValueId) {
        match op {
            TensorOp::DepthToSpace { .. } | TensorOp::SpaceToDepth { .. } => self.shuffle(op, inputs[0], output),
            TensorOp::Resize { interpolation, coordinates, scale } => {
                self.resize((*interpolation, *coordinates, *scale), inputs[0], output);
            }
            TensorOp::GridSample { .. } | TensorOp::Warp => self.sample(op, inputs, output),
            TensorOp::MaxPool(pool) => self.pool(pool, true, inputs[0], output),
            TensorOp::AveragePool(pool) => self.pool(pool, false, inputs[0], output),
            TensorOp::Concat { axis } => self.concat(*axis, inputs, output),
            TensorOp::Slice { .. } | TensorOp::Pad { .. } | TensorOp::Transpose { .. } | TensorOp::Expand => {
                self.arrange(op, inputs[0], output);
            }
            TensorOp::Reshape => {
                let plain = self.plain(inputs[0]);
                self.hold_plain(output, plain);
            }
            TensorOp::Reduce { reduction, axes } => self.reduce(*reduction, axes, inputs[0], output),
            TensorOp::MatMul => self.matmul(inputs, output),
            TensorOp::Softmax { axis } => self.softmax(*axis, inputs[0], output),
            TensorOp::InstanceNorm { epsilon } => self.instance_norm(*epsilon, inputs, output),
            TensorOp::Conv(_)
            | TensorOp::ConvTranspose(_)
            | TensorOp::Unary(_)
            | TensorOp::Clip { .. }
            | TensorOp::PRelu
            | TensorOp::Binary(_) => unreachable!("the plan makes convolutions and chains of these"),
        }
    }

    /// Takes an input as the f32 that it comes in.
    fn load(&mut self, value: super::ValueId, input: Proxy) {
        if self.real() == Real::F32 {
            return self.hold_plain(value, input);
        }
        let count = self.net.elements(value);
        let plain = self.new_plain(value);
        let (stride, size) = line_grid(Shader::NetLoad, count as u64);
        let params = net_load::Params { count: count as u32, stride };
        self.recorder.grid(Shader::NetLoad, &params, &[input], &[plain], size);
    }

    /// An output as f32 in a buffer of its own.
    fn save(&mut self, value: super::ValueId) -> Proxy {
        let count = self.net.elements(value);
        let plain = self.plain(value);
        let program = self.real().of(Shader::NetSave, Shader::NetSaveF16);
        let (stride, size) = line_grid(program, count as u64);
        let saved = self.recorder.plane(self.net.value_name(value), count as u64);
        self.recorder.grid(program, &net_save::Params { count: count as u32, stride }, &[plain], &[saved], size);
        saved
    }
}

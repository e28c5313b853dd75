//! What the kernels of networks are checked with: small networks that together reach every one of them.

use std::sync::Arc;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::media::{Extent, FrameLayout};
use shotfarm_shared::model::ModelRef;
use shotfarm_shared::recipe::{Filter, Step, Target, Upscale};

use super::list::Check;
use crate::gpu::recording::{Recorder, Recording};
use crate::gpu::{Executor, Means, RecordError, record_for, unpack_luma};
use crate::net::op::{ChannelOrder, Conv, ConvTranspose, Coordinates, Interpolation, Padding, Pool, Window};
use crate::net::passes::{ConvKernel, Kernels, Options, Real, Tables, record as record_network};
use crate::net::{Dim, Input, Models, Network, Node, Op, Port, Tensor, ValueId, families};

/// Size of the weights: sums of some ten terms stay about 1.
const WEIGHT: f32 = 0.3;

/// Every kernel of networks, in both element types.
///
/// # Errors
/// When the list itself is at fault.
pub(super) fn checks(layout: &FrameLayout) -> Result<Vec<Check>, RecordError> {
    let mut checks = Vec::new();
    for real in [Real::F32, Real::F16] {
        for kernel in ConvKernel::ALL.into_iter().filter(|kernel| *kernel != ConvKernel::Matrix || real == Real::F16) {
            let options = Options { real, kernels: Kernels::forced(kernel), ..Options::default() };
            let name = format!("a network of {} kernels in {}", kernel.name(), real.name());
            let sketch = if kernel == ConvKernel::Plain { every_operator() } else { convolution() };
            checks.push(Check { name, recording: alone(&sketch, layout, &options) });
        }
        let executor = Executor { options: Options { real, ..Options::default() }, ..Executor::default() };
        checks.push(Check { name: format!("an upscaler in {}", real.name()), recording: upscaler(layout, &executor)? });
    }
    Ok(checks)
}

/// A network fed with the frame's luma; its results are all that comes out.
fn alone(network: &Network, layout: &FrameLayout, options: &Options) -> Recording {
    let shape = [1, 1, layout.extent.height as usize, layout.extent.width as usize];
    let shaped = network.at(&[("luma", &shape)]).expect("the networks below hold together: a test runs them");
    let bytes = shaped.elements(shaped.outputs()[0].value) * size_of::<f32>();
    let mut recorder = Recorder::new(layout.frame_bytes());
    let luma = unpack_luma(&mut recorder, layout);
    let made = record_network(&shaped, &mut recorder, &[luma], options, &mut Tables::default());
    recorder.finish(bytes, |recorder, frame| recorder.copy((made[0], 0), (frame, 0), bytes as u64))
}

/// A step with a network of three channels.
fn upscaler(layout: &FrameLayout, executor: &Executor) -> Result<Recording, RecordError> {
    let file = families::srvgg(4, 1, 2, 1);
    let network = Network::read(&file, None).expect("the families are written by the reader's own messages");
    let digest = Digest::of(&file);
    let model = ModelRef { name: "check".parse().expect("a plain word"), digest: Some(digest) };
    let target = Target::Factor { thousandths: 2_000 };
    let step = Upscale { target, model: Some(model), filter: Filter::LANCZOS, check_hundredths: None };
    let output = FrameLayout { extent: Extent::new(layout.extent.width * 2, layout.extent.height * 2), ..layout.clone() };
    let models = Models::from([(digest, Arc::new(network))]);
    record_for(&[Step::Upscale(step)], layout, &output, Means::new(&models, executor))
}

/// A network that is being put together.
struct Sketch(Network);

impl Sketch {
    /// One that sees luma.
    fn new() -> (Self, ValueId) {
        let shape = Some(["batch", "channels", "height", "width"].map(|name| Dim::Free(name.to_owned())).to_vec());
        let input = Input { name: "luma".to_owned(), value: ValueId(0), shape };
        let network = Network {
            name: "check".to_owned(),
            inputs: vec![input],
            outputs: Vec::new(),
            nodes: Vec::new(),
            values: vec!["luma".to_owned()],
            constants: std::collections::BTreeMap::new(),
        };
        (Self(network), ValueId(0))
    }

    fn value(&mut self) -> ValueId {
        let value = ValueId(self.0.values.len() as u32);
        self.0.values.push(format!("value {}", value.0));
        value
    }

    fn known(&mut self, tensor: Tensor) -> ValueId {
        let value = self.value();
        self.0.constants.insert(value, tensor);
        value
    }

    /// Weights of every size between -WEIGHT and WEIGHT.
    fn weights(&mut self, shape: &[usize]) -> ValueId {
        let count = shape.iter().product::<usize>();
        let data = (0..count).map(|at| ((at * 37 % 101) as f32 / 50.0 - 1.0) * WEIGHT).collect::<Vec<_>>();
        self.known(Tensor::f32(shape.to_vec(), data))
    }

    fn node(&mut self, op: Op, inputs: &[ValueId]) -> ValueId {
        let output = self.value();
        let name = format!("node {}", self.0.nodes.len());
        self.0.nodes.push(Node { name, op, inputs: inputs.iter().copied().map(Some).collect(), outputs: vec![output] });
        output
    }

    fn conv(&mut self, from: ValueId, [out, channels, kernel, groups]: [usize; 4]) -> ValueId {
        let (weight, bias) = (self.weights(&[out, channels / groups, kernel, kernel]), self.weights(&[out]));
        self.node(Op::Conv(Conv { window: window(1, kernel / 2), groups }), &[from, weight, bias])
    }

    fn finish(mut self, value: ValueId) -> Network {
        self.0.outputs.push(Port { name: "out".to_owned(), value });
        self.0
    }
}

fn window(stride: usize, pad: usize) -> Window {
    Window { stride: [stride; 2], dilation: [1; 2], padding: Padding::Explicit { begin: [pad; 2], end: [pad; 2] } }
}

fn convolution() -> Network {
    let (mut sketch, luma) = Sketch::new();
    let features = sketch.conv(luma, [8, 1, 3, 1]);
    let features = sketch.conv(features, [12, 8, 3, 1]);
    sketch.finish(features)
}

/// One network through every kernel but those for special convolutions.
fn every_operator() -> Network {
    let (mut sketch, luma) = Sketch::new();
    let features = sketch.conv(luma, [8, 1, 3, 1]);
    let pooled = Pool { kernel: [3; 2], window: window(2, 1), ceil_mode: false, count_padding: false };
    let small = sketch.node(Op::MaxPool(pooled), &[features]);
    let small = sketch.conv(small, [8, 8, 3, 8]);
    let weight = sketch.weights(&[8, 8, 2, 2]);
    let transposed = ConvTranspose { window: window(2, 0), output_padding: [0; 2], output_size: None, groups: 1 };
    let large = sketch.node(Op::ConvTranspose(transposed), &[small, weight]);
    let joined = sketch.node(Op::Binary(crate::net::op::Binary::Add), &[large, features]);
    let mean = sketch.node(Op::GlobalAveragePool, &[joined]);
    let scaled = sketch.node(Op::Binary(crate::net::op::Binary::Mul), &[joined, mean]);
    let shuffled = sketch.node(Op::DepthToSpace { block: 2, order: ChannelOrder::Crd }, &[scaled]);
    let scales = sketch.known(Tensor::f32(vec![4], vec![1.0, 1.0, 0.5, 0.5]));
    let linear =
        Op::Resize { interpolation: Interpolation::Linear, coordinates: Coordinates::HalfPixel, axes: vec![], scales_at: 1 };
    let resized = sketch.node(linear, &[shuffled, scales]);
    let warped = sketch.node(Op::Warp, &[scaled, resized]);
    let rows = sketch.node(Op::Transpose { permutation: vec![0, 2, 3, 1] }, &[warped]);
    let matrix = sketch.weights(&[8, 6]);
    let products = sketch.node(Op::MatMul, &[rows, matrix]);
    let chances = sketch.node(Op::Softmax { axis: 3, flatten: false }, &[products]);
    sketch.finish(chances)
}

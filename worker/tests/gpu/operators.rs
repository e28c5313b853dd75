//! Every operator of a network on the software device and by the twins of its passes, held to the CPU reference.

use shotfarm_worker::gpu::recording::Recording;
use shotfarm_worker::gpu::{Gpu, Graph, twins};
use shotfarm_worker::net::op::*;
use shotfarm_worker::net::passes::{ConvKernel, Kernels, Options, Real, Tables, recording, supported};
use shotfarm_worker::net::{Dim, Input, Network, Node, Op, Port, Shaped, Tensor, ValueId, reference};

use crate::common::software_gpu;

/// Largest difference to the reference, for values of about 1: each kernel sums in f32 what the reference sums in f64.
const APART_F32: f32 = 1e-4;
/// The same with values rounded to f16 on the way in and out.
const APART_F16: f32 = 2e-3;

/// An operand of the operator under test.
pub(crate) enum Operand {
    Fed(Vec<usize>),
    Known(Tensor),
    Absent,
}

use Operand::{Absent, Fed, Known};

/// Numbers between -1 and 1, the same for the same seed (Marsaglia's xorshift).
pub(crate) fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

fn random(shape: &[usize], seed: u32) -> Operand {
    Known(Tensor::f32(shape.to_vec(), numbers(shape.iter().product(), seed)))
}

fn list(values: &[i64]) -> Operand {
    Known(Tensor::list(values))
}

/// A network of one operator.
pub(crate) fn network(op: Op, operands: Vec<Operand>, outputs: usize) -> Network {
    let mut net = Network {
        name: "test".to_owned(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        nodes: Vec::new(),
        values: Vec::new(),
        constants: Default::default(),
    };
    let mut inputs = Vec::new();
    for operand in operands {
        let value = ValueId(net.values.len() as u32);
        let name = format!("v{}", value.0);
        match operand {
            Absent => {
                inputs.push(None);
                continue;
            }
            Fed(shape) => {
                let shape = Some(shape.iter().map(|size| Dim::Fixed(*size as u64)).collect());
                net.inputs.push(Input { name: name.clone(), value, shape });
            }
            Known(tensor) => {
                net.constants.insert(value, tensor);
            }
        }
        net.values.push(name);
        inputs.push(Some(value));
    }
    let made = (0..outputs).map(|_| {
        net.values.push(format!("v{}", net.values.len()));
        ValueId(net.values.len() as u32 - 1)
    });
    let made = made.collect::<Vec<_>>();
    net.outputs = made.iter().map(|value| Port { name: format!("out{}", value.0), value: *value }).collect();
    net.nodes.push(Node { name: "under test".to_owned(), op, inputs, outputs: made });
    net
}

pub(crate) fn shaped(net: &Network) -> Shaped {
    let shapes = net
        .inputs
        .iter()
        .map(|input| {
            let sizes = input.shape.iter().flatten().map(|dim| match dim {
                Dim::Fixed(size) => *size as usize,
                Dim::Free(_) => unreachable!("tests fix their shapes"),
            });
            (input.name.as_str(), sizes.collect::<Vec<_>>())
        })
        .collect::<Vec<_>>();
    let sizes = shapes.iter().map(|(name, shape)| (*name, shape.as_slice())).collect::<Vec<_>>();
    let shaped = net.at(&sizes).unwrap_or_else(|error| panic!("{error}"));
    supported(&shaped).unwrap_or_else(|error| panic!("{error}"));
    shaped
}

pub(crate) fn fed(net: &Shaped, seed: u32) -> Vec<Vec<f32>> {
    net.inputs().iter().zip(seed..).map(|(port, seed)| numbers(net.elements(port.value), seed)).collect()
}

/// A network on a device: inputs to outputs, each a list of all elements one after the other.
pub(crate) fn on_device(gpu: &Gpu, recording: &Recording, inputs: &[Vec<f32>]) -> Vec<f32> {
    let mut graph = Graph::new(gpu, recording).unwrap_or_else(|error| panic!("{error}"));
    let mut out = Vec::new();
    let frame = inputs.concat();
    graph.submit(bytemuck::cast_slice(&frame), 0).and_then(|()| graph.next(&mut out)).unwrap_or_else(|error| panic!("{error}"));
    bytemuck::pod_collect_to_vec(&out)
}

fn by_twins(recording: &Recording, inputs: &[Vec<f32>]) -> Vec<f32> {
    bytemuck::pod_collect_to_vec(&twins::run(recording, bytemuck::cast_slice(&inputs.concat())))
}

fn by_reference(net: &Shaped, inputs: &[Vec<f32>]) -> Vec<f32> {
    let inputs = inputs.iter().map(Vec::as_slice).collect::<Vec<_>>();
    reference::run(net, &inputs).unwrap_or_else(|error| panic!("{error}")).concat()
}

/// Holds `got` to `expected` within `apart` times the larger of 1 and the largest value expected.
pub(crate) fn hold(what: &str, got: &[f32], expected: &[f32], apart: f32) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
    let worst = got.iter().zip(expected).enumerate().map(|(place, (got, expected))| ((got - expected).abs(), place));
    let (worst, place) = worst.fold((0.0, 0), |most, next| if next.0 > most.0 || next.0.is_nan() { next } else { most });
    assert!(worst <= apart * scale, "{what}: element {place} is {} and not {}", got[place], expected[place]);
}

fn check(gpu: &Gpu, what: &str, net: &Network) {
    let net = shaped(net);
    let inputs = fed(&net, 7);
    let expected = by_reference(&net, &inputs);
    for (real, apart) in [(Real::F32, APART_F32), (Real::F16, APART_F16)] {
        let options = Options { real, ..Options::default() };
        let recording = recording(&net, &options, &mut Tables::default());
        hold(&format!("{what} by twins in {real:?}"), &by_twins(&recording, &inputs), &expected, apart);
        hold(&format!("{what} on the device in {real:?}"), &on_device(gpu, &recording, &inputs), &expected, apart);
    }
}

fn window(stride: usize, pad: usize, dilation: usize) -> Window {
    let padding = Padding::Explicit { begin: [pad; 2], end: [pad; 2] };
    Window { stride: [stride; 2], dilation: [dilation; 2], padding }
}

fn conv([kernel, stride, pad, dilation]: [usize; 4], [channels, out, groups]: [usize; 3], size: [usize; 3]) -> Network {
    let op = Op::Conv(Conv { window: window(stride, pad, dilation), groups });
    let weight = random(&[out, channels / groups, kernel, kernel], 3);
    network(op, vec![Fed(vec![size[0], channels, size[1], size[2]]), weight, random(&[out], 5)], 1)
}

#[test]
fn convolutions() {
    let gpu = software_gpu();
    for (window, channels, size) in [
        ([3, 1, 1, 1], [3, 5, 1], [1, 7, 9]),
        ([3, 1, 1, 1], [8, 12, 1], [2, 6, 19]),
        ([3, 1, 0, 1], [4, 4, 1], [1, 5, 6]),
        ([1, 1, 0, 1], [6, 9, 1], [1, 4, 5]),
        ([3, 2, 1, 1], [5, 8, 1], [1, 9, 8]),
        ([5, 1, 2, 1], [2, 3, 1], [1, 6, 7]),
        ([3, 1, 2, 2], [4, 4, 1], [1, 9, 9]),
        ([3, 1, 1, 1], [6, 6, 6], [1, 5, 7]),
        ([3, 2, 1, 1], [9, 9, 9], [2, 7, 8]),
        ([3, 1, 1, 1], [16, 16, 2], [1, 5, 6]),
        ([3, 1, 1, 1], [6, 4, 2], [1, 5, 6]),
        ([2, 2, 0, 1], [3, 4, 1], [1, 6, 8]),
    ] {
        check(&gpu, &format!("conv {window:?} {channels:?} {size:?}"), &conv(window, channels, size));
    }
}

#[test]
fn transposed_convolutions() {
    let gpu = software_gpu();
    for ([kernel, stride, pad, extra], [channels, out, groups], [rows, columns]) in [
        ([2, 2, 0, 0], [5, 6, 1], [4, 5]),
        ([4, 2, 1, 0], [8, 3, 1], [3, 4]),
        ([3, 2, 1, 1], [4, 4, 2], [4, 3]),
        ([3, 1, 1, 0], [3, 5, 1], [5, 5]),
    ] {
        let op = ConvTranspose { window: window(stride, pad, 1), output_padding: [extra; 2], output_size: None, groups };
        let weight = random(&[channels, out / groups, kernel, kernel], 3);
        let net = network(Op::ConvTranspose(op), vec![Fed(vec![1, channels, rows, columns]), weight, random(&[out], 4)], 1);
        check(&gpu, &format!("transposed {kernel} {stride} {pad} {channels} {out} {groups}"), &net);
    }
}

/// The promise that the choice of kernels rests on.
#[test]
fn every_kernel_gives_the_same_bits() {
    let gpu = software_gpu();
    for (window, channels, size) in [([3, 1, 1, 1], [12, 20, 1], [1, 9, 21]), ([3, 1, 1, 1], [3, 5, 1], [2, 5, 7])] {
        let net = shaped(&conv(window, channels, size));
        let inputs = fed(&net, 11);
        for real in [Real::F32, Real::F16] {
            let all = ConvKernel::EQUAL.map(|kernel| {
                let options = Options { real, kernels: Kernels::forced(kernel), ..Options::default() };
                on_device(&gpu, &recording(&net, &options, &mut Tables::default()), &inputs)
            });
            let bits = all.map(|values| values.into_iter().map(f32::to_bits).collect::<Vec<_>>());
            for (kernel, got) in ConvKernel::EQUAL.iter().zip(&bits) {
                assert!(*got == bits[0], "{kernel:?} in {real:?} differs from the plain kernel");
            }
        }
    }
}

#[test]
fn element_wise_functions() {
    let gpu = software_gpu();
    let signed = [
        Unary::Relu,
        Unary::LeakyRelu { alpha: 0.2 },
        Unary::Elu { alpha: 0.7 },
        Unary::Sigmoid,
        Unary::HardSigmoid { alpha: 0.2, beta: 0.5 },
        Unary::HardSwish { alpha: 1.0 / 6.0, beta: 0.5 },
        Unary::Silu,
        Unary::Gelu,
        Unary::GeluTanh,
        Unary::Mish,
        Unary::Softplus,
        Unary::Softsign,
        Unary::Tanh,
        Unary::Sin,
        Unary::Cos,
        Unary::Exp,
        Unary::Neg,
        Unary::Abs,
        Unary::Sign,
        Unary::Erf,
    ];
    for function in signed {
        check(&gpu, &format!("{function:?}"), &network(Op::Unary(function), vec![Fed(vec![1, 5, 3, 4])], 1));
    }
    let clip = vec![Fed(vec![2, 7]), Known(Tensor::f32(vec![], vec![-0.25])), Known(Tensor::f32(vec![], vec![0.5]))];
    check(&gpu, "clip", &network(Op::Clip, clip, 1));
    let slopes = vec![Fed(vec![1, 5, 3, 4]), random(&[5, 1, 1], 3)];
    check(&gpu, "prelu", &network(Op::PRelu, slopes, 1));
}

/// What is only defined on part of the numbers, or jumps, is fed what it can take.
#[test]
fn functions_of_positive_numbers() {
    let gpu = software_gpu();
    for function in [Unary::Log, Unary::Sqrt, Unary::Reciprocal] {
        let mut net = network(Op::Binary(Binary::Add), vec![Fed(vec![1, 3, 2, 5]), Known(Tensor::f32(vec![], vec![2.0]))], 1);
        follow(&mut net, Op::Unary(function), vec![]);
        check(&gpu, &format!("{function:?}"), &net);
    }
    for function in [Unary::Floor, Unary::Ceil, Unary::Round] {
        // Multiples of a quarter, exact in f16 too.
        let net = shaped(&network(Op::Unary(function), vec![Fed(vec![1, 3, 4, 8])], 1));
        let inputs = vec![(0..96).map(|place| (place as f32 - 48.0) / 4.0).collect::<Vec<_>>()];
        for real in [Real::F32, Real::F16] {
            let options = Options { real, ..Options::default() };
            let recording = recording(&net, &options, &mut Tables::default());
            assert_eq!(on_device(&gpu, &recording, &inputs), by_reference(&net, &inputs), "{function:?}");
        }
    }
}

/// Puts an operator behind a network's first output; `known` are its operands beside that.
pub(crate) fn follow(net: &mut Network, op: Op, known: Vec<Operand>) {
    let mut inputs = vec![Some(net.outputs[0].value)];
    for operand in known {
        let value = ValueId(net.values.len() as u32);
        match operand {
            Known(tensor) => {
                net.values.push(format!("v{}", value.0));
                net.constants.insert(value, tensor);
                inputs.push(Some(value));
            }
            Absent => inputs.push(None),
            Fed(_) => unreachable!("operators that follow are fed constants"),
        }
    }
    let value = ValueId(net.values.len() as u32);
    net.values.push(format!("v{}", value.0));
    let name = format!("node {}", net.nodes.len());
    net.nodes.push(Node { name, op, inputs, outputs: vec![value] });
    net.outputs[0].value = value;
}

#[test]
fn arithmetic_with_every_way_of_spreading() {
    let gpu = software_gpu();
    let whole = [1, 6, 3, 4];
    for (second, what) in [
        (Fed(whole.to_vec()), "whole"),
        (random(&[6, 1, 1], 9), "channels"),
        (Fed(vec![1, 6, 1, 1]), "computed channels"),
        (Fed(vec![1, 1, 3, 4]), "pixels"),
        (Fed(vec![1, 1, 1, 4]), "columns"),
        (Known(Tensor::f32(vec![], vec![0.75])), "one"),
        (Fed(vec![1]), "computed one"),
    ] {
        let net = network(Op::Binary(Binary::Sub), vec![Fed(whole.to_vec()), second], 1);
        check(&gpu, &format!("subtraction, {what}"), &net);
    }
    for op in [Binary::Add, Binary::Mul, Binary::Min, Binary::Max] {
        let net = network(Op::Binary(op), vec![Fed(vec![2, 5, 3, 4]), Fed(vec![2, 5, 1, 1])], 1);
        check(&gpu, &format!("{op:?}"), &net);
    }
    let divisor = Known(Tensor::f32(vec![5], vec![1.5, -2.0, 0.5, 4.0, 1.0]));
    check(&gpu, "division", &network(Op::Binary(Binary::Div), vec![Fed(vec![3, 5]), divisor], 1));
    let exponent = Known(Tensor::f32(vec![], vec![3.0]));
    check(&gpu, "power", &network(Op::Binary(Binary::Pow), vec![Fed(vec![1, 3, 2, 5]), exponent], 1));
    let base = Known(Tensor::f32(vec![], vec![2.0]));
    check(&gpu, "power of", &network(Op::Binary(Binary::Pow), vec![base, Fed(vec![1, 3, 2, 5])], 1));
    // Both are smaller than the result.
    let net = network(Op::Binary(Binary::Mul), vec![Fed(vec![1, 6, 1, 1]), Fed(vec![1, 1, 3, 4])], 1);
    check(&gpu, "outer product", &net);
}

#[test]
fn shuffles() {
    let gpu = software_gpu();
    for (order, channels) in [(ChannelOrder::Crd, 12), (ChannelOrder::Dcr, 12), (ChannelOrder::Crd, 20), (ChannelOrder::Dcr, 4)] {
        let net = network(Op::DepthToSpace { block: 2, order }, vec![Fed(vec![2, channels, 3, 5])], 1);
        check(&gpu, &format!("depth to space {order:?} {channels}"), &net);
    }
    check(&gpu, "space to depth", &network(Op::SpaceToDepth { block: 2 }, vec![Fed(vec![1, 3, 4, 6])], 1));
}

#[test]
fn resizes() {
    let gpu = software_gpu();
    let nearest = Interpolation::Nearest(Rounding::Floor);
    let cubic = Interpolation::Cubic { a: -0.75, exclude_outside: false };
    for (interpolation, coordinates, size) in [
        (nearest, Coordinates::Asymmetric, [10, 14]),
        (Interpolation::Nearest(Rounding::PreferFloor), Coordinates::HalfPixel, [3, 4]),
        (Interpolation::Linear, Coordinates::HalfPixel, [10, 14]),
        (Interpolation::Linear, Coordinates::AlignCorners, [9, 3]),
        (Interpolation::Linear, Coordinates::PytorchHalfPixel, [1, 9]),
        (cubic, Coordinates::HalfPixel, [15, 4]),
        (Interpolation::Cubic { a: -0.5, exclude_outside: true }, Coordinates::Asymmetric, [8, 9]),
    ] {
        let op = Op::Resize { interpolation, coordinates, axes: vec![], scales_at: 2 };
        let sizes = list(&[1, 5, size[0], size[1]]);
        let net = network(op, vec![Fed(vec![1, 5, 5, 7]), Absent, Absent, sizes], 1);
        check(&gpu, &format!("resize {interpolation:?} {coordinates:?} {size:?}"), &net);
    }
}

#[test]
fn samples_by_grid_and_flow() {
    let gpu = software_gpu();
    for interpolation in [GridInterpolation::Linear, GridInterpolation::Cubic] {
        for padding in [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection] {
            for align_corners in [false, true] {
                let op = Op::GridSample { interpolation, padding, align_corners };
                // Places up to twice as far out as the picture.
                let mut net =
                    network(Op::Binary(Binary::Mul), vec![Fed(vec![1, 4, 6, 2]), Known(Tensor::f32(vec![], vec![2.0]))], 1);
                let picture = ValueId(net.values.len() as u32);
                net.values.push("picture".to_owned());
                let shape = Some([1, 5, 5, 7].map(Dim::Fixed).to_vec());
                net.inputs.push(Input { name: "picture".to_owned(), value: picture, shape });
                let grid = net.outputs[0].value;
                let made = ValueId(net.values.len() as u32);
                net.values.push("made".to_owned());
                net.nodes.push(Node {
                    name: "sample".to_owned(),
                    op,
                    inputs: vec![Some(picture), Some(grid)],
                    outputs: vec![made],
                });
                net.outputs[0].value = made;
                check_continuous(&gpu, &format!("{interpolation:?} {padding:?} {align_corners}"), &net);
            }
        }
    }
    let net = network(Op::Warp, vec![Fed(vec![1, 3, 5, 6]), Fed(vec![1, 2, 5, 6])], 1);
    check_continuous(&gpu, "warp", &net);
}

/// As `check`, without f16: a place rounded to f16 is another place.
fn check_continuous(gpu: &Gpu, what: &str, net: &Network) {
    let net = shaped(net);
    let inputs = fed(&net, 13);
    let expected = by_reference(&net, &inputs);
    let recording = recording(&net, &Options::default(), &mut Tables::default());
    hold(&format!("{what} by twins"), &by_twins(&recording, &inputs), &expected, APART_F32);
    hold(&format!("{what} on the device"), &on_device(gpu, &recording, &inputs), &expected, APART_F32);
}

#[test]
fn the_nearest_of_a_grid() {
    let gpu = software_gpu();
    let op = Op::GridSample { interpolation: GridInterpolation::Nearest, padding: GridPadding::Zeros, align_corners: false };
    let net = network(op, vec![Fed(vec![1, 3, 5, 7]), Fed(vec![1, 4, 6, 2])], 1);
    check_continuous(&gpu, "nearest", &net);
}

#[test]
fn pools() {
    let gpu = software_gpu();
    for (kernel, stride, pad, count_padding) in [(2, 2, 0, false), (3, 2, 1, false), (3, 1, 1, true)] {
        let pool = Pool { kernel: [kernel; 2], window: window(stride, pad, 1), ceil_mode: false, count_padding };
        for op in [Op::MaxPool(pool), Op::AveragePool(pool)] {
            let what = format!("{op:?}");
            check(&gpu, &what, &network(op, vec![Fed(vec![1, 5, 7, 8])], 1));
        }
    }
    check(&gpu, "global mean", &network(Op::GlobalAveragePool, vec![Fed(vec![2, 6, 5, 7])], 1));
    check(&gpu, "global maximum", &network(Op::GlobalMaxPool, vec![Fed(vec![1, 6, 5, 7])], 1));
}

#[test]
fn reductions() {
    let gpu = software_gpu();
    for (axes, keep_dims) in [(vec![2, 3], true), (vec![1], true), (vec![0, 2], false), (vec![-1], false)] {
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::Max, Reduction::Min] {
            let op = Op::Reduce { reduction, keep_dims, no_axes_is_identity: false };
            let net = network(op, vec![Fed(vec![2, 5, 3, 4]), list(&axes)], 1);
            check(&gpu, &format!("{reduction:?} over {axes:?}"), &net);
        }
    }
    check(&gpu, "softmax of channels", &network(Op::Softmax { axis: 1, flatten: false }, vec![Fed(vec![1, 5, 3, 4])], 1));
    check(&gpu, "softmax of the last", &network(Op::Softmax { axis: -1, flatten: false }, vec![Fed(vec![6, 9])], 1));
}

#[test]
fn products_of_matrices() {
    let gpu = software_gpu();
    check(&gpu, "two matrices", &network(Op::MatMul, vec![Fed(vec![5, 7]), random(&[7, 6], 3)], 1));
    check(&gpu, "batches", &network(Op::MatMul, vec![Fed(vec![2, 1, 3, 4]), Fed(vec![3, 4, 5])], 1));
    let gemm = Op::Gemm { alpha: 0.5, beta: 2.0, transpose_a: false, transpose_b: true };
    check(&gpu, "gemm", &network(gemm, vec![Fed(vec![3, 8]), random(&[5, 8], 3), random(&[5], 4)], 1));
}

#[test]
fn arrangements() {
    let gpu = software_gpu();
    let picture = || Fed(vec![1, 6, 5, 7]);
    let cases = [
        ("slice", network(Op::Slice, vec![picture(), list(&[1, 2]), list(&[5, -1]), list(&[2, 3])], 1)),
        ("slice of channels", network(Op::Slice, vec![picture(), list(&[4]), list(&[6]), list(&[1])], 1)),
        ("slice of channels, unaligned", network(Op::Slice, vec![picture(), list(&[1]), list(&[6]), list(&[1])], 1)),
        ("slice in steps", network(Op::Slice, vec![picture(), list(&[-1]), list(&[-9]), list(&[3]), list(&[-2])], 1)),
        ("split", network(Op::Split { axis: 1 }, vec![picture(), list(&[1, 5])], 2)),
        ("transpose", network(Op::Transpose { permutation: vec![0, 2, 3, 1] }, vec![picture()], 1)),
        ("reshape", network(Op::Reshape { allow_zero: false }, vec![picture(), list(&[2, -1])], 1)),
        ("expand", network(Op::Expand, vec![Fed(vec![1, 3, 1, 4]), list(&[2, 3, 5, 4])], 1)),
        ("flatten", network(Op::Flatten { axis: 1 }, vec![picture()], 1)),
    ];
    for (what, net) in &cases {
        check(&gpu, what, net);
    }
    for mode in [PadMode::Constant, PadMode::Reflect, PadMode::Edge, PadMode::Wrap] {
        for pads in [[0, 0, 1, 2, 0, 0, 2, 1], [0, 0, -1, 2, 0, 0, 2, -2], [0, 2, 0, 0, 0, 1, 0, 0]] {
            let value = Known(Tensor::f32(vec![], vec![0.5]));
            let net = network(Op::Pad(mode), vec![picture(), list(&pads), value], 1);
            check(&gpu, &format!("pad {mode:?} {pads:?}"), &net);
        }
    }
}

#[test]
fn concatenations() {
    let gpu = software_gpu();
    for (axis, sizes) in [(1, [4, 8, 3]), (1, [3, 3, 1]), (2, [4, 2, 3])] {
        let part = |size: usize| {
            let mut shape = vec![1, 5, 4, 6];
            shape[axis as usize] = size;
            Fed(shape)
        };
        let net = network(Op::Concat { axis }, sizes.map(part).into(), 1);
        check(&gpu, &format!("concat {axis} {sizes:?}"), &net);
    }
}

#[test]
fn normalisation() {
    let gpu = software_gpu();
    let op = Op::InstanceNorm { epsilon: 1e-5 };
    let net = network(op, vec![Fed(vec![2, 5, 4, 6]), random(&[5], 3), random(&[5], 4)], 1);
    let net = shaped(&net);
    let inputs = fed(&net, 7);
    let recording = recording(&net, &Options::default(), &mut Tables::default());
    hold("instance norm", &on_device(&gpu, &recording, &inputs), &by_reference(&net, &inputs), APART_F32);
}

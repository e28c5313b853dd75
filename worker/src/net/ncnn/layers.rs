//! ncnn's layers and what they become. The numbers of parameters are those of Tencent/ncnn: docs/developer-guide/operators.md.

use super::Building;
use super::param::Layer;
use super::weighted;
use crate::net::bounds::ATTRIBUTE_MAX;
use crate::net::graph::{Node, Tensor, ValueId};
use crate::net::op::{Binary, ChannelOrder, Coordinates, Interpolation, Op, PadMode, Padding, Pool, Rounding, Unary, Window};
use crate::net::refusal::Refusal;

/// The layers that are read, besides Input.
pub const SUPPORTED: &[&str] = &[
    "BatchNorm",
    "BinaryOp",
    "Clip",
    "Concat",
    "Convolution",
    "ConvolutionDepthWise",
    "Crop",
    "Deconvolution",
    "DeconvolutionDepthWise",
    "Dropout",
    "ELU",
    "Eltwise",
    "GELU",
    "HardSigmoid",
    "HardSwish",
    "InnerProduct",
    "Interp",
    "MemoryData",
    "Mish",
    "Noop",
    "PReLU",
    "Padding",
    "PixelShuffle",
    "Pooling",
    "ReLU",
    "Scale",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Split",
    "Swish",
    "TanH",
    "UnaryOp",
    "rife.Warp",
];

/// What ncnn writes where a number is to be found out.
const UNSET: i64 = -233;

/// What is wrong with a layer.
pub(super) enum Fault {
    /// The end of a sentence that begins with the layer.
    Why(String),
    /// A whole sentence.
    Refusal(Refusal),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<&str> for Fault {
    fn from(why: &str) -> Self {
        Self::Why(why.to_owned())
    }
}

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Self::Why(why)
    }
}

/// Adds what a layer does to the network; returns its results.
pub(super) fn lower<'a>(to: &mut Building<'a>, layer: &Layer<'a>, inputs: &[ValueId]) -> Result<Vec<ValueId>, Fault> {
    let x = || inputs.first().copied().ok_or(Fault::Why("it has no operand".to_owned()));
    let one = match layer.kind {
        "Split" => return Ok(vec![x()?; layer.tops.len()]),
        "Slice" => return slice(to, layer, x()?),
        "Noop" => x()?,
        "MemoryData" => memory(to, layer)?,
        "Convolution" | "ConvolutionDepthWise" => weighted::convolution(to, layer, x()?)?,
        "Deconvolution" | "DeconvolutionDepthWise" => weighted::deconvolution(to, layer, x()?)?,
        "InnerProduct" => weighted::inner_product(to, layer, x()?)?,
        "BinaryOp" => binary(to, layer, inputs)?,
        "Eltwise" => eltwise(to, layer, inputs)?,
        "Concat" => to.node(layer.name, Op::Concat { axis: axis(layer.int(0, 0)) }, inputs),
        "Crop" => crop(to, layer, inputs)?,
        "Padding" => padding(to, layer, x()?)?,
        "Interp" => interp(to, layer, inputs)?,
        "Pooling" => pooling(to, layer, x()?)?,
        "PixelShuffle" => {
            let order = if layer.int(1, 0) == 0 { ChannelOrder::Crd } else { ChannelOrder::Dcr };
            to.node(layer.name, Op::DepthToSpace { block: bounded(layer, 0, 1, 1)?, order }, &[x()?])
        }
        "PReLU" => {
            let count = bounded(layer, 0, 0, 1)?;
            let slopes = to.bin.raw(count)?;
            let slopes = to.constant(Tensor::f32(vec![count, 1, 1], slopes))?;
            to.node(layer.name, Op::PRelu, &[x()?, slopes])
        }
        "Scale" => scale(to, layer, inputs)?,
        "BatchNorm" => batch_norm(to, layer, x()?)?,
        "Dropout" => {
            let scale = to.constant(Tensor::f32(vec![], vec![layer.float(0, 1.0)]))?;
            to.node(layer.name, Op::Binary(Binary::Mul), &[x()?, scale])
        }
        "Clip" => clip(to, layer.name, x()?, layer.float(0, f32::MIN), layer.float(1, f32::MAX))?,
        "Softmax" => to.node(layer.name, Op::Softmax { axis: axis(layer.int(0, 0)), flatten: false }, &[x()?]),
        "UnaryOp" => unary_op(to, layer, x()?)?,
        "rife.Warp" => to.node(layer.name, Op::Warp, inputs),
        _ => to.node(layer.name, Op::Unary(activation_layer(layer)?), &[x()?]),
    };
    Ok(vec![one])
}

fn activation_layer(layer: &Layer<'_>) -> Result<Unary, Fault> {
    Ok(match layer.kind {
        "ReLU" => leaky(layer.float(0, 0.0)),
        "Sigmoid" => Unary::Sigmoid,
        "TanH" => Unary::Tanh,
        "Mish" => Unary::Mish,
        "Swish" => Unary::Silu,
        "ELU" => Unary::Elu { alpha: layer.float(0, 0.1) },
        "GELU" => {
            if layer.int(0, 0) == 0 {
                Unary::Gelu
            } else {
                Unary::GeluTanh
            }
        }
        "HardSigmoid" => Unary::HardSigmoid { alpha: layer.float(0, 0.2), beta: layer.float(1, 0.5) },
        "HardSwish" => Unary::HardSwish { alpha: layer.float(0, 0.2), beta: layer.float(1, 0.5) },
        other => return Err(format!("{other} is not known").into()),
    })
}

pub(super) fn leaky(slope: f32) -> Unary {
    if slope == 0.0 { Unary::Relu } else { Unary::LeakyRelu { alpha: slope } }
}

/// ncnn's axis of channels, rows, columns as one of a picture.
pub(super) fn axis(axis: i64) -> i64 {
    if axis < 0 { axis } else { axis.saturating_add(1) }
}

/// A whole number from `least` to what any network needs.
pub(super) fn bounded(layer: &Layer<'_>, number: i64, default: i64, least: i64) -> Result<usize, Fault> {
    let value = layer.int(number, default);
    match usize::try_from(value) {
        Ok(size) if (least..=ATTRIBUTE_MAX).contains(&value) => Ok(size),
        _ => Err(format!("its parameter {number} is {value}, and {least} to {ATTRIBUTE_MAX} are taken").into()),
    }
}

/// Rows (parameter `number` + 10) and columns (`number`), equal unless both are said.
pub(super) fn pair(layer: &Layer<'_>, number: i64, default: i64) -> Result<[usize; 2], Fault> {
    let columns = bounded(layer, number, default, 1)?;
    Ok([bounded(layer, number + 10, columns as i64, 1)?, columns])
}

pub(super) fn clip(to: &mut Building<'_>, name: &str, x: ValueId, min: f32, max: f32) -> Result<ValueId, Fault> {
    let min = to.constant(Tensor::f32(vec![], vec![min]))?;
    let max = to.constant(Tensor::f32(vec![], vec![max]))?;
    Ok(to.node(name, Op::Clip, &[x, min, max]))
}

fn memory(to: &mut Building<'_>, layer: &Layer<'_>) -> Result<ValueId, Fault> {
    let size = |number| bounded(layer, number, 0, 0);
    let (columns, rows, channels) = (size(0)?, size(1)?, size(2)?);
    let shape = match (columns, rows, channels) {
        (0, ..) => return Err("it has no elements".into()),
        // A vector is spread over channels.
        (count, 0, 0) => vec![1, count, 1, 1],
        (columns, rows, 0) => vec![1, 1, rows, columns],
        (columns, rows, channels) => vec![1, channels, rows.max(1), columns],
    };
    if layer.int(11, 0) > 1 {
        return Err("it has four dimensions".into());
    }
    let count = shape.iter().product();
    let data = if layer.int(21, 1) == 1 { to.bin.raw(count)? } else { to.bin.tagged(count)? };
    Ok(to.constant(Tensor::f32(shape, data))?)
}

fn binary(to: &mut Building<'_>, layer: &Layer<'_>, inputs: &[ValueId]) -> Result<ValueId, Fault> {
    let (a, b) = match *inputs {
        [a] if layer.int(1, 0) != 0 => (a, to.constant(Tensor::f32(vec![], vec![layer.float(2, 0.0)]))?),
        [a, b] => (a, b),
        _ => return Err(format!("it has {} operands", inputs.len()).into()),
    };
    let (op, a, b) = match layer.int(0, 0) {
        0 => (Binary::Add, a, b),
        1 => (Binary::Sub, a, b),
        2 => (Binary::Mul, a, b),
        3 => (Binary::Div, a, b),
        4 => (Binary::Max, a, b),
        5 => (Binary::Min, a, b),
        6 => (Binary::Pow, a, b),
        7 => (Binary::Sub, b, a),
        8 => (Binary::Div, b, a),
        9 => (Binary::Pow, b, a),
        other => return Err(format!("its operation {other} is not run").into()),
    };
    Ok(to.node(layer.name, Op::Binary(op), &[a, b]))
}

fn eltwise(to: &mut Building<'_>, layer: &Layer<'_>, inputs: &[ValueId]) -> Result<ValueId, Fault> {
    let op = match layer.int(0, 0) {
        0 => Binary::Mul,
        1 => Binary::Add,
        2 => Binary::Max,
        other => return Err(format!("its operation {other} is not known").into()),
    };
    let factors = layer.list(1);
    if factors.is_empty() || op != Binary::Add {
        return Ok(to.node(layer.name, Op::Binary(op), inputs));
    }
    if factors.len() != inputs.len() {
        return Err(format!("it has {} operands and {} factors", inputs.len(), factors.len()).into());
    }
    let mut scaled = Vec::with_capacity(inputs.len());
    for (input, factor) in inputs.iter().zip(factors) {
        let factor = to.constant(Tensor::f32(vec![], vec![*factor as f32]))?;
        scaled.push(to.node(layer.name, Op::Binary(Binary::Mul), &[*input, factor]));
    }
    Ok(to.node(layer.name, Op::Binary(op), &scaled))
}

fn scale(to: &mut Building<'_>, layer: &Layer<'_>, inputs: &[ValueId]) -> Result<ValueId, Fault> {
    if layer.int(0, 0) == UNSET {
        return Ok(to.node(layer.name, Op::Binary(Binary::Mul), inputs));
    }
    let [mut x] = *inputs else { return Err(format!("it has {} operands", inputs.len()).into()) };
    let count = bounded(layer, 0, 0, 1)?;
    for (op, there) in [(Binary::Mul, true), (Binary::Add, layer.int(1, 0) != 0)] {
        if there {
            let numbers = to.bin.raw(count)?;
            let numbers = to.constant(Tensor::f32(vec![count, 1, 1], numbers))?;
            x = to.node(layer.name, Op::Binary(op), &[x, numbers]);
        }
    }
    Ok(x)
}

fn batch_norm(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<ValueId, Fault> {
    let count = bounded(layer, 0, 0, 1)?;
    let mut list = || -> Result<Tensor, Fault> { Ok(Tensor::f32(vec![count], to.bin.raw(count)?)) };
    let (slope, mean, variance, bias) = (list()?, list()?, list()?, list()?);
    let mut operands = vec![x];
    for tensor in [slope, bias, mean, variance] {
        operands.push(to.constant(tensor)?);
    }
    Ok(to.node(layer.name, Op::BatchNorm { epsilon: layer.float(1, 0.0) }, &operands))
}

fn unary_op(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<ValueId, Fault> {
    let unary = match layer.int(0, 0) {
        0 => Unary::Abs,
        1 => Unary::Neg,
        2 => Unary::Floor,
        3 => Unary::Ceil,
        4 => return Ok(to.node(layer.name, Op::Binary(Binary::Mul), &[x, x])),
        5 => Unary::Sqrt,
        6 => {
            let root = to.node(layer.name, Op::Unary(Unary::Sqrt), &[x]);
            return Ok(to.node(layer.name, Op::Unary(Unary::Reciprocal), &[root]));
        }
        7 => Unary::Exp,
        8 => Unary::Log,
        9 => Unary::Sin,
        10 => Unary::Cos,
        15 => Unary::Reciprocal,
        16 => Unary::Tanh,
        18 => Unary::Round,
        20 => Unary::Erf,
        other => return Err(format!("its operation {other} is not run").into()),
    };
    Ok(to.node(layer.name, Op::Unary(unary), &[x]))
}

/// Adds a slice along some axes.
fn sliced(to: &mut Building<'_>, name: &str, x: ValueId, starts: &[i64], ends: &[i64], axes: &[i64]) -> Result<ValueId, Fault> {
    let mut operands = vec![x];
    for list in [starts, ends, axes] {
        operands.push(to.constant(Tensor::list(list))?);
    }
    Ok(to.node(name, Op::Slice, &operands))
}

fn whole(list: &[f64]) -> Vec<i64> {
    list.iter().map(|number| *number as i64).collect()
}

fn crop(to: &mut Building<'_>, layer: &Layer<'_>, inputs: &[ValueId]) -> Result<ValueId, Fault> {
    let [x] = *inputs else { return Err("cropping to the size of another value is not run".into()) };
    if layer.has(19) || layer.has(20) || layer.has(21) {
        return Err("places given as expressions are not run".into());
    }
    let (starts, ends, axes) = (whole(layer.list(9)), whole(layer.list(10)), whole(layer.list(11)));
    if !starts.is_empty() {
        let starts: Vec<i64> = starts.iter().map(|start| if *start == UNSET { 0 } else { *start }).collect();
        // An end of zero is the end of the axis.
        let ends: Vec<i64> = ends.iter().map(|end| if *end == UNSET || *end == 0 { i64::MAX } else { *end }).collect();
        let axes = if axes.is_empty() {
            (1..=starts.len() as i64).collect()
        } else {
            axes.iter().map(|one| axis(*one)).collect::<Vec<_>>()
        };
        return sliced(to, layer.name, x, &starts, &ends, &axes);
    }
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    // Offset, size and offset from the end for channels, rows, columns.
    for (offset, size, behind) in [(2, 5, 8), (1, 4, 7), (0, 3, 6)] {
        let (start, size, behind) =
            (bounded(layer, offset, 0, 0)? as i64, layer.int(size, 0), bounded(layer, behind, 0, 0)? as i64);
        starts.push(start);
        ends.push(match size {
            UNSET if behind == 0 => i64::MAX,
            UNSET => -behind,
            size if size > 0 => start.saturating_add(size),
            _ => return Err("cropping to a size of zero is not run".into()),
        });
    }
    sliced(to, layer.name, x, &starts, &ends, &[1, 2, 3])
}

fn slice(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<Vec<ValueId>, Fault> {
    let at = axis(layer.int(1, 0));
    let (sizes, indices) = (whole(layer.list(0)), whole(layer.list(2)));
    let mut parts = Vec::with_capacity(layer.tops.len());
    if sizes.iter().all(|size| *size == UNSET) && indices.is_empty() {
        // Equal parts: one node with several results.
        let outputs = layer.tops.iter().map(|_| to.value("")).collect::<Vec<_>>();
        let (name, inputs) = (layer.name.to_owned(), vec![Some(x)]);
        to.network.nodes.push(Node { name, op: Op::Split { axis: at }, inputs, outputs: outputs.clone() });
        return Ok(outputs);
    }
    let mut start = 0_i64;
    for place in 0..layer.tops.len() {
        let last = place + 1 == layer.tops.len();
        let end = match (indices.get(place), sizes.get(place)) {
            (Some(index), _) => *index,
            (None, Some(size)) if *size != UNSET => start.saturating_add(*size),
            _ if last => i64::MAX,
            _ => return Err("only its last part may be what remains".into()),
        };
        parts.push(sliced(to, layer.name, x, &[start], &[end], &[at])?);
        start = end;
    }
    Ok(parts)
}

fn padding(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<ValueId, Fault> {
    if layer.int(6, 0) != 0 {
        return Err("padding with one value a channel is not run".into());
    }
    let mode = match layer.int(4, 0) {
        0 => PadMode::Constant,
        1 => PadMode::Edge,
        2 => PadMode::Reflect,
        other => return Err(format!("its type {other} is not known").into()),
    };
    let at = |number| bounded(layer, number, 0, 0).map(|size| size as i64);
    let pads = [0, at(7)?, at(0)?, at(2)?, 0, at(8)?, at(1)?, at(3)?];
    let pads = to.constant(Tensor::list(&pads))?;
    let value = to.constant(Tensor::f32(vec![], vec![layer.float(5, 0.0)]))?;
    Ok(to.node(layer.name, Op::Pad(mode), &[x, pads, value]))
}

fn interp(to: &mut Building<'_>, layer: &Layer<'_>, inputs: &[ValueId]) -> Result<ValueId, Fault> {
    let [x] = *inputs else { return Err("resizing to the size of another value is not run".into()) };
    if layer.has(9) {
        return Err("sizes given as expressions are not run".into());
    }
    let interpolation = match layer.int(0, 0) {
        1 => Interpolation::Nearest(Rounding::Floor),
        2 => Interpolation::Linear,
        3 => Interpolation::Cubic { a: -0.75, exclude_outside: false },
        other => return Err(format!("its type {other} is not known").into()),
    };
    let coordinates = match (interpolation, layer.int(6, 0)) {
        (Interpolation::Nearest(_), _) => Coordinates::Asymmetric,
        (_, 0) => Coordinates::HalfPixel,
        _ => Coordinates::AlignCorners,
    };
    let op = Op::Resize { interpolation, coordinates, axes: vec![2, 3], scales_at: 1 };
    let (rows, columns) = (bounded(layer, 3, 0, 0)?, bounded(layer, 4, 0, 0)?);
    let scales = if rows == 0 || columns == 0 { vec![layer.float(1, 1.0), layer.float(2, 1.0)] } else { Vec::new() };
    let sizes = Tensor::list(&[rows as i64, columns as i64]);
    let scales = to.constant(Tensor::f32(vec![scales.len()], scales))?;
    let sizes = to.constant(sizes)?;
    Ok(to.node(layer.name, op, &[x, scales, sizes]))
}

fn pooling(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<ValueId, Fault> {
    let max = match layer.int(0, 0) {
        0 => true,
        1 => false,
        other => return Err(format!("its type {other} is not known").into()),
    };
    if layer.int(4, 0) != 0 || (layer.int(7, 0) != 0 && layer.int(8, 0) == 1 && layer.int(18, 1) == 1) {
        return Ok(to.node(layer.name, if max { Op::GlobalMaxPool } else { Op::GlobalAveragePool }, &[x]));
    }
    if layer.int(7, 0) != 0 {
        return Err("pooling to a fixed size is not run".into());
    }
    let padding = match layer.int(5, 0) {
        0 | 1 => {
            let left = bounded(layer, 3, 0, 0)?;
            let top = bounded(layer, 13, left as i64, 0)?;
            Padding::Explicit {
                begin: [top, left],
                end: [bounded(layer, 15, top as i64, 0)?, bounded(layer, 14, left as i64, 0)?],
            }
        }
        2 => Padding::SameUpper,
        3 => Padding::SameLower,
        other => return Err(format!("its padding {other} is not known").into()),
    };
    let pool = Pool {
        kernel: pair(layer, 1, 0)?,
        window: Window { stride: pair(layer, 2, 1)?, dilation: [1; 2], padding },
        ceil_mode: layer.int(5, 0) == 0,
        count_padding: layer.int(6, 0) != 0,
    };
    Ok(to.node(layer.name, if max { Op::MaxPool(pool) } else { Op::AveragePool(pool) }, &[x]))
}

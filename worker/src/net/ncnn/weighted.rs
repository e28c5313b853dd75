//! The layers with kernels: convolutions and products, and the activations that ncnn's optimiser puts into them.

use super::Building;
use super::layers::{Fault, bounded, clip, leaky, pair};
use super::param::Layer;
use crate::net::bounds::CONSTANT_ELEMENTS_MAX;
use crate::net::graph::{Tensor, ValueId};
use crate::net::op::{Conv, ConvTranspose, Op, Padding, Unary, Window};

/// Padding "same", the odd pixel at the end; one less, at the beginning.
const PAD_SAME_UPPER: i64 = -233;
const PAD_SAME_LOWER: i64 = -234;

fn window(layer: &Layer<'_>) -> Result<Window, Fault> {
    let left = layer.int(4, 0);
    let padding = match left {
        PAD_SAME_UPPER => Padding::SameUpper,
        PAD_SAME_LOWER => Padding::SameLower,
        _ => {
            let top = bounded(layer, 14, left, 0)?;
            let begin = [top, bounded(layer, 4, 0, 0)?];
            Padding::Explicit { begin, end: [bounded(layer, 16, top as i64, 0)?, bounded(layer, 15, left, 0)?] }
        }
    };
    Ok(Window { stride: pair(layer, 3, 1)?, dilation: pair(layer, 2, 1)?, padding })
}

/// What the parameters of a convolution say of its weights.
struct Weights {
    outs: usize,
    /// Input channels of one group.
    ins: usize,
    kernel: [usize; 2],
    groups: usize,
    /// [out, in of its group, rows, columns]
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
}

fn weights(to: &mut Building<'_>, layer: &Layer<'_>) -> Result<Weights, Fault> {
    if layer.int(8, 0) != 0 && !layer.kind.starts_with("Deconvolution") {
        return Err("its weights are 8-bit whole numbers; use the f16 or f32 variant of the network".into());
    }
    if layer.int(if layer.kind.starts_with("Deconvolution") { 28 } else { 19 }, 0) != 0 {
        return Err("its weights are computed while it runs".into());
    }
    let outs = bounded(layer, 0, 0, 1)?;
    let kernel = pair(layer, 1, 0)?;
    let groups = if layer.kind.ends_with("DepthWise") { bounded(layer, 7, 1, 1)? } else { 1 };
    let count = usize::try_from(layer.int(6, 0)).ok().filter(|count| *count <= CONSTANT_ELEMENTS_MAX).unwrap_or(0);
    let per_in = outs.saturating_mul(kernel[0] * kernel[1]);
    let ins = count / per_in;
    if ins == 0 || ins * per_in != count || outs % groups != 0 {
        return Err(format!("{count} weights do not make {outs} kernels of {}x{}", kernel[1], kernel[0]).into());
    }
    let weight = to.bin.tagged(count)?;
    let bias = if layer.int(5, 0) != 0 { Some(to.bin.raw(outs)?) } else { None };
    Ok(Weights { outs, ins, kernel, groups, weight, bias })
}

pub(super) fn convolution(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<ValueId, Fault> {
    if layer.float(18, 0.0) != 0.0 {
        return Err("its padding is not zero".into());
    }
    let window = window(layer)?;
    let Weights { outs, ins, kernel, groups, weight, bias } = weights(to, layer)?;
    let mut operands = vec![x, to.constant(Tensor::f32(vec![outs, ins, kernel[0], kernel[1]], weight))?];
    if let Some(bias) = bias {
        operands.push(to.constant(Tensor::f32(vec![outs], bias))?);
    }
    let result = to.node(layer.name, Op::Conv(Conv { window, groups }), &operands);
    activation(to, layer, result)
}

pub(super) fn deconvolution(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<ValueId, Fault> {
    let output_padding = [bounded(layer, 19, layer.int(18, 0), 0)?, bounded(layer, 18, 0, 0)?];
    let output_size = match (bounded(layer, 21, layer.int(20, 0), 0)?, bounded(layer, 20, 0, 0)?) {
        (0, _) | (_, 0) => None,
        size => Some([size.0, size.1]),
    };
    let window = window(layer)?;
    let Weights { outs, ins, kernel, groups, weight, bias } = weights(to, layer)?;
    // Of each group: from [out, in, taps] to [in, out, taps].
    let (outs_in_group, taps) = (outs / groups, kernel[0] * kernel[1]);
    let mut turned = Vec::with_capacity(weight.len());
    for group in weight.chunks_exact(outs_in_group * ins * taps) {
        for channel in 0..ins {
            for out in 0..outs_in_group {
                turned.extend_from_slice(&group[(out * ins + channel) * taps..][..taps]);
            }
        }
    }
    let shape = vec![groups * ins, outs_in_group, kernel[0], kernel[1]];
    let mut operands = vec![x, to.constant(Tensor::f32(shape, turned))?];
    if let Some(bias) = bias {
        operands.push(to.constant(Tensor::f32(vec![outs], bias))?);
    }
    let op = Op::ConvTranspose(ConvTranspose { window, output_padding, output_size, groups });
    let result = to.node(layer.name, op, &operands);
    activation(to, layer, result)
}

/// A product with a vector, which is a picture of one pixel here: a convolution of that pixel.
pub(super) fn inner_product(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<ValueId, Fault> {
    let (outs, count) = (bounded(layer, 0, 0, 1)?, layer.int(2, 0));
    let count = usize::try_from(count).ok().filter(|count| *count <= CONSTANT_ELEMENTS_MAX).unwrap_or(0);
    if count == 0 || count % outs != 0 || layer.int(8, 0) != 0 {
        return Err(format!("its {count} weights are not {outs} rows of real numbers").into());
    }
    let weight = to.bin.tagged(count)?;
    let mut operands = vec![x, to.constant(Tensor::f32(vec![outs, count / outs, 1, 1], weight))?];
    if layer.int(1, 0) != 0 {
        let bias = to.bin.raw(outs)?;
        operands.push(to.constant(Tensor::f32(vec![outs], bias))?);
    }
    let padding = Padding::Explicit { begin: [0; 2], end: [0; 2] };
    let conv = Conv { window: Window { stride: [1; 2], dilation: [1; 2], padding }, groups: 1 };
    let result = to.node(layer.name, Op::Conv(conv), &operands);
    activation(to, layer, result)
}

/// The activation that ncnn's optimiser puts into a layer.
fn activation(to: &mut Building<'_>, layer: &Layer<'_>, x: ValueId) -> Result<ValueId, Fault> {
    let given = layer.list(10);
    let number = |place: usize, default: f32| given.get(place).map_or(default, |number| *number as f32);
    let unary = match layer.int(9, 0) {
        0 => return Ok(x),
        1 => Unary::Relu,
        2 => leaky(number(0, 0.0)),
        3 => return clip(to, layer.name, x, number(0, f32::MIN), number(1, f32::MAX)),
        4 => Unary::Sigmoid,
        5 => Unary::Mish,
        6 => Unary::HardSwish { alpha: number(0, 0.2), beta: number(1, 0.5) },
        other => return Err(format!("its activation {other} is not known").into()),
    };
    Ok(to.node(layer.name, Op::Unary(unary), &[x]))
}

//! ONNX's operators and what they become.

use super::attributes::{Attributes, Fault};
use super::tensor::Kind;
use crate::net::graph::Tensor;
use crate::net::op::{
    Binary, ChannelOrder, Compare, Conv, ConvTranspose, Coordinates, Element, GridInterpolation, GridPadding, Interpolation, Op,
    PadMode, Pool, Reduction, Rounding, Unary,
};

/// The operators that are read.
pub const SUPPORTED: &[&str] = &[
    "Abs",
    "Add",
    "And",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Ceil",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvTranspose",
    "Cos",
    "DepthToSpace",
    "Div",
    "Dropout",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "Gather",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "GridSample",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "MatMul",
    "Max",
    "MaxPool",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "Not",
    "Or",
    "PRelu",
    "Pad",
    "Pow",
    "Range",
    "Reciprocal",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Resize",
    "Round",
    "Shape",
    "Sigmoid",
    "Sign",
    "Sin",
    "Size",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Tanh",
    "Tile",
    "Transpose",
    "Unsqueeze",
    "Upsample",
    "Where",
];

/// An operator, and operands that its older form gives as attributes, with their places.
pub(super) struct Read {
    pub(super) op: Op,
    pub(super) operands: Vec<(usize, Tensor)>,
}

impl From<Op> for Read {
    fn from(op: Op) -> Self {
        Self { op, operands: Vec::new() }
    }
}

/// What a node becomes. Its operator is one of [`SUPPORTED`] other than `Constant`.
pub(super) fn read(node: &Attributes<'_, '_>) -> Result<Read, Fault> {
    if let Some(op) = plain(node.node.operator) {
        return Ok(op.into());
    }
    if let Some(unary) = unary(node)? {
        return Ok(Op::Unary(unary).into());
    }
    Ok(match node.node.operator {
        "Conv" => Op::Conv(Conv { window: node.window()?, groups: node.count("group", 1)? }).into(),
        "ConvTranspose" => conv_transpose(node)?.into(),
        "MaxPool" | "AveragePool" => pool(node)?.into(),
        "Clip" => clip(node)?,
        "Mod" => Op::Mod { truncated: node.flag("fmod", false)? }.into(),
        "DepthToSpace" => depth_to_space(node)?.into(),
        "SpaceToDepth" => Op::SpaceToDepth { block: node.count("blocksize", 0)? }.into(),
        "Resize" => resize(node)?,
        "Upsample" => upsample(node)?,
        "GridSample" => grid_sample(node)?.into(),
        "Concat" => Op::Concat { axis: node.int("axis", 0)? }.into(),
        "Slice" => slice(node)?,
        "Split" => with_list(Op::Split { axis: node.int("axis", 0)? }, node, "split", 1),
        "Pad" => pad(node)?,
        "ReduceMean" => reduce(node, Reduction::Mean)?,
        "ReduceMax" => reduce(node, Reduction::Max)?,
        "ReduceMin" => reduce(node, Reduction::Min)?,
        "ReduceSum" => reduce(node, Reduction::Sum)?,
        "ReduceProd" => reduce(node, Reduction::Prod)?,
        "Gemm" => Op::Gemm {
            alpha: node.float("alpha", 1.0)?,
            beta: node.float("beta", 1.0)?,
            transpose_a: node.flag("transA", false)?,
            transpose_b: node.flag("transB", false)?,
        }
        .into(),
        "Transpose" => transpose(node)?.into(),
        "Reshape" => Op::Reshape { allow_zero: node.flag("allowzero", false)? }.into(),
        "Flatten" => Op::Flatten { axis: node.int("axis", 1)? }.into(),
        "Squeeze" => with_list(Op::Squeeze, node, "axes", 1),
        "Unsqueeze" => with_list(Op::Unsqueeze, node, "axes", 1),
        "Softmax" if node.opset < 13 => Op::Softmax { axis: node.int("axis", 1)?, flatten: true }.into(),
        "Softmax" => Op::Softmax { axis: node.int("axis", -1)?, flatten: false }.into(),
        "BatchNormalization" => batch_norm(node)?.into(),
        "InstanceNormalization" => Op::InstanceNorm { epsilon: node.float("epsilon", 1e-5)? }.into(),
        "Shape" => {
            Op::Shape { start: node.int("start", 0)?, end: node.has("end").then(|| node.int("end", 0)).transpose()? }.into()
        }
        "Gather" => Op::Gather { axis: node.int("axis", 0)? }.into(),
        "Cast" => Op::Cast(element(node.int("to", 0)?)?).into(),
        "ConstantOfShape" => Op::ConstantOfShape(filled(node)?).into(),
        other => return Err(format!("{other} is not known").into()),
    })
}

/// Operators without attributes.
fn plain(operator: &str) -> Option<Op> {
    Some(match operator {
        "Add" | "Sum" => Op::Binary(Binary::Add),
        "Sub" => Op::Binary(Binary::Sub),
        "Mul" => Op::Binary(Binary::Mul),
        "Div" => Op::Binary(Binary::Div),
        "Pow" => Op::Binary(Binary::Pow),
        "Min" => Op::Binary(Binary::Min),
        "Max" => Op::Binary(Binary::Max),
        "Equal" => Op::Compare(Compare::Equal),
        "Greater" => Op::Compare(Compare::Greater),
        "GreaterOrEqual" => Op::Compare(Compare::GreaterOrEqual),
        "Less" => Op::Compare(Compare::Less),
        "LessOrEqual" => Op::Compare(Compare::LessOrEqual),
        "And" => Op::Compare(Compare::And),
        "Or" => Op::Compare(Compare::Or),
        "Not" => Op::Not,
        "Where" => Op::Where,
        "PRelu" => Op::PRelu,
        "GlobalAveragePool" => Op::GlobalAveragePool,
        "GlobalMaxPool" => Op::GlobalMaxPool,
        "MatMul" => Op::MatMul,
        "Identity" | "Dropout" => Op::Identity,
        "Size" => Op::Size,
        "Range" => Op::Range,
        "Expand" => Op::Expand,
        "Tile" => Op::Tile,
        _ => return None,
    })
}

fn unary(node: &Attributes<'_, '_>) -> Result<Option<Unary>, Fault> {
    Ok(Some(match node.node.operator {
        "Relu" => Unary::Relu,
        "LeakyRelu" => Unary::LeakyRelu { alpha: node.float("alpha", 0.01)? },
        "Elu" => Unary::Elu { alpha: node.float("alpha", 1.0)? },
        "Sigmoid" => Unary::Sigmoid,
        "HardSigmoid" => Unary::HardSigmoid { alpha: node.float("alpha", 0.2)?, beta: node.float("beta", 0.5)? },
        "HardSwish" => Unary::HardSwish { alpha: 1.0 / 6.0, beta: 0.5 },
        "Gelu" => match node.text("approximate", "none")?.as_str() {
            "tanh" => Unary::GeluTanh,
            _ => Unary::Gelu,
        },
        "Mish" => Unary::Mish,
        "Softplus" => Unary::Softplus,
        "Softsign" => Unary::Softsign,
        "Tanh" => Unary::Tanh,
        "Sin" => Unary::Sin,
        "Cos" => Unary::Cos,
        "Exp" => Unary::Exp,
        "Log" => Unary::Log,
        "Sqrt" => Unary::Sqrt,
        "Reciprocal" => Unary::Reciprocal,
        "Floor" => Unary::Floor,
        "Ceil" => Unary::Ceil,
        "Round" => Unary::Round,
        "Neg" => Unary::Neg,
        "Abs" => Unary::Abs,
        "Sign" => Unary::Sign,
        "Erf" => Unary::Erf,
        _ => return Ok(None),
    }))
}

/// An operator with a list that older opsets have as an attribute.
fn with_list(op: Op, node: &Attributes<'_, '_>, name: &str, place: usize) -> Read {
    let operands = node.ints(name).map(|list| (place, Tensor::list(list)));
    Read { op, operands: operands.into_iter().collect() }
}

fn conv_transpose(node: &Attributes<'_, '_>) -> Result<Op, Fault> {
    let output_size = match node.ints("output_shape") {
        None => None,
        // Some exporters name all four sizes.
        Some([.., rows, columns]) => match (usize::try_from(*rows), usize::try_from(*columns)) {
            (Ok(rows), Ok(columns)) if rows > 0 && columns > 0 => Some([rows, columns]),
            _ => return Err("its `output_shape` is not positive".into()),
        },
        Some(_) => return Err("its `output_shape` is not that of a picture".into()),
    };
    let output_padding = node.pair("output_padding", 0, 0)?;
    Ok(Op::ConvTranspose(ConvTranspose { window: node.window()?, output_padding, output_size, groups: node.count("group", 1)? }))
}

fn pool(node: &Attributes<'_, '_>) -> Result<Op, Fault> {
    if !node.has("kernel_shape") {
        return Err("it has no `kernel_shape`".into());
    }
    if node.flag("storage_order", false)? {
        return Err("its columns are stored first".into());
    }
    let pool = Pool {
        kernel: node.pair("kernel_shape", 1, 1)?,
        window: node.window()?,
        ceil_mode: node.flag("ceil_mode", false)?,
        count_padding: node.flag("count_include_pad", false)?,
    };
    Ok(if node.node.operator == "MaxPool" { Op::MaxPool(pool) } else { Op::AveragePool(pool) })
}

fn clip(node: &Attributes<'_, '_>) -> Result<Read, Fault> {
    let mut operands = Vec::new();
    for (place, name) in [(1, "min"), (2, "max")] {
        if node.has(name) {
            operands.push((place, Tensor::f32(vec![], vec![node.float(name, 0.0)?])));
        }
    }
    Ok(Read { op: Op::Clip, operands })
}

fn depth_to_space(node: &Attributes<'_, '_>) -> Result<Op, Fault> {
    let order = match node.text("mode", "DCR")?.as_str() {
        "DCR" => ChannelOrder::Dcr,
        "CRD" => ChannelOrder::Crd,
        other => return Err(format!("its `mode` {other} is not known").into()),
    };
    Ok(Op::DepthToSpace { block: node.count("blocksize", 0)?, order })
}

fn resize(node: &Attributes<'_, '_>) -> Result<Read, Fault> {
    // Opset 10 has no attributes but the mode, and no operand between picture and scales.
    let old = node.opset < 11;
    let coordinates = match node.text("coordinate_transformation_mode", if old { "asymmetric" } else { "half_pixel" })?.as_str() {
        "half_pixel" => Coordinates::HalfPixel,
        "pytorch_half_pixel" => Coordinates::PytorchHalfPixel,
        "half_pixel_symmetric" => Coordinates::HalfPixelSymmetric,
        "align_corners" => Coordinates::AlignCorners,
        "asymmetric" => Coordinates::Asymmetric,
        other => return Err(format!("its `coordinate_transformation_mode` {other} is not run").into()),
    };
    let rounding = match node.text("nearest_mode", if old { "floor" } else { "round_prefer_floor" })?.as_str() {
        "round_prefer_floor" => Rounding::PreferFloor,
        "round_prefer_ceil" => Rounding::PreferCeil,
        "floor" => Rounding::Floor,
        "ceil" => Rounding::Ceil,
        other => return Err(format!("its `nearest_mode` {other} is not known").into()),
    };
    let exclude_outside = node.flag("exclude_outside", false)?;
    let interpolation = match node.text("mode", "nearest")?.as_str() {
        "nearest" => Interpolation::Nearest(rounding),
        "linear" | "bilinear" => Interpolation::Linear,
        "cubic" => Interpolation::Cubic { a: node.float("cubic_coeff_a", -0.75)?, exclude_outside },
        other => return Err(format!("its `mode` {other} is not known").into()),
    };
    if node.flag("antialias", false)? {
        return Err("antialiased resizing is not run; export without `antialias`".into());
    }
    if exclude_outside && interpolation == Interpolation::Linear {
        return Err("`exclude_outside` with linear resizing is not run".into());
    }
    if node.text("keep_aspect_ratio_policy", "stretch")? != "stretch" {
        return Err("only the policy `stretch` is run".into());
    }
    let axes = node.ints("axes").unwrap_or_default().to_vec();
    Ok(Op::Resize { interpolation, coordinates, axes, scales_at: if old { 1 } else { 2 } }.into())
}

fn upsample(node: &Attributes<'_, '_>) -> Result<Read, Fault> {
    let interpolation = match node.text("mode", "nearest")?.as_str() {
        "nearest" => Interpolation::Nearest(Rounding::Floor),
        "linear" | "bilinear" => Interpolation::Linear,
        other => return Err(format!("its `mode` {other} is not known").into()),
    };
    let op = Op::Resize { interpolation, coordinates: Coordinates::Asymmetric, axes: Vec::new(), scales_at: 1 };
    let scales = node.floats("scales").map(|scales| (1, Tensor::f32(vec![scales.len()], scales)));
    Ok(Read { op, operands: scales.into_iter().collect() })
}

fn grid_sample(node: &Attributes<'_, '_>) -> Result<Op, Fault> {
    let interpolation = match node.text("mode", "bilinear")?.as_str() {
        "bilinear" | "linear" => GridInterpolation::Linear,
        "nearest" => GridInterpolation::Nearest,
        "bicubic" | "cubic" => GridInterpolation::Cubic,
        other => return Err(format!("its `mode` {other} is not known").into()),
    };
    let padding = match node.text("padding_mode", "zeros")?.as_str() {
        "zeros" => GridPadding::Zeros,
        "border" => GridPadding::Border,
        "reflection" => GridPadding::Reflection,
        other => return Err(format!("its `padding_mode` {other} is not known").into()),
    };
    Ok(Op::GridSample { interpolation, padding, align_corners: node.flag("align_corners", false)? })
}

fn slice(node: &Attributes<'_, '_>) -> Result<Read, Fault> {
    let mut operands = Vec::new();
    for (place, name) in [(1, "starts"), (2, "ends"), (3, "axes")] {
        if let Some(list) = node.ints(name) {
            operands.push((place, Tensor::list(list)));
        }
    }
    Ok(Read { op: Op::Slice, operands })
}

fn pad(node: &Attributes<'_, '_>) -> Result<Read, Fault> {
    let mode = match node.text("mode", "constant")?.as_str() {
        "constant" => PadMode::Constant,
        "reflect" => PadMode::Reflect,
        "edge" => PadMode::Edge,
        "wrap" => PadMode::Wrap,
        other => return Err(format!("its `mode` {other} is not known").into()),
    };
    let mut read = with_list(Op::Pad(mode), node, "pads", 1);
    if node.has("value") {
        read.operands.push((2, Tensor::f32(vec![], vec![node.float("value", 0.0)?])));
    }
    Ok(read)
}

fn reduce(node: &Attributes<'_, '_>, reduction: Reduction) -> Result<Read, Fault> {
    let no_axes_is_identity = node.flag("noop_with_empty_axes", false)?;
    Ok(with_list(Op::Reduce { reduction, keep_dims: node.flag("keepdims", true)?, no_axes_is_identity }, node, "axes", 1))
}

fn transpose(node: &Attributes<'_, '_>) -> Result<Op, Fault> {
    let permutation = node.ints("perm").unwrap_or_default().iter().map(|axis| usize::try_from(*axis));
    let permutation = permutation.collect::<Result<Vec<_>, _>>().map_err(|_| "its `perm` is negative")?;
    Ok(Op::Transpose { permutation })
}

fn batch_norm(node: &Attributes<'_, '_>) -> Result<Op, Fault> {
    if node.flag("training_mode", false)? || !node.flag("spatial", true)? {
        return Err("it is exported for training; export the network in its evaluation mode".into());
    }
    Ok(Op::BatchNorm { epsilon: node.float("epsilon", 1e-5)? })
}

fn element(to: i64) -> Result<Element, Fault> {
    Ok(match Kind::from_number(to) {
        Some(Kind::Bool) => Element::Bool,
        Some(kind) if kind.is_real() => Element::F32,
        Some(_) => Element::I64,
        None => return Err(format!("it makes elements of kind {to}").into()),
    })
}

fn filled(node: &Attributes<'_, '_>) -> Result<Tensor, Fault> {
    let value = node.tensor("value")?.unwrap_or_else(|| Tensor::f32(vec![1], vec![0.0]));
    if value.elements() != 1 {
        return Err("its `value` is not one number".into());
    }
    Ok(value)
}

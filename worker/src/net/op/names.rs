//! What operators are called, for messages and facts.

use super::{Binary, Compare, Op, Reduction, Unary};

impl Op {
    /// What the operator is called, as in ONNX where it has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) => "Conv",
            Self::ConvTranspose(_) => "ConvTranspose",
            Self::Unary(unary) => unary.name(),
            Self::Clip => "Clip",
            Self::PRelu => "PRelu",
            Self::Binary(binary) => binary.name(),
            Self::Compare(compare) => compare.name(),
            Self::Not => "Not",
            Self::Mod { .. } => "Mod",
            Self::Where => "Where",
            Self::DepthToSpace { .. } => "DepthToSpace",
            Self::SpaceToDepth { .. } => "SpaceToDepth",
            Self::Resize { .. } => "Resize",
            Self::GridSample { .. } => "GridSample",
            Self::Warp => "Warp",
            Self::Concat { .. } => "Concat",
            Self::Slice => "Slice",
            Self::Split { .. } => "Split",
            Self::Pad(_) => "Pad",
            Self::GlobalAveragePool => "GlobalAveragePool",
            Self::GlobalMaxPool => "GlobalMaxPool",
            Self::Reduce { reduction, .. } => reduction.name(),
            Self::Gemm { .. } => "Gemm",
            Self::MatMul => "MatMul",
            Self::MaxPool(_) => "MaxPool",
            Self::AveragePool(_) => "AveragePool",
            Self::Transpose { .. } => "Transpose",
            Self::Reshape { .. } => "Reshape",
            Self::Flatten { .. } => "Flatten",
            Self::Squeeze => "Squeeze",
            Self::Unsqueeze => "Unsqueeze",
            Self::Softmax { .. } => "Softmax",
            Self::BatchNorm { .. } => "BatchNormalization",
            Self::InstanceNorm { .. } => "InstanceNormalization",
            Self::Identity => "Identity",
            Self::Shape { .. } => "Shape",
            Self::Size => "Size",
            Self::Gather { .. } => "Gather",
            Self::Cast(_) => "Cast",
            Self::ConstantOfShape(_) => "ConstantOfShape",
            Self::Range => "Range",
            Self::Expand => "Expand",
            Self::Tile => "Tile",
        }
    }
}

impl Unary {
    /// What the operator is called, as in ONNX where it has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "Relu",
            Self::LeakyRelu { .. } => "LeakyRelu",
            Self::Elu { .. } => "Elu",
            Self::Sigmoid => "Sigmoid",
            Self::HardSigmoid { .. } => "HardSigmoid",
            Self::HardSwish { .. } => "HardSwish",
            Self::Silu => "Silu",
            Self::Gelu | Self::GeluTanh => "Gelu",
            Self::Mish => "Mish",
            Self::Softplus => "Softplus",
            Self::Softsign => "Softsign",
            Self::Tanh => "Tanh",
            Self::Sin => "Sin",
            Self::Cos => "Cos",
            Self::Exp => "Exp",
            Self::Log => "Log",
            Self::Sqrt => "Sqrt",
            Self::Reciprocal => "Reciprocal",
            Self::Floor => "Floor",
            Self::Ceil => "Ceil",
            Self::Round => "Round",
            Self::Neg => "Neg",
            Self::Abs => "Abs",
            Self::Sign => "Sign",
            Self::Erf => "Erf",
        }
    }
}

impl Binary {
    /// What the operator is called in ONNX.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Sub => "Sub",
            Self::Mul => "Mul",
            Self::Div => "Div",
            Self::Pow => "Pow",
            Self::Min => "Min",
            Self::Max => "Max",
        }
    }
}

impl Compare {
    /// What the operator is called in ONNX.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "Equal",
            Self::Greater => "Greater",
            Self::GreaterOrEqual => "GreaterOrEqual",
            Self::Less => "Less",
            Self::LessOrEqual => "LessOrEqual",
            Self::And => "And",
            Self::Or => "Or",
        }
    }
}

impl Reduction {
    /// What the operator is called in ONNX.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "ReduceMean",
            Self::Max => "ReduceMax",
            Self::Min => "ReduceMin",
            Self::Sum => "ReduceSum",
            Self::Prod => "ReduceProd",
        }
    }
}

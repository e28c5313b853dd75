//! The operators of a [`Network`](super::Network), with their attributes as typed fields.
//!
//! The operators and the order of their operands are those of ONNX at opset 21 (onnx/onnx: docs/Operators.md); what older
//! opsets and ncnn give as attributes, the readers bring as constant operands. `Warp` is ncnn's layer of that name in RIFE.

mod names;

/// Padding, stride and dilation of a window that moves over rows and columns. Pairs are (rows, columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Step between two outputs.
    pub stride: [usize; 2],
    /// Distance between two taps.
    pub dilation: [usize; 2],
    /// How the padding is found.
    pub padding: Padding,
}

/// Rows and columns of padding around a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Exactly so many: above and left, below and right.
    Explicit {
        /// Above, left.
        begin: [usize; 2],
        /// Below, right.
        end: [usize; 2],
    },
    /// As many as make the output `ceil(size / stride)`, the odd one at the end (ONNX `SAME_UPPER`).
    SameUpper,
    /// The same with the odd one at the beginning.
    SameLower,
}

/// Arithmetic on each element alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unary {
    /// max(x, 0)
    Relu,
    /// x where x >= 0, else alpha·x
    LeakyRelu {
        /// Slope below zero.
        alpha: f32,
    },
    /// x where x >= 0, else alpha·(exp(x) - 1)
    Elu {
        /// Size of the exponential part.
        alpha: f32,
    },
    /// 1 / (1 + exp(-x))
    Sigmoid,
    /// clamp(alpha·x + beta, 0, 1)
    HardSigmoid {
        /// Slope.
        alpha: f32,
        /// Value at zero.
        beta: f32,
    },
    /// x·clamp(alpha·x + beta, 0, 1); ONNX has alpha 1/6 and beta 1/2
    HardSwish {
        /// Slope.
        alpha: f32,
        /// Value at zero.
        beta: f32,
    },
    /// x·sigmoid(x)
    Silu,
    /// x·Φ(x), by the error function
    Gelu,
    /// The same by its approximation with tanh
    GeluTanh,
    /// x·tanh(softplus(x))
    Mish,
    /// ln(1 + exp(x))
    Softplus,
    /// x / (1 + |x|)
    Softsign,
    /// Hyperbolic tangent
    Tanh,
    /// Sine of radians
    Sin,
    /// Cosine of radians
    Cos,
    /// e to the x
    Exp,
    /// Natural logarithm
    Log,
    /// Square root
    Sqrt,
    /// 1 / x
    Reciprocal,
    /// Greatest whole number not above
    Floor,
    /// Smallest whole number not below
    Ceil,
    /// Nearest whole number, halves to even
    Round,
    /// -x
    Neg,
    /// |x|
    Abs,
    /// -1, 0 or 1
    Sign,
    /// The error function
    Erf,
}

/// Arithmetic on two values, element by element, with ONNX's (NumPy's) broadcasting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a·b
    Mul,
    /// a / b
    Div,
    /// a to the b
    Pow,
    /// The smaller
    Min,
    /// The larger
    Max,
}

/// Comparison and logic; results are truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// a = b
    Equal,
    /// a > b
    Greater,
    /// a >= b
    GreaterOrEqual,
    /// a < b
    Less,
    /// a <= b
    LessOrEqual,
    /// Both
    And,
    /// At least one
    Or,
}

/// How several elements become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean
    Mean,
    /// Their largest
    Max,
    /// Their smallest
    Min,
    /// Their sum
    Sum,
    /// Their product (of whole numbers; only in shape arithmetic)
    Prod,
}

/// Order of the channels that become a block of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelOrder {
    /// Channel = (row in block·block + column in block)·channels out + channel out (TensorFlow)
    Dcr,
    /// Channel = channel out·block² + row in block·block + column in block (PyTorch's pixel shuffle)
    Crd,
}

/// How samples between pixels are found when resizing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interpolation {
    /// The nearest pixel.
    Nearest(Rounding),
    /// Linear along each axis.
    Linear,
    /// Cubic along each axis (Keys); `a` is -0.75 in ONNX and PyTorch, -0.5 for Catmull-Rom.
    Cubic {
        /// The coefficient.
        a: f32,
        /// Taps outside the picture get no weight and the others are scaled up, instead of repeating the edge.
        exclude_outside: bool,
    },
}

/// Which pixel is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Halves down (ONNX's default).
    PreferFloor,
    /// Halves up.
    PreferCeil,
    /// Always down.
    Floor,
    /// Always up.
    Ceil,
}

/// Where output pixel x lies in the input. `scale` is output over input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinates {
    /// (x + 0.5) / scale - 0.5
    HalfPixel,
    /// The same, but 0 when the output is one pixel.
    PytorchHalfPixel,
    /// As `HalfPixel`, centred when the scaled size was rounded down (opset 19).
    HalfPixelSymmetric,
    /// x·(in - 1) / (out - 1)
    AlignCorners,
    /// x / scale
    Asymmetric,
}

/// What lies outside a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadMode {
    /// A constant.
    Constant,
    /// The picture mirrored at its edge pixels, which are not repeated.
    Reflect,
    /// The edge pixels.
    Edge,
    /// The picture again.
    Wrap,
}

/// How [`Op::GridSample`] finds samples between pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridInterpolation {
    /// Bilinear.
    Linear,
    /// The nearest, halves to even.
    Nearest,
    /// Bicubic with coefficient -0.75.
    Cubic,
}

/// What [`Op::GridSample`] sees outside the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridPadding {
    /// Zero.
    Zeros,
    /// The edge pixels.
    Border,
    /// The picture mirrored.
    Reflection,
}

/// The element type that [`Op::Cast`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Real numbers.
    F32,
    /// Whole numbers, truncated towards zero.
    I64,
    /// 0 or 1.
    Bool,
}

/// Attributes of [`Op::Conv`] and of its counterpart among the tensor operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// How the kernel moves. The kernel's size is the weight's.
    pub window: Window,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

/// Attributes of [`Op::ConvTranspose`] and of its counterpart among the tensor operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose {
    /// How the kernel moves over the output. Padding is cut off the output.
    pub window: Window,
    /// Rows and columns added at the output's end.
    pub output_padding: [usize; 2],
    /// The size that the output must get, from which padding follows (ONNX `output_shape`).
    pub output_size: Option<[usize; 2]>,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

/// Attributes of the pooling operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Rows and columns seen at once.
    pub kernel: [usize; 2],
    /// How it moves.
    pub window: Window,
    /// A last window that hangs over the edge counts.
    pub ceil_mode: bool,
    /// Padding counts as zeros in an average.
    pub count_padding: bool,
}

/// One operator. Pictures are batch, channels, rows, columns. An operand marked `?` may be left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// x, weight [out, in / groups, rows, columns], bias? [out]
    Conv(Conv),
    /// x, weight [in, out / groups, rows, columns], bias? [out]
    ConvTranspose(ConvTranspose),
    /// x
    Unary(Unary),
    /// x, min?, max?
    Clip,
    /// x, slope (broadcast to x)
    PRelu,
    /// a, b and, for Min and Max, any number more
    Binary(Binary),
    /// a, b
    Compare(Compare),
    /// a
    Not,
    /// a, b: the remainder, with the divisor's sign or, as in C, the dividend's
    Mod {
        /// The sign is the dividend's.
        truncated: bool,
    },
    /// condition, a, b
    Where,
    /// x
    DepthToSpace {
        /// Side of a block.
        block: usize,
        /// Which channel goes where.
        order: ChannelOrder,
    },
    /// x
    SpaceToDepth {
        /// Side of a block.
        block: usize,
    },
    /// x, then scales? at `scales_at`, and sizes? after them; they are those of `axes`, or of all axes
    Resize {
        /// Between pixels.
        interpolation: Interpolation,
        /// Where.
        coordinates: Coordinates,
        /// Which axes scales and sizes name; all when empty.
        axes: Vec<i64>,
        /// Which operand the scales are: 2, or 1 before opset 11.
        scales_at: usize,
    },
    /// x, grid [batch, rows, columns, 2] of (x, y) in -1..1
    GridSample {
        /// Between pixels.
        interpolation: GridInterpolation,
        /// Outside.
        padding: GridPadding,
        /// -1 and 1 are the centres of the edge pixels, not their outer edges.
        align_corners: bool,
    },
    /// x, flow [batch, 2, rows, columns] of (x, y) in pixels: the picture at x + flow, bilinear, edges repeated
    Warp,
    /// one or more
    Concat {
        /// Along which axis; negative from the end.
        axis: i64,
    },
    /// x, starts, ends, axes?, steps?
    Slice,
    /// x, sizes?; in equal parts when left out
    Split {
        /// Along which axis; negative from the end.
        axis: i64,
    },
    /// x, pads (all begins, then all ends; negative crops), value?, axes?
    Pad(PadMode),
    /// x: the mean over all rows and columns
    GlobalAveragePool,
    /// x: the maximum over all rows and columns
    GlobalMaxPool,
    /// x, axes?; over all axes when left out
    Reduce {
        /// What becomes of the elements.
        reduction: Reduction,
        /// Reduced axes stay, with size 1.
        keep_dims: bool,
        /// No axes means that nothing is reduced.
        no_axes_is_identity: bool,
    },
    /// a, b, c?: alpha·a'·b' + beta·c
    Gemm {
        /// Factor of the product.
        alpha: f32,
        /// Factor of c.
        beta: f32,
        /// a' is a transposed.
        transpose_a: bool,
        /// b' is b transposed.
        transpose_b: bool,
    },
    /// a, b
    MatMul,
    /// x
    MaxPool(Pool),
    /// x
    AveragePool(Pool),
    /// x
    Transpose {
        /// Which axis comes where; reversed when empty.
        permutation: Vec<usize>,
    },
    /// x, shape (-1: what remains)
    Reshape {
        /// A zero means zero elements and not "as before".
        allow_zero: bool,
    },
    /// x
    Flatten {
        /// The first axis of the second dimension; negative from the end.
        axis: i64,
    },
    /// x, axes?
    Squeeze,
    /// x, axes
    Unsqueeze,
    /// x
    Softmax {
        /// Along which axis; negative from the end.
        axis: i64,
        /// Over this axis and all that follow it together, as before opset 13.
        flatten: bool,
    },
    /// x, scale, bias, mean, variance, each [channels]
    BatchNorm {
        /// Added to the variance.
        epsilon: f32,
    },
    /// x, scale, bias, each [channels]
    InstanceNorm {
        /// Added to the variance.
        epsilon: f32,
    },
    /// x
    Identity,
    /// x: its shape from axis `start` to before `end`
    Shape {
        /// First axis.
        start: i64,
        /// The axis after the last.
        end: Option<i64>,
    },
    /// x: how many elements it has
    Size,
    /// x, indices
    Gather {
        /// Along which axis; negative from the end.
        axis: i64,
    },
    /// x
    Cast(Element),
    /// shape
    ConstantOfShape(super::Tensor),
    /// start, limit, delta
    Range,
    /// x, shape
    Expand,
    /// x, repeats
    Tile,
}

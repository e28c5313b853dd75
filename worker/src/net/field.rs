//! Receptive fields: which input pixels each value depends on, for tiling.
//!
//! Along rows and along columns apart, pixel i of a value depends on input pixels from `step`·i + `low` to `step`·i + `high`
//! (Araujo et al. 2019, "Computing Receptive Fields of Convolutional Neural Networks"), or also on the whole picture, through a
//! global pooling, a warp, or a constant that differs from place to place. All inputs of a network are taken to have one size.
//! Pixels that a padding mirrors are counted as if they lay outside of the picture: at its edge a tile must reach beyond the
//! padding, inside nothing is mirrored.

use super::graph::ValueId;
use super::op::{Coordinates, Interpolation, PadMode};
use super::ratio::{Ratio, least_multiple};
use super::shaped::{Shaped, ShapedNode, TensorOp};

/// Input pixels around `step`·i.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Input pixels for each pixel of the value: 2 after a stride of 2, 1/4 after a shuffle of 4.
    pub step: Ratio,
    /// The first, seen from `step`·i; usually negative.
    pub low: Ratio,
    /// The last.
    pub high: Ratio,
}

/// What a value depends on along one axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Along {
    /// Pixels nearby. None when it depends on none in particular.
    pub local: Option<Local>,
    /// On the whole picture, or on where in the picture it is: a tile alone does not tell.
    pub whole: bool,
}

/// What a value depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Along rows (downwards).
    pub rows: Along,
    /// Along columns (across).
    pub columns: Along,
}

/// The field of every value of a network, by its id.
#[must_use]
pub fn fields(network: &Shaped) -> Vec<Field> {
    let itself = Along { local: Some(Local { step: Ratio::ONE, low: Ratio::ZERO, high: Ratio::ZERO }), whole: false };
    let mut fields = vec![Field::default(); network.value_count()];
    for port in network.inputs() {
        fields[port.value.index()] = Field { rows: itself, columns: itself };
    }
    for node in network.nodes() {
        let along = |axis: usize| {
            let operands = node.inputs.iter().map(|input| operand(network, &fields, *input, axis)).collect::<Vec<_>>();
            node_along(network, node, axis, &operands)
        };
        fields[node.output.index()] = Field { rows: along(0), columns: along(1) };
    }
    fields
}

/// Tiles of a network must begin at input pixels in multiples of this, and be as large in multiples of it: what its strides
/// divide evenly. None when that is absurdly large.
#[must_use]
pub fn alignment(fields: &[Field]) -> Option<u32> {
    let steps =
        fields.iter().flat_map(|field| [field.rows.local, field.columns.local]).flatten().map(|local| local.step.numerator);
    let multiple = steps.into_iter().try_fold(1, least_multiple)?;
    u32::try_from(multiple).ok()
}

impl Along {
    const WHOLE: Self = Self { local: None, whole: true };

    /// Both together.
    fn with(self, other: Self) -> Self {
        let whole = self.whole || other.whole;
        let local = match (self.local, other.local) {
            (Some(a), Some(b)) if a.step == b.step => {
                Some(Local { step: a.step, low: a.low.least(b.low), high: a.high.most(b.high) })
            }
            (Some(_), Some(_)) => return Self::WHOLE,
            (a, b) => a.or(b),
        };
        Self { local, whole }
    }

    /// Of a value whose pixel i depends on pixels `step`·i + `low` to `step`·i + `high` of this one.
    fn seen(self, step: Ratio, low: Ratio, high: Ratio) -> Self {
        let Some(own) = self.local else { return self };
        let seen = || {
            Some(Local {
                step: own.step.times(step)?,
                low: own.low.plus(own.step.times(low)?)?,
                high: own.high.plus(own.step.times(high)?)?,
            })
        };
        match seen() {
            Some(local) => Self { local: Some(local), ..self },
            None => Self::WHOLE,
        }
    }

    /// Input pixels that a block of output pixels needs beyond the input pixels that it lies on, on the farther side, where the
    /// network makes `scale` pixels of one and its output begins `margin` input pixels within the input. None when it depends on no
    /// pixel in particular.
    #[must_use]
    pub fn radius(&self, scale: u32, margin: u32) -> Option<u32> {
        let local = self.local?;
        // The last output pixel over an input pixel lies (scale - 1) / scale beyond the first.
        let inside = Ratio::new(i64::from(scale) - 1, i64::from(scale))?;
        let margin = i64::from(margin);
        let (before, after) = (margin - local.low.ceil(), local.high.plus(inside)?.floor() - margin);
        u32::try_from(before.max(after).max(0)).ok()
    }
}

/// An operand along axis 0 (rows) or 1 (columns) of pictures.
fn operand(network: &Shaped, fields: &[Field], value: ValueId, axis: usize) -> Along {
    let shape = network.shape(value);
    // Rows and columns are the last two axes of operands that are broadcast, too.
    let size = shape.len().checked_sub(2 - axis).map_or(1, |place| shape[place]);
    if network.constant(value).is_some() {
        return Along { local: None, whole: size > 1 };
    }
    let field = fields[value.index()];
    if axis == 0 { field.rows } else { field.columns }
}

fn node_along(network: &Shaped, node: &ShapedNode, axis: usize, operands: &[Along]) -> Along {
    let x = operands[0];
    let whole = |number: usize| Ratio::whole(number as i64);
    let spatial = axis + 2;
    match &node.op {
        TensorOp::Conv(conv) => {
            let low = whole(conv.pad[axis]).negative();
            let reach = whole((conv.kernel[axis] - 1) * conv.dilation[axis]);
            low.plus(reach).map_or(Along::WHOLE, |high| x.seen(whole(conv.stride[axis]), low, high))
        }
        TensorOp::ConvTranspose(conv) => {
            let stride = conv.stride[axis] as i64;
            let reach = ((conv.kernel[axis] - 1) * conv.dilation[axis]) as i64;
            match (
                Ratio::new(1, stride),
                Ratio::new(conv.pad[axis] as i64 - reach, stride),
                Ratio::new(conv.pad[axis] as i64, stride),
            ) {
                (Some(step), Some(low), Some(high)) => x.seen(step, low, high),
                _ => Along::WHOLE,
            }
        }
        TensorOp::MaxPool(pool) | TensorOp::AveragePool(pool) => {
            let low = whole(pool.pad[axis]).negative();
            let reach = whole((pool.kernel[axis] - 1) * pool.dilation[axis]);
            low.plus(reach).map_or(Along::WHOLE, |high| x.seen(whole(pool.stride[axis]), low, high))
        }
        TensorOp::Unary(_) | TensorOp::Clip { .. } | TensorOp::PRelu | TensorOp::Binary(_) | TensorOp::Expand => {
            operands.iter().copied().fold(Along::default(), Along::with)
        }
        TensorOp::DepthToSpace { block, .. } => {
            match (Ratio::new(1, *block as i64), Ratio::new(1 - *block as i64, *block as i64)) {
                (Some(step), Some(low)) => x.seen(step, low, Ratio::ZERO),
                _ => Along::WHOLE,
            }
        }
        TensorOp::SpaceToDepth { block } => x.seen(whole(*block), Ratio::ZERO, whole(block - 1)),
        TensorOp::Resize { interpolation, coordinates, scale } => {
            let same = network.shape(node.inputs[0])[spatial] == network.shape(node.output)[spatial] && scale[axis] == 1.0;
            if same { x } else { resized(*interpolation, *coordinates, scale[axis], x) }
        }
        TensorOp::Concat { axis: along } if *along < 2 => operands.iter().copied().fold(Along::default(), Along::with),
        TensorOp::Slice { start, step } if start.len() == 4 && step[spatial] > 0 => {
            x.seen(Ratio::whole(step[spatial]), whole(start[spatial]), whole(start[spatial]))
        }
        TensorOp::Pad { begin, mode, .. } if begin.len() == 4 && *mode != PadMode::Wrap => {
            let offset = Ratio::whole(begin[spatial]).negative();
            x.seen(Ratio::ONE, offset, offset)
        }
        TensorOp::Reduce { axes, .. } if !axes.contains(&spatial) => x,
        TensorOp::Softmax { axis: along } if *along < 2 => x,
        // Elsewhere pixels are seen from everywhere, or rows and columns are no longer where they were.
        _ => Along::WHOLE,
    }
}

/// Where output pixel i lies in the input, and how far the interpolation looks around.
fn resized(interpolation: Interpolation, coordinates: Coordinates, scale: f32, x: Along) -> Along {
    let around = match interpolation {
        Interpolation::Nearest(_) | Interpolation::Linear => Ratio::ONE,
        Interpolation::Cubic { .. } => Ratio::whole(2),
    };
    let seen = || {
        let step = Ratio::ONE.over(Ratio::from_scale(scale)?)?;
        let half = Ratio::new(1, 2)?;
        let offset = match coordinates {
            Coordinates::HalfPixel | Coordinates::PytorchHalfPixel => step.times(half)?.plus(half.negative())?,
            Coordinates::Asymmetric => Ratio::ZERO,
            // These depend on the picture's size.
            Coordinates::HalfPixelSymmetric | Coordinates::AlignCorners => return None,
        };
        Some(x.seen(step, offset.plus(around.negative())?, offset.plus(around)?))
    };
    seen().unwrap_or(Along::WHOLE)
}

//! A network at given input sizes: what executors lower and run.
//!
//! Invariants, kept by [`Network::at`](super::Network::at): every value is an input, a constant or the one output of exactly
//! one node; all values are f32; nodes stand in running order and every one is needed for an output; no node has only constant
//! operands; constants that nothing uses are gone. Ids count the values of this `Shaped`, not those of the `Network`.

use std::sync::Arc;

use super::graph::{Port, ValueId};
use super::op::{Binary, ChannelOrder, Coordinates, GridInterpolation, GridPadding, Interpolation, PadMode, Reduction, Unary};

/// A convolution with everything settled. Pairs are (rows, columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvAt {
    /// Size of the kernel.
    pub kernel: [usize; 2],
    /// Step between two outputs (for a transposed convolution: between two inputs).
    pub stride: [usize; 2],
    /// Distance between two taps.
    pub dilation: [usize; 2],
    /// Zeros above and left of the input (for a transposed convolution: rows and columns cut off the output there). What lies
    /// below and right follows from the output's shape.
    pub pad: [usize; 2],
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

/// A pooling window with everything settled. Pairs are (rows, columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolAt {
    /// Rows and columns seen at once.
    pub kernel: [usize; 2],
    /// Step between two outputs.
    pub stride: [usize; 2],
    /// Distance between two taps.
    pub dilation: [usize; 2],
    /// Padding above and left.
    pub pad: [usize; 2],
    /// Padding below and right.
    pub pad_end: [usize; 2],
    /// Padding counts as zeros in an average; what hangs over even the padding never counts.
    pub count_padding: bool,
}

/// An operator on f32 tensors with every parameter a number. The output's size is the output value's shape.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorOp {
    /// x [n, in, h, w], weight [out, in / groups, kh, kw], bias? [out]
    Conv(ConvAt),
    /// x [n, in, h, w], weight [in, out / groups, kh, kw], bias? [out]
    ConvTranspose(ConvAt),
    /// x
    Unary(Unary),
    /// x
    Clip {
        /// Lower bound; minus infinity when there is none.
        min: f32,
        /// Upper bound; infinity when there is none.
        max: f32,
    },
    /// x, slope: x where x >= 0, else slope·x; slope broadcasts to x (usually [channels, 1, 1])
    PRelu,
    /// a, b; both broadcast to the output
    Binary(Binary),
    /// x [n, c·block², h, w] -> [n, c, h·block, w·block]
    DepthToSpace {
        /// Side of a block.
        block: usize,
        /// Which channel goes where.
        order: ChannelOrder,
    },
    /// x [n, c, h·block, w·block] -> [n, block²·c, h, w]; the offset in the block is the outer part of the channel
    SpaceToDepth {
        /// Side of a block.
        block: usize,
    },
    /// x; only the last two axes of a picture change
    Resize {
        /// Between pixels.
        interpolation: Interpolation,
        /// Where.
        coordinates: Coordinates,
        /// Output over input for (rows, columns), as the file gives it: it may differ from the ratio of the sizes.
        scale: [f32; 2],
    },
    /// x [n, c, h, w], grid [n, oh, ow, 2]
    GridSample {
        /// Between pixels.
        interpolation: GridInterpolation,
        /// Outside.
        padding: GridPadding,
        /// -1 and 1 are the centres of the edge pixels.
        align_corners: bool,
    },
    /// x [n, c, h, w], flow [n, 2, h, w] of (x, y) in pixels: the picture at x + flow, bilinear, edges repeated
    Warp,
    /// one or more
    Concat {
        /// Along which axis.
        axis: usize,
    },
    /// x: element i of the output's axis is element start + i·step of the input's
    Slice {
        /// For every axis.
        start: Vec<usize>,
        /// For every axis; may be negative, never zero.
        step: Vec<i64>,
    },
    /// x
    Pad {
        /// What lies outside.
        mode: PadMode,
        /// Elements put before the first, for every axis; negative crops.
        begin: Vec<i64>,
        /// The constant.
        value: f32,
    },
    /// x
    Reduce {
        /// What becomes of the elements.
        reduction: Reduction,
        /// Over which axes, ascending; a global pooling is over rows and columns [2, 3]. Whether they stay in the output's
        /// shape does not matter to the elements' order.
        axes: Vec<usize>,
    },
    /// a [.., m, k], b [.., k, n]; leading axes broadcast
    MatMul,
    /// x [n, c, h, w]; padding never wins
    MaxPool(PoolAt),
    /// x [n, c, h, w]
    AveragePool(PoolAt),
    /// x: axis i of the output is axis `permutation[i]` of the input
    Transpose {
        /// A permutation of all axes.
        permutation: Vec<usize>,
    },
    /// x: the same elements in the same order under another shape; nothing needs to be moved
    Reshape,
    /// x: repeated along axes of size 1
    Expand,
    /// x
    Softmax {
        /// Along which axis.
        axis: usize,
    },
    /// x [n, c, ..], scale [c], bias [c]: each channel of each picture brought to mean 0 and variance 1, scaled and shifted
    InstanceNorm {
        /// Added to the variance.
        epsilon: f32,
    },
}

/// One operation of a shaped network.
#[derive(Clone, Debug, PartialEq)]
pub struct ShapedNode {
    /// As the file calls it; for messages.
    pub name: String,
    /// What is done.
    pub op: TensorOp,
    /// Operands in the operator's order. Only a bias may be absent, and it is the last: then it is not in the list.
    pub inputs: Vec<ValueId>,
    /// The result.
    pub output: ValueId,
}

/// What is known of one value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShapedValue {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) constant: Option<Arc<[f32]>>,
    pub(super) producer: Option<usize>,
    pub(super) uses: Vec<usize>,
}

/// A network at given input sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Shaped {
    pub(super) name: String,
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    pub(super) nodes: Vec<ShapedNode>,
    pub(super) values: Vec<ShapedValue>,
}

impl Shaped {
    /// The network's name; may be empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is fed, in the file's order: names and values. An input that the outputs do not depend on is here too.
    #[must_use]
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// What it gives back, in the file's order. The value may be an input or a constant, where the network does nothing to it.
    #[must_use]
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Its operations in running order.
    #[must_use]
    pub fn nodes(&self) -> &[ShapedNode] {
        &self.nodes
    }

    /// How many values there are: ids run from 0.
    #[must_use]
    pub fn value_count(&self) -> usize {
        self.values.len()
    }

    /// The shape of a value, outermost axis first; empty for a scalar.
    #[must_use]
    pub fn shape(&self, value: ValueId) -> &[usize] {
        &self.values[value.index()].shape
    }

    /// How many elements a value has.
    #[must_use]
    pub fn elements(&self, value: ValueId) -> usize {
        self.shape(value).iter().product()
    }

    /// The elements of a value that is known beforehand, the last axis running fastest.
    #[must_use]
    pub fn constant(&self, value: ValueId) -> Option<&Arc<[f32]>> {
        self.values[value.index()].constant.as_ref()
    }

    /// The name of a value, for messages.
    #[must_use]
    pub fn value_name(&self, value: ValueId) -> &str {
        &self.values[value.index()].name
    }

    /// The node that makes a value: an index into [`Self::nodes`]. None for inputs and constants.
    #[must_use]
    pub fn producer(&self, value: ValueId) -> Option<usize> {
        self.values[value.index()].producer
    }

    /// The nodes that use a value, ascending: indices into [`Self::nodes`], one for each use.
    #[must_use]
    pub fn uses(&self, value: ValueId) -> &[usize] {
        &self.values[value.index()].uses
    }

    /// Whether a value is among the network's outputs.
    #[must_use]
    pub fn is_output(&self, value: ValueId) -> bool {
        self.outputs.iter().any(|output| output.value == value)
    }
}

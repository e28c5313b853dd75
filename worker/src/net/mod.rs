//! Neural networks: read from what a studio brings, understood, and run.
//!
//! A file becomes a [`Network`] (`graph`, `op`): names, operators, constants, free of any file format and of any device.
//! [`Network::at`] sets the sizes of its inputs and gives a [`Shaped`]: every shape a number, everything that follows from
//! shapes and constants computed, only operators on f32 tensors left, each with one output, in running order. A `Shaped` is
//! what executors lower.

pub mod bounds;
pub mod graph;
mod lower;
pub mod op;
pub mod reference;
mod refusal;
pub mod shaped;
mod shapes;
mod simplify;

pub use graph::{Dim, Input, Network, Node, Port, Tensor, TensorData, ValueId};
pub use op::Op;
pub use refusal::Refusal;
pub use shaped::{Shaped, ShapedNode, TensorOp};

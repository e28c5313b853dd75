//! Neural networks: read from what a studio brings, understood, and run.
//!
//! A file becomes a [`Network`] (`graph`, `op`): names, operators, constants, free of any file format and of any device.
//! [`Network::at`] sets the sizes of its inputs and gives a [`Shaped`]: every shape a number, everything that follows from
//! shapes and constants computed, only operators on f32 tensors left, each with one output, in running order. A `Shaped` is
//! what executors lower.

pub mod bench;
pub mod bounds;
pub mod detector;
pub mod facts;
pub mod families;
pub mod field;
pub mod graph;
mod half;
mod lower;
mod models;
pub mod ncnn;
pub mod onnx;
pub mod op;
pub mod passes;
mod ratio;
pub mod reference;
mod refusal;
pub mod shaped;
mod shapes;
mod simplify;
pub mod tune;

pub use facts::Facts;
pub use graph::{Dim, Input, Network, Node, Port, Tensor, TensorData, ValueId};
pub use models::Models;
pub use op::Op;
pub use ratio::Ratio;
pub use refusal::Refusal;
pub use shaped::{Shaped, ShapedNode, TensorOp};

/// How an ncnn param file in text form begins.
const NCNN_MAGIC: &[u8] = b"7767517";

impl Network {
    /// Reads a network: an ONNX file, or an ncnn param file together with its bin as `weights`.
    ///
    /// # Errors
    /// A sentence that names what is damaged, too large or not supported, for the person who brought the file.
    pub fn read(file: &[u8], weights: Option<&[u8]>) -> Result<Self, Refusal> {
        match (file.trim_ascii_start().starts_with(NCNN_MAGIC), weights) {
            (true, Some(weights)) => ncnn::read(file, weights),
            (true, None) => Err(Refusal::Unsupported("this is an ncnn param file; give its .bin file too".to_owned())),
            (false, None) => onnx::read(file),
            (false, Some(_)) => Err(Refusal::UnknownFormat),
        }
    }
}

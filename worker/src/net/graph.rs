//! A network as data: values, nodes and constants, free of any file format and of any device.
//!
//! Invariants, kept by the readers: every [`ValueId`] is an index into [`Network::values`]; every value is an input, a constant
//! or the output of exactly one node; a tensor holds as many elements as its shape says.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::op::Op;

/// The name of a value within one network: its index in [`Network::values`] (or among the values of a `Shaped`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

impl ValueId {
    /// Its place among the values.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One dimension of a network's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// Always this many.
    Fixed(u64),
    /// Any size; equal names mean equal sizes. The name may be empty.
    Free(String),
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(size) => size.fmt(f),
            Self::Free(name) if name.is_empty() => f.write_str("?"),
            Self::Free(name) => f.write_str(name),
        }
    }
}

/// The elements of a tensor, the last dimension running fastest.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorData {
    /// Real numbers. Half precision in a file is widened on reading.
    F32(Arc<[f32]>),
    /// Whole numbers and truth values (0 and 1): what shapes are computed from.
    I64(Arc<[i64]>),
}

/// A constant: a shape and its elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Sizes, outermost first. Empty for a scalar.
    pub shape: Vec<usize>,
    /// As many elements as the product of the shape.
    pub data: TensorData,
}

impl Tensor {
    /// A tensor of real numbers.
    ///
    /// # Panics
    /// If there are not as many elements as the shape says: the caller's bug.
    #[must_use]
    pub fn f32(shape: Vec<usize>, data: impl Into<Arc<[f32]>>) -> Self {
        let data = data.into();
        assert_eq!(shape.iter().product::<usize>(), data.len(), "a tensor of shape {shape:?}");
        Self { shape, data: TensorData::F32(data) }
    }

    /// A tensor of whole numbers.
    ///
    /// # Panics
    /// If there are not as many elements as the shape says: the caller's bug.
    #[must_use]
    pub fn i64(shape: Vec<usize>, data: impl Into<Arc<[i64]>>) -> Self {
        let data = data.into();
        assert_eq!(shape.iter().product::<usize>(), data.len(), "a tensor of shape {shape:?}");
        Self { shape, data: TensorData::I64(data) }
    }

    /// A list of whole numbers, as shapes, axes and pads are given.
    #[must_use]
    pub fn list(data: &[i64]) -> Self {
        Self::i64(vec![data.len()], data)
    }

    /// How many elements it holds.
    #[must_use]
    pub fn elements(&self) -> usize {
        match &self.data {
            TensorData::F32(data) => data.len(),
            TensorData::I64(data) => data.len(),
        }
    }

    /// Its elements, if they are real numbers.
    #[must_use]
    pub fn as_f32(&self) -> Option<&[f32]> {
        match &self.data {
            TensorData::F32(data) => Some(data),
            TensorData::I64(_) => None,
        }
    }

    /// Its elements, if they are whole numbers.
    #[must_use]
    pub fn as_i64(&self) -> Option<&[i64]> {
        match &self.data {
            TensorData::I64(data) => Some(data),
            TensorData::F32(_) => None,
        }
    }
}

/// What the network is fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// As the file calls it.
    pub name: String,
    /// Its value.
    pub value: ValueId,
    /// Sizes, as far as the file fixes them; for pictures batch, channels, rows, columns. `None` where the file says nothing,
    /// not even how many dimensions there are.
    pub shape: Option<Vec<Dim>>,
}

/// Where something goes in or comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// As the file calls it.
    pub name: String,
    /// Its value.
    pub value: ValueId,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// As the file calls it, or its operator and place where it has no name; for messages.
    pub name: String,
    /// What is done.
    pub op: Op,
    /// Operands in the operator's order; `None` for one that is left out.
    pub inputs: Vec<Option<ValueId>>,
    /// Results in the operator's order.
    pub outputs: Vec<ValueId>,
}

/// A network: what a file says, before any size is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// As the file calls it; may be empty.
    pub name: String,
    /// What it is fed, in the file's order.
    pub inputs: Vec<Input>,
    /// What it gives back, in the file's order.
    pub outputs: Vec<Port>,
    /// Its operations, each after those whose results it uses.
    pub nodes: Vec<Node>,
    /// The name of every value.
    pub values: Vec<String>,
    /// The values that are known beforehand: weights, and what shapes are computed from.
    pub constants: BTreeMap<ValueId, Tensor>,
}

//! Writes ONNX files: the counterpart of the reader, for networks with seeded weights.
//!
//! Field numbers as in onnx/onnx: onnx/onnx.proto.

use crate::net::graph::{Tensor, TensorData};

/// Version of the file format: the first with opset 17.
const IR_VERSION: u64 = 8;
/// The operator set that the networks are written in.
const OPSET: u64 = 17;

/// An attribute of a node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attribute<'a> {
    Int(i64),
    Ints(&'a [i64]),
    Float(f32),
    Text(&'a str),
}

/// One size of an input.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size<'a> {
    Fixed(usize),
    Free(&'a str),
}

/// A network while it is written. Values go by their names.
pub(super) struct Writer {
    graph: Vec<u8>,
    values: usize,
    seed: u64,
}

fn varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn int(to: &mut Vec<u8>, field: u64, number: u64) {
    varint(to, field << 3);
    varint(to, number);
}

fn bytes(to: &mut Vec<u8>, field: u64, data: &[u8]) {
    varint(to, field << 3 | 2);
    varint(to, data.len() as u64);
    to.extend_from_slice(data);
}

impl Writer {
    pub(super) fn new(name: &str, seed: u64) -> Self {
        let mut graph = Vec::new();
        bytes(&mut graph, 2, name.as_bytes());
        Self { graph, values: 0, seed }
    }

    fn fresh(&mut self) -> String {
        self.values += 1;
        format!("v{}", self.values)
    }

    /// A number in -1..1 (SplitMix64, Steele et al. 2014).
    pub(super) fn random(&mut self) -> f32 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.seed;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        // The upper 24 bits: exact in f32.
        (x >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// Real numbers around `mean`, at most `spread` away.
    pub(super) fn random_constant(&mut self, shape: &[usize], mean: f32, spread: f32) -> String {
        let data = (0..shape.iter().product()).map(|_| mean + spread * self.random()).collect::<Vec<_>>();
        self.constant(&Tensor::f32(shape.to_vec(), data))
    }

    /// A constant.
    pub(super) fn constant(&mut self, tensor: &Tensor) -> String {
        let name = self.fresh();
        let mut message = Vec::new();
        for size in &tensor.shape {
            int(&mut message, 1, *size as u64);
        }
        let (kind, raw): (_, Vec<u8>) = match &tensor.data {
            TensorData::F32(data) => (1, data.iter().flat_map(|x| x.to_le_bytes()).collect()),
            TensorData::I64(data) => (7, data.iter().flat_map(|x| x.to_le_bytes()).collect()),
        };
        int(&mut message, 2, kind);
        bytes(&mut message, 8, name.as_bytes());
        bytes(&mut message, 9, &raw);
        bytes(&mut self.graph, 5, &message);
        name
    }

    /// A list of whole numbers.
    pub(super) fn list(&mut self, numbers: &[i64]) -> String {
        self.constant(&Tensor::list(numbers))
    }

    /// One real number.
    pub(super) fn number(&mut self, number: f32) -> String {
        self.constant(&Tensor::f32(vec![], vec![number]))
    }

    /// One whole number.
    pub(super) fn whole(&mut self, number: i64) -> String {
        self.constant(&Tensor::i64(vec![], vec![number]))
    }

    /// Names an input.
    pub(super) fn input(&mut self, name: &str, shape: &[Size<'_>]) -> String {
        let message = port(name, shape);
        bytes(&mut self.graph, 11, &message);
        name.to_owned()
    }

    /// Gives a value of so many dimensions a name and gives it back.
    pub(super) fn output(&mut self, name: &str, value: &str, rank: usize) {
        self.write_node("Identity", &[value], &[name.to_owned()], &[]);
        bytes(&mut self.graph, 12, &port(name, &vec![Size::Free(""); rank]));
    }

    /// Adds a node with one result.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, Attribute<'_>)]) -> String {
        let result = self.fresh();
        self.write_node(operator, inputs, std::slice::from_ref(&result), attributes);
        result
    }

    fn write_node(&mut self, operator: &str, inputs: &[&str], outputs: &[String], attributes: &[(&str, Attribute<'_>)]) {
        let mut message = Vec::new();
        for input in inputs {
            bytes(&mut message, 1, input.as_bytes());
        }
        for output in outputs {
            bytes(&mut message, 2, output.as_bytes());
        }
        bytes(&mut message, 3, format!("{operator}_{}", outputs[0]).as_bytes());
        bytes(&mut message, 4, operator.as_bytes());
        for (name, value) in attributes {
            bytes(&mut message, 5, &attribute(name, *value));
        }
        bytes(&mut self.graph, 1, &message);
    }

    /// The whole file.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut opset = Vec::new();
        int(&mut opset, 2, OPSET);
        let mut model = Vec::new();
        int(&mut model, 1, IR_VERSION);
        bytes(&mut model, 7, &self.graph);
        bytes(&mut model, 8, &opset);
        model
    }
}

/// An input or output of real numbers.
fn port(name: &str, shape: &[Size<'_>]) -> Vec<u8> {
    let mut tensor = Vec::new();
    int(&mut tensor, 1, 1);
    let mut dims = Vec::new();
    for size in shape {
        let mut dim = Vec::new();
        match size {
            Size::Fixed(size) => int(&mut dim, 1, *size as u64),
            Size::Free(name) => bytes(&mut dim, 2, name.as_bytes()),
        }
        bytes(&mut dims, 1, &dim);
    }
    bytes(&mut tensor, 2, &dims);
    let (mut kind, mut message) = (Vec::new(), Vec::new());
    bytes(&mut kind, 1, &tensor);
    bytes(&mut message, 1, name.as_bytes());
    bytes(&mut message, 2, &kind);
    message
}

fn attribute(name: &str, value: Attribute<'_>) -> Vec<u8> {
    let mut message = Vec::new();
    bytes(&mut message, 1, name.as_bytes());
    // The kinds of AttributeProto.AttributeType.
    let kind = match value {
        Attribute::Float(number) => {
            varint(&mut message, 2 << 3 | 5);
            message.extend_from_slice(&number.to_le_bytes());
            1
        }
        Attribute::Int(number) => {
            int(&mut message, 3, number.cast_unsigned());
            2
        }
        Attribute::Text(text) => {
            bytes(&mut message, 4, text.as_bytes());
            3
        }
        Attribute::Ints(numbers) => {
            for number in numbers {
                int(&mut message, 8, number.cast_unsigned());
            }
            7
        }
    };
    int(&mut message, 20, kind);
    message
}

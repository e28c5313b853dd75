//! The messages of an ONNX file that matter here (onnx/onnx: onnx/onnx.proto, field numbers only), read in place and within
//! bounds.

use std::collections::BTreeMap;

use super::wire::{Field, damaged, fields};
use crate::net::bounds::{NAME_BYTES_MAX, NODES_MAX, OPERANDS_MAX, PORTS_MAX, RANK_MAX, VALUES_MAX};
use crate::net::graph::Dim;
use crate::net::refusal::Refusal;

/// `ModelProto`: the graph's bytes and the version of the standard operators.
pub(super) struct Model<'a> {
    pub(super) graph: &'a [u8],
    pub(super) opset: i64,
}

/// `GraphProto`.
#[derive(Default)]
pub(super) struct Graph<'a> {
    pub(super) name: &'a str,
    pub(super) nodes: Vec<Node<'a>>,
    /// `TensorProto` each.
    pub(super) initializers: Vec<&'a [u8]>,
    pub(super) inputs: Vec<Port<'a>>,
    pub(super) outputs: Vec<Port<'a>>,
}

/// `NodeProto`.
#[derive(Default)]
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    pub(super) operator: &'a str,
    pub(super) domain: &'a str,
    pub(super) inputs: Vec<&'a str>,
    pub(super) outputs: Vec<&'a str>,
    pub(super) attributes: BTreeMap<&'a str, Attribute<'a>>,
}

/// `AttributeProto`: whichever of its values are there.
#[derive(Default)]
pub(super) struct Attribute<'a> {
    pub(super) float: Option<f32>,
    pub(super) int: Option<i64>,
    pub(super) text: Option<&'a [u8]>,
    /// A `TensorProto`.
    pub(super) tensor: Option<&'a [u8]>,
    pub(super) floats: Vec<f32>,
    pub(super) ints: Vec<i64>,
    /// It holds a graph, a type, or something else that is not understood.
    pub(super) other: bool,
}

/// `ValueInfoProto`.
#[derive(Default)]
pub(super) struct Port<'a> {
    pub(super) name: &'a str,
    /// `TensorProto.DataType`; 0 when it is not said.
    pub(super) element: i64,
    pub(super) shape: Option<Vec<Dim>>,
}

fn name<'a>(field: Field<'a>) -> Result<&'a str, Refusal> {
    let text = field.text()?;
    if text.len() > NAME_BYTES_MAX {
        return Err(Refusal::TooMuch { what: "bytes in one name", count: text.len() as u64, limit: NAME_BYTES_MAX as u64 });
    }
    Ok(text)
}

/// Adds to a list that has a bound.
fn push<T>(list: &mut Vec<T>, item: T, what: &'static str, limit: usize) -> Result<(), Refusal> {
    if list.len() == limit {
        return Err(Refusal::TooMuch { what, count: limit as u64 + 1, limit: limit as u64 });
    }
    list.push(item);
    Ok(())
}

pub(super) fn model(bytes: &[u8]) -> Result<Model<'_>, Refusal> {
    let (mut graph, mut opset) = (None, None);
    for field in fields(bytes) {
        match field? {
            (7, field) => graph = Some(field.bytes()?),
            (8, field) => {
                let (mut domain, mut version) = ("", 0);
                for field in fields(field.bytes()?) {
                    match field? {
                        (1, field) => domain = name(field)?,
                        (2, field) => version = field.int()?,
                        _ => {}
                    }
                }
                if matches!(domain, "" | "ai.onnx") {
                    opset = Some(version);
                }
            }
            _ => {}
        }
    }
    let graph = graph.ok_or(Refusal::UnknownFormat)?;
    Ok(Model { graph, opset: opset.ok_or_else(|| damaged("it does not say which operator set it uses"))? })
}

pub(super) fn graph(bytes: &[u8]) -> Result<Graph<'_>, Refusal> {
    let mut graph = Graph::default();
    let mut operands = 0;
    for field in fields(bytes) {
        match field? {
            (1, field) => {
                let node = node(field.bytes()?)?;
                operands += node.inputs.len() + node.outputs.len();
                if operands > VALUES_MAX {
                    return Err(Refusal::TooMuch { what: "operands", count: operands as u64, limit: VALUES_MAX as u64 });
                }
                push(&mut graph.nodes, node, "nodes", NODES_MAX)?;
            }
            (2, field) => graph.name = name(field)?,
            (5, field) => push(&mut graph.initializers, field.bytes()?, "constants", NODES_MAX)?,
            (11, field) => push(&mut graph.inputs, port(field.bytes()?)?, "inputs", NODES_MAX)?,
            (12, field) => push(&mut graph.outputs, port(field.bytes()?)?, "outputs", PORTS_MAX)?,
            (15, _) => {
                return Err(Refusal::Unsupported("sparse weights are not read; export the network with dense ones".to_owned()));
            }
            _ => {}
        }
    }
    Ok(graph)
}

fn node(bytes: &[u8]) -> Result<Node<'_>, Refusal> {
    let mut node = Node::default();
    for field in fields(bytes) {
        match field? {
            (1, field) => push(&mut node.inputs, name(field)?, "operands of one node", OPERANDS_MAX)?,
            (2, field) => push(&mut node.outputs, name(field)?, "results of one node", OPERANDS_MAX)?,
            (3, field) => node.name = name(field)?,
            (4, field) => node.operator = name(field)?,
            (5, field) => {
                let (key, value) = attribute(field.bytes()?)?;
                node.attributes.insert(key, value);
                if node.attributes.len() > OPERANDS_MAX {
                    return Err(damaged("a node has too many attributes"));
                }
            }
            (7, field) => node.domain = name(field)?,
            _ => {}
        }
    }
    Ok(node)
}

fn attribute(bytes: &[u8]) -> Result<(&str, Attribute<'_>), Refusal> {
    let mut key = "";
    let mut value = Attribute::default();
    for field in fields(bytes) {
        match field? {
            (1, field) => key = name(field)?,
            (2, field) => value.float = Some(field.float()?),
            (3, field) => value.int = Some(field.int()?),
            (4, field) => value.text = Some(field.bytes()?),
            (5, field) => value.tensor = Some(field.bytes()?),
            (7, field) => field.floats(&mut value.floats)?,
            (8, field) => field.ints(&mut value.ints)?,
            // The description and the kind, which follows from the value.
            (13 | 20, _) => {}
            _ => value.other = true,
        }
    }
    Ok((key, value))
}

fn port(bytes: &[u8]) -> Result<Port<'_>, Refusal> {
    let mut port = Port::default();
    for field in fields(bytes) {
        match field? {
            (1, field) => port.name = name(field)?,
            (2, field) => {
                for field in fields(field.bytes()?) {
                    if let (1, field) = field? {
                        tensor_type(field.bytes()?, &mut port)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(port)
}

fn tensor_type(bytes: &[u8], port: &mut Port<'_>) -> Result<(), Refusal> {
    for field in fields(bytes) {
        match field? {
            (1, field) => port.element = field.int()?,
            (2, field) => {
                let mut shape = Vec::new();
                for field in fields(field.bytes()?) {
                    if let (1, field) = field? {
                        push(&mut shape, dim(field.bytes()?)?, "dimensions of one value", RANK_MAX)?;
                    }
                }
                port.shape = Some(shape);
            }
            _ => {}
        }
    }
    Ok(())
}

/// A size; zero and negative ones are what old exporters wrote for an unknown one.
fn dim(bytes: &[u8]) -> Result<Dim, Refusal> {
    let mut dim = Dim::Free(String::new());
    for field in fields(bytes) {
        match field? {
            (1, field) => match u64::try_from(field.int()?) {
                Ok(size) if size > 0 => dim = Dim::Fixed(size),
                _ => {}
            },
            (2, field) => dim = Dim::Free(name(field)?.to_owned()),
            _ => {}
        }
    }
    Ok(dim)
}

//! Reader of ncnn's networks: a param file in text form and its bin (Tencent/ncnn: docs/developer-guide, src/net.cpp).
//!
//! ncnn has no batch: its values are channels, rows, columns. Here they are pictures with a batch of one, so axis 0 there is axis
//! 1 here, and a vector, which ncnn spreads over channels, is a picture of one pixel.

mod bin;
mod layers;
mod param;
mod weighted;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::bounds::{CONSTANT_ELEMENTS_MAX, NETWORK_BYTES_MAX, PORTS_MAX};
use super::graph::{Dim, Input, Network, Node, Port, Tensor, ValueId};
use super::op::Op;
use super::refusal::Refusal;
use bin::Bin;
use param::Layer;

pub use layers::SUPPORTED;

/// Reads a param file and its bin.
///
/// # Errors
/// A sentence that names what is damaged, too large or not supported.
pub fn read(param: &[u8], bin: &[u8]) -> Result<Network, Refusal> {
    let bytes = param.len().saturating_add(bin.len());
    if bytes > NETWORK_BYTES_MAX {
        return Err(Refusal::TooMuch { what: "bytes", count: bytes as u64, limit: NETWORK_BYTES_MAX as u64 });
    }
    let text = std::str::from_utf8(param).map_err(|_| damaged("the param file is not text"))?;
    let layers = param::read(text)?;
    let mut building = Building::new(Bin::new(bin));
    for layer in &layers {
        building.layer(layer)?;
    }
    building.finish()
}

fn damaged(what: &str) -> Refusal {
    Refusal::Damaged(what.to_owned())
}

/// A network while it is read.
struct Building<'a> {
    network: Network,
    bin: Bin<'a>,
    /// What each blob stands for; the copies that ncnn's Split makes stand for one value.
    ids: HashMap<&'a str, ValueId>,
    used: BTreeSet<ValueId>,
    /// Blobs in the order in which they are made.
    made: Vec<&'a str>,
    constant_elements: usize,
}

impl<'a> Building<'a> {
    fn new(bin: Bin<'a>) -> Self {
        let network = Network {
            name: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            nodes: Vec::new(),
            values: Vec::new(),
            constants: BTreeMap::new(),
        };
        Self { network, bin, ids: HashMap::new(), used: BTreeSet::new(), made: Vec::new(), constant_elements: 0 }
    }

    fn value(&mut self, name: &str) -> ValueId {
        let id = ValueId(u32::try_from(self.network.values.len()).expect("layers are bounded"));
        self.network.values.push(name.to_owned());
        id
    }

    fn constant(&mut self, tensor: Tensor) -> Result<ValueId, Refusal> {
        self.constant_elements += tensor.elements();
        if self.constant_elements > CONSTANT_ELEMENTS_MAX {
            let (count, limit) = (self.constant_elements as u64, CONSTANT_ELEMENTS_MAX as u64);
            return Err(Refusal::TooMuch { what: "elements in its constants", count, limit });
        }
        let id = self.value("");
        self.network.constants.insert(id, tensor);
        Ok(id)
    }

    /// Lets a blob stand for a value.
    fn make(&mut self, blob: &'a str, id: ValueId) -> Result<(), Refusal> {
        self.made.push(blob);
        match self.ids.insert(blob, id) {
            Some(_) => Err(damaged(&format!("two layers make the blob `{blob}`"))),
            None => Ok(()),
        }
    }

    /// Adds a node with one result.
    fn node(&mut self, name: &str, op: Op, inputs: &[ValueId]) -> ValueId {
        let output = self.value("");
        let inputs = inputs.iter().map(|input| Some(*input)).collect();
        self.network.nodes.push(Node { name: name.to_owned(), op, inputs, outputs: vec![output] });
        output
    }

    fn layer(&mut self, layer: &Layer<'a>) -> Result<(), Refusal> {
        let refuse = |why: String| Refusal::Node { node: layer.name.to_owned(), operator: layer.kind.to_owned(), why };
        let mut inputs = Vec::with_capacity(layer.bottoms.len());
        for blob in &layer.bottoms {
            let id = self.ids.get(blob).ok_or_else(|| refuse(format!("it uses `{blob}`, which no layer before it makes")))?;
            inputs.push(*id);
        }
        if layer.kind == "Input" {
            return self.input(layer);
        }
        if !SUPPORTED.contains(&layer.kind) {
            let (node, operator) = (layer.name.to_owned(), layer.kind.to_owned());
            return Err(Refusal::Operator { node, operator, supported: SUPPORTED });
        }
        let outputs = layers::lower(self, layer, &inputs).map_err(|fault| match fault {
            layers::Fault::Why(why) => refuse(why),
            layers::Fault::Refusal(refusal) => refusal,
        })?;
        if layer.kind != "Split" {
            self.used.extend(inputs);
        }
        if outputs.len() != layer.tops.len() {
            return Err(refuse(format!("it has {} results and makes {}", layer.tops.len(), outputs.len())));
        }
        for (blob, id) in layer.tops.iter().zip(outputs) {
            let name = &mut self.network.values[id.index()];
            if name.is_empty() {
                (*blob).clone_into(name);
            }
            self.make(blob, id)?;
        }
        Ok(())
    }

    fn input(&mut self, layer: &Layer<'a>) -> Result<(), Refusal> {
        let [blob] = layer.tops[..] else { return Err(damaged("an Input layer has not one result")) };
        if self.network.inputs.len() == PORTS_MAX {
            return Err(Refusal::TooMuch { what: "inputs", count: PORTS_MAX as u64 + 1, limit: PORTS_MAX as u64 });
        }
        let value = self.value(blob);
        let free = |name: &str| Dim::Free(name.to_owned());
        let shape = vec![Dim::Fixed(1), free("channels"), free("height"), free("width")];
        self.network.inputs.push(Input { name: blob.to_owned(), value, shape: Some(shape) });
        self.make(blob, value)
    }

    /// What a network is fed with follows from the convolutions that use it; what it gives back is what no layer uses.
    fn finish(mut self) -> Result<Network, Refusal> {
        for input in &mut self.network.inputs {
            let channels = self.network.nodes.iter().find_map(|node| match node.op {
                Op::Conv(conv) if node.inputs[0] == Some(input.value) => {
                    let weight = self.network.constants.get(&node.inputs[1]?)?;
                    Some((weight.shape[1] * conv.groups) as u64)
                }
                _ => None,
            });
            if let (Some(channels), Some(shape)) = (channels, &mut input.shape) {
                shape[1] = Dim::Fixed(channels);
            }
        }
        let mut named = BTreeSet::new();
        for blob in &self.made {
            let value = self.ids[blob];
            let input_only = self.network.inputs.iter().any(|input| input.value == value);
            if !self.used.contains(&value) && !input_only && named.insert(value) {
                self.network.outputs.push(Port { name: (*blob).to_owned(), value });
            }
        }
        if self.network.inputs.is_empty() || self.network.outputs.is_empty() {
            return Err(Refusal::Unsupported("the network has no input or no output".to_owned()));
        }
        if self.network.outputs.len() > PORTS_MAX {
            let count = self.network.outputs.len() as u64;
            return Err(Refusal::TooMuch { what: "outputs", count, limit: PORTS_MAX as u64 });
        }
        match self.bin.left() {
            0 => Ok(self.network),
            left => Err(damaged(&format!("its bin has {left} bytes more than its param asks for; they do not belong together"))),
        }
    }
}

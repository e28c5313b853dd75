//! Reader of ONNX files, opsets 9 to 22.
//!
//! Everything that cannot be run is refused here, naming node and operator, except what depends on sizes. What older opsets
//! give as attributes becomes constant operands, so that a [`Network`] knows only the newest form of each operator.

mod attributes;
mod messages;
mod operators;
mod tensor;
mod wire;

use std::collections::{BTreeMap, HashMap};

use super::bounds::{CONSTANT_ELEMENTS_MAX, NETWORK_BYTES_MAX, PORTS_MAX};
use super::graph::{Input, Network, Node, Port, Tensor, ValueId};
use super::refusal::Refusal;
use attributes::Attributes;
use tensor::Kind;

pub use operators::SUPPORTED;

/// Opsets whose operators are understood.
const OPSETS: std::ops::RangeInclusive<i64> = 9..=22;

/// Reads an ONNX file.
///
/// # Errors
/// A sentence that names what is damaged, too large or not supported.
pub fn read(bytes: &[u8]) -> Result<Network, Refusal> {
    if bytes.len() > NETWORK_BYTES_MAX {
        let (count, limit) = (bytes.len() as u64, NETWORK_BYTES_MAX as u64);
        return Err(Refusal::TooMuch { what: "bytes", count, limit });
    }
    let model = messages::model(bytes)?;
    if !OPSETS.contains(&model.opset) {
        return Err(Refusal::Unsupported(format!(
            "the network uses operator set {} and {} to {} are read; export it with opset_version=17",
            model.opset,
            OPSETS.start(),
            OPSETS.end()
        )));
    }
    let graph = messages::graph(model.graph)?;
    let mut building = Building::default();
    for initializer in &graph.initializers {
        let (name, tensor) = tensor::tensor(initializer)?;
        building.named_constant(name, tensor)?;
    }
    for port in &graph.inputs {
        // Before IR version 4 the weights were listed as inputs too.
        if !building.ids.contains_key(port.name) {
            building.input(port)?;
        }
    }
    for (place, node) in graph.nodes.iter().enumerate() {
        building.node(node, place, model.opset)?;
    }
    for port in &graph.outputs {
        let value = building.ids.get(port.name).copied();
        let value = value.ok_or_else(|| wire::damaged(&format!("no node makes the output `{}`", port.name)))?;
        building.network.outputs.push(Port { name: port.name.to_owned(), value });
    }
    if building.network.inputs.is_empty() || building.network.outputs.is_empty() {
        return Err(Refusal::Unsupported("the network has no input or no output".to_owned()));
    }
    graph.name.clone_into(&mut building.network.name);
    Ok(building.network)
}

/// A network while it is read.
struct Building<'a> {
    network: Network,
    /// What each name of the file stands for.
    ids: HashMap<&'a str, ValueId>,
    constant_elements: usize,
}

impl Default for Building<'_> {
    fn default() -> Self {
        let network = Network {
            name: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            nodes: Vec::new(),
            values: Vec::new(),
            constants: BTreeMap::new(),
        };
        Self { network, ids: HashMap::new(), constant_elements: 0 }
    }
}

impl<'a> Building<'a> {
    fn value(&mut self, name: &str) -> ValueId {
        let id = ValueId(u32::try_from(self.network.values.len()).expect("nodes and constants are bounded"));
        self.network.values.push(name.to_owned());
        id
    }

    fn named_value(&mut self, name: &'a str) -> Result<ValueId, Refusal> {
        let id = self.value(name);
        match self.ids.insert(name, id) {
            Some(_) => Err(wire::damaged(&format!("two values are called `{name}`"))),
            None => Ok(id),
        }
    }

    fn constant(&mut self, name: &str, tensor: Tensor) -> Result<ValueId, Refusal> {
        let id = self.value(name);
        self.set_constant(id, tensor)?;
        Ok(id)
    }

    fn named_constant(&mut self, name: &'a str, tensor: Tensor) -> Result<(), Refusal> {
        let id = self.named_value(name)?;
        self.set_constant(id, tensor)
    }

    fn set_constant(&mut self, id: ValueId, tensor: Tensor) -> Result<(), Refusal> {
        self.constant_elements += tensor.elements();
        if self.constant_elements > CONSTANT_ELEMENTS_MAX {
            let (count, limit) = (self.constant_elements as u64, CONSTANT_ELEMENTS_MAX as u64);
            return Err(Refusal::TooMuch { what: "elements in its constants", count, limit });
        }
        self.network.constants.insert(id, tensor);
        Ok(())
    }

    fn input(&mut self, port: &messages::Port<'a>) -> Result<(), Refusal> {
        let refuse = |why: String| Refusal::Input { input: port.name.to_owned(), why };
        if !Kind::from_number(port.element).is_some_and(Kind::is_real) {
            return Err(refuse("it does not take real numbers; export the network with f32 inputs".to_owned()));
        }
        if self.network.inputs.len() == PORTS_MAX {
            return Err(Refusal::TooMuch { what: "inputs", count: PORTS_MAX as u64 + 1, limit: PORTS_MAX as u64 });
        }
        let value = self.named_value(port.name)?;
        self.network.inputs.push(Input { name: port.name.to_owned(), value, shape: port.shape.clone() });
        Ok(())
    }

    fn node(&mut self, node: &messages::Node<'a>, place: usize, opset: i64) -> Result<(), Refusal> {
        let name = if node.name.is_empty() { format!("{} {place}", node.operator) } else { node.name.to_owned() };
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for input in &node.inputs {
            inputs.push(match (*input, self.ids.get(input)) {
                ("", _) => None,
                (_, Some(id)) => Some(*id),
                (_, None) => {
                    let why = format!("it uses `{input}`, which no node before it makes; nodes must stand in running order");
                    return Err(Refusal::Node { node: name, operator: node.operator.to_owned(), why });
                }
            });
        }
        let attributes = Attributes { node, opset };
        if !matches!(node.domain, "" | "ai.onnx") || !SUPPORTED.contains(&node.operator) {
            let operator =
                if node.domain.is_empty() { node.operator.to_owned() } else { format!("{}.{}", node.domain, node.operator) };
            return Err(Refusal::Operator { node: name, operator, supported: SUPPORTED });
        }
        if node.operator == "Constant" {
            let tensor = attributes.constant(&name)?;
            let output = node.outputs.first().copied().unwrap_or_default();
            return self.named_constant(output, tensor);
        }
        let refuse = |why: String| Refusal::Node { node: name.clone(), operator: node.operator.to_owned(), why };
        let read = operators::read(&attributes).map_err(|why| match why {
            attributes::Fault::Why(why) => refuse(why),
            attributes::Fault::Refusal(refusal) => refusal,
        })?;
        for (place, tensor) in read.operands {
            if inputs.len() <= place {
                inputs.resize(place + 1, None);
            }
            inputs[place] = Some(self.constant("", tensor)?);
        }
        let mut outputs = Vec::with_capacity(node.outputs.len());
        for output in &node.outputs {
            outputs.push(if output.is_empty() { self.value("") } else { self.named_value(output)? });
        }
        // Results that are left out at the end are not asked for.
        while node.outputs.get(outputs.len().wrapping_sub(1)).is_some_and(|output| output.is_empty()) {
            outputs.pop();
        }
        if outputs.is_empty() {
            return Err(refuse("it has no result".to_owned()));
        }
        self.network.nodes.push(Node { name, op: read.op, inputs, outputs });
        Ok(())
    }
}

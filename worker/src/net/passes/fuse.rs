//! What becomes of a network's operators before they become passes: neighbours that one pass can do together are joined.
//!
//! - A convolution takes in the activation behind it, one sum with another value before or after that activation, and a pixel
//!   shuffle, whose results it writes straight into place.
//! - Element-wise operations follow one another in one pass, up to four with up to three more operands.
//!
//! Invariants: every step's inputs are made by earlier steps, are inputs or are constants; a value that is joined away has no use
//! left and is no output. The plan is pure data; what is not worth joining stands as it was.

use crate::gpu::shaders::net_arithmetic as codes;
use crate::net::graph::ValueId;
use crate::net::op::{Binary, ChannelOrder, Unary};
use crate::net::reference::resize_taps;
use crate::net::shaped::{ConvAt, Shaped, ShapedNode, TensorOp};

/// Operations of one element-wise pass, as its shader has places for.
pub(super) const LINKS_MAX: usize = 4;
/// Operands of one element-wise pass beside the value it starts from, likewise.
pub(super) const OPERANDS_MAX: usize = 3;

/// A function of one value as the shaders number it, with its two parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Function {
    pub(super) code: u32,
    pub(super) a: f32,
    pub(super) b: f32,
}

impl Function {
    pub(super) const KEEP: Self = Self { code: codes::KEEP, a: 0.0, b: 0.0 };

    /// The operator's function, if it is one of a single value.
    fn of(op: &TensorOp) -> Option<Self> {
        match op {
            TensorOp::Unary(unary) => Some(Self::of_unary(*unary)),
            TensorOp::Clip { min, max } => Some(Self { code: codes::CLIP, a: *min, b: *max }),
            _ => None,
        }
    }

    fn of_unary(unary: Unary) -> Self {
        let (code, a, b) = match unary {
            Unary::Relu => (codes::RELU, 0.0, 0.0),
            Unary::LeakyRelu { alpha } => (codes::LEAKY_RELU, alpha, 0.0),
            Unary::Elu { alpha } => (codes::ELU, alpha, 0.0),
            Unary::Sigmoid => (codes::SIGMOID, 0.0, 0.0),
            Unary::HardSigmoid { alpha, beta } => (codes::HARD_SIGMOID, alpha, beta),
            Unary::HardSwish { alpha, beta } => (codes::HARD_SWISH, alpha, beta),
            Unary::Silu => (codes::SILU, 0.0, 0.0),
            Unary::Gelu => (codes::GELU, 0.0, 0.0),
            Unary::GeluTanh => (codes::GELU_TANH, 0.0, 0.0),
            Unary::Mish => (codes::MISH, 0.0, 0.0),
            Unary::Softplus => (codes::SOFTPLUS, 0.0, 0.0),
            Unary::Softsign => (codes::SOFTSIGN, 0.0, 0.0),
            Unary::Tanh => (codes::TANH, 0.0, 0.0),
            Unary::Sin => (codes::SIN, 0.0, 0.0),
            Unary::Cos => (codes::COS, 0.0, 0.0),
            Unary::Exp => (codes::EXP, 0.0, 0.0),
            Unary::Log => (codes::LOG, 0.0, 0.0),
            Unary::Sqrt => (codes::SQRT, 0.0, 0.0),
            Unary::Reciprocal => (codes::RECIPROCAL, 0.0, 0.0),
            Unary::Floor => (codes::FLOOR, 0.0, 0.0),
            Unary::Ceil => (codes::CEIL, 0.0, 0.0),
            Unary::Round => (codes::ROUND, 0.0, 0.0),
            Unary::Neg => (codes::NEG, 0.0, 0.0),
            Unary::Abs => (codes::ABS, 0.0, 0.0),
            Unary::Sign => (codes::SIGN, 0.0, 0.0),
            Unary::Erf => (codes::ERF, 0.0, 0.0),
        };
        Self { code, a, b }
    }
}

/// What a convolution does to its sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activation {
    /// A function of the sum alone.
    Function(Function),
    /// x where x >= 0, else the channel's slope times x.
    Slopes(ValueId),
}

/// A value that a convolution adds to its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Residual {
    pub(super) value: ValueId,
    /// Added to what the activation made, not to the sum.
    pub(super) after: bool,
    /// The value is as large as the picture before the shuffle: each pixel is added to the whole square that it becomes.
    pub(super) under: bool,
}

/// Channels that become squares of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shuffle {
    pub(super) block: usize,
    pub(super) order: ChannelOrder,
}

/// A convolution with all that is done to its sums.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ConvStep {
    pub(super) at: ConvAt,
    pub(super) transposed: bool,
    pub(super) weight: ValueId,
    pub(super) bias: Option<ValueId>,
    pub(super) activation: Activation,
    pub(super) residual: Option<Residual>,
    pub(super) shuffle: Option<Shuffle>,
    /// The shape of the sums, before any shuffle.
    pub(super) shape: [usize; 4],
}

/// Where the second value of an operation comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Second {
    /// There is none.
    None,
    /// What the chain started from.
    Start,
    /// An operand, counted from 0.
    Operand(usize),
    /// The number that stands in the function's place `a`.
    Number,
}

/// One operation of an element-wise pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) function: Function,
    pub(super) second: Second,
}

/// Element-wise operations one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chain {
    pub(super) start: ValueId,
    pub(super) operands: Vec<ValueId>,
    pub(super) links: Vec<Link>,
}

/// What one step does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    Conv { source: ValueId, step: ConvStep },
    Chain(Chain),
    Tensor { op: TensorOp, inputs: Vec<ValueId> },
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// The node it began with; for messages and debuggers.
    pub(super) name: String,
    pub(super) work: Work,
    pub(super) output: ValueId,
}

impl Step {
    /// The values that it reads, constants among them.
    pub(super) fn reads(&self) -> Vec<ValueId> {
        match &self.work {
            Work::Conv { source, step } => std::iter::once(*source).chain(step.residual.map(|residual| residual.value)).collect(),
            Work::Chain(chain) => std::iter::once(chain.start).chain(chain.operands.iter().copied()).collect(),
            Work::Tensor { inputs, .. } => inputs.clone(),
        }
    }
}

/// The steps of a network in running order, joined where that saves passes unless `join` is false.
pub(super) fn plan(net: &Shaped, join: bool) -> Vec<Step> {
    let mut joiner = Joiner { net, join, taken: vec![false; net.nodes().len()] };
    let mut steps: Vec<(usize, Step)> = Vec::new();
    for place in 0..net.nodes().len() {
        if !std::mem::replace(&mut joiner.taken[place], true) {
            steps.push(joiner.step(place));
        }
    }
    // A step runs where the last of its nodes stood: there all that it reads is made.
    steps.sort_by_key(|(place, _)| *place);
    steps.into_iter().map(|(_, step)| step).collect()
}

struct Joiner<'a> {
    net: &'a Shaped,
    join: bool,
    /// Nodes that stand in a step already.
    taken: Vec<bool>,
}

impl Joiner<'_> {
    fn step(&mut self, place: usize) -> (usize, Step) {
        let node = &self.net.nodes()[place];
        let (place, work, output) = match &node.op {
            TensorOp::Conv(at) => self.conv(place, *at, false),
            TensorOp::ConvTranspose(at) => self.conv(place, *at, true),
            _ if first_links(self.net, node).is_some() => self.chain(place),
            op => (place, Work::Tensor { op: op.clone(), inputs: node.inputs.clone() }, node.output),
        };
        (place, Step { name: node.name.clone(), work, output })
    }

    /// The one node that uses a value which nobody else sees.
    fn only_user(&self, value: ValueId) -> Option<usize> {
        match self.net.uses(value) {
            [user] if self.join && !self.net.is_output(value) && !self.taken[*user] => Some(*user),
            _ => None,
        }
    }

    fn conv(&mut self, place: usize, at: ConvAt, transposed: bool) -> (usize, Work, ValueId) {
        let node = &self.net.nodes()[place];
        let shape = picture(self.net.shape(node.output));
        let mut step = ConvStep {
            at,
            transposed,
            weight: node.inputs[1],
            bias: node.inputs.get(2).copied(),
            activation: Activation::Function(Function::KEEP),
            residual: None,
            shuffle: None,
            shape,
        };
        let (mut last, mut value) = (place, node.output);
        while let Some((user, output)) = self.join_one(&mut step, value) {
            (last, value) = (last.max(user), output);
        }
        (last, Work::Conv { source: node.inputs[0], step }, value)
    }

    /// Joins what follows `value` to the convolution that makes it: the node's place and its output.
    fn join_one(&mut self, step: &mut ConvStep, value: ValueId) -> Option<(usize, ValueId)> {
        let idle =
            step.activation == Activation::Function(Function::KEEP) && step.residual.is_none_or(|residual| !residual.after);
        if let Some((gate, product)) = self.gated_by_itself(value).filter(|_| idle) {
            step.activation = Activation::Function(Function { code: codes::SILU, a: 0.0, b: 0.0 });
            self.taken[gate] = true;
            self.taken[product] = true;
            return Some((product, self.net.nodes()[product].output));
        }
        let user = self.only_user(value)?;
        let node = &self.net.nodes()[user];
        match &node.op {
            TensorOp::Unary(_) | TensorOp::Clip { .. } if idle => {
                step.activation = Activation::Function(Function::of(&node.op)?);
            }
            TensorOp::PRelu if idle && node.inputs[0] == value && self.is_of_channels(node.inputs[1], value) => {
                step.activation = Activation::Slopes(node.inputs[1]);
            }
            TensorOp::DepthToSpace { block, order } if step.shuffle.is_none() && step.residual.is_none() => {
                // Each pixel's channels fill blocks of their own: worth it where few lanes stay empty.
                let channels = step.shape[1] / (block * block);
                if channels % 4 != 0 && channels % 4 != 3 {
                    return None;
                }
                step.shuffle = Some(Shuffle { block: *block, order: *order });
            }
            TensorOp::Binary(Binary::Add) if step.residual.is_none() => {
                let other = if node.inputs[0] == value { node.inputs[1] } else { node.inputs[0] };
                let after = step.activation != Activation::Function(Function::KEEP);
                step.residual = Some(self.residual(step, value, other, after)?);
            }
            _ => return None,
        }
        self.taken[user] = true;
        Some((user, node.output))
    }

    /// The value added to a convolution's result `value`, if it lies as the result does.
    fn residual(&mut self, step: &ConvStep, value: ValueId, other: ValueId, after: bool) -> Option<Residual> {
        if other == value || self.net.constant(other).is_some() || self.net.shape(other) != self.net.shape(value) {
            return None;
        }
        if let (Some(shuffle), Some(enlarging)) = (step.shuffle, self.net.producer(other)) {
            let node = &self.net.nodes()[enlarging];
            let repeats = repeats_pixels(self.net, node, shuffle.block) && !self.taken[enlarging];
            if repeats && self.net.uses(other).len() == 1 && !self.net.is_output(other) {
                self.taken[enlarging] = true;
                return Some(Residual { value: node.inputs[0], after, under: true });
            }
        }
        Some(Residual { value: other, after, under: false })
    }

    /// `value` times its own sigmoid, and nothing else is done with either: the places of the sigmoid and the product.
    fn gated_by_itself(&self, value: ValueId) -> Option<(usize, usize)> {
        let [gate, product] = *self.net.uses(value) else { return None };
        let nodes = self.net.nodes();
        let gates = self.join && !self.taken[gate] && !self.taken[product] && !self.net.is_output(value);
        let sigmoid = nodes[gate].op == TensorOp::Unary(Unary::Sigmoid) && self.net.uses(nodes[gate].output) == [product];
        let multiplies =
            nodes[product].op == TensorOp::Binary(Binary::Mul) && nodes[product].inputs.contains(&nodes[gate].output);
        (gates && sigmoid && multiplies && !self.net.is_output(nodes[gate].output)).then_some((gate, product))
    }

    /// Whether a constant holds one number for each channel of `value`, or one for all.
    fn is_of_channels(&self, constant: ValueId, value: ValueId) -> bool {
        let channels = self.net.shape(value)[1];
        self.net.constant(constant).is_some_and(|data| {
            data.len() == 1 || (data.len() == channels && spreads_over_channels(self.net.shape(constant), channels))
        })
    }

    fn chain(&mut self, place: usize) -> (usize, Work, ValueId) {
        let node = &self.net.nodes()[place];
        let (mut chain, mut last, mut value) =
            (first_links(self.net, node).expect("only asked for element-wise nodes"), place, node.output);
        while let Some(user) = self.chained_user(value) {
            let node = &self.net.nodes()[user];
            let same_shape = self.net.shape(node.output) == self.net.shape(value);
            if !same_shape || chain.links.len() == LINKS_MAX || !append(self.net, &mut chain, node, value) {
                break;
            }
            self.taken[user] = true;
            (last, value) = (last.max(user), node.output);
        }
        (last, Work::Chain(chain), value)
    }

    /// The next node of a chain: the only one that uses its value (twice, in a square).
    fn chained_user(&self, value: ValueId) -> Option<usize> {
        let (first, rest) = self.net.uses(value).split_first()?;
        let free = self.join && !self.net.is_output(value) && !self.taken[*first];
        (free && rest.is_empty()).then_some(*first)
    }
}

/// The shape of a picture.
pub(super) fn picture(shape: &[usize]) -> [usize; 4] {
    shape.try_into().expect("pictures have four axes: `supported` holds networks to that")
}

/// Whether a shape lies along the channels of a picture and nothing else: [C, 1, 1] or [1, C, 1, 1].
pub(super) fn spreads_over_channels(shape: &[usize], channels: usize) -> bool {
    matches!(shape, [c, 1, 1] | [1, c, 1, 1] if *c == channels)
}

/// Whether a node enlarges a picture by repeating each pixel `factor` by `factor` times.
fn repeats_pixels(net: &Shaped, node: &ShapedNode, factor: usize) -> bool {
    let TensorOp::Resize { interpolation, coordinates, scale } = &node.op else { return false };
    let (from, to) = (net.shape(node.inputs[0]), net.shape(node.output));
    if from.len() != 4 || to[2] != from[2] * factor || to[3] != from[3] * factor {
        return false;
    }
    (2..4).all(|axis| {
        let taps = resize_taps(*interpolation, *coordinates, scale[axis - 2], from[axis], to[axis]);
        taps.iter().enumerate().all(|(at, taps)| matches!(taps.as_slice(), [(place, _)] if *place == at / factor))
    })
}

/// The chain of one element-wise node.
fn first_links(net: &Shaped, node: &ShapedNode) -> Option<Chain> {
    let of_one = Function::of(&node.op).is_some();
    let of_two = matches!(node.op, TensorOp::Binary(_) | TensorOp::PRelu);
    if !of_one && !of_two {
        return None;
    }
    // The chain starts from an operand as large as the result, and rather from one that is not a constant.
    let whole = |value: &ValueId| net.shape(*value) == net.shape(node.output);
    let computed = |value: &&ValueId| net.constant(**value).is_none();
    let inputs = &node.inputs;
    let start = inputs.iter().filter(|value| whole(value)).find(computed).or_else(|| inputs.iter().find(computed));
    let start = if node.op == TensorOp::PRelu { inputs[0] } else { *start.unwrap_or(&inputs[0]) };
    let mut chain = Chain { start, operands: Vec::new(), links: Vec::new() };
    append(net, &mut chain, node, start).then_some(chain)
}

/// Puts an element-wise node at the end of a chain whose value so far is `value`; false where the chain has no room for it.
fn append(net: &Shaped, chain: &mut Chain, node: &ShapedNode, value: ValueId) -> bool {
    if let Some(function) = Function::of(&node.op) {
        chain.links.push(Link { function, second: Second::None });
        return true;
    }
    let is_first = node.inputs[0] == value;
    let code = match &node.op {
        TensorOp::PRelu if is_first => codes::PRELU,
        TensorOp::Binary(binary) => code_of(*binary, is_first),
        _ => return false,
    };
    let other = node.inputs[usize::from(is_first)];
    let number = net.constant(other).filter(|data| data.len() == 1).map(|data| data[0]);
    let second = if let Some(_number) = number {
        Second::Number
    } else if other == chain.start {
        Second::Start
    } else if other == value {
        return false;
    } else if let Some(place) = chain.operands.iter().position(|operand| *operand == other) {
        Second::Operand(place)
    } else if chain.operands.len() < OPERANDS_MAX {
        chain.operands.push(other);
        Second::Operand(chain.operands.len() - 1)
    } else {
        return false;
    };
    chain.links.push(Link { function: Function { code, a: number.unwrap_or(0.0), b: 0.0 }, second });
    true
}

/// The code of an operation of two values of which the first or the second is the chain's.
fn code_of(binary: Binary, is_first: bool) -> u32 {
    match (binary, is_first) {
        (Binary::Add, _) => codes::ADD,
        (Binary::Mul, _) => codes::MUL,
        (Binary::Min, _) => codes::MIN,
        (Binary::Max, _) => codes::MAX,
        (Binary::Sub, true) => codes::SUB,
        (Binary::Sub, false) => codes::SUB_FROM,
        (Binary::Div, true) => codes::DIV,
        (Binary::Div, false) => codes::DIV_INTO,
        (Binary::Pow, true) => codes::POW,
        (Binary::Pow, false) => codes::POW_OF,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::families::{artcnn, cugan, srvgg};
    use crate::net::op::Op;
    use crate::net::{Dim, Input, Network, Node, Port, Tensor};

    fn shaped(file: &[u8], channels: usize, side: usize) -> Shaped {
        let network = Network::read(file, None).unwrap();
        network.at(&[("input", &[1, channels, side, side])]).unwrap()
    }

    fn convs(steps: &[Step]) -> Vec<&ConvStep> {
        let conv = |step| match step {
            &Step { work: Work::Conv { ref step, .. }, .. } => Some(step),
            _ => None,
        };
        steps.iter().filter_map(conv).collect()
    }

    #[test]
    fn a_compact_network_is_its_convolutions_and_nothing_else() {
        let net = shaped(&srvgg(8, 4, 2, 1), 3, 8);
        let steps = plan(&net, true);
        let convs = convs(&steps);
        assert_eq!(convs.len(), steps.len(), "{steps:#?}");
        let (last, others) = convs.split_last().unwrap();
        assert!(others.iter().all(|conv| matches!(conv.activation, Activation::Slopes(_)) && conv.residual.is_none()));
        assert_eq!(last.shuffle, Some(Shuffle { block: 2, order: ChannelOrder::Crd }));
        let residual = last.residual.unwrap();
        assert!(residual.under && residual.value == net.inputs()[0].value, "the picture is added without being enlarged");
    }

    #[test]
    fn every_node_is_in_one_step_and_reads_what_is_made() {
        for net in [shaped(&artcnn(8, 1), 1, 8), shaped(&cugan(8, 1), 3, 64), shaped(&srvgg(8, 2, 4, 1), 3, 8)] {
            for join in [false, true] {
                let steps = plan(&net, join);
                let mut made = net.inputs().iter().map(|port| port.value).collect::<Vec<_>>();
                for step in &steps {
                    let ready = |value: &ValueId| made.contains(value) || net.constant(*value).is_some();
                    assert!(step.reads().iter().all(ready), "{} reads what is not made yet", step.name);
                    assert!(!made.contains(&step.output));
                    made.push(step.output);
                }
                assert!(net.outputs().iter().all(|port| made.contains(&port.value)));
                assert!(join || steps.len() == net.nodes().len());
            }
        }
    }

    /// x -> conv -> sum with x -> relu, as in residual blocks, and a chain behind what two nodes see.
    #[test]
    fn sums_and_activations_are_joined_and_what_others_see_is_kept() {
        let value = ValueId;
        let node = |name: &str, op, inputs: &[u32], output| Node {
            name: name.to_owned(),
            op,
            inputs: inputs.iter().map(|input| Some(value(*input))).collect(),
            outputs: vec![value(output)],
        };
        let window = crate::net::op::Window {
            stride: [1; 2],
            dilation: [1; 2],
            padding: crate::net::op::Padding::Explicit { begin: [1; 2], end: [1; 2] },
        };
        let shape = Some([1, 4, 5, 5].map(Dim::Fixed).to_vec());
        let network = Network {
            name: String::new(),
            inputs: vec![Input { name: "x".to_owned(), value: value(0), shape }],
            outputs: vec![Port { name: "y".to_owned(), value: value(7) }],
            nodes: vec![
                node("conv", Op::Conv(crate::net::op::Conv { window, groups: 1 }), &[0, 1], 2),
                node("sum", Op::Binary(Binary::Add), &[0, 2], 3),
                node("relu", Op::Unary(Unary::Relu), &[3], 4),
                node("gate", Op::Unary(Unary::Sigmoid), &[4], 5),
                node("gated", Op::Binary(Binary::Mul), &[4, 5], 6),
                node("last", Op::Unary(Unary::Abs), &[6], 7),
            ],
            values: (0..8).map(|value| value.to_string()).collect(),
            constants: [(value(1), Tensor::f32(vec![4, 4, 3, 3], vec![0.5; 144]))].into(),
        };
        let net = network.at(&[("x", &[1, 4, 5, 5])]).unwrap();
        let steps = plan(&net, true);
        assert_eq!(steps.len(), 2, "{steps:#?}");
        let [conv] = convs(&steps)[..] else { panic!("one convolution") };
        assert_eq!(conv.residual.map(|residual| residual.after), Some(false));
        assert!(matches!(conv.activation, Activation::Function(Function { code: codes::RELU, .. })));
        let Work::Chain(chain) = &steps[1].work else { panic!("a chain") };
        let links = chain.links.iter().map(|link| (link.function.code, link.second)).collect::<Vec<_>>();
        let expected = [(codes::SIGMOID, Second::None), (codes::MUL, Second::Start), (codes::ABS, Second::None)];
        assert_eq!(links, expected);
    }
}

//! From a network and the sizes of its inputs to a shaped network: shapes inferred, everything known beforehand computed.
//!
//! Each node becomes tensor operators through [`Draft::emit`], which computes them at once when all operands are known. So
//! the arithmetic on shapes that exporters leave in files, and every dependent size, is gone when this is done. A size that is
//! not known by then is an error that names its node.

mod arrange;
mod draft;
mod elementwise;
mod known;
mod whole;
mod windows;

use super::graph::{Dim, Input, Network, Node, Port, Tensor, ValueId};
use super::op::Op;
use super::refusal::Refusal;
use super::shaped::Shaped;
use super::shapes::Why;
use super::simplify::simplify;

pub(super) use draft::Draft;

impl Network {
    /// The network at given input sizes: a name and a shape (batch, channels, rows, columns) for every input.
    ///
    /// # Errors
    /// A sentence naming the input or node that does not go with these sizes, or cannot be run at all.
    pub fn at(&self, sizes: &[(&str, &[usize])]) -> Result<Shaped, Refusal> {
        let mut lowering = Lowering { draft: Draft::default(), known: vec![None; self.values.len()] };
        for (value, tensor) in &self.constants {
            let id = lowering.draft.constant(&self.values[value.index()], tensor.clone());
            lowering.known[value.index()] = Some(id);
        }
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let shape = sizes.iter().find(|(name, _)| *name == input.name).map(|(_, shape)| *shape);
            let shape = check(input, shape).map_err(|why| Refusal::Input { input: input.name.clone(), why })?;
            let value = lowering.draft.value(&input.name, shape.to_vec());
            lowering.known[input.value.index()] = Some(value);
            inputs.push(Port { name: input.name.clone(), value });
        }
        for node in &self.nodes {
            lowering.node(node, &self.values).map_err(|why| Refusal::Node {
                node: node.name.clone(),
                operator: node.op.name().to_owned(),
                why,
            })?;
        }
        let outputs = self.outputs.iter().map(|port| lowering.output(port)).collect::<Result<Vec<_>, _>>()?;
        lowering.draft.outputs = outputs.iter().map(|port| port.value).collect();
        Ok(simplify(lowering.draft).finish(&self.name, inputs, outputs))
    }
}

/// The shape that an input gets, when it is one that the network takes.
fn check<'a>(input: &Input, shape: Option<&'a [usize]>) -> Result<&'a [usize], Why> {
    let wanted = || match &input.shape {
        Some(dims) => dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("x"),
        None => "any".to_owned(),
    };
    let shape = shape.ok_or_else(|| format!("no size is given for it; it takes {}", wanted()))?;
    let fits = |dims: &Vec<Dim>| {
        let fixed = |(dim, size): (&Dim, &usize)| matches!(dim, Dim::Free(_)) || *dim == Dim::Fixed(*size as u64);
        dims.len() == shape.len() && dims.iter().zip(shape).all(fixed)
    };
    if shape.contains(&0) || !input.shape.as_ref().is_none_or(fits) {
        return Err(format!("it is given the shape {shape:?} and takes {}", wanted()));
    }
    super::shapes::elements(shape)?;
    Ok(shape)
}

/// What has been lowered so far.
struct Lowering {
    draft: Draft,
    /// For every value of the network, what it is in the draft.
    known: Vec<Option<ValueId>>,
}

impl Lowering {
    fn node(&mut self, node: &Node, names: &[String]) -> Result<(), Why> {
        let mut operands = Vec::with_capacity(node.inputs.len());
        for input in &node.inputs {
            operands.push(match input {
                None => None,
                Some(value) => {
                    let known = self.known.get(value.index()).copied().flatten();
                    Some(known.ok_or_else(|| "it uses a value that nothing before it makes".to_owned())?)
                }
            });
        }
        self.draft.node_name.clone_from(&node.name);
        let mut at = At { draft: &mut self.draft, operands, results: node.outputs.len() };
        let results = at.lower(&node.op)?;
        for (output, result) in node.outputs.iter().zip(results) {
            // The value keeps the file's name for messages, unless it is a value that has one.
            self.draft.rename(result, &names[output.index()]);
            self.known[output.index()] = Some(result);
        }
        Ok(())
    }

    fn output(&self, port: &Port) -> Result<Port, Refusal> {
        let refuse = |why: &str| Refusal::Unsupported(format!("the output `{}` {why}", port.name));
        let value = self.known.get(port.value.index()).copied().flatten().ok_or_else(|| refuse("is made by no node"))?;
        if self.draft.whole(value).is_some() {
            return Err(refuse("is a list of whole numbers and no picture; export the network without it"));
        }
        Ok(Port { name: port.name.clone(), value })
    }
}

/// One node while it is lowered.
struct At<'a> {
    draft: &'a mut Draft,
    operands: Vec<Option<ValueId>>,
    /// How many results are asked for.
    results: usize,
}

impl At<'_> {
    fn lower(&mut self, op: &Op) -> Result<Vec<ValueId>, Why> {
        let one = match op {
            Op::Conv(conv) => self.conv(conv),
            Op::ConvTranspose(conv) => self.conv_transpose(conv),
            Op::MaxPool(pool) => self.pool(pool, true),
            Op::AveragePool(pool) => self.pool(pool, false),
            Op::Gemm { alpha, beta, transpose_a, transpose_b } => self.gemm(*alpha, *beta, *transpose_a, *transpose_b),
            Op::MatMul => self.mat_mul(),
            Op::BatchNorm { epsilon } => self.batch_norm(*epsilon),
            Op::InstanceNorm { epsilon } => self.instance_norm(*epsilon),
            Op::GlobalAveragePool => self.global_pool(super::op::Reduction::Mean),
            Op::GlobalMaxPool => self.global_pool(super::op::Reduction::Max),
            Op::Reduce { reduction, keep_dims, no_axes_is_identity } => self.reduce(*reduction, *keep_dims, *no_axes_is_identity),
            Op::Softmax { axis, flatten } => self.softmax(*axis, *flatten),
            Op::Unary(unary) => self.unary(*unary),
            Op::Clip => self.clip(),
            Op::PRelu => self.p_relu(),
            Op::Binary(binary) => self.binary(*binary),
            Op::DepthToSpace { block, order } => self.depth_to_space(*block, *order),
            Op::SpaceToDepth { block } => self.space_to_depth(*block),
            Op::Resize { interpolation, coordinates, axes, scales_at } => {
                self.resize(*interpolation, *coordinates, axes, *scales_at)
            }
            Op::GridSample { interpolation, padding, align_corners } => {
                self.grid_sample(*interpolation, *padding, *align_corners)
            }
            Op::Warp => self.warp(),
            Op::Concat { axis } => self.concat(*axis),
            Op::Slice => self.slice(),
            Op::Split { axis } => return self.split(*axis),
            Op::Pad(mode) => self.pad(*mode),
            Op::Transpose { permutation } => self.transpose(permutation),
            Op::Reshape { allow_zero } => self.reshape(*allow_zero),
            Op::Flatten { axis } => self.flatten(*axis),
            Op::Squeeze => self.squeeze(),
            Op::Unsqueeze => self.unsqueeze(),
            Op::Expand => self.expand(),
            Op::Tile => self.tile(),
            Op::Gather { axis } => self.gather(*axis),
            Op::Identity => return self.identity(),
            Op::Shape { start, end } => self.shape_of(*start, *end),
            Op::Size => self.size_of(),
            Op::Cast(element) => self.cast(*element),
            Op::ConstantOfShape(tensor) => self.constant_of_shape(tensor),
            Op::Range => self.range(),
            Op::Compare(compare) => self.compare(*compare),
            Op::Not => self.not(),
            Op::Where => self.where_(),
            Op::Mod { truncated } => self.modulo(*truncated),
        };
        Ok(vec![one?])
    }

    /// An operand that may be left out.
    fn operand(&self, place: usize) -> Option<ValueId> {
        self.operands.get(place).copied().flatten()
    }

    /// An operand that may not.
    fn need(&self, place: usize) -> Result<ValueId, Why> {
        self.operand(place).ok_or_else(|| format!("its operand {place} is missing"))
    }

    fn shape(&self, value: ValueId) -> Vec<usize> {
        self.draft.shape(value).to_vec()
    }

    /// A list of whole numbers that must be known by now.
    fn list(&self, place: usize) -> Result<Option<Vec<i64>>, Why> {
        let Some(value) = self.operand(place) else { return Ok(None) };
        match self.draft.whole(value) {
            Some(list) => Ok(Some(list.to_vec())),
            None => Err(format!("its operand {place} must be whole numbers that follow from the sizes of the inputs")),
        }
    }

    /// A list of whole numbers that may not be left out.
    fn need_list(&self, place: usize) -> Result<Vec<i64>, Why> {
        self.list(place)?.ok_or_else(|| format!("its operand {place} is missing"))
    }

    /// A list of real numbers that must be known by now. An empty one counts as left out.
    fn reals(&self, place: usize) -> Result<Option<Vec<f32>>, Why> {
        let Some(value) = self.operand(place) else { return Ok(None) };
        match self.draft.real(value) {
            Some([]) => Ok(None),
            Some(list) => Ok(Some(list.to_vec())),
            None => Err(format!("its operand {place} must be real numbers that are known beforehand")),
        }
    }

    /// One real number that must be known by now.
    fn real(&self, place: usize) -> Result<Option<f32>, Why> {
        match self.reals(place)?.as_deref() {
            None => Ok(None),
            Some([one]) => Ok(Some(*one)),
            Some(many) => Err(format!("its operand {place} must be one number and has {}", many.len())),
        }
    }

    fn constant(&mut self, tensor: Tensor) -> ValueId {
        self.draft.constant("", tensor)
    }
}

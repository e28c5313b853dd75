//! A shaped network while it is made: values of either element type, nodes in running order, and what may still be spent on
//! computing beforehand.

use std::sync::Arc;

use super::known;
use crate::net::bounds::{FOLDED_ELEMENTS_MAX, FOLDING_WORK_MAX, LOWERED_NODES_MAX};
use crate::net::graph::{Port, Tensor, TensorData, ValueId};
use crate::net::reference::{View, evaluate};
use crate::net::shaped::{Shaped, ShapedNode, ShapedValue, TensorOp};
use crate::net::shapes::{Why, elements};

/// One value of a draft.
#[derive(Clone, Debug)]
pub(in crate::net) struct DraftValue {
    name: String,
    pub(in crate::net) shape: Vec<usize>,
    pub(in crate::net) constant: Option<TensorData>,
}

/// A shaped network while it is made.
#[derive(Clone, Debug, Default)]
pub(in crate::net) struct Draft {
    pub(in crate::net) values: Vec<DraftValue>,
    pub(in crate::net) nodes: Vec<ShapedNode>,
    /// What nodes that are emitted are called.
    pub(super) node_name: String,
    /// The network's outputs: values that must stay.
    pub(super) outputs: Vec<ValueId>,
    folded_elements: usize,
    folding_work: u64,
}

impl Draft {
    /// A new value that is computed when the network runs.
    pub(in crate::net) fn value(&mut self, name: &str, shape: Vec<usize>) -> ValueId {
        self.push(DraftValue { name: name.to_owned(), shape, constant: None })
    }

    /// A new value that is known.
    pub(in crate::net) fn constant(&mut self, name: &str, tensor: Tensor) -> ValueId {
        self.push(DraftValue { name: name.to_owned(), shape: tensor.shape, constant: Some(tensor.data) })
    }

    fn push(&mut self, value: DraftValue) -> ValueId {
        let id = u32::try_from(self.values.len()).expect("nodes, and so values, are bounded");
        self.values.push(value);
        ValueId(id)
    }

    /// Gives a value that has no name one.
    pub(super) fn rename(&mut self, value: ValueId, name: &str) {
        let own = &mut self.values[value.index()].name;
        if own.is_empty() {
            name.clone_into(own);
        }
    }

    pub(in crate::net) fn shape(&self, value: ValueId) -> &[usize] {
        &self.values[value.index()].shape
    }

    /// The elements of a value of whole numbers, which is always known.
    pub(in crate::net) fn whole(&self, value: ValueId) -> Option<&[i64]> {
        match &self.values[value.index()].constant {
            Some(TensorData::I64(data)) => Some(data),
            _ => None,
        }
    }

    /// The elements of a known value of real numbers.
    pub(in crate::net) fn real(&self, value: ValueId) -> Option<&[f32]> {
        match &self.values[value.index()].constant {
            Some(TensorData::F32(data)) => Some(data),
            _ => None,
        }
    }

    pub(in crate::net) fn is_known(&self, value: ValueId) -> bool {
        self.values[value.index()].constant.is_some()
    }

    /// Whether a value is one of the network's outputs.
    pub(in crate::net) fn is_wanted(&self, value: ValueId) -> bool {
        self.outputs.contains(&value)
    }

    /// Takes `elements` of results and `work` of computing from what may be spent beforehand.
    ///
    /// # Errors
    /// When it is spent.
    pub(in crate::net) fn charge(&mut self, elements: usize, work: u64) -> Result<(), Why> {
        self.folded_elements = self.folded_elements.saturating_add(elements);
        self.folding_work = self.folding_work.saturating_add(work);
        if self.folded_elements > FOLDED_ELEMENTS_MAX || self.folding_work > FOLDING_WORK_MAX {
            return Err("it does not depend on the picture, and computing it beforehand takes too much memory or time".to_owned());
        }
        Ok(())
    }

    /// Adds an operation, or computes it when all its operands are known, or leaves it away when it does nothing.
    ///
    /// # Errors
    /// When its result is empty or too large, or it would compute with whole numbers what only real ones can.
    pub(in crate::net) fn emit(&mut self, op: TensorOp, inputs: &[ValueId], shape: Vec<usize>) -> Result<ValueId, Why> {
        let count = elements(&shape)?;
        if nothing_to_do(&op, self.shape(inputs[0]), &shape) {
            return Ok(self.view(inputs[0], shape, &op));
        }
        if inputs.iter().all(|input| self.is_known(*input)) {
            if !takes_nothing(&op) && inputs.iter().any(|input| self.shape(*input).contains(&0)) {
                return Err("it is given a value without elements".to_owned());
            }
            self.charge(count, self.work(&op, inputs, count))?;
            let tensor = self.compute(&op, inputs, &shape)?;
            return Ok(self.constant("", tensor));
        }
        if count == 0 {
            return Err(format!("its result of shape {shape:?} is empty: the picture is too small"));
        }
        let inputs = inputs.iter().map(|input| self.as_real(*input)).collect::<Vec<_>>();
        if self.nodes.len() >= LOWERED_NODES_MAX {
            return Err(format!("the network has become more than {LOWERED_NODES_MAX} operations"));
        }
        let output = self.value("", shape);
        self.nodes.push(ShapedNode { name: self.node_name.clone(), op, inputs, output });
        Ok(output)
    }

    /// The first operand itself; a reshape of a known value is that value under another shape.
    fn view(&mut self, input: ValueId, shape: Vec<usize>, op: &TensorOp) -> ValueId {
        match (op, self.values[input.index()].constant.clone()) {
            (TensorOp::Reshape, Some(data)) if shape != self.shape(input) => self.constant("", Tensor { shape, data }),
            _ => input,
        }
    }

    /// A known value of whole numbers as real ones: exporters write some constants beside pictures so.
    pub(super) fn as_real(&mut self, value: ValueId) -> ValueId {
        let Some(whole) = self.whole(value) else { return value };
        let data = whole.iter().map(|x| *x as f32).collect::<Vec<_>>();
        let shape = self.shape(value).to_vec();
        self.constant("", Tensor::f32(shape, data))
    }

    /// Multiply-adds, or moved elements, of computing an operation.
    fn work(&self, op: &TensorOp, inputs: &[ValueId], results: usize) -> u64 {
        let size = |value: ValueId| self.shape(value).iter().product::<usize>();
        let each = match op {
            TensorOp::Conv(_) => size(inputs[1]) / self.shape(inputs[1])[0].max(1),
            TensorOp::ConvTranspose(_) => size(inputs[1]),
            TensorOp::MatMul => self.shape(inputs[0]).last().copied().unwrap_or(1),
            TensorOp::MaxPool(pool) | TensorOp::AveragePool(pool) => pool.kernel[0].saturating_mul(pool.kernel[1]),
            TensorOp::Resize { .. } | TensorOp::GridSample { .. } | TensorOp::Warp => 16,
            _ => 1,
        };
        let read = inputs.iter().map(|input| size(*input)).fold(0, usize::saturating_add);
        (results.saturating_mul(each) as u64).saturating_add(read as u64)
    }

    fn compute(&self, op: &TensorOp, inputs: &[ValueId], shape: &[usize]) -> Result<Tensor, Why> {
        let views = inputs.iter().map(|input| Some(View { shape: self.shape(*input), data: self.real(*input)? }));
        if let Some(views) = views.collect::<Option<Vec<_>>>() {
            return Ok(Tensor::f32(shape.to_vec(), evaluate(op, &views, shape)));
        }
        let views = inputs.iter().map(|input| Some(View { shape: self.shape(*input), data: self.whole(*input)? }));
        let views = views.collect::<Option<Vec<_>>>().ok_or("it mixes real and whole numbers")?;
        Ok(Tensor::i64(shape.to_vec(), known::evaluate(op, &views, shape)?))
    }

    /// The shaped network: only what the outputs need, values counted anew.
    pub(super) fn finish(self, name: &str, inputs: Vec<Port>, outputs: Vec<Port>) -> Shaped {
        let nodes = needed(self.nodes, self.values.len(), &outputs);
        let mut ids: Vec<Option<ValueId>> = vec![None; self.values.len()];
        let mut values: Vec<ShapedValue> = Vec::new();
        let mut keep = |value: ValueId| {
            *ids[value.index()].get_or_insert_with(|| {
                let DraftValue { name, shape, constant } = self.values[value.index()].clone();
                let constant = constant.map(|data| match data {
                    TensorData::F32(data) => data,
                    TensorData::I64(data) => data.iter().map(|x| *x as f32).collect::<Arc<[f32]>>(),
                });
                values.push(ShapedValue { name, shape, constant, producer: None, uses: Vec::new() });
                ValueId(u32::try_from(values.len() - 1).expect("fewer than in the draft"))
            })
        };
        let mut port = |port: Port| Port { value: keep(port.value), ..port };
        let inputs = inputs.into_iter().map(&mut port).collect();
        let outputs_kept = outputs.into_iter().map(&mut port).collect();
        let mut kept = Vec::with_capacity(nodes.len());
        for node in nodes {
            let inputs = node.inputs.iter().map(|input| keep(*input)).collect();
            kept.push(ShapedNode { inputs, output: keep(node.output), ..node });
        }
        for (place, node) in kept.iter().enumerate() {
            values[node.output.index()].producer = Some(place);
            for input in &node.inputs {
                values[input.index()].uses.push(place);
            }
        }
        Shaped { name: name.to_owned(), inputs, outputs: outputs_kept, nodes: kept, values }
    }
}

/// The nodes that an output depends on, in order.
fn needed(nodes: Vec<ShapedNode>, values: usize, outputs: &[Port]) -> Vec<ShapedNode> {
    let mut wanted = vec![false; values];
    for port in outputs {
        wanted[port.value.index()] = true;
    }
    for node in nodes.iter().rev() {
        if wanted[node.output.index()] {
            for input in &node.inputs {
                wanted[input.index()] = true;
            }
        }
    }
    nodes.into_iter().filter(|node| wanted[node.output.index()]).collect()
}

/// Whether an operation has a result for a value without elements. Lists of sizes may be empty.
fn takes_nothing(op: &TensorOp) -> bool {
    use TensorOp::{Binary, Concat, Expand, Reshape, Slice, Transpose, Unary};
    matches!(op, Unary(_) | Binary(_) | Concat { .. } | Slice { .. } | Transpose { .. } | Reshape | Expand)
}

/// Whether an operation gives back its first operand as it is.
fn nothing_to_do(op: &TensorOp, from: &[usize], to: &[usize]) -> bool {
    if let TensorOp::Reshape = op {
        return from == to;
    }
    from == to
        && match op {
            TensorOp::Expand => true,
            TensorOp::Clip { min, max } => *min == f32::NEG_INFINITY && *max == f32::INFINITY,
            TensorOp::Slice { step, .. } => step.iter().all(|step| *step == 1),
            TensorOp::Pad { begin, .. } => begin.iter().all(|begin| *begin == 0),
            TensorOp::Transpose { permutation } => permutation.iter().enumerate().all(|(at, axis)| at == *axis),
            TensorOp::Reduce { axes, .. } => axes.iter().all(|axis| from[*axis] == 1),
            TensorOp::DepthToSpace { block, .. } | TensorOp::SpaceToDepth { block } => *block == 1,
            _ => false,
        }
}

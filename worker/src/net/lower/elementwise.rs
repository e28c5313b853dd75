//! Lowering of the element-by-element operators.

use super::At;
use crate::net::graph::{Tensor, ValueId};
use crate::net::op::{Binary, Unary};
use crate::net::shaped::TensorOp;
use crate::net::shapes::{Why, broadcast};

impl At<'_> {
    /// Also a Dropout, whose third operand says whether it is for training.
    pub(super) fn identity(&mut self) -> Result<Vec<ValueId>, Why> {
        if self.list(2)?.is_some_and(|training| training != [0]) {
            return Err("it is exported for training; export the network in its evaluation mode".to_owned());
        }
        if self.results > 1 {
            return Err("its second result is used, which only training has".to_owned());
        }
        Ok(vec![self.need(0)?])
    }

    pub(super) fn unary(&mut self, unary: Unary) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        self.draft.emit(TensorOp::Unary(unary), &[x], self.shape(x))
    }

    /// Bounds that are known become numbers; others are a minimum and a maximum like any other.
    pub(super) fn clip(&mut self) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let known = |place| self.operand(place).is_none_or(|bound| self.draft.real(bound).is_some());
        if known(1) && known(2) {
            let min = self.real(1)?.unwrap_or(f32::NEG_INFINITY);
            let max = self.real(2)?.unwrap_or(f32::INFINITY);
            return self.draft.emit(TensorOp::Clip { min, max }, &[x], self.shape(x));
        }
        let mut result = x;
        for (place, op) in [(1, Binary::Max), (2, Binary::Min)] {
            if let Some(bound) = self.operand(place) {
                result = self.pair(op, result, bound)?;
            }
        }
        Ok(result)
    }

    pub(super) fn p_relu(&mut self) -> Result<ValueId, Why> {
        let (x, slope) = (self.need(0)?, self.need(1)?);
        let shape = self.shape(x);
        if broadcast(&shape, self.draft.shape(slope))? != shape {
            return Err(format!("its slope of shape {:?} is larger than its input {shape:?}", self.draft.shape(slope)));
        }
        self.draft.emit(TensorOp::PRelu, &[x, slope], shape)
    }

    pub(super) fn binary(&mut self, binary: Binary) -> Result<ValueId, Why> {
        let mut result = self.need(0)?;
        for place in 1..self.operands.len() {
            let next = self.need(place)?;
            result = self.pair(binary, result, next)?;
        }
        Ok(result)
    }

    pub(super) fn pair(&mut self, binary: Binary, a: ValueId, b: ValueId) -> Result<ValueId, Why> {
        // A real number beside a whole one makes both real (a power's exponent, most often).
        let mixed = self.draft.whole(a).is_some() != self.draft.whole(b).is_some();
        let (a, b) = if mixed { (self.draft.as_real(a), self.draft.as_real(b)) } else { (a, b) };
        let shape = broadcast(self.draft.shape(a), self.draft.shape(b))?;
        self.draft.emit(TensorOp::Binary(binary), &[a, b], shape)
    }

    /// Every element times, or plus, one number.
    pub(super) fn with_number(&mut self, binary: Binary, x: ValueId, number: f32) -> Result<ValueId, Why> {
        let number = self.constant(Tensor::f32(vec![], vec![number]));
        self.pair(binary, x, number)
    }
}

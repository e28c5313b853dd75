//! Lowering of shape arithmetic: operators whose result must be known beforehand.

use super::At;
use super::known::join;
use crate::net::graph::{Tensor, TensorData, ValueId};
use crate::net::op::{Compare, Element};
use crate::net::reference::{View, broadcast_strides, walk};
use crate::net::shaped::TensorOp;
use crate::net::shapes::{Why, axis, broadcast, elements};

/// More pieces than this are not cut out of a picture one by one.
const GATHERED_MAX: usize = 64;

impl At<'_> {
    /// A value that must be known, as a tensor.
    fn known(&self, place: usize) -> Result<Tensor, Why> {
        let value = &self.draft.values[self.need(place)?.index()];
        let data = value.constant.clone().ok_or("it needs values that follow from the sizes of the inputs alone")?;
        Ok(Tensor { shape: value.shape.clone(), data })
    }

    /// A tensor of truth values or whole numbers.
    fn known_whole(&self, place: usize) -> Result<(Vec<usize>, Vec<i64>), Why> {
        let tensor = self.known(place)?;
        let data = tensor.as_i64().ok_or_else(|| format!("its operand {place} must be whole numbers or truth values"))?;
        Ok((tensor.shape.clone(), data.to_vec()))
    }

    pub(super) fn shape_of(&mut self, start: i64, end: Option<i64>) -> Result<ValueId, Why> {
        let shape = self.shape(self.need(0)?);
        let rank = shape.len() as i64;
        let place = |at: i64| (if at < 0 { at.saturating_add(rank) } else { at }).clamp(0, rank) as usize;
        let (start, end) = (place(start), place(end.unwrap_or(rank)));
        let list = shape.iter().take(end).skip(start).map(|size| *size as i64).collect::<Vec<_>>();
        Ok(self.constant(Tensor::list(&list)))
    }

    pub(super) fn size_of(&mut self) -> Result<ValueId, Why> {
        let count = elements(&self.shape(self.need(0)?))? as i64;
        Ok(self.constant(Tensor::i64(vec![], vec![count])))
    }

    pub(super) fn cast(&mut self, element: Element) -> Result<ValueId, Why> {
        let value = self.need(0)?;
        if !self.draft.is_known(value) {
            return match element {
                Element::F32 => Ok(value),
                Element::I64 | Element::Bool => Err("it makes whole numbers of a picture".to_owned()),
            };
        }
        let Tensor { shape, data } = self.known(0)?;
        let data = match (element, data) {
            (Element::F32, TensorData::I64(data)) => TensorData::F32(data.iter().map(|x| *x as f32).collect()),
            (Element::I64, TensorData::F32(data)) => TensorData::I64(data.iter().map(|x| *x as i64).collect()),
            (Element::Bool, TensorData::F32(data)) => TensorData::I64(data.iter().map(|x| i64::from(*x != 0.0)).collect()),
            (Element::Bool, TensorData::I64(data)) => TensorData::I64(data.iter().map(|x| i64::from(*x != 0)).collect()),
            (_, same) => same,
        };
        let tensor = Tensor { shape, data };
        self.draft.charge(tensor.elements(), tensor.elements() as u64)?;
        Ok(self.constant(tensor))
    }

    pub(super) fn constant_of_shape(&mut self, fill: &Tensor) -> Result<ValueId, Why> {
        let shape = self.need_list(0)?;
        let shape = shape.iter().map(|size| usize::try_from(*size).map_err(|_| format!("it makes a value of size {size}")));
        let shape = shape.collect::<Result<Vec<_>, _>>()?;
        let one = self.constant(Tensor { shape: vec![], data: fill.data.clone() });
        self.draft.emit(TensorOp::Expand, &[one], shape)
    }

    pub(super) fn range(&mut self) -> Result<ValueId, Why> {
        let (start, limit, delta) = (self.known(0)?, self.known(1)?, self.known(2)?);
        let whole = |tensor: &Tensor| tensor.as_i64().and_then(|data| data.first().copied());
        if let (Some(start), Some(limit), Some(delta)) = (whole(&start), whole(&limit), whole(&delta)) {
            let span = i128::from(limit) - i128::from(start);
            let count = if delta == 0 {
                return Err("its step is 0".to_owned());
            } else {
                span.unsigned_abs().div_ceil(u128::from(delta.unsigned_abs()))
            };
            let count = if (span > 0) == (delta > 0) { usize::try_from(count).unwrap_or(usize::MAX) } else { 0 };
            self.draft.charge(count, count as u64)?;
            let list = (0..count as i64).map(|at| start + at * delta).collect::<Vec<_>>();
            return Ok(self.constant(Tensor::list(&list)));
        }
        let real = |tensor: &Tensor| {
            tensor.as_f32().and_then(|data| data.first().copied()).ok_or("its operands must be one number each")
        };
        let (start, limit, delta) = (real(&start)?, real(&limit)?, real(&delta)?);
        let count = ((limit - start) / delta).ceil();
        if !count.is_finite() {
            return Err("its end is never reached".to_owned());
        }
        let count = count.max(0.0) as usize;
        self.draft.charge(count, count as u64)?;
        let list = (0..count).map(|at| start + at as f32 * delta).collect::<Vec<_>>();
        Ok(self.constant(Tensor::f32(vec![count], list)))
    }

    pub(super) fn compare(&mut self, compare: Compare) -> Result<ValueId, Why> {
        let (a, b) = (self.known(0)?, self.known(1)?);
        let shape = broadcast(&a.shape, &b.shape)?;
        self.draft.charge(elements(&shape)?, elements(&shape)? as u64)?;
        let data = match (&a.data, &b.data) {
            (TensorData::I64(x), TensorData::I64(y)) => {
                let operands = [View { shape: &a.shape, data: x }, View { shape: &b.shape, data: y }];
                join(&operands, &shape, |x, y| {
                    Ok(match compare {
                        Compare::And => x != 0 && y != 0,
                        Compare::Or => x != 0 || y != 0,
                        _ => holds(compare, &x, &y),
                    })
                })?
            }
            (TensorData::F32(x), TensorData::F32(y)) => {
                let operands = [View { shape: &a.shape, data: x }, View { shape: &b.shape, data: y }];
                join(&operands, &shape, |x, y| Ok(holds(compare, &x, &y)))?
            }
            _ => return Err("it compares real with whole numbers".to_owned()),
        };
        Ok(self.constant(Tensor::i64(shape, data.into_iter().map(i64::from).collect::<Vec<_>>())))
    }

    pub(super) fn not(&mut self) -> Result<ValueId, Why> {
        let (shape, data) = self.known_whole(0)?;
        self.draft.charge(data.len(), data.len() as u64)?;
        Ok(self.constant(Tensor::i64(shape, data.iter().map(|x| i64::from(*x == 0)).collect::<Vec<_>>())))
    }

    pub(super) fn modulo(&mut self, truncated: bool) -> Result<ValueId, Why> {
        let ((a_shape, a), (b_shape, b)) = (self.known_whole(0)?, self.known_whole(1)?);
        let shape = broadcast(&a_shape, &b_shape)?;
        self.draft.charge(elements(&shape)?, elements(&shape)? as u64)?;
        let data = join(&[View { shape: &a_shape, data: &a }, View { shape: &b_shape, data: &b }], &shape, |x, y| {
            let rest = x.checked_rem(y).ok_or_else(|| format!("the remainder of {x} by {y} has no result"))?;
            // The divisor's sign: as Python has it.
            Ok(if !truncated && rest != 0 && (rest < 0) != (y < 0) { rest + y } else { rest })
        })?;
        Ok(self.constant(Tensor::i64(shape, data)))
    }

    /// A choice that is known beforehand: between known values element by element, between pictures as a whole.
    pub(super) fn where_(&mut self) -> Result<ValueId, Why> {
        let (choice_shape, choice) = self.known_whole(0)?;
        let (a, b) = (self.need(1)?, self.need(2)?);
        let shape = broadcast(&choice_shape, &broadcast(&self.shape(a), &self.shape(b))?)?;
        if choice.iter().all(|x| *x != 0) {
            return self.draft.emit(TensorOp::Expand, &[a], shape);
        }
        if choice.iter().all(|x| *x == 0) {
            return self.draft.emit(TensorOp::Expand, &[b], shape);
        }
        let (a, b) = (self.known(1)?, self.known(2)?);
        self.draft.charge(elements(&shape)?, 3 * elements(&shape)? as u64)?;
        let data = match (&a.data, &b.data) {
            (TensorData::F32(x), TensorData::F32(y)) => {
                TensorData::F32(choose((&choice_shape, &choice), (&a.shape, x), (&b.shape, y), &shape).into())
            }
            (TensorData::I64(x), TensorData::I64(y)) => {
                TensorData::I64(choose((&choice_shape, &choice), (&a.shape, x), (&b.shape, y), &shape).into())
            }
            _ => return Err("it chooses between real and whole numbers".to_owned()),
        };
        Ok(self.constant(Tensor { shape, data }))
    }

    /// Elements along one axis by their places. Of a picture: one place, or a few.
    pub(super) fn gather(&mut self, at: i64) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let (index_shape, indices) = self.known_whole(1)?;
        let shape = self.shape(x);
        let at = axis(at, shape.len())?;
        let places = indices.iter().map(|index| axis(*index, shape[at])).collect::<Result<Vec<_>, _>>();
        let places = places.map_err(|_| format!("it takes the elements {indices:?} of {}", shape[at]))?;
        if places.len() > GATHERED_MAX && !self.draft.is_known(x) {
            return Err(format!("it takes {} pieces of a picture, and at most {GATHERED_MAX} are taken", places.len()));
        }
        let pieces = places.iter().map(|place| self.piece(x, at, *place, 1)).collect::<Result<Vec<_>, _>>()?;
        let mut whole = shape.clone();
        whole[at] = places.len();
        let joined = match pieces[..] {
            [] => return Err("it takes no elements".to_owned()),
            [one] => one,
            _ => self.draft.emit(TensorOp::Concat { axis: at }, &pieces, whole)?,
        };
        let result = [&shape[..at], &index_shape, &shape[at + 1..]].concat();
        self.draft.emit(TensorOp::Reshape, &[joined], result)
    }

    /// `count` elements of `x` along an axis, from `start` on.
    pub(super) fn piece(&mut self, x: ValueId, axis: usize, start: usize, count: usize) -> Result<ValueId, Why> {
        let mut shape = self.shape(x);
        let mut starts = vec![0; shape.len()];
        starts[axis] = start;
        let step = vec![1; shape.len()];
        shape[axis] = count;
        self.draft.emit(TensorOp::Slice { start: starts, step }, &[x], shape)
    }
}

fn holds<T: PartialOrd>(compare: Compare, a: &T, b: &T) -> bool {
    match compare {
        Compare::Equal | Compare::And | Compare::Or => a == b,
        Compare::Greater => a > b,
        Compare::GreaterOrEqual => a >= b,
        Compare::Less => a < b,
        Compare::LessOrEqual => a <= b,
    }
}

/// `a` where `choice` is not zero, else `b`; all broadcast to `shape`.
fn choose<T: Copy>(choice: (&[usize], &[i64]), a: (&[usize], &[T]), b: (&[usize], &[T]), shape: &[usize]) -> Vec<T> {
    let mut result = Vec::with_capacity(shape.iter().product());
    let strides = [choice.0, a.0, b.0].map(|own| broadcast_strides(own, shape));
    walk(shape, [0; 3], [&strides[0], &strides[1], &strides[2]], |[c, i, j]| {
        result.push(if choice.1[c] != 0 { a.1[i] } else { b.1[j] });
    });
    result
}

//! Whole numbers computed beforehand: the counterpart of `reference` for shape arithmetic. Overflow is an error.

use crate::net::op::{Binary, Reduction, Unary};
use crate::net::reference::{View, broadcast_strides, rearrange, strides, walk};
use crate::net::shaped::TensorOp;
use crate::net::shapes::Why;

/// One operator on whole numbers.
///
/// # Errors
/// When it overflows, divides by zero, or has no meaning for whole numbers.
pub(super) fn evaluate(op: &TensorOp, operands: &[View<'_, i64>], shape: &[usize]) -> Result<Vec<i64>, Why> {
    let x = operands[0];
    match op {
        TensorOp::Binary(op) => {
            join(operands, shape, |a, b| binary(*op, a, b).ok_or_else(|| format!("{op:?} of {a} and {b} has no result")))
        }
        TensorOp::Unary(op) => x.data.iter().map(|x| unary(*op, *x)).collect(),
        TensorOp::Reduce { reduction, axes } => reduce(*reduction, axes, x),
        TensorOp::Pad { value, .. } => Ok(rearrange(op, operands, shape, *value as i64)),
        TensorOp::Concat { .. }
        | TensorOp::Slice { .. }
        | TensorOp::Transpose { .. }
        | TensorOp::Reshape
        | TensorOp::Expand
        | TensorOp::DepthToSpace { .. }
        | TensorOp::SpaceToDepth { .. } => Ok(rearrange(op, operands, shape, 0)),
        _ => Err("it computes on whole numbers what only real ones can do".to_owned()),
    }
}

/// Two operands broadcast to `shape`, joined element by element.
pub(super) fn join<T: Copy, R>(
    operands: &[View<'_, T>],
    shape: &[usize],
    join: impl Fn(T, T) -> Result<R, Why>,
) -> Result<Vec<R>, Why> {
    let (a, b) = (operands[0], operands[1]);
    let mut results = Vec::with_capacity(shape.iter().product());
    walk(shape, [0, 0], [&broadcast_strides(a.shape, shape), &broadcast_strides(b.shape, shape)], |[i, j]| {
        results.push(join(a.data[i], b.data[j]));
    });
    results.into_iter().collect()
}

fn binary(op: Binary, a: i64, b: i64) -> Option<i64> {
    match op {
        Binary::Add => a.checked_add(b),
        Binary::Sub => a.checked_sub(b),
        Binary::Mul => a.checked_mul(b),
        Binary::Div => a.checked_div(b),
        Binary::Pow => a.checked_pow(u32::try_from(b).ok()?),
        Binary::Min => Some(a.min(b)),
        Binary::Max => Some(a.max(b)),
    }
}

fn unary(op: Unary, x: i64) -> Result<i64, Why> {
    let result = match op {
        Unary::Neg => x.checked_neg(),
        Unary::Abs => x.checked_abs(),
        Unary::Sign => Some(x.signum()),
        Unary::Relu => Some(x.max(0)),
        Unary::Floor | Unary::Ceil | Unary::Round => Some(x),
        _ => None,
    };
    result.ok_or_else(|| format!("{op:?} of the whole number {x} has no whole result"))
}

fn reduce(reduction: Reduction, axes: &[usize], x: View<'_, i64>) -> Result<Vec<i64>, Why> {
    let kept: Vec<usize> = (0..x.shape.len()).map(|axis| if axes.contains(&axis) { 1 } else { x.shape[axis] }).collect();
    let mut results: Vec<Option<i64>> = vec![None; kept.iter().product()];
    let mut overflow = false;
    walk(x.shape, [0, 0], [&strides(x.shape), &broadcast_strides(&kept, x.shape)], |[from, to]| {
        let element = x.data[from];
        let joined = results[to].map_or(Some(element), |result| match reduction {
            Reduction::Mean | Reduction::Sum => result.checked_add(element),
            Reduction::Prod => result.checked_mul(element),
            Reduction::Max => Some(result.max(element)),
            Reduction::Min => Some(result.min(element)),
        });
        overflow |= joined.is_none();
        results[to] = joined.or(Some(0));
    });
    if overflow {
        return Err("its whole numbers overflow".to_owned());
    }
    let count = axes.iter().map(|axis| x.shape[*axis]).product::<usize>().max(1) as i64;
    let divisor = if reduction == Reduction::Mean { count } else { 1 };
    // The product of nothing is 1, the sum of nothing 0.
    let nothing = i64::from(reduction == Reduction::Prod);
    Ok(results.into_iter().map(|result| result.unwrap_or(nothing) / divisor).collect())
}

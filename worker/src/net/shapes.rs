//! Arithmetic on shapes: what size comes out. Every function is total: a shape that makes no sense, or overflows, is an error.
//!
//! Errors are the end of a sentence that begins with the node.

use super::bounds::{RANK_MAX, VALUE_ELEMENTS_MAX};
use super::op::{Padding, Window};

/// What is wrong with a node: the end of a sentence that begins with its name.
pub(super) type Why = String;

/// How many elements a shape has.
///
/// # Errors
/// When there are more than any value may have.
pub(super) fn elements(shape: &[usize]) -> Result<usize, Why> {
    if shape.len() > RANK_MAX {
        return Err(format!("it makes a value of {} dimensions, and at most {RANK_MAX} are taken", shape.len()));
    }
    shape
        .iter()
        .try_fold(1_usize, |product, size| product.checked_mul(*size).filter(|product| *product <= VALUE_ELEMENTS_MAX))
        .ok_or_else(|| format!("it makes a value of shape {shape:?}, and at most {VALUE_ELEMENTS_MAX} elements are taken"))
}

/// An axis counted from the front; `rank` dimensions there are.
///
/// # Errors
/// When there is no such axis.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, Why> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_front = if axis < 0 { axis.saturating_add(signed) } else { axis };
    if (0..signed).contains(&from_front) {
        Ok(usize::try_from(from_front).expect("not negative"))
    } else {
        Err(format!("axis {axis} does not exist in a value of {rank} dimensions"))
    }
}

/// Several axes counted from the front, ascending, each once.
///
/// # Errors
/// When one does not exist or is named twice.
pub(super) fn axes(list: &[i64], rank: usize) -> Result<Vec<usize>, Why> {
    let mut axes = list.iter().map(|one| axis(*one, rank)).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    if axes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(format!("the axes {list:?} name one axis twice"));
    }
    Ok(axes)
}

/// The shape that both broadcast to (NumPy's rule).
///
/// # Errors
/// When they do not.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, Why> {
    let rank = a.len().max(b.len());
    let from_end = |shape: &[usize], place: usize| if place < shape.len() { shape[shape.len() - 1 - place] } else { 1 };
    let mut shape = Vec::with_capacity(rank);
    for place in (0..rank).rev() {
        shape.push(match (from_end(a, place), from_end(b, place)) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            _ => return Err(format!("shapes {a:?} and {b:?} do not go together")),
        });
    }
    Ok(shape)
}

/// The four sizes of a picture: batch, channels, rows, columns.
///
/// # Errors
/// When the shape has another number of dimensions.
pub(super) fn picture(shape: &[usize]) -> Result<[usize; 4], Why> {
    <[usize; 4]>::try_from(shape)
        .map_err(|_| format!("it takes pictures of 4 dimensions (batch, channels, rows, columns) and gets shape {shape:?}"))
}

/// How far a window of `kernel` taps reaches.
pub(super) fn reach(kernel: usize, dilation: usize) -> usize {
    (kernel - 1) * dilation + 1
}

/// Where a window's outputs lie along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Along {
    /// How many outputs there are.
    pub(super) size: usize,
    /// Padding before.
    pub(super) begin: usize,
    /// Padding after.
    pub(super) end: usize,
}

/// The outputs of a window along axis `at` (0: rows, 1: columns) of an input of `size`.
///
/// # Errors
/// When the window does not fit into the padded input.
pub(super) fn window(window: &Window, at: usize, kernel: usize, size: usize, ceil: bool) -> Result<Along, Why> {
    let (stride, span) = (window.stride[at], reach(kernel, window.dilation[at]));
    let (begin, end) = match window.padding {
        Padding::Explicit { begin, end } => (begin[at], end[at]),
        Padding::SameUpper | Padding::SameLower => {
            let outputs = size.div_ceil(stride);
            let total = ((outputs.max(1) - 1) * stride + span).saturating_sub(size);
            let half = total / 2;
            if window.padding == Padding::SameUpper { (half, total - half) } else { (total - half, half) }
        }
    };
    let padded = size + begin + end;
    let Some(room) = padded.checked_sub(span) else {
        return Err(format!("its window of {span} pixels does not fit into {padded}: the picture is too small"));
    };
    let mut outputs = if ceil { room.div_ceil(stride) } else { room / stride } + 1;
    // A window must begin in the picture or the padding before it.
    if ceil && (outputs - 1) * stride >= size + begin {
        outputs -= 1;
    }
    Ok(Along { size: outputs, begin, end })
}

/// The outputs of a transposed window along one axis: the size and what is cut off before it.
///
/// # Errors
/// When nothing is left.
pub(super) fn window_transposed(
    window: &Window,
    at: usize,
    kernel: usize,
    size: usize,
    added: usize,
    wanted: Option<usize>,
) -> Result<(usize, usize), Why> {
    let full = window.stride[at] * (size.max(1) - 1) + reach(kernel, window.dilation[at]) + added;
    let too_small = || format!("its padding leaves nothing of {full} pixels");
    let wanted = match (window.padding, wanted) {
        (Padding::Explicit { begin, end }, None) => {
            let size = full.checked_sub(begin[at] + end[at]).filter(|size| *size > 0).ok_or_else(too_small)?;
            return Ok((size, begin[at]));
        }
        (_, Some(wanted)) => wanted,
        (_, None) => size * window.stride[at],
    };
    // A little more than it makes is zeros at the end, as its output padding is.
    if wanted >= full.saturating_add(window.stride[at]) {
        return Err(format!("{wanted} pixels are wanted and it makes only {full}"));
    }
    let total = full.saturating_sub(wanted);
    let begin = if window.padding == Padding::SameUpper { total / 2 } else { total - total / 2 };
    Ok((wanted, begin))
}

/// The shape that a reshape asks for: 0 takes over a size (unless `allow_zero`), -1 is what remains.
///
/// # Errors
/// When the elements do not fit.
pub(super) fn reshape(from: &[usize], wanted: &[i64], allow_zero: bool) -> Result<Vec<usize>, Why> {
    let wrong = || format!("a value of shape {from:?} cannot be given the shape {wanted:?}");
    let mut shape = Vec::with_capacity(wanted.len());
    let mut rest = None;
    for (place, size) in wanted.iter().enumerate() {
        shape.push(match size {
            0 if !allow_zero => *from.get(place).ok_or_else(wrong)?,
            -1 if rest.is_none() => {
                rest = Some(place);
                1
            }
            size => usize::try_from(*size).map_err(|_| wrong())?,
        });
    }
    let (have, known) = (elements(from)?, elements(&shape)?);
    if let Some(place) = rest {
        if known == 0 || have % known != 0 {
            return Err(wrong());
        }
        shape[place] = have / known;
    }
    if elements(&shape)? == have { Ok(shape) } else { Err(wrong()) }
}

/// One axis of a slice: where it begins and how many elements it has. `start`, `end` and `step` as ONNX has them.
///
/// # Errors
/// When the step is zero.
pub(super) fn slice(size: usize, start: i64, end: i64, step: i64) -> Result<(usize, usize), Why> {
    if step == 0 {
        return Err("its step is 0".to_owned());
    }
    let signed = i64::try_from(size).map_err(|_| "its input is too large".to_owned())?;
    let from_front = |place: i64| if place < 0 { place.saturating_add(signed) } else { place };
    let (low, high) = if step > 0 { (0, signed) } else { (-1, signed - 1) };
    let start = from_front(start).clamp(if step > 0 { 0 } else { -1 }, high);
    // An end far below zero means "past the first element" when stepping backwards.
    let end = from_front(end).clamp(low, high.max(low));
    let span = if step > 0 { end - start } else { start - end };
    let count = if span <= 0 { 0 } else { (span - 1) / step.saturating_abs() + 1 };
    let first = usize::try_from(start.max(0)).expect("not negative");
    Ok((first, usize::try_from(count).expect("not negative")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        assert_eq!(broadcast(&[2, 1, 4], &[3, 1]), Ok(vec![2, 3, 4]));
        assert_eq!(broadcast(&[], &[5]), Ok(vec![5]));
        assert!(broadcast(&[2, 3], &[2]).is_err());
    }

    #[test]
    fn a_reshape_finds_what_remains_and_refuses_what_does_not_fit() {
        assert_eq!(reshape(&[2, 3, 4], &[0, -1], false), Ok(vec![2, 12]));
        assert!(reshape(&[2, 3, 4], &[-1, -1], false).is_err());
        assert!(reshape(&[2, 3, 4], &[5, -1], false).is_err());
        assert!(reshape(&[2], &[i64::MAX, i64::MAX, 2], false).is_err());
    }

    #[test]
    fn slices_count_as_python_does() {
        assert_eq!(slice(10, 2, -1, 3), Ok((2, 3)));
        assert_eq!(slice(10, -1, i64::MIN, -1), Ok((9, 10)));
        assert_eq!(slice(10, 8, 2, -2), Ok((8, 3)));
        assert_eq!(slice(10, 5, 5, 1), Ok((5, 0)));
        assert_eq!(slice(10, 0, i64::MAX, 1), Ok((0, 10)));
        assert!(slice(10, 0, 1, 0).is_err());
    }

    #[test]
    fn windows_pad_and_round_as_onnx_says() {
        let same = |padding| Window { stride: [2, 2], dilation: [1, 1], padding };
        assert_eq!(window(&same(Padding::SameUpper), 0, 3, 4, false), Ok(Along { size: 2, begin: 0, end: 1 }));
        assert_eq!(window(&same(Padding::SameLower), 0, 3, 4, false), Ok(Along { size: 2, begin: 1, end: 0 }));
        let none = same(Padding::Explicit { begin: [0, 0], end: [0, 0] });
        assert_eq!(window(&none, 1, 2, 5, true).map(|along| along.size), Ok(3));
        assert_eq!(window(&none, 1, 2, 5, false).map(|along| along.size), Ok(2));
        assert!(window(&none, 0, 7, 5, false).is_err());
    }
}

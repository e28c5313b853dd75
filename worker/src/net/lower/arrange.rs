//! Lowering of the operators that move pixels.

use super::At;
use crate::net::graph::ValueId;
use crate::net::op::{ChannelOrder, Coordinates, GridInterpolation, GridPadding, Interpolation, PadMode};
use crate::net::shaped::TensorOp;
use crate::net::shapes::{self, Why, axes, axis, broadcast, elements, picture};

/// Copies of one value along one axis that a tiling may ask for.
const TILES_MAX: i64 = 256;
/// The largest side that a scale may make: whole numbers are exact in f32 up to here.
const SIDE_MAX: f32 = 16_777_216.0;

impl At<'_> {
    pub(super) fn depth_to_space(&mut self, block: usize, order: ChannelOrder) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let [batch, channels, rows, columns] = picture(self.draft.shape(x))?;
        if channels % (block * block) != 0 {
            return Err(format!("{channels} channels do not make blocks of {block}x{block}"));
        }
        let shape = vec![batch, channels / (block * block), rows * block, columns * block];
        self.draft.emit(TensorOp::DepthToSpace { block, order }, &[x], shape)
    }

    pub(super) fn space_to_depth(&mut self, block: usize) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let [batch, channels, rows, columns] = picture(self.draft.shape(x))?;
        if rows % block != 0 || columns % block != 0 {
            return Err(format!("a picture of {columns}x{rows} cannot be cut into blocks of {block}x{block}"));
        }
        let shape = vec![batch, channels * block * block, rows / block, columns / block];
        self.draft.emit(TensorOp::SpaceToDepth { block }, &[x], shape)
    }

    pub(super) fn resize(
        &mut self,
        interpolation: Interpolation,
        coordinates: Coordinates,
        named: &[i64],
        scales_at: usize,
    ) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let shape = self.shape(x);
        let rank = shape.len();
        let named = if named.is_empty() {
            (0..rank).collect()
        } else {
            named.iter().map(|one| axis(*one, rank)).collect::<Result<Vec<_>, _>>()?
        };
        let mut scale = vec![1.0_f32; rank];
        let mut result = shape.clone();
        let count = |given: usize| {
            if given == named.len() { Ok(()) } else { Err(format!("{given} sizes are given for {} axes", named.len())) }
        };
        if let Some(scales) = self.reals(scales_at)? {
            count(scales.len())?;
            for (at, given) in named.iter().zip(scales) {
                let size = (shape[*at] as f32 * given).floor();
                if !(given > 0.0 && (1.0..=SIDE_MAX).contains(&size)) {
                    return Err(format!("it scales {} pixels by {given}", shape[*at]));
                }
                (scale[*at], result[*at]) = (given, size as usize);
            }
        } else {
            let sizes = self.list(scales_at + 1)?.ok_or("it has neither scales nor sizes")?;
            count(sizes.len())?;
            for (at, given) in named.iter().zip(sizes) {
                result[*at] =
                    usize::try_from(given).ok().filter(|size| *size > 0).ok_or_else(|| format!("it makes a size of {given}"))?;
                scale[*at] = result[*at] as f32 / shape[*at] as f32;
            }
        }
        if rank < 2 || result[..rank - 2] != shape[..rank - 2] {
            return Err(format!("only rows and columns are resized, and it makes {result:?} of {shape:?}"));
        }
        let scale = [scale[rank - 2], scale[rank - 1]];
        if result == shape && scale == [1.0, 1.0] {
            return Ok(x);
        }
        self.draft.emit(TensorOp::Resize { interpolation, coordinates, scale }, &[x], result)
    }

    pub(super) fn grid_sample(
        &mut self,
        interpolation: GridInterpolation,
        padding: GridPadding,
        align_corners: bool,
    ) -> Result<ValueId, Why> {
        let (x, grid) = (self.need(0)?, self.need(1)?);
        let [batch, channels, ..] = picture(self.draft.shape(x))?;
        let [grids, rows, columns, two] = picture(self.draft.shape(grid))?;
        if grids != batch || two != 2 {
            return Err(format!("its grid of shape {:?} does not go with {batch} pictures", self.draft.shape(grid)));
        }
        let op = TensorOp::GridSample { interpolation, padding, align_corners };
        self.draft.emit(op, &[x, grid], vec![batch, channels, rows, columns])
    }

    pub(super) fn warp(&mut self) -> Result<ValueId, Why> {
        let (x, flow) = (self.need(0)?, self.need(1)?);
        let [batch, channels, rows, columns] = picture(self.draft.shape(x))?;
        if self.draft.shape(flow) != [batch, 2, rows, columns] {
            return Err(format!(
                "its flow of shape {:?} does not go with the picture {:?}",
                self.draft.shape(flow),
                self.draft.shape(x)
            ));
        }
        self.draft.emit(TensorOp::Warp, &[x, flow], vec![batch, channels, rows, columns])
    }

    pub(super) fn concat(&mut self, at: i64) -> Result<ValueId, Why> {
        let all = (0..self.operands.len()).map(|place| self.need(place)).collect::<Result<Vec<_>, _>>()?;
        let first = *all.first().ok_or("it joins nothing")?;
        let at = axis(at, self.draft.shape(first).len())?;
        let mut shape = self.shape(first);
        for other in &all[1..] {
            let other = self.draft.shape(*other);
            let fits = other.len() == shape.len() && (0..shape.len()).all(|axis| axis == at || shape[axis] == other[axis]);
            if !fits {
                return Err(format!("values of shapes {shape:?} and {other:?} cannot be joined along axis {at}"));
            }
            shape[at] = shape[at].checked_add(other[at]).ok_or("its result is too large")?;
        }
        // Parts without elements add nothing; executors need not know of them.
        let full = all.iter().copied().filter(|part| !self.draft.shape(*part).contains(&0)).collect::<Vec<_>>();
        match full[..] {
            [] => Ok(first),
            [one] => Ok(one),
            _ => self.draft.emit(TensorOp::Concat { axis: at }, &full, shape),
        }
    }

    pub(super) fn slice(&mut self) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let mut shape = self.shape(x);
        let (starts, ends) = (self.need_list(1)?, self.need_list(2)?);
        let named = self.list(3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
        let steps = self.list(4)?.unwrap_or_else(|| vec![1; starts.len()]);
        if [ends.len(), named.len(), steps.len()] != [starts.len(); 3] {
            return Err("its starts, ends, axes and steps are not equally many".to_owned());
        }
        axes(&named, shape.len())?;
        let (mut start, mut step) = (vec![0; shape.len()], vec![1; shape.len()]);
        for (place, at) in named.iter().enumerate() {
            let at = axis(*at, shape.len())?;
            let (first, count) = shapes::slice(shape[at], starts[place], ends[place], steps[place])?;
            (start[at], step[at], shape[at]) = (first, steps[place], count);
        }
        self.draft.emit(TensorOp::Slice { start, step }, &[x], shape)
    }

    pub(super) fn split(&mut self, at: i64) -> Result<Vec<ValueId>, Why> {
        let x = self.need(0)?;
        let shape = self.shape(x);
        let at = axis(at, shape.len())?;
        let sizes = match self.list(1)? {
            Some(sizes) => sizes
                .iter()
                .map(|size| usize::try_from(*size).map_err(|_| format!("it makes a part of {size}")))
                .collect::<Result<Vec<_>, _>>()?,
            // All parts equal, the last one smaller where it does not come out even (opset 18).
            None => {
                let part = shape[at].div_ceil(self.results.max(1));
                (0..self.results).map(|place| part.min(shape[at].saturating_sub(place * part))).collect()
            }
        };
        let sum = sizes.iter().try_fold(0_usize, |sum, size| sum.checked_add(*size));
        if sizes.len() != self.results || sum != Some(shape[at]) {
            return Err(format!("{} elements cannot be split into parts of {sizes:?}", shape[at]));
        }
        let mut start = 0;
        let mut parts = Vec::with_capacity(sizes.len());
        for size in sizes {
            parts.push(self.piece(x, at, start, size)?);
            start += size;
        }
        Ok(parts)
    }

    pub(super) fn pad(&mut self, mode: PadMode) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let shape = self.shape(x);
        let pads = self.need_list(1)?;
        let value = match self.operand(2) {
            Some(value) if self.draft.whole(value).is_some() => self.need_list(2)?.first().map_or(0.0, |value| *value as f32),
            _ => self.real(2)?.unwrap_or(0.0),
        };
        let named = self.list(3)?.unwrap_or_else(|| (0..shape.len() as i64).collect());
        axes(&named, shape.len())?;
        if pads.len() != 2 * named.len() {
            return Err(format!("{} pads are given for {} axes", pads.len(), named.len()));
        }
        let mut begin = vec![0; shape.len()];
        let mut result = shape.clone();
        for (place, at) in named.iter().enumerate() {
            let at = axis(*at, shape.len())?;
            let (before, after) = (pads[place], pads[named.len() + place]);
            result[at] = padded(mode, shape[at], before, after)?;
            begin[at] = before;
        }
        self.draft.emit(TensorOp::Pad { mode, begin, value }, &[x], result)
    }

    pub(super) fn transpose(&mut self, permutation: &[usize]) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let shape = self.shape(x);
        let permutation = if permutation.is_empty() { (0..shape.len()).rev().collect() } else { permutation.to_vec() };
        let mut sorted = permutation.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..shape.len()) {
            return Err(format!("{permutation:?} is no order of {} axes", shape.len()));
        }
        let result = permutation.iter().map(|axis| shape[*axis]).collect();
        self.draft.emit(TensorOp::Transpose { permutation }, &[x], result)
    }

    pub(super) fn reshape(&mut self, allow_zero: bool) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let shape = shapes::reshape(self.draft.shape(x), &self.need_list(1)?, allow_zero)?;
        self.draft.emit(TensorOp::Reshape, &[x], shape)
    }

    pub(super) fn flatten(&mut self, at: i64) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let shape = self.shape(x);
        // The axis may also be the one after the last.
        let at = if at == shape.len() as i64 { shape.len() } else { axis(at, shape.len())? };
        let flat = vec![elements(&shape[..at])?, elements(&shape[at..])?];
        self.draft.emit(TensorOp::Reshape, &[x], flat)
    }

    pub(super) fn squeeze(&mut self) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let shape = self.shape(x);
        let gone = match self.list(1)? {
            Some(list) => axes(&list, shape.len())?,
            None => (0..shape.len()).filter(|axis| shape[*axis] == 1).collect(),
        };
        if let Some(axis) = gone.iter().find(|axis| shape[**axis] != 1) {
            return Err(format!("axis {axis} of {shape:?} cannot be dropped: its size is not 1"));
        }
        let left = (0..shape.len()).filter(|axis| !gone.contains(axis)).map(|axis| shape[axis]).collect();
        self.draft.emit(TensorOp::Reshape, &[x], left)
    }

    pub(super) fn unsqueeze(&mut self) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let list = self.need_list(1)?;
        let mut shape = self.shape(x);
        for at in axes(&list, shape.len() + list.len())? {
            shape.insert(at, 1);
        }
        self.draft.emit(TensorOp::Reshape, &[x], shape)
    }

    pub(super) fn expand(&mut self) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let wanted = self.need_list(1)?;
        let wanted = wanted
            .iter()
            .map(|size| usize::try_from(*size).map_err(|_| format!("it makes a size of {size}")))
            .collect::<Result<Vec<_>, _>>()?;
        let shape = broadcast(self.draft.shape(x), &wanted)?;
        self.draft.emit(TensorOp::Expand, &[x], shape)
    }

    /// Becomes joins of copies, one for each axis.
    pub(super) fn tile(&mut self) -> Result<ValueId, Why> {
        let mut x = self.need(0)?;
        let repeats = self.need_list(1)?;
        if repeats.len() != self.draft.shape(x).len() {
            return Err(format!("{} repeats are given for shape {:?}", repeats.len(), self.draft.shape(x)));
        }
        for (axis, count) in repeats.iter().enumerate().filter(|(_, count)| **count != 1) {
            if !(1..=TILES_MAX).contains(count) {
                return Err(format!("it repeats its input {count} times, and 1 to {TILES_MAX} are taken"));
            }
            let copies = vec![x; *count as usize];
            let mut shape = self.shape(x);
            shape[axis] = shape[axis].checked_mul(copies.len()).ok_or("its result is too large")?;
            x = self.draft.emit(TensorOp::Concat { axis }, &copies, shape)?;
        }
        Ok(x)
    }
}

/// The size of an axis with `before` and `after` put around it, or cut off where negative.
fn padded(mode: PadMode, size: usize, before: i64, after: i64) -> Result<usize, Why> {
    let signed = size as i64;
    // Mirrors reach at most the far edge; a crop leaves at least one element.
    let most = match mode {
        PadMode::Reflect => signed - 1,
        PadMode::Wrap => signed,
        PadMode::Constant | PadMode::Edge => i64::MAX,
    };
    let result = signed.checked_add(before).and_then(|sum| sum.checked_add(after));
    match result.and_then(|result| usize::try_from(result).ok()).filter(|result| *result > 0) {
        Some(result) if before.max(after) <= most && before > -signed && after > -signed => Ok(result),
        _ => Err(format!("{size} elements cannot be padded by {before} and {after}")),
    }
}

//! Lowering of the operators that sum: convolutions, poolings, products, reductions, normalisations.

use super::At;
use crate::net::graph::{Tensor, ValueId};
use crate::net::op::{Binary, Conv, ConvTranspose, Pool, Reduction};
use crate::net::shaped::{ConvAt, PoolAt, TensorOp};
use crate::net::shapes::{Along, Why, axes, axis, broadcast, picture, window, window_transposed};

impl At<'_> {
    /// Weight and bias of a convolution, which must be known, and the weight's four sizes.
    fn weights(&self, outs: impl Fn([usize; 4]) -> usize) -> Result<(ValueId, [usize; 4]), Why> {
        let weight = self.need(1)?;
        let shape = self.draft.shape(weight);
        let sizes = <[usize; 4]>::try_from(shape)
            .map_err(|_| format!("only convolutions over rows and columns are run, and its weight has shape {shape:?}"))?;
        if self.draft.real(weight).is_none() || sizes.contains(&0) {
            return Err("its weight must be known beforehand".to_owned());
        }
        let bias_fits = |bias| self.draft.real(bias).map(<[f32]>::len) == Some(outs(sizes));
        if !self.operand(2).is_none_or(bias_fits) {
            return Err(format!("its bias must be known beforehand, one number for each of {} channels", outs(sizes)));
        }
        Ok((weight, sizes))
    }

    fn with_bias(&self, x: ValueId, weight: ValueId) -> Vec<ValueId> {
        [Some(x), Some(weight), self.operand(2)].into_iter().flatten().collect()
    }

    pub(super) fn conv(&mut self, conv: &Conv) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let [batch, channels, rows, columns] = picture(self.draft.shape(x))?;
        let (weight, [outs, ins, kernel_rows, kernel_columns]) = self.weights(|sizes| sizes[0])?;
        if ins.checked_mul(conv.groups) != Some(channels) || outs % conv.groups != 0 {
            return Err(format!("its weight takes {ins} channels in each of {} groups and it gets {channels}", conv.groups));
        }
        let down = window(&conv.window, 0, kernel_rows, rows, false)?;
        let across = window(&conv.window, 1, kernel_columns, columns, false)?;
        let at = ConvAt {
            kernel: [kernel_rows, kernel_columns],
            stride: conv.window.stride,
            dilation: conv.window.dilation,
            pad: [down.begin, across.begin],
            groups: conv.groups,
        };
        self.draft.emit(TensorOp::Conv(at), &self.with_bias(x, weight), vec![batch, outs, down.size, across.size])
    }

    pub(super) fn conv_transpose(&mut self, conv: &ConvTranspose) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let [batch, channels, rows, columns] = picture(self.draft.shape(x))?;
        let (weight, [ins, outs, kernel_rows, kernel_columns]) = self.weights(|sizes| sizes[1].saturating_mul(conv.groups))?;
        if ins != channels || channels % conv.groups != 0 {
            return Err(format!("its weight takes {ins} channels in {} groups and it gets {channels}", conv.groups));
        }
        let wanted = |at: usize| conv.output_size.map(|size| size[at]);
        let (tall, top) = window_transposed(&conv.window, 0, kernel_rows, rows, conv.output_padding[0], wanted(0))?;
        let (wide, left) = window_transposed(&conv.window, 1, kernel_columns, columns, conv.output_padding[1], wanted(1))?;
        let at = ConvAt {
            kernel: [kernel_rows, kernel_columns],
            stride: conv.window.stride,
            dilation: conv.window.dilation,
            pad: [top, left],
            groups: conv.groups,
        };
        let outs = outs.checked_mul(conv.groups).ok_or("it makes too many channels")?;
        self.draft.emit(TensorOp::ConvTranspose(at), &self.with_bias(x, weight), vec![batch, outs, tall, wide])
    }

    pub(super) fn pool(&mut self, pool: &Pool, max: bool) -> Result<ValueId, Why> {
        if self.results > 1 {
            return Err("its second result, the places of the maxima, is used".to_owned());
        }
        let x = self.need(0)?;
        let [batch, channels, rows, columns] = picture(self.draft.shape(x))?;
        let down = window(&pool.window, 0, pool.kernel[0], rows, pool.ceil_mode)?;
        let across = window(&pool.window, 1, pool.kernel[1], columns, pool.ceil_mode)?;
        for (at, Along { begin, end, .. }) in [down, across].into_iter().enumerate() {
            if begin >= pool.kernel[at] * pool.window.dilation[at] || end >= pool.kernel[at] * pool.window.dilation[at] {
                return Err(format!("its padding of {begin} and {end} is as large as its window"));
            }
        }
        let at = PoolAt {
            kernel: pool.kernel,
            stride: pool.window.stride,
            dilation: pool.window.dilation,
            pad: [down.begin, across.begin],
            pad_end: [down.end, across.end],
            count_padding: pool.count_padding,
        };
        let op = if max { TensorOp::MaxPool(at) } else { TensorOp::AveragePool(at) };
        self.draft.emit(op, &[x], vec![batch, channels, down.size, across.size])
    }

    /// Becomes transpositions, a product, and what is scaled and added; on known operands they are computed here.
    pub(super) fn gemm(&mut self, alpha: f32, beta: f32, transpose_a: bool, transpose_b: bool) -> Result<ValueId, Why> {
        let mut operands = [self.need(0)?, self.need(1)?];
        for (operand, transpose) in operands.iter_mut().zip([transpose_a, transpose_b]) {
            let shape = self.shape(*operand);
            let [rows, columns] = shape[..] else { return Err(format!("it takes matrices and gets shape {shape:?}")) };
            if transpose {
                *operand = self.draft.emit(TensorOp::Transpose { permutation: vec![1, 0] }, &[*operand], vec![columns, rows])?;
            }
        }
        if alpha != 1.0 {
            operands[1] = self.with_number(Binary::Mul, operands[1], alpha)?;
        }
        let product = self.product(operands[0], operands[1])?;
        let Some(mut added) = self.operand(2) else { return Ok(product) };
        if beta != 1.0 {
            added = self.with_number(Binary::Mul, added, beta)?;
        }
        let sum = self.pair(Binary::Add, product, added)?;
        if self.draft.shape(sum) == self.draft.shape(product) {
            Ok(sum)
        } else {
            Err(format!("what it adds has shape {:?} and the product {:?}", self.draft.shape(added), self.draft.shape(product)))
        }
    }

    pub(super) fn mat_mul(&mut self) -> Result<ValueId, Why> {
        let (a, b) = (self.need(0)?, self.need(1)?);
        self.product(a, b)
    }

    /// A matrix product; a vector counts as a row on the left and as a column on the right.
    fn product(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, Why> {
        let (mut left, mut right) = (self.shape(a), self.shape(b));
        if left.is_empty() || right.is_empty() {
            return Err("it multiplies a single number".to_owned());
        }
        let (row, column) = (left.len() == 1, right.len() == 1);
        if row {
            left.insert(0, 1);
        }
        if column {
            right.push(1);
        }
        let a = self.draft.emit(TensorOp::Reshape, &[a], left.clone())?;
        let b = self.draft.emit(TensorOp::Reshape, &[b], right.clone())?;
        let (outer_left, inner_left) = left.split_at(left.len() - 2);
        let (outer_right, inner_right) = right.split_at(right.len() - 2);
        if inner_left[1] != inner_right[0] {
            return Err(format!("matrices of shapes {left:?} and {right:?} cannot be multiplied"));
        }
        let mut shape = broadcast(outer_left, outer_right)?;
        shape.extend([inner_left[0], inner_right[1]]);
        let product = self.draft.emit(TensorOp::MatMul, &[a, b], shape.clone())?;
        if row {
            shape.remove(shape.len() - 2);
        }
        if column {
            shape.pop();
        }
        self.draft.emit(TensorOp::Reshape, &[product], shape)
    }

    /// Becomes a product and a sum, which go into the convolution before it.
    pub(super) fn batch_norm(&mut self, epsilon: f32) -> Result<ValueId, Why> {
        if self.results > 1 {
            return Err("its further results are used, which only training has".to_owned());
        }
        let x = self.need(0)?;
        let shape = self.shape(x);
        let channels = *shape.get(1).ok_or("its input has no channels")?;
        let of_channels = |place| {
            let list = self.reals(place)?.filter(|list| list.len() == channels);
            list.ok_or_else(|| format!("its operand {place} must be one number for each of {channels} channels"))
        };
        let (scale, bias, mean, variance) = (of_channels(1)?, of_channels(2)?, of_channels(3)?, of_channels(4)?);
        let factors: Vec<f64> = scale
            .iter()
            .zip(&variance)
            .map(|(scale, variance)| f64::from(*scale) / (f64::from(*variance) + f64::from(epsilon)).sqrt())
            .collect();
        let shifts = bias.iter().zip(&mean).zip(&factors);
        let shifts =
            shifts.map(|((bias, mean), factor)| (f64::from(*bias) - f64::from(*mean) * factor) as f32).collect::<Vec<_>>();
        let factors = factors.into_iter().map(|factor| factor as f32).collect::<Vec<_>>();
        let mut of_channel = vec![1; shape.len() - 1];
        of_channel[0] = channels;
        let factors = self.constant(Tensor::f32(of_channel.clone(), factors));
        let shifts = self.constant(Tensor::f32(of_channel, shifts));
        let scaled = self.pair(Binary::Mul, x, factors)?;
        self.pair(Binary::Add, scaled, shifts)
    }

    pub(super) fn instance_norm(&mut self, epsilon: f32) -> Result<ValueId, Why> {
        let (x, scale, bias) = (self.need(0)?, self.need(1)?, self.need(2)?);
        let shape = self.shape(x);
        let channels = *shape.get(1).filter(|_| shape.len() > 2).ok_or("its input has no channels")?;
        if [scale, bias].iter().any(|list| self.draft.real(*list).map(<[f32]>::len) != Some(channels)) {
            return Err("it needs one scale and one bias a channel, known beforehand".to_owned());
        }
        self.draft.emit(TensorOp::InstanceNorm { epsilon }, &[x, scale, bias], shape)
    }

    pub(super) fn global_pool(&mut self, reduction: Reduction) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let [batch, channels, ..] = picture(self.draft.shape(x))?;
        self.draft.emit(TensorOp::Reduce { reduction, axes: vec![2, 3] }, &[x], vec![batch, channels, 1, 1])
    }

    pub(super) fn reduce(&mut self, reduction: Reduction, keep_dims: bool, no_axes_is_identity: bool) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let shape = self.shape(x);
        let list = self.list(1)?.unwrap_or_default();
        if list.is_empty() && no_axes_is_identity {
            return Ok(x);
        }
        let axes = if list.is_empty() { (0..shape.len()).collect() } else { axes(&list, shape.len())? };
        if reduction == Reduction::Prod && !self.draft.is_known(x) {
            return Err("products over a picture are not run".to_owned());
        }
        if axes.iter().any(|axis| shape[*axis] == 0) && self.draft.real(x).is_some() {
            return Err("it reduces nothing".to_owned());
        }
        let kept = (0..shape.len()).filter(|axis| keep_dims || !axes.contains(axis));
        let result = kept.map(|axis| if axes.contains(&axis) { 1 } else { shape[axis] }).collect::<Vec<_>>();
        let reduced: Vec<usize> = (0..shape.len()).map(|axis| if axes.contains(&axis) { 1 } else { shape[axis] }).collect();
        let x = self.draft.emit(TensorOp::Reduce { reduction, axes }, &[x], reduced)?;
        self.draft.emit(TensorOp::Reshape, &[x], result)
    }

    pub(super) fn softmax(&mut self, at: i64, flatten: bool) -> Result<ValueId, Why> {
        let x = self.need(0)?;
        let shape = self.shape(x);
        let at = axis(at, shape.len())?;
        if !flatten || at + 1 == shape.len() {
            return self.draft.emit(TensorOp::Softmax { axis: at }, &[x], shape);
        }
        let flat = vec![shape[..at].iter().product(), shape[at..].iter().product()];
        let x = self.draft.emit(TensorOp::Reshape, &[x], flat.clone())?;
        let x = self.draft.emit(TensorOp::Softmax { axis: 1 }, &[x], flat)?;
        self.draft.emit(TensorOp::Reshape, &[x], shape)
    }
}

//! Twins of the element-by-element operators.

use super::View;
use super::walk::{broadcast_strides, walk};
use crate::net::op::{Binary, Unary};

/// One element of a unary operator.
pub(crate) fn unary(op: Unary, x: f32) -> f32 {
    match op {
        Unary::Relu => x.max(0.0),
        Unary::LeakyRelu { alpha } => {
            if x < 0.0 {
                alpha * x
            } else {
                x
            }
        }
        Unary::Elu { alpha } => {
            if x < 0.0 {
                alpha * x.exp_m1()
            } else {
                x
            }
        }
        Unary::Sigmoid => sigmoid(x),
        Unary::HardSigmoid { alpha, beta } => (alpha * x + beta).clamp(0.0, 1.0),
        Unary::HardSwish { alpha, beta } => x * (alpha * x + beta).clamp(0.0, 1.0),
        Unary::Silu => x * sigmoid(x),
        Unary::Gelu => (f64::from(x) * 0.5 * (1.0 + erf(f64::from(x) / std::f64::consts::SQRT_2))) as f32,
        Unary::GeluTanh => {
            let inner = std::f32::consts::FRAC_2_PI.sqrt() * (x + 0.044_715 * x * x * x);
            0.5 * x * (1.0 + inner.tanh())
        }
        Unary::Mish => x * softplus(x).tanh(),
        Unary::Softplus => softplus(x),
        Unary::Softsign => x / (1.0 + x.abs()),
        Unary::Tanh => x.tanh(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Exp => x.exp(),
        Unary::Log => x.ln(),
        Unary::Sqrt => x.sqrt(),
        Unary::Reciprocal => 1.0 / x,
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round_ties_even(),
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => {
            if x == 0.0 {
                0.0
            } else {
                x.signum()
            }
        }
        Unary::Erf => erf(f64::from(x)) as f32,
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// ln(1 + e^x), without overflow for large x.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The error function: its Taylor series near zero, elsewhere the continued fraction of its complement (Abramowitz and Stegun
/// 7.1.6 and 7.1.14). Better than 1e-12, so exact in f32.
fn erf(x: f64) -> f64 {
    let size = x.abs();
    let value = if size < 3.0 {
        let (mut term, mut sum, mut n) = (size, size, 0.0);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= 2.0 * size * size / (2.0 * n + 1.0);
            sum += term;
        }
        2.0 / std::f64::consts::PI.sqrt() * (-size * size).exp() * sum
    } else if size < 6.0 {
        let fraction = (1..=60).rev().fold(size, |below, k| size + f64::from(k) / 2.0 / below);
        1.0 - (-size * size).exp() / (std::f64::consts::PI.sqrt() * fraction)
    } else {
        1.0
    };
    value.copysign(x)
}

/// One element of a binary operator.
pub(crate) fn binary(op: Binary, a: f32, b: f32) -> f32 {
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => a.powf(b),
        Binary::Min => a.min(b),
        Binary::Max => a.max(b),
    }
}

/// Two operands broadcast to `shape`, joined element by element.
pub(super) fn broadcast(operands: &[View<'_, f32>], shape: &[usize], join: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let (a, b) = (operands[0], operands[1]);
    let strides = [broadcast_strides(a.shape, shape), broadcast_strides(b.shape, shape)];
    let mut result = Vec::with_capacity(shape.iter().product());
    walk(shape, [0, 0], [&strides[0], &strides[1]], |[i, j]| result.push(join(a.data[i], b.data[j])));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_has_its_published_values() {
        // NIST Digital Library of Mathematical Functions, table 7.23.
        for (x, expected) in
            [(0.0, 0.0), (0.5, 0.520_499_877_813), (1.0, 0.842_700_792_950), (3.5, 0.999_999_256_902), (9.0, 1.0)]
        {
            assert!((erf(x) - expected).abs() < 1e-12, "erf({x}) = {}", erf(x));
            assert!((erf(-x) + expected).abs() < 1e-12);
        }
    }
}

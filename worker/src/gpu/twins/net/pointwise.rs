//! The twin of `net_pointwise`, and the arithmetic by code that convolutions use too.

use super::Tensors;
use crate::gpu::shaders::net_arithmetic as codes;
use crate::gpu::shaders::net_pointwise::{self as shader, FROM_NUMBER, SPREAD_CHANNEL, SPREAD_FULL, SPREAD_ONE, SPREAD_PIXEL};
use crate::net::op::{Binary, Unary};
use crate::net::reference::{binary, unary};

pub(super) fn of_one(code: u32, x: f32, a: f32, b: f32) -> f32 {
    let op = match code {
        codes::RELU => Unary::Relu,
        codes::LEAKY_RELU => Unary::LeakyRelu { alpha: a },
        codes::ELU => Unary::Elu { alpha: a },
        codes::SIGMOID => Unary::Sigmoid,
        codes::HARD_SIGMOID => Unary::HardSigmoid { alpha: a, beta: b },
        codes::HARD_SWISH => Unary::HardSwish { alpha: a, beta: b },
        codes::SILU => Unary::Silu,
        codes::GELU => Unary::Gelu,
        codes::GELU_TANH => Unary::GeluTanh,
        codes::MISH => Unary::Mish,
        codes::SOFTPLUS => Unary::Softplus,
        codes::SOFTSIGN => Unary::Softsign,
        codes::TANH => Unary::Tanh,
        codes::SIN => Unary::Sin,
        codes::COS => Unary::Cos,
        codes::EXP => Unary::Exp,
        codes::LOG => Unary::Log,
        codes::SQRT => Unary::Sqrt,
        codes::RECIPROCAL => Unary::Reciprocal,
        codes::FLOOR => Unary::Floor,
        codes::CEIL => Unary::Ceil,
        codes::ROUND => Unary::Round,
        codes::NEG => Unary::Neg,
        codes::ABS => Unary::Abs,
        codes::SIGN => Unary::Sign,
        codes::ERF => Unary::Erf,
        codes::CLIP => return x.max(a).min(b),
        _ => return x,
    };
    unary(op, x)
}

pub(super) fn of_two(code: u32, x: f32, y: f32) -> f32 {
    match code {
        codes::ADD => binary(Binary::Add, x, y),
        codes::SUB => binary(Binary::Sub, x, y),
        codes::MUL => binary(Binary::Mul, x, y),
        codes::DIV => binary(Binary::Div, x, y),
        codes::POW => binary(Binary::Pow, x, y),
        codes::MIN => binary(Binary::Min, x, y),
        codes::MAX => binary(Binary::Max, x, y),
        codes::SUB_FROM => binary(Binary::Sub, y, x),
        codes::DIV_INTO => binary(Binary::Div, y, x),
        codes::POW_OF => binary(Binary::Pow, y, x),
        codes::PRELU if x < 0.0 => y * x,
        _ => x,
    }
}

/// An operand: its elements, where it begins, the blocks of its buffer, how it spreads.
struct Operand {
    elements: Vec<f32>,
    first: u32,
    total: u32,
    spread: u32,
}

impl Operand {
    fn at(&self, [n, block, pixel, lane]: [u32; 4], pixels: u32) -> f32 {
        let (place, lane) = match self.spread {
            SPREAD_CHANNEL => (n * self.total + self.first + block, lane),
            SPREAD_PIXEL => ((n * self.total + self.first) * pixels + pixel, 0),
            SPREAD_ONE => (0, 0),
            _ => ((n * self.total + self.first + block) * pixels + pixel, lane),
        };
        self.elements[(place * 4 + lane) as usize]
    }
}

pub(super) fn net_pointwise(params: &shader::Params, tensors: &mut Tensors<'_, '_>) {
    let operand = |index: usize, first, total, spread| Operand { elements: tensors.read(index), first, total, spread };
    let operands = [
        operand(0, params.first_0, params.total_0, SPREAD_FULL),
        operand(1, params.first_1, params.total_1, tensors.constant("SPREAD_1")),
        operand(2, params.first_2, params.total_2, tensors.constant("SPREAD_2")),
        operand(3, params.first_3, params.total_3, tensors.constant("SPREAD_3")),
    ];
    let numbers = [(params.a_0, params.b_0), (params.a_1, params.b_1), (params.a_2, params.b_2), (params.a_3, params.b_3)];
    let codes = ["CODE_0", "CODE_1", "CODE_2", "CODE_3"].map(|name| tensors.constant(name));
    let froms = ["FROM_0", "FROM_1", "FROM_2", "FROM_3"].map(|name| tensors.constant(name));
    tensors.write(0, |result| {
        for i in 0..params.count * 4 {
            let (pixel, lane) = (i / 4 % params.pixels, i % 4);
            let (block, n) = (i / 4 / params.pixels % params.blocks, i / 4 / params.pixels / params.blocks);
            let at = [n, block, pixel, lane];
            let start = operands[0].at(at, params.pixels);
            let mut x = start;
            for ((code, from), (a, b)) in codes.into_iter().zip(froms).zip(numbers) {
                x = if code < codes::ADD {
                    of_one(code, x, a, b)
                } else {
                    let y = match from {
                        FROM_NUMBER => a,
                        0 => start,
                        operand => operands[operand as usize].at(at, params.pixels),
                    };
                    of_two(code, x, y)
                };
            }
            let beyond = block + 1 == params.blocks && lane >= params.lanes_last;
            let place = (n * params.to_total + params.to_first + block) * params.pixels + pixel;
            result[(place * 4 + lane) as usize] = if beyond { 0.0 } else { x };
        }
    });
}

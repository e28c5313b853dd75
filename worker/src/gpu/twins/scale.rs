//! Twin of `scale`, output by output.

use super::Bound;
use super::frame::{quantise, threshold};
use crate::gpu::shaders::finite::EXPONENT_BITS;
use crate::gpu::shaders::scale::{BLOCK_HEIGHT, BLOCK_WIDTH, Params};

/// What a pass sets.
pub(super) struct Constants {
    pub(super) source_bits: u32,
    pub(super) target_bits: u32,
    pub(super) columns: u32,
    pub(super) dither: bool,
}

/// Sample `index` from the first of word `word`.
fn sample(words: &[u32], word: u32, index: u32, bits: u32) -> f32 {
    let per_word = 32 / bits;
    let found = words[(word + index / per_word) as usize];
    match bits {
        32 => f32::from_bits(found),
        _ => ((found >> (index % per_word * bits)) & ((1 << bits) - 1)) as f32,
    }
}

/// Puts a value in its place within a row that begins at word `line`.
fn store(words: &mut [u32], line: u32, index: u32, bits: u32, value: u32) {
    let per_word = 32 / bits;
    let shift = index % per_word * bits;
    let mask = u32::MAX >> (32 - bits);
    let word = &mut words[(line + index / per_word) as usize];
    *word = (*word & !(mask << shift)) | (value << shift);
}

pub(super) fn scale(params: Params, constants: &Constants, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (first_words, first_rows) = (bound.read::<u32>(0), bound.read::<u32>(1));
    let (across, down) = (bound.read::<f32>(2), bound.read::<f32>(3));
    let source = bound.read::<u32>(4);
    let [scaled, guard] = writes.as_mut_slice() else { unreachable!("the recorder holds a pass to its shader's buffers") };
    let mut lost_of_four = false;
    let blocks_across = params.target_width.div_ceil(BLOCK_WIDTH);
    let blocks_down = params.target_height.div_ceil(BLOCK_HEIGHT);
    for y in 0..params.target_height {
        let (block_y, output_y) = (y / BLOCK_HEIGHT, y % BLOCK_HEIGHT);
        for x in 0..params.target_width {
            let (block_x, output_x) = (x / BLOCK_WIDTH, x % BLOCK_WIDTH);
            let mut sum = 0.0;
            for row in 0..params.rows {
                let line = params.source_first
                    + (first_rows[block_y as usize] + row) * params.source_stride
                    + first_words[block_x as usize];
                let mut four = 0.0;
                for column in 0..constants.columns {
                    let weight = across[((column * blocks_across + block_x) * BLOCK_WIDTH + output_x) as usize];
                    four += weight * sample(source, line, column, constants.source_bits);
                }
                sum += down[((row * blocks_down + block_y) * BLOCK_HEIGHT + output_y) as usize] * four;
            }
            let value = sum * params.factor + params.addend;
            let found = match constants.target_bits {
                32 => value.to_bits(),
                _ => quantise(value, params.code_max, threshold(x, y, constants.dither)),
            };
            if constants.target_bits < 32 && constants.source_bits == 32 {
                let lost = value.to_bits() & EXPONENT_BITS == EXPONENT_BITS;
                lost_of_four = if output_x == 0 { lost } else { lost_of_four || lost };
                guard[0] += u32::from(output_x + 1 == BLOCK_WIDTH && lost_of_four);
            }
            store(scaled, params.target_first + y * params.target_stride, x, constants.target_bits, found);
        }
    }
    bound.writes = writes;
}

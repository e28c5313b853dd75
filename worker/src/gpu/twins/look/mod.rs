//! Twins of the passes that look at a frame: whole numbers throughout, so device and twin agree to the bit.

mod cells;
mod motion;
mod pixels;

use super::{Bound, params};
use crate::gpu::recording::Pass;
use crate::gpu::shaders::Shader;
use crate::gpu::shaders::look::LOOK_CELL;

/// Runs a pass that looks; `false` where it is none.
pub(super) fn run(pass: &Pass, bound: &mut Bound<'_>) -> bool {
    match pass.shader {
        Shader::LookShrink => pixels::look_shrink(params(pass), bound),
        Shader::LookQuarter => pixels::look_quarter(params(pass), bound),
        Shader::LookMarks => pixels::look_marks(params(pass), bound),
        Shader::LookSearch => motion::look_search(params(pass), bound),
        Shader::LookMotion => motion::look_motion(params(pass), bound),
        Shader::LookCells => cells::look_cells(params(pass), bound),
        Shader::LookFeatures => cells::look_features(params(pass), bound),
        Shader::LookBrightest => cells::look_brightest(params(pass), bound),
        Shader::LookHistogram => cells::look_histogram(params(pass), bound),
        _ => return false,
    }
    true
}

/// The bytes of a word, lowest first.
fn bytes(word: u32) -> [i32; 4] {
    word.to_le_bytes().map(i32::from)
}

/// A picture of words, its border going on for ever.
#[derive(Clone, Copy)]
struct Picture<'a> {
    words: &'a [u32],
    width: u32,
    height: u32,
}

impl Picture<'_> {
    fn at(&self, x: i32, y: i32) -> u32 {
        let column = x.clamp(0, self.width as i32 - 1) as u32;
        let row = y.clamp(0, self.height as i32 - 1) as u32;
        self.words[(row * self.width + column) as usize]
    }

    fn luma(&self, x: i32, y: i32) -> i32 {
        bytes(self.at(x, y))[0]
    }

    fn holds(&self, x: i32, y: i32) -> bool {
        (0..self.width as i32).contains(&x) && (0..self.height as i32).contains(&y)
    }
}

/// The pixels of a cell that lie in the picture.
fn cell_pixels(index: u32, columns: u32, (width, height): (u32, u32)) -> Vec<(i32, i32)> {
    let (left, top) = (index % columns * LOOK_CELL, index / columns * LOOK_CELL);
    let row = |y| (left..(left + LOOK_CELL).min(width)).map(move |x| (x as i32, y as i32));
    (top..(top + LOOK_CELL).min(height)).flat_map(row).collect()
}

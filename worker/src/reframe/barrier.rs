//! What stands out because no way leads to it from the picture's border without crossing an edge.
//!
//! The minimum barrier distance of Zhang, Sclaroff, Lin, Shen, Price, Mech: Minimum barrier salient object detection at 80 FPS, ICCV
//! 2015, on cells: of all ways from the border to a cell, the least that values vary along one. Ground, sky and walls reach the
//! border and come out near 0 whatever their colour; something in front of them does not. The lower border is no border here:
//! people stand on it in nearly every shot.

use super::findings::{Cell, Look};

/// Times that the cells are walked through, forth and back in turn: after these, nothing changes on most pictures.
const WALKS: usize = 4;
/// Chroma counts double: its range in pictures is about half of luma's.
const CHROMA_WEIGHT: u32 = 2;

/// The barrier before each cell of a whole picture: of luma, and of Cb and Cr twice, added, in codes of 8 bits.
pub(super) fn barriers(look: &Look, cells: &[Cell]) -> Vec<u8> {
    let columns = look.columns as usize;
    barriers_from(columns, cells, |at| at < columns || at.is_multiple_of(columns) || (at + 1).is_multiple_of(columns))
}

/// The same, before each cell of rows of `columns` that a way leads to from any that is a border.
pub(super) fn barriers_from(columns: usize, cells: &[Cell], is_border: impl Fn(usize) -> bool) -> Vec<u8> {
    let plane = |of: fn(&Cell) -> u8| barriers_in(columns, &cells.iter().map(of).collect::<Vec<_>>(), &is_border);
    let (luma, blue, red) = (plane(|cell| cell.luma), plane(|cell| cell.blue), plane(|cell| cell.red));
    let sum = |at: usize| u32::from(luma[at]) + CHROMA_WEIGHT * (u32::from(blue[at]) + u32::from(red[at]));
    (0..cells.len()).map(|at| sum(at).min(255) as u8).collect()
}

/// The best way to a cell that was found so far: how much values vary along it, and between which values.
#[derive(Clone, Copy)]
struct Way {
    barrier: u8,
    least: u8,
    most: u8,
}

/// The barriers in one plane of values.
fn barriers_in(columns: usize, values: &[u8], is_border: impl Fn(usize) -> bool) -> Vec<u8> {
    let rows = values.len() / columns.max(1);
    let begin = |(at, value): (usize, &u8)| Way { barrier: if is_border(at) { 0 } else { u8::MAX }, least: *value, most: *value };
    let mut ways = values.iter().enumerate().map(begin).collect::<Vec<_>>();
    let step = |ways: &mut [Way], at: usize, from: usize| {
        let (least, most) = (ways[from].least.min(values[at]), ways[from].most.max(values[at]));
        if ways[from].barrier < u8::MAX && most - least < ways[at].barrier {
            ways[at] = Way { barrier: most - least, least, most };
        }
    };
    for walk in 0..WALKS {
        for place in 0..values.len() {
            let forth = walk % 2 == 0;
            let at = if forth { place } else { values.len() - 1 - place };
            let (column, row) = (at % columns, at / columns);
            // Whoever was walked through before.
            if forth && column > 0 {
                step(&mut ways, at, at - 1);
            }
            if forth && row > 0 {
                step(&mut ways, at, at - columns);
            }
            if !forth && column + 1 < columns {
                step(&mut ways, at, at + 1);
            }
            if !forth && row + 1 < rows {
                step(&mut ways, at, at + columns);
            }
        }
    }
    ways.into_iter().map(|way| way.barrier).collect()
}

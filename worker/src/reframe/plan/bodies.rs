//! What belongs to what lives: the even patches of colour about it.
//!
//! A shirt is flat, and shows no motion between two arms that do. So the frame is parted into patches of like colour, and those
//! of which a good part lies beside living cells are taken along: a torso between its arms, and not the wall behind them.

use super::scene::{around, colour_codes};
use crate::reframe::findings::Cell;

/// Difference of colour, in codes, up to which two cells beside one another are of one patch.
const STEP_MOST: f32 = 15.0;
/// Largest patch that is taken along, as a part of the picture: larger ones are the place itself.
const PATCH_PART_MOST: f32 = 0.1;
/// Part of a patch that must lie beside what lives.
const BESIDE_PART: f32 = 0.25;
/// Life from which a cell takes along what is beside it.
const LIVES: f32 = 0.3;
/// The life that what is taken along is given: enough to belong, too little to matter.
pub(super) const TAKEN_LIFE: f32 = 0.16;

/// The life of each cell with what it takes along. `light` is how much of the usual range of light the picture uses.
pub(super) fn with_bodies(life: &[f32], cells: &[Cell], within: &[bool], columns: usize, light: f32) -> Vec<f32> {
    let rows = cells.len() / columns.max(1);
    let beside = |index: usize| around(index, (columns, rows), 1).any(|near| life[near] >= LIVES);
    let mut grown = life.to_vec();
    let mut is_seen = within.iter().map(|within| !within).collect::<Vec<_>>();
    for start in 0..cells.len() {
        if is_seen[start] {
            continue;
        }
        is_seen[start] = true;
        let (mut patch, mut open, mut is_open_to_edge) = (Vec::new(), vec![start], false);
        while let Some(index) = open.pop() {
            patch.push(index);
            let (column, row) = (index % columns, index / columns);
            let steps =
                [(column > 0).then(|| index - 1), (column + 1 < columns).then(|| index + 1), (row > 0).then(|| index - columns)];
            // What reaches the left, right or upper edge is the place; people stand on the lower one.
            is_open_to_edge |= steps.iter().any(|step| step.is_none_or(|step| !within[step]));
            for next in steps.into_iter().flatten().chain((row + 1 < rows).then(|| index + columns)) {
                if !is_seen[next] && colour_codes(&cells[index], &cells[next]) <= STEP_MOST * light {
                    is_seen[next] = true;
                    open.push(next);
                }
            }
        }
        let near = patch.iter().filter(|&&index| beside(index)).count();
        let is_small = patch.len() as f32 <= PATCH_PART_MOST * cells.len() as f32;
        if is_small && !is_open_to_edge && near as f32 >= BESIDE_PART * patch.len() as f32 {
            for index in patch {
                grown[index] = grown[index].max(TAKEN_LIFE);
            }
        }
    }
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shirt_goes_with_its_arms_and_the_wall_stays() {
        // A shirt over columns 8..12, arms that live at 7 and 12, a picture on the wall at 14..20, and the wall.
        let (columns, rows) = (30, 16);
        let at = |index: usize| (index % columns, index / columns);
        let cell = |index: usize| match at(index) {
            (8..12, 5..10) => Cell { luma: 60, blue: 150, red: 100, ..Cell::default() },
            (14..20, 2..9) => Cell { luma: 230, blue: 128, red: 128, ..Cell::default() },
            _ => Cell { luma: 150, blue: 120, red: 135, ..Cell::default() },
        };
        let cells = (0..columns * rows).map(cell).collect::<Vec<_>>();
        let life = (0..cells.len()).map(|index| match at(index) {
            (7 | 12, 6..9) => 0.8,
            _ => 0.0,
        });
        let life = life.collect::<Vec<_>>();
        let grown = with_bodies(&life, &cells, &vec![true; cells.len()], columns, 1.0);
        for (index, (grown, life)) in grown.iter().zip(&life).enumerate() {
            let is_shirt = matches!(at(index), (8..12, 5..10));
            assert_eq!(*grown, if is_shirt { TAKEN_LIFE } else { *life }, "{:?}", at(index));
        }
    }
}

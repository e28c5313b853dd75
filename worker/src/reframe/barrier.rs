//! How well a cell is walled off from the picture's edge: the minimum barrier distance.
//!
//! The distance is the least range (highest less lowest value) that a path from the edge to the cell must cross. Unlike a
//! difference to its neighbours it fills a thing whole, however flat its inside; ground, sky and walls reach the edge and come out
//! near 0 whatever their colour. After Zhang, Sclaroff, Lin, Shen, Price, Mech: Minimum barrier salient object detection at 80 FPS,
//! ICCV 2015: raster scans that alternate in direction.

use super::findings::{Cell, Look};

/// Chroma counts double: its range in pictures is about half of luma's.
const CHROMA_WEIGHT: f32 = 2.0;

/// The barrier before each cell of a frame: of luma, and of Cb and Cr twice, added, in codes of 8 bits. The lower edge is no edge
/// here: people stand on it in nearly every shot.
pub(super) fn barriers(look: &Look, cells: &[Cell]) -> Vec<u8> {
    let grid = (look.columns as usize, look.rows as usize);
    let is_edge = |at: usize| at < grid.0 || at.is_multiple_of(grid.0) || (at + 1).is_multiple_of(grid.0);
    let is_seed = (0..cells.len()).map(is_edge).collect::<Vec<_>>();
    let of = |channel: fn(&Cell) -> u8| {
        distances(&cells.iter().map(|cell| f32::from(channel(cell))).collect::<Vec<_>>(), grid, &is_seed)
    };
    let (luma, blue, red) = (of(|cell| cell.luma), of(|cell| cell.blue), of(|cell| cell.red));
    (0..cells.len()).map(|at| (luma[at] + CHROMA_WEIGHT * (blue[at] + red[at])).min(255.0) as u8).collect()
}

/// Scans over the grid, forward and backward by turns; the paper finds three enough.
const SCANS: usize = 4;

/// The distance of each cell of one channel. Seeds have 0; a cell that no path reaches has 0 too.
pub(in crate::reframe) fn distances(values: &[f32], grid: (usize, usize), is_seed: &[bool]) -> Vec<f32> {
    let (columns, rows) = grid;
    let mut distance = is_seed.iter().map(|&seed| if seed { 0.0 } else { f32::INFINITY }).collect::<Vec<_>>();
    let (mut highest, mut lowest) = (values.to_vec(), values.to_vec());
    for scan in 0..SCANS {
        for step in 0..columns * rows {
            let index = if scan % 2 == 0 { step } else { columns * rows - 1 - step };
            let (column, row) = (index % columns, index / columns);
            let beside = if scan % 2 == 0 {
                [(column > 0).then(|| index - 1), (row > 0).then(|| index - columns)]
            } else {
                [(column + 1 < columns).then(|| index + 1), (row + 1 < rows).then(|| index + columns)]
            };
            for other in beside.into_iter().flatten() {
                if distance[other].is_infinite() {
                    continue;
                }
                let (high, low) = (highest[other].max(values[index]), lowest[other].min(values[index]));
                if high - low < distance[index] {
                    (distance[index], highest[index], lowest[index]) = (high - low, high, low);
                }
            }
        }
    }
    for value in &mut distance {
        if !value.is_finite() {
            *value = 0.0;
        }
    }
    distance
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The distance by its definition: for every floor, the least ceiling under which the cell is connected to a seed.
    fn by_definition(values: &[f32], grid: (usize, usize), is_seed: &[bool], cell: usize) -> f32 {
        let mut best = f32::INFINITY;
        for &floor in values {
            for &ceiling in values {
                if ceiling >= floor && ceiling - floor < best && reaches(values, grid, is_seed, cell, floor, ceiling) {
                    best = ceiling - floor;
                }
            }
        }
        best
    }

    fn reaches(values: &[f32], grid: (usize, usize), is_seed: &[bool], cell: usize, floor: f32, ceiling: f32) -> bool {
        let mut reached = vec![false; values.len()];
        let mut next = vec![cell];
        while let Some(at) = next.pop() {
            if reached[at] || values[at] < floor || values[at] > ceiling {
                continue;
            }
            if is_seed[at] {
                return true;
            }
            reached[at] = true;
            let (column, row) = (at % grid.0, at / grid.0);
            next.extend((column > 0).then(|| at - 1));
            next.extend((column + 1 < grid.0).then(|| at + 1));
            next.extend((row > 0).then(|| at - grid.0));
            next.extend((row + 1 < grid.1).then(|| at + grid.0));
        }
        false
    }

    #[test]
    fn a_flat_thing_is_filled_whole() {
        let grid = (12, 10);
        let values = (0..120).map(|at| if (4..8).contains(&(at % 12)) && (3..7).contains(&(at / 12)) { 90.0 } else { 10.0 });
        let values = values.collect::<Vec<f32>>();
        let seeds = (0..120).map(|at| at % 12 == 0 || at % 12 == 11 || at / 12 == 0).collect::<Vec<_>>();
        let found = distances(&values, grid, &seeds);
        for (value, distance) in values.iter().zip(found) {
            assert_eq!(distance, value - 10.0);
        }
    }

    proptest! {
        #[test]
        fn the_scans_find_a_real_path(values in proptest::collection::vec(0_u8..9, 20)) {
            let grid = (5, 4);
            let values = values.into_iter().map(f32::from).collect::<Vec<_>>();
            let seeds = (0..20).map(|at| at % 5 == 0).collect::<Vec<_>>();
            for (cell, found) in distances(&values, grid, &seeds).into_iter().enumerate() {
                // Scans give a path's range: never below the least one, and not above that of the straight way to the edge.
                let row = &values[cell / 5 * 5..=cell];
                let straight = row.iter().copied().fold(0.0, f32::max) - row.iter().copied().fold(9.0, f32::min);
                prop_assert!(found >= by_definition(&values, grid, &seeds, cell) && found <= straight);
            }
        }
    }
}

//! Twins of `look_search` and `look_motion`.

use super::{Bound, Picture, bytes, cell_pixels};
use crate::gpu::shaders::look::{LOOK_BLOCK, LOOK_CELL, LOOK_MOTION_UNITS, LOOK_QUARTER};
use crate::gpu::shaders::look_motion::{AROUND, BEND_MIN, Params as MotionParams, STILL_COST, STILL_SHARE, WAY_MAX};
use crate::gpu::shaders::look_search::{AROUND as BLOCK_AROUND, Params as SearchParams, REACH, WAY_COST};
use crate::gpu::twins::values_mut;

/// A cost and the way that has it.
type Found = (i32, [i32; 2]);

fn square(x: i32, y: i32, side: i32) -> impl Iterator<Item = (i32, i32)> {
    (0..side * side).map(move |k| (x + k % side, y + k / side))
}

pub(super) fn look_search(params: SearchParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let picture = |words| Picture { words, width: params.width, height: params.height };
    let (quarter, before) = (picture(bound.read(0)), picture(bound.read(1)));
    let ways: &mut [[i32; 2]] = values_mut(&mut writes[0]);
    for (block, found) in (0..).zip(&mut ways[..(params.columns * params.rows) as usize]) {
        let (left, top) = ((LOOK_BLOCK * (block % params.columns)) as i32, (LOOK_BLOCK * (block / params.columns)) as i32);
        let cost = |[across, down]: [i32; 2]| {
            let around = square(left - BLOCK_AROUND, top - BLOCK_AROUND, LOOK_BLOCK as i32 + 2 * BLOCK_AROUND);
            let apart = around.map(|(x, y)| (quarter.at(x, y) as i32 - before.at(x - across, y - down) as i32).unsigned_abs());
            apart.sum::<u32>() + (across.abs() + down.abs()) as u32 * WAY_COST
        };
        let reach = 2 * REACH + 1;
        let ways = square(-REACH, -REACH, reach).map(|(across, down)| [across, down]);
        // Standing still comes first, then row by row: of equal costs the first is taken.
        let best = std::iter::once([0, 0]).chain(ways).min_by_key(|way| cost(*way)).unwrap_or_default();
        *found = best.map(|part| part * LOOK_QUARTER as i32);
    }
    bound.writes = writes;
}

/// What the motion of one cell is found from.
struct Cell<'a> {
    look: Picture<'a>,
    before: Picture<'a>,
    column: i32,
    row: i32,
    pixels: Vec<(i32, i32)>,
}

impl Cell<'_> {
    fn cost(&self, [across, down]: [i32; 2]) -> i32 {
        let side = LOOK_CELL as i32;
        let around = square(self.column * side - AROUND, self.row * side - AROUND, side + 2 * AROUND);
        around.map(|(x, y)| (self.look.luma(x, y) - self.before.luma(x - across, y - down)).pow(2)).sum()
    }

    fn better(&self, best: Found, way: [i32; 2]) -> Found {
        let cost = self.cost(way);
        if cost < best.0 { (cost, way) } else { best }
    }

    /// The best of the ways of the blocks around it, and its cost.
    fn best_around(&self, ways: &[[i32; 2]], (columns, rows): (i32, i32), still: i32) -> Found {
        let around = square(self.column / 2 - 1, self.row / 2 - 1, 3);
        let inside = around.filter(|(x, y)| (0..columns).contains(x) && (0..rows).contains(y));
        inside.fold((still, [0, 0]), |best, (x, y)| self.better(best, ways[(y * columns + x) as usize]))
    }

    fn best_near(&self, from: Found, step: i32) -> Found {
        let around = square(-1, -1, 3).filter(|way| *way != (0, 0));
        around.fold(from, |best, (x, y)| self.better(best, [from.1[0] + step * x, from.1[1] + step * y]))
    }

    /// What is left of its difference to the frame before, over the pixels whose origin is known.
    fn left_over(&self, way: [i32; 2]) -> u32 {
        let [across, down] = way;
        let (part_x, part_y) = (-across & 3, -down & 3);
        let mut sum = 0;
        for &(x, y) in &self.pixels {
            let (there_x, there_y) = (x + (-across >> 2), y + (-down >> 2));
            if !self.before.holds(there_x, there_y) {
                continue;
            }
            let own = bytes(self.look.at(x, y));
            let mut between = [0; 4];
            for (right, lower) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let weight_x = if right == 1 { part_x } else { 4 - part_x };
                let weight = weight_x * if lower == 1 { part_y } else { 4 - part_y };
                let pixel = bytes(self.before.at(there_x + right, there_y + lower));
                between = [0, 1, 2, 3].map(|k| between[k] + weight * pixel[k]);
            }
            sum += (0..3).map(|k| (16 * own[k] - between[k]).unsigned_abs()).sum::<u32>();
        }
        (sum + 8) / 16
    }
}

/// How many quarters of a pixel the lowest point of a parabola lies from the middle one of three.
fn quarters(less: i32, middle: i32, more: i32) -> i32 {
    let bend = less - 2 * middle + more;
    if bend < BEND_MIN {
        return 0;
    }
    let offset = LOOK_MOTION_UNITS * (less - more);
    let half = if offset < 0 { -bend } else { bend };
    ((offset + half) / (2 * bend)).clamp(-2, 2)
}

pub(super) fn look_motion(params: MotionParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let picture = |words| Picture { words, width: params.width, height: params.height };
    let (look, before, ways) = (picture(bound.read(0)), picture(bound.read(1)), bound.read::<[i32; 2]>(2));
    let moved: &mut [[u32; 2]] = values_mut(&mut writes[0]);
    for (index, found) in (0..).zip(&mut moved[..(params.columns * params.rows) as usize]) {
        let (column, row) = ((index % params.columns) as i32, (index / params.columns) as i32);
        let pixels = cell_pixels(index, params.columns, (params.width, params.height));
        let cell = Cell { look, before, column, row, pixels };
        let still = cell.cost([0, 0]);
        let around = cell.best_around(ways, (params.block_columns as i32, params.block_rows as i32), still);
        let mut best = cell.best_near(cell.best_near(around, 2), 1);
        if best.0 as u32 + STILL_COST + still as u32 / STILL_SHARE >= still as u32 {
            best = (still, [0, 0]);
        }
        let (cost, [across, down]) = best;
        let fraction = [
            quarters(cell.cost([across - 1, down]), cost, cell.cost([across + 1, down])),
            quarters(cell.cost([across, down - 1]), cost, cell.cost([across, down + 1])),
        ];
        let mut way = [0, 1].map(|axis| (LOOK_MOTION_UNITS * best.1[axis] + fraction[axis]).clamp(-WAY_MAX, WAY_MAX));
        let change = cell.left_over([0, 0]);
        let mut residual = cell.left_over(way);
        if residual >= change {
            (residual, way) = (change, [0, 0]);
        }
        *found = [(way[0] as u32 & 0xffff) | ((way[1] as u32) << 16), residual | (change << 16)];
    }
    bound.writes = writes;
}

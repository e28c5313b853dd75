//! What stirs in place over a stretch: somebody who talks, lifts a hand, or shifts from foot to foot.
//!
//! One who stays is no foreground to any background, and moves too little for a frame to tell. But a median over seconds does:
//! what passes by leaves nothing in it, and noise is alike in all cells.

use super::bodies::with_bodies;
use super::camera_motion::CameraMotion;
use super::movers::swept;
use super::scene::{Scene, around, median_within};
use crate::reframe::findings::Cell;

/// Change above what is expected that counts in full, in codes.
const FULL: f32 = 4.0;
/// Change that is no stir yet: noise and compression.
const NONE: f32 = 0.5;
/// How many times what is expected of a cell is no stir yet.
const TIMES: f32 = 1.4;
/// What is added to edges, so that flat cells are not asked to be perfectly still.
const EDGES_QUIET: f32 = 8.0;
/// Cells on each side of one that tell what is usual about it.
const ABOUT_CELLS: usize = 4;
/// Speed of the camera, in pixels of the look a frame, from which nothing is told: all cells change.
const SPEED_MOST: f64 = 0.2;
/// Cells whose mean is the peak.
const PEAK_CELLS: usize = 4;
/// Part of the peak from which a cell's stir counts.
const STRONG_PART: f32 = 0.35;
/// Views that must be told of.
const VIEWS_LEAST: usize = 3;

/// How much each cell stirs, 0..1, with what belongs to what does; nothing where something passes.
pub(super) fn stir(scene: &Scene<'_>, camera: &[CameraMotion], within: &[bool], movers: &[Vec<f32>], light: f32) -> Vec<f32> {
    let still = scene.views.iter().zip(camera).filter(|(view, motion)| view.moves && motion.fastest() <= SPEED_MOST);
    let views = still.map(|(view, _)| view.cells).collect::<Vec<_>>();
    if views.len() < VIEWS_LEAST {
        return vec![0.0; within.len()];
    }
    let usual = usual(&views);
    let stir = excess(&usual, within, scene.grid(), light);
    let swept = swept(movers, scene.grid());
    let stir = stir.iter().zip(swept).map(|(stir, swept)| if swept { 0.0 } else { *stir }).collect::<Vec<_>>();
    let stir = strong(stir);
    with_bodies(&stir, &usual, within, scene.grid().0, light)
}

/// Without what is little beside the strongest: a camera that trembles, leaves in the wind.
fn strong(stir: Vec<f32>) -> Vec<f32> {
    let mut sorted = stir.clone();
    sorted.sort_by(|left, right| right.total_cmp(left));
    let peak = sorted.iter().take(PEAK_CELLS).sum::<f32>() / PEAK_CELLS as f32;
    stir.into_iter().map(|stir| if stir >= STRONG_PART * peak { stir } else { 0.0 }).collect()
}

/// The median of every part of every cell that matters here.
fn usual(views: &[&[Cell]]) -> Vec<Cell> {
    let median = |index: usize, of: fn(&Cell) -> u8| {
        let mut values = views.iter().map(|cells| of(&cells[index])).collect::<Vec<_>>();
        values.sort_unstable();
        values[values.len() / 2]
    };
    let cell = |index: usize| Cell {
        luma: median(index, |cell| cell.luma),
        blue: median(index, |cell| cell.blue),
        red: median(index, |cell| cell.red),
        edges: median(index, |cell| cell.edges),
        change: median(index, |cell| cell.change),
        ..Cell::default()
    };
    (0..views.first().map_or(0, |cells| cells.len())).map(cell).collect()
}

/// What changes more than what is about it does, and more than its edges make of a camera that trembles.
fn excess(usual: &[Cell], within: &[bool], grid: (usize, usize), light: f32) -> Vec<f32> {
    let change = usual.iter().map(|cell| f32::from(cell.change)).collect::<Vec<_>>();
    let edges = |index: usize| f32::from(usual[index].edges) + EDGES_QUIET;
    let by_edges = change.iter().enumerate().map(|(index, change)| change / edges(index)).collect::<Vec<_>>();
    let tremble = median_within(&by_edges, within);
    let of = |index: usize| {
        if !within[index] {
            return 0.0;
        }
        let mut near = around(index, grid, ABOUT_CELLS).filter(|&near| within[near]).map(|near| change[near]).collect::<Vec<_>>();
        near.sort_by(f32::total_cmp);
        let about = near.get(near.len() / 2).copied().unwrap_or(0.0);
        let expected = (tremble * edges(index)).max(about);
        ((change[index] - TIMES * expected - NONE * light) / (FULL * light)).clamp(0.0, 1.0)
    };
    (0..usual.len()).map(of).collect()
}

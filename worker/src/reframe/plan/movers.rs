//! What moves otherwise than the background, or stands in front of it: for every view of a stretch, how much of each cell does.

use super::camera_motion::CameraMotion;
use super::lettering::Lettering;
use super::plate::Plates;
use super::scene::{Scene, View, around, colour_codes, median_within};
use crate::reframe::findings::{Cell, MOTION_UNITS};

/// Motion against the background, in pixels of the look a frame, that counts in full.
const OBJECT_MOTION_FULL: f32 = 1.5;
/// What is no motion yet: a quarter of a pixel is how finely it is measured.
const OBJECT_MOTION_NONE: f32 = 0.4;
/// Residual, in codes, at which motion is believed half.
const RESIDUAL_HALF: f32 = 12.0;
/// How much motion alone tells, beside a cell that differs from the background.
const MOTION_PART: f32 = 0.5;
/// Distance from the background, in codes, that counts in full.
const DEVIATION_FULL: f32 = 48.0;
/// Distance from the background that noise and compression make.
const DEVIATION_NONE: f32 = 10.0;
/// Speed of the camera, in pixels of the look a frame, from which the background may be off by a part of a cell.
const CAMERA_MOVES: f64 = 0.05;
/// The part of a step between two cells that a background may be off by: of a camera that moves, and of one that stands.
const SLACK_MOVING: f32 = 0.5;
const SLACK_STILL: f32 = 0.12;
/// Least edges for a cell's own motion to be believed.
const EDGES_LEAST: u8 = 6;
/// Motion that is believed: below, backgrounds are off by as much.
const MOVES_LEAST: f32 = 0.3;
/// Part of the strongest motion near a cell from which the cell's own is believed beside it.
const NEAR_PART: f32 = 0.45;
/// Cells on each side that are near.
const NEAR_CELLS: usize = 4;
/// Part of the picture that moves at once when it is light that moves, or nothing can be told.
const FLOOD_PART: f32 = 0.45;
/// Part of the time from which what moves in a cell stays there: it sways.
const STAYS_PART: f32 = 0.4;
/// Cells that move together from which something passes, rather than somebody lifting a hand.
pub(super) const PASSING_CELLS: usize = 8;

/// How much of each cell moves, 0..1, view by view. Lettering does not.
pub(super) fn movers(
    scene: &Scene<'_>,
    camera: &[CameraMotion],
    within: &[bool],
    letters: &Lettering,
    light: f32,
) -> Vec<Vec<f32>> {
    let plates = Plates::of(scene, camera);
    let view = |view: usize| {
        let lettered = letters.cells(scene, view);
        let counts = within.iter().zip(&lettered).map(|(within, lettered)| *within && !lettered).collect::<Vec<_>>();
        let moving = moving(scene, &scene.views[view], &camera[view], &plates.deviation(view), &counts, light);
        cleaned(&moving, scene.grid(), within)
    };
    (0..scene.views.len()).map(view).collect()
}

fn moving(scene: &Scene<'_>, seen: &View<'_>, camera: &CameraMotion, deviation: &[f32], counts: &[bool], light: f32) -> Vec<f32> {
    let grid = scene.grid();
    let floor = median_within(deviation, counts);
    let slack = if camera.fastest() > CAMERA_MOVES { SLACK_MOVING } else { SLACK_STILL };
    let of = |(index, cell): (usize, &Cell)| {
        if !counts[index] {
            return 0.0;
        }
        let [x, y] = camera.at(index % grid.0, index / grid.0);
        let [moved_x, moved_y] = cell.motion.map(|units| f64::from(units) / MOTION_UNITS);
        let is_told = seen.moves && cell.edges >= EDGES_LEAST;
        let motion = if is_told { (moved_x - x).hypot(moved_y - y) as f32 } else { 0.0 };
        // A cell that no motion explains moves in no known way.
        let explained = 1.0 / (1.0 + f32::from(cell.residual) / RESIDUAL_HALF);
        let motion = ((motion - OBJECT_MOTION_NONE) / OBJECT_MOTION_FULL).clamp(0.0, 1.0) * explained;
        // By as much as colours step from cell to cell a picture differs that is off by a part of a cell.
        let steps = around(index, grid, 1).map(|other| colour_codes(cell, &seen.cells[other]));
        let none = floor + DEVIATION_NONE * light + slack * steps.fold(0.0, f32::max);
        let front = ((deviation[index] - none) / (DEVIATION_FULL * light)).clamp(0.0, 1.0);
        (motion * MOTION_PART + front).min(1.0)
    };
    seen.cells.iter().enumerate().map(of).collect()
}

/// Without what is too little beside its surroundings; nothing where most of the picture moves, as in a flash.
fn cleaned(moving: &[f32], grid: (usize, usize), within: &[bool]) -> Vec<f32> {
    let many = moving.iter().filter(|moving| **moving >= MOVES_LEAST).count();
    let all = within.iter().filter(|within| **within).count();
    if many as f32 > FLOOD_PART * all as f32 {
        return vec![0.0; moving.len()];
    }
    let of = |(index, own): (usize, &f32)| {
        if *own < MOVES_LEAST {
            return 0.0;
        }
        let strongest = around(index, grid, NEAR_CELLS).map(|other| moving[other]).fold(*own, f32::max);
        if *own >= NEAR_PART * strongest { *own } else { 0.0 }
    };
    moving.iter().enumerate().map(of).collect()
}

/// The cells through which something passes at some time, and does not stay.
pub(super) fn swept(movers: &[Vec<f32>], grid: (usize, usize)) -> Vec<bool> {
    let mut views = vec![0_usize; grid.0 * grid.1];
    for moving in movers {
        let mut is_seen = moving.iter().map(|moving| *moving <= 0.0).collect::<Vec<_>>();
        for start in 0..moving.len() {
            if std::mem::replace(&mut is_seen[start], true) {
                continue;
            }
            let (mut patch, mut open) = (Vec::new(), vec![start]);
            while let Some(index) = open.pop() {
                patch.push(index);
                open.extend(around(index, grid, 1).filter(|&other| !std::mem::replace(&mut is_seen[other], true)));
            }
            if patch.len() >= PASSING_CELLS {
                patch.into_iter().for_each(|index| views[index] += 1);
            }
        }
    }
    let passes = |views: usize| views > 0 && (views as f32) < STAYS_PART * movers.len() as f32;
    let is_near = |index: usize| around(index, grid, 1).any(|near| passes(views[near]));
    (0..views.len()).map(is_near).collect()
}

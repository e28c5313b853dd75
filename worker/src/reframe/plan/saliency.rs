//! How much each cell of a frame asks to be looked at, without a network.
//!
//! Cues: what moves otherwise than the background or stands in front of it (`camera_motion`, `plate`), what is walled off from
//! the picture's edge (`barrier`), what stands out from its surroundings, skin, edges, what stirs in place; and a mild
//! preference for the middle. Letters and bars count nothing.

use super::camera_motion::CameraMotion;
use super::plate::Plates;
use super::scene::{Scene, View};
use crate::reframe::barrier;
use crate::reframe::findings::MOTION_UNITS;

/// Motion against the background, in pixels of the look a frame, that counts in full.
const OBJECT_MOTION_FULL: f32 = 1.5;
/// What is no motion yet: a quarter of a pixel is how finely it is measured.
const OBJECT_MOTION_NONE: f32 = 0.4;
/// Distance from the background, in codes, that counts in full.
const DEVIATION_FULL: f32 = 48.0;
/// Distance from the background that noise and compression make.
const DEVIATION_NONE: f32 = 10.0;
/// Barrier, in codes over three channels, that counts in full.
const BARRIER_FULL: f32 = 90.0;
/// Contrast that counts in full.
const CONTRAST_FULL: f32 = 90.0;
/// Stir (mean change above the picture's own) that counts in full.
const STIR_FULL: f32 = 6.0;
/// Least edges for a cell's own motion to be believed.
const EDGES_LEAST: u8 = 6;
/// What the cues count for.
const WEIGHTS: Weights = Weights { moving: 0.5, barrier: 0.24, contrast: 0.08, skin: 0.12, stir: 0.12, edges: 0.03 };
/// How much less a cell at the picture's edge counts than one in its middle.
const MIDDLE_PREFERENCE: f32 = 0.3;

struct Weights {
    moving: f32,
    barrier: f32,
    contrast: f32,
    skin: f32,
    stir: f32,
    edges: f32,
}

/// The cells of one frame: how much each asks to be looked at, 0..1, and the part of it that moves.
pub(super) struct Saliency {
    /// In all.
    pub(super) all: Vec<f32>,
    /// Of what moves or stands in front of the background alone.
    pub(super) moving: Vec<f32>,
}

/// What the saliency of a stretch's frames is made of.
pub(super) struct Cues<'s, 'f> {
    scene: &'s Scene<'f>,
    camera: &'s [CameraMotion],
    plates: Plates<'s, 'f>,
    within: &'s [bool],
    stir: Vec<f32>,
}

impl<'s, 'f> Cues<'s, 'f> {
    /// Of a stretch whose camera moves so; cells that are not `within` count nothing.
    pub(super) fn of(scene: &'s Scene<'f>, camera: &'s [CameraMotion], within: &'s [bool]) -> Self {
        Self { scene, camera, plates: Plates::of(scene, camera), within, stir: stir(scene, camera) }
    }

    /// The saliency of a view whose cells of `letters` are lettering.
    pub(super) fn saliency(&self, view: usize, letters: &[bool]) -> Saliency {
        let grid = self.scene.grid();
        let seen = &self.scene.views[view];
        let moving = self.moving(view, letters);
        let walled = self.walled(seen, letters);
        let mut all = vec![0.0; moving.len()];
        for (index, value) in all.iter_mut().enumerate() {
            if !self.within[index] || letters[index] {
                continue;
            }
            let cell = &seen.cells[index];
            let cues = WEIGHTS.moving * moving[index]
                + WEIGHTS.barrier * (walled[index] / BARRIER_FULL).min(1.0)
                + WEIGHTS.contrast * (f32::from(cell.contrast) / CONTRAST_FULL).min(1.0)
                + WEIGHTS.skin * f32::from(cell.skin) / 255.0
                + WEIGHTS.stir * self.stir[index]
                + WEIGHTS.edges * (f32::from(cell.edges) / 128.0).min(1.0);
            *value = cues * middle_preference(index, grid);
        }
        Saliency { all, moving }
    }

    /// What moves against the background, or differs from it.
    fn moving(&self, view: usize, letters: &[bool]) -> Vec<f32> {
        let (columns, _) = self.scene.grid();
        let seen = &self.scene.views[view];
        let camera = &self.camera[view];
        let deviation = self.plates.deviation(view);
        let floor = median_within(&deviation, self.within);
        let of = |(index, cell): (usize, &crate::reframe::findings::Cell)| {
            if !self.within[index] || letters[index] {
                return 0.0;
            }
            let [x, y] = camera.at(index % columns, index / columns);
            let [moved_x, moved_y] = cell.motion.map(|units| f64::from(units) / MOTION_UNITS);
            let is_told = seen.moves && cell.edges >= EDGES_LEAST;
            let motion = if is_told { (moved_x - x).hypot(moved_y - y) as f32 } else { 0.0 };
            // A cell that no motion explains moves in no known way.
            let explained = 1.0 / (1.0 + f32::from(cell.residual) / 12.0);
            let motion = ((motion - OBJECT_MOTION_NONE) / OBJECT_MOTION_FULL).clamp(0.0, 1.0) * explained;
            let front = ((deviation[index] - floor - DEVIATION_NONE) / DEVIATION_FULL).clamp(0.0, 1.0);
            (motion * 0.5 + front).min(1.0)
        };
        seen.cells.iter().enumerate().map(of).collect()
    }

    /// How well each cell is walled off from the left, right and upper edges of the content. People stand on the lower one.
    fn walled(&self, seen: &View<'_>, letters: &[bool]) -> Vec<f32> {
        let (columns, rows) = self.scene.grid();
        let inside = |column: usize, row: usize| self.within[row * columns + column];
        let is_seed = (0..columns * rows).map(|index| {
            let (column, row) = (index % columns, index / columns);
            let is_edge = column == 0
                || column + 1 == columns
                || row == 0
                || !inside(column, row)
                || !inside(column - 1, row)
                || !inside(column + 1, row)
                || !inside(column, row - 1);
            is_edge || letters[index]
        });
        let is_seed = is_seed.collect::<Vec<_>>();
        let channels: [fn(&crate::reframe::findings::Cell) -> u8; 3] = [|cell| cell.luma, |cell| cell.blue, |cell| cell.red];
        let mut walled = vec![0.0; columns * rows];
        for channel in channels {
            let values = seen.cells.iter().map(|cell| f32::from(channel(cell))).collect::<Vec<_>>();
            for (sum, value) in walled.iter_mut().zip(barrier::distances(&values, (columns, rows), &is_seed)) {
                *sum += value;
            }
        }
        walled
    }
}

/// How much the cells stir in place over the stretch, 0..1; nothing while the camera moves, when all of them do.
fn stir(scene: &Scene<'_>, camera: &[CameraMotion]) -> Vec<f32> {
    let (columns, rows) = scene.grid();
    let mut sums = vec![0.0_f32; columns * rows];
    let mut count = 0.0;
    for (view, motion) in scene.views.iter().zip(camera) {
        if !view.moves || motion.speed() > 0.5 {
            continue;
        }
        let mut changes = view.cells.iter().map(|cell| cell.change).collect::<Vec<_>>();
        let middle = changes.len() / 2;
        let usual = *changes.select_nth_unstable(middle).1;
        for (sum, cell) in sums.iter_mut().zip(view.cells) {
            *sum += f32::from(cell.change.saturating_sub(usual)).min(2.0 * STIR_FULL);
        }
        count += 1.0;
    }
    sums.iter().map(|sum| if count > 0.0 { (sum / count / STIR_FULL).min(1.0) } else { 0.0 }).collect()
}

fn median_within(values: &[f32], within: &[bool]) -> f32 {
    let mut values = values.iter().zip(within).filter(|(_, within)| **within).map(|(value, _)| *value).collect::<Vec<_>>();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn middle_preference(index: usize, (columns, rows): (usize, usize)) -> f32 {
    let off = |at: usize, count: usize| ((at as f32 + 0.5) / count as f32 - 0.5) * 2.0;
    let (x, y) = (off(index % columns, columns), off(index / columns, rows));
    1.0 - MIDDLE_PREFERENCE * (0.7 * x * x + 0.3 * y * y).min(1.0)
}

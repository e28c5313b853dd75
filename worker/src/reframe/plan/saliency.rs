//! How much each cell of a frame asks to be looked at, without a network.
//!
//! First what lives: what moves otherwise than the background or stands in front of it (`movers`), and what stirs in place
//! (`stir`). Where nothing does, what stands out: what is walled off from the picture's edge, differs from its surroundings, has
//! the colour of skin, or edges; with a mild preference for the middle. Letters and bars count nothing.

use super::camera_motion::CameraMotion;
use super::lettering::Lettering;
use super::movers::movers;
use super::scene::{Scene, View};
use super::stir::stir;
use crate::reframe::barrier::barriers_from;
use crate::reframe::findings::Cell;

/// Barrier, in codes of luma and chroma, that counts in full.
const BARRIER_FULL: f32 = 120.0;
/// Contrast that counts in full.
const CONTRAST_FULL: f32 = 160.0;
/// Edges that count in full.
const EDGES_FULL: f32 = 128.0;
/// Cues of a cell.
const CUES: usize = 6;
/// What they count for: what moves, what is walled off, what stands out, skin, what stirs in place, edges.
const WEIGHTS: [f32; CUES] = [0.4, 0.24, 0.1, 0.12, 0.12, 0.03];
/// How much less a cell at the picture's edge counts than one in its middle.
const MIDDLE_PREFERENCE: f32 = 0.3;
/// How much motion counts beside stirring in place, which is the surer sign: it is told from many frames.
const MOVES_PART: f32 = 0.65;

/// The cells of one frame: how much each asks to be looked at, 0..1, and why.
pub(super) struct Saliency {
    /// In all.
    pub(super) all: Vec<f32>,
    /// Of what moves or stands in front of the background alone.
    pub(super) moving: Vec<f32>,
    /// Of what moves, or stirs in place.
    pub(super) life: Vec<f32>,
    /// How well each is walled off from the picture's edge.
    pub(super) walled: Vec<f32>,
}

/// What the saliency of a stretch's frames is made of.
pub(super) struct Cues<'s, 'f> {
    scene: &'s Scene<'f>,
    within: &'s [bool],
    letters: &'s Lettering,
    movers: Vec<Vec<f32>>,
    stir: Vec<f32>,
    light: f32,
}

impl<'s, 'f> Cues<'s, 'f> {
    /// Of a stretch whose camera moves so; cells that are not `within` count nothing.
    pub(super) fn of(
        scene: &'s Scene<'f>,
        camera: &[CameraMotion],
        within: &'s [bool],
        letters: &'s Lettering,
    ) -> Self {
        let light = scene.light(within);
        let movers = movers(scene, camera, within, letters, light);
        let stir = stir(scene, camera, within, &movers, light);
        Self { scene, within, letters, movers, stir, light }
    }

    /// The saliency of a view.
    pub(super) fn saliency(&self, view: usize) -> Saliency {
        let grid = self.scene.grid();
        let letters = self.letters.cells(self.scene, view);
        let parts = self.parts(view, &letters);
        let counts = |index: usize| self.within[index] && !letters[index];
        let all = |index: usize| {
            let sum = WEIGHTS.iter().zip(&parts).map(|(weight, part)| weight * part[index]).sum::<f32>();
            if counts(index) { sum * middle_preference(index, grid) } else { 0.0 }
        };
        let moving = &self.movers[view];
        let life = |index: usize| {
            if counts(index) { (moving[index] * MOVES_PART).max(self.stir[index]) } else { 0.0 }
        };
        let (all, life) = ((0..moving.len()).map(all).collect(), (0..moving.len()).map(life).collect());
        let [_, walled, ..] = parts;
        Saliency { all, moving: moving.clone(), life, walled }
    }

    /// Each cue by itself, 0..1, in the order of [`WEIGHTS`].
    pub(super) fn parts(&self, view: usize, letters: &[bool]) -> [Vec<f32>; CUES] {
        let seen = &self.scene.views[view];
        let walled = self.walled(seen, letters);
        let of = |part: fn(&Cell) -> f32| seen.cells.iter().map(|cell| part(cell).min(1.0)).collect::<Vec<_>>();
        [
            self.movers[view].clone(),
            walled.clone(),
            of(|cell| f32::from(cell.contrast) / CONTRAST_FULL),
            of(|cell| f32::from(cell.skin) / 255.0).iter().zip(&walled).map(|(skin, walled)| skin * walled).collect(),
            self.stir.clone(),
            of(|cell| f32::from(cell.edges) / EDGES_FULL),
        ]
    }

    /// How well each cell is walled off from the left, right and upper edges of the content. People stand on the lower one.
    fn walled(&self, seen: &View<'_>, letters: &[bool]) -> Vec<f32> {
        let (columns, _) = self.scene.grid();
        let inside = |column: usize, row: usize| self.within[row * columns + column];
        let is_border = |index: usize| {
            let (column, row) = (index % columns, index / columns);
            let is_edge = column == 0
                || column + 1 == columns
                || row == 0
                || !inside(column, row)
                || !inside(column - 1, row)
                || !inside(column + 1, row)
                || !inside(column, row - 1);
            is_edge || letters[index]
        };
        let full = BARRIER_FULL * self.light;
        barriers_from(columns, seen.cells, is_border).into_iter().map(|walled| (f32::from(walled) / full).min(1.0)).collect()
    }
}

fn middle_preference(index: usize, (columns, rows): (usize, usize)) -> f32 {
    let off = |at: usize, count: usize| ((at as f32 + 0.5) / count as f32 - 0.5) * 2.0;
    let (x, y) = (off(index % columns, columns), off(index / columns, rows));
    1.0 - MIDDLE_PREFERENCE * (0.7 * x * x + 0.3 * y * y).min(1.0)
}

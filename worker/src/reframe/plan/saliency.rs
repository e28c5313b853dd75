//! How much each cell of a frame asks to be looked at, without a network.
//!
//! First what lives: what moves otherwise than the background or stands in front of it (`movers`), and what stirs in place
//! (`stir`). Where nothing does, what stands out: what is walled off from the picture's edge, differs from its surroundings, has
//! the colour of skin, or is rare in its rows; with a mild preference for the middle. Letters and bars count nothing.

use super::camera_motion::CameraMotion;
use super::lettering::Lettering;
use super::movers::movers;
use super::scene::{Scene, View, colour_codes};
use super::stir::stir;
use crate::reframe::barrier::barriers_from;
use crate::reframe::findings::Cell;

/// Barrier, in codes of luma and chroma, that counts in full.
const BARRIER_FULL: f32 = 120.0;
/// Contrast that counts in full.
const CONTRAST_FULL: f32 = 160.0;
/// Distance of colours, in codes, up to which two cells look alike.
const ALIKE_CODES: f32 = 18.0;
/// How much of the step to the cell above or below two cells may differ by besides.
const BORDER_PART: f32 = 0.35;
/// Rows above and below that a cell's colour is looked for in: ground, houses and sky lie in rows.
const ALIKE_ROWS: usize = 2;
/// Columns about a cell that are its own: a thing's other cells look like it.
const OWN_COLUMNS: usize = 5;
/// Part of the cells of those rows that look alike from which a cell is not rare at all.
const COMMON_PART: f32 = 0.12;
/// Cues of a cell.
const CUES: usize = 6;
/// What they count for: what moves, what is walled off, what stands out, skin that is walled off, what stirs in place, what is
/// rare in its rows.
const WEIGHTS: [f32; CUES] = [0.4, 0.16, 0.1, 0.12, 0.12, 0.2];
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
    pub(super) fn of(scene: &'s Scene<'f>, camera: &[CameraMotion], within: &'s [bool], letters: &'s Lettering) -> Self {
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
        let (walled, rare) = (self.walled(seen, letters), self.rare(seen));
        let of = |part: fn(&Cell) -> f32| seen.cells.iter().map(|cell| part(cell).min(1.0)).collect::<Vec<_>>();
        [
            self.movers[view].clone(),
            walled.clone(),
            of(|cell| f32::from(cell.contrast) / CONTRAST_FULL),
            of(|cell| f32::from(cell.skin) / 255.0).iter().zip(&rare).map(|(skin, rare)| skin * rare).collect(),
            self.stir.clone(),
            rare.iter().zip(&walled).map(|(rare, walled)| rare * (0.4 + 0.6 * walled)).collect(),
        ]
    }

    /// How few of the cells in its rows, its own surroundings aside, look as a cell does.
    fn rare(&self, seen: &View<'_>) -> Vec<f32> {
        let (columns, rows) = self.scene.grid();
        let of = |index: usize| {
            let (column, row) = (index % columns, index / columns);
            let band = (row.saturating_sub(ALIKE_ROWS)..(row + ALIKE_ROWS + 1).min(rows))
                .flat_map(|row| {
                    (0..columns).filter(|other| other.abs_diff(column) > OWN_COLUMNS).map(move |other| row * columns + other)
                })
                .filter(|&other| self.within[other]);
            // On the border of two layers, such as a shore, a cell has something of both, and of each more or less.
            let beside = [row.checked_sub(1), Some(row + 1).filter(|row| *row < rows)].into_iter().flatten();
            let steps = beside.map(|other| colour_codes(&seen.cells[index], &seen.cells[other * columns + column]));
            let least = ALIKE_CODES * self.light + BORDER_PART * steps.fold(0.0, f32::max);
            let (mut all, mut alike) = (0.0, 0.0);
            for other in band {
                all += 1.0;
                let is_alike = colour_codes(&seen.cells[index], &seen.cells[other]) <= least;
                alike += f32::from(u8::from(is_alike));
            }
            if all > 0.0 { 1.0 - (alike / all / COMMON_PART).min(1.0) } else { 0.0 }
        };
        (0..seen.cells.len()).map(of).collect()
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

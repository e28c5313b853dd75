//! How much each cell of a frame asks to be looked at, without a network.
//!
//! Cues: what moves otherwise than the background or stands in front of it (`camera_motion`, `plate`), what is walled off from
//! the picture's edge (`barrier`), what stands out from its surroundings, skin, edges, what stirs in place; and a mild
//! preference for the middle. Letters and bars count nothing.

use super::bodies::with_bodies;
use super::camera_motion::CameraMotion;
use super::plate::{COLOUR_WEIGHT, Plates};
use super::scene::{Scene, View};
use crate::reframe::barrier::barriers_from;
use crate::reframe::findings::{Cell, MOTION_UNITS};

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
/// Stir (change above what a cell's edges explain, in the median) that counts in full.
const STIR_FULL: f32 = 4.0;
/// Change that is no stir yet: noise and compression.
const STIR_NONE: f32 = 0.5;
/// Cells on each side of one that tell what is usual about it.
const ABOUT_CELLS: usize = 4;
/// Range of luma that most of a picture in daylight spans, in codes.
const LIGHT_USUAL: f32 = 130.0;
/// The least light that is believed.
const LIGHT_LEAST: f32 = 0.25;
/// How many times the usual change of a cell with its edges is no stir yet.
const STIR_TIMES: f32 = 1.4;
/// What is added to edges, so that flat cells are not asked to be perfectly still.
const EDGES_QUIET: f32 = 8.0;
/// Speed of the camera, in pixels of the look a frame, from which nothing is told of stirring.
const STIR_SPEED_MOST: f64 = 0.5;
/// Speed of the camera from which the background may be off by a part of a cell.
const CAMERA_MOVES: f64 = 0.05;
/// The part of a step between two cells that a background may be off by: of a camera that moves, and of one that stands.
const SLACK_MOVING: f32 = 0.5;
const SLACK_STILL: f32 = 0.12;
/// Part of the picture that moves at once when it is light that moves, or nothing can be told.
const FLOOD_PART: f32 = 0.45;
/// Least edges for a cell's own motion to be believed.
const EDGES_LEAST: u8 = 6;
/// Edges that count in full.
const EDGES_FULL: f32 = 128.0;
/// Cues of a cell.
const CUES: usize = 6;
/// What they count for: what moves, what is walled off, what stands out, skin, what stirs in place, edges.
const WEIGHTS: [f32; CUES] = [0.5, 0.24, 0.08, 0.12, 0.12, 0.03];
/// How much less a cell at the picture's edge counts than one in its middle.
const MIDDLE_PREFERENCE: f32 = 0.3;

/// The cells of one frame: how much each asks to be looked at, 0..1, and the part of it that moves.
pub(super) struct Saliency {
    /// In all.
    pub(super) all: Vec<f32>,
    /// Of what moves or stands in front of the background alone.
    pub(super) moving: Vec<f32>,
    /// Of what moves, or stirs in place.
    pub(super) life: Vec<f32>,
    /// How well each is walled off from the picture's edge, in codes.
    pub(super) walled: Vec<f32>,
}

/// What the saliency of a stretch's frames is made of.
pub(super) struct Cues<'s, 'f> {
    scene: &'s Scene<'f>,
    camera: &'s [CameraMotion],
    plates: Plates<'s, 'f>,
    within: &'s [bool],
    stir: Vec<f32>,
    light: f32,
}

impl<'s, 'f> Cues<'s, 'f> {
    /// Of a stretch whose camera moves so; cells that are not `within` count nothing.
    pub(super) fn of(scene: &'s Scene<'f>, camera: &'s [CameraMotion], within: &'s [bool]) -> Self {
        let light = light(scene, within);
        Self { scene, camera, plates: Plates::of(scene, camera), within, stir: stir(scene, camera, within, light), light }
    }

    /// The saliency of a view whose cells of `letters` are lettering.
    pub(super) fn saliency(&self, view: usize, letters: &[bool]) -> Saliency {
        let grid = self.scene.grid();
        let moving = self.moving(view, letters);
        let parts = self.parts(view, letters, &moving);
        let of = |index: usize| {
            if !self.within[index] || letters[index] {
                return 0.0;
            }
            let sum = WEIGHTS.iter().zip(&parts).map(|(weight, part)| weight * part[index]).sum::<f32>();
            sum * middle_preference(index, grid)
        };
        let all = (0..moving.len()).map(of).collect();
        // What moves is told from the background whole; what stirs in place shows at its edges alone.
        let stirs = with_bodies(&self.stir, self.scene.views[view].cells, self.within, grid.0, self.light);
        let lives = |index: usize| if self.within[index] && !letters[index] { moving[index].max(stirs[index]) } else { 0.0 };
        let life = (0..moving.len()).map(lives).collect();
        let [_, walled, ..] = parts;
        Saliency { all, moving, life, walled }
    }

    /// Each cue by itself, 0..1, in the order of [`WEIGHTS`].
    pub(super) fn parts(&self, view: usize, letters: &[bool], moving: &[f32]) -> [Vec<f32>; CUES] {
        let seen = &self.scene.views[view];
        let of = |part: fn(&Cell) -> f32| seen.cells.iter().map(|cell| part(cell).min(1.0)).collect::<Vec<_>>();
        [
            moving.to_vec(),
            self.walled(seen, letters).iter().map(|walled| (walled / (BARRIER_FULL * self.light)).min(1.0)).collect(),
            of(|cell| f32::from(cell.contrast) / CONTRAST_FULL),
            of(|cell| f32::from(cell.skin) / 255.0),
            self.stir.clone(),
            of(|cell| f32::from(cell.edges) / EDGES_FULL),
        ]
    }

    /// What moves against the background, or differs from it, 0..1; nothing where most of the picture does, as in a flash.
    fn moving(&self, view: usize, letters: &[bool]) -> Vec<f32> {
        let (columns, _) = self.scene.grid();
        let seen = &self.scene.views[view];
        let camera = &self.camera[view];
        let deviation = self.plates.deviation(view);
        let floor = median_within(&deviation, self.within);
        let slack = if camera.fastest() > CAMERA_MOVES { SLACK_MOVING } else { SLACK_STILL };
        let of = |(index, cell): (usize, &Cell)| {
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
            let none = floor + DEVIATION_NONE * self.light + slack * self.step(seen, index);
            let front = ((deviation[index] - none) / (DEVIATION_FULL * self.light)).clamp(0.0, 1.0);
            (motion * 0.5 + front).min(1.0)
        };
        let moving = seen.cells.iter().enumerate().map(of).collect::<Vec<_>>();
        let many = moving.iter().filter(|moving| **moving > 0.3).count();
        let all = self.within.iter().filter(|within| **within).count();
        if many as f32 > FLOOD_PART * all as f32 { vec![0.0; moving.len()] } else { moving }
    }

    /// How much colours step from a cell to those beside it: by so much a picture that is off by a part of a cell differs.
    fn step(&self, seen: &View<'_>, index: usize) -> f32 {
        let (columns, rows) = self.scene.grid();
        let (column, row) = (index % columns, index / columns);
        let own = &seen.cells[index];
        let beside = [
            (column > 0).then(|| index - 1),
            (column + 1 < columns).then(|| index + 1),
            (row > 0).then(|| index - columns),
            (row + 1 < rows).then(|| index + columns),
        ];
        let steps = beside.into_iter().flatten().map(|other| colour_codes(own, &seen.cells[other]));
        steps.fold(0.0, f32::max)
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
        barriers_from(columns, seen.cells, is_border).into_iter().map(f32::from).collect()
    }
}

/// How much the cells stir in place over the stretch, 0..1: somebody who talks, or shifts from foot to foot. The median over
/// time, so that what passes by leaves nothing; and only what is more than is usual about the cell, and more than its edges
/// make of a camera that trembles. Nothing while the camera pans, when all cells change.
fn stir(scene: &Scene<'_>, camera: &[CameraMotion], within: &[bool], light: f32) -> Vec<f32> {
    let grid = scene.grid();
    let still = scene.views.iter().zip(camera).filter(|(view, motion)| view.moves && motion.fastest() <= STIR_SPEED_MOST);
    let views = still.map(|(view, _)| view.cells).collect::<Vec<_>>();
    let over_time = |of: fn(&Cell) -> u8| {
        let cell = |index: usize| {
            let mut values = views.iter().map(|cells| of(&cells[index])).collect::<Vec<_>>();
            values.sort_unstable();
            values.get(values.len() / 2).map_or(0.0, |value| f32::from(*value))
        };
        (0..within.len()).map(cell).collect::<Vec<_>>()
    };
    let (change, edges) = (over_time(|cell| cell.change), over_time(|cell| cell.edges));
    let by_edges = change.iter().zip(&edges).map(|(change, edges)| change / (edges + EDGES_QUIET)).collect::<Vec<_>>();
    let usual = median_within(&by_edges, within);
    let of = |index: usize| {
        if !within[index] {
            return 0.0;
        }
        let expected = (usual * (edges[index] + EDGES_QUIET)).max(median_about(&change, within, index, grid));
        let excess = change[index] - STIR_TIMES * expected - STIR_NONE * light;
        (excess / (STIR_FULL * light)).clamp(0.0, 1.0)
    };
    (0..within.len()).map(of).collect()
}

/// The median about a cell.
fn median_about(values: &[f32], within: &[bool], index: usize, (columns, rows): (usize, usize)) -> f32 {
    let (column, row) = (index % columns, index / columns);
    let near = (row.saturating_sub(ABOUT_CELLS)..(row + ABOUT_CELLS + 1).min(rows)).flat_map(|row| {
        let across = column.saturating_sub(ABOUT_CELLS)..(column + ABOUT_CELLS + 1).min(columns);
        across.map(move |column| row * columns + column)
    });
    let mut near = near.filter(|&index| within[index]).map(|index| values[index]).collect::<Vec<_>>();
    near.sort_by(f32::total_cmp);
    near.get(near.len() / 2).copied().unwrap_or(0.0)
}

/// How much of the usual range of light a stretch uses, 0.2..1: in the dark all differences are small.
fn light(scene: &Scene<'_>, within: &[bool]) -> f32 {
    let Some(view) = scene.views.get(scene.views.len() / 2) else { return 1.0 };
    let mut luma = view.cells.iter().zip(within).filter(|(_, within)| **within).map(|(cell, _)| cell.luma).collect::<Vec<_>>();
    luma.sort_unstable();
    let at = |part: usize| luma.get(luma.len().saturating_sub(1) * part / 20).map_or(0.0, |luma| f32::from(*luma));
    ((at(19) - at(1)) / LIGHT_USUAL).clamp(LIGHT_LEAST, 1.0)
}

/// Distance of two cells' colours, in codes: luma, and Cb and Cr more.
pub(super) fn colour_codes(one: &Cell, other: &Cell) -> f32 {
    let chroma = f32::from(one.blue.abs_diff(other.blue)) + f32::from(one.red.abs_diff(other.red));
    f32::from(one.luma.abs_diff(other.luma)) + COLOUR_WEIGHT * chroma
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

//! How the camera moves: the motion of each row of cells that the most of it shares.
//!
//! A camera that pans moves what is far less than what is near, and in most pictures what is far stands above what is near: so
//! besides one translation and zoom for the whole picture, fitted by iteratively re-weighted least squares (Cauchy weights),
//! each row has a correction, the weighted median of its band. What moves otherwise than its row is an object.

use super::scene::View;
use crate::reframe::findings::{CELL_SIDE, Cell, MOTION_UNITS};

/// Rounds of re-weighting: the fit stands still long before.
const ROUNDS: usize = 8;
/// Distance from the fit, in pixels of the look in a frame, at which a cell counts half.
const HALF_WEIGHT_PIXELS: f64 = 0.5;
/// Edges below which a cell's motion says nothing.
const EDGES_LEAST: u8 = 6;
/// Part of a band's cells that must have texture for the band to have its own motion.
const BAND_PART_LEAST: f64 = 0.3;
/// Distance from the fit at which a cell still agrees with it, in pixels of the look.
const AGREES_PIXELS: f64 = 1.5;
/// Part of the texture that must agree for anything to be told: in a flash nothing does.
const AGREEING_PART: f64 = 0.5;
/// Rows above and below that belong to a row's band.
const BAND_REACH: usize = 1;

/// The motion of the background, in pixels of the look from the frame before to this one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CameraMotion {
    /// For each row of cells: along x and y, at the middle of the picture.
    rows: Vec<[f64; 2]>,
    /// Growth in a frame: pixels for each pixel from the middle.
    zoom: f64,
    /// Columns and rows of cells.
    grid: (usize, usize),
}

/// One cell's motion.
struct Sample {
    row: usize,
    /// From the middle of the picture, in pixels of the look.
    from_middle: [f64; 2],
    moved: [f64; 2],
    texture: f64,
}

impl CameraMotion {
    /// A camera that stands.
    pub(super) fn none(grid: (usize, usize)) -> Self {
        Self { rows: vec![[0.0; 2]; grid.1], zoom: 0.0, grid }
    }

    /// What most cells of a frame share; `within` says which cells count.
    pub(super) fn of(view: &View<'_>, grid: (usize, usize), within: &[bool]) -> Self {
        if !view.moves {
            return Self::none(grid);
        }
        let samples = samples(view.cells, grid, within);
        if samples.is_empty() {
            return Self::none(grid);
        }
        let (shift, zoom) = fit(&samples);
        let mut motion = Self { rows: vec![shift; grid.1], zoom, grid };
        for row in 0..grid.1 {
            for axis in 0..2 {
                motion.rows[row][axis] += band_correction(&samples, row, axis, shift, zoom, grid.0);
            }
        }
        if motion.agreeing(&samples) < AGREEING_PART { Self::none(grid) } else { motion }
    }

    /// The background's motion at a cell.
    pub(super) fn at(&self, column: usize, row: usize) -> [f64; 2] {
        let [x, y] = from_middle(column, row, self.grid);
        let [shift_x, shift_y] = self.rows[row];
        [shift_x + self.zoom * x, shift_y + self.zoom * y]
    }

    /// The motion of a row at the middle of the picture.
    pub(super) fn row(&self, row: usize) -> [f64; 2] {
        self.rows[row]
    }

    /// The part of the texture that moves nearly as its row does.
    fn agreeing(&self, samples: &[Sample]) -> f64 {
        let off = |sample: &Sample, axis: usize| {
            sample.moved[axis] - self.rows[sample.row][axis] - self.zoom * sample.from_middle[axis]
        };
        let agrees = |sample: &&Sample| off(sample, 0).hypot(off(sample, 1)) <= AGREES_PIXELS;
        let all = samples.iter().map(|sample| sample.texture).sum::<f64>();
        samples.iter().filter(agrees).map(|sample| sample.texture).sum::<f64>() / all.max(f64::MIN_POSITIVE)
    }

    /// The median speed of the rows, in pixels of the look a frame.
    pub(super) fn speed(&self) -> f64 {
        self.speed_of_part(0.5)
    }

    /// The speed that all but a few rows stay below: what is near passes faster.
    pub(super) fn fastest(&self) -> f64 {
        self.speed_of_part(0.85)
    }

    fn speed_of_part(&self, part: f64) -> f64 {
        let mut speeds = self.rows.iter().map(|[x, y]| x.hypot(*y)).collect::<Vec<_>>();
        speeds.sort_by(f64::total_cmp);
        speeds.get((speeds.len() as f64 * part) as usize).copied().unwrap_or(0.0)
    }
}

fn from_middle(column: usize, row: usize, grid: (usize, usize)) -> [f64; 2] {
    let along = |index: usize, count: usize| (index as f64 - (count as f64 - 1.0) / 2.0) * f64::from(CELL_SIDE);
    [along(column, grid.0), along(row, grid.1)]
}

fn samples(cells: &[Cell], grid: (usize, usize), within: &[bool]) -> Vec<Sample> {
    let textured = |(index, cell): (usize, &Cell)| {
        let (column, row) = (index % grid.0, index / grid.0);
        (within[index] && cell.edges >= EDGES_LEAST).then(|| Sample {
            row,
            from_middle: from_middle(column, row, grid),
            moved: cell.motion.map(|units| f64::from(units) / MOTION_UNITS),
            texture: f64::from(cell.edges).sqrt() / (1.0 + f64::from(cell.residual) / 8.0),
        })
    };
    cells.iter().enumerate().filter_map(textured).collect()
}

/// Translation and zoom of most of the cells.
fn fit(samples: &[Sample]) -> ([f64; 2], f64) {
    let along = |axis: usize| weighted_median(samples.iter().map(|sample| (sample.moved[axis], sample.texture)).collect());
    let (mut shift, mut zoom) = ([along(0), along(1)], 0.0);
    for _ in 0..ROUNDS {
        let (mut all, mut from, mut moved, mut squares, mut both) = (0.0, [0.0; 2], [0.0; 2], 0.0, 0.0);
        for sample in samples {
            let off = |axis: usize| sample.moved[axis] - shift[axis] - zoom * sample.from_middle[axis];
            let distance = off(0).hypot(off(1)) / HALF_WEIGHT_PIXELS;
            let weight = sample.texture / (1.0 + distance * distance);
            all += weight;
            for axis in 0..2 {
                from[axis] += weight * sample.from_middle[axis];
                moved[axis] += weight * sample.moved[axis];
                squares += weight * sample.from_middle[axis] * sample.from_middle[axis];
                both += weight * sample.from_middle[axis] * sample.moved[axis];
            }
        }
        if all <= f64::EPSILON {
            break;
        }
        let spread = squares - (from[0] * from[0] + from[1] * from[1]) / all;
        let slope = both - (from[0] * moved[0] + from[1] * moved[1]) / all;
        // Cells in one place say nothing of a zoom.
        zoom = if spread > all * 4.0 * f64::from(CELL_SIDE * CELL_SIDE) { slope / spread } else { 0.0 };
        shift = [0, 1].map(|axis| (moved[axis] - zoom * from[axis]) / all);
    }
    (shift, zoom)
}

/// How much otherwise the band about a row moves.
fn band_correction(samples: &[Sample], row: usize, axis: usize, shift: [f64; 2], zoom: f64, columns: usize) -> f64 {
    let band = samples.iter().filter(|sample| sample.row.abs_diff(row) <= BAND_REACH);
    let off = band.map(|sample| (sample.moved[axis] - shift[axis] - zoom * sample.from_middle[axis], sample.texture));
    let off = off.collect::<Vec<_>>();
    let enough = BAND_PART_LEAST * (columns * (2 * BAND_REACH + 1)) as f64;
    if (off.len() as f64) < enough { 0.0 } else { weighted_median(off) }
}

/// The value that half of the weight lies below; 0 of nothing.
fn weighted_median(mut values: Vec<(f64, f64)>) -> f64 {
    values.sort_by(|left, right| left.0.total_cmp(&right.0));
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (value, weight) in &values {
        below += weight;
        if below >= half {
            return *value;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: (usize, usize) = (40, 22);

    fn motion(of: impl Fn(usize, usize) -> (f64, f64)) -> CameraMotion {
        let units = |pixels: f64| (pixels * MOTION_UNITS).round() as i8;
        let cell = |index: usize| {
            let (x, y) = of(index % GRID.0, index / GRID.0);
            Cell { edges: 40, motion: [units(x), units(y)], ..Cell::default() }
        };
        let cells = (0..GRID.0 * GRID.1).map(cell).collect::<Vec<_>>();
        let view = View { at: 5, moves: true, cells: &cells, brightest: &[], faces: None };
        CameraMotion::of(&view, GRID, &vec![true; cells.len()])
    }

    #[test]
    fn a_large_object_does_not_drag_the_camera() {
        let found = motion(|column, row| if (5..15).contains(&column) && row > 6 { (6.0, -2.0) } else { (-3.0, 0.5) });
        for row in 0..GRID.1 {
            let [x, y] = found.row(row);
            assert!((x + 3.0).abs() < 0.05 && (y - 0.5).abs() < 0.05, "row {row}: {x}, {y}");
        }
    }

    #[test]
    fn what_is_near_passes_faster() {
        let found = motion(|column, row| if column / 8 == 2 && row > 5 { (0.0, 0.0) } else { (-(row as f64) / 4.0, 0.0) });
        for row in [0, 8, 21] {
            assert!((found.at(30, row)[0] + row as f64 / 4.0).abs() < 0.3, "row {row}: {:?}", found.at(30, row));
        }
    }

    #[test]
    fn a_zoom_is_told_from_a_pan() {
        let found = motion(|column, row| {
            let [x, y] = from_middle(column, row, GRID);
            (1.0 + 0.02 * x, 0.02 * y)
        });
        assert!((found.zoom - 0.02).abs() < 0.002, "{found:?}");
        assert!((found.at(39, 0)[0] - (1.0 + 0.02 * 156.0)).abs() < 0.4, "{found:?}");
    }

    #[test]
    fn nothing_to_see_is_no_motion() {
        let cells = vec![Cell::default(); GRID.0 * GRID.1];
        let view = View { at: 5, moves: true, cells: &cells, brightest: &[], faces: None };
        assert_eq!(CameraMotion::of(&view, GRID, &vec![true; cells.len()]), CameraMotion::none(GRID));
    }
}

//! What stands in front of the background: how far a cell is from what its place looks like at other times.
//!
//! The background of a place is the median of its colours over some seconds, looked up where the camera's motion has carried it.
//! A thing that goes through the picture differs from that wherever it is, with all of its inside; one that stays becomes
//! background itself, and is found by other means (`saliency`).

use super::camera_motion::CameraMotion;
use super::scene::{COLOUR_WEIGHT, Scene};
use crate::reframe::findings::{CELL_SIDE, Cell};

/// Seconds before and after a frame that its background is taken from.
const REACH_SECONDS: f64 = 4.0;
/// Frames that its background is taken from; the median of a dozen is steady.
const SAMPLES: usize = 12;
/// Fewest of them that must show a place.
const SAMPLES_LEAST: usize = 4;

/// Difference, in codes, at which a cell counts half in aligning two views.
const ALIGN_CODES: f32 = 12.0;
/// Rows above and below that are aligned together.
const ALIGN_BAND: usize = 2;
/// What is added to a band's texture, so that a flat one stays where motion says it is.
const ALIGN_FLAT: f32 = 400.0;
/// Furthest that aligning moves a band, in cells: beyond, cells tell nothing of parts of one.
const ALIGN_MOST: f32 = 0.7;

/// The background of a stretch.
pub(super) struct Plates<'s, 'f> {
    scene: &'s Scene<'f>,
    /// For every view and row: how far the background has moved since the first view, in cells.
    moved: Vec<Vec<[f32; 2]>>,
}

impl<'s, 'f> Plates<'s, 'f> {
    /// Of a stretch whose camera moves so, view by view.
    pub(super) fn of(scene: &'s Scene<'f>, camera: &[CameraMotion]) -> Self {
        let rows = scene.grid().1;
        let mut moved = Vec::with_capacity(camera.len());
        let mut now = vec![[0.0_f32; 2]; rows];
        for (index, motion) in camera.iter().enumerate() {
            if index > 0 {
                let frames = (scene.views[index].at - scene.views[index - 1].at) as f64;
                for (row, at) in now.iter_mut().enumerate() {
                    let by = motion.row(row).map(|pixels| (pixels * frames / f64::from(CELL_SIDE)) as f32);
                    *at = [at[0] + by[0], at[1] + by[1]];
                }
            }
            moved.push(now.clone());
        }
        Self { scene, moved }
    }

    /// How far each cell of a view is from its background, in codes; 0 where the background was never seen.
    pub(super) fn deviation(&self, view: usize) -> Vec<f32> {
        let (columns, rows) = self.scene.grid();
        let others = self.others(view);
        let mut deviation = vec![0.0; columns * rows];
        if others.len() < SAMPLES_LEAST {
            return deviation;
        }
        let cells = self.scene.views[view].cells;
        let others = others.iter().map(|&other| (other, self.aligned(view, other))).collect::<Vec<_>>();
        for row in 0..rows {
            for column in 0..columns {
                let index = row * columns + column;
                deviation[index] = self.cell_deviation(&cells[index], (column, row), &others);
            }
        }
        deviation
    }

    /// The views that the background of a view is taken from.
    fn others(&self, view: usize) -> Vec<usize> {
        let reach = self.scene.views_in(REACH_SECONDS);
        let (first, end) = (view.saturating_sub(reach), (view + reach + 1).min(self.scene.views.len()));
        let every = (end - first).div_ceil(SAMPLES).max(1);
        (first..end).step_by(every).filter(|&other| other != view).collect()
    }

    /// How far the rows of another view are from this one's, in cells: what the camera's motion says, made exact.
    ///
    /// Motion is measured of some frames only and in quarters of a pixel, so its sum drifts. What is left is found by one step
    /// of Lucas and Kanade on the cells of each band of rows, with weights that leave out what stands before the background.
    fn aligned(&self, view: usize, other: usize) -> Vec<[f32; 2]> {
        let (columns, rows) = self.scene.grid();
        let ([here, there], mut aligned) = ([view, other].map(|view| self.scene.views[view].cells), Vec::with_capacity(rows));
        let said = |row: usize| [0, 1].map(|axis| self.moved[other][row][axis] - self.moved[view][row][axis]);
        if columns < 3 || rows < 3 || here.is_empty() || there.is_empty() {
            return (0..rows).map(said).collect();
        }
        // For each row: sums of gx gx, gx gy, gy gy, gx d, gy d.
        let mut sums = vec![[0.0_f32; 5]; rows];
        for (row, of_row) in sums.iter_mut().enumerate().take(rows - 1).skip(1) {
            let [x, y] = said(row);
            for column in 1..columns - 1 {
                let luma = |column: usize, row: usize| f32::from(here[row * columns + column].luma);
                let Some([there, ..]) = self.colour(other, column as f32 + x, row as f32 + y) else { continue };
                let gradient_x = (luma(column + 1, row) - luma(column - 1, row)) / 2.0;
                let gradient_y = (luma(column, row + 1) - luma(column, row - 1)) / 2.0;
                let difference = there - luma(column, row);
                let weight = 1.0 / (1.0 + (difference / ALIGN_CODES).powi(2));
                let products = [
                    gradient_x * gradient_x,
                    gradient_x * gradient_y,
                    gradient_y * gradient_y,
                    gradient_x * difference,
                    gradient_y * difference,
                ];
                for (sum, product) in of_row.iter_mut().zip(products) {
                    *sum += weight * product;
                }
            }
        }
        for row in 0..rows {
            let band = row.saturating_sub(ALIGN_BAND)..(row + ALIGN_BAND + 1).min(rows);
            let all = band.fold([0.0_f32; 5], |all, row| [0, 1, 2, 3, 4].map(|at| all[at] + sums[row][at]));
            let [x, y] = said(row);
            let [off_x, off_y] = step(all);
            aligned.push([x - off_x, y - off_y]);
        }
        aligned
    }

    fn cell_deviation(&self, cell: &Cell, (column, row): (usize, usize), others: &[(usize, Vec<[f32; 2]>)]) -> f32 {
        let mut channels: [[f32; SAMPLES]; 3] = [[0.0; SAMPLES]; 3];
        let mut count = 0;
        for (other, moved) in others {
            let [x, y] = moved[row];
            let Some(colour) = self.colour(*other, column as f32 + x, row as f32 + y) else { continue };
            for (channel, value) in channels.iter_mut().zip(colour) {
                channel[count] = value;
            }
            count += 1;
        }
        if count < SAMPLES_LEAST {
            return 0.0;
        }
        let own = [cell.luma, cell.blue, cell.red].map(f32::from);
        let off = |channel: usize| {
            let values = &mut { channels[channel] }[..count];
            values.sort_by(f32::total_cmp);
            (own[channel] - values[count / 2]).abs()
        };
        off(0) + COLOUR_WEIGHT * (off(1) + off(2))
    }

    /// The colour of a view between its cells; `None` beyond the picture.
    fn colour(&self, view: usize, x: f32, y: f32) -> Option<[f32; 3]> {
        let (columns, rows) = self.scene.grid();
        let (most_x, most_y) = ((columns - 1) as f32, (rows - 1) as f32);
        if !(-0.5..=most_x + 0.5).contains(&x) || !(-0.5..=most_y + 0.5).contains(&y) {
            return None;
        }
        let (x, y) = (x.clamp(0.0, most_x), y.clamp(0.0, most_y));
        let (column, row) = (x as usize, y as usize);
        let (part_x, part_y) = (x - column as f32, y - row as f32);
        let (right, below) = ((column + 1).min(columns - 1), (row + 1).min(rows - 1));
        let cells = self.scene.views[view].cells;
        let mut colour = [0.0; 3];
        for (column, row, weight) in [
            (column, row, (1.0 - part_x) * (1.0 - part_y)),
            (right, row, part_x * (1.0 - part_y)),
            (column, below, (1.0 - part_x) * part_y),
            (right, below, part_x * part_y),
        ] {
            let cell = &cells[row * columns + column];
            for (sum, value) in colour.iter_mut().zip([cell.luma, cell.blue, cell.red]) {
                *sum += weight * f32::from(value);
            }
        }
        Some(colour)
    }
}

/// The least squares of a band: how far the other view's content is off, in cells, at most half of one.
fn step([xx, xy, yy, xd, yd]: [f32; 5]) -> [f32; 2] {
    let (xx, yy) = (xx + ALIGN_FLAT, yy + ALIGN_FLAT);
    let determinant = xx * yy - xy * xy;
    let solved = [(xd * yy - yd * xy) / determinant, (yd * xx - xd * xy) / determinant];
    solved.map(|off| off.clamp(-ALIGN_MOST, ALIGN_MOST))
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::frames::FrameRange;
    use shotfarm_shared::track::Window;

    use super::super::testing::{Painter, hash, rate};
    use super::*;

    #[test]
    fn what_goes_through_a_panned_picture_stands_out_whole() {
        // The world goes by at 3 pixels of the look a frame; the figure stays in the picture's middle.
        let mut painter = Painter::new(640, 360, 72);
        painter.paint(|frame, column, row, cell| {
            let world = (f64::from(column) * 8.0 + 3.0 * frame as f64) / 8.0;
            let shade = |column: f64| (hash(column as u64 / 3 * 131 + u64::from(row / 3)) % 90) as f64;
            let part = world.fract();
            cell.luma = 60 + (shade(world.floor()) * (1.0 - part) + shade(world.floor() + 1.0) * part) as u8;
            cell.edges = 40;
            cell.motion = [-12, 0];
        });
        painter.figure(3, |_| Some(Window { x: 288.0, y: 112.0, width: 64.0, height: 192.0 }));
        painter.keep_seen();
        let scene = Scene::of(&painter.findings, FrameRange::new(0, 72), rate());
        let within = scene.cells_within();
        let camera = scene.views.iter().map(|view| CameraMotion::of(view, scene.grid(), &within)).collect::<Vec<_>>();
        let plates = Plates::of(&scene, &camera);
        let deviation = plates.deviation(18);
        let mean = |inside: bool| {
            let places = deviation.iter().enumerate().filter(|(index, _)| {
                let (column, row) = (index % 40, index / 40);
                ((18..22).contains(&column) && (7..19).contains(&row)) == inside
            });
            let (sum, count) = places.fold((0.0, 0.0), |(sum, count), (_, value)| (sum + value, count + 1.0));
            sum / count
        };
        assert!(mean(true) > 60.0 && mean(false) < 12.0, "{} inside, {} outside", mean(true), mean(false));
    }
}

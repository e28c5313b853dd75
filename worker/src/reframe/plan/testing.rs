//! Made-up findings for the tests of the plan: cells painted by a function, and what an analysis would measure of them.

use shotfarm_shared::frames::{FrameRange, FrameRate};
use shotfarm_shared::media::Extent;
use shotfarm_shared::track::Window;

use super::super::findings::{Cell, Face, Findings, Full, Look, MOTION_UNITS, Seen};

/// Frames in a second of made-up shots.
pub(super) fn rate() -> FrameRate {
    FrameRate::new(24, 1).expect("a rate")
}

/// Well mixed bits of a number (the finaliser of splitmix64).
pub(super) fn hash(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Findings that are painted.
pub(super) struct Painter {
    /// What was painted so far.
    pub(super) findings: Findings,
}

impl Painter {
    /// A grey picture without anything in it.
    pub(super) fn new(width: u32, height: u32, frames: u64) -> Self {
        let look = Look::of(Extent::new(width, height), rate(), frames);
        let grey = Cell { luma: 128, blue: 128, red: 128, ..Cell::default() };
        let sides = (look.picture.width + look.picture.height) as usize;
        let full =
            || Full { cells: bytemuck::cast_slice(&vec![grey; look.cells()]).to_vec(), brightest: vec![200; sides], faces: None };
        let seen = (0..frames).map(|frame| Seen { frame, change: 0.0, residual: 0.0, histogram: 0.0, full: Some(full()) });
        Self { findings: Findings { look, range: FrameRange::new(0, frames), seen: seen.collect() } }
    }

    /// Changes every cell of every frame: frame, column, row, cell.
    pub(super) fn paint(&mut self, mut paint: impl FnMut(u64, u32, u32, &mut Cell)) {
        let columns = self.findings.look.columns;
        for seen in &mut self.findings.seen {
            let frame = seen.frame;
            let Some(full) = &mut seen.full else { continue };
            for (index, cell) in bytemuck::cast_slice_mut::<u8, Cell>(&mut full.cells).iter_mut().enumerate() {
                paint(frame, index as u32 % columns, index as u32 / columns, cell);
            }
        }
    }

    /// Paints a figure: a block of its own colours that goes its way. `at` gives its place in a frame, in pixels of the source.
    pub(super) fn figure(&mut self, seed: u64, at: impl Fn(u64) -> Option<Window>) {
        let look = self.findings.look;
        let pitch = look.pitch();
        self.paint(|frame, column, row, cell| {
            let place = look.cell_place(column, row);
            let Some(figure) = at(frame) else { return };
            if place.overlap(&figure) < 0.5 * place.width * place.height {
                return;
            }
            let before = frame.checked_sub(1).and_then(&at).unwrap_or(figure);
            let units = |moved: f64, pitch: f64| (moved / pitch * MOTION_UNITS).round().clamp(-127.0, 127.0) as i8;
            let tile = ((place.y - figure.y) / 24.0).floor() as i64 as u64;
            *cell = Cell {
                luma: 40 + (hash(tile.wrapping_add(seed * 31)) % 60) as u8,
                blue: 90,
                red: 170,
                contrast: 120,
                edges: 90,
                motion: [units(figure.x - before.x, pitch.0), units(figure.y - before.y, pitch.1)],
                change: if before == figure { 2 } else { 40 },
                residual: 2,
                ..*cell
            };
        });
    }

    /// A quiet, varied background that stands still.
    pub(super) fn background(&mut self, seed: u64) {
        self.paint(|_, column, row, cell| {
            let noise = hash(seed * 977 + u64::from(row) * 61 + u64::from(column));
            *cell = Cell { luma: 150 + (noise % 12) as u8, blue: 130, red: 122, contrast: 8, edges: 12, ..*cell };
        });
    }

    /// Faces of every frame, in pixels of the source.
    pub(super) fn faces(&mut self, at: impl Fn(u64) -> Vec<(Window, f32)>) {
        for seen in &mut self.findings.seen {
            let faces = at(seen.frame).into_iter().map(|(place, score)| Face { place, score, points: None }).collect();
            if let Some(full) = &mut seen.full {
                full.faces = Some(faces);
            }
        }
    }

    /// What changes from frame to frame, with noise of so many codes; then only the frames that a look sees in full keep their
    /// cells.
    pub(super) fn measure(&mut self, noise: f32) {
        let cells = |seen: &Seen| seen.full.as_ref().map(|full| full.cells().to_vec()).unwrap_or_default();
        let mut before = self.findings.seen.first().map(cells).unwrap_or_default();
        for seen in &mut self.findings.seen {
            let now = cells(seen);
            let codes = now.iter().zip(&before).map(|(now, before)| {
                let channels = [(now.luma, before.luma), (now.blue, before.blue), (now.red, before.red)];
                channels.iter().map(|(now, before)| f32::from(now.abs_diff(*before))).sum::<f32>() / 3.0
            });
            let mean = codes.sum::<f32>() / now.len().max(1) as f32;
            let grain = noise * (0.9 + (hash(seen.frame) % 1000) as f32 / 5000.0);
            (seen.change, seen.residual) = if seen.frame == 0 { (0.0, 0.0) } else { (mean + grain, mean + grain) };
            seen.histogram = (mean / 100.0).min(1.0);
            before = now;
        }
        self.keep_seen();
    }

    /// Only the frames that a look sees in full keep their cells.
    pub(super) fn keep_seen(&mut self) {
        let look = self.findings.look;
        for seen in self.findings.seen.iter_mut().filter(|seen| !look.is_seen(seen.frame)) {
            seen.full = None;
        }
    }
}

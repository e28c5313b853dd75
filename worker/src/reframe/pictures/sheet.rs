//! The crop-overlay sheet of a shot: frames with their windows beside what will be shown, and the path over time beneath.

use shotfarm_shared::media::Extent;
use shotfarm_shared::track::Window;

use super::canvas::{Canvas, Ink, area, wide};
use super::overlay::{draw, draw_result, faces_at};
use super::strip::{Strip, TIMES_HEIGHT, words};
use super::{Shot, fitted, ink};

/// Widest sheet: a screen's width, a little more.
const WIDTH_MAX: f64 = 2_000.0;
/// Largest picture of the source on it.
const PICTURE_MAX: (f64, f64) = (480.0, 300.0);
/// Widest picture of the result beside it.
const RESULT_WIDTH_MAX: f64 = 360.0;
const MARGIN: f64 = 18.0;
const GAP: f64 = 14.0;
/// Between a source and its result.
const BESIDE: f64 = 5.0;
const TITLE_HEIGHT: f64 = 84.0;
const CAPTION_HEIGHT: f64 = 22.0;
const STRIP_HEIGHT: f64 = 170.0;
const LINE_HEIGHT: f64 = 17.0;
/// Lines beneath that say why a stretch is framed so.
const TOLD_MAX: usize = 12;
/// Columns that the title and the strip need to be read, whatever the tiles' width.
const WIDTH_MIN: f64 = 900.0;

/// A sheet that is being filled, one frame after the other.
pub(super) struct Sheet<'a> {
    shot: &'a Shot<'a>,
    canvas: Canvas,
    frames: Vec<u64>,
    columns: usize,
    picture: Extent,
    result: Extent,
}

impl<'a> Sheet<'a> {
    /// An empty sheet for these frames.
    pub(super) fn new(shot: &'a Shot<'a>, frames: Vec<u64>) -> Self {
        let picture = fitted(shot.shown_aspect(), PICTURE_MAX);
        let result = fitted(shot.target_aspect(), (RESULT_WIDTH_MAX, f64::from(picture.height)));
        let tile = tile_width(picture, result);
        let columns = (((WIDTH_MAX - 2.0 * MARGIN + GAP) / (tile + GAP)) as usize).clamp(1, frames.len().max(1));
        let rows = frames.len().div_ceil(columns);
        let width = (2.0 * MARGIN + columns as f64 * (tile + GAP) - GAP).max(WIDTH_MIN);
        let told = shot.track.stretches.len().min(TOLD_MAX + 1) as f64 * LINE_HEIGHT;
        let height = TITLE_HEIGHT + rows as f64 * row_height(picture) + STRIP_HEIGHT + TIMES_HEIGHT + GAP + told + MARGIN;
        let canvas = Canvas::new(Extent::new(width as u32, height as u32), ink::GROUND);
        let mut sheet = Self { shot, canvas, frames, columns, picture, result };
        sheet.draw_title();
        sheet.draw_strip();
        sheet
    }

    /// Adds a frame if it is one of those to be shown.
    pub(super) fn add(&mut self, frame: u64, picture: &Canvas) {
        let Ok(index) = self.frames.binary_search(&frame) else { return };
        let (column, row) = ((index % self.columns) as f64, (index / self.columns) as f64);
        let (wide, high) = (f64::from(self.picture.width), f64::from(self.picture.height));
        let x = MARGIN + column * (tile_width(self.picture, self.result) + GAP);
        let y = TITLE_HEIGHT + row * row_height(self.picture);
        let at = area(x, y, wide, high);
        self.canvas.show(picture, Window::whole(picture.extent()), at);
        draw(&mut self.canvas, at, self.shot, frame);
        let result = area(x + wide + BESIDE, y, f64::from(self.result.width), f64::from(self.result.height));
        draw_result(&mut self.canvas, result, self.shot, frame, picture);
        self.draw_caption(frame, (x, y + high + 6.0));
    }

    /// The finished picture.
    pub(super) fn finish(self) -> Canvas {
        self.canvas
    }

    fn draw_caption(&mut self, frame: u64, (x, y): (f64, f64)) {
        let time = format!("{:.2} s", self.shot.facts.rate.seconds(frame));
        let number = frame.to_string();
        self.canvas.write(&number, (x, y), 10.0, 90.0, ink::TEXT);
        let after = x + wide(&number, 10.0) + 12.0;
        self.canvas.write(&time, (after, y + 1.0), 8.5, 90.0, ink::FAINT);
        let Some(stretch) = self.shot.track.stretch_at(frame) else { return };
        let by_hand = self.shot.track.keys.iter().any(|key| key.frame == frame);
        let text = if by_hand { format!("{}, key", words(stretch)) } else { words(stretch) };
        let ink = if by_hand { ink::KEY } else { ink::window(stretch.layout, 0) };
        let after = after + wide(&time, 8.5) + 14.0;
        self.canvas.write(&text, (after, y + 1.0), 8.5, f64::from(self.picture.width) - (after - x), ink);
    }

    fn draw_title(&mut self) {
        let (shot, room) = (self.shot, f64::from(self.canvas.extent().width) - 2.0 * MARGIN);
        self.canvas.write(shot.label, (MARGIN, 15.0), 16.0, room, ink::TEXT);
        let reframe = shot.reframe;
        let zones = reframe.zones.as_ref().map_or_else(|| "no zones".to_owned(), |zones| format!("zones {}", zones.name));
        let overflow = reframe.overflow.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let overflow = if overflow.is_empty() { "none".to_owned() } else { overflow };
        let detector =
            reframe.model.as_ref().map_or_else(|| "no detector".to_owned(), |model| format!("faces by {}", model.name));
        let facts = shot.facts;
        let line = format!(
            "{} → {}   {} frames at {} fps   camera {}   overflow {overflow}   {zones}   {detector}",
            facts.layout.extent, shot.target, facts.frames, facts.rate, reframe.camera
        );
        self.canvas.write(&line, (MARGIN, 42.0), 9.0, room, ink::FAINT);
        self.draw_legend();
    }

    /// What the colours mean; only of what there is.
    fn draw_legend(&mut self) {
        let (shot, layouts) = (self.shot, self.shot.track.layouts());
        let has = |layout| layouts.contains(&layout);
        use shotfarm_shared::track::Layout::{Crop, Fit, Split};
        let zones = shot.reframe.zones.as_ref().map(|zones| format!("covered by {}", zones.name));
        let faces = (0..shot.facts.frames).any(|frame| !faces_at(shot.findings, frame).is_empty());
        let entries: [(bool, Ink, &str); 6] = [
            (has(Crop) || has(Split), ink::WINDOW, "window"),
            (has(Split), ink::SECOND, "second window of a split"),
            (has(Fit), ink::FIT, "shown whole, over a blurred ground"),
            (zones.is_some(), ink::ZONE, zones.as_deref().unwrap_or_default()),
            (faces, ink::FACE, "face"),
            (!shot.track.keys.is_empty(), ink::KEY, "set by hand"),
        ];
        let mut x = MARGIN;
        for (_, ink, text) in entries.into_iter().filter(|(there, ..)| *there) {
            self.canvas.fill(area(x, 62.0, 12.0, 9.0), ink);
            self.canvas.write(text, (x + 18.0, 62.0), 9.0, 400.0, ink::TEXT);
            x += 18.0 + wide(text, 9.0) + 26.0;
        }
    }

    fn draw_strip(&mut self) {
        let rows = self.frames.len().div_ceil(self.columns) as f64;
        let top = TITLE_HEIGHT + rows * row_height(self.picture);
        let width = f64::from(self.canvas.extent().width) - 2.0 * MARGIN;
        let strip = Strip::new(self.shot, area(MARGIN, top, width, STRIP_HEIGHT));
        strip.draw(&mut self.canvas, self.frames.iter().copied());
        strip.draw_times(&mut self.canvas);
        let top = top + STRIP_HEIGHT + TIMES_HEIGHT + GAP;
        let stretches = &self.shot.track.stretches;
        for (index, stretch) in stretches.iter().take(TOLD_MAX).enumerate() {
            let y = top + index as f64 * LINE_HEIGHT;
            self.canvas.write(&stretch.told(), (MARGIN, y), 9.0, width, ink::TEXT);
        }
        if let Some(more @ 1..) = stretches.len().checked_sub(TOLD_MAX) {
            let y = top + TOLD_MAX as f64 * LINE_HEIGHT;
            self.canvas.write(&format!("and {more} more stretches"), (MARGIN, y), 9.0, width, ink::FAINT);
        }
    }
}

fn tile_width(picture: Extent, result: Extent) -> f64 {
    f64::from(picture.width) + BESIDE + f64::from(result.width)
}

fn row_height(picture: Extent) -> f64 {
    f64::from(picture.height) + CAPTION_HEIGHT + GAP
}

//! The path over time: where the window lies in each frame, along the axis on which it has room, with cuts, cameras, faces and
//! what was set by hand.

use shotfarm_shared::media::Extent;
use shotfarm_shared::track::{Layout, Stretch, Window};

use super::Shot;
use super::canvas::{Canvas, area, wide};
use super::ink;
use super::overlay::faces_at;

/// Height of the letters in a strip.
const LETTERS: f64 = 8.0;
/// Height of the line of times beneath a strip.
pub(super) const TIMES_HEIGHT: f64 = 30.0;
/// Pixels from one written time to the next, at least.
const TIMES_APART: f64 = 90.0;
/// Most faces drawn: beyond, their dots lie on each other.
const FACES_MAX: usize = 4_000;

/// Height from which a strip has room to say which of its sides is which.
const SIDES_NAMED_FROM: f64 = 100.0;

/// A strip and where it is drawn.
pub(super) struct Strip<'a> {
    shot: &'a Shot<'a>,
    at: Window,
    /// Whether places are told from top to bottom instead of from left to right.
    upright: bool,
}

impl<'a> Strip<'a> {
    /// The strip of a shot at a place of a canvas.
    pub(super) fn new(shot: &'a Shot<'a>, at: Window) -> Self {
        Self { shot, at, upright: is_upright(shot) }
    }

    /// Where a moment of the shot lies, in frames; the middle of a frame is half a frame after its number.
    pub(super) fn x(&self, frames: f64) -> f64 {
        self.at.x + frames / self.frames() * self.at.width
    }

    fn frames(&self) -> f64 {
        self.shot.facts.frames.max(1) as f64
    }

    /// Where a place of the source lies.
    fn y(&self, (x, y): (f64, f64)) -> f64 {
        let Extent { width, height } = self.shot.facts.layout.extent;
        let share = if self.upright { y / f64::from(height) } else { x / f64::from(width) };
        self.at.y + share.clamp(0.0, 1.0) * self.at.height
    }

    /// Draws all of it; `marked` are the frames of a sheet.
    pub(super) fn draw(&self, canvas: &mut Canvas, marked: impl IntoIterator<Item = u64>) {
        canvas.fill(self.at, ink::FIELD);
        for stretch in &self.shot.track.stretches {
            self.draw_windows(canvas, stretch, &stretch.windows, 0);
            self.draw_windows(canvas, stretch, &stretch.second, 1);
        }
        self.draw_faces(canvas);
        for stretch in &self.shot.track.stretches {
            self.draw_stretch(canvas, stretch);
        }
        for frame in marked {
            let x = self.x(frame as f64 + 0.5);
            canvas.line([(x, self.at.bottom()), (x, self.at.bottom() + 4.0)], 1.0, ink::FAINT);
        }
        self.draw_keys(canvas);
        if self.at.height >= SIDES_NAMED_FROM {
            let (from, to) = if self.upright { ("top", "bottom") } else { ("left", "right") };
            let (x, room) = (self.at.x + 4.0, 60.0);
            canvas.write(from, (x, self.at.y + 18.0), LETTERS - 1.0, room, ink::FAINT);
            canvas.write(to, (x, self.at.bottom() - LETTERS - 4.0), LETTERS - 1.0, room, ink::FAINT);
        }
    }

    /// The line of frame numbers and times beneath.
    pub(super) fn draw_times(&self, canvas: &mut Canvas) {
        let step = step(self.frames() * TIMES_APART / self.at.width.max(1.0));
        for frame in (0..self.shot.facts.frames).step_by(step as usize) {
            let (x, y) = (self.x(frame as f64), self.at.bottom() + 6.0);
            canvas.line([(x, self.at.bottom()), (x, y)], 1.0, ink::TEXT);
            canvas.write(&frame.to_string(), (x + 2.0, y), LETTERS, TIMES_APART, ink::TEXT);
            let time = format!("{:.1} s", self.shot.facts.rate.seconds(frame));
            canvas.write(&time, (x + 2.0, y + LETTERS + 4.0), LETTERS - 1.0, TIMES_APART, ink::FAINT);
        }
    }

    /// A line at a frame, for a clip.
    pub(super) fn draw_now(&self, canvas: &mut Canvas, frame: u64) {
        let x = self.x(frame as f64 + 0.5);
        canvas.line([(x, self.at.y), (x, self.at.bottom())], 2.0, ink::TEXT);
    }

    /// The span of the windows as a band, and their middle as a curve.
    fn draw_windows(&self, canvas: &mut Canvas, stretch: &Stretch, windows: &[Window], number: usize) {
        let Some(first) = windows.first() else { return };
        let ink = ink::window(stretch.layout, number);
        let span = |window: &Window| (self.y((window.x, window.y)), self.y((window.right(), window.bottom())));
        if windows.len() == 1 {
            let (left, right) = (self.x(stretch.first as f64), self.x(stretch.end as f64));
            let (from, to) = span(first);
            canvas.fill(area(left, from, right - left, to - from), ink.thin(70));
            let middle = self.y(first.centre());
            canvas.line([(left, middle), (right, middle)], 2.0, ink);
            return;
        }
        for pixel in self.x(stretch.first as f64).round() as u64..self.x(stretch.end as f64).round() as u64 {
            let frame = (pixel as f64 + 0.5 - self.at.x) / self.at.width * self.frames();
            let index = (frame.max(0.0) as u64).saturating_sub(stretch.first) as usize;
            let (from, to) = span(windows.get(index).unwrap_or(first));
            canvas.fill(area(pixel as f64, from, 1.0, to - from), ink.thin(70));
        }
        let middle =
            |(index, window): (usize, &Window)| (self.x((stretch.first + index as u64) as f64 + 0.5), self.y(window.centre()));
        canvas.line(windows.iter().enumerate().map(middle), 2.0, ink);
    }

    fn draw_faces(&self, canvas: &mut Canvas) {
        let findings = self.shot.findings;
        let full: Vec<u64> = findings.seen.iter().filter(|seen| seen.full.is_some()).map(|seen| seen.frame).collect();
        for frame in full.iter().step_by(full.len().div_ceil(FACES_MAX).max(1)) {
            for face in faces_at(findings, *frame) {
                canvas.dot((self.x(*frame as f64 + 0.5), self.y(face.place.centre())), 1.8, ink::FACE.thin(190));
            }
        }
    }

    /// The border to the stretch before, and how the camera moves.
    fn draw_stretch(&self, canvas: &mut Canvas, stretch: &Stretch) {
        let (left, right) = (self.x(stretch.first as f64), self.x(stretch.end as f64));
        if stretch.first > 0 {
            canvas.line([(left, self.at.y), (left, self.at.bottom())], 1.5, ink::CUT);
        }
        let room = right - left - 6.0;
        let words = words(stretch);
        let text = if wide(&words, LETTERS) <= room { words.as_str() } else { words.get(..1).unwrap_or_default() };
        if wide(text, LETTERS) <= room {
            let behind = area(left + 2.0, self.at.y + 2.0, wide(text, LETTERS) + 5.0, LETTERS + 4.0);
            canvas.fill(behind, ink::SHADE);
            canvas.write(text, (left + 4.0, self.at.y + 4.0), LETTERS, room, ink::TEXT);
        }
    }

    fn draw_keys(&self, canvas: &mut Canvas) {
        for key in &self.shot.track.keys {
            let planned = self.shot.track.placement(key.frame, self.shot.target).map(|placement| placement.first.window.centre());
            let (x, y) = planned.unwrap_or_default();
            let place = (self.x(key.frame as f64 + 0.5), self.y((key.x.unwrap_or(x), key.y.unwrap_or(y))));
            canvas.dot(place, 6.0, ink::SHADE);
            canvas.dot(place, 4.5, ink::KEY);
        }
    }
}

/// How a stretch is framed, in a word or two.
pub(super) fn words(stretch: &Stretch) -> String {
    let layout = match stretch.layout {
        Layout::Crop => "",
        Layout::Split => " + split",
        Layout::Fit => " + fit",
    };
    format!("{}{layout}", stretch.camera.word())
}

/// Whether the windows have more room up and down than left and right.
fn is_upright(shot: &Shot<'_>) -> bool {
    let Extent { width, height } = shot.facts.layout.extent;
    let windows = shot.track.stretches.iter().flat_map(|stretch| stretch.windows.first());
    let (x, y) = windows.fold((0.0, 0.0), |(x, y), window| {
        (x + 1.0 - window.width / f64::from(width), y + 1.0 - window.height / f64::from(height))
    });
    y > x + f64::EPSILON
}

/// The least of 1, 2, 5, 10, 20, 50, ... that is not below `least`.
fn step(least: f64) -> u64 {
    let decades = (0..12).map(|power| 10_u64.pow(power));
    let mut steps = decades.flat_map(|decade| [decade, 2 * decade, 5 * decade]);
    steps.find(|step| *step as f64 >= least).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_at_round_numbers() {
        assert_eq!([0.1, 1.0, 1.1, 4.0, 5.5, 48.0, 101.0].map(step), [1, 1, 2, 5, 10, 50, 200]);
    }
}

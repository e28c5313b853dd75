//! From a scenario to frames and their truth.

use shotfarm_shared::track::Window;
use shotfarm_tests::film::{FRAMES_PER_SECOND, Frame, Size};
use tiny_skia::{Pixmap, PremultipliedColorU8};

use super::Shot;
use super::actor::{Actor, Moment, shaken};
use super::layer::{Style, bounds, bounds_above, exposed, lay};
use super::overlay::{Overlay, bar_pixels, bars};
use super::places::{Place, Plane, RISE, SPARE, planes};
use crate::reframe::area::common;
use crate::reframe::truth::{self, Choice, Subjects, Truth};
use crate::ycbcr::extent;

/// A piece of a shot between two cuts.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) frames: u32,
    pub(super) place: Place,
    /// Which of its kind.
    pub(super) seed: u32,
    pub(super) style: Style,
    /// Pan of the camera to the right, in picture widths a second.
    pub(super) pan: f32,
    /// How far the hand that holds the camera is off at most, in hundredths of the picture's height.
    pub(super) shake: f32,
    /// From the back to the front.
    pub(super) actors: Vec<Actor>,
    /// What an editor would do.
    pub(super) choice: Choice,
    /// A frame at which a light flashes, for two frames.
    pub(super) flash: Option<u32>,
}

/// A drawn shot.
pub(crate) struct Film {
    pub(crate) frames: Vec<Frame>,
    pub(crate) truth: Truth,
}

/// Draws a shot; the same every time.
pub(super) fn draw(shot: &Shot) -> Film {
    let bar = f64::from(bar_pixels(shot.size, shot.bars));
    let whole = Window::whole(extent(shot.size));
    let content = Window { y: bar, height: whole.height - 2.0 * bar, ..whole };
    let letters = shot.overlays.iter().filter_map(|overlay| Some((*overlay, overlay.paint(shot.size)?))).collect::<Vec<_>>();
    let mut film = Film { frames: Vec::new(), truth: Truth { content, frames: Vec::new(), cuts: Vec::new() } };
    for stretch in &shot.stretches {
        if !film.frames.is_empty() {
            film.truth.cuts.push(film.frames.len());
        }
        let scene = Scene::new(stretch, shot.size);
        let mut subjects = Vec::new();
        for frame in 0..stretch.frames {
            let Some((mut picture, mut seen)) = scene.picture(frame) else { continue };
            seen.extend(letters.iter().filter(|(overlay, _)| overlay.is_needed()).map(|(_, layer)| bounds(layer)));
            subjects.push(seen.iter().map(|area| area.and_then(|area| common(&area, &content))).collect::<Subjects>());
            finish(&mut picture, shot, &letters);
            let seed = shot.seed.wrapping_mul(7919).wrapping_add(film.frames.len() as u32);
            film.frames.push(Frame { size: shot.size, rgb: exposed(&picture, shot.sensor, seed) });
        }
        film.truth.frames.extend(truth::stretch(&subjects, stretch.choice, &content, shot.aspect()));
    }
    film
}

/// Letters, then bars: a mark never lies on a bar here.
fn finish(picture: &mut Pixmap, shot: &Shot, letters: &[(Overlay, Pixmap)]) {
    for (_, layer) in letters {
        lay(picture, layer, (0.0, 0.0));
    }
    if let Some(layer) = Some(shot.bars).filter(|&share| share > 0.0).and_then(|share| bars(shot.size, share)) {
        lay(picture, &layer, (0.0, 0.0));
    }
}

/// A stretch with its place painted.
struct Scene<'s> {
    stretch: &'s Stretch,
    size: Size,
    planes: Vec<Plane>,
    /// Pixels that the camera goes in all.
    travel: f32,
}

impl<'s> Scene<'s> {
    fn new(stretch: &'s Stretch, size: Size) -> Self {
        let seconds = stretch.frames as f32 / FRAMES_PER_SECOND as f32;
        let travel = stretch.pan * seconds * size.width as f32;
        Self { stretch, size, planes: planes(stretch.place, stretch.seed, size, travel, stretch.style), travel }
    }

    fn moment(&self, frame: u32) -> Moment {
        let seconds = frame as f32 / FRAMES_PER_SECOND as f32;
        Moment {
            seconds,
            share: frame as f32 / self.stretch.frames.saturating_sub(1).max(1) as f32,
            travelled: self.stretch.pan * seconds * self.size.width as f32,
            shake: shaken(self.stretch.seed, seconds, self.stretch.shake / 100.0 * self.size.height as f32),
        }
    }

    /// The picture without what is laid over it, and where the subjects are.
    fn picture(&self, frame: u32) -> Option<(Pixmap, Subjects)> {
        let moment = self.moment(frame);
        let mut picture = Pixmap::new(self.size.width, self.size.height)?;
        // A pan to the left begins at a place's right end.
        let begin = if self.travel < 0.0 { self.travel } else { 0.0 };
        for plane in &self.planes {
            let off = (moment.travelled - begin) * plane.pace;
            lay(&mut picture, &plane.paint, (moment.shake.0 - off - SPARE as f32, moment.shake.1 - RISE as f32));
        }
        let mut subjects = Subjects::new();
        for actor in &self.stretch.actors {
            let layer = actor.paint(&moment, self.size, self.stretch.style)?;
            if let Some(shadow) = actor.shadow(&moment, self.size) {
                lay(&mut picture, &shadow, (0.0, 0.0));
            }
            lay(&mut picture, &layer, (0.0, 0.0));
            if actor.needed {
                subjects.push(bounds_above(&layer, actor.kept_rows(&moment, self.size)));
            }
        }
        if self.stretch.flash.is_some_and(|flash| (flash..flash + 2).contains(&frame)) {
            flash(&mut picture);
        }
        Some((picture, subjects))
    }
}

/// What a photographer's flash does to a picture.
fn flash(picture: &mut Pixmap) {
    for pixel in picture.pixels_mut() {
        let lit = |code: u8| (f32::from(code) * 1.35 + 75.0).min(255.0) as u8;
        let (red, green, blue) = (lit(pixel.red()), lit(pixel.green()), lit(pixel.blue()));
        *pixel = PremultipliedColorU8::from_rgba(red, green, blue, 255).unwrap_or(*pixel);
    }
}

//! Who and what is in a picture: which body, where it stands, how it moves.

use shotfarm_tests::film::Size;
use shotfarm_tests::film::canvas::{Canvas, Ink, ellipse, flat, wave};
use tiny_skia::{Pixmap, Transform};

use super::bust::{Talk, drawn_bust, live_bust};
use super::layer::{Style, Surface, painted, surfaced};
use super::person::{Pose, STRIDE, Wear, person};
use super::things;

/// What is painted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    Person(u32),
    Bust(u32),
    Cyclist(u32),
    Car(u32),
    Van(u32),
    Dog(u32),
    Boat(u32),
    Lighthouse,
    Sun,
    Tree(u32),
    /// Of a colour, and as broad as so many hundredths of its height.
    Pillar(u32, f32),
    Passer(u32),
}

/// Where a body is over time; places are shares of the picture's width.
#[derive(Clone, Copy, Debug)]
pub(super) enum Motion {
    /// Stays where it is in the picture.
    Still(f32),
    /// Goes evenly through the stretch.
    Line(f32, f32),
    /// Goes evenly between two shares of the stretch's time, and stands before and after.
    Between(f32, f32, (f32, f32)),
    /// Wanders about a place by so much, a turn in so many seconds.
    About(f32, f32, f32),
    /// Stands in the scene; passes with the camera's pan at a pace (1 is the ground's).
    World(f32, f32),
}

/// One body in a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Actor {
    pub(super) body: Body,
    /// Its height as a share of the picture's.
    pub(super) height: f32,
    /// Where it stands, as a share of the picture's height from the top.
    pub(super) ground: f32,
    pub(super) motion: Motion,
    /// A subject: it must stay in the window.
    pub(super) needed: bool,
}

/// Where a bust's shoulders begin, as a share of its height.
const BUST_SHOULDERS: f32 = 0.33;

/// A moment of a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) seconds: f32,
    /// 0 at the first frame, 1 at the last.
    pub(super) share: f32,
    /// Pixels that the camera has gone to the right.
    pub(super) travelled: f32,
    /// Pixels that the hand which holds the camera is off.
    pub(super) shake: (f32, f32),
}

impl Actor {
    /// A subject.
    pub(super) const fn subject(body: Body, height: f32, ground: f32, motion: Motion) -> Self {
        Self { body, height, ground, motion, needed: true }
    }

    /// Something that is only there.
    pub(super) const fn extra(body: Body, height: f32, ground: f32, motion: Motion) -> Self {
        Self { body, height, ground, motion, needed: false }
    }

    /// Its place across in pixels.
    fn across(&self, moment: &Moment, width: f32) -> f32 {
        let even = |from: f32, to: f32, at: f32| from + (to - from) * at.clamp(0.0, 1.0);
        let share = match self.motion {
            Motion::Still(x) => x,
            Motion::Line(from, to) => even(from, to, moment.share),
            Motion::Between(from, to, (begin, end)) => even(from, to, (moment.share - begin) / (end - begin)),
            Motion::About(x, by, turn) => x + by * (moment.seconds / turn * std::f32::consts::TAU).sin(),
            Motion::World(x, pace) => x - moment.travelled * pace / width,
        };
        share * width + moment.shake.0
    }

    /// Which way it goes: -1, 0 or 1; and whether its feet move now.
    fn going(&self, moment: &Moment) -> (f32, bool) {
        match self.motion {
            Motion::Line(from, to) => ((to - from).signum(), true),
            Motion::Between(from, to, (begin, end)) => {
                let moves = (begin..end).contains(&moment.share);
                (if moves { (to - from).signum() } else { 0.0 }, moves)
            }
            Motion::About(_, by, turn) if by > 0.05 => ((moment.seconds / turn * std::f32::consts::TAU).cos().signum(), true),
            Motion::Still(_) | Motion::About(..) | Motion::World(..) => (0.0, false),
        }
    }

    /// The row of the picture down to which it must stay: of a bust the head and neck, since close pictures cut shoulders.
    pub(super) fn kept_rows(&self, moment: &Moment, size: Size) -> f64 {
        let kept = match self.body {
            Body::Bust(_) => self.ground - self.height * BUST_SHOULDERS,
            _ => 1.0,
        };
        f64::from(kept * size.height as f32 + moment.shake.1)
    }

    /// Its own layer, of the picture's size.
    pub(super) fn paint(&self, moment: &Moment, size: Size, style: Style) -> Option<Pixmap> {
        let (width, height) = (size.width as f32, size.height as f32);
        let place = (self.across(moment, width), self.ground * height + moment.shake.1);
        let unit = self.height * height / 100.0;
        let mut layer = painted(size, |canvas| {
            canvas.within(Transform::from_translate(place.0, place.1).pre_scale(unit, unit), |canvas| {
                self.paint_body(canvas, moment, (place.0 + moment.travelled) / unit, style);
            });
        })?;
        if style == Style::Live {
            let seed = 7 + (self.height * 1000.0) as u32;
            surfaced(&mut layer, Surface { grain: 0.13, bump: (unit * 3.0).max(2.0), shade: 0.16, seed }, place);
        }
        Some(layer)
    }

    /// `gone` is the ground that it has covered, in its own units.
    fn paint_body(&self, canvas: &mut Canvas, moment: &Moment, gone: f32, style: Style) {
        let (way, moves) = self.going(moment);
        let pose = Pose { step: moves.then_some(gone / STRIDE), facing: way, seconds: moment.seconds };
        let rightwards = |canvas: &mut Canvas, paint: &mut dyn FnMut(&mut Canvas)| {
            canvas.within(Transform::from_scale(if way < 0.0 { -1.0 } else { 1.0 }, 1.0), |canvas| paint(canvas));
        };
        let turns = gone * way / 113.0;
        match self.body {
            Body::Person(seed) => person(canvas, &Wear::of(seed), &pose, style),
            Body::Passer(seed) => things::passer(canvas, seed, &pose, style),
            Body::Bust(seed) => {
                let talk = Talk { seconds: moment.seconds + seed as f32 * 0.7, facing: [-0.6, 0.0, 0.6][seed as usize % 3] };
                match style {
                    Style::Live => live_bust(canvas, &Wear::of(seed), &talk),
                    Style::Drawn => drawn_bust(canvas, &Wear::of(seed), &talk),
                }
            }
            Body::Cyclist(seed) => rightwards(canvas, &mut |canvas| things::cyclist(canvas, &Wear::of(seed), turns, style)),
            Body::Car(colour) => rightwards(canvas, &mut |canvas| things::car(canvas, colour, turns, false, style)),
            Body::Van(colour) => rightwards(canvas, &mut |canvas| things::car(canvas, colour, turns, true, style)),
            Body::Dog(colour) => rightwards(canvas, &mut |canvas| things::dog(canvas, colour, gone * way / 120.0, style)),
            Body::Boat(colour) => things::boat(canvas, colour, moment.seconds, style),
            Body::Lighthouse => things::lighthouse(canvas, style),
            Body::Sun => things::sun(canvas),
            Body::Tree(seed) => things::tree(canvas, seed, moment.seconds),
            Body::Pillar(colour, breadth) => things::pillar(canvas, colour, breadth),
        }
    }

    /// The shadow on the ground, for those who stand on it.
    pub(super) fn shadow(&self, moment: &Moment, size: Size) -> Option<Pixmap> {
        let broad = match self.body {
            Body::Person(_) | Body::Passer(_) => 15.0,
            Body::Cyclist(_) => 44.0,
            Body::Dog(_) => 58.0,
            Body::Car(_) | Body::Van(_) => 132.0,
            _ => return None,
        };
        let unit = self.height * size.height as f32 / 100.0;
        let place = (self.across(moment, size.width as f32), self.ground * size.height as f32 + moment.shake.1);
        painted(size, |canvas| {
            for ring in 1..=3 {
                let radius = broad * unit * (0.6 + 0.2 * ring as f32);
                canvas.fill(ellipse(place, radius, radius * 0.1 + 1.0).as_ref(), &flat(Ink(0x06070c, 0.14)));
            }
        })
    }
}

/// How far off the hand is at a time: two slow waves.
pub(super) fn shaken(seed: u32, seconds: f32, pixels: f32) -> (f32, f32) {
    let axis = |seed: u32| (wave(seed, seconds * 1.7) - 0.5) * 1.4 + (wave(seed ^ 1, seconds * 4.3) - 0.5) * 0.6;
    (pixels * axis(seed), pixels * 0.7 * axis(seed ^ 2))
}

//! The drawing surface of the film: a picture of any size, addressed in story units.
//!
//! A story unit is a pixel of a 640x360 frame. Scenes draw in story units only, so they look the same at every size. A layer is
//! addressed in its own pixels. Drawing with no area (an empty path, a gradient between equal points) draws nothing.

use tiny_skia::{
    BlendMode, Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Mask, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Shader, SpreadMode, Stroke, Transform,
};

use super::{Frame, Size};

/// Width of the story's stage in story units.
pub const STAGE_WIDTH: f32 = 640.0;
/// Height of the story's stage in story units.
pub const STAGE_HEIGHT: f32 = 360.0;

/// A colour: red, green, blue as in `0xRRGGBB`, and how much it covers.
#[derive(Clone, Copy, Debug)]
pub struct Ink(
    /// Red, green and blue.
    pub u32,
    /// The cover, 0 to 1.
    pub f32,
);

impl Ink {
    fn colour(self) -> Color {
        let channel = |shift: u32| ((self.0 >> shift) & 0xff) as f32 / 255.0;
        Color::from_rgba(channel(16), channel(8), channel(0), self.1.clamp(0.0, 1.0)).unwrap_or(Color::TRANSPARENT)
    }

    /// The colour between this one (`t` = 0) and the other (`t` = 1).
    pub fn towards(self, other: Self, t: f32) -> Self {
        let t = t.clamp(0.0, 1.0);
        let channel = |shift: u32| {
            let (a, b) = (((self.0 >> shift) & 0xff) as f32, ((other.0 >> shift) & 0xff) as f32);
            ((a + (b - a) * t).round() as u32) << shift
        };
        Self(channel(16) | channel(8) | channel(0), self.1 + (other.1 - self.1) * t)
    }
}

/// A full-cover colour.
pub const fn ink(rgb: u32) -> Ink {
    Ink(rgb, 1.0)
}

/// How an area is coloured.
pub fn flat(ink: Ink) -> Paint<'static> {
    paint(Some(Shader::SolidColor(ink.colour())))
}

/// A straight gradient from one point to another; stops are positions 0 to 1 with inks.
pub fn linear(from: (f32, f32), to: (f32, f32), stops: &[(f32, Ink)]) -> Paint<'static> {
    paint(LinearGradient::new(from.into(), to.into(), gradient_stops(stops), SpreadMode::Pad, Transform::identity()))
}

/// A gradient from the top of the stage down between two heights.
pub fn vertical(top: f32, bottom: f32, stops: &[(f32, Ink)]) -> Paint<'static> {
    linear((0.0, top), (0.0, bottom), stops)
}

/// A round gradient.
pub fn radial(centre: (f32, f32), radius: f32, stops: &[(f32, Ink)]) -> Paint<'static> {
    let centre = Point::from(centre);
    let shader = RadialGradient::new(centre, 0.0, centre, radius, gradient_stops(stops), SpreadMode::Pad, Transform::identity());
    paint(shader)
}

/// The same paint as light: it brightens what is below.
pub fn light(mut paint: Paint<'static>) -> Paint<'static> {
    paint.blend_mode = BlendMode::Screen;
    paint
}

fn gradient_stops(stops: &[(f32, Ink)]) -> Vec<GradientStop> {
    stops.iter().map(|&(position, ink)| GradientStop::new(position, ink.colour())).collect()
}

fn paint(shader: Option<Shader<'static>>) -> Paint<'static> {
    Paint { shader: shader.unwrap_or(Shader::SolidColor(Color::TRANSPARENT)), anti_alias: true, ..Paint::default() }
}

/// A place in story units.
pub type Place = (f32, f32);

/// A picture in the making.
pub struct Canvas {
    picture: Pixmap,
    view: Transform,
    clip: Option<Mask>,
}

impl Canvas {
    /// An empty black stage of the size, or nothing for a size without pixels.
    pub fn new(size: Size) -> Option<Self> {
        let mut picture = Pixmap::new(size.width, size.height)?;
        picture.fill(Color::BLACK);
        let (width, height) = (size.width as f32, size.height as f32);
        let scale = (width / STAGE_WIDTH).max(height / STAGE_HEIGHT);
        let view = Transform::from_row(
            scale,
            0.0,
            0.0,
            scale,
            (width - STAGE_WIDTH * scale) / 2.0,
            (height - STAGE_HEIGHT * scale) / 2.0,
        );
        Some(Self { picture, view, clip: None })
    }

    /// An empty layer, see-through and addressed in its own pixels: for what is laid over other pictures.
    #[must_use]
    pub fn layer(size: Size) -> Option<Self> {
        Some(Self { picture: Pixmap::new(size.width, size.height)?, view: Transform::identity(), clip: None })
    }

    /// The picture as it stands, with its cover.
    #[must_use]
    pub fn into_pixmap(self) -> Pixmap {
        self.picture
    }

    /// Fills a shape.
    pub fn fill(&mut self, path: Option<&Path>, paint: &Paint<'_>) {
        if let Some(path) = path {
            self.picture.fill_path(path, paint, FillRule::Winding, self.view, self.clip.as_ref());
        }
    }

    /// Draws a line of a width in story units, with round ends and corners.
    pub fn stroke(&mut self, path: Option<&Path>, paint: &Paint<'_>, width: f32) {
        if let Some(path) = path {
            let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
            self.picture.stroke_path(path, paint, &stroke, self.view, self.clip.as_ref());
        }
    }

    /// Covers the whole stage.
    pub fn wash(&mut self, paint: &Paint<'_>) {
        self.fill(rect(-STAGE_WIDTH, -STAGE_HEIGHT, 3.0 * STAGE_WIDTH, 3.0 * STAGE_HEIGHT).as_ref(), paint);
    }

    /// A soft round light.
    pub fn glow(&mut self, centre: (f32, f32), radius: f32, ink: Ink) {
        let half = Ink(ink.0, ink.1 * 0.32);
        let paint = light(radial(centre, radius, &[(0.0, ink), (0.35, half), (1.0, Ink(ink.0, 0.0))]));
        self.fill(ellipse(centre, radius, radius).as_ref(), &paint);
    }

    /// Draws with the stage moved, turned or scaled.
    pub fn within(&mut self, change: Transform, draw: impl FnOnce(&mut Self)) {
        let outer = self.view;
        self.view = outer.pre_concat(change);
        draw(self);
        self.view = outer;
    }

    /// Draws only inside a shape.
    pub fn inside(&mut self, path: Option<&Path>, draw: impl FnOnce(&mut Self)) {
        let (Some(path), Some(mut mask)) = (path, Mask::new(self.picture.width(), self.picture.height())) else { return };
        mask.fill_path(path, FillRule::Winding, true, self.view);
        let outer = self.clip.replace(mask);
        draw(self);
        self.clip = outer;
    }

    /// The finished frame. A dither of less than one level keeps skies free of bands, and is the same for the same seed.
    pub fn finish(self, seed: u32) -> Frame {
        let size = Size { width: self.picture.width(), height: self.picture.height() };
        let mut rgb = Vec::with_capacity(self.picture.pixels().len() * 3);
        for (index, pixel) in self.picture.pixels().iter().enumerate() {
            let noise = hash(seed ^ (index as u32).wrapping_mul(0x9e37_79b9));
            let lift = u8::from(noise & 3 == 0);
            rgb.extend([pixel.red().saturating_add(lift), pixel.green().saturating_add(lift), pixel.blue().saturating_add(lift)]);
        }
        Frame { size, rgb }
    }
}

/// A rectangle from its left top corner.
pub fn rect(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    tiny_skia::Rect::from_xywh(x, y, width, height).map(PathBuilder::from_rect)
}

/// An ellipse about its centre.
pub fn ellipse(centre: (f32, f32), rx: f32, ry: f32) -> Option<Path> {
    tiny_skia::Rect::from_xywh(centre.0 - rx, centre.1 - ry, rx * 2.0, ry * 2.0).and_then(PathBuilder::from_oval)
}

/// Straight lines through the points.
pub fn lines(points: &[(f32, f32)], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        if index == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

/// A smooth curve through the points: a uniform Catmull-Rom spline, each span as one cubic Bezier.
pub fn curve(points: &[(f32, f32)], closed: bool) -> Option<Path> {
    let count = points.len();
    if count < 2 {
        return None;
    }
    let at = |index: isize| {
        let index = if closed { index.rem_euclid(count as isize) } else { index.clamp(0, count as isize - 1) };
        points[index as usize]
    };
    let mut builder = PathBuilder::new();
    builder.move_to(points[0].0, points[0].1);
    for index in 0..(if closed { count } else { count - 1 }) as isize {
        let (before, from, to, after) = (at(index - 1), at(index), at(index + 1), at(index + 2));
        builder.cubic_to(
            from.0 + (to.0 - before.0) / 6.0,
            from.1 + (to.1 - before.1) / 6.0,
            to.0 - (after.0 - from.0) / 6.0,
            to.1 - (after.1 - from.1) / 6.0,
            to.0,
            to.1,
        );
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

/// A brush stroke along the points, thick in its middle (`width`) and running out to nothing at its end, as hair and lashes do.
pub fn brush(points: &[(f32, f32)], width: f32) -> Option<Path> {
    let count = points.len();
    if count < 2 {
        return None;
    }
    let normal = |index: usize| {
        let (a, b) = (points[index.saturating_sub(1)], points[(index + 1).min(count - 1)]);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = dx.hypot(dy).max(1e-6);
        (-dy / length, dx / length)
    };
    let side = |index: usize, sign: f32| {
        let place = index as f32 / (count - 1) as f32;
        let half = 0.5 * width * (1.0 - place).sqrt() * (0.35 + 0.65 * (place * 5.0).min(1.0)) * sign;
        let (nx, ny) = normal(index);
        (points[index].0 + nx * half, points[index].1 + ny * half)
    };
    let there = (0..count).map(|index| side(index, 1.0));
    let back = (0..count).rev().map(|index| side(index, -1.0));
    curve(&there.chain(back).collect::<Vec<_>>(), true)
}

/// A well mixed number from a number: the film's only randomness (the finaliser of MurmurHash3).
pub fn hash(seed: u32) -> u32 {
    let mut value = seed.wrapping_add(0x9e37_79b9);
    value = (value ^ (value >> 16)).wrapping_mul(0x85eb_ca6b);
    value = (value ^ (value >> 13)).wrapping_mul(0xc2b2_ae35);
    value ^ (value >> 16)
}

/// A number from 0 to 1 that belongs to the seed and the index.
pub fn chance(seed: u32, index: u32) -> f32 {
    (hash(seed.wrapping_mul(0x27d4_eb2d) ^ hash(index)) >> 8) as f32 / 16_777_216.0
}

/// Smooth noise from 0 to 1 along a line, one bump per unit.
pub fn wave(seed: u32, at: f32) -> f32 {
    let cell = at.floor();
    let t = at - cell;
    let t = t * t * (3.0 - 2.0 * t);
    let (a, b) = (chance(seed, cell as i32 as u32), chance(seed, (cell as i32 as u32).wrapping_add(1)));
    a + (b - a) * t
}

/// 0 before `from`, 1 after `to`, an S-curve between.
pub fn ease(from: f32, to: f32, at: f32) -> f32 {
    let t = ((at - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

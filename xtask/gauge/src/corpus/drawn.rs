//! Pictures drawn by formulas, each averaged over a grid of places in every pixel as a camera's sensor would.

use shotfarm_lettering::text_path;
use shotfarm_tests::film::{Frame, Size};
use tiny_skia::{Color, LineCap, LineJoin, Paint, Path, Pixmap, Shader, Stroke, Transform};

use super::Kind;

/// Places a pixel is looked at along each axis.
const PLACES: u32 = 4;

/// All of them at this size.
pub(super) fn pictures(size: Size) -> Vec<(&'static str, Kind, Frame)> {
    vec![
        ("ink", Kind::LineArt, averaged(size, ink)),
        ("hatching", Kind::LineArt, averaged(size, hatching)),
        ("letters", Kind::LineArt, letters(size)),
        ("zone plate", Kind::Pattern, averaged(size, zone_plate)),
        ("gradient", Kind::Pattern, averaged(size, gradient)),
        ("texture", Kind::Pattern, averaged(size, texture)),
    ]
}

type Colour = [f64; 3];

/// A picture by a function of place, in pixels from the left top corner.
fn averaged(size: Size, colour: fn(f64, f64) -> Colour) -> Frame {
    let mut rgb = Vec::with_capacity((size.width * size.height * 3) as usize);
    for y in 0..size.height {
        for x in 0..size.width {
            let mut sum = [0.0; 3];
            for place in 0..PLACES * PLACES {
                let step = |index: u32| (f64::from(index) + 0.5) / f64::from(PLACES);
                let found = colour(f64::from(x) + step(place % PLACES), f64::from(y) + step(place / PLACES));
                sum.iter_mut().zip(found).for_each(|(sum, value)| *sum += value);
            }
            rgb.extend(sum.map(|sum| (sum / f64::from(PLACES * PLACES) * 255.0).round().clamp(0.0, 255.0) as u8));
        }
    }
    Frame { size, rgb }
}

fn mix(from: Colour, to: Colour, share: f64) -> Colour {
    [0, 1, 2].map(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

const PAPER: Colour = [0.93, 0.89, 0.82];
const INK: Colour = [0.09, 0.08, 0.12];

/// Flat cel colours within black outlines of changing weight: what hand-drawn animation is made of.
fn ink(x: f64, y: f64) -> Colour {
    let mut colour = mix([0.62, 0.78, 0.90], [0.86, 0.91, 0.93], y / 360.0);
    // Overlapping shapes, back to front: centre, radius, how wavy, colour.
    let shapes = [
        ((150.0, 250.0), 150.0, 0.08, [0.36, 0.55, 0.42]),
        ((470.0, 230.0), 130.0, 0.12, [0.84, 0.52, 0.36]),
        ((320.0, 140.0), 95.0, 0.05, [0.97, 0.86, 0.76]),
        ((345.0, 150.0), 38.0, 0.25, [0.72, 0.20, 0.24]),
        ((250.0, 90.0), 24.0, 0.0, [0.99, 0.98, 0.95]),
    ];
    for (index, ((cx, cy), radius, waves, fill)) in shapes.into_iter().enumerate() {
        let (dx, dy) = (x - cx, y - cy);
        let (distance, turn) = (dx.hypot(dy), dy.atan2(dx));
        let edge = radius * (1.0 + waves * (turn * 7.0 + index as f64).sin());
        let weight = 1.6 + 1.3 * (turn * 2.0 + 1.0).sin();
        if distance < edge {
            // One step of shadow, as cels have.
            colour = if dx + dy > radius * 0.6 { mix(fill, INK, 0.28) } else { fill };
        }
        if (distance - edge).abs() < weight {
            colour = INK;
        }
    }
    // Hair: a fan of thin strokes that run together.
    let (dx, dy) = (x - 320.0, y + 60.0);
    let turn = dx.atan2(dy) * 46.0;
    let along = dx.hypot(dy);
    if (105.0..190.0).contains(&along) && (turn - turn.round()).abs() < 0.16 * (190.0 - along) / 85.0 {
        colour = INK;
    }
    colour
}

/// Parallel strokes at many angles and widths, and a few hairlines.
fn hatching(x: f64, y: f64) -> Colour {
    let (column, row) = ((x / 80.0).floor(), (y / 90.0).floor());
    let index = row * 8.0 + column;
    let angle = index * 0.37;
    let spacing = 5.0 + (index * 5.0) % 9.0;
    let across = (x * angle.cos() + y * angle.sin()) / spacing;
    let share = 0.16 + 0.02 * (index % 9.0);
    let stroke = (across - across.round()).abs() < share;
    let frame = x % 80.0 < 1.5 || y % 90.0 < 1.5;
    if stroke || frame { INK } else { PAPER }
}

/// Letters from 7 to 40 pixels high, dark on light and light on dark.
fn letters(size: Size) -> Frame {
    let mut picture = averaged(size, |_, y| if y < 200.0 { PAPER } else { [0.10, 0.12, 0.22] });
    let lines = [(14.0, 40.0), (66.0, 24.0), (102.0, 16.0), (130.0, 12.0), (152.0, 9.0), (170.0, 7.0)];
    for (y, height) in lines {
        write(&mut picture, "EPISODE 12 THE LAST TRAIN HOME", y, height, INK);
    }
    for (y, height) in lines {
        write(&mut picture, "MEET ME AT THE ROOFTOP AT NINE", y + 200.0 - 10.0, height, [0.98, 0.93, 0.72]);
    }
    picture
}

fn write(picture: &mut Frame, text: &str, y: f32, height: f32, colour: Colour) {
    if let Some(path) = text_path(text, 12.0, y, height) {
        let mask = stroked(picture.size, &path, (height * 0.14).max(1.2));
        for (pixel, cover) in picture.rgb.chunks_exact_mut(3).zip(mask) {
            for (code, ink) in pixel.iter_mut().zip(colour) {
                *code = (f64::from(*code) + (ink * 255.0 - f64::from(*code)) * cover).round() as u8;
            }
        }
    }
}

/// How much of each pixel a stroke covers.
fn stroked(size: Size, path: &Path, width: f32) -> Vec<f64> {
    let Some(mut mask) = Pixmap::new(size.width, size.height) else { return Vec::new() };
    let paint = Paint { shader: Shader::SolidColor(Color::WHITE), anti_alias: true, ..Paint::default() };
    let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
    mask.stroke_path(path, &paint, &stroke, Transform::identity(), None);
    mask.pixels().iter().map(|pixel| f64::from(pixel.alpha()) / 255.0).collect()
}

/// Rings that grow finer outwards, from flat to four pixels a ring: it shows blur, aliasing and where each begins.
fn zone_plate(x: f64, y: f64) -> Colour {
    let distance = (x - 320.0).hypot(y - 180.0);
    let finest = 4.0;
    let phase = std::f64::consts::PI * distance * distance / (finest * 367.0);
    [0.5 + 0.4 * phase.cos(); 3]
}

/// Slow ramps in lightness and colour: it shows banding and what a filter does to smooth places.
fn gradient(x: f64, y: f64) -> Colour {
    let (u, v) = (x / 640.0, y / 360.0);
    [0.15 + 0.7 * u, 0.2 + 0.5 * v + 0.1 * (u * 4.0).sin(), 0.75 - 0.5 * u * v]
}

/// Soft noise of several sizes, like foliage or cloth: nothing to align to.
fn texture(x: f64, y: f64) -> Colour {
    let mut value = 0.5;
    for (index, (grain, strength)) in [(40.0, 0.16), (17.0, 0.12), (7.0, 0.09), (3.2, 0.06)].into_iter().enumerate() {
        value += strength * (2.0 * smooth_noise(x / grain, y / grain, index as u32) - 1.0);
    }
    [value * 0.9, value, value * 0.72]
}

/// Noise of one bump per unit, from 0 to 1.
fn smooth_noise(x: f64, y: f64, seed: u32) -> f64 {
    let (column, row) = (x.floor(), y.floor());
    let at = |dx: u32, dy: u32| {
        let (a, b) = ((column as i64 as u32).wrapping_add(dx), (row as i64 as u32).wrapping_add(dy));
        let mut hash = a.wrapping_mul(0x9e37_79b9) ^ b.wrapping_mul(0x85eb_ca6b) ^ seed.wrapping_mul(0xc2b2_ae35);
        hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
        hash = (hash ^ (hash >> 12)).wrapping_mul(0x297a_2d39);
        f64::from((hash ^ (hash >> 15)) >> 8) / f64::from(1 << 24)
    };
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - column), ease(y - row));
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
    let bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
    top + (bottom - top) * v
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_the_same_every_time_and_none_is_flat() {
        let size = Size { width: 640, height: 360 };
        let (first, again) = (pictures(size), pictures(size));
        for ((name, _, frame), (_, _, other)) in first.iter().zip(&again) {
            assert_eq!(frame, other, "{name}");
            let (low, high) = (frame.rgb.iter().min(), frame.rgb.iter().max());
            assert!(low.zip(high).is_some_and(|(low, high)| high - low > 100), "{name}: {low:?} to {high:?}");
        }
    }
}

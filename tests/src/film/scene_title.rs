//! The title card: drawn letters over concentric rings and a fan of hairlines, the hardest thing for an upscaler.

use tiny_skia::Transform;

use super::canvas::{Canvas, Ink, brush, chance, ease, ellipse, flat, ink, linear, lines, radial, rect};
use shotfarm_lettering::{text_path, text_width};

const GOLD: Ink = ink(0xe9c77b);
const SUN: (f32, f32) = (452.0, 160.0);

pub(super) fn draw(canvas: &mut Canvas, seconds: f32) {
    canvas.wash(&linear((0.0, 0.0), (640.0, 360.0), &[(0.0, ink(0x0a1024)), (0.55, ink(0x16203f)), (1.0, ink(0x2b1730))]));
    canvas.wash(&radial(SUN, 330.0, &[(0.0, Ink(0xb8433d, 0.42)), (0.5, Ink(0x6a2a48, 0.22)), (1.0, Ink(0x0a1024, 0.0))]));
    fan(canvas, seconds);
    rings(canvas, seconds);
    sun(canvas, seconds);
    name(canvas, seconds);
    dust(canvas, seconds);
}

/// Hairlines from behind the sun, turning slowly.
fn fan(canvas: &mut Canvas, seconds: f32) {
    for index in 0..72 {
        let angle = (index as f32 + seconds * 0.35) * std::f32::consts::TAU / 72.0;
        let (sin, cos) = angle.sin_cos();
        let reach = if index % 3 == 0 { 420.0 } else { 300.0 };
        let (from, to) = ((SUN.0 + cos * 128.0, SUN.1 + sin * 128.0), (SUN.0 + cos * reach, SUN.1 + sin * reach));
        let paint = linear(from, to, &[(0.0, Ink(GOLD.0, 0.55)), (1.0, Ink(GOLD.0, 0.0))]);
        canvas.stroke(lines(&[from, to], false).as_ref(), &paint, if index % 3 == 0 { 0.9 } else { 0.5 });
    }
}

fn rings(canvas: &mut Canvas, seconds: f32) {
    for index in 0..14 {
        let radius = 92.0 + index as f32 * 2.6 + (seconds * 1.2 + index as f32 * 0.5).sin() * 0.8;
        let strength = 0.75 - index as f32 * 0.045;
        canvas.stroke(ellipse(SUN, radius, radius).as_ref(), &flat(Ink(GOLD.0, strength)), 0.65);
    }
}

/// The red sun with 九五 written into it, stroke by stroke as time goes.
fn sun(canvas: &mut Canvas, seconds: f32) {
    let disc = ellipse(SUN, 84.0, 84.0);
    canvas.glow(SUN, 170.0, Ink(0xff5a3c, 0.5));
    canvas.fill(
        disc.as_ref(),
        &linear(
            (SUN.0, SUN.1 - 84.0),
            (SUN.0, SUN.1 + 84.0),
            &[(0.0, ink(0xff8d56)), (0.5, ink(0xd93a35)), (1.0, ink(0x8e1c34))],
        ),
    );
    let written = ease(0.1, 1.5, seconds);
    let band = rect(SUN.0 - 90.0, SUN.1 - 90.0, 180.0 * written, 180.0);
    canvas.inside(band.as_ref(), |canvas| {
        for (letter, x) in [("九", -66.0), ("五", 6.0)] {
            let path = text_path(letter, SUN.0 + x, SUN.1 - 29.0, 58.0);
            canvas.within(Transform::from_translate(1.6, 2.2), |canvas| {
                canvas.stroke(path.as_ref(), &flat(Ink(0x4a0a1c, 0.55)), 8.6);
            });
            canvas.stroke(path.as_ref(), &flat(ink(0xfff3df)), 7.4);
            canvas.stroke(path.as_ref(), &flat(Ink(0xe5b98f, 0.9)), 0.7);
        }
    });
}

fn name(canvas: &mut Canvas, seconds: f32) {
    let (left, top, height) = (44.0, 128.0, 44.0);
    let shown = ease(0.2, 1.4, seconds);
    let path = text_path("NINE", left, top, height);
    let second = text_path("FIVE", left, top + 62.0, height);
    for path in [path, second] {
        let fill = linear((0.0, top), (0.0, top + 106.0), &[(0.0, Ink(0xfff1cf, shown)), (1.0, Ink(0xd59a4d, shown))]);
        canvas.stroke(path.as_ref(), &flat(Ink(0x05060f, shown * 0.6)), 10.0);
        canvas.stroke(path.as_ref(), &fill, 7.0);
        canvas.stroke(path.as_ref(), &flat(Ink(0x6b3f22, shown * 0.9)), 0.8);
    }
    for (index, text) in ["AN ANIMATED DRAMA", "EPISODE 01 · RAIN OVER THE NINTH STREET"].iter().enumerate() {
        let height = if index == 0 { 8.5 } else { 7.0 };
        let y = if index == 0 { 98.0 } else { 268.0 };
        canvas.stroke(text_path(text, left, y, height).as_ref(), &flat(Ink(0xf3e6cb, shown)), 0.9);
        let width = text_width(text, height) * shown;
        for (offset, weight) in [(14.0, 0.5), (17.0, 0.3)] {
            canvas.stroke(lines(&[(left, y + offset), (left + width, y + offset)], false).as_ref(), &flat(GOLD), weight);
        }
    }
    flourish(canvas, seconds);
}

/// Calligraphic hairs along the lower edge: thin diagonals that end in nothing.
fn flourish(canvas: &mut Canvas, seconds: f32) {
    for index in 0..46 {
        let spread = index as f32;
        let bend = (seconds * 0.9 + spread * 0.21).sin() * 5.0;
        let base = (20.0 + spread * 13.6, 366.0);
        let tip = (base.0 + 46.0 + chance(3, index) * 30.0 + bend, 318.0 - chance(4, index) * 22.0);
        let middle = ((base.0 + tip.0) / 2.0 - 10.0, (base.1 + tip.1) / 2.0 - 6.0);
        canvas.fill(brush(&[base, middle, tip], 2.2).as_ref(), &flat(Ink(0x05060f, 0.9)));
        canvas.stroke(lines(&[middle, tip], false).as_ref(), &flat(Ink(GOLD.0, 0.35)), 0.35);
    }
}

fn dust(canvas: &mut Canvas, seconds: f32) {
    for index in 0..60 {
        let x = (chance(11, index) * 700.0 + seconds * (6.0 + 14.0 * chance(12, index))) % 700.0 - 30.0;
        let y = 360.0 - (chance(13, index) * 400.0 + seconds * (8.0 + 12.0 * chance(14, index))) % 400.0;
        let twinkle = 0.25 + 0.5 * (seconds * 4.0 + index as f32).sin().abs();
        let radius = 0.5 + chance(15, index) * 0.9;
        canvas.fill(ellipse((x, y), radius, radius).as_ref(), &flat(Ink(0xffd9a0, twinkle)));
    }
}

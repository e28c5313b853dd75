//! What both sides of the dialogue share: blinking, speaking, strands of hair, the listener's shoulder, the dark corners.

use tiny_skia::Transform;

use super::canvas::{Canvas, Ink, Place, chance, curve, ease, flat, light, radial};
use super::face::Look;

/// Shut for a moment about every two seconds.
pub(super) fn blink(seconds: f32, offset: f32) -> f32 {
    let clock = (seconds + offset) % 2.1;
    if clock < 0.22 { ((clock - 0.11).abs() / 0.11).powf(0.8) } else { 1.0 }
}

/// A speaking mouth: syllables of uneven height while the line lasts.
pub(super) fn syllables(seconds: f32, from: f32, to: f32, seed: u32) -> f32 {
    let speaking = ease(from, from + 0.1, seconds) * (1.0 - ease(to - 0.12, to, seconds));
    let beat = seconds * 6.2;
    let height = 0.35 + 0.65 * chance(seed, beat as u32);
    speaking * height * (beat.fract() * std::f32::consts::PI).sin()
}

pub(super) fn strands(canvas: &mut Canvas, look: &Look, roots: &[(Place, Place, Place)], per_lock: u32, seed: u32) {
    for (lock, &(from, middle, tip)) in roots.iter().enumerate() {
        for strand in 0..per_lock {
            let index = lock as u32 * per_lock + strand;
            let (a, b) = (chance(seed, index) - 0.5, chance(seed + 1, index) - 0.5);
            let points = [
                (from.0 + a * 12.0, from.1 + b * 4.0),
                (middle.0 + a * 15.0, middle.1 + b * 6.0),
                (tip.0 + a * 9.0, tip.1 + b * 10.0),
            ];
            let shine = chance(seed + 2, index);
            let colour = if shine > 0.55 { Ink(look.hair_shine, 0.16 + 0.3 * (shine - 0.55)) } else { Ink(0x050308, 0.7) };
            canvas.stroke(curve(&points, false).as_ref(), &flat(colour), 0.35 + 0.35 * chance(seed + 3, index));
        }
    }
}

/// The listener's shoulder and hair at the edge of the frame: out of focus, so drawn as soft layers.
pub(super) fn shoulder(canvas: &mut Canvas, side: f32, tone: u32, rim: u32) {
    canvas.within(Transform::from_translate(320.0, 0.0).pre_scale(side, 1.0), |canvas| {
        for layer in 0..7 {
            let grow = 12.0 - layer as f32 * 3.0;
            let body = [
                (238.0 - grow, 400.0),
                (246.0 - grow, 268.0 - grow),
                (272.0 - grow, 214.0 - grow),
                (268.0 - grow, 150.0),
                (300.0, 96.0 - grow),
                (380.0, 96.0 - grow),
                (380.0, 400.0),
            ];
            canvas.fill(curve(&body, true).as_ref(), &flat(Ink(tone, 0.32)));
        }
        for layer in 0..4 {
            let line = [(240.0, 360.0), (247.0, 268.0), (273.0, 214.0), (269.0, 152.0), (300.0, 100.0)];
            canvas.stroke(curve(&line, false).as_ref(), &light(flat(Ink(rim, 0.09))), 2.0 + layer as f32 * 2.4);
        }
    });
}

pub(super) fn vignette(canvas: &mut Canvas, tone: u32) {
    canvas.wash(&radial((320.0, 165.0), 420.0, &[(0.0, Ink(tone, 0.0)), (0.6, Ink(tone, 0.05)), (1.0, Ink(tone, 0.75))]));
}

//! People at full length: standing, talking with their hands, walking. A figure is 100 units high and stands on its origin.

use shotfarm_tests::film::canvas::{Canvas, Ink, Place, chance, curve, ellipse, flat, ink, linear, lines};
use tiny_skia::Transform;

use super::layer::Style;

/// What somebody looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wear {
    pub(super) skin: u32,
    pub(super) hair: u32,
    pub(super) y: u32,
    pub(super) legs: u32,
    pub(super) shoes: u32,
    pub(super) long_hair: bool,
    /// Breadth beside an ordinary figure's.
    pub(super) build: f32,
}

const SKINS: [u32; 6] = [0xf0c8a8, 0xe2b08c, 0xc98f68, 0xa86f4c, 0x7d4f36, 0xd9a184];
const HAIRS: [u32; 6] = [0x1b1512, 0x3a2718, 0x6a4526, 0xb08d57, 0x8c8c8c, 0x5a1e14];
const TOPS: [u32; 9] = [0xb23a3a, 0x2f5c8f, 0x3f7d4e, 0xd8d2c4, 0x30343c, 0xc98a2c, 0x6b4a86, 0x2a8a8a, 0x90604a];
const LEGS: [u32; 5] = [0x27304a, 0x3c3a38, 0x6a5d4a, 0x1d1f24, 0x54606e];
const SHOES: [u32; 4] = [0x1a1512, 0xd8d8d8, 0x5a3420, 0x7a1f22];

impl Wear {
    /// Somebody; another for every seed.
    pub(super) fn of(seed: u32) -> Self {
        let pick = |list: &[u32], index: u32| list[(chance(seed, index) * list.len() as f32) as usize % list.len()];
        Self {
            skin: pick(&SKINS, 1),
            hair: pick(&HAIRS, 2),
            y: pick(&TOPS, 3),
            legs: pick(&LEGS, 4),
            shoes: pick(&SHOES, 5),
            long_hair: chance(seed, 6) < 0.5,
            build: 0.92 + 0.22 * chance(seed, 7),
        }
    }
}

/// What the body does at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pose {
    /// Of a walk, in turns: two steps each. None stands.
    pub(super) step: Option<f32>,
    /// Which way it faces: -1 left, 0 to us, 1 right.
    pub(super) facing: f32,
    /// Hands and weight while standing, in seconds.
    pub(super) seconds: f32,
}

/// Units of ground that one turn of the walk covers.
pub(super) const STRIDE: f32 = 62.0;

const HIP: f32 = -49.0;
const SHOULDER: f32 = -81.0;

/// Paints somebody.
pub(super) fn person(canvas: &mut Canvas, wear: &Wear, pose: &Pose, style: Style) {
    let lift = pose.step.map_or(0.0, |step| (step * std::f32::consts::TAU * 2.0).cos() * 0.9);
    let lean = if pose.step.is_some() { pose.facing * 2.2 } else { (pose.seconds * 1.3).sin() * 0.7 };
    canvas.within(Transform::from_translate(0.0, lift), |canvas| {
        arm(canvas, wear, pose, style, -1.0, lean);
        leg(canvas, wear, pose, style, -1.0);
        leg(canvas, wear, pose, style, 1.0);
        torso(canvas, wear, style, lean);
        head(canvas, wear, pose, style, lean);
        arm(canvas, wear, pose, style, 1.0, lean);
    });
}

const LINE: u32 = 0x1c1420;

/// A limb along points, with an outline where the style has one.
fn limb(canvas: &mut Canvas, points: &[Place], width: f32, colour: Ink, style: Style) {
    let path = curve(points, false);
    if let Some(outline) = style.outline() {
        canvas.stroke(path.as_ref(), &flat(ink(LINE)), width + 2.0 * outline);
    }
    canvas.stroke(path.as_ref(), &flat(colour), width);
}

/// A closed shape, outlined where the style has it; seen by a camera it is darker on its right.
fn shape(canvas: &mut Canvas, points: &[Place], colour: u32, style: Style) {
    let path = curve(points, true);
    match style.outline() {
        Some(outline) => {
            canvas.fill(path.as_ref(), &flat(ink(colour)));
            canvas.stroke(path.as_ref(), &flat(ink(LINE)), outline);
        }
        None => {
            let reach = points.iter().fold(1.0_f32, |reach, (x, _)| reach.max(x.abs()));
            let dark = ink(colour).towards(ink(0x0a0a14), 0.35);
            let light = ink(colour).towards(ink(0xffffff), 0.12);
            canvas.fill(path.as_ref(), &linear((-reach, 0.0), (reach, 0.0), &[(0.0, light), (0.45, ink(colour)), (1.0, dark)]));
        }
    }
}

fn leg(canvas: &mut Canvas, wear: &Wear, pose: &Pose, style: Style, side: f32) {
    let width = 9.5 * wear.build;
    let hip = (side * 4.2 * (1.0 - 0.6 * pose.facing.abs()), HIP);
    let (knee, foot) = match pose.step {
        Some(step) => {
            let swing = ((step + if side < 0.0 { 0.5 } else { 0.0 }) * std::f32::consts::TAU).sin();
            let bend = ((step + if side < 0.0 { 0.5 } else { 0.0 }) * std::f32::consts::TAU).cos().max(0.0);
            let ahead = pose.facing * swing;
            ((hip.0 + ahead * 8.0 + pose.facing * bend * 5.0, -26.0 - bend * 2.0), (hip.0 + ahead * 15.0, -3.0 - bend * 7.0))
        }
        None => ((hip.0 + side * 0.8, -26.0), (hip.0 + side * 1.6, -3.0)),
    };
    limb(canvas, &[hip, knee, foot], width, shaded(wear.legs, side), style);
    let toe = pose.facing + if pose.facing == 0.0 { side * 0.4 } else { 0.0 };
    limb(canvas, &[foot, (foot.0 + toe * 5.5, foot.1 + 1.2)], 5.0, ink(wear.shoes), style);
}

/// Limbs on the far side are darker.
fn shaded(colour: u32, side: f32) -> Ink {
    if side < 0.0 { ink(colour).towards(ink(0x08080e), 0.28) } else { ink(colour) }
}

fn arm(canvas: &mut Canvas, wear: &Wear, pose: &Pose, style: Style, side: f32, lean: f32) {
    let broad = 11.0 * wear.build * (1.0 - 0.45 * pose.facing.abs());
    let shoulder = (side * broad + lean, SHOULDER + 2.0);
    let (elbow, hand) = match pose.step {
        Some(step) => {
            let swing = ((step + if side < 0.0 { 0.0 } else { 0.5 }) * std::f32::consts::TAU).sin() * pose.facing;
            ((shoulder.0 + swing * 5.0 - pose.facing, -66.0), (shoulder.0 + swing * 12.0 + pose.facing * 2.0, -52.0))
        }
        None => {
            let talk = ((pose.seconds * 2.1 + side).sin() * 0.5 + 0.5) * if side > 0.0 { 1.0 } else { 0.35 };
            ((shoulder.0 + side * (2.0 + talk), -66.0 - talk), (shoulder.0 + side * (1.5 - 7.0 * talk), -51.0 - 16.0 * talk))
        }
    };
    limb(canvas, &[shoulder, elbow, hand], 6.4 * wear.build, shaded(wear.y, side), style);
    limb(canvas, &[hand, (hand.0, hand.1 + 1.6)], 4.6, shaded(wear.skin, side), style);
}

fn torso(canvas: &mut Canvas, wear: &Wear, style: Style, lean: f32) {
    let (shoulders, waist) = (12.5 * wear.build, 8.6 * wear.build);
    let points = [
        (-4.0 + lean, -85.0),
        (-shoulders + lean, -81.0),
        (-waist - 1.2 + lean * 0.5, -64.0),
        (-waist, -46.0),
        (waist, -46.0),
        (waist + 1.2 + lean * 0.5, -64.0),
        (shoulders + lean, -81.0),
        (4.0 + lean, -85.0),
    ];
    shape(canvas, &points, wear.y, style);
    let fold = flat(Ink(0x000000, 0.18));
    canvas.stroke(curve(&[(-waist * 0.5, -52.0), (1.0, -57.0), (waist * 0.7, -54.0)], false).as_ref(), &fold, 0.9);
    canvas.stroke(lines(&[(lean, -80.0), (0.6, -47.0)], false).as_ref(), &fold, 0.6);
}

fn head(canvas: &mut Canvas, wear: &Wear, pose: &Pose, style: Style, lean: f32) {
    let x = lean * 1.2;
    limb(canvas, &[(x, -88.0), (lean, -83.0)], 5.0, ink(wear.skin).towards(ink(0x401810), 0.2), style);
    let turn = pose.facing * 1.6;
    if wear.long_hair {
        let back =
            [(x - 6.5, -97.0), (x - 7.4 - turn, -86.0), (x - 6.0 - turn, -79.0), (x + 5.6 - turn, -79.0), (x + 6.8, -96.0)];
        shape(canvas, &back, wear.hair, style);
    }
    let face = [(x - 5.4, -94.5), (x - 4.6, -88.0), (x + turn * 0.6, -84.6), (x + 4.6, -88.0), (x + 5.4, -94.5), (x, -99.0)];
    shape(canvas, &face, wear.skin, style);
    let cap = [
        (x - 5.9, -91.5 - turn * 0.4),
        (x - 5.6, -97.0),
        (x, -100.0),
        (x + 5.6, -97.0),
        (x + 5.9, -91.5 + turn * 0.4),
        (x + 3.0 + turn, -95.6),
        (x - 2.6 + turn, -95.8),
    ];
    shape(canvas, &cap, wear.hair, style);
    let dark = flat(ink(0x1e1210));
    for side in [-1.0, 1.0] {
        canvas.fill(ellipse((x + turn + side * 2.1, -91.8), 0.75, 0.6).as_ref(), &dark);
        canvas.stroke(lines(&[(x + turn + side * 1.2, -93.3), (x + turn + side * 3.1, -93.1)], false).as_ref(), &dark, 0.45);
    }
    let talk = 0.25 + 0.4 * (pose.seconds * 9.0).sin().abs();
    canvas.fill(ellipse((x + turn, -87.4), 1.5, talk).as_ref(), &flat(ink(0x8c3a38)));
    canvas.stroke(lines(&[(x + turn * 1.4, -91.0), (x + turn * 1.7, -89.3)], false).as_ref(), &flat(Ink(0x5a2a1c, 0.6)), 0.5);
}

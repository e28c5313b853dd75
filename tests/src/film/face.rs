//! A drawn face: what it looks like (`Look`) and what it does at a moment (`Pose`). Units: the head is about 190 high.
//!
//! The middle of the face is the origin; y grows downwards. A turn moves the features sideways further than the outline, which
//! is what makes a flat drawing read as a head.

use tiny_skia::Path;

use super::canvas::{Canvas, Ink, Place, brush, curve, ellipse, flat, ink, light, linear, lines, radial, vertical};

/// What stays the same about a person.
pub struct Look {
    /// Skin in light.
    pub skin: u32,
    /// Skin in shade.
    pub shade: u32,
    /// Hair.
    pub hair: u32,
    /// Where light lies on hair.
    pub hair_shine: u32,
    /// Eyes.
    pub iris: u32,
    /// Lips.
    pub lips: u32,
    /// Outlines.
    pub line: u32,
    /// Half the width of the jaw: a man's is wider.
    pub jaw: f32,
    /// Height of the open eye.
    pub eye: f32,
    /// Thickness of the brows.
    pub brow: f32,
    /// Length of the upper lashes.
    pub lash: f32,
    /// The light at the edge: colour, and the side it comes from (-1 left, 1 right).
    pub rim: (u32, f32),
}

/// What a face does at one moment.
pub struct Pose {
    /// Sideways turn in story units.
    pub turn: f32,
    /// Where the eyes look, -1 to 1 each way.
    pub gaze: (f32, f32),
    /// 1 open, 0 shut.
    pub lids: f32,
    /// Up (positive) or down.
    pub brows: f32,
    /// Inner ends of the brows: down in anger (positive), up in worry.
    pub frown: f32,
    /// 0 shut, 1 wide open.
    pub mouth: f32,
    /// Corners of the mouth up (positive) or down.
    pub smile: f32,
}

/// Skin, features and their shadows; hair is drawn around it by the person.
pub fn draw_face(canvas: &mut Canvas, look: &Look, pose: &Pose) {
    let jaw_drop = pose.mouth * 5.0;
    let t = pose.turn * 0.35;
    let outline = [
        (-63.0 + t, -34.0),
        (-62.0 + t, 8.0),
        (-look.jaw - 6.0 + t, 44.0),
        (-look.jaw * 0.52 + t, 76.0 + jaw_drop * 0.7),
        (t * 1.6, 90.0 + jaw_drop),
        (look.jaw * 0.52 + t, 76.0 + jaw_drop * 0.7),
        (look.jaw + 6.0 + t, 44.0),
        (62.0 + t, 8.0),
        (63.0 + t, -34.0),
        (40.0, -92.0),
        (-40.0, -92.0),
    ];
    let path = curve(&outline, true);
    skin(canvas, look, pose, path.as_ref());
    canvas.stroke(curve(&outline[..9], false).as_ref(), &flat(ink(look.line)), 1.5);
    let edge = if look.rim.1 < 0.0 {
        [outline[0], outline[1], outline[2], outline[3]]
    } else {
        [outline[8], outline[7], outline[6], outline[5]]
    };
    let edge: Vec<_> = edge.iter().map(|&(x, y)| (x - look.rim.1 * 1.8, y)).collect();
    canvas.stroke(curve(&edge, false).as_ref(), &light(flat(Ink(look.rim.0, 0.75))), 2.2);
    for side in [-1.0, 1.0] {
        eye(canvas, look, pose, side);
        eyebrow(canvas, look, pose, side);
    }
    nose(canvas, look, pose);
    mouth(canvas, look, pose);
}

/// Skin in light and shade, blush, and the shadow of the fringe.
fn skin(canvas: &mut Canvas, look: &Look, pose: &Pose, face: Option<&Path>) {
    let (lit, dark) = if look.rim.1 < 0.0 { (-64.0, 64.0) } else { (64.0, -64.0) };
    let skin = linear(
        (lit, -10.0),
        (dark, 24.0),
        &[
            (0.0, ink(look.skin)),
            (0.52, ink(look.skin)),
            (0.72, ink(look.shade)),
            (1.0, ink(look.shade).towards(ink(look.line), 0.3)),
        ],
    );
    canvas.fill(face, &skin);
    canvas.inside(face, |canvas| {
        for side in [-1.0, 1.0] {
            let cheek = (side * 37.0 + pose.turn, 36.0);
            canvas.fill(
                ellipse(cheek, 22.0, 22.0).as_ref(),
                &radial(cheek, 22.0, &[(0.0, Ink(look.lips, 0.26 + 0.12 * pose.smile.max(0.0))), (1.0, Ink(look.lips, 0.0))]),
            );
        }
        let fringe = [
            (-70.0, -100.0),
            (-70.0, -8.0),
            (-44.0, -22.0),
            (-20.0, -18.0),
            (6.0, -24.0),
            (34.0, -17.0),
            (70.0, -6.0),
            (70.0, -100.0),
        ];
        canvas.fill(curve(&fringe, true).as_ref(), &flat(Ink(look.shade, 0.7)));
    });
}

fn eye(canvas: &mut Canvas, look: &Look, pose: &Pose, side: f32) {
    // The far eye of a turned head is narrower.
    let squeeze = 1.0 - (pose.turn * side).max(0.0) * 0.012;
    let centre = (side * 28.5 + pose.turn, 8.0);
    let at = |x: f32, y: f32| (centre.0 + side * x * squeeze, centre.1 + y);
    let (up, down) = (look.eye * 0.62 * pose.lids, look.eye * 0.42 * (0.35 + 0.65 * pose.lids));
    let upper = [at(-15.5, 3.0), at(-9.0, 1.0 - up * 0.78), at(0.0, 1.0 - up), at(10.0, -up * 0.72), at(17.0, -1.0)];
    let lower = [at(17.0, -1.0), at(10.0, down * 0.8), at(0.0, 1.0 + down), at(-9.0, down * 0.8), at(-15.5, 3.0)];
    let opening: Vec<_> = upper.iter().chain(&lower[1..4]).copied().collect();
    let path = curve(&opening, true);
    if pose.lids > 0.12 {
        canvas.fill(
            path.as_ref(),
            &vertical(centre.1 - up, centre.1 + down, &[(0.0, ink(0xb9bfd6)), (0.45, ink(0xf7f5f2)), (1.0, ink(0xffffff))]),
        );
        canvas.inside(path.as_ref(), |canvas| iris(canvas, look, pose, centre));
    }
    lids(canvas, look, pose, side, (&upper, &lower), up);
}

fn iris(canvas: &mut Canvas, look: &Look, pose: &Pose, centre: (f32, f32)) {
    let at = (centre.0 + pose.gaze.0 * 5.0, centre.1 - 0.5 + pose.gaze.1 * 3.0);
    let radius = 10.4_f32.min(look.eye * 0.52);
    let deep = ink(look.iris).towards(ink(0x07070f), 0.75);
    canvas.fill(
        ellipse(at, radius, radius * 1.12).as_ref(),
        &vertical(
            at.1 - radius,
            at.1 + radius,
            &[(0.0, deep), (0.5, ink(look.iris)), (1.0, ink(look.iris).towards(ink(0xffffff), 0.55))],
        ),
    );
    for ray in 0..26 {
        let (sin, cos) = (ray as f32 * 0.2417).sin_cos();
        let fibre =
            [(at.0 + cos * radius * 0.45, at.1 + sin * radius * 0.5), (at.0 + cos * radius * 0.92, at.1 + sin * radius * 1.02)];
        canvas.stroke(lines(&fibre, false).as_ref(), &flat(Ink(if ray % 2 == 0 { 0xffffff } else { 0x0b0b16 }, 0.2)), 0.4);
    }
    canvas.stroke(ellipse(at, radius, radius * 1.12).as_ref(), &flat(ink(0x120d18)), 1.1);
    canvas.fill(ellipse(at, radius * 0.42, radius * 0.5).as_ref(), &flat(ink(0x05040a)));
    canvas.fill(ellipse((at.0 - 3.4, at.1 - 4.2), 2.7, 3.1).as_ref(), &flat(ink(0xffffff)));
    canvas.fill(ellipse((at.0 + 3.6, at.1 + 4.4), 1.4, 1.6).as_ref(), &flat(Ink(0xffffff, 0.85)));
}

fn lids(canvas: &mut Canvas, look: &Look, pose: &Pose, side: f32, (upper, lower): (&[Place; 5], &[Place; 5]), up: f32) {
    let line = flat(ink(look.line).towards(ink(0x0a0608), 0.7));
    canvas.stroke(curve(upper, false).as_ref(), &line, 2.5);
    canvas.fill(
        brush(&[upper[3], (upper[4].0, upper[4].1 - 0.5), (upper[4].0 + side * 4.0, upper[4].1 - 2.6)], 3.2).as_ref(),
        &line,
    );
    canvas.stroke(curve(&lower[..4], false).as_ref(), &flat(Ink(look.line, 0.75)), 0.8);
    let crease: Vec<_> = upper[1..].iter().map(|&(x, y)| (x, y - 4.6 - 1.2 * pose.lids)).collect();
    canvas.stroke(curve(&crease, false).as_ref(), &flat(Ink(look.line, 0.55)), 0.8);
    for lash in 0..11 {
        let t = lash as f32 / 10.0;
        let place = 1.0 + t * 3.0;
        let (index, rest) = ((place as usize).min(3), place.fract());
        let rest = if place >= 4.0 { 1.0 } else { rest };
        let from = (
            upper[index].0 + (upper[index + 1].0 - upper[index].0) * rest,
            upper[index].1 + (upper[index + 1].1 - upper[index].1) * rest,
        );
        let droop = if up < 4.0 { 1.0 } else { -1.0 };
        let tip = (from.0 + side * look.lash * (t - 0.25) * 0.95, from.1 + droop * look.lash * (0.55 + 0.25 * t));
        canvas.fill(brush(&[from, ((from.0 + tip.0) / 2.0, (from.1 + tip.1) / 2.0 + 0.6), tip], 0.95).as_ref(), &line);
    }
}

fn eyebrow(canvas: &mut Canvas, look: &Look, pose: &Pose, side: f32) {
    let at = |x: f32, y: f32| (side * x + pose.turn * 0.95, y - pose.brows * 5.0);
    let points =
        [at(13.0, -17.0 + pose.frown * 5.0), at(24.0, -21.5 + pose.frown * 2.0), at(37.0, -22.5), at(49.0, -16.0 - pose.frown)];
    canvas.fill(brush(&points, look.brow).as_ref(), &flat(ink(look.hair).towards(ink(look.line), 0.3)));
    for hair in 0..13 {
        let t = hair as f32 / 13.0;
        let from = at(13.0 + t * 30.0, -16.0 - (t * 3.1).sin() * 4.8 + pose.frown * (1.0 - t) * 5.0);
        canvas.stroke(
            lines(&[from, (from.0 + side * 3.6, from.1 - 2.3 + t * 2.4)], false).as_ref(),
            &flat(Ink(look.hair, 0.8)),
            0.45,
        );
    }
}

fn nose(canvas: &mut Canvas, look: &Look, pose: &Pose) {
    let x = pose.turn * 1.25;
    let dark = -look.rim.1;
    canvas.fill(
        curve(&[(x + dark * 2.0, 16.0), (x + dark * 7.5, 38.0), (x + dark * 1.0, 42.5), (x, 38.0)], true).as_ref(),
        &flat(Ink(look.shade, 0.8)),
    );
    canvas.stroke(
        curve(&[(x - 5.2, 40.0), (x - 1.5, 42.6), (x + 2.4, 41.8), (x + 5.4, 39.6)], false).as_ref(),
        &flat(Ink(look.line, 0.85)),
        1.0,
    );
    canvas.stroke(
        curve(&[(x - dark * 1.8, 14.0), (x - dark * 2.4, 33.0)], false).as_ref(),
        &light(flat(Ink(look.rim.0, 0.3))),
        1.6,
    );
}

fn mouth(canvas: &mut Canvas, look: &Look, pose: &Pose) {
    let (x, y) = (pose.turn * 1.1, 61.0);
    let half = 15.0 + 3.0 * pose.smile - 3.5 * pose.mouth;
    let corner = y - pose.smile * 4.0;
    let open = pose.mouth * 10.0;
    let top = [(x - half, corner), (x - 5.0, y - 2.8), (x, y - 1.6), (x + 5.0, y - 2.8), (x + half, corner)];
    let low = [
        (x + half, corner),
        (x + half * 0.5, y + 2.0 + open),
        (x, y + 3.0 + open * 1.15),
        (x - half * 0.5, y + 2.0 + open),
        (x - half, corner),
    ];
    let lip: Vec<_> = [
        (x - half, corner),
        (x - 5.0, y - 5.8),
        (x, y - 4.4),
        (x + 5.0, y - 5.8),
        (x + half, corner),
        (x + half * 0.55, y + 6.0 + open),
        (x, y + 7.6 + open * 1.15),
        (x - half * 0.55, y + 6.0 + open),
    ]
    .into();
    canvas.fill(
        curve(&lip, true).as_ref(),
        &vertical(y - 6.0, y + 8.0 + open, &[(0.0, ink(look.lips).towards(ink(look.line), 0.25)), (1.0, ink(look.lips))]),
    );
    if pose.mouth > 0.06 {
        let hole: Vec<_> = top.iter().chain(&low[1..4]).copied().collect();
        let hole = curve(&hole, true);
        canvas.fill(hole.as_ref(), &flat(ink(0x3a0f18)));
        canvas.inside(hole.as_ref(), |canvas| {
            canvas.fill(ellipse((x, y - 3.5), half * 0.8, 4.6).as_ref(), &flat(ink(0xfaf3ee)));
            canvas.fill(ellipse((x, y + 5.0 + open), half * 0.6, 4.4).as_ref(), &flat(ink(0xb5505c)));
        });
        canvas.stroke(hole.as_ref(), &flat(Ink(look.line, 0.9)), 0.8);
    } else {
        canvas.stroke(curve(&top, false).as_ref(), &flat(ink(look.line)), 1.2);
    }
    canvas.stroke(
        curve(&[(x - 5.0, y + 5.2 + open), (x, y + 6.2 + open), (x + 4.0, y + 5.4 + open)], false).as_ref(),
        &light(flat(Ink(0xffffff, 0.4))),
        1.0,
    );
    canvas.stroke(
        curve(&[(x - 6.0, y + 13.0 + open), (x, y + 14.4 + open), (x + 6.0, y + 13.0 + open)], false).as_ref(),
        &flat(Ink(look.shade, 0.9)),
        1.1,
    );
}

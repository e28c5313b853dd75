//! Subjects that are no people, and what hides subjects: bicycles, cars, dogs, boats, a lighthouse, trees, pillars.
//!
//! A thing is 100 units high and stands on its origin; those that go somewhere go to the right.

use shotfarm_tests::film::canvas::{Canvas, Ink, chance, curve, ellipse, flat, ink, linear, lines, rect, vertical};
use tiny_skia::Transform;

use super::layer::Style;
use super::person::{Pose, Wear, person};

const LINE: u32 = 0x1a1620;

fn outlined(canvas: &mut Canvas, points: &[(f32, f32)], colour: u32, style: Style) {
    let path = curve(points, true);
    match style.outline() {
        Some(width) => {
            canvas.fill(path.as_ref(), &flat(ink(colour)));
            canvas.stroke(path.as_ref(), &flat(ink(LINE)), width);
        }
        None => {
            let top = points.iter().fold(0.0_f32, |top, (_, y)| top.min(*y));
            let (light, dark) = (ink(colour).towards(ink(0xffffff), 0.25), ink(colour).towards(ink(0x06060c), 0.45));
            canvas.fill(path.as_ref(), &vertical(top, 0.0, &[(0.0, light), (0.5, ink(colour)), (1.0, dark)]));
        }
    }
}

/// Somebody on a bicycle; `turns` of the wheels so far.
pub(super) fn cyclist(canvas: &mut Canvas, wear: &Wear, turns: f32, style: Style) {
    let frame = flat(ink(wear.shoes).towards(ink(0xc02818), 0.6));
    for hub in [-27.0, 27.0] {
        wheel(canvas, (hub, -19.0), 18.0, turns);
    }
    let pedal = turns * std::f32::consts::TAU * 0.4;
    let bars = [(27.0, -19.0), (22.0, -50.0), (-8.0, -48.0), (-27.0, -19.0), (-2.0, -19.0), (22.0, -48.0)];
    canvas.stroke(lines(&bars, false).as_ref(), &frame, 2.2);
    canvas.stroke(lines(&[(-2.0, -19.0), (-9.0, -52.0)], false).as_ref(), &frame, 2.2);
    canvas.stroke(curve(&[(22.0, -50.0), (21.0, -57.0), (27.0, -57.0)], false).as_ref(), &flat(ink(0x18181c)), 2.2);
    for (half, shade) in [(std::f32::consts::PI, 0.35), (0.0, 0.0)] {
        let foot = (-2.0 + 7.0 * (pedal + half).cos(), -19.0 + 7.0 * (pedal + half).sin());
        let knee = ((foot.0 - 9.0) / 2.0 + 9.0, (foot.1 - 54.0) / 2.0 - 5.0);
        let leg = ink(wear.legs).towards(ink(0), shade);
        canvas.stroke(lines(&[(-9.0, -54.0), knee, foot], false).as_ref(), &flat(leg), 6.0);
        canvas.stroke(lines(&[foot, (foot.0 + 5.0, foot.1 + 0.6)], false).as_ref(), &flat(ink(wear.shoes)), 3.6);
    }
    outlined(canvas, &[(-14.0, -53.0), (-9.0, -66.0), (4.0, -82.0), (12.0, -79.0), (6.0, -64.0), (-3.0, -52.0)], wear.y, style);
    canvas.stroke(curve(&[(7.0, -77.0), (15.0, -66.0), (25.0, -58.0)], false).as_ref(), &flat(ink(wear.y)), 4.4);
    canvas.stroke(lines(&[(23.0, -59.0), (26.0, -57.5)], false).as_ref(), &flat(ink(wear.skin)), 3.6);
    outlined(canvas, &[(8.0, -84.0), (9.0, -92.0), (14.0, -95.0), (19.0, -91.0), (18.5, -85.0), (13.0, -82.0)], wear.skin, style);
    outlined(canvas, &[(7.0, -90.0), (9.0, -98.0), (15.0, -100.0), (20.5, -94.0), (14.0, -93.5)], wear.hair, style);
}

fn wheel(canvas: &mut Canvas, hub: (f32, f32), radius: f32, turns: f32) {
    canvas.stroke(ellipse(hub, radius, radius).as_ref(), &flat(ink(0x18181a)), 2.2);
    for spoke in 0..6 {
        let (sin, cos) = (turns * std::f32::consts::TAU + spoke as f32 * std::f32::consts::FRAC_PI_3).sin_cos();
        let rim = (hub.0 + cos * radius, hub.1 + sin * radius);
        canvas.stroke(lines(&[hub, rim], false).as_ref(), &flat(ink(0x8c9098)), 0.6);
    }
}

/// A car from the side, of a colour; as `tall` a thing as it is for a van.
pub(super) fn car(canvas: &mut Canvas, colour: u32, turns: f32, van: bool, style: Style) {
    let body: &[(f32, f32)] = if van {
        &[
            (-130.0, -16.0),
            (-132.0, -70.0),
            (-124.0, -97.0),
            (40.0, -99.0),
            (78.0, -92.0),
            (112.0, -58.0),
            (132.0, -48.0),
            (134.0, -16.0),
        ]
    } else {
        &[
            (-138.0, -22.0),
            (-140.0, -52.0),
            (-118.0, -62.0),
            (-76.0, -66.0),
            (-46.0, -98.0),
            (34.0, -99.0),
            (76.0, -66.0),
            (124.0, -56.0),
            (140.0, -40.0),
            (138.0, -22.0),
        ]
    };
    outlined(canvas, body, colour, style);
    let glass = [(0.0, ink(0x9cc4dc)), (0.5, ink(0x2c4660)), (1.0, ink(0x18222e))];
    let panes: &[[(f32, f32); 4]] = if van {
        &[[(46.0, -90.0), (74.0, -86.0), (98.0, -60.0), (46.0, -60.0)]]
    } else {
        &[
            [(-64.0, -68.0), (-40.0, -92.0), (-10.0, -93.0), (-10.0, -68.0)],
            [(-3.0, -68.0), (-3.0, -93.0), (30.0, -93.0), (60.0, -68.0)],
        ]
    };
    for pane in panes {
        canvas.fill(lines(pane, true).as_ref(), &linear((pane[0].0, -95.0), (pane[2].0, -60.0), &glass));
    }
    canvas.stroke(lines(&[(-2.0, -60.0), (0.0, -22.0)], false).as_ref(), &flat(Ink(0x0a0a10, 0.6)), 1.6);
    for hub in [-82.0, 84.0] {
        canvas.fill(ellipse((hub, -21.0), 21.0, 21.0).as_ref(), &flat(ink(0x141416)));
        canvas.fill(ellipse((hub, -21.0), 12.0, 12.0).as_ref(), &flat(ink(0x9a9ea8)));
        wheel(canvas, (hub, -21.0), 12.0, turns);
    }
    canvas.fill(ellipse((132.0, -46.0), 5.0, 6.0).as_ref(), &flat(ink(0xfff2c0)));
    canvas.fill(rect(-139.0, -52.0, 6.0, 12.0).as_ref(), &flat(ink(0xc02020)));
}

/// A dog that trots; `step` in turns.
pub(super) fn dog(canvas: &mut Canvas, colour: u32, step: f32, style: Style) {
    for (leg, x) in [-46.0_f32, -34.0, 30.0, 42.0].into_iter().enumerate() {
        let swing = ((step + [0.0, 0.5, 0.5, 0.0][leg]) * std::f32::consts::TAU).sin();
        let shade = ink(colour).towards(ink(0x0a0604), if leg % 2 == 0 { 0.4 } else { 0.1 });
        let foot = (x + swing * 15.0, -3.0 - swing.max(0.0) * 4.0);
        canvas.stroke(curve(&[(x, -40.0), (x + swing * 4.0, -20.0), foot], false).as_ref(), &flat(shade), 9.0);
    }
    let tail = [(-52.0, -56.0), (-68.0, -76.0 - 6.0 * (step * 9.0).sin()), (-72.0, -92.0 + 5.0 * (step * 9.0).sin())];
    canvas.stroke(curve(&tail, false).as_ref(), &flat(ink(colour)), 7.0);
    outlined(
        canvas,
        &[(-56.0, -60.0), (-50.0, -38.0), (0.0, -33.0), (44.0, -38.0), (54.0, -60.0), (20.0, -68.0), (-30.0, -68.0)],
        colour,
        style,
    );
    outlined(
        canvas,
        &[(40.0, -54.0), (46.0, -86.0), (62.0, -97.0), (78.0, -88.0), (96.0, -78.0), (92.0, -68.0), (66.0, -64.0), (56.0, -46.0)],
        colour,
        style,
    );
    outlined(canvas, &[(50.0, -92.0), (44.0, -74.0), (50.0, -64.0), (60.0, -88.0)], ink(colour).towards(ink(0), 0.45).0, style);
    canvas.fill(ellipse((68.0, -84.0), 3.0, 3.0).as_ref(), &flat(ink(0x140c0a)));
    canvas.fill(ellipse((95.0, -75.0), 4.4, 3.8).as_ref(), &flat(ink(0x140c0a)));
}

/// A sailing boat.
pub(super) fn boat(canvas: &mut Canvas, colour: u32, seconds: f32, style: Style) {
    canvas.within(Transform::from_rotate((seconds * 1.6).sin() * 2.5), |canvas| {
        canvas.stroke(lines(&[(0.0, -12.0), (0.0, -99.0)], false).as_ref(), &flat(ink(0x5a4028)), 1.8);
        outlined(canvas, &[(2.0, -98.0), (30.0, -50.0), (40.0, -20.0), (2.0, -20.0)], 0xf2eee2, style);
        outlined(canvas, &[(-2.0, -90.0), (-26.0, -20.0), (-2.0, -20.0)], 0xe0d4bc, style);
        outlined(canvas, &[(-38.0, -16.0), (-30.0, 0.0), (30.0, 0.0), (46.0, -16.0), (0.0, -13.0)], colour, style);
    });
}

/// A lighthouse with its rings.
pub(super) fn lighthouse(canvas: &mut Canvas, style: Style) {
    outlined(canvas, &[(-9.0, 0.0), (-6.0, -78.0), (6.0, -78.0), (9.0, 0.0)], 0xf0ebe0, style);
    for ring in 0..3 {
        let y = -18.0 - ring as f32 * 22.0;
        let half = 9.0 + y * 0.04;
        canvas.fill(
            lines(&[(-half, y), (half, y), (half - 0.4, y - 10.0), (-half + 0.4, y - 10.0)], true).as_ref(),
            &flat(ink(0xb83028)),
        );
    }
    canvas.fill(rect(-8.0, -81.0, 16.0, 3.0).as_ref(), &flat(ink(0x2a2a30)));
    canvas.fill(rect(-5.0, -92.0, 10.0, 11.0).as_ref(), &flat(ink(0xffe9a0)));
    canvas.fill(lines(&[(-7.0, -92.0), (0.0, -100.0), (7.0, -92.0)], true).as_ref(), &flat(ink(0x8c2620)));
}

/// The sun, low.
pub(super) fn sun(canvas: &mut Canvas) {
    canvas
        .fill(ellipse((0.0, -50.0), 50.0, 50.0).as_ref(), &vertical(-100.0, 0.0, &[(0.0, ink(0xfff0b0)), (1.0, ink(0xffa040))]));
}

/// A tree: a trunk and a crown of leaves that move a little.
pub(super) fn tree(canvas: &mut Canvas, seed: u32, seconds: f32) {
    let trunk = [(-4.0, 0.0), (-2.4, -48.0), (2.4, -48.0), (4.6, 0.0)];
    canvas.fill(curve(&trunk, true).as_ref(), &linear((-4.0, 0.0), (4.0, 0.0), &[(0.0, ink(0x6a4c34)), (1.0, ink(0x2c1e16))]));
    for leaf in 0..70 {
        let (turn, out) = (chance(seed, leaf) * std::f32::consts::TAU, chance(seed ^ 3, leaf).sqrt());
        let wind = (seconds * (1.0 + chance(seed ^ 5, leaf)) + leaf as f32).sin() * 0.8;
        let at = (turn.cos() * out * 25.0 + wind, -68.0 + turn.sin() * out * 27.0);
        let shade = chance(seed ^ 9, leaf) * 0.6 + (at.1 + 95.0) / 110.0 * 0.4;
        canvas.fill(ellipse(at, 5.5, 4.6).as_ref(), &flat(ink(0x6a9a48).towards(ink(0x1e3a20), shade)));
    }
}

/// A pillar or a wall's end, as broad as `breadth` units.
pub(super) fn pillar(canvas: &mut Canvas, colour: u32, breadth: f32) {
    let stone = [(0.0, ink(colour).towards(ink(0xffffff), 0.2)), (0.4, ink(colour)), (1.0, ink(colour).towards(ink(0), 0.4))];
    canvas.fill(
        rect(-breadth / 2.0, -140.0, breadth, 142.0).as_ref(),
        &linear((-breadth / 2.0, 0.0), (breadth / 2.0, 0.0), &stone),
    );
}

/// Somebody who carries nothing to the story: a figure far off, in one dull colour.
pub(super) fn passer(canvas: &mut Canvas, seed: u32, pose: &Pose, style: Style) {
    let wear = Wear::of(seed);
    let dull = |colour: u32| ink(colour).towards(ink(0x6c7480), 0.5).0;
    let wear = Wear { skin: dull(wear.skin), hair: dull(wear.hair), y: dull(wear.y), legs: dull(wear.legs), ..wear };
    person(canvas, &wear, pose, style);
}

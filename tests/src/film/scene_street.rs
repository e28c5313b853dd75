//! A street at night in the rain: neon, wet asphalt that gives it back, a car that passes, someone waiting under an umbrella.

use tiny_skia::Transform;

use super::canvas::{Canvas, Ink, brush, chance, curve, ease, ellipse, flat, ink, light, linear, lines, rect, vertical};
use shotfarm_lettering::{text_path, text_width};

/// Where the street runs out.
const FAR: (f32, f32) = (330.0, 176.0);
/// Height of the near kerb's contact with the ground at the stage's edges.
const HORIZON: f32 = 182.0;

struct Sign {
    text: &'static str,
    upright: bool,
    left: f32,
    top: f32,
    height: f32,
    colour: u32,
}

const SIGNS: [Sign; 6] = [
    Sign { text: "九五", upright: true, left: 92.0, top: 42.0, height: 30.0, colour: 0xff3d6e },
    Sign { text: "夜雨", upright: true, left: 205.0, top: 76.0, height: 17.0, colour: 0x35e0ff },
    Sign { text: "HOTEL", upright: true, left: 497.0, top: 34.0, height: 16.0, colour: 0xffb03a },
    Sign { text: "NOODLES", upright: false, left: 536.0, top: 130.0, height: 12.0, colour: 0xff5ad1 },
    Sign { text: "OPEN", upright: false, left: 22.0, top: 146.0, height: 13.0, colour: 0x56ffa8 },
    Sign { text: "BAR", upright: false, left: 424.0, top: 118.0, height: 8.0, colour: 0x8a7bff },
];

pub(super) fn draw(canvas: &mut Canvas, seconds: f32) {
    canvas.wash(&vertical(0.0, 200.0, &[(0.0, ink(0x060818)), (0.7, ink(0x1a1740)), (1.0, ink(0x3d2457))]));
    canvas.glow(FAR, 190.0, Ink(0xb04a8f, 0.6));
    towers(canvas);
    blocks(canvas, seconds);
    road(canvas);
    for sign in &SIGNS {
        neon(canvas, sign, seconds);
        reflection(canvas, sign, seconds);
    }
    wires(canvas, seconds);
    car(canvas, seconds);
    waiting_figure(canvas, seconds);
    rain(canvas, seconds);
}

fn towers(canvas: &mut Canvas) {
    for index in 0..16 {
        let (x, width) = (200.0 + index as f32 * 17.0, 14.0 + chance(1, index) * 10.0);
        let height = 40.0 + chance(2, index) * 70.0;
        canvas.fill(
            rect(x, FAR.1 - height, width, height + 8.0).as_ref(),
            &vertical(70.0, 180.0, &[(0.0, ink(0x141433)), (1.0, ink(0x46295f))]),
        );
        for pane in 0..40 {
            if chance(300 + index, pane) > 0.62 {
                let (px, py) = (x + 2.0 + (pane % 4) as f32 * 3.2, FAR.1 - height + 4.0 + (pane / 4) as f32 * 5.2);
                canvas.fill(rect(px, py, 1.5, 2.2).as_ref(), &flat(Ink(0xffd591, 0.55)));
            }
        }
    }
}

/// A point on a wall: `side` -1 is left, `depth` 0 (near) to 1 (far), `up` in story units at the near edge.
fn wall(side: f32, depth: f32, up: f32) -> (f32, f32) {
    let near = (320.0 + side * 345.0, 262.0);
    let t = 1.0 - 1.0 / (1.0 + depth * 5.5);
    let far = (FAR.0 + side * 24.0, HORIZON + 1.0);
    let ground = (near.0 + (far.0 - near.0) * t, near.1 + (far.1 - near.1) * t);
    (ground.0, ground.1 - up * (1.0 - t * 0.93))
}

fn blocks(canvas: &mut Canvas, seconds: f32) {
    for (side, seed) in [(-1.0, 50_u32), (1.0, 70)] {
        for house in (0..5_u32).rev() {
            let (near, far) = (house as f32 * 0.2, house as f32 * 0.2 + 0.2);
            let height = 250.0 + chance(seed, house) * 70.0;
            let face = [wall(side, near, 0.0), wall(side, far, 0.0), wall(side, far, height), wall(side, near, height)];
            let tone = ink(0x1a1838).towards(ink(0x3a2352), near);
            let paint = linear(face[0], face[1], &[(0.0, tone.towards(ink(0x05060f), 0.45)), (1.0, tone)]);
            canvas.fill(lines(&face, true).as_ref(), &paint);
            windows(canvas, side, (near, far), seed + house, height, seconds);
            canvas.stroke(lines(&[face[2], face[3], face[0]], false).as_ref(), &flat(Ink(0x8f6bb8, 0.4)), 0.6);
            shop(canvas, side, (near, far), seed + house);
        }
    }
}

fn windows(canvas: &mut Canvas, side: f32, (near, far): (f32, f32), seed: u32, height: f32, seconds: f32) {
    let floors = (height / 30.0) as u32;
    for floor in 2..floors {
        for column in 0..5_u32 {
            let luck = chance(seed * 31 + floor, column);
            let span = far - near;
            let (a, b) = (near + span * (0.1 + 0.18 * column as f32), near + span * (0.1 + 0.18 * column as f32 + 0.11));
            let (low, high) = (floor as f32 * 30.0, floor as f32 * 30.0 + 17.0);
            let pane = [wall(side, a, low), wall(side, b, low), wall(side, b, high), wall(side, a, high)];
            let flicker = if luck > 0.93 { 0.6 + 0.4 * (seconds * 9.0 + luck * 40.0).sin() } else { 1.0 };
            let paint = if luck > 0.52 {
                let warm = ink(0xffc56b).towards(ink(0x8ad8ff), f32::from(u8::from(luck > 0.8)));
                linear(pane[3], pane[0], &[(0.0, Ink(warm.0, 0.85 * flicker)), (1.0, Ink(0xb5553c, 0.7 * flicker))])
            } else {
                flat(Ink(0x0a0c20, 0.85))
            };
            let path = lines(&pane, true);
            canvas.fill(path.as_ref(), &paint);
            canvas.stroke(path.as_ref(), &flat(Ink(0x07081a, 0.9)), 0.5);
            let middle = (a + b) / 2.0;
            canvas.stroke(
                lines(&[wall(side, middle, low), wall(side, middle, high)], false).as_ref(),
                &flat(Ink(0x07081a, 0.8)),
                0.45,
            );
        }
    }
}

fn shop(canvas: &mut Canvas, side: f32, (near, far): (f32, f32), seed: u32) {
    let hue = [0xffb45e, 0x66e2ff, 0xff6fa8, 0xfff0c0][(seed % 4) as usize];
    let span = far - near;
    let front = [
        wall(side, near + span * 0.1, 6.0),
        wall(side, far - span * 0.1, 6.0),
        wall(side, far - span * 0.1, 38.0),
        wall(side, near + span * 0.1, 38.0),
    ];
    let path = lines(&front, true);
    canvas.fill(path.as_ref(), &linear(front[3], front[0], &[(0.0, Ink(hue, 0.95)), (1.0, Ink(0x6b2b3a, 0.9))]));
    for bar in 1..6 {
        let at = near + span * (0.1 + 0.8 * bar as f32 / 6.0);
        canvas.stroke(lines(&[wall(side, at, 6.0), wall(side, at, 38.0)], false).as_ref(), &flat(Ink(0x120d20, 0.9)), 0.7);
    }
    let awning = [
        wall(side, near + span * 0.06, 40.0),
        wall(side, far - span * 0.06, 40.0),
        wall(side, far - span * 0.06, 50.0),
        wall(side, near + span * 0.06, 50.0),
    ];
    canvas.fill(lines(&awning, true).as_ref(), &flat(ink(0x2a1030)));
    canvas.stroke(lines(&[awning[0], awning[1]], false).as_ref(), &flat(Ink(hue, 0.9)), 0.9);
    canvas.glow(front[0], 46.0 * (1.2 - near), Ink(hue, 0.32));
}

fn road(canvas: &mut Canvas) {
    let asphalt = lines(
        &[(-60.0, 400.0), (-60.0, 264.0), (FAR.0 - 26.0, HORIZON), (FAR.0 + 26.0, HORIZON), (700.0, 264.0), (700.0, 400.0)],
        true,
    );
    canvas
        .fill(asphalt.as_ref(), &vertical(HORIZON, 360.0, &[(0.0, ink(0x50305f)), (0.25, ink(0x1d1a38)), (1.0, ink(0x080a18))]));
    for side in [-1.0_f32, 1.0] {
        let kerb = [
            (FAR.0 + side * 20.0, HORIZON),
            (320.0 + side * 250.0, 380.0),
            (320.0 + side * 268.0, 380.0),
            (FAR.0 + side * 21.5, HORIZON),
        ];
        canvas.fill(lines(&kerb, true).as_ref(), &flat(Ink(0x6f5f92, 0.5)));
    }
    for dash in 0..9 {
        let t = |n: f32| 1.0 / (1.0 + n * 0.75);
        let (a, b) = (t(dash as f32), t(dash as f32 + 0.5));
        let y = |t: f32| HORIZON + (400.0 - HORIZON) * t;
        let x = |t: f32| FAR.0 + (300.0 - FAR.0) * t;
        let mark = [(x(a) - 5.0 * a, y(a)), (x(a) + 5.0 * a, y(a)), (x(b) + 5.0 * b, y(b)), (x(b) - 5.0 * b, y(b))];
        canvas.fill(lines(&mark, true).as_ref(), &flat(Ink(0xe8dfc8, 0.42)));
    }
}

fn place(sign: &Sign, letter: usize) -> (f32, f32) {
    if sign.upright { (sign.left, sign.top + letter as f32 * sign.height * 1.36) } else { (sign.left, sign.top) }
}

fn sign_pieces(sign: &Sign) -> Vec<(String, (f32, f32))> {
    if sign.upright {
        sign.text.chars().enumerate().map(|(index, letter)| (letter.to_string(), place(sign, index))).collect()
    } else {
        vec![(sign.text.to_owned(), place(sign, 0))]
    }
}

/// The size of a sign's board, without its margin.
fn board(sign: &Sign) -> (f32, f32) {
    let count = sign.text.chars().count() as f32;
    if sign.upright {
        (sign.height, (count - 1.0) * sign.height * 1.36 + sign.height)
    } else {
        (text_width(sign.text, sign.height), sign.height)
    }
}

fn brightness(sign: &Sign, seconds: f32) -> f32 {
    let buzz = chance(sign.colour, (seconds * 12.0) as u32);
    if sign.text == "BAR" && buzz > 0.7 { 0.25 } else { 0.88 + 0.12 * buzz }
}

fn neon(canvas: &mut Canvas, sign: &Sign, seconds: f32) {
    let (bright, (width, height)) = (brightness(sign, seconds), board(sign));
    let margin = sign.height * 0.32;
    let back = rect(sign.left - margin, sign.top - margin, width + 2.0 * margin, height + 2.0 * margin);
    canvas.fill(back.as_ref(), &flat(Ink(0x090817, 0.82)));
    canvas.stroke(back.as_ref(), &flat(Ink(sign.colour, 0.75 * bright)), 0.8);
    canvas.glow((sign.left + width / 2.0, sign.top + height / 2.0), width.max(height) * 1.25, Ink(sign.colour, 0.55 * bright));
    for (text, (x, y)) in sign_pieces(sign) {
        let inset = if sign.upright { (sign.height - text_width(&text, sign.height)) / 2.0 } else { 0.0 };
        let path = text_path(&text, x + inset, y, sign.height);
        for (weight, cover) in [(0.34, 0.16), (0.22, 0.3), (0.13, 0.9)] {
            canvas.stroke(path.as_ref(), &light(flat(Ink(sign.colour, cover * bright))), sign.height * weight);
        }
        canvas.stroke(path.as_ref(), &flat(Ink(0xfff4f8, 0.95 * bright)), sign.height * 0.05);
    }
}

/// Light of a sign on the wet road: streaks that shiver.
fn reflection(canvas: &mut Canvas, sign: &Sign, seconds: f32) {
    let (bright, (width, height)) = (brightness(sign, seconds), board(sign));
    let foot = 212.0 + (sign.left + width / 2.0 - 320.0).abs() * 0.17;
    for streak in 0..9_u32 {
        let t = (streak as f32 + 0.5) / 9.0;
        let shiver = (seconds * 5.0 + streak as f32 * 1.9 + sign.left).sin() * 2.4;
        let x = sign.left + width * t + shiver;
        let length = height.max(26.0) * (0.8 + 0.9 * chance(sign.colour, streak));
        let paint = light(vertical(
            foot,
            foot + length,
            &[(0.0, Ink(sign.colour, 0.05)), (0.3, Ink(sign.colour, 0.34 * bright)), (1.0, Ink(sign.colour, 0.0))],
        ));
        canvas.fill(ellipse((x, foot + length / 2.0), width / 13.0 + 1.2, length / 2.0).as_ref(), &paint);
    }
    for ripple in 0..7 {
        let y = foot + 8.0 + ripple as f32 * 7.5;
        let half = width * (0.3 + 0.4 * chance(sign.colour + 1, ripple));
        let x = sign.left + width / 2.0 + (seconds * 3.0 + ripple as f32).sin() * 4.0;
        canvas.stroke(
            lines(&[(x - half, y), (x + half, y + 0.6)], false).as_ref(),
            &light(flat(Ink(sign.colour, 0.32 * bright))),
            0.8,
        );
    }
}

fn wires(canvas: &mut Canvas, seconds: f32) {
    for index in 0..6 {
        let drop = 16.0 + index as f32 * 5.0 + (seconds * 1.1 + index as f32).sin() * 0.8;
        let y = 20.0 + index as f32 * 11.0;
        canvas.stroke(
            curve(&[(-10.0, y), (210.0, y + drop), (430.0, y + drop * 0.8), (650.0, y - 16.0)], false).as_ref(),
            &flat(Ink(0x04050d, 0.9)),
            0.7,
        );
    }
    for lantern in 0..7 {
        let x = 150.0 + lantern as f32 * 52.0;
        let sway = (seconds * 1.6 + lantern as f32 * 0.8).sin() * 2.0;
        let centre = (x + sway, 104.0 + 10.0 * (lantern as f32 * 0.52).sin());
        canvas.stroke(lines(&[(x, centre.1 - 16.0), centre], false).as_ref(), &flat(ink(0x04050d)), 0.5);
        canvas.glow(centre, 24.0, Ink(0xff6a3a, 0.6));
        canvas.fill(
            ellipse(centre, 5.2, 6.4).as_ref(),
            &vertical(centre.1 - 6.0, centre.1 + 6.0, &[(0.0, ink(0xffd08a)), (0.5, ink(0xff5a34)), (1.0, ink(0xa31d20))]),
        );
        for rib in [-2.4_f32, 0.0, 2.4] {
            canvas.stroke(
                curve(&[(centre.0, centre.1 - 6.2), (centre.0 + rib, centre.1), (centre.0, centre.1 + 6.2)], false).as_ref(),
                &flat(Ink(0x7a1418, 0.7)),
                0.4,
            );
        }
        canvas.stroke(
            lines(&[(centre.0, centre.1 + 6.4), (centre.0 + sway * 0.4, centre.1 + 12.0)], false).as_ref(),
            &flat(ink(0xffc46a)),
            0.6,
        );
    }
}

fn car(canvas: &mut Canvas, seconds: f32) {
    let x = -210.0 + seconds * 270.0;
    let y = 268.0 + (seconds * 15.0).sin() * 0.7;
    canvas.within(Transform::from_translate(x, y), |canvas| {
        let beam = lines(&[(96.0, -8.0), (330.0, -34.0), (340.0, 40.0), (96.0, 4.0)], true);
        canvas.fill(
            beam.as_ref(),
            &light(linear((96.0, 0.0), (330.0, 0.0), &[(0.0, Ink(0xfff2c8, 0.55)), (1.0, Ink(0xfff2c8, 0.0))])),
        );
        canvas.fill(ellipse((0.0, 27.0), 112.0, 7.0).as_ref(), &flat(Ink(0x03040a, 0.75)));
        let body = [
            (-98.0, 18.0),
            (-100.0, -2.0),
            (-84.0, -12.0),
            (-52.0, -15.0),
            (-30.0, -37.0),
            (26.0, -38.0),
            (54.0, -15.0),
            (90.0, -8.0),
            (101.0, 4.0),
            (98.0, 18.0),
        ];
        let shell = curve(&body, true);
        canvas.fill(
            shell.as_ref(),
            &vertical(-40.0, 24.0, &[(0.0, ink(0x7d3358)), (0.45, ink(0x3a1636)), (0.6, ink(0x631d45)), (1.0, ink(0x0d0816))]),
        );
        canvas.stroke(shell.as_ref(), &flat(Ink(0x08050f, 0.95)), 1.3);
        canvas.stroke(curve(&body[3..8], false).as_ref(), &flat(Ink(0xff9ed0, 0.9)), 0.9);
        let glass = curve(&[(-44.0, -15.0), (-26.0, -33.0), (22.0, -34.0), (44.0, -15.0), (0.0, -13.5)], true);
        canvas.fill(
            glass.as_ref(),
            &linear(
                (-44.0, -34.0),
                (44.0, -13.0),
                &[(0.0, ink(0x1c3352)), (0.5, ink(0x76b8d8)), (0.55, ink(0x1d2f50)), (1.0, ink(0x0b1024))],
            ),
        );
        canvas.stroke(lines(&[(0.0, -35.0), (2.0, 14.0)], false).as_ref(), &flat(Ink(0x0a0610, 0.8)), 0.9);
        canvas.stroke(lines(&[(-88.0, 2.0), (92.0, 4.0)], false).as_ref(), &flat(Ink(0xff86c0, 0.5)), 0.6);
        wheels(canvas, seconds);
        canvas.glow((98.0, -2.0), 34.0, Ink(0xfff6d8, 1.0));
        canvas.glow((-99.0, 0.0), 28.0, Ink(0xff2038, 0.9));
    });
    spray(canvas, x, seconds);
}

fn wheels(canvas: &mut Canvas, seconds: f32) {
    for wheel in [-60.0, 62.0] {
        canvas.fill(ellipse((wheel, 18.0), 15.0, 15.0).as_ref(), &flat(ink(0x07070d)));
        canvas.stroke(ellipse((wheel, 18.0), 9.6, 9.6).as_ref(), &flat(ink(0xa9adc2)), 1.2);
        for spoke in 0..6 {
            let (sin, cos) = (seconds * 17.0 + spoke as f32 * 1.047).sin_cos();
            canvas.stroke(
                lines(&[(wheel, 18.0), (wheel + cos * 9.0, 18.0 + sin * 9.0)], false).as_ref(),
                &flat(ink(0x8b90a8)),
                0.8,
            );
        }
    }
}

fn spray(canvas: &mut Canvas, x: f32, seconds: f32) {
    let beat = (seconds * 24.0) as u32;
    for drop in 0..70 {
        let age = chance(beat.wrapping_add(9), drop);
        let (dx, dy) = (-70.0 - age * 70.0, 288.0 - age * (1.0 - age) * 70.0 * chance(41, drop));
        canvas.fill(ellipse((x + dx, dy), 0.9 + age * 0.8, 0.8).as_ref(), &flat(Ink(0xd8e4ff, 0.5 * (1.0 - age))));
    }
}

/// A person in a long coat under an umbrella: dark, near, edged by the neon.
fn waiting_figure(canvas: &mut Canvas, seconds: f32) {
    let breath = (seconds * 1.8).sin() * 0.8;
    let turn = ease(1.4, 2.4, seconds) * 3.0;
    canvas.within(Transform::from_translate(486.0, 250.0), |canvas| {
        let coat = [
            (-18.0, -30.0 + breath),
            (-26.0, 10.0),
            (-32.0, 78.0),
            (30.0, 78.0),
            (26.0, 10.0),
            (17.0, -30.0 + breath),
            (0.0, -38.0 + breath),
        ];
        let coat = curve(&coat, true);
        for leg in [-10.0, 9.0] {
            canvas.fill(rect(leg - 4.0, 70.0, 8.0, 34.0).as_ref(), &flat(ink(0x05050c)));
        }
        canvas.fill(
            coat.as_ref(),
            &linear(
                (-32.0, 0.0),
                (30.0, 0.0),
                &[(0.0, ink(0x4a1c46)), (0.3, ink(0x12101f)), (0.75, ink(0x0b0c18)), (1.0, ink(0x24466a))],
            ),
        );
        canvas.stroke(coat.as_ref(), &flat(ink(0x04040a)), 1.0);
        canvas.stroke(
            curve(&[(-18.5, -30.0 + breath), (-26.5, 10.0), (-32.5, 78.0)], false).as_ref(),
            &flat(Ink(0xff5c9a, 0.9)),
            0.9,
        );
        canvas.stroke(
            curve(&[(17.5, -30.0 + breath), (26.5, 10.0), (30.5, 78.0)], false).as_ref(),
            &flat(Ink(0x6fd8ff, 0.9)),
            0.8,
        );
        canvas.stroke(curve(&[(1.0, -26.0), (-1.0, 20.0), (1.0, 74.0)], false).as_ref(), &flat(Ink(0x49405f, 0.8)), 0.6);
        canvas.fill(
            ellipse((turn * 0.4, -49.0 + breath), 11.0, 13.5).as_ref(),
            &linear((-10.0, 0.0), (12.0, 0.0), &[(0.0, ink(0x5b2b4d)), (0.5, ink(0x1a1526)), (1.0, ink(0x2f5677))]),
        );
        for hair in 0..16 {
            let from = (-10.0 + hair as f32 * 1.3 + turn * 0.4, -60.0 + breath + (hair as f32 - 8.0).abs() * 0.7);
            let tip = (from.0 * 1.2 + (seconds * 2.2 + hair as f32 * 0.4).sin() * 2.6, -22.0 + chance(8, hair) * 12.0);
            canvas.fill(brush(&[from, ((from.0 + tip.0) / 2.0 + from.0 * 0.2, -40.0), tip], 3.4).as_ref(), &flat(ink(0x0a0812)));
        }
        umbrella(canvas, breath);
    });
}

fn umbrella(canvas: &mut Canvas, breath: f32) {
    let top = -104.0 + breath;
    canvas.stroke(lines(&[(14.0, top), (16.0, -8.0)], false).as_ref(), &flat(ink(0x9aa0b8)), 1.1);
    let dome = [
        (-62.0, -64.0 + breath),
        (-48.0, -88.0 + breath),
        (14.0, top - 4.0),
        (76.0, -88.0 + breath),
        (90.0, -64.0 + breath),
        (66.0, -69.0 + breath),
        (40.0, -64.0 + breath),
        (14.0, -69.0 + breath),
        (-12.0, -64.0 + breath),
        (-38.0, -69.0 + breath),
    ];
    let dome = curve(&dome, true);
    canvas.fill(
        dome.as_ref(),
        &linear(
            (-62.0, top),
            (90.0, -60.0),
            &[(0.0, Ink(0xc0305e, 0.96)), (0.5, Ink(0x5c1740, 0.96)), (1.0, Ink(0x251536, 0.96))],
        ),
    );
    canvas.stroke(dome.as_ref(), &flat(Ink(0x14060f, 0.9)), 0.9);
    for rib in [-38.0, -12.0, 40.0, 66.0] {
        canvas.stroke(
            curve(&[(14.0, top - 3.0), ((14.0 + rib) * 0.5 + (rib - 14.0) * 0.18, top + 10.0), (rib, -65.0 + breath)], false)
                .as_ref(),
            &flat(Ink(0xff8db2, 0.55)),
            0.5,
        );
    }
}

fn rain(canvas: &mut Canvas, seconds: f32) {
    for layer in 0..3_u32 {
        let near = layer as f32 / 2.0;
        for drop in 0..130_u32 {
            let speed = 420.0 + 420.0 * near;
            let fall = chance(500 + layer, drop) * 460.0 + seconds * speed;
            let round = (fall / 460.0) as u32;
            let (x, y) = (chance(520 + layer + round * 3, drop) * 720.0 - 40.0, fall % 460.0 - 60.0);
            let length = 9.0 + 18.0 * near;
            canvas.stroke(
                lines(&[(x, y), (x - length * 0.16, y + length)], false).as_ref(),
                &flat(Ink(0xcfe0ff, 0.16 + 0.16 * near)),
                0.4 + 0.4 * near,
            );
        }
    }
    for ring in 0..46_u32 {
        let clock = seconds * 2.2 + chance(600, ring) * 7.0;
        let (age, round) = (clock.fract(), clock as u32);
        let (x, y) = (chance(601 + round, ring) * 640.0, 232.0 + chance(651 + round, ring) * 126.0);
        let size = age * (3.0 + (y - 226.0) * 0.07);
        canvas.stroke(ellipse((x, y), size, size * 0.36).as_ref(), &flat(Ink(0xcbd8ff, 0.5 * (1.0 - age))), 0.5);
    }
}

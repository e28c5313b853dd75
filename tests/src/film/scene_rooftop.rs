//! A figure runs along the roofs at night; the city moves in layers behind, the moon stands still.

use tiny_skia::Transform;

use super::canvas::{Canvas, Ink, brush, chance, curve, ellipse, flat, ink, light, linear, lines, radial, rect, vertical};

const MOON: (f32, f32) = (438.0, 112.0);
const ROOF: f32 = 292.0;
/// Strides a second.
const PACE: f32 = 1.55;
/// Story units a second of the roof under the runner.
const SPEED: f32 = 260.0;

pub(super) fn draw(canvas: &mut Canvas, seconds: f32) {
    sky(canvas, seconds);
    for layer in 0..4 {
        skyline(canvas, layer, seconds);
    }
    roof(canvas, seconds);
    runner(canvas, seconds);
    foreground(canvas, seconds);
}

fn sky(canvas: &mut Canvas, seconds: f32) {
    canvas.wash(&vertical(
        0.0,
        300.0,
        &[(0.0, ink(0x0b1433)), (0.45, ink(0x223a75)), (0.8, ink(0x6f6ab0)), (1.0, ink(0xe59ab0))],
    ));
    for star in 0..120_u32 {
        let twinkle = 0.3 + 0.6 * (seconds * 3.0 + star as f32 * 1.7).sin().abs();
        let radius = 0.35 + 0.5 * chance(902, star);
        canvas.fill(
            ellipse((chance(900, star) * 640.0, chance(901, star) * 190.0), radius, radius).as_ref(),
            &flat(Ink(0xf2f4ff, twinkle)),
        );
    }
    moon(canvas);
    for streak in 0..7_u32 {
        let x = (chance(910, streak) * 900.0 - seconds * (8.0 + streak as f32 * 2.0)).rem_euclid(900.0) - 200.0;
        let (y, width) = (70.0 + streak as f32 * 17.0, 120.0 + 110.0 * chance(911, streak));
        let shape = [
            (x, y),
            (x + width * 0.3, y - 5.0),
            (x + width * 0.62, y - 3.0),
            (x + width, y + 1.0),
            (x + width * 0.6, y + 3.6),
            (x + width * 0.25, y + 3.0),
        ];
        canvas.fill(
            curve(&shape, true).as_ref(),
            &linear((x, y), (x + width, y), &[(0.0, Ink(0x27366c, 0.0)), (0.4, Ink(0x2b3a74, 0.75)), (1.0, Ink(0x2b3a74, 0.0))]),
        );
    }
}

fn moon(canvas: &mut Canvas) {
    canvas.glow(MOON, 230.0, Ink(0xcfd8ff, 0.6));
    canvas.fill(
        ellipse(MOON, 66.0, 66.0).as_ref(),
        &radial((MOON.0 - 18.0, MOON.1 - 16.0), 92.0, &[(0.0, ink(0xfffdf2)), (0.7, ink(0xf3ecd6)), (1.0, ink(0xc9c3d2))]),
    );
    for crater in 0..12_u32 {
        let angle = chance(905, crater) * std::f32::consts::TAU;
        let reach = 52.0 * chance(906, crater).sqrt();
        let (centre, radius) = ((MOON.0 + angle.cos() * reach, MOON.1 + angle.sin() * reach), 3.0 + 7.0 * chance(907, crater));
        canvas.fill(ellipse(centre, radius, radius * 0.9).as_ref(), &flat(Ink(0xb9b3c6, 0.35)));
        canvas.stroke(
            curve(&[(centre.0 - radius, centre.1), (centre.0, centre.1 + radius * 0.9), (centre.0 + radius, centre.1)], false)
                .as_ref(),
            &flat(Ink(0xfffef6, 0.7)),
            0.5,
        );
    }
}

fn skyline(canvas: &mut Canvas, layer: u32, seconds: f32) {
    let near = layer as f32 / 3.0;
    let pitch = 34.0 + 20.0 * near;
    let travel = seconds * (10.0 + 90.0 * near * near) + 400.0;
    let first = (travel / pitch) as u32;
    let body = ink(0x6a68ac).towards(ink(0x2a2f6e), near.powf(0.8));
    for house in 0..(760.0 / pitch) as u32 + 3 {
        let name = first + house;
        let x = house as f32 * pitch - travel % pitch - 40.0;
        let height = 46.0 + 116.0 * chance(920 + layer, name).powf(1.4) + 14.0 * near;
        let top = 300.0 - height;
        let width = pitch * (0.72 + 0.3 * chance(924 + layer, name));
        canvas.fill(
            rect(x, top, width, height + 80.0).as_ref(),
            &vertical(top, 310.0, &[(0.0, body), (1.0, body.towards(ink(0xd98aa8), 0.5 * (1.0 - near * 0.4)))]),
        );
        canvas.stroke(lines(&[(x + width, 300.0), (x + width, top), (x, top)], false).as_ref(), &flat(Ink(0xbcc6ff, 0.34)), 0.5);
        rooftop_things(canvas, (x, top, width), name, layer);
        let (columns, rows) = ((width / 7.0) as u32, (height / 9.0) as u32);
        for pane in 0..columns * rows {
            let luck = chance(940 + layer * 64 + name % 61, pane);
            if luck > 0.66 {
                let (px, py) = (x + 3.0 + (pane % columns) as f32 * 7.0, top + 6.0 + (pane / columns) as f32 * 9.0);
                let warm = if luck > 0.9 { 0x9fe4ff } else { 0xffd08a };
                canvas.fill(rect(px, py, 2.6, 4.2).as_ref(), &flat(Ink(warm, 0.35 + 0.5 * near)));
            }
        }
    }
    let haze = 248.0 + 14.0 * near;
    canvas.fill(
        rect(-40.0, haze, 720.0, 80.0).as_ref(),
        &vertical(haze, haze + 70.0, &[(0.0, Ink(0xf0a8c0, 0.0)), (1.0, Ink(0xd490b8, 0.5 * (1.0 - near * 0.35)))]),
    );
}

fn rooftop_things(canvas: &mut Canvas, (x, top, width): (f32, f32, f32), name: u32, layer: u32) {
    let luck = chance(930 + layer, name);
    let dark = flat(Ink(0x141638, 0.85));
    if luck > 0.6 {
        let mast = x + width * 0.4;
        canvas.stroke(lines(&[(mast, top), (mast, top - 22.0)], false).as_ref(), &dark, 0.7);
        for rung in 0..3 {
            let y = top - 9.0 - rung as f32 * 5.0;
            canvas.stroke(lines(&[(mast - 5.0 + rung as f32, y), (mast + 5.0 - rung as f32, y)], false).as_ref(), &dark, 0.45);
        }
        canvas.glow((mast, top - 22.0), 5.0, Ink(0xff4a5a, 0.9));
    } else if luck > 0.3 {
        canvas.fill(rect(x + width * 0.2, top - 9.0, width * 0.3, 9.0).as_ref(), &dark);
        canvas.fill(
            lines(&[(x + width * 0.18, top - 9.0), (x + width * 0.35, top - 14.0), (x + width * 0.52, top - 9.0)], true).as_ref(),
            &dark,
        );
    }
}

fn roof(canvas: &mut Canvas, seconds: f32) {
    canvas.fill(
        rect(-20.0, ROOF, 700.0, 120.0).as_ref(),
        &vertical(ROOF, 360.0, &[(0.0, ink(0x2b2d55)), (0.12, ink(0x14152f)), (1.0, ink(0x060716))]),
    );
    canvas.stroke(lines(&[(-20.0, ROOF), (680.0, ROOF)], false).as_ref(), &flat(Ink(0xc4ccff, 0.85)), 1.0);
    // Tiles: ridges that pass under the runner.
    for tile in 0..60 {
        let x = tile as f32 * 14.0 - (seconds * SPEED) % 14.0 - 40.0;
        canvas.stroke(
            curve(&[(x, ROOF + 1.0), (x - 8.0, ROOF + 22.0), (x - 34.0, ROOF + 80.0)], false).as_ref(),
            &linear((x, ROOF), (x, 360.0), &[(0.0, Ink(0x8d94d8, 0.6)), (1.0, Ink(0x30356e, 0.25))]),
            0.8,
        );
        canvas.fill(ellipse((x, ROOF), 3.6, 2.2).as_ref(), &flat(ink(0x1c1e42)));
    }
    for course in 0..6 {
        let y = ROOF + 7.0 + (course * course) as f32 * 2.0 + course as f32 * 4.0;
        canvas.stroke(lines(&[(-20.0, y), (680.0, y)], false).as_ref(), &flat(Ink(0x05061a, 0.7)), 0.7);
    }
}

/// Two bones from a joint: where the knee (or elbow) and the foot (or hand) are.
fn limb(from: (f32, f32), lengths: (f32, f32), angles: (f32, f32)) -> [(f32, f32); 3] {
    let joint = (from.0 + angles.0.sin() * lengths.0, from.1 + angles.0.cos() * lengths.0);
    [from, joint, (joint.0 + angles.1.sin() * lengths.1, joint.1 + angles.1.cos() * lengths.1)]
}

fn leg(phase: f32, hip: (f32, f32)) -> [(f32, f32); 3] {
    let swing = phase.sin();
    let lift = (phase + 1.9).sin().max(0.0);
    let thigh = 0.25 + 0.85 * swing;
    limb(hip, (28.0, 30.0), (thigh, thigh - 0.25 - 1.55 * lift))
}

fn arm(phase: f32, shoulder: (f32, f32)) -> [(f32, f32); 3] {
    let swing = 0.1 + phase.sin() * 0.95;
    limb(shoulder, (20.0, 19.0), (swing, swing + 1.35))
}

fn draw_limb(canvas: &mut Canvas, joints: &[(f32, f32); 3], thick: f32, tone: u32) {
    let paint = flat(ink(tone));
    canvas.stroke(lines(&joints[..2], false).as_ref(), &paint, thick);
    canvas.stroke(lines(&joints[1..], false).as_ref(), &paint, thick * 0.74);
}

fn runner(canvas: &mut Canvas, seconds: f32) {
    let phase = seconds * PACE * std::f32::consts::TAU;
    let bob = (phase * 2.0).cos() * 4.0;
    let x = 214.0 + seconds * 26.0;
    canvas.fill(ellipse((x + 4.0, ROOF + 3.0), 34.0, 3.6).as_ref(), &flat(Ink(0x02030c, 0.6)));
    canvas.within(Transform::from_translate(x, ROOF - 60.0 + bob).pre_scale(1.12, 1.12), |canvas| {
        let (hip, shoulder, head) = ((0.0, 4.0), (13.0, -36.0), (21.0, -55.0));
        let (dark, far) = (0x06071a, 0x11143a);
        draw_limb(canvas, &arm(phase, shoulder), 7.0, far);
        let back = leg(phase + std::f32::consts::PI, hip);
        draw_limb(canvas, &back, 10.0, far);
        foot(canvas, &back, far);
        scarf(canvas, seconds, shoulder);
        let front = leg(phase, hip);
        let coat_tail = [
            (shoulder.0 - 9.0, shoulder.1 + 4.0),
            (-12.0, 0.0),
            (-34.0 + (phase * 1.0).sin() * 7.0, 22.0 + (phase + 1.0).cos() * 5.0),
            (-20.0, 26.0),
            (-2.0, 14.0),
            (12.0, 10.0),
            (shoulder.0 + 8.0, shoulder.1 + 2.0),
            (shoulder.0 + 1.0, shoulder.1 - 8.0),
        ];
        let coat = curve(&coat_tail, true);
        canvas.fill(coat.as_ref(), &linear((-20.0, 0.0), (22.0, -20.0), &[(0.0, ink(dark)), (1.0, ink(0x262c66))]));
        draw_limb(canvas, &front, 11.0, dark);
        foot(canvas, &front, dark);
        canvas.stroke(
            curve(&[(shoulder.0 + 9.0, shoulder.1), (13.0, -8.0), (12.5, 9.0)], false).as_ref(),
            &flat(Ink(0xd8dfff, 0.9)),
            1.0,
        );
        canvas.stroke(
            lines(&[front[0], front[1]].map(|(x, y)| (x + 5.0, y - 1.0)), false).as_ref(),
            &flat(Ink(0xd8dfff, 0.75)),
            0.8,
        );
        draw_head(canvas, head, seconds);
        draw_limb(canvas, &arm(phase + std::f32::consts::PI, shoulder), 7.6, dark);
    });
}

fn foot(canvas: &mut Canvas, joints: &[(f32, f32); 3], tone: u32) {
    let [_, knee, ankle] = *joints;
    let shin = (ankle.0 - knee.0).atan2(ankle.1 - knee.1);
    let toe = (ankle.0 + (shin + 1.45).sin() * 11.0, ankle.1 + (shin + 1.45).cos() * 11.0);
    canvas.stroke(lines(&[ankle, toe], false).as_ref(), &flat(ink(tone)), 6.0);
}

fn draw_head(canvas: &mut Canvas, (x, y): (f32, f32), seconds: f32) {
    let shape = [
        (x - 9.0, y - 4.0),
        (x - 3.0, y - 13.0),
        (x + 6.0, y - 12.0),
        (x + 10.0, y - 4.0),
        (x + 12.5, y + 1.0),
        (x + 9.6, y + 3.0),
        (x + 9.0, y + 8.5),
        (x + 2.0, y + 11.0),
        (x - 5.0, y + 7.0),
    ];
    let path = curve(&shape, true);
    canvas.fill(
        path.as_ref(),
        &linear((x - 8.0, y), (x + 13.0, y), &[(0.0, ink(0x06071a)), (0.7, ink(0x1a1f4c)), (1.0, ink(0x8f97d0))]),
    );
    canvas.stroke(curve(&shape[2..8], false).as_ref(), &flat(Ink(0xe9edff, 0.9)), 0.8);
    for hair in 0..26_u32 {
        let root = (x - 9.0 + 15.0 * chance(960, hair), y - 12.0 + 8.0 * chance(961, hair));
        let flow = (seconds * 9.0 + hair as f32 * 0.5).sin();
        let length = 20.0 + 24.0 * chance(962, hair);
        let tip = (root.0 - length, root.1 + 2.0 + flow * 5.0 + 6.0 * chance(963, hair));
        canvas.fill(brush(&[root, (root.0 - length * 0.5, root.1 - 3.0 + flow * 2.0), tip], 2.6).as_ref(), &flat(ink(0x05061a)));
        canvas.stroke(
            lines(&[(root.0 - length * 0.5, root.1 - 3.4 + flow * 2.0), tip], false).as_ref(),
            &flat(Ink(0xb9c4ff, 0.4)),
            0.3,
        );
    }
}

fn scarf(canvas: &mut Canvas, seconds: f32, from: (f32, f32)) {
    for (band, tone) in [(0.0_f32, 0x8a1630), (1.0, 0xd92c48)] {
        let ripple = |t: f32| (seconds * 10.0 - t * 5.0 + band).sin() * (2.0 + 9.0 * t);
        let edge =
            |t: f32, side: f32| (from.0 - t * 78.0, from.1 - 8.0 + band * 3.0 - t * 12.0 + ripple(t) + side * (4.6 - 1.4 * t));
        let steps = (0..=8).map(|n| n as f32 / 8.0);
        let shape: Vec<_> = steps.clone().map(|t| edge(t, -1.0)).chain(steps.rev().map(|t| edge(t, 1.0))).collect();
        let path = curve(&shape, true);
        canvas.fill(
            path.as_ref(),
            &linear((from.0, 0.0), (from.0 - 80.0, 0.0), &[(0.0, ink(tone)), (1.0, ink(tone).towards(ink(0xff8a8a), 0.35))]),
        );
        canvas.stroke(path.as_ref(), &flat(Ink(0x3a0616, 0.8)), 0.6);
    }
}

/// Cables and a water tank that rush past close to the lens.
fn foreground(canvas: &mut Canvas, seconds: f32) {
    let x = 980.0 - seconds * 430.0;
    canvas.fill(
        rect(x, 150.0, 90.0, 240.0).as_ref(),
        &linear((x, 0.0), (x + 90.0, 0.0), &[(0.0, ink(0x1a1d44)), (0.4, ink(0x04050f)), (1.0, ink(0x02020a))]),
    );
    canvas.fill(ellipse((x + 45.0, 150.0), 45.0, 12.0).as_ref(), &flat(ink(0x0b0d24)));
    canvas.stroke(ellipse((x + 45.0, 150.0), 45.0, 12.0).as_ref(), &flat(Ink(0x9aa4ea, 0.7)), 0.8);
    for line in 0..3 {
        let y = 318.0 + line as f32 * 13.0;
        let sag = (seconds * 1.3 + line as f32).sin() * 2.0;
        canvas.stroke(
            curve(&[(-20.0, y), (320.0, y + 10.0 + sag), (660.0, y - 12.0)], false).as_ref(),
            &flat(ink(0x010207)),
            1.3,
        );
    }
    for line in 0..22_u32 {
        let y = 30.0 + 290.0 * chance(970, line);
        let x = 760.0 - (seconds * 1500.0 + 1400.0 * chance(971, line)) % 1400.0;
        canvas.stroke(
            lines(&[(x, y), (x + 60.0 + 60.0 * chance(972, line), y)], false).as_ref(),
            &light(flat(Ink(0xdfe6ff, 0.14))),
            0.5,
        );
    }
}

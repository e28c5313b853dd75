//! She speaks, close, by a window in the rain.

use tiny_skia::Transform;

use super::canvas::{Canvas, Ink, brush, chance, curve, ease, ellipse, flat, ink, light, linear, lines, radial, rect, vertical};
use super::dialogue::{blink, shoulder, strands, syllables, vignette};
use super::face::{Look, Pose, draw_face};

const HER: Look = Look {
    skin: 0xffe3d2,
    shade: 0xd99a98,
    hair: 0x1b1424,
    hair_shine: 0x8f7bd0,
    iris: 0x8a5a2c,
    lips: 0xd0566a,
    line: 0x5a2833,
    jaw: 42.0,
    eye: 22.5,
    brow: 3.6,
    lash: 7.5,
    rim: (0x8fd4ff, -1.0),
};

pub(super) fn draw(canvas: &mut Canvas, seconds: f32) {
    window(canvas, seconds);
    let hurt = ease(1.5, 2.2, seconds);
    let pose = Pose {
        turn: 5.0 - 8.0 * ease(1.3, 2.0, seconds) + (seconds * 1.4).sin(),
        gaze: (0.55 - 1.1 * ease(1.2, 1.5, seconds), 0.1 + 0.25 * hurt - 0.3 * ease(2.7, 3.0, seconds)),
        lids: blink(seconds, 0.9) * (1.0 - 0.16 * hurt),
        brows: 0.2 + 0.55 * hurt,
        frown: -0.2 - 0.85 * hurt,
        mouth: syllables(seconds, 0.25, 1.35, 5).max(syllables(seconds, 2.0, 3.0, 6) * 0.8),
        smile: 0.15 - 0.75 * hurt,
    };
    let breath = (seconds * 2.3).sin() * 1.2;
    let zoom = 1.22 + seconds * 0.022;
    canvas.within(Transform::from_translate(286.0, 164.0 + breath).pre_scale(zoom * 1.05, zoom * 0.97), |canvas| {
        her_back_hair(canvas, seconds);
        her_body(canvas);
        draw_face(canvas, &HER, &pose);
        tear(canvas, &pose, seconds);
        her_front_hair(canvas, &pose, seconds);
    });
    shoulder(canvas, 1.0, 0x0b0a14, 0xffb060);
    vignette(canvas, 0x060818);
}

fn window(canvas: &mut Canvas, seconds: f32) {
    canvas.wash(&linear((0.0, 0.0), (640.0, 360.0), &[(0.0, ink(0x24506e)), (0.45, ink(0x1c3050)), (1.0, ink(0x141326))]));
    for light_index in 0..26_u32 {
        let centre = (chance(700, light_index) * 660.0 - 10.0 + seconds * 2.0, 30.0 + chance(701, light_index) * 280.0);
        let radius = 9.0 + chance(702, light_index) * 24.0;
        let colour = [0xff5d8f, 0x52d6ff, 0xffc26b, 0x9a7bff][(light_index % 4) as usize];
        let disc = light(radial(centre, radius, &[(0.0, Ink(colour, 0.26)), (0.86, Ink(colour, 0.36)), (1.0, Ink(colour, 0.0))]));
        canvas.fill(ellipse(centre, radius, radius).as_ref(), &disc);
    }
    for bar in [96.0, 470.0] {
        canvas.fill(
            rect(bar, -10.0, 13.0, 400.0).as_ref(),
            &linear((bar, 0.0), (bar + 13.0, 0.0), &[(0.0, ink(0x3f6f8c)), (0.3, ink(0x152238)), (1.0, ink(0x0a0f1e))]),
        );
    }
    canvas.fill(
        rect(-10.0, 92.0, 660.0, 9.0).as_ref(),
        &vertical(92.0, 101.0, &[(0.0, ink(0x35607c)), (0.4, ink(0x121c30)), (1.0, ink(0x0a0f1e))]),
    );
    for drop in 0..90_u32 {
        let slide = (seconds * (4.0 + 46.0 * chance(710, drop).powi(3)) + chance(711, drop) * 380.0) % 380.0 - 10.0;
        let x = chance(712, drop) * 640.0 + (slide * 0.08 + drop as f32).sin() * 2.0;
        let size = 0.9 + 1.9 * chance(713, drop);
        canvas.fill(
            brush(&[(x, slide), (x - 0.6, slide - 9.0 * size), (x + 0.4, slide - 20.0 * size)], size * 1.2).as_ref(),
            &flat(Ink(0xbfe3ff, 0.26)),
        );
        canvas.fill(ellipse((x, slide), size, size * 1.3).as_ref(), &flat(Ink(0xe4f4ff, 0.55)));
    }
}

fn her_back_hair(canvas: &mut Canvas, seconds: f32) {
    let sway = (seconds * 1.1).sin() * 3.0;
    let mass = [
        (-30.0, -122.0),
        (-78.0, -88.0),
        (-92.0, -20.0),
        (-96.0 + sway * 0.4, 70.0),
        (-112.0 + sway, 190.0),
        (104.0 + sway, 190.0),
        (94.0 + sway * 0.4, 70.0),
        (90.0, -20.0),
        (76.0, -88.0),
        (30.0, -122.0),
    ];
    let path = curve(&mass, true);
    canvas.fill(
        path.as_ref(),
        &linear(
            (-95.0, 0.0),
            (95.0, 20.0),
            &[(0.0, ink(0x3d3a66)), (0.2, ink(HER.hair)), (0.8, ink(0x0c0811)), (1.0, ink(0x251826))],
        ),
    );
    let locks: Vec<_> = (0..15)
        .map(|n| {
            let x = -84.0 + n as f32 * 12.0;
            ((x * 0.8, -80.0), (x * 1.1, 40.0), (x * 1.2 + sway, 186.0))
        })
        .collect();
    strands(canvas, &HER, &locks, 7, 720);
    canvas.stroke(
        curve(&[(-40.0, -118.0), (-79.0, -88.0), (-93.0, -20.0), (-97.0 + sway * 0.4, 70.0), (-113.0 + sway, 190.0)], false)
            .as_ref(),
        &light(flat(Ink(HER.rim.0, 0.8))),
        1.4,
    );
}

fn her_body(canvas: &mut Canvas) {
    let neck = [(-22.0, 58.0), (-24.0, 112.0), (-52.0, 130.0), (52.0, 130.0), (24.0, 112.0), (22.0, 58.0)];
    canvas.fill(
        curve(&neck, true).as_ref(),
        &vertical(70.0, 132.0, &[(0.0, ink(HER.shade).towards(ink(HER.line), 0.3)), (0.5, ink(HER.shade)), (1.0, ink(HER.skin))]),
    );
    canvas.stroke(curve(&[(-8.0, 104.0), (-14.0, 122.0), (-34.0, 130.0)], false).as_ref(), &flat(Ink(HER.line, 0.5)), 0.8);
    for side in [-1.0_f32, 1.0] {
        let coat = [
            (side * 8.0, 176.0),
            (side * 30.0, 118.0),
            (side * 62.0, 120.0),
            (side * 126.0, 142.0),
            (side * 158.0, 220.0),
            (side * 10.0, 220.0),
        ];
        let path = curve(&coat, true);
        let hue = if side < 0.0 { ink(0xd8dfee) } else { ink(0x8d8aa8) };
        canvas.fill(
            path.as_ref(),
            &linear((0.0, 110.0), (side * 150.0, 200.0), &[(0.0, hue), (1.0, hue.towards(ink(0x33304e), 0.7))]),
        );
        canvas.stroke(path.as_ref(), &flat(ink(0x35304a)), 1.3);
        let lapel = [(side * 8.0, 176.0), (side * 24.0, 124.0), (side * 46.0, 132.0), (side * 30.0, 150.0)];
        canvas.fill(lines(&lapel, true).as_ref(), &flat(hue.towards(ink(0xffffff), 0.35)));
        canvas.stroke(lines(&lapel, true).as_ref(), &flat(Ink(0x35304a, 0.9)), 0.9);
        for fold in 0..5 {
            let x = side * (60.0 + fold as f32 * 15.0);
            canvas.stroke(
                curve(&[(x, 128.0 + fold as f32 * 4.0), (x + side * 5.0, 152.0), (x - side * 3.0, 190.0)], false).as_ref(),
                &flat(Ink(0x45405c, 0.5)),
                0.6,
            );
        }
    }
    canvas.stroke(curve(&[(-24.0, 116.0), (0.0, 138.0), (24.0, 116.0)], false).as_ref(), &flat(ink(0xf0d27a)), 0.7);
    canvas.glow((0.0, 138.5), 9.0, Ink(0xfff0b0, 0.9));
}

fn tear(canvas: &mut Canvas, pose: &Pose, seconds: f32) {
    let fall = ease(2.1, 3.3, seconds);
    if fall > 0.0 {
        let at = (-34.0 + pose.turn - fall * 4.0, 22.0 + fall * 38.0);
        canvas.stroke(
            curve(&[(-32.0 + pose.turn, 19.0), ((-34.0 + pose.turn + at.0) / 2.0, (20.0 + at.1) / 2.0), at], false).as_ref(),
            &light(flat(Ink(0xe8f6ff, 0.5))),
            1.1,
        );
        canvas.fill(ellipse(at, 1.9, 2.6).as_ref(), &flat(Ink(0xf4fbff, 0.95)));
    }
}

fn her_front_hair(canvas: &mut Canvas, pose: &Pose, seconds: f32) {
    let sway = (seconds * 1.1 + 0.5).sin() * 2.4;
    let part = 14.0 + pose.turn;
    let paint = linear(
        (-80.0, -110.0),
        (80.0, 10.0),
        &[(0.0, ink(0x45406e)), (0.25, ink(HER.hair)), (0.75, ink(0x100b18)), (1.0, ink(0x2c1d30))],
    );
    let left = [
        (part, -112.0),
        (-36.0, -112.0),
        (-76.0, -76.0),
        (-84.0, -10.0),
        (-86.0 + sway, 90.0),
        (-74.0 + sway, 150.0),
        (-66.0, 60.0),
        (-64.0, 6.0),
        (-54.0, -22.0),
        (-34.0, -34.0),
        (-8.0, -58.0),
        (part - 2.0, -92.0),
    ];
    let right = [
        (part, -112.0),
        (48.0, -108.0),
        (78.0, -74.0),
        (84.0, -10.0),
        (84.0 + sway, 84.0),
        (72.0 + sway, 144.0),
        (65.0, 60.0),
        (64.0, 10.0),
        (56.0, -26.0),
        (40.0, -52.0),
        (22.0, -80.0),
    ];
    for shape in [&left[..], &right[..]] {
        let path = curve(shape, true);
        canvas.fill(path.as_ref(), &paint);
        canvas.stroke(path.as_ref(), &flat(ink(0x06040a)), 0.8);
    }
    her_strands(canvas, part, sway);
    her_loose_hair(canvas, sway, seconds);
}

fn her_strands(canvas: &mut Canvas, part: f32, sway: f32) {
    let mut locks: Vec<_> = (0..9)
        .map(|n| {
            let t = n as f32;
            (
                (part - 4.0 - t * 4.0, -108.0 + t * 0.9),
                (-22.0 - t * 5.4, -66.0 + t * 3.0),
                (-56.0 - t * 3.0 + sway * 0.3, -18.0 + t * 17.0),
            )
        })
        .collect();
    locks.extend((0..8).map(|n| {
        let t = n as f32;
        ((part + 3.0 + t * 4.0, -108.0 + t), (36.0 + t * 5.0, -74.0 + t * 4.0), (60.0 + t * 3.0 + sway * 0.3, -20.0 + t * 18.0))
    }));
    strands(canvas, &HER, &locks, 9, 730);
}

/// The ring of light that drawn hair carries, hairs that stand off, an earring.
fn her_loose_hair(canvas: &mut Canvas, sway: f32, seconds: f32) {
    for hair in 0..30_u32 {
        let t = hair as f32 / 29.0;
        let (x, y) = (-66.0 + t * 132.0, -70.0 - (t * std::f32::consts::PI).sin() * 20.0);
        let length = 5.0 + 9.0 * chance(740, hair);
        canvas.fill(
            brush(&[(x, y - length * 0.4), (x + (t - 0.5) * 5.0, y), (x + (t - 0.5) * 8.0, y + length)], 1.8).as_ref(),
            &light(flat(Ink(HER.hair_shine, 0.45))),
        );
    }
    for stray in 0..9_u32 {
        let x = -60.0 + stray as f32 * 15.0;
        let lift = (seconds * 1.7 + stray as f32).sin() * 4.0;
        canvas.stroke(
            curve(&[(x * 0.5, -112.0), (x * 1.1, -122.0 - chance(745, stray) * 8.0), (x * 1.6 + lift, -100.0 + lift)], false)
                .as_ref(),
            &flat(Ink(HER.hair, 0.8)),
            0.4,
        );
    }
    canvas.glow((-61.0, 44.0), 7.0, Ink(0xffffff, 0.9));
    canvas.stroke(lines(&[(-61.0, 34.0), (-61.0 + sway * 0.3, 52.0)], false).as_ref(), &flat(ink(0xe7edf6)), 0.8);
}

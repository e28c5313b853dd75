//! He answers, in a warm room: the reverse shot.

use tiny_skia::{Paint, Transform};

use super::canvas::{Canvas, Ink, Place, brush, chance, curve, ease, ellipse, flat, ink, light, linear, lines, rect, vertical};
use super::dialogue::{blink, shoulder, strands, syllables, vignette};
use super::face::{Look, Pose, draw_face};

const HIM: Look = Look {
    skin: 0xf0c9a8,
    shade: 0xb4796a,
    hair: 0x241a1c,
    hair_shine: 0xd09a5c,
    iris: 0x3f6f86,
    lips: 0xb8665c,
    line: 0x42211f,
    jaw: 49.0,
    eye: 18.0,
    brow: 6.4,
    lash: 2.6,
    rim: (0xffc27a, 1.0),
};

pub(super) fn draw(canvas: &mut Canvas, seconds: f32) {
    room(canvas, seconds);
    let resolve = ease(1.7, 2.4, seconds);
    let pose = Pose {
        turn: -6.0 + 3.0 * resolve + (seconds * 1.2).sin() * 0.8,
        gaze: (-0.5 + 0.25 * resolve, 0.35 - 0.4 * ease(0.5, 0.9, seconds)),
        lids: blink(seconds, 0.2) * (0.92 - 0.12 * resolve),
        brows: 0.1 - 0.6 * resolve,
        frown: 0.15 + 0.85 * resolve,
        mouth: syllables(seconds, 0.7, 1.6, 8).max(syllables(seconds, 2.1, 3.1, 9)),
        smile: -0.2 - 0.3 * resolve + 0.2 * ease(3.0, 3.3, seconds),
    };
    let breath = (seconds * 2.0).sin() * 1.2;
    let zoom = 1.18 + seconds * 0.026;
    canvas.within(Transform::from_translate(356.0, 166.0 + breath).pre_scale(zoom * 1.05, zoom * 0.97), |canvas| {
        his_body(canvas);
        let cap = [
            (-64.0, 10.0),
            (-78.0, -36.0),
            (-72.0, -92.0),
            (-20.0, -126.0),
            (44.0, -120.0),
            (78.0, -82.0),
            (76.0, -30.0),
            (64.0, 12.0),
        ];
        canvas.fill(curve(&cap, true).as_ref(), &flat(ink(0x140d10)));
        for side in [-1.0, 1.0] {
            let ear = ellipse((side * 65.0, 12.0), 8.0, 17.0);
            canvas.fill(ear.as_ref(), &flat(ink(if side > 0.0 { HIM.skin } else { HIM.shade })));
            canvas.stroke(ear.as_ref(), &flat(ink(HIM.line)), 1.1);
            canvas.stroke(
                curve(&[(side * 67.0, 2.0), (side * 69.0, 12.0), (side * 64.0, 22.0)], false).as_ref(),
                &flat(Ink(HIM.line, 0.7)),
                0.7,
            );
        }
        draw_face(canvas, &HIM, &pose);
        his_hair(canvas, seconds);
    });
    shoulder(canvas, -1.0, 0x0a0812, 0x7fc4ff);
    vignette(canvas, 0x0c0508);
}

fn room(canvas: &mut Canvas, seconds: f32) {
    canvas.wash(&linear((640.0, 0.0), (0.0, 360.0), &[(0.0, ink(0x9a5a34)), (0.4, ink(0x5a2f2c)), (1.0, ink(0x1c1020))]));
    for shelf in 0..4 {
        let y = 44.0 + shelf as f32 * 74.0;
        canvas.fill(rect(-10.0, y, 250.0, 5.0).as_ref(), &flat(Ink(0x1c0d10, 0.8)));
        for book in 0..15_u32 {
            let (x, height) = (4.0 + book as f32 * 15.4, 30.0 + 26.0 * chance(760 + shelf, book));
            let tone =
                ink([0x7d3a2c, 0x3d4a55, 0x8a6a34, 0x4a2b3f][(binding(shelf, book)) as usize]).towards(ink(0x140b12), 0.45);
            canvas.fill(
                rect(x, y - height, 13.0, height).as_ref(),
                &linear((x, 0.0), (x + 13.0, 0.0), &[(0.0, tone.towards(ink(0xffb070), 0.18)), (1.0, tone)]),
            );
            canvas.stroke(
                lines(&[(x + 2.5, y - height + 6.0), (x + 10.5, y - height + 6.0)], false).as_ref(),
                &flat(Ink(0xffcf8a, 0.4)),
                0.8,
            );
        }
    }
    let lamp = (560.0, 96.0);
    canvas.glow(lamp, 300.0, Ink(0xffb75e, 0.85 + 0.02 * (seconds * 7.0).sin()));
    canvas.stroke(lines(&[(560.0, -10.0), (560.0, 66.0)], false).as_ref(), &flat(ink(0x24120f)), 1.6);
    canvas.fill(
        lines(&[(544.0, 64.0), (576.0, 64.0), (604.0, 112.0), (516.0, 112.0)], true).as_ref(),
        &vertical(64.0, 112.0, &[(0.0, ink(0xc98a46)), (1.0, ink(0xfff0b8))]),
    );
    for slat in 0..9 {
        let x = 520.0 + slat as f32 * 10.0;
        canvas.stroke(lines(&[(545.0 + slat as f32 * 3.7, 64.0), (x, 112.0)], false).as_ref(), &flat(Ink(0x7a4318, 0.7)), 0.5);
    }
    for mote in 0..40_u32 {
        let x = 380.0 + chance(770, mote) * 260.0 + (seconds * 0.7 + mote as f32).sin() * 10.0;
        let y = (chance(771, mote) * 360.0 + seconds * 9.0) % 360.0;
        canvas.fill(ellipse((x, y), 0.8, 0.8).as_ref(), &flat(Ink(0xffe6b0, 0.5)));
    }
}

/// Which binding a book has.
fn binding(shelf: u32, book: u32) -> u32 {
    (chance(780 + shelf, book) * 3.99) as u32
}

fn his_body(canvas: &mut Canvas) {
    let neck = [(-30.0, 50.0), (-32.0, 112.0), (-60.0, 132.0), (60.0, 132.0), (32.0, 112.0), (30.0, 50.0)];
    canvas.fill(lines(&[(-31.0, 112.0), (31.0, 112.0), (0.0, 176.0)], true).as_ref(), &flat(ink(HIM.skin)));
    canvas.fill(
        curve(&neck, true).as_ref(),
        &vertical(66.0, 130.0, &[(0.0, ink(0x6a3a36)), (0.6, ink(HIM.shade)), (1.0, ink(HIM.skin))]),
    );
    canvas.fill(
        lines(&[(-34.0, 112.0), (0.0, 170.0), (34.0, 112.0), (60.0, 220.0), (-60.0, 220.0)], true).as_ref(),
        &linear((-40.0, 0.0), (40.0, 0.0), &[(0.0, ink(0x9a93a0)), (1.0, ink(0xfff3e2))]),
    );
    canvas.fill(
        lines(&[(-7.0, 160.0), (7.0, 160.0), (11.0, 172.0), (8.0, 220.0), (-8.0, 220.0), (-11.0, 172.0)], true).as_ref(),
        &vertical(158.0, 220.0, &[(0.0, ink(0xa32b34)), (1.0, ink(0x5c1420))]),
    );
    for side in [-1.0_f32, 1.0] {
        let collar = [(side * 33.0, 106.0), (side * 4.0, 158.0), (side * 26.0, 166.0), (side * 46.0, 124.0)];
        canvas.fill(lines(&collar, true).as_ref(), &flat(ink(if side > 0.0 { 0xfff6ea } else { 0xb9b2ba })));
        canvas.stroke(lines(&collar, true).as_ref(), &flat(ink(0x3a2a30)), 1.0);
        let coat =
            [(side * 16.0, 220.0), (side * 40.0, 128.0), (side * 84.0, 122.0), (side * 146.0, 148.0), (side * 180.0, 226.0)];
        let path = curve(&coat, true);
        let hue = if side > 0.0 { ink(0x4a4456) } else { ink(0x201c2c) };
        canvas.fill(
            path.as_ref(),
            &linear((0.0, 120.0), (side * 160.0, 200.0), &[(0.0, hue), (1.0, hue.towards(ink(0x0a0810), 0.5))]),
        );
        canvas.stroke(path.as_ref(), &flat(ink(0x0d0a12)), 1.3);
        canvas.stroke(
            lines(&[(side * 42.0, 130.0), (side * 30.0, 164.0), (side * 44.0, 172.0), (side * 22.0, 218.0)], false).as_ref(),
            &flat(Ink(0x0a070e, 0.9)),
            1.0,
        );
        for pin in 0..8 {
            let x = side * (56.0 + pin as f32 * 11.0);
            canvas.stroke(
                lines(&[(x, 126.0 + pin as f32 * 3.0), (x + side * 12.0, 222.0)], false).as_ref(),
                &flat(Ink(0x9a90a8, 0.22)),
                0.4,
            );
        }
    }
    canvas.stroke(
        curve(&[(60.0, 122.0), (100.0, 125.0), (147.0, 147.0), (180.0, 222.0)], false).as_ref(),
        &light(flat(Ink(HIM.rim.0, 0.85))),
        1.6,
    );
}

fn his_hair(canvas: &mut Canvas, seconds: f32) {
    let wind = (seconds * 1.5).sin() * 1.4;
    let fringe = [
        [(-70.0, -60.0), (-74.0, -20.0), (-64.0, 16.0), (-56.0, -30.0)],
        [(-62.0, -96.0), (-70.0, -50.0), (-58.0 + wind, -10.0), (-40.0, -64.0)],
        [(-44.0, -112.0), (-52.0, -60.0), (-30.0 + wind, -16.0), (-16.0, -76.0)],
        [(-16.0, -120.0), (-30.0, -70.0), (0.0 + wind, -26.0), (14.0, -84.0)],
        [(14.0, -122.0), (2.0, -76.0), (30.0 + wind, -34.0), (42.0, -88.0)],
        [(42.0, -112.0), (34.0, -72.0), (58.0 + wind, -22.0), (66.0, -78.0)],
        [(64.0, -92.0), (58.0, -48.0), (66.0, 14.0), (76.0, -40.0)],
    ];
    let crown = [
        (-76.0, -40.0),
        (-76.0, -90.0),
        (-40.0, -124.0),
        (6.0, -134.0),
        (52.0, -122.0),
        (80.0, -86.0),
        (77.0, -40.0),
        (56.0, -74.0),
        (10.0, -88.0),
        (-40.0, -78.0),
    ];
    let paint = linear(
        (-76.0, -60.0),
        (80.0, -90.0),
        &[(0.0, ink(0x120b0f)), (0.6, ink(HIM.hair)), (0.85, ink(0x4a3228)), (1.0, ink(0x8a5c38))],
    );
    canvas.fill(curve(&crown, true).as_ref(), &paint);
    for lock in &fringe {
        let path = curve(lock, true);
        canvas.fill(path.as_ref(), &paint);
        canvas.stroke(curve(&lock[1..], false).as_ref(), &flat(ink(0x080406)), 0.7);
    }
    his_strands(canvas, &fringe);
    his_spikes(canvas, &paint, wind);
}

fn his_strands(canvas: &mut Canvas, fringe: &[[Place; 4]]) {
    let locks: Vec<_> = fringe
        .iter()
        .map(|lock| {
            (
                ((lock[0].0 + lock[3].0) / 2.0, lock[0].1 - 6.0),
                ((lock[1].0 + lock[3].0) / 2.0, (lock[1].1 + lock[3].1) / 2.0),
                lock[2],
            )
        })
        .collect();
    strands(canvas, &HIM, &locks, 11, 790);
    let crowns: Vec<_> = (0..12)
        .map(|n| {
            let x = -60.0 + n as f32 * 11.0;
            ((6.0 + x * 0.3, -130.0 + x.abs() * 0.12), (x * 0.9, -116.0 + x.abs() * 0.2), (x * 1.12, -78.0 + x.abs() * 0.3))
        })
        .collect();
    strands(canvas, &HIM, &crowns, 7, 800);
}

/// The crown's loose ends against the light.
fn his_spikes(canvas: &mut Canvas, paint: &Paint<'_>, wind: f32) {
    for spike in 0..12_u32 {
        let x = -66.0 + spike as f32 * 12.0;
        let root = (x, -118.0 + (x - 6.0).abs() * 0.42);
        let tip = (x * 1.14 + wind * 2.0 + (chance(810, spike) - 0.3) * 10.0, root.1 - 9.0 - chance(811, spike) * 10.0);
        canvas.fill(
            brush(&[(root.0, root.1 + 8.0), ((root.0 + tip.0) / 2.0 - 1.5, (root.1 + tip.1) / 2.0), tip], 6.0).as_ref(),
            paint,
        );
    }
    canvas.stroke(
        curve(&[(30.0, -130.0), (56.0, -121.0), (81.0, -86.0), (78.0, -38.0)], false).as_ref(),
        &light(flat(Ink(HIM.rim.0, 0.9))),
        1.8,
    );
}

//! People close: head and shoulders. A bust is 100 units high and stands on its origin; drawn ones have the film's face.

use shotfarm_tests::film::canvas::{Canvas, Ink, brush, chance, curve, ellipse, flat, ink, linear, lines, radial};
use shotfarm_tests::film::face::{Look, Pose as FacePose, draw_face};
use tiny_skia::Transform;

use super::person::Wear;

/// What a talking head does at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Talk {
    pub(super) seconds: f32,
    /// -1 to the left, 1 to the right.
    pub(super) facing: f32,
}

impl Talk {
    fn mouth(&self) -> f32 {
        let beat = (self.seconds * 7.0).sin().max(0.0) * (0.4 + 0.6 * (self.seconds * 1.7).sin().abs());
        if (self.seconds * 0.9).sin() > -0.4 { beat } else { 0.0 }
    }

    fn lids(&self) -> f32 {
        let since = (self.seconds + 0.4) % 2.3;
        if since < 0.14 { (since / 0.07 - 1.0).abs() } else { 1.0 }
    }
}

/// Somebody as a camera sees them.
pub(super) fn live_bust(canvas: &mut Canvas, wear: &Wear, talk: &Talk) {
    let sway = (talk.seconds * 1.4).sin() * 1.1;
    let turn = talk.facing * 3.4;
    if wear.long_hair {
        let back = [(-20.0 + sway, -84.0), (-25.0, -56.0), (-22.0, -30.0), (21.0, -30.0), (24.0, -56.0), (20.0 + sway, -84.0)];
        canvas.fill(curve(&back, true).as_ref(), &flat(ink(wear.hair).towards(ink(0), 0.25)));
    }
    let broad = 38.0 * wear.build;
    let body = [
        (-9.0, -33.0),
        (-broad * 0.72, -26.0),
        (-broad, -8.0),
        (-broad, 3.0),
        (broad, 3.0),
        (broad, -8.0),
        (broad * 0.72, -26.0),
        (9.0, -33.0),
    ];
    let cloth = ink(wear.y);
    let cloth = [(0.0, cloth.towards(ink(0xffffff), 0.14)), (0.5, cloth), (1.0, cloth.towards(ink(0x05050a), 0.45))];
    canvas.fill(curve(&body, true).as_ref(), &linear((-broad, -20.0), (broad, 0.0), &cloth));
    canvas.stroke(curve(&[(-10.0, -32.0), (0.0, -22.0), (10.0, -32.0)], false).as_ref(), &flat(Ink(0x0a0a10, 0.4)), 1.4);
    let neck = ink(wear.skin).towards(ink(0x3a140c), 0.3);
    let throat = [(-8.0, -48.0), (-8.6, -31.0), (0.0, -25.0), (8.6, -31.0), (8.0, -48.0)];
    canvas.fill(curve(&throat, true).as_ref(), &flat(neck));
    canvas.within(Transform::from_translate(sway + turn * 0.3, (talk.seconds * 2.0).cos() * 0.5), |canvas| {
        live_head(canvas, wear, talk, turn);
    });
}

fn live_head(canvas: &mut Canvas, wear: &Wear, talk: &Talk, turn: f32) {
    let skin = ink(wear.skin);
    let outline = [
        (-17.5, -72.0),
        (-16.4, -56.0),
        (-9.0, -42.6),
        (turn * 0.3, -39.0 - talk.mouth() * 0.2),
        (9.0, -42.6),
        (16.4, -56.0),
        (17.5, -72.0),
        (10.0, -90.0),
        (-10.0, -90.0),
    ];
    let path = curve(&outline, true);
    for side in [-1.0, 1.0] {
        canvas.fill(ellipse((side * 17.4, -62.0), 2.6, 4.8).as_ref(), &flat(skin.towards(ink(0x6a2418), 0.35)));
    }
    let light = [(0.0, skin.towards(ink(0xffffff), 0.2)), (0.5, skin), (1.0, skin.towards(ink(0x2a0e08), 0.5))];
    canvas.fill(path.as_ref(), &radial((-6.0 + turn, -68.0), 34.0, &light));
    for side in [-1.0, 1.0] {
        let cheek = (side * 9.0 + turn, -55.0);
        let blush = [(0.0, Ink(0xd05a4c, 0.24)), (1.0, Ink(0xd05a4c, 0.0))];
        canvas.fill(ellipse(cheek, 6.0, 5.0).as_ref(), &radial(cheek, 6.0, &blush));
        eye(canvas, wear, talk, (side * 7.2 + turn, -65.0), side);
    }
    let dark = skin.towards(ink(0x3a120a), 0.55);
    canvas.stroke(
        curve(&[(turn * 1.1 + 0.8, -65.0), (turn * 1.5 + 2.0, -57.4), (turn * 1.3 - 2.0, -55.6)], false).as_ref(),
        &flat(Ink(dark.0, 0.7)),
        1.0,
    );
    let open = 0.7 + talk.mouth() * 3.2;
    canvas.fill(ellipse((turn * 1.1, -49.0), 5.6, open + 1.1).as_ref(), &flat(ink(0xa2504a).towards(skin, 0.25)));
    canvas.fill(ellipse((turn * 1.1, -49.0), 4.4, open * 0.7).as_ref(), &flat(ink(0x3a0f10)));
    hair(canvas, wear, turn);
}

fn eye(canvas: &mut Canvas, wear: &Wear, talk: &Talk, (x, y): (f32, f32), side: f32) {
    let lids = talk.lids();
    canvas.fill(ellipse((x, y), 3.5, 1.9 * lids + 0.2).as_ref(), &flat(ink(0xf4efe9)));
    canvas.fill(ellipse((x + talk.facing * 0.9, y), 1.7, 1.75 * lids).as_ref(), &flat(ink(0x2a1a12)));
    canvas.fill(ellipse((x + talk.facing * 0.9 - 0.5, y - 0.6), 0.45, 0.45 * lids).as_ref(), &flat(ink(0xffffff)));
    let lid = [(x - 3.8, y + 0.2), (x, y - 2.2 * lids), (x + 3.8, y + 0.2)];
    canvas.stroke(curve(&lid, false).as_ref(), &flat(Ink(0x1e100c, 0.9)), 0.8);
    let brow = [(x - side * 3.6, y - 5.0), (x, y - 6.3), (x + side * 4.6, y - 4.8)];
    canvas.fill(brush(&brow, 1.8).as_ref(), &flat(ink(wear.hair)));
}

fn hair(canvas: &mut Canvas, wear: &Wear, turn: f32) {
    let mass = [
        (-18.6, -64.0),
        (-19.6, -82.0),
        (-9.0, -97.0),
        (9.0, -97.5),
        (19.6, -82.0),
        (18.6, -64.0),
        (15.0 + turn * 0.4, -79.0),
        (2.0 + turn, -83.0),
        (-14.0 + turn * 0.4, -78.0),
    ];
    let colour = ink(wear.hair);
    let shine = [(0.0, colour.towards(ink(0xffffff), 0.16)), (0.4, colour), (1.0, colour.towards(ink(0), 0.4))];
    canvas.fill(curve(&mass, true).as_ref(), &linear((-16.0, -96.0), (18.0, -70.0), &shine));
    for strand in 0..26 {
        let from = (-17.0 + strand as f32 * 1.36, -94.0 + (strand as f32 - 13.0).abs() * 0.6);
        let to = (from.0 * 1.04 + chance(5, strand) * 2.0, from.1 + 9.0 + 6.0 * chance(6, strand));
        canvas.stroke(lines(&[from, to], false).as_ref(), &flat(Ink(if strand % 3 == 0 { 0xffffff } else { 0 }, 0.14)), 0.5);
    }
}

/// The film's own face, on shoulders in flat colours.
pub(super) fn drawn_bust(canvas: &mut Canvas, wear: &Wear, talk: &Talk) {
    let look = Look {
        skin: wear.skin,
        shade: ink(wear.skin).towards(ink(0x803040), 0.35).0,
        hair: wear.hair,
        hair_shine: 0x9aa0d0,
        iris: 0x4a6ab0,
        lips: 0xc85a68,
        line: 0x3a1c26,
        jaw: if wear.long_hair { 42.0 } else { 47.0 },
        eye: 22.0,
        brow: if wear.long_hair { 3.6 } else { 5.4 },
        lash: if wear.long_hair { 7.0 } else { 3.0 },
        rim: (0xcfe6ff, -1.0),
    };
    let pose = FacePose {
        turn: talk.facing * 9.0 + (talk.seconds * 1.1).sin() * 1.5,
        gaze: (talk.facing * 0.5, 0.1),
        lids: talk.lids(),
        brows: 0.2 * (talk.seconds * 1.3).sin(),
        frown: 0.1,
        mouth: talk.mouth() * 0.8,
        smile: 0.2,
    };
    // A head of 190 of the film's units is 62 of ours.
    let scale = 62.0 / 190.0;
    let line = flat(ink(look.line));
    canvas.within(Transform::from_translate((talk.seconds * 1.3).sin(), -66.0).pre_scale(scale, scale), |canvas| {
        if wear.long_hair {
            let back = [
                (-30.0, -122.0),
                (-88.0, -70.0),
                (-96.0, 60.0),
                (-78.0, 130.0),
                (78.0, 130.0),
                (96.0, 60.0),
                (88.0, -70.0),
                (30.0, -122.0),
            ];
            let path = curve(&back, true);
            canvas.fill(path.as_ref(), &flat(ink(look.hair).towards(ink(0), 0.3)));
            canvas.stroke(path.as_ref(), &line, 3.0);
        }
        let neck = [(-24.0, 58.0), (-26.0, 116.0), (26.0, 116.0), (24.0, 58.0)];
        canvas.fill(lines(&neck, true).as_ref(), &flat(ink(look.shade)));
    });
    drawn_shoulders(canvas, wear, look.line);
    canvas.within(Transform::from_translate((talk.seconds * 1.3).sin(), -66.0).pre_scale(scale, scale), |canvas| {
        draw_face(canvas, &look, &pose);
        let fringe = [
            (-70.0, 10.0),
            (-78.0, -60.0),
            (-40.0, -112.0),
            (20.0, -118.0),
            (72.0, -76.0),
            (70.0, 6.0),
            (52.0, -38.0),
            (24.0, -22.0),
            (4.0, -44.0),
            (-20.0, -18.0),
            (-46.0, -40.0),
        ];
        let path = curve(&fringe, true);
        canvas.fill(path.as_ref(), &flat(ink(look.hair)));
        canvas.stroke(path.as_ref(), &line, 3.0);
        canvas.fill(brush(&[(-50.0, -86.0), (0.0, -100.0), (48.0, -84.0)], 7.0).as_ref(), &flat(Ink(look.hair_shine, 0.7)));
    });
}

fn drawn_shoulders(canvas: &mut Canvas, wear: &Wear, line: u32) {
    let broad = 37.0 * wear.build;
    let body = [
        (-8.0, -32.0),
        (-broad * 0.7, -26.0),
        (-broad, -6.0),
        (-broad, 3.0),
        (broad, 3.0),
        (broad, -6.0),
        (broad * 0.7, -26.0),
        (8.0, -32.0),
    ];
    let path = curve(&body, true);
    canvas.fill(path.as_ref(), &flat(ink(wear.y)));
    canvas.stroke(path.as_ref(), &flat(ink(line)), 1.0);
    canvas.stroke(lines(&[(-9.0, -31.0), (0.0, -16.0), (9.0, -31.0)], false).as_ref(), &flat(ink(line)), 1.0);
    let fold = flat(Ink(line, 0.6));
    canvas.stroke(curve(&[(-broad * 0.6, -18.0), (-broad * 0.5, -8.0), (-broad * 0.55, 3.0)], false).as_ref(), &fold, 0.8);
}

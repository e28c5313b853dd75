//! Sunrise: the camera pushes along layered mountains, fog drifts, birds cross.

use tiny_skia::Transform;

use super::canvas::{
    Canvas, Ink, brush, chance, curve, ease, ellipse, flat, ink, light, linear, lines, radial, rect, vertical, wave,
};

const SUN: (f32, f32) = (398.0, 168.0);
const LAYERS: u32 = 6;

pub(super) fn draw(canvas: &mut Canvas, seconds: f32) {
    let rise = ease(0.0, 5.0, seconds);
    sky(canvas, seconds, rise);
    for layer in 0..LAYERS {
        let depth = layer as f32 / (LAYERS - 1) as f32;
        let push = 1.0 + seconds * 0.012 * (0.4 + depth * 3.2);
        let about = Transform::from_translate(SUN.0, 190.0).pre_scale(push, push).pre_translate(-SUN.0, -190.0);
        canvas.within(about, |canvas| {
            ridge(canvas, layer, seconds, rise);
            if layer == 3 {
                pagoda(canvas, 172.0, 214.0);
            }
        });
        fog(canvas, layer, seconds);
        if layer == 2 {
            birds(canvas, seconds);
        }
    }
    pines(canvas, seconds);
}

fn sky(canvas: &mut Canvas, seconds: f32, rise: f32) {
    let sun = (SUN.0, SUN.1 - rise * 26.0);
    canvas.wash(&vertical(
        0.0,
        230.0,
        &[
            (0.0, ink(0x27345f).towards(ink(0x3a5590), rise)),
            (0.4, ink(0x7a5a86).towards(ink(0xb27f97), rise)),
            (0.75, ink(0xe58a6b).towards(ink(0xf9ac72), rise)),
            (1.0, ink(0xffd08a)),
        ],
    ));
    canvas.glow(sun, 300.0, Ink(0xffc074, 0.75));
    for index in 0..18 {
        let angle = index as f32 * 0.349 + seconds * 0.03;
        let (a, b) = (angle.sin_cos(), (angle + 0.06).sin_cos());
        let beam = lines(&[sun, (sun.0 + a.1 * 420.0, sun.1 + a.0 * 420.0), (sun.0 + b.1 * 420.0, sun.1 + b.0 * 420.0)], true);
        canvas.fill(beam.as_ref(), &light(radial(sun, 400.0, &[(0.0, Ink(0xffe0a0, 0.14)), (1.0, Ink(0xffe0a0, 0.0))])));
    }
    for index in 0..9 {
        cloud(canvas, index, seconds);
    }
    canvas.fill(
        ellipse(sun, 31.0, 31.0).as_ref(),
        &radial(sun, 31.0, &[(0.0, ink(0xfffbe8)), (0.8, ink(0xffe9b0)), (1.0, ink(0xffcf86))]),
    );
}

fn cloud(canvas: &mut Canvas, index: u32, seconds: f32) {
    let y = 26.0 + index as f32 * 15.0;
    let x = (chance(21, index) * 760.0 + seconds * (3.0 + index as f32 * 0.7)) % 860.0 - 130.0;
    let width = 70.0 + chance(22, index) * 90.0;
    let top: Vec<_> = (0..=10)
        .map(|n| (x + n as f32 * width / 10.0, y - (n as f32 * 0.314).sin() * (4.0 + 7.0 * wave(index, n as f32))))
        .collect();
    let bottom = (1..10).rev().map(|n| (x + n as f32 * width / 10.0, y + (n as f32 * 0.314).sin() * 2.6));
    let shape: Vec<_> = top.iter().copied().chain(bottom).collect();
    canvas.fill(
        curve(&shape, true).as_ref(),
        &vertical(y - 10.0, y + 3.0, &[(0.0, Ink(0xffe3c4, 0.5)), (1.0, Ink(0xe0788a, 0.28))]),
    );
    canvas.stroke(curve(&top, false).as_ref(), &flat(Ink(0xfff4dc, 0.55)), 0.5);
}

fn ridge_points(layer: u32) -> Vec<(f32, f32)> {
    let depth = layer as f32 / (LAYERS - 1) as f32;
    let (base, height) = (170.0 + depth * 118.0, 74.0 - depth * 14.0);
    (0..=130)
        .map(|step| {
            let x = -40.0 + step as f32 * 5.6;
            let u = x / 640.0;
            let shape =
                wave(40 + layer, u * 4.0 + 0.3) * 0.62 + wave(60 + layer, u * 11.0) * 0.26 + wave(80 + layer, u * 34.0) * 0.12;
            (x, base - height * (shape * 1.5 - 0.42))
        })
        .collect()
}

fn ridge(canvas: &mut Canvas, layer: u32, seconds: f32, rise: f32) {
    let depth = layer as f32 / (LAYERS - 1) as f32;
    let crest = ridge_points(layer);
    let mut shape = crest.clone();
    shape.extend([(760.0, 460.0), (-120.0, 460.0)]);
    let far = ink(0xc98292).towards(ink(0xd99a8c), rise);
    let body = far.towards(ink(0x16213c), depth.powf(0.7));
    let foot = body.towards(ink(0xffc795), 0.45 * (1.0 - depth));
    let top = 120.0 + depth * 100.0;
    let path = lines(&shape, true);
    canvas.fill(path.as_ref(), &vertical(top, top + 120.0, &[(0.0, body), (1.0, foot)]));
    canvas.inside(path.as_ref(), |canvas| {
        // Creases run down from the crest, lit on the side of the sun.
        for step in (2..crest.len() - 2).step_by(3) {
            let (x, y) = crest[step];
            let lean = if x < SUN.0 { 1.0 } else { -1.0 };
            let length = 14.0 + 40.0 * chance(90 + layer, step as u32);
            let fold = brush(&[(x, y), (x + lean * length * 0.34, y + length * 0.5), (x + lean * length * 0.3, y + length)], 3.0);
            canvas.fill(fold.as_ref(), &flat(Ink(0xffc48d, (0.30 - depth * 0.2) * (0.5 + rise))));
            let shade = brush(&[(x, y), (x - lean * length * 0.5, y + length * 0.5), (x - lean * length * 0.8, y + length)], 4.0);
            canvas.fill(shade.as_ref(), &flat(Ink(0x1a1d3e, 0.16)));
        }
    });
    canvas.stroke(lines(&crest, false).as_ref(), &flat(Ink(0xffdcae, 0.55 - depth * 0.42 + 0.03 * seconds.sin())), 0.8);
}

fn fog(canvas: &mut Canvas, layer: u32, seconds: f32) {
    let depth = layer as f32 / (LAYERS - 1) as f32;
    for bank in 0..4_u32 {
        let seed = 120 + layer * 7;
        let drift = seconds * (9.0 + 12.0 * depth) + chance(seed, bank) * 900.0;
        let centre = (drift % 960.0 - 160.0, 170.0 + depth * 112.0 + 16.0 * chance(seed + 1, bank));
        let (rx, ry) = (150.0 + 80.0 * chance(seed + 2, bank), 20.0 + 12.0 * chance(seed + 3, bank));
        let squash = Transform::from_translate(centre.0, centre.1).pre_scale(1.0, ry / rx);
        canvas.within(squash, |canvas| {
            let strength = 0.62 - 0.3 * depth;
            let paint = radial(
                (0.0, 0.0),
                rx,
                &[(0.0, Ink(0xffe2c8, strength)), (0.5, Ink(0xffd2bd, strength * 0.45)), (1.0, Ink(0xffd2bd, 0.0))],
            );
            canvas.fill(ellipse((0.0, 0.0), rx, rx).as_ref(), &paint);
        });
    }
}

fn pagoda(canvas: &mut Canvas, x: f32, y: f32) {
    let dark = flat(ink(0x4a3557));
    for floor in 0..5 {
        let (half, top) = (19.0 - floor as f32 * 2.9, y - floor as f32 * 13.0);
        canvas.fill(rect(x - half * 0.62, top - 11.0, half * 1.24, 12.0).as_ref(), &dark);
        for column in -2_i32..=2 {
            let cx = x + column as f32 * half * 0.26;
            canvas.fill(rect(cx - 0.8, top - 7.6, 1.6, 4.6).as_ref(), &flat(ink(0xffc765)));
        }
        let roof = [
            (x - half - 4.0, top - 9.4),
            (x - half * 0.6, top - 12.0),
            (x, top - 16.4),
            (x + half * 0.6, top - 12.0),
            (x + half + 4.0, top - 9.4),
            (x, top - 10.0),
        ];
        canvas.fill(curve(&roof, true).as_ref(), &flat(ink(0x2d2140)));
        canvas.stroke(curve(&roof[2..5], false).as_ref(), &flat(Ink(0xffd9a0, 0.9)), 0.6);
    }
    canvas.stroke(lines(&[(x, y - 66.0), (x, y - 84.0)], false).as_ref(), &dark, 1.1);
}

fn birds(canvas: &mut Canvas, seconds: f32) {
    for index in 0..11 {
        let (row, side) = ((index as f32 / 2.0).ceil(), if index % 2 == 0 { 1.0 } else { -1.0 });
        let x = 70.0 + seconds * 42.0 - row * 15.0 + chance(31, index) * 5.0;
        let y = 118.0 - seconds * 7.0 + row * 7.5 * side + (seconds * 2.0 + index as f32).sin() * 2.0;
        let flap = (seconds * 10.0 + index as f32 * 1.3).sin();
        let (span, lift) = (7.5 - row * 0.4, flap * 4.0);
        let wing = |side: f32| brush(&[(x, y), (x + side * span * 0.5, y - 2.6 - lift * 0.6), (x + side * span, y - lift)], 1.7);
        for side in [-1.0, 1.0] {
            canvas.fill(wing(side).as_ref(), &flat(ink(0x2a2340)));
        }
    }
}

fn pines(canvas: &mut Canvas, seconds: f32) {
    for (index, (x, base, height)) in
        [(34.0, 372.0, 214.0), (92.0, 380.0, 150.0), (604.0, 376.0, 240.0), (548.0, 384.0, 140.0)].into_iter().enumerate()
    {
        let travel = (x - 320.0_f32).signum() * seconds * 7.0;
        let sway = (seconds * 1.3 + index as f32).sin() * 2.2;
        let dark = linear((x, base - height), (x, base), &[(0.0, ink(0x1d2140)), (1.0, ink(0x070a18))]);
        let trunk =
            brush(&[(x + travel, base), (x + travel + sway * 0.4, base - height * 0.5), (x + travel + sway, base - height)], 7.0);
        canvas.fill(trunk.as_ref(), &dark);
        for branch in 0..34_u32 {
            let up = branch as f32 / 34.0;
            let (side, seed) = (if branch % 2 == 0 { 1.0 } else { -1.0 }, 200 + index as u32);
            let reach = (1.0 - up) * (34.0 + 20.0 * chance(seed, branch)) + 4.0;
            let from = (x + travel + sway * up, base - height * (0.16 + 0.84 * up));
            let tip = (from.0 + side * reach + sway, from.1 + reach * 0.34);
            let bough = brush(&[from, (from.0 + side * reach * 0.5, from.1 + reach * 0.06), tip], 4.2);
            canvas.fill(bough.as_ref(), &dark);
            for needle in 1..8 {
                let t = needle as f32 / 8.0;
                let at = (from.0 + (tip.0 - from.0) * t, from.1 + (tip.1 - from.1) * t * t + reach * 0.04);
                canvas.stroke(lines(&[at, (at.0 + side * 3.0, at.1 + 6.5 * (1.2 - t))], false).as_ref(), &dark, 0.7);
            }
        }
    }
}

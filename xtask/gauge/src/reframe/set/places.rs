//! Where shots are set: streets, parks, rooms, shores, hills. A place is a few layers of one width, the nearer the faster they
//! pass when the camera pans.

use shotfarm_tests::film::Size;
use shotfarm_tests::film::canvas::{Canvas, Ink, chance, curve, ellipse, flat, ink, lines, radial, rect, vertical, wave};
use tiny_skia::{Pixmap, Transform};

use super::layer::{Style, Surface, painted, surfaced};

/// A kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Street,
    Park,
    Room,
    Office,
    Shore,
    Hills,
    Night,
}

/// One layer of a place.
pub(super) struct Plane {
    pub(super) paint: Pixmap,
    /// How fast it passes beside what stands with the subjects: 0 stays, 1 goes with the ground.
    pub(super) pace: f32,
}

/// Pixels of a place beyond each side of the picture: cameras shake.
pub(super) const SPARE: u32 = 24;

/// Pixels of a place above and below the picture, for the same reason.
pub(super) const RISE: u32 = 8;
const RISE_PIXELS: f32 = RISE as f32;

/// A place as wide as the picture and a way of `travel` pixels to the right.
pub(super) fn planes(place: Place, seed: u32, size: Size, travel: f32, style: Style) -> Vec<Plane> {
    let plane = |pace: f32, grain: f32, paint: &dyn Fn(&mut Canvas, f32, f32)| {
        let width = size.width + (travel.abs() * pace).ceil() as u32 + 2 * SPARE;
        let taller = Size { width, height: size.height + 2 * RISE };
        let mut layer = painted(taller, |canvas| {
            canvas.within(Transform::from_translate(0.0, RISE_PIXELS), |canvas| paint(canvas, width as f32, size.height as f32));
        })?;
        if style == Style::Live {
            let bump = (size.height as f32 / 40.0).max(3.0);
            surfaced(&mut layer, Surface { grain, bump, shade: 0.0, seed: seed ^ 0x51 }, (0.0, 0.0));
        }
        Some(Plane { paint: layer, pace })
    };
    let planes = match place {
        Place::Street => vec![
            plane(0.0, 0.02, &|canvas, w, h| sky(canvas, w, h, 0x8fb2d4, 0xdce4e6)),
            plane(0.4, 0.12, &|canvas, w, h| houses(canvas, w, h, seed, 0.62, DAY)),
            plane(1.0, 0.22, &|canvas, w, h| pavement(canvas, w, h, seed)),
        ],
        Place::Park => vec![
            plane(0.0, 0.02, &|canvas, w, h| sky(canvas, w, h, 0x86b4e0, 0xe8efe6)),
            plane(0.35, 0.2, &|canvas, w, h| woods(canvas, w, h, seed)),
            plane(1.0, 0.28, &|canvas, w, h| lawn(canvas, w, h, seed)),
        ],
        Place::Room => vec![plane(1.0, 0.08, &|canvas, w, h| room(canvas, w, h, seed))],
        Place::Office => vec![plane(1.0, 0.06, &|canvas, w, h| office(canvas, w, h, seed))],
        Place::Shore => vec![
            plane(0.0, 0.02, &|canvas, w, h| sky(canvas, w, h, 0x6f9cc8, 0xf2d9b8)),
            plane(0.15, 0.1, &|canvas, w, h| sea(canvas, w, h, seed)),
            plane(1.0, 0.2, &|canvas, w, h| sand(canvas, w, h, seed)),
        ],
        Place::Hills => vec![
            plane(0.0, 0.02, &|canvas, w, h| sky(canvas, w, h, 0x7a94c0, 0xf0dcc8)),
            plane(0.2, 0.1, &|canvas, w, h| ridge(canvas, w, h, seed, 0.48, 0x8090a8)),
            plane(0.5, 0.16, &|canvas, w, h| ridge(canvas, w, h, seed ^ 1, 0.62, 0x5c7868)),
            plane(1.0, 0.26, &|canvas, w, h| ridge(canvas, w, h, seed ^ 2, 0.8, 0x4c6240)),
        ],
        Place::Night => vec![
            plane(0.0, 0.02, &|canvas, w, h| sky(canvas, w, h, 0x0c1428, 0x2c3450)),
            plane(0.4, 0.1, &|canvas, w, h| houses(canvas, w, h, seed, 0.66, DARK)),
            plane(1.0, 0.2, &|canvas, w, h| wet_street(canvas, w, h, seed)),
        ],
    };
    planes.into_iter().flatten().collect()
}

fn sky(canvas: &mut Canvas, w: f32, h: f32, high: u32, low: u32) {
    canvas.fill(
        rect(0.0, -RISE_PIXELS, w, h + 2.0 * RISE_PIXELS).as_ref(),
        &vertical(0.0, h * 0.7, &[(0.0, ink(high)), (1.0, ink(low))]),
    );
    for cloud in 0..6 {
        let at = (chance(high, cloud) * w, chance(high ^ 4, cloud) * h * 0.3);
        let radius = h * (0.08 + 0.14 * chance(high ^ 8, cloud));
        let soft = [(0.0, Ink(0xffffff, 0.22)), (1.0, Ink(0xffffff, 0.0))];
        canvas.fill(ellipse(at, radius * 2.0, radius).as_ref(), &radial(at, radius * 1.4, &soft));
    }
}

/// The colours of walls, and of windows dark and lit.
type Walls = ([u32; 5], u32, u32);
const DAY: Walls = ([0xb0795c, 0xc9b79c, 0x8d8f94, 0xa8624e, 0x7f8c7a], 0x3c4a58, 0xaac4d2);
const DARK: Walls = ([0x1e222e, 0x262434, 0x1a2430, 0x2a2228, 0x20283a], 0x10141c, 0xf0c878);

fn houses(canvas: &mut Canvas, w: f32, h: f32, seed: u32, ground: f32, (walls, dark, lit): Walls) {
    let mut x = -10.0;
    let mut house = 0;
    while x < w {
        let (width, top) = (h * (0.3 + 0.3 * chance(seed, house)), h * (0.04 + 0.3 * chance(seed ^ 2, house)));
        let wall = ink(walls[(chance(seed ^ 3, house) * 5.0) as usize % 5]);
        let shade = [(0.0, wall), (1.0, wall.towards(ink(0x14141c), 0.3))];
        canvas.fill(rect(x, top, width, h * ground - top).as_ref(), &vertical(top, h * ground, &shade));
        canvas.fill(rect(x - 2.0, top - 3.0, width + RISE_PIXELS, 4.0).as_ref(), &flat(wall.towards(ink(0x101014), 0.5)));
        let (pitch_x, pitch_y) = (h * 0.085, h * 0.11);
        for row in 0..((h * ground - top) / pitch_y) as u32 {
            for column in 0..(width / pitch_x) as u32 {
                let glass = if chance(seed ^ house, row * 31 + column) < 0.35 { lit } else { dark };
                let at = (x + 5.0 + column as f32 * pitch_x, top + 8.0 + row as f32 * pitch_y);
                canvas.fill(rect(at.0, at.1, pitch_x * 0.55, pitch_y * 0.6).as_ref(), &flat(ink(glass)));
            }
        }
        x += width;
        house += 1;
    }
}

fn pavement(canvas: &mut Canvas, w: f32, h: f32, seed: u32) {
    let grey = [(0.0, ink(0x9a978f)), (0.4, ink(0x77757a)), (1.0, ink(0x56565c))];
    canvas.fill(rect(0.0, h * 0.62, w, h * 0.38 + RISE_PIXELS).as_ref(), &vertical(h * 0.62, h, &grey));
    canvas.fill(rect(0.0, h * 0.76, w, h * 0.02).as_ref(), &flat(ink(0xb8b4a8)));
    let joints = flat(Ink(0x2c2c30, 0.4));
    for slab in 0..(w / 34.0) as u32 {
        let x = slab as f32 * 34.0;
        canvas.stroke(lines(&[(x, h * 0.62), (x - 14.0, h * 0.76)], false).as_ref(), &joints, 1.0);
    }
    for post in 0..(w / (h * 0.9)) as u32 + 1 {
        let x = h * (0.25 + 0.9 * post as f32 + 0.2 * chance(seed, post));
        canvas.fill(rect(x, h * 0.2, h * 0.014, h * 0.46).as_ref(), &flat(ink(0x34383c)));
        canvas.fill(ellipse((x + h * 0.007, h * 0.19), h * 0.03, h * 0.022).as_ref(), &flat(ink(0xe8e4d0)));
    }
}

fn wet_street(canvas: &mut Canvas, w: f32, h: f32, seed: u32) {
    let tar = [(0.0, ink(0x1a1e2a)), (1.0, ink(0x0a0c12))];
    canvas.fill(rect(0.0, h * 0.66, w, h * 0.34 + RISE_PIXELS).as_ref(), &vertical(h * 0.66, h, &tar));
    for light in 0..(w / 50.0) as u32 {
        let x = chance(seed ^ 6, light) * w;
        let colour = [0xffb060, 0x60c0ff, 0xff5080, 0xf0f0d0][(light % 4) as usize];
        let glow = [(0.0, Ink(colour, 0.3)), (1.0, Ink(colour, 0.0))];
        canvas.fill(rect(x, h * 0.68, h * 0.03, h * 0.25).as_ref(), &vertical(h * 0.68, h * 0.93, &glow));
        canvas.fill(ellipse((x + h * 0.015, h * 0.62), h * 0.012, h * 0.012).as_ref(), &flat(ink(colour)));
    }
}

fn woods(canvas: &mut Canvas, w: f32, h: f32, seed: u32) {
    for tree in 0..(w / (h * 0.1)) as u32 + 2 {
        let x = tree as f32 * h * 0.1 + chance(seed, tree) * h * 0.08;
        let crown = h * (0.1 + 0.1 * chance(seed ^ 1, tree));
        let centre = (x, h * 0.58 - crown);
        canvas.fill(rect(x - h * 0.008, h * 0.5, h * 0.016, h * 0.12).as_ref(), &flat(ink(0x4a3828)));
        for clump in 0..14 {
            let turn = chance(seed ^ tree, clump) * std::f32::consts::TAU;
            let at = (centre.0 + turn.cos() * crown * 0.7, centre.1 + turn.sin() * crown * 0.8);
            let green = ink(0x628a4c).towards(ink(0x23402a), chance(seed ^ tree, clump + 40));
            canvas.fill(ellipse(at, crown * 0.42, crown * 0.36).as_ref(), &flat(green));
        }
    }
}

fn lawn(canvas: &mut Canvas, w: f32, h: f32, seed: u32) {
    let green = [(0.0, ink(0x7a9a54)), (0.5, ink(0x5c8040)), (1.0, ink(0x3c5c30))];
    canvas.fill(rect(0.0, h * 0.58, w, h * 0.42 + RISE_PIXELS).as_ref(), &vertical(h * 0.58, h, &green));
    let path = [
        (0.0, h * 0.8),
        (w * 0.3, h * 0.77),
        (w * 0.7, h * 0.79),
        (w, h * 0.76),
        (w, h * 0.88),
        (w * 0.6, h * 0.9),
        (0.0, h * 0.93),
    ];
    canvas.fill(curve(&path, true).as_ref(), &flat(ink(0xb4a888)));
    for blade in 0..(w * 0.6) as u32 {
        let at = (chance(seed ^ 11, blade) * w, h * (0.6 + 0.4 * chance(seed ^ 12, blade)));
        canvas.stroke(lines(&[at, (at.0 + 1.5, at.1 - 4.0)], false).as_ref(), &flat(Ink(0x2c4a20, 0.5)), 0.9);
    }
}

fn room(canvas: &mut Canvas, w: f32, h: f32, seed: u32) {
    let wall = ink([0xb8a890, 0x8fa0a8, 0xa89a9c, 0x94a48a][(chance(seed, 0) * 4.0) as usize % 4]);
    canvas.fill(
        rect(0.0, -RISE_PIXELS, w, h + 2.0 * RISE_PIXELS).as_ref(),
        &vertical(0.0, h, &[(0.0, wall.towards(ink(0xffffff), 0.2)), (1.0, wall)]),
    );
    canvas.fill(
        rect(0.0, h * 0.8, w, h * 0.2 + RISE_PIXELS).as_ref(),
        &vertical(h * 0.8, h, &[(0.0, ink(0x7a5a40)), (1.0, ink(0x4c3626))]),
    );
    canvas.fill(rect(0.0, h * 0.77, w, h * 0.03).as_ref(), &flat(wall.towards(ink(0xffffff), 0.5)));
    let pane = w * (0.08 + 0.5 * chance(seed, 1));
    canvas.fill(rect(pane - 5.0, h * 0.1, h * 0.42, h * 0.45).as_ref(), &flat(ink(0xe8e4d8)));
    let day = [(0.0, ink(0xb8d4ec)), (1.0, ink(0xe4ecd8))];
    canvas.fill(rect(pane, h * 0.12, h * 0.38, h * 0.41).as_ref(), &vertical(h * 0.12, h * 0.53, &day));
    canvas.fill(rect(pane + h * 0.185, h * 0.12, 4.0, h * 0.41).as_ref(), &flat(ink(0xe8e4d8)));
    let shelf = w * (0.55 + 0.2 * chance(seed, 2));
    canvas.fill(rect(shelf, h * 0.18, h * 0.5, h * 0.6).as_ref(), &flat(ink(0x5e4430)));
    for row in 0..4 {
        let y = h * (0.2 + 0.145 * row as f32);
        canvas.fill(rect(shelf + 3.0, y, h * 0.5 - 6.0, h * 0.125).as_ref(), &flat(ink(0x3a2a1e)));
        let mut x = shelf + 5.0;
        for book in 0..14 {
            let (thick, tall) =
                (h * (0.018 + 0.02 * chance(seed ^ 5, row * 20 + book)), h * (0.08 + 0.04 * chance(seed ^ 6, row * 20 + book)));
            if x + thick > shelf + h * 0.5 - 5.0 {
                break;
            }
            let spine =
                [0x8c3a34, 0x3a5a7c, 0xc0a878, 0x4a6a4a, 0x6a5a70][(chance(seed ^ 7, row * 20 + book) * 5.0) as usize % 5];
            canvas.fill(rect(x, y + h * 0.125 - tall, thick - 1.0, tall).as_ref(), &flat(ink(spine)));
            x += thick;
        }
    }
}

fn office(canvas: &mut Canvas, w: f32, h: f32, seed: u32) {
    let wall = [(0.0, ink(0xd4d8da)), (0.75, ink(0xb4bcc2)), (0.76, ink(0x7c8288)), (1.0, ink(0x5a6068))];
    canvas.fill(rect(0.0, -RISE_PIXELS, w, h + 2.0 * RISE_PIXELS).as_ref(), &vertical(0.0, h, &wall));
    for pane in 0..(w / (h * 0.32)) as u32 + 1 {
        let x = pane as f32 * h * 0.32 + h * 0.03;
        let sky = [(0.0, ink(0x8ab0d0)), (1.0, ink(0xdce4e0))];
        canvas.fill(rect(x, h * 0.08, h * 0.26, h * 0.44).as_ref(), &vertical(h * 0.08, h * 0.52, &sky));
        for slat in 0..9 {
            canvas.fill(rect(x, h * (0.09 + 0.047 * slat as f32), h * 0.26, h * 0.006).as_ref(), &flat(Ink(0xf4f4f0, 0.8)));
        }
    }
    for desk in 0..(w / (h * 0.7)) as u32 + 1 {
        let x = h * (0.7 * desk as f32 + 0.1 + 0.2 * chance(seed, desk));
        canvas.fill(rect(x, h * 0.7, h * 0.44, h * 0.03).as_ref(), &flat(ink(0x8a6a48)));
        canvas.fill(rect(x + h * 0.02, h * 0.73, h * 0.02, h * 0.16).as_ref(), &flat(ink(0x4a4a50)));
        canvas.fill(rect(x + h * 0.4, h * 0.73, h * 0.02, h * 0.16).as_ref(), &flat(ink(0x4a4a50)));
        canvas.fill(rect(x + h * 0.12, h * 0.56, h * 0.2, h * 0.12).as_ref(), &flat(ink(0x22262c)));
        canvas.fill(rect(x + h * 0.13, h * 0.57, h * 0.18, h * 0.1).as_ref(), &flat(ink(0x506a88)));
    }
}

fn sea(canvas: &mut Canvas, w: f32, h: f32, seed: u32) {
    let water = [(0.0, ink(0x6c94ac)), (0.5, ink(0x3f6f8c)), (1.0, ink(0x4c8094))];
    canvas.fill(rect(0.0, h * 0.46, w, h * 0.34).as_ref(), &vertical(h * 0.46, h * 0.8, &water));
    for crest in 0..(w * 0.5) as u32 {
        let (x, depth) = (chance(seed, crest) * w, chance(seed ^ 1, crest));
        let y = h * (0.47 + 0.3 * depth);
        let line = [(x, y), (x + 5.0 + depth * 12.0, y - 0.8 - depth), (x + 10.0 + depth * 24.0, y)];
        canvas.stroke(curve(&line, false).as_ref(), &flat(Ink(0xe4f0f2, 0.2 + 0.25 * depth)), 0.6 + depth);
    }
}

fn sand(canvas: &mut Canvas, w: f32, h: f32, seed: u32) {
    let edge = (0..=(w / 20.0) as u32 + 1).map(|step| (step as f32 * 20.0, h * (0.75 + 0.03 * wave(seed, step as f32 * 0.3))));
    let mut beach = edge.collect::<Vec<_>>();
    beach.extend([(w + 20.0, h + RISE_PIXELS), (-4.0, h + RISE_PIXELS)]);
    let colour = [(0.0, ink(0xb89c74)), (0.3, ink(0xd8c098)), (1.0, ink(0xb09468))];
    canvas.fill(lines(&beach, true).as_ref(), &vertical(h * 0.74, h, &colour));
    for stone in 0..(w / 9.0) as u32 {
        let at = (chance(seed ^ 3, stone) * w, h * (0.82 + 0.18 * chance(seed ^ 4, stone)));
        canvas.fill(ellipse(at, 2.0 + 2.0 * chance(seed, stone), 1.2).as_ref(), &flat(Ink(0x6a5638, 0.6)));
    }
}

fn ridge(canvas: &mut Canvas, w: f32, h: f32, seed: u32, height: f32, colour: u32) {
    let steps = (w / 12.0) as u32 + 1;
    let top = |step: u32| h * (height - 0.16 * wave(seed, step as f32 * 0.11) - 0.03 * wave(seed ^ 9, step as f32 * 0.7));
    let mut points = (0..=steps).map(|step| (step as f32 * 12.0, top(step))).collect::<Vec<_>>();
    points.extend([(w + 12.0, h + RISE_PIXELS), (-4.0, h + RISE_PIXELS)]);
    let shade = [(0.0, ink(colour).towards(ink(0xffffff), 0.15)), (1.0, ink(colour).towards(ink(0x0c140c), 0.4))];
    canvas.fill(lines(&points, true).as_ref(), &vertical(h * (height - 0.18), h, &shade));
    for bush in 0..(w / 14.0) as u32 {
        let x = chance(seed ^ 21, bush) * w;
        let y = top((x / 12.0) as u32) + h * 0.3 * chance(seed ^ 22, bush) + 4.0;
        let dark = ink(colour).towards(ink(0x141c14), 0.5);
        canvas.fill(ellipse((x, y), 3.0 + 6.0 * chance(seed ^ 23, bush), 3.0).as_ref(), &flat(Ink(dark.0, 0.7)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_structure_and_covers_the_picture() {
        let size = Size { width: 120, height: 68 };
        for place in [Place::Street, Place::Park, Place::Room, Place::Office, Place::Shore, Place::Hills, Place::Night] {
            let planes = planes(place, 5, size, 40.0, Style::Live);
            let far = planes.first().map(|plane| plane.paint.pixels().iter().filter(|pixel| pixel.alpha() < 250).count());
            assert_eq!(far, Some(0), "{place:?} has no holes");
            for plane in &planes {
                assert_eq!(plane.paint.width(), 120 + (40.0 * plane.pace).ceil() as u32 + 2 * SPARE, "{place:?}");
                let codes = plane.paint.pixels().iter().filter(|pixel| pixel.alpha() > 200).map(|pixel| pixel.green());
                let (low, high) = codes.fold((255, 0), |(low, high), code| (code.min(low), code.max(high)));
                assert!(high - low > 12, "{place:?} at {} is not flat: {low} to {high}", plane.pace);
            }
        }
    }
}

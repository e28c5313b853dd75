//! Looks: the device against the twins to the bit, and what is found in pictures of which it is known.

use proptest::prelude::*;
use shotfarm_shared::frames::FrameRate;
use shotfarm_shared::media::{FrameLayout, PixelFormat, Range};
use shotfarm_worker::gpu::{Graph, record_look, twins};
use shotfarm_worker::reframe::analyse::seen;
use shotfarm_worker::reframe::{Cell, Look, Seen, analyse_frames};

use crate::common::{flat, frame, layout, noise, picture, software_gpu};

fn look(layout: &FrameLayout, frames: u64) -> Look {
    // Two a second, so that every frame is seen in full.
    Look::of(layout.extent, FrameRate::new(2, 1).expect("a rate"), frames)
}

/// What the twins find: the first frame stands in front of itself.
fn found(layout: &FrameLayout, frames: &[Vec<u8>]) -> Vec<Seen> {
    let look = look(layout, frames.len() as u64);
    let all = std::iter::once(&frames[0]).chain(frames).collect::<Vec<_>>();
    let features = twins::run_numbered(&record_look(&look, layout), &all, -1);
    features[1..].iter().zip(0..).map(|(features, frame)| seen(&look, frame, features, None)).collect()
}

fn cells(seen: &Seen) -> &[Cell] {
    seen.full.as_ref().expect("seen in full").cells()
}

/// A frame whose luma is a function of the place, without colour.
fn drawn(layout: &FrameLayout, luma: impl Fn(i32, i32) -> f64) -> Vec<u8> {
    let mut codes = Vec::new();
    for y in 0..layout.extent.height as i32 {
        for x in 0..layout.extent.width as i32 {
            codes.push((16.0 + 219.0 * luma(x, y).clamp(0.0, 1.0)).round() as u16);
        }
    }
    codes.resize(layout.frame_bytes(), 128);
    frame(layout, &codes)
}

/// Soft texture without a period that a search could mistake for a way: random values six pixels apart, and between them a mean.
fn texture(x: f64, y: f64) -> f64 {
    let value = |column: f64, row: f64| {
        let mut state = (column as i32 as u32).wrapping_mul(0x9e37_79b1) ^ (row as i32 as u32).wrapping_mul(0x85eb_ca6b);
        state = (state ^ (state >> 15)).wrapping_mul(0x2c1b_3c6d);
        f64::from((state ^ (state >> 12)) & 0xff) / 255.0
    };
    let (column, row) = ((x / 6.0).floor(), (y / 6.0).floor());
    let ease = |part: f64| part * part * (3.0 - 2.0 * part);
    let (right, down) = (ease(x / 6.0 - column), ease(y / 6.0 - row));
    let across = |row: f64| value(column, row) * (1.0 - right) + value(column + 1.0, row) * right;
    across(row) * (1.0 - down) + across(row + 1.0) * down
}

#[test]
fn the_device_finds_what_the_twins_find_to_the_bit() {
    let gpu = software_gpu();
    let formats = [PixelFormat::Yuv420p, PixelFormat::Yuv422p10le, PixelFormat::Yuv444p];
    for ((width, height), format) in [(64, 36), (35, 61), (700, 44)].into_iter().zip(formats) {
        let mut layout = layout(width, height, format);
        layout.colour.range = if format == PixelFormat::Yuv444p { Range::Full } else { Range::Limited };
        let recording = record_look(&look(&layout, 3), &layout);
        let frames = [picture(&layout), noise(&layout, 3), picture(&layout)];
        let expected = twins::run_frames(&recording, &frames);
        let mut graph = Graph::new(&gpu, &recording).expect("compiles");
        for ((frame, number), expected) in frames.iter().zip(0..).zip(&expected) {
            let mut out = Vec::new();
            graph.submit(frame, number).expect("submits");
            graph.next(&mut out).expect("comes out");
            assert!(out == *expected, "{width}x{height} {}: frame {number} differs", format.name());
        }
    }
}

#[test]
fn frames_in_process_are_looked_at_as_the_twins_do() {
    let layout = layout(64, 36, PixelFormat::Yuv420p);
    let frames = (0..7).map(|seed| noise(&layout, seed + 1)).collect::<Vec<_>>();
    let findings = analyse_frames(&software_gpu(), &layout, &look(&layout, 7), &frames).expect("looked at");
    assert_eq!(findings.seen, found(&layout, &frames));
    let fewer = analyse_frames(&software_gpu(), &layout, &look(&layout, 8), &frames);
    assert!(fewer.is_err(), "a frame is missing");
}

#[test]
fn depth_and_range_change_nothing_that_is_seen() {
    let eight = layout(64, 36, PixelFormat::Yuv420p);
    let ten = layout(64, 36, PixelFormat::Yuv420p10le);
    let grey = |layout: &FrameLayout, luma: u16| {
        found(layout, &[flat(layout, [luma, 128 << (layout.format.bits() - 8), 400])])[0].clone()
    };
    let mut full = eight.clone();
    full.colour.range = Range::Full;
    let luma = |seen: &Seen| cells(seen)[0].luma;
    assert_eq!(luma(&found(&eight, &[flat(&eight, [126, 128, 128])])[0]), 128);
    assert_eq!(luma(&grey(&ten, 504)), 128);
    assert_eq!(luma(&found(&full, &[flat(&full, [128, 128, 128])])[0]), 128);
}

#[test]
fn a_pan_is_motion_and_leaves_next_to_nothing() {
    let layout = layout(320, 180, PixelFormat::Yuv420p);
    // The picture moves by 5.5 to the right and 3 up in each frame.
    let at = |frame: f64| drawn(&layout, move |x, y| texture(f64::from(x) - 5.5 * frame, f64::from(y) + 3.0 * frame));
    let seen = &found(&layout, &[at(0.0), at(1.0)])[1];
    let inner = |index: usize| (5..35).contains(&(index % 40)) && (5..18).contains(&(index / 40));
    let right = cells(seen).iter().enumerate().filter(|(index, _)| inner(*index)).map(|(_, cell)| cell);
    let off = right.clone().filter(|cell| (cell.motion[0] - 22).abs() > 1 || (cell.motion[1] + 12).abs() > 1).count();
    assert!(50 * off <= right.clone().count(), "{off} of {} cells are more than a quarter of a pixel off", right.count());
    assert!(seen.change > 8.0 && seen.residual < seen.change / 6.0, "{} {}", seen.change, seen.residual);
}

#[test]
fn what_moves_in_front_of_a_still_picture_moves_alone() {
    let layout = layout(320, 180, PixelFormat::Yuv420p);
    let ball = |x: f64| {
        drawn(&layout, move |px, py| {
            let inside = (f64::from(px) - x).hypot(f64::from(py) - 90.0) < 24.0;
            if inside {
                texture(3.0 * (f64::from(px) - x), f64::from(py)) * 0.8 + 0.3
            } else {
                texture(f64::from(px), f64::from(py)) * 0.4
            }
        })
    };
    let seen = &found(&layout, &[ball(150.0), ball(158.0)])[1];
    let moving =
        cells(seen).iter().enumerate().filter(|(_, cell)| cell.motion[0] >= 28).map(|(index, _)| index).collect::<Vec<_>>();
    assert!(moving.len() >= 12, "{moving:?}");
    let near = |index: &usize| (14..=24).contains(&(index % 40)) && (6..=16).contains(&(index / 40));
    assert!(moving.iter().all(near), "{moving:?}");
    let best = cells(seen).iter().enumerate().max_by_key(|(_, cell)| cell.contrast).map(|(index, _)| index);
    assert!(best.is_some_and(|index| near(&index)), "the ball stands out most: {best:?}");
}

#[test]
fn letters_stand_still_where_all_else_moves() {
    let layout = layout(320, 180, PixelFormat::Yuv420p);
    let at = |frame: f64| {
        drawn(&layout, move |x, y| {
            let letters = (100..220).contains(&x) && (152..160).contains(&y) && x % 5 < 2;
            if letters { 0.95 } else { texture(f64::from(x) + 7.0 * frame, f64::from(y)) }
        })
    };
    let seen = &found(&layout, &[at(0.0), at(1.0)])[1];
    let mean = |inside: bool, of: fn(&Cell) -> u8| {
        let own = |index: usize| index / 40 == 19 && (13..27).contains(&(index % 40));
        let values =
            cells(seen).iter().enumerate().filter(|(index, _)| own(*index) == inside).map(|(_, cell)| f64::from(of(cell)));
        values.clone().sum::<f64>() / values.count() as f64
    };
    assert!(mean(true, |cell| cell.still_edges) > 10.0 * mean(false, |cell| cell.still_edges).max(1.0));
    assert!(mean(true, |cell| cell.strokes) > 10.0 * mean(false, |cell| cell.strokes).max(1.0));
}

#[test]
fn skin_is_told_from_what_is_only_warm() {
    let layout = layout(32, 32, PixelFormat::Yuv420p);
    let skin = |codes: [u16; 3]| cells(&found(&layout, &[flat(&layout, codes)])[0])[0].skin;
    // Faces light and dark, in light and shade, and drawn.
    for codes in [[165, 108, 150], [190, 112, 146], [90, 115, 145], [200, 109, 149]] {
        assert_eq!(skin(codes), 255, "{codes:?}");
    }
    // Grey, stone, grass, sky, red cloth, sand, wood in sunlight.
    for codes in
        [[126, 128, 128], [121, 121, 137], [170, 70, 128], [180, 150, 110], [90, 100, 210], [180, 118, 134], [140, 70, 150]]
    {
        assert_eq!(skin(codes), 0, "{codes:?}");
    }
}

#[test]
fn a_cut_is_another_histogram_and_bars_are_dark() {
    let layout = layout(64, 36, PixelFormat::Yuv420p);
    let barred = |luma: f64| drawn(&layout, move |_, y| if (6..30).contains(&y) { luma } else { 0.0 });
    let seen = found(&layout, &[barred(0.3), barred(0.3), barred(0.8)]);
    assert_eq!([&seen[0], &seen[1]].map(|seen| (seen.change, seen.residual, seen.histogram)), [(0.0, 0.0, 0.0); 2]);
    assert!((seen[2].histogram - 24.0 / 36.0).abs() < 1e-6 && seen[2].change > 50.0, "{:?}", seen[2].histogram);
    let rows = &seen[2].full.as_ref().expect("seen in full").brightest[..36];
    assert_eq!(rows.iter().map(|luma| *luma > 0).collect::<Vec<_>>(), (0..36).map(|y| (6..30).contains(&y)).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the frames and their size, the numbers keep to what is said of them.
    #[test]
    fn numbers_keep_their_bounds(width in 1_u32..40, height in 1_u32..40, seeds in proptest::collection::vec(1_u32..1_000, 1..4)) {
        let layout = layout(2 * width, 2 * height, PixelFormat::Yuv420p);
        let frames = seeds.iter().map(|seed| noise(&layout, *seed)).collect::<Vec<_>>();
        for seen in found(&layout, &frames) {
            prop_assert!((0.0..=1.0).contains(&seen.histogram));
            prop_assert!(seen.residual <= seen.change && seen.change <= 765.0);
            for cell in cells(&seen) {
                prop_assert!(cell.residual <= cell.change && cell.still_edges <= cell.edges, "{:?}", cell);
            }
        }
    }
}

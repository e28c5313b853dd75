//! The whole plan on made-up findings.

use proptest::prelude::*;
use shotfarm_shared::media::Extent;
use shotfarm_shared::recipe::{Reframe, Step};
use shotfarm_shared::track::{Camera, Key, Layout, Track, TrackFor, Window};

use super::testing::{Painter, hash, rate};
use super::{ACCELERATION_MAX, PlanError, plan};
use crate::reframe::findings::Cell;

fn recipe(text: &str) -> Reframe {
    match text.parse() {
        Ok(Step::Reframe(reframe)) => reframe,
        other => panic!("{text}: {other:?}"),
    }
}

fn shot(painter: &Painter, target: Extent) -> TrackFor {
    let look = &painter.findings.look;
    TrackFor { source: look.source, pixel_aspect: 1.0, frames: look.frames, target }
}

const TALL: Extent = Extent { width: 360, height: 640 };

fn planned(painter: &Painter, text: &str) -> Track {
    let shot = shot(painter, TALL);
    let track = plan(&shot, rate(), &recipe(text), &painter.findings, None).expect("a track");
    assert_eq!(track.check(&shot), Ok(()));
    track
}

fn figure(x: f64) -> Window {
    Window { x, y: 100.0, width: 80.0, height: 230.0 }
}

fn painted(frames: u64, figures: &[&dyn Fn(u64) -> Option<Window>]) -> Painter {
    let mut painter = Painter::new(640, 360, frames);
    painter.background(5);
    for (seed, figure) in figures.iter().enumerate() {
        painter.figure(seed as u64 + 3, figure);
    }
    painter.measure(1.0);
    painter
}

fn held(track: &Track, figure: impl Fn(u64) -> Window) -> f64 {
    let frames = track.frames.expect("a whole track");
    let inside = |frame: &u64| track.stretch_at(*frame).expect("a stretch").windows_at(*frame).0.holds(&figure(*frame), 2.0);
    (0..frames).filter(inside).count() as f64 / frames as f64
}

#[test]
fn one_who_walks_is_followed_and_one_who_stands_is_not() {
    let walk = |frame: u64| figure(10.0 + 5.0 * frame as f64);
    let track = planned(&painted(96, &[&|frame| Some(walk(frame))]), "reframe 9:16");
    assert!(matches!(track.stretches[0].camera, Camera::Follow | Camera::Pan), "{}", track.stretches[0].told());
    assert!(held(&track, walk) > 0.97, "{}: {}", held(&track, walk), track.stretches[0].told());
    let track = planned(&painted(96, &[&|_| Some(figure(430.0))]), "reframe 9:16");
    assert_eq!(track.stretches[0].camera, Camera::Steady);
    assert!(held(&track, |_| figure(430.0)) == 1.0, "{}", track.stretches[0].told());
}

#[test]
fn a_window_never_goes_across_a_cut() {
    let mut painter = Painter::new(640, 360, 72);
    painter.background(5);
    painter.paint(|frame, column, row, cell| {
        if frame >= 30 {
            cell.luma = 20 + (hash(u64::from(row * 64 + column)) % 40) as u8;
        }
    });
    let at = |frame: u64| figure(if frame < 30 { 60.0 } else { 480.0 });
    painter.figure(3, |frame| Some(at(frame)));
    painter.measure(1.0);
    let track = planned(&painter, "reframe 9:16");
    let cuts = track.stretches.iter().map(|stretch| (stretch.first, stretch.end)).collect::<Vec<_>>();
    assert_eq!(cuts, [(0, 30), (30, 72)]);
    assert_eq!(held(&track, at), 1.0, "{:?}", track.stretches);
}

#[test]
fn two_far_apart_are_split_or_as_the_recipe_prefers() {
    let mut painter = Painter::new(1920, 1080, 120);
    let face = |x: f64| Window { x, y: 300.0, width: 140.0, height: 180.0 };
    painter.faces(|_| vec![(face(200.0), 0.9), (face(1500.0), 0.88)]);
    painter.keep_seen();
    let split = planned(&painter, "reframe 9:16");
    let stretch = &split.stretches[0];
    assert_eq!((stretch.layout, stretch.camera), (Layout::Split, Camera::Steady), "{}", stretch.told());
    assert!(stretch.windows[0].holds(&face(200.0), 0.0) && stretch.second[0].holds(&face(1500.0), 0.0));
    assert!(stretch.windows[0].right() < 1500.0 && stretch.second[0].x > 340.0, "{stretch:?}");
    assert!(stretch.why.contains("two people, 1300 px apart, do not fit: split"), "{}", stretch.why);
    let pan = &planned(&painter, "reframe 9:16 overflow=pan").stretches[0];
    assert_eq!((pan.layout, pan.camera), (Layout::Crop, Camera::Pan), "{}", pan.told());
    assert!(pan.windows[0].holds(&face(200.0), 1.0) && pan.windows[119].holds(&face(1500.0), 1.0), "{pan:?}");
    let fit = &planned(&painter, "reframe 9:16 overflow=fit").stretches[0];
    assert_eq!((fit.layout, fit.camera), (Layout::Fit, Camera::Steady));
    assert!(fit.windows[0].holds(&face(200.0), 0.0) && fit.windows[0].holds(&face(1500.0), 0.0));
    let none = &planned(&painter, "reframe 9:16 overflow=none").stretches[0];
    assert_eq!(none.layout, Layout::Crop);
    assert!(none.windows[0].holds(&face(200.0), 0.0), "{}", none.told());
}

#[test]
fn two_that_fit_share_a_window() {
    let mut painter = Painter::new(1920, 1080, 48);
    let face = |x: f64| Window { x, y: 300.0, width: 90.0, height: 120.0 };
    painter.faces(|_| vec![(face(800.0), 0.9), (face(1050.0), 0.88)]);
    painter.keep_seen();
    let stretch = &planned(&painter, "reframe 9:16").stretches[0];
    assert_eq!((stretch.layout, stretch.camera), (Layout::Crop, Camera::Steady), "{}", stretch.told());
    assert!(stretch.windows[0].holds(&face(800.0), 0.0) && stretch.windows[0].holds(&face(1050.0), 0.0));
}

#[test]
fn hands_win() {
    let painter = painted(96, &[&|frame| Some(figure(10.0 + 5.0 * frame as f64))]);
    let shot = shot(&painter, TALL);
    let key = |frame: u64, x: f64| Key { frame, x: Some(x), y: None, height: None, layout: None };
    let keys = Track { keys: vec![key(20, 500.0), key(70, 140.0)], ..Track::empty() };
    let track = plan(&shot, rate(), &recipe("reframe 9:16"), &painter.findings, Some(&keys)).expect("a track");
    for key in &keys.keys {
        let (window, _) = track.stretches[0].windows_at(key.frame);
        assert!((window.centre().0 - key.x.expect("set")).abs() < 1e-9, "{window:?}");
    }
    assert_eq!((track.stretches[0].camera, &track.keys), (Camera::Hand, &keys.keys));
    // A stretch stays as it is, and the plan fills the rest.
    let own = Track { keys: Vec::new(), stretches: vec![track.stretches[0].clone()], ..Track::empty() };
    let mut own = own;
    own.stretches[0] = shotfarm_shared::track::Stretch {
        first: 30,
        end: 50,
        windows: vec![track.stretches[0].windows[0]],
        ..own.stretches[0].clone()
    };
    let track = plan(&shot, rate(), &recipe("reframe 9:16"), &painter.findings, Some(&own)).expect("a track");
    assert_eq!(track.stretches.len(), 3);
    assert_eq!(track.stretches[1], own.stretches[0]);
    // A layout alone, and what is no sound track.
    let fit = Track { keys: vec![Key { x: None, layout: Some(Layout::Fit), ..key(5, 0.0) }], ..Track::empty() };
    let track = plan(&shot, rate(), &recipe("reframe 9:16"), &painter.findings, Some(&fit)).expect("a track");
    assert_eq!(track.stretches[0].layout, Layout::Fit);
    let wild = Track { keys: vec![key(5, f64::NAN)], ..Track::empty() };
    assert!(matches!(plan(&shot, rate(), &recipe("reframe 9:16"), &painter.findings, Some(&wild)), Err(PlanError::Hand(_))));
}

#[test]
fn nothing_to_see_is_the_middle_and_says_so() {
    for (paint, why) in [(16_u8, "the picture is black"), (128, "nothing stands out")] {
        let mut painter = Painter::new(640, 360, 30);
        painter.paint(|_, _, _, cell| *cell = Cell { luma: paint, blue: 128, red: 128, ..Cell::default() });
        for seen in &mut painter.findings.seen {
            seen.full.as_mut().expect("seen").brightest.fill(paint);
        }
        painter.measure(0.0);
        let stretch = &planned(&painter, "reframe 9:16").stretches[0];
        assert_eq!((stretch.layout, stretch.camera, stretch.windows.len()), (Layout::Crop, Camera::Steady, 1));
        assert_eq!(stretch.windows[0].centre(), (320.0, 180.0));
        assert!(stretch.why.contains(why), "{}", stretch.why);
    }
}

#[test]
fn findings_of_another_shot_are_refused() {
    let painter = painted(24, &[]);
    let other = TrackFor { frames: 25, ..shot(&painter, TALL) };
    let error = plan(&other, rate(), &recipe("reframe 9:16"), &painter.findings, None).expect_err("another shot's");
    assert!(error.to_string().contains("24 frames of 640x360"), "{error}");
}

#[test]
fn a_window_too_narrow_to_enlarge_is_told() {
    let painter = Painter::new(16_384, 16, 4);
    let shot = TrackFor { source: Extent::new(16_384, 16), pixel_aspect: 1.0, frames: 4, target: Extent::new(256, 1_024) };
    let track = plan(&shot, rate(), &recipe("reframe 1:4"), &painter.findings, None).expect("a track");
    assert_eq!(track.stretches[0].layout, Layout::Fit);
    assert!(track.stretches[0].why.contains("shown whole"), "{}", track.stretches[0].why);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_found_the_track_is_sound(
        seed in any::<u64>(), width in 1_u32..700, height in 1_u32..700, frames in 1_u64..60, tall in any::<bool>(),
        aspect in 0.5_f64..2.0, people in any::<bool>(), recipe_index in 0_usize..6,
    ) {
        let mut painter = Painter::new(width * 2, height * 2, frames);
        let noisy = seed % 3 == 0;
        painter.paint(|frame, column, row, cell| {
            let random = hash(seed ^ (frame / 7) << 40 ^ u64::from(row / 3) << 20 ^ u64::from(column / 2));
            let bytes = random.to_le_bytes();
            if noisy || random.is_multiple_of(5) {
                *bytemuck::from_bytes_mut::<[u8; 12]>(bytemuck::bytes_of_mut(cell)) =
                    [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[0], bytes[1], bytes[2], bytes[3]];
            }
        });
        if people {
            painter.faces(|frame| {
                let random = hash(seed ^ (frame / 9));
                let at = |shift: u32| (random >> shift & 0xff) as f64 / 200.0;
                let side = f64::from(width) * at(0) * 0.3;
                vec![
                    (Window { x: f64::from(width) * at(8), y: f64::from(height) * at(16), width: side, height: side }, 0.9),
                    (Window { x: f64::from(width) * at(24), y: f64::from(height) * at(32), width: side, height: side }, 0.8),
                ]
            });
        }
        painter.measure(2.0);
        let target = if tall { TALL } else { Extent::new(640, 200) };
        let shot = TrackFor { pixel_aspect: aspect, ..shot(&painter, target) };
        let text = [
            "reframe 9:16", "reframe 9:16 overflow=pan", "reframe 9:16 overflow=fit", "reframe 9:16 camera=follow",
            "reframe 9:16 camera=pan overflow=none", "reframe 9:16 zones=strict",
        ][recipe_index];
        let track = plan(&shot, rate(), &recipe(text), &painter.findings, None);
        let track = track.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(track.check(&shot), Ok(()));
        prop_assert_eq!(plan(&shot, rate(), &recipe(text), &painter.findings, None), Ok(track.clone()));
        for stretch in &track.stretches {
            prop_assert!(!stretch.why.is_empty());
            for windows in [&stretch.windows, &stretch.second] {
                for three in windows.windows(3) {
                    for (of, side) in [((|window| window.x) as fn(&Window) -> f64, three[0].width), (|window| window.y, three[0].height)] {
                        let bend = (of(&three[2]) - 2.0 * of(&three[1]) + of(&three[0])).abs() * 576.0 / side;
                        prop_assert!(bend <= ACCELERATION_MAX, "{} sides per second squared in {}", bend, stretch.told());
                    }
                }
            }
        }
    }
}

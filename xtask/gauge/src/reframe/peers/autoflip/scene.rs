//! A scene as a whole: whether its window stands, sweeps or follows.

use shotfarm_shared::track::Window;

use super::path::{Point, polynomial};
use super::signals::KeyFrame;
use crate::reframe::area::{about, moved_into, union_of};

/// Share of key frames whose required regions fit, below which the window sweeps over the picture.
const SWEEP_SUCCESS: f64 = 0.4;
/// Seconds that a scene has at least for a sweep.
const SWEEP_SECONDS_MIN: f64 = 1.0;
/// Travel of the centres, in picture sides, below which the window stands (the stock graph's setting).
const STEADY_MOTION: f64 = 0.5;
/// Distance from the picture's centre, in its sides, below which a standing window goes there.
const SNAP: f64 = 0.08;
/// The heaviest point of interest.
const WEIGHT_MOST: f64 = 100.0;

/// What a scene is shown by, frame by frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Camera {
    pub(super) shown: Vec<Window>,
    pub(super) steady: bool,
}

/// A scene of `count` frames from `first`, within `content`, by windows of `sides`.
pub(super) fn camera(
    key_frames: &[KeyFrame],
    first: usize,
    count: usize,
    content: &Window,
    sides: (f64, f64),
    per_second: f64,
) -> Camera {
    let standing = |centre: (f64, f64)| {
        let window = whole_pixels(&moved_into(&about(centre, sides), content));
        Camera { shown: vec![window; count], steady: true }
    };
    let centres = key_frames.iter().filter_map(|key| {
        let region = key.region?;
        Some((key.frame, moved_into(&about(region.centre(), sides), content).centre(), key.score))
    });
    let centres = centres.collect::<Vec<_>>();
    if centres.is_empty() {
        return standing(content.centre());
    }
    let fitting = key_frames.iter().filter(|key| key.required_fits).count() as f64 / key_frames.len() as f64;
    if fitting < SWEEP_SUCCESS && count as f64 / per_second >= SWEEP_SECONDS_MIN {
        return sweep(count, content, sides);
    }
    let range = |axis: fn(&(f64, f64)) -> f64| {
        let values = centres.iter().map(|(_, centre, _)| axis(centre));
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (across, down) = (range(|centre| centre.0), range(|centre| centre.1));
    let moves = ((across.1 - across.0) / content.width).max((down.1 - down.0) / content.height);
    if moves < STEADY_MOTION || centres.len() == 1 {
        let required = union_of(key_frames.iter().filter_map(|key| key.required.as_ref()));
        if let Some(required) = required.filter(|area| area.width > sides.0 || area.height > sides.1) {
            // Grown to hold what must be seen; the rest of the result is padding.
            return Camera { shown: vec![whole_pixels(&required); count], steady: true };
        }
        let middle = required.map_or(((across.0 + across.1) / 2.0, (down.0 + down.1) / 2.0), |area| area.centre());
        return standing(snapped(middle, content));
    }
    Camera { shown: follow(&centres, first, count, content, sides), steady: false }
}

/// To the centre of the picture, on each axis where it is near.
fn snapped(at: (f64, f64), content: &Window) -> (f64, f64) {
    let centre = content.centre();
    let axis = |at: f64, centre: f64, side: f64| if (at - centre).abs() < SNAP * side { centre } else { at };
    (axis(at.0, centre.0, content.width), axis(at.1, centre.1, content.height))
}

/// Evenly over the whole picture.
fn sweep(count: usize, content: &Window, (width, height): (f64, f64)) -> Camera {
    let window = |index: usize| {
        let share = index as f64 / count.saturating_sub(1).max(1) as f64;
        let (x, y) = (content.x + (content.width - width) * share, content.y + (content.height - height) * share);
        whole_pixels(&Window { x, y, width, height })
    };
    Camera { shown: (0..count).map(window).collect(), steady: false }
}

fn follow(centres: &[(usize, (f64, f64), f64)], first: usize, count: usize, content: &Window, sides: (f64, f64)) -> Vec<Window> {
    let heaviest = centres.iter().map(|(_, _, score)| *score).fold(f64::MIN_POSITIVE, f64::max);
    let point = |frame: usize, axis: fn(&(f64, f64)) -> f64| -> Point {
        let after = centres.iter().position(|(at, ..)| *at >= frame).unwrap_or(centres.len() - 1);
        let (from, to) = (&centres[after.saturating_sub(1)], &centres[after]);
        let share = if to.0 > from.0 { ((frame as f64 - from.0 as f64) / (to.0 - from.0) as f64).clamp(0.0, 1.0) } else { 1.0 };
        let between = |from: f64, to: f64| from + (to - from) * share;
        (frame as f64, between(axis(&from.1), axis(&to.1)), between(from.2, to.2) / heaviest * WEIGHT_MOST)
    };
    let path = |axis: fn(&(f64, f64)) -> f64, side: f64| {
        let points = (first..first + count).map(|frame| point(frame, axis)).map(|(frame, at, weight)| (frame, at / side, weight));
        polynomial(&points.collect::<Vec<_>>()).into_iter().map(|at| at * side).collect::<Vec<_>>()
    };
    let (across, down) = (path(|centre| centre.0, content.width), path(|centre| centre.1, content.height));
    let window = |(x, y): (&f64, &f64)| whole_pixels(&moved_into(&about((*x, *y), sides), content));
    across.iter().zip(&down).map(window).collect()
}

/// Its windows lie on whole pixels.
fn whole_pixels(window: &Window) -> Window {
    Window { x: window.x.floor(), y: window.y.floor(), ..*window }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: Window = Window { x: 0.0, y: 0.0, width: 480.0, height: 270.0 };
    const SIDES: (f64, f64) = (152.0, 270.0);

    fn key(frame: usize, centre: f64) -> KeyFrame {
        let region = about((centre, 135.0), (40.0, 200.0));
        KeyFrame { frame, region: Some(region), score: 0.2, required: None, required_fits: true }
    }

    fn lefts(camera: &Camera) -> Vec<f64> {
        camera.shown.iter().map(|window| window.x).collect()
    }

    #[test]
    fn nothing_seen_is_the_middle() {
        let none = KeyFrame { region: None, ..key(0, 0.0) };
        assert_eq!(lefts(&camera(&[none], 0, 3, &CONTENT, SIDES, 24.0)), [164.0; 3]);
    }

    #[test]
    fn little_travel_stands_at_mid_range_and_near_the_centre_snaps() {
        let found = camera(&[key(0, 100.0), key(5, 140.0)], 0, 10, &CONTENT, SIDES, 24.0);
        assert!(found.steady && lefts(&found) == [44.0; 10], "{found:?}");
        let near = camera(&[key(0, 250.0), key(5, 280.0)], 0, 10, &CONTENT, SIDES, 24.0);
        assert_eq!(near.shown[0].centre().0, 240.0);
    }

    #[test]
    fn long_travel_is_followed_by_whole_pixels() {
        let keys = (0..13).map(|index| key(index * 5, 90.0 + 25.0 * index as f64)).collect::<Vec<_>>();
        let found = camera(&keys, 0, 61, &CONTENT, SIDES, 24.0);
        assert!(!found.steady && found.shown.iter().all(|window| CONTENT.holds(window, 0.0) && window.x.fract() == 0.0));
        let middle = found.shown[30].centre().0;
        assert!((middle - 240.0).abs() < 6.0 && found.shown[0].x < 40.0 && found.shown[60].x > 290.0, "{found:?}");
    }

    #[test]
    fn what_must_be_shown_and_does_not_fit_is_padded_or_swept_over() {
        let wide = Window { x: 20.0, y: 40.0, width: 400.0, height: 200.0 };
        let key = |frame| KeyFrame { region: Some(wide), required: Some(wide), required_fits: false, ..key(frame, 0.0) };
        let short = camera(&[key(0), key(5)], 0, 10, &CONTENT, SIDES, 24.0);
        assert_eq!(short.shown, vec![wide; 10]);
        let long = camera(&[key(0), key(5)], 0, 48, &CONTENT, SIDES, 24.0);
        assert!(!long.steady && long.shown[0].x == 0.0 && long.shown[47].x == 328.0, "{:?}", lefts(&long));
    }
}

//! PySceneDetect's two published rules for cuts (Breakthrough/PySceneDetect, BSD-3: content and adaptive detector, defaults).
//!
//! Both look at the mean absolute difference of hue, saturation and value, in OpenCV's 8 bits (hue in half degrees).

use shotfarm_tests::film::Frame;

/// A difference from which the content rule sees a cut.
const CONTENT_THRESHOLD: f64 = 27.0;
/// Least difference of the adaptive rule, and how many times that of the neighbours it must be.
const ADAPTIVE_LEAST: f64 = 15.0;
const ADAPTIVE_RATIO: f64 = 3.0;
/// Neighbours on each side.
const ADAPTIVE_WINDOW: usize = 2;
/// Frames that a scene has at least: 0.6 s in the newest versions, a plain 15 in those measured in public.
const SCENE_FRAMES_MIN: usize = 15;

/// How different each frame is from the one before; the first is not.
pub(crate) fn differences(frames: &[Frame]) -> Vec<f64> {
    let mut before: Option<Vec<[u8; 3]>> = None;
    frames
        .iter()
        .map(|frame| {
            let now = frame.rgb.chunks_exact(3).map(|rgb| hsv(rgb[0], rgb[1], rgb[2])).collect::<Vec<_>>();
            let difference = before.as_ref().map_or(0.0, |before| mean_difference(before, &now));
            before = Some(now);
            difference
        })
        .collect()
}

fn mean_difference(before: &[[u8; 3]], now: &[[u8; 3]]) -> f64 {
    let apart = |(a, b): (&[u8; 3], &[u8; 3])| a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
    before.iter().zip(now).map(apart).sum::<u64>() as f64 / (3 * now.len().max(1)) as f64
}

/// OpenCV's hue (0 to 179), saturation and value.
fn hsv(red: u8, green: u8, blue: u8) -> [u8; 3] {
    let [r, g, b] = [red, green, blue].map(f64::from);
    let (high, low) = (r.max(g).max(b), r.min(g).min(b));
    let spread = high - low;
    let hue = if spread == 0.0 {
        0.0
    } else if high == r {
        60.0 * (g - b) / spread
    } else if high == g {
        120.0 + 60.0 * (b - r) / spread
    } else {
        240.0 + 60.0 * (r - g) / spread
    };
    let saturation = if high == 0.0 { 0.0 } else { 255.0 * spread / high };
    [(hue.rem_euclid(360.0) / 2.0).round() as u8 % 180, saturation.round() as u8, high as u8]
}

/// Cuts by the content rule.
pub(crate) fn content_cuts(differences: &[f64]) -> Vec<usize> {
    spaced((0..differences.len()).filter(|&at| differences[at] >= CONTENT_THRESHOLD))
}

/// Cuts by the adaptive rule; the first and last frames lack neighbours and are none.
pub(crate) fn adaptive_cuts(differences: &[f64]) -> Vec<usize> {
    let is_cut = |at: usize| {
        let around = (at - ADAPTIVE_WINDOW..=at + ADAPTIVE_WINDOW).filter(|&other| other != at).map(|other| differences[other]);
        let mean = around.sum::<f64>() / (2 * ADAPTIVE_WINDOW) as f64;
        let ratio = if mean < 1e-5 { f64::INFINITY } else { differences[at] / mean };
        differences[at] >= ADAPTIVE_LEAST && ratio >= ADAPTIVE_RATIO
    };
    let last = differences.len().saturating_sub(ADAPTIVE_WINDOW);
    spaced((ADAPTIVE_WINDOW.max(1)..last).filter(|&at| is_cut(at)))
}

/// Without those that come too soon after the one before, or after the beginning.
fn spaced(cuts: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut last = 0;
    cuts.filter(|&cut| {
        let far = cut - last >= SCENE_FRAMES_MIN;
        if far {
            last = cut;
        }
        far
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use shotfarm_tests::film::Size;

    use super::*;

    #[test]
    fn colours_are_as_opencv_has_them() {
        assert_eq!([hsv(255, 0, 0), hsv(0, 255, 0), hsv(0, 0, 255)], [[0, 255, 255], [60, 255, 255], [120, 255, 255]]);
        assert_eq!([hsv(128, 128, 128), hsv(0, 0, 0), hsv(255, 0, 255)], [[0, 0, 128], [0, 0, 0], [150, 255, 255]]);
    }

    #[test]
    fn the_content_rule_sees_every_large_difference() {
        let frame = |code: u8| Frame { size: Size { width: 2, height: 2 }, rgb: vec![code; 12] };
        let frames = (0..40).map(|at| frame(if at < 20 { 10 } else { 110 })).collect::<Vec<_>>();
        let found = differences(&frames);
        assert!((found[20] - 100.0 / 3.0).abs() < 1e-9 && found[21] == 0.0, "{found:?}");
        assert_eq!(content_cuts(&found), [20]);
        assert_eq!(content_cuts(&[found.clone(), vec![90.0]].concat()), [20, 40], "{SCENE_FRAMES_MIN} frames after it");
        assert_eq!(content_cuts(&[&found[..25], &[90.0]].concat()), [20], "too soon");
    }

    #[test]
    fn the_adaptive_rule_looks_at_neighbours() {
        let mut calm = vec![2.0; 40];
        calm[20] = 16.0;
        assert_eq!(adaptive_cuts(&calm), [20]);
        let mut wild = vec![9.0; 40];
        wild[20] = 26.0;
        assert_eq!(adaptive_cuts(&wild), [] as [usize; 0]);
        calm[20] = 14.0;
        assert_eq!(adaptive_cuts(&calm), [] as [usize; 0]);
    }
}

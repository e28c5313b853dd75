//! AutoFlip's published rules (google/mediapipe, Apache-2.0, examples/desktop/autoflip, with the settings of its stock graph):
//! bars, shots, key frames five times a second, regions by score, one of three cameras for each shot, whole pixels.
//!
//! Left out, because no drawn shot reaches it: scenes of more than 600 frames, and what they remember of each other.

mod borders;
mod path;
mod scene;
mod shots;
mod signals;

use shotfarm_shared::track::Window;
use shotfarm_tests::film::Frame;

use crate::reframe::area::widest;
use crate::reframe::judged::{Held, Judged};
use crate::ycbcr::extent;

pub(crate) use signals::{Kind, Region};

/// Seconds from one key frame to the next.
const KEY_SECONDS: f64 = 0.2;

/// What it would choose: the frames, its regions frame by frame, the aspect asked for.
pub(crate) fn judge(frames: &[Frame], regions: &[Vec<Region>], aspect: f64, per_second: f64) -> Judged {
    let cuts = shots::cuts(frames, per_second);
    let firsts = std::iter::once(0).chain(cuts.iter().copied()).collect::<Vec<_>>();
    let mut judged = Judged { shown: Vec::with_capacity(frames.len()), stretches: Vec::new(), cuts };
    for (index, &first) in firsts.iter().enumerate() {
        let end = firsts.get(index + 1).copied().unwrap_or(frames.len());
        let content = content(&frames[first..end]);
        let sides = widest(&content, aspect);
        let sides = (sides.0.round(), sides.1.round());
        let keys = key_frames(first, end, per_second).into_iter();
        let keys = keys.map(|frame| signals::key_frame(frame, regions.get(frame).map_or(&[], Vec::as_slice), sides));
        let camera = scene::camera(&keys.collect::<Vec<_>>(), first, end - first, &content, sides, per_second);
        judged.shown.extend(camera.shown.into_iter().map(|window| vec![window]));
        judged.stretches.push(Held { first, steady: camera.steady });
    }
    judged
}

/// The first frame of a scene, and the first at or after every fifth of a second.
fn key_frames(first: usize, end: usize, per_second: f64) -> Vec<usize> {
    let apart = KEY_SECONDS * per_second;
    let mut frames = (0..)
        .map(|step| first + (f64::from(step) * apart - 1e-9).ceil() as usize)
        .take_while(|&frame| frame < end)
        .collect::<Vec<_>>();
    frames.dedup();
    frames
}

/// The picture without the bars that all of its frames have.
fn content(frames: &[Frame]) -> Window {
    let bars = frames.iter().map(borders::bars).reduce(|(top, bottom), (other, below)| (top.min(other), bottom.min(below)));
    let (top, bottom) = bars.unwrap_or_default();
    let whole = frames.first().map_or(Window::from([0.0; 4]), |frame| Window::whole(extent(frame.size)));
    Window { y: f64::from(top), height: whole.height - f64::from(top + bottom), ..whole }
}

#[cfg(test)]
mod tests {
    use shotfarm_tests::film::Size;

    use super::*;

    #[test]
    fn key_frames_come_five_times_a_second() {
        assert_eq!(key_frames(10, 36, 24.0), [10, 15, 20, 25, 30, 34]);
        assert_eq!(key_frames(0, 3, 4.0), [0, 1, 2]);
    }

    #[test]
    fn every_frame_of_every_scene_has_a_window() {
        let size = Size { width: 64, height: 36 };
        let frame = |code: u8| {
            let rgb = (0..64 * 36).flat_map(|at| [code, (at % 7 * 9) as u8, (at % 5) as u8]).collect();
            Frame { size, rgb }
        };
        let frames = [vec![frame(20); 12], vec![frame(220); 12]].concat();
        let place = Window { x: 40.0, y: 6.0, width: 10.0, height: 24.0 };
        let regions = vec![vec![Region { place, kind: Kind::Object, score: 0.8, required: false }]; 24];
        let judged = judge(&frames, &regions, 9.0 / 16.0, 24.0);
        assert_eq!((judged.shown.len(), &judged.cuts, judged.stretches.len()), (24, &vec![12], 2));
        assert!(judged.shown.iter().all(|shown| shown[0].holds(&place, 1.0) && shown[0].width == 20.0), "{judged:?}");
    }
}

//! What the demo asks the farm for: which steps each shot gets, the manifest, and when a worker is killed.

use shotfarm_tests::film::{Clip, ManifestRow, Shot, Size, manifest_csv};

/// The show's name: Chinese on purpose, so that every path of the demo goes through such names.
pub(super) const SHOW: &str = "九五";
const EPISODE: &str = "ep01";

/// One shot's steps and the size they must lead to.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedShot {
    shot: Shot,
    steps: &'static str,
    pub(super) size: Size,
}

impl PlannedShot {
    /// The output's path in the manifest, relative to where outputs are fetched to.
    pub(super) fn output(&self) -> String {
        format!("out/{EPISODE}/{}.mp4", self.shot.label())
    }
}

/// Steps and output size of a shot whose source is 640x360.
pub(super) fn planned(shot: Shot) -> PlannedShot {
    let hd = Size { width: 1280, height: 720 };
    let qhd = Size { width: 960, height: 540 };
    let (steps, size) = match shot {
        Shot::Title | Shot::She => ("upscale 2x", hd),
        Shot::Street => ("upscale 2x filter=lanczos", hd),
        Shot::He => ("upscale 1280x720 filter=lanczos", hd),
        Shot::Mountains => ("upscale 1.5x filter=fsr", qhd),
        Shot::Rooftop => ("upscale 1.5x filter=lanczos", qhd),
    };
    PlannedShot { shot, steps, size }
}

/// The manifest of the clips; sources are relative to it.
pub(super) fn manifest(clips: &[Clip]) -> String {
    let row = |clip: &Clip| {
        let planned = planned(clip.shot);
        ManifestRow {
            show: SHOW.to_owned(),
            episode: EPISODE.to_owned(),
            shot: clip.shot.label().to_owned(),
            source: format!("clips/{}.mp4", clip.shot.label()),
            steps: planned.steps.to_owned(),
            output: planned.output(),
        }
    };
    manifest_csv(&clips.iter().map(row).collect::<Vec<_>>())
}

/// What the demo does to the farm next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    /// Nothing; look again.
    Wait,
    /// Kill the first worker.
    CutPower,
    /// Bring a new worker in.
    AddWorker,
}

/// How far the demo's own story is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Story {
    /// Both first workers are at work.
    Whole,
    /// One was killed this many seconds after the start.
    Wounded {
        /// When.
        at_seconds: f64,
    },
    /// A new worker has come.
    Healed,
}

/// Seconds during which the other worker is alone: long enough to see that it goes on.
pub(super) const ALONE_SECONDS: f64 = 5.0;

/// A worker dies when half of the frames are done; a new one comes a little later.
pub(super) fn next_stroke(story: Story, frames_done: u64, frames_total: u64, now_seconds: f64) -> Stroke {
    match story {
        Story::Whole if frames_total > 0 && frames_done * 2 >= frames_total && frames_done < frames_total => Stroke::CutPower,
        Story::Wounded { at_seconds } if now_seconds - at_seconds >= ALONE_SECONDS => Stroke::AddWorker,
        Story::Whole | Story::Wounded { .. } | Story::Healed => Stroke::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_dies_at_half_time_and_another_comes() {
        assert_eq!(next_stroke(Story::Whole, 0, 0, 1.0), Stroke::Wait);
        assert_eq!(next_stroke(Story::Whole, 49, 100, 1.0), Stroke::Wait);
        assert_eq!(next_stroke(Story::Whole, 50, 100, 1.0), Stroke::CutPower);
        assert_eq!(next_stroke(Story::Whole, 100, 100, 1.0), Stroke::Wait, "nobody is killed when all is done");
        let wounded = Story::Wounded { at_seconds: 10.0 };
        assert_eq!(next_stroke(wounded, 60, 100, 14.9), Stroke::Wait);
        assert_eq!(next_stroke(wounded, 60, 100, 15.0), Stroke::AddWorker);
        assert_eq!(next_stroke(Story::Healed, 60, 100, 99.0), Stroke::Wait);
    }

    #[test]
    fn every_planned_size_is_even_and_follows_from_the_steps() {
        for shot in Shot::ALL {
            let PlannedShot { steps, size, .. } = planned(shot);
            let factor = if steps.contains("1.5x") { 1.5 } else { 2.0 };
            assert_eq!((f64::from(size.width), f64::from(size.height)), (640.0 * factor, 360.0 * factor), "{steps}");
            assert!(size.width % 2 == 0 && size.height % 2 == 0);
        }
    }
}

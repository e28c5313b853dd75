//! What this farm chooses: the frames of a file looked at on the GPU and the plan made of what was found, by the farm's own code
//! in one process.

use std::path::Path;
use std::sync::Arc;

use shotfarm_shared::frames::{FrameRange, FrameRate};
use shotfarm_shared::media::{Extent, MediaFacts};
use shotfarm_shared::recipe::{Reframe, Step, read_steps};
use shotfarm_shared::track::{Camera, Stretch, Track, TrackFor};
use shotfarm_worker::gpu::Gpu;
use shotfarm_worker::media::{Cancel, Decoder, SourceIndex, Tools, probe};
use shotfarm_worker::net::Network;
use shotfarm_worker::reframe::plan::{ACCELERATION_MAX, Candidate, candidates};
use shotfarm_worker::reframe::{Detector, Eyes, Findings, Look, plan};

use super::judged::{Held, Judged};
use super::peers::autoflip::{Kind, Region};
use crate::error::GaugeError;

/// The device and the programs that files are looked at with.
pub(crate) struct Looker {
    gpu: Gpu,
    tools: Tools,
    /// A network that finds faces.
    faces: Option<Arc<Network>>,
}

/// What came of a file.
pub(crate) struct Chosen {
    pub(crate) judged: Judged,
    /// The subjects that the plan saw, frame by frame: what AutoFlip is given.
    pub(crate) subjects: Vec<Vec<Region>>,
    /// The largest acceleration of its windows, as a share of what the plan allows them.
    pub(crate) acceleration: f64,
    pub(crate) rate: FrameRate,
    /// Why each stretch is framed as it is.
    pub(crate) told: Vec<String>,
}

impl Looker {
    /// With a device, the ffmpeg of this machine, and the ONNX file of a network that finds faces.
    pub(crate) fn new(gpu: Gpu, faces: Option<&Path>) -> Result<Self, GaugeError> {
        let read = |path: &Path| {
            let bytes = std::fs::read(path).map_err(GaugeError::file("cannot read", path))?;
            Ok::<_, GaugeError>(Arc::new(Network::read(&bytes, None)?))
        };
        Ok(Self { gpu, tools: Tools::find()?, faces: faces.map(read).transpose()? })
    }

    /// The device, for people.
    pub(crate) fn device(&self) -> String {
        self.gpu.facts().to_string()
    }

    /// Chooses windows for a file, of an aspect (width, height).
    pub(crate) fn choose(&self, path: &Path, (width, height): (u32, u32)) -> Result<Chosen, GaugeError> {
        let facts = probe(&self.tools, path, &Cancel::new())?;
        let findings = self.findings(path, &facts)?;
        let reframe = reframe(&format!("reframe {width}:{height}"))?;
        let shot = track_for(&facts, &reframe);
        let track = plan(&shot, facts.rate, &reframe, &findings, None)?;
        Ok(Chosen {
            judged: judged(&track, shot.target),
            subjects: regions(facts.rate, &findings),
            acceleration: acceleration(&track, facts.rate),
            rate: facts.rate,
            told: track.stretches.iter().map(Stretch::told).collect(),
        })
    }

    /// Everything that is found in the file's frames, decoded as a worker decodes them.
    fn findings(&self, path: &Path, facts: &MediaFacts) -> Result<Findings, GaugeError> {
        let (cancel, range) = (Cancel::new(), FrameRange::new(0, facts.frames));
        let index = SourceIndex::read(&self.tools, path, &facts.container, &cancel)?;
        let mut decoder = Decoder::start(&self.tools, path, facts, &index, range, &cancel)?;
        let mut stopped = None;
        let frames = std::iter::from_fn(|| {
            let mut frame = Vec::new();
            match decoder.read_frame(&mut frame) {
                Ok(more) => more.then_some(frame),
                Err(error) => {
                    stopped = Some(error);
                    None
                }
            }
        });
        let look = Look::of(facts.layout.extent, facts.rate, facts.frames);
        let source = facts.layout.extent;
        let detector = self.faces.as_ref().map(|network| Detector::new(network, source).map(Arc::new)).transpose()?;
        let found = Eyes::open(&self.gpu, &look, &facts.layout, detector.as_ref())?.look_at(frames);
        match stopped {
            Some(error) => Err(error.into()),
            None => Ok(found?),
        }
    }
}

fn reframe(text: &str) -> Result<Reframe, GaugeError> {
    let step = read_steps(text)?.into_iter().find_map(|step| match step {
        Step::Reframe(reframe) => Some(reframe),
        _ => None,
    });
    step.ok_or_else(|| GaugeError::Argument(format!("`{text}` is no reframe")))
}

/// The shot that the plan is for; the result's size follows from the aspect as it does on the farm.
fn track_for(facts: &MediaFacts, reframe: &Reframe) -> TrackFor {
    let (wide, high) = facts.pixel_aspect;
    let pixel_aspect = f64::from(wide) / f64::from(high);
    let source = facts.layout.extent;
    let shown = Extent::new((f64::from(source.width) * pixel_aspect).round() as u32, source.height);
    TrackFor { source, pixel_aspect, frames: facts.frames, target: reframe.target.extent(shown) }
}

/// The windows of a track, frame by frame. What a `fit` shows is its window; the blurred rest shows nothing.
fn judged(track: &Track, target: Extent) -> Judged {
    let frames = track.stretches.last().map_or(0, |stretch| stretch.end);
    let shown = (0..frames).map(|frame| {
        let placement = track.placement(frame, target);
        placement.map_or_else(Vec::new, |placement| {
            [Some(placement.first), placement.second].into_iter().flatten().map(|pane| pane.window).collect()
        })
    });
    let held = |stretch: &Stretch| Held { first: stretch.first as usize, steady: stretch.camera == Camera::Steady };
    let stretches = track.stretches.iter().map(held).collect::<Vec<_>>();
    let cuts = stretches.iter().skip(1).map(|held| held.first).collect();
    Judged { shown: shown.collect(), stretches, cuts }
}

fn regions(rate: FrameRate, findings: &Findings) -> Vec<Vec<Region>> {
    let frames = candidates(rate, findings).into_iter();
    let region = |found: Candidate| Region {
        place: found.place,
        kind: if found.is_person { Kind::Face } else { Kind::Object },
        score: found.strength,
        required: false,
    };
    frames.map(|found| found.into_iter().map(region).collect()).collect()
}

/// The plan allows so many of a window's own sides a second squared, along each axis.
fn acceleration(track: &Track, rate: FrameRate) -> f64 {
    let mut most = 0.0_f64;
    for stretch in &track.stretches {
        for windows in [&stretch.windows, &stretch.second] {
            for three in windows.windows(3) {
                let [before, now, after] =
                    [0, 1, 2].map(|index| (three[index].centre(), three[index].width, three[index].height));
                let across = (after.0.0 - 2.0 * now.0.0 + before.0.0) / now.1;
                let down = (after.0.1 - 2.0 * now.0.1 + before.0.1) / now.2;
                most = most.max(across.abs()).max(down.abs());
            }
        }
    }
    most * rate.per_second().powi(2) / ACCELERATION_MAX
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::track::{Layout, Window};

    use super::*;

    fn stretch(first: u64, camera: Camera, layout: Layout, xs: &[f64], second: &[f64]) -> Stretch {
        let window = |&x: &f64| Window { x, y: 0.0, width: 30.0, height: 54.0 };
        let end = first + 3;
        let (windows, second) = (xs.iter().map(window).collect(), second.iter().map(window).collect());
        Stretch { first, end, camera, layout, why: String::new(), windows, second }
    }

    #[test]
    fn a_track_is_judged_frame_by_frame() {
        let stretches = vec![
            stretch(0, Camera::Steady, Layout::Split, &[5.0], &[60.0]),
            stretch(3, Camera::Follow, Layout::Crop, &[10.0, 11.0, 15.0], &[]),
        ];
        let track = Track { stretches, ..Track::empty() };
        let found = judged(&track, Extent::new(54, 96));
        let lefts = found.shown.iter().map(|shown| shown.iter().map(|window| window.x).collect::<Vec<_>>()).collect::<Vec<_>>();
        assert_eq!(lefts, [vec![5.0, 60.0], vec![5.0, 60.0], vec![5.0, 60.0], vec![10.0], vec![11.0], vec![15.0]]);
        assert_eq!(
            (found.stretches, found.cuts),
            (vec![Held { first: 0, steady: true }, Held { first: 3, steady: false }], vec![3])
        );
        // 3 pixels a frame squared, of 30 wide, at 10 frames a second.
        let rate = FrameRate::new(10, 1).expect("a rate");
        assert!((acceleration(&track, rate) * ACCELERATION_MAX - 10.0).abs() < 1e-9);
    }

    #[test]
    fn the_shot_is_as_wide_as_it_is_shown() {
        let reframe = reframe("reframe 9:16").expect("a step");
        assert!(super::reframe("upscale 2x").is_err());
        assert_eq!(reframe.target.extent(Extent::new(480, 270)), Extent::new(152, 270));
    }
}

//! What the plan takes for subjects, frame by frame: for whoever sets other ways of choosing windows beside it.

use shotfarm_shared::frames::FrameRate;
use shotfarm_shared::track::{Track, Window};

use super::super::findings::Findings;
use super::scene::Scene;
use super::subjects::{Kind, find};
use super::{Part, framing, parts};

/// A subject in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// All of it, in pixels of the source.
    pub place: Window,
    /// How much it stands out, beside the others of its stretch.
    pub strength: f64,
    /// Whether it is somebody whose face was found.
    pub is_person: bool,
}

/// The subjects of every frame of the shot; none where nothing stands out.
#[must_use]
pub fn candidates(rate: FrameRate, findings: &Findings) -> Vec<Vec<Candidate>> {
    let mut frames = vec![Vec::new(); findings.seen.len()];
    for part in parts(findings, &Track::empty()) {
        let Part::Planned(range) = part else { continue };
        let mut scene = Scene::of(findings, range, rate);
        let (camera, letters) = framing::look(&mut scene);
        for subject in find(&scene, &camera, &letters) {
            for (at, spot) in subject.spots.iter().enumerate() {
                if let Some((frame, spot)) = frames.get_mut(range.start as usize + at).zip(*spot) {
                    let is_person = subject.kind == Kind::Person;
                    frame.push(Candidate { place: spot.whole, strength: subject.strength, is_person });
                }
            }
        }
    }
    frames
}

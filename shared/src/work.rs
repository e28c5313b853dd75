//! What a worker is asked to do and what it answers: one assignment is one attempt of one task.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::frames::FrameRange;
use crate::ids::{Attempt, TaskId};
use crate::label::Label;
use crate::limits::{EXTRAS_MAX, STRETCHES_TOLD_MAX};
use crate::media::{Extent, MediaFacts};
use crate::model::ModelFiles;
use crate::recipe::Recipe;
use crate::segment::Receipt;

/// One attempt of one task, with everything that doing it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Which task, and the fence for everything sent about it.
    pub lease: LeaseId,
    /// The shot, for people.
    pub label: Label,
    /// The blob of the source.
    pub source: Digest,
    /// The steps and the profile.
    pub recipe: Recipe,
    /// What to do.
    pub work: Work,
}

/// A task and the attempt at it: what beats, results and stops are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeaseId {
    /// The task.
    pub task: TaskId,
    /// The attempt.
    pub attempt: Attempt,
}

/// The kinds of work.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Decode the source once and establish its facts.
    Probe,
    /// Look at the frames of one range, for a plan.
    Analyse {
        /// The source's facts.
        facts: MediaFacts,
        /// The frames to look at.
        range: FrameRange,
        /// The files of every network that looks at them, each network once.
        models: Vec<ModelFiles>,
    },
    /// Make a track of all that was found, and pictures of it for people.
    Plan {
        /// The source's facts.
        facts: MediaFacts,
        /// What was found, in order, without gap or overlap.
        findings: Vec<FindingsReceipt>,
    },
    /// Make the frames of one range and return them as a segment.
    Render {
        /// The source's facts.
        facts: MediaFacts,
        /// The frames to make.
        range: FrameRange,
        /// The files of every network that the recipe names, each network once.
        models: Vec<ModelFiles>,
        /// The blob of the track that its windows follow, in a recipe that frames anew.
        track: Option<Digest>,
    },
    /// Join the segments, add the sound, and prove the whole.
    Assemble {
        /// The source's facts.
        facts: MediaFacts,
        /// All segments in order, without gap or overlap.
        segments: Vec<Receipt>,
    },
}

/// What an analysis found in the frames of one range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingsReceipt {
    /// The frames that were looked at.
    pub range: FrameRange,
    /// Size of the findings.
    pub bytes: u64,
    /// Their blob.
    pub digest: Digest,
}

/// How a shot is going to be framed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The frames that the track covers: all of the shot.
    pub frames: u64,
    /// The blob of the track.
    pub track: Digest,
    /// Its stretches in a line each, for people; the first ones where there are very many.
    pub told: Vec<String>,
    /// The track as a file, and pictures of it: they come with the output.
    pub extras: Vec<Extra>,
}

/// A file that comes with an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// What follows the output's name without its ending, such as `.track.json`.
    pub suffix: String,
    /// Size of the file.
    pub bytes: u64,
    /// Its blob.
    pub digest: Digest,
}

impl Planned {
    /// Holds a plan to its shot: every frame, its own bounds, and names that stay beside the output.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn check(&self, frames: u64) -> Result<(), String> {
        if self.frames != frames {
            return Err(format!("the source has {frames} frames and the track {}", self.frames));
        }
        if self.told.len() > STRETCHES_TOLD_MAX || self.extras.len() > EXTRAS_MAX {
            return Err(format!("it has {} lines and {} files, which is too many", self.told.len(), self.extras.len()));
        }
        let is_plain = |suffix: &str| {
            (2..=40).contains(&suffix.len())
                && suffix.starts_with('.')
                && suffix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.')
        };
        match self.extras.iter().find(|extra| !is_plain(&extra.suffix)) {
            Some(extra) => Err(format!("`{}` is no ending of a file", extra.suffix.escape_debug())),
            None => Ok(()),
        }
    }
}

/// A finished and verified shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Frames found by decoding it.
    pub frames: u64,
    /// Length of the picture.
    pub seconds: f64,
    /// Size of its frames.
    pub extent: Extent,
    /// Size of the file.
    pub bytes: u64,
    /// Its blob.
    pub digest: Digest,
    /// Audio streams it carries.
    pub audio_streams: u32,
}

/// What a finished task returns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskResult {
    /// Of a probe.
    Facts(MediaFacts),
    /// Of an analysis.
    Findings(FindingsReceipt),
    /// Of a plan.
    Plan(Planned),
    /// Of a render.
    Segment(Receipt),
    /// Of an assembly.
    Output(Output),
}

impl TaskResult {
    /// The blobs that it names, with their sizes where they are told: all must be stored before it counts.
    pub fn blobs(&self) -> Vec<(Digest, u64)> {
        match self {
            Self::Facts(_) => Vec::new(),
            Self::Findings(found) => vec![(found.digest, found.bytes)],
            Self::Plan(planned) => planned.extras.iter().map(|extra| (extra.digest, extra.bytes)).collect(),
            Self::Segment(receipt) => vec![(receipt.digest, receipt.bytes)],
            Self::Output(output) => vec![(output.digest, output.bytes)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_an_output_stays_beside_it() {
        let planned = |suffix: &str| {
            let extra = Extra { suffix: suffix.to_owned(), bytes: 1, digest: Digest::of(b"x") };
            Planned { frames: 9, track: Digest::of(b"x"), told: Vec::new(), extras: vec![extra] }
        };
        for suffix in [".track.json", ".sheet.png", ".overlay.mp4"] {
            assert_eq!(planned(suffix).check(9), Ok(()), "{suffix}");
        }
        for suffix in ["", ".", "/../x", ".a/b", ".A", "track.json", ".x\n", ". x"] {
            assert!(planned(suffix).check(9).is_err(), "{suffix:?}");
        }
        assert_eq!(planned(".x").check(8), Err("the source has 8 frames and the track 9".to_owned()));
    }
}

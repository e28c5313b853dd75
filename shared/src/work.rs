//! What a worker is asked to do and what it answers: one assignment is one attempt of one task.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::frames::FrameRange;
use crate::ids::{Attempt, TaskId};
use crate::label::Label;
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
    /// Make the frames of one range and return them as a segment.
    Render {
        /// The source's facts.
        facts: MediaFacts,
        /// The frames to make.
        range: FrameRange,
        /// The files of every network that the recipe names, each network once.
        models: Vec<ModelFiles>,
    },
    /// Join the segments, add the sound, and prove the whole.
    Assemble {
        /// The source's facts.
        facts: MediaFacts,
        /// All segments in order, without gap or overlap.
        segments: Vec<Receipt>,
    },
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
    /// Of a render.
    Segment(Receipt),
    /// Of an assembly.
    Output(Output),
}

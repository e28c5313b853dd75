//! One assignment done: fetch what it needs, do the work, store what it made, say how it ended.
//!
//! Everything here is synchronous and runs on the task's own thread. Invariants: a result is returned only after its blob is
//! stored with the coordinator; a cancelled task says nothing; a panic is this worker's failure, never its end.

mod again;
mod analyse;
mod assemble;
mod black;
mod blobs;
mod compare;
mod devices;
mod error;
mod framing;
mod models;
mod pipeline;
mod plan;
mod probe;
mod render;
#[cfg(test)]
mod tests;
mod track;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::Failure;
use shotfarm_shared::model::ModelFiles;
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::work::{Assignment, TaskResult, Work};

use crate::agent::Ended;
use crate::media::{Cancel, MediaError, Tools};
use crate::scratch::ScratchError;

pub use blobs::{BlobAccess, FarmBlobs};
pub use devices::Devices;
pub use error::TaskError;
pub use pipeline::{Stage, StageTimes};
pub use track::ShotTrack;

/// Frames that a running task has finished, for its beats. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// So many so far.
    pub fn set(&self, frames: u64) {
        self.0.store(frames, Ordering::Relaxed);
    }

    /// How many so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What every task of a worker shares.
pub struct Context {
    /// ffmpeg and ffprobe.
    pub tools: Tools,
    /// The GPU.
    pub devices: Devices,
    /// Blobs, local and with the farm.
    pub blobs: Box<dyn BlobAccess>,
    /// Where files are made; on one file system with the blobs.
    pub work: PathBuf,
}

/// What one task has at hand.
struct Job<'a> {
    context: &'a Context,
    assignment: &'a Assignment,
    cancel: &'a Cancel,
    progress: &'a Progress,
    /// A folder of its own, removed when the task ends.
    folder: Folder,
}

/// Does one assignment. Returns once its result is stored, it has failed, or `cancel` was noticed.
#[must_use]
pub fn run(context: &Context, assignment: &Assignment, cancel: &Cancel, progress: &Progress) -> Ended {
    let done = catch_unwind(AssertUnwindSafe(|| Job::start(context, assignment, cancel, progress)?.run()));
    match done {
        Ok(Ok(result)) => Ended::Done(Box::new(result)),
        // Whatever else went wrong while it was being stopped is a consequence of stopping it.
        Ok(Err(_)) if cancel.is_cancelled() => Ended::Cancelled,
        Ok(Err(error)) => Ended::Failed { device_lost: error.is_device_lost(), failure: error.failure(&context.work) },
        Err(panic) => {
            let failure = Failure::worker(format!("this worker's own code failed: {}", panic_text(&*panic)));
            Ended::Failed { failure, device_lost: false }
        }
    }
}

/// Does a render assignment and says where the time went: for measurements.
///
/// # Errors
/// Whatever keeps the render from its end; also when the assignment is no render.
pub fn render_timed(context: &Context, assignment: &Assignment) -> Result<(Receipt, StageTimes), TaskError> {
    let (cancel, progress) = (Cancel::new(), Progress::default());
    match &assignment.work {
        Work::Render { facts, range, models, track } => {
            Job::start(context, assignment, &cancel, &progress)?.render(facts, *range, models, *track)
        }
        Work::Probe | Work::Analyse { .. } | Work::Plan { .. } | Work::Assemble { .. } => Err(TaskError::NoRender),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason")
}

impl<'a> Job<'a> {
    fn start(
        context: &'a Context,
        assignment: &'a Assignment,
        cancel: &'a Cancel,
        progress: &'a Progress,
    ) -> Result<Self, TaskError> {
        let folder = Folder::new(context.work.join(assignment.lease.attempt.to_string()))?;
        context.blobs.make_room(&needed(assignment))?;
        Ok(Self { context, assignment, cancel, progress, folder })
    }

    fn run(&self) -> Result<TaskResult, TaskError> {
        match &self.assignment.work {
            Work::Probe => self.probe().map(TaskResult::Facts),
            Work::Analyse { facts, range, models } => self.analyse(facts, *range, models).map(TaskResult::Findings),
            Work::Plan { facts, findings } => self.plan_track(facts, findings).map(TaskResult::Plan),
            Work::Render { facts, range, models, track } => {
                self.render(facts, *range, models, *track).map(|(receipt, _)| TaskResult::Segment(receipt))
            }
            Work::Assemble { facts, segments } => self.assemble(facts, segments).map(TaskResult::Output),
        }
    }

    /// The source under the shot's own name, which is what messages about it should say.
    fn source(&self) -> Result<PathBuf, TaskError> {
        let folder = self.folder.path.join("source");
        fs::create_dir_all(&folder).map_err(ScratchError::io("making", &folder))?;
        let place = folder.join(self.assignment.label.shot());
        self.context.blobs.fetch(self.assignment.source, &place, self.cancel).map_err(TaskError::about_source)?;
        Ok(place)
    }

    fn check_cancel(&self) -> Result<(), TaskError> {
        if self.cancel.is_cancelled() { Err(MediaError::Cancelled.into()) } else { Ok(()) }
    }
}

fn needed(assignment: &Assignment) -> BTreeSet<Digest> {
    let mut needed = BTreeSet::from([assignment.source]);
    match &assignment.work {
        Work::Probe => {}
        Work::Analyse { models, .. } => needed.extend(models.iter().flat_map(ModelFiles::blobs)),
        Work::Plan { findings, .. } => {
            needed.extend(findings.iter().map(|found| found.digest));
            needed.extend(assignment.recipe.reframe().and_then(|reframe| reframe.track));
        }
        Work::Render { models, track, .. } => {
            needed.extend(models.iter().flat_map(ModelFiles::blobs));
            needed.extend(track);
        }
        Work::Assemble { segments, .. } => needed.extend(segments.iter().map(|receipt| receipt.digest)),
    }
    needed
}

/// A folder that goes with its task.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(path: PathBuf) -> Result<Self, ScratchError> {
        // A farm that was set up anew at the same address gives out the same attempt numbers again.
        remove(&path);
        fs::create_dir_all(&path).map_err(ScratchError::io("making", &path))?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "a work folder could not be removed; it goes at the next start");
    }
}

//! Jobs and their tasks as the farm keeps them.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::Failure;
use shotfarm_shared::fidelity::Fidelity;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::ids::{Attempt, BatchId, JobId, TaskId, WorkerId};
use shotfarm_shared::limits::JOB_LOG_LINES_MAX;
use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::shot::Shot;
use shotfarm_shared::task::TaskState;
use shotfarm_shared::time::Timestamp;
use shotfarm_shared::work::{FindingsReceipt, Output, Planned};

/// One accepted manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// What people call it: the manifest's file name.
    pub name: String,
    /// The client's token.
    pub token: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// Counted from 0 in order of acceptance; earlier batches are rendered first.
    pub sequence: u64,
    /// Its jobs, in the order of the manifest.
    pub jobs: Vec<JobId>,
}

/// One shot on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The batch it came with.
    pub batch: BatchId,
    /// The batch's sequence and the job's place in it: the order of rendering.
    pub order: (u64, u32),
    /// What was asked for.
    pub shot: Shot,
    /// How it stands.
    pub state: JobState,
    /// Established by its probe.
    pub facts: Option<MediaFacts>,
    /// Made by its plan. Absent in farms stored before there were any.
    #[serde(default)]
    pub planned: Option<Planned>,
    /// Made by its assembly.
    pub output: Option<Output>,
    /// A task's number is its place here.
    pub tasks: Vec<Task>,
    /// What happened, oldest first.
    pub log: VecDeque<LogLine>,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Tasks are queued or running.
    Open,
    /// Its output is there, verified.
    Succeeded,
    /// Given up.
    Failed(Failure),
    /// Ended by a person.
    Cancelled,
}

/// What one task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// Establishes the source's facts.
    Probe,
    /// Looks at a range of frames.
    Analyse(FrameRange),
    /// Plans a track from all that was found.
    Plan,
    /// Makes a range of frames.
    Render(FrameRange),
    /// Joins all segments.
    Assemble,
}

/// A task and its history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// What it does.
    pub kind: TaskKind,
    /// Where it stands.
    pub state: TaskState,
    /// Attempts granted since it was created or last retried by a person.
    pub attempts: u32,
    /// Of these, how many failed by the job's own fault.
    pub job_faults: u32,
    /// Names of the workers on which an attempt failed or was lost; another is preferred. Names, since a worker that died
    /// and was started again is the same machine under a new id.
    pub failed_on: BTreeSet<String>,
    /// The attempt that was lost last, until the task is granted anew: whoever had it may still bring its result.
    #[serde(default)]
    pub lost: Option<(Attempt, WorkerId)>,
    /// The name of the last worker that had it.
    pub worker_name: String,
    /// A render task's result.
    pub receipt: Option<Receipt>,
    /// An analysis task's result.
    #[serde(default)]
    pub findings: Option<FindingsReceipt>,
}

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub text: String,
}

impl TaskKind {
    /// The kind in one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Analyse(_) => "analyse",
            Self::Plan => "plan",
            Self::Render(_) => "render",
            Self::Assemble => "assemble",
        }
    }

    /// Its rank among waiting tasks: what finishes a shot comes first, then what makes the amount of work known.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Assemble => 0,
            Self::Probe => 1,
            Self::Plan => 2,
            Self::Analyse(_) => 3,
            Self::Render(_) => 4,
        }
    }

    /// The frames it makes: 0 unless it renders.
    #[must_use]
    pub fn frames(self) -> u64 {
        match self {
            Self::Render(range) => range.len(),
            Self::Probe | Self::Analyse(_) | Self::Plan | Self::Assemble => 0,
        }
    }

    /// The frames that it counts on its way: those it makes or looks at.
    #[must_use]
    pub fn length(self) -> u64 {
        self.range().map_or(0, |range| range.len())
    }

    /// The frames it is about, where that is not all of the shot.
    #[must_use]
    pub fn range(self) -> Option<FrameRange> {
        match self {
            Self::Analyse(range) | Self::Render(range) => Some(range),
            Self::Probe | Self::Plan | Self::Assemble => None,
        }
    }
}

impl std::fmt::Display for TaskKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.range() {
            Some(range) => write!(f, "{} {range}", self.word()),
            None => f.write_str(self.word()),
        }
    }
}

impl Task {
    /// A task that waits.
    #[must_use]
    pub fn new(kind: TaskKind, at: Timestamp) -> Self {
        Self {
            kind,
            state: TaskState::Queued { not_before: at },
            attempts: 0,
            job_faults: 0,
            failed_on: BTreeSet::new(),
            lost: None,
            worker_name: String::new(),
            receipt: None,
            findings: None,
        }
    }

    /// An analysis that need not be done: its frames were looked at before.
    #[must_use]
    pub fn looked(found: FindingsReceipt, at: Timestamp) -> Self {
        let task = Self::new(TaskKind::Analyse(found.range), at);
        Self { state: TaskState::Succeeded, findings: Some(found), ..task }
    }

    /// The attempt and worker that hold it now.
    #[must_use]
    pub fn holder(&self) -> Option<(Attempt, WorkerId)> {
        match self.state {
            TaskState::Running { attempt, worker, .. } => Some((attempt, worker)),
            _ => None,
        }
    }
}

impl Job {
    /// The job's state in one word; an open job runs once any of its tasks has been granted.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.state {
            JobState::Open if self.tasks.iter().any(|task| task.attempts > 0) => "running",
            JobState::Open => "queued",
            JobState::Succeeded => "succeeded",
            JobState::Failed(_) => "failed",
            JobState::Cancelled => "cancelled",
        }
    }

    /// How near the frames rendered so far come to their source; nothing while none was compared.
    #[must_use]
    pub fn fidelity(&self) -> Option<Fidelity> {
        self.tasks.iter().filter_map(|task| task.receipt.as_ref()?.fidelity).reduce(Fidelity::join)
    }

    /// Adds a line to the log; the oldest go when there are too many.
    pub fn note(&mut self, at: Timestamp, text: String) {
        if self.log.len() >= JOB_LOG_LINES_MAX {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at, text });
    }

    /// The receipts of all render tasks in order of their frames, or `None` while one is missing.
    #[must_use]
    pub fn receipts(&self) -> Option<Vec<Receipt>> {
        let renders = self.tasks.iter().filter(|task| matches!(task.kind, TaskKind::Render(_)));
        let mut receipts: Vec<Receipt> = renders.map(|task| task.receipt.clone()).collect::<Option<_>>()?;
        receipts.sort_by_key(|receipt| receipt.range.start);
        (!receipts.is_empty()).then_some(receipts)
    }

    /// What all analysis tasks found, in order of their frames, or `None` while one is missing.
    #[must_use]
    pub fn findings(&self) -> Option<Vec<FindingsReceipt>> {
        let tasks = self.tasks.iter().filter(|task| matches!(task.kind, TaskKind::Analyse(_)));
        let mut findings = tasks.map(|task| task.findings.clone()).collect::<Option<Vec<_>>>()?;
        findings.sort_by_key(|found| found.range.start);
        (!findings.is_empty()).then_some(findings)
    }

    /// What names its look at the source, if it looks.
    #[must_use]
    pub fn look(&self) -> Option<Digest> {
        self.shot.recipe.look_digest(self.shot.source)
    }

    /// The ids of its tasks, in order.
    pub fn task_ids(&self, job: JobId) -> impl Iterator<Item = TaskId> + use<> {
        (0..self.tasks.len() as u32).map(move |number| TaskId { job, number })
    }
}

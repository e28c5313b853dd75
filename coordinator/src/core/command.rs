//! Everything that can be asked of the core, and what it answers.

use shotfarm_proto::convert::{Hello, LeaseProgress, ToWorker};
use shotfarm_shared::failure::Failure;
use shotfarm_shared::ids::{BatchId, JobId, WorkerId};
use shotfarm_shared::model::{AddFault, Model, ModelFault, ModelName, ModelVersion};
use shotfarm_shared::shot::Shot;
use shotfarm_shared::work::{LeaseId, TaskResult};

use super::record::Record;

/// The number of a worker's stream: messages of an older one change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session(pub u64);

/// What can be asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// Take a batch, whole.
    Submit {
        /// Its id if it is new, made by the caller.
        batch: BatchId,
        /// The client's token.
        token: String,
        /// Its name.
        name: String,
        /// Its shots.
        shots: Vec<Shot>,
    },
    /// A worker opened a stream.
    Join {
        /// Who it is.
        hello: Hello,
        /// The stream.
        session: Session,
    },
    /// A worker's stream ended.
    Leave {
        /// The worker.
        worker: WorkerId,
        /// The stream.
        session: Session,
    },
    /// A worker is alive.
    Beat {
        /// The worker.
        worker: WorkerId,
        /// The leases it renews.
        leases: Vec<LeaseProgress>,
        /// Tasks that it could start now.
        free_slots: u32,
        /// Whether it takes nothing more.
        draining: bool,
    },
    /// A worker returns a result.
    Done {
        /// The worker.
        worker: WorkerId,
        /// Task and attempt.
        lease: LeaseId,
        /// The result.
        result: TaskResult,
        /// Whether the blob that the result names is stored whole; true for results without one.
        blob_is_stored: bool,
    },
    /// A worker could not do it.
    Fail {
        /// The worker.
        worker: WorkerId,
        /// Task and attempt.
        lease: LeaseId,
        /// Why.
        failure: Failure,
    },
    /// End jobs.
    Cancel {
        /// Which.
        selection: String,
    },
    /// Try ended jobs again.
    Retry {
        /// Which.
        selection: String,
    },
    /// Let workers finish and leave.
    Drain {
        /// A worker's id, short id or name.
        worker: String,
    },
    /// Take a network, whose files are stored.
    AddModel {
        /// What to take.
        model: Box<Model>,
        /// Whether its name may mean other bytes from now on.
        replace: bool,
    },
    /// Forget a network.
    RemoveModel {
        /// Its name.
        name: ModelName,
    },
    /// Time has passed.
    Tick,
}

/// What follows from a command. Nothing of it may be seen by anybody before `records` are durable.
#[derive(Debug, Default)]
pub struct Effects {
    /// To be made durable, in order.
    pub records: Vec<Record>,
    /// To be sent to workers, in order.
    pub messages: Vec<(WorkerId, ToWorker)>,
    /// The answer to the asker.
    pub reply: Reply,
}

/// The answer to a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reply {
    /// Done, nothing to say.
    #[default]
    Nothing,
    /// The batch is taken.
    Submitted {
        /// Its id; that of the first submit where the token was known.
        batch: BatchId,
        /// Its jobs in the order of the shots.
        jobs: Vec<JobId>,
        /// Whether the token had been seen before.
        known: bool,
    },
    /// So many jobs or workers changed.
    Changed {
        /// Their labels or names.
        labels: Vec<String>,
    },
    /// The network is there.
    ModelAdded {
        /// As it is kept.
        version: Box<ModelVersion>,
        /// Whether exactly these bytes had been there under this name: nothing changed.
        known: bool,
    },
    /// It cannot be done.
    Refused(Refusal),
}

/// Why a command was not carried out. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No shot, or too many.
    #[error("a batch has 1 to {max} shots, this one has {got}")]
    BatchSize {
        /// Shots given.
        got: usize,
        /// Most shots taken.
        max: usize,
    },
    /// The same name or output twice in a batch.
    #[error("shot {0} stands twice in the batch; give every shot its own label")]
    Double(String),
    /// The token belongs to another batch.
    #[error("token `{0}` was used for other shots (batch {1}); use a new token")]
    TokenReused(String, BatchId),
    /// Nothing goes by that name.
    #[error("nothing here goes by `{0}`; see `shotfarm job list` and `shotfarm worker list`")]
    Unknown(String),
    /// A shot's network cannot be had.
    #[error("shot {shot}: {fault}{}", and_others(*.others, "shot", "like it"))]
    ShotModel {
        /// The first such shot.
        shot: String,
        /// What is wrong.
        fault: ModelFault,
        /// How many other shots have a network that cannot be had.
        others: usize,
    },
    /// The name means no network.
    #[error(transparent)]
    NoModel(ModelFault),
    /// A network is not taken.
    #[error(transparent)]
    AddModel(#[from] AddFault),
    /// A network that is needed.
    #[error(
        "model `{name}` is needed by jobs that have not ended: {}{}; wait for them or cancel them", labels.join(", "),
        and_others(*.others, "job", "more")
    )]
    ModelInUse {
        /// The network.
        name: ModelName,
        /// Labels of the first such jobs.
        labels: Vec<String>,
        /// How many others there are.
        others: usize,
    },
    /// The worker cannot take part.
    #[error("{0}")]
    Incompatible(String),
}

/// ` and 3 shots like it`, or nothing where there are no others.
fn and_others(others: usize, noun: &str, how: &str) -> String {
    match others {
        0 => String::new(),
        1 => format!(" and 1 {noun} {how}"),
        _ => format!(" and {others} {noun}s {how}"),
    }
}

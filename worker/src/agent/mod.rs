//! The worker's side of the lease protocol, as a pure state machine: `Agent::step(event, now) -> actions`.
//!
//! No clock, no randomness, no I/O: the session feeds it and performs what it says, in order. Invariants, held by the property
//! tests: a result is kept until the coordinator has settled or stopped its lease; never more tasks run than there are slots;
//! every lease this process holds is in every beat; a worker asked to drain ends once it holds nothing.
//!
//! While the coordinator is away, running work goes on to its end: a coordinator that comes back re-attaches the leases that
//! the worker names, and a result whose lease was given to another in the meantime is merely settled as not wanted.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod backoff;
mod state;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use shotfarm_proto::convert::{FromWorker, ToWorker};
use shotfarm_shared::failure::Failure;
use shotfarm_shared::ids::WorkerId;
use shotfarm_shared::work::{Assignment, LeaseId, TaskResult};

pub use state::Agent;

/// A result that nobody has settled is sent again this often. Shorter than a lease, so that one lost message does not cost the
/// attempt; long enough that a coordinator busy with its disk is not flooded.
pub const RESULT_REPEAT_MILLIS: u64 = 5_000;
/// Tasks in a row that may lose the GPU before the worker gives up: the device is opened anew for each, so a third loss is
/// the driver's or the machine's, and only a person can help.
pub const DEVICE_LOSSES_MAX: u32 = 3;

/// Who the worker is: what `Hello` says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// This process.
    pub worker: WorkerId,
    /// Its name for people.
    pub name: String,
    /// The GPU's own name.
    pub device: String,
    /// Whether that is a software device.
    pub software: bool,
    /// Tasks it takes at a time, at least 1.
    pub slots: u32,
}

/// What can happen to a worker.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A stream to the coordinator is open for sending.
    Connected,
    /// The stream broke, or none could be opened.
    Disconnected(Disconnect),
    /// The coordinator said something.
    Received(ToWorker),
    /// A running task has finished this many frames.
    Progressed(LeaseId, u64),
    /// A task's thread ended.
    Ended(LeaseId, Ended),
    /// Time passed.
    Tick,
    /// The operator wants the worker to finish and leave.
    DrainAsked,
    /// The operator wants the worker to leave now.
    StopAsked,
}

/// Why there is no stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    /// One sentence for the log or the operator.
    pub sentence: String,
    /// Whether a person must change something first: the address, the secret, the version.
    pub refused: bool,
}

/// How a task's thread ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// With a result, whose blob is stored.
    Done(Box<TaskResult>),
    /// Without.
    Failed {
        /// Whose fault, and why.
        failure: Failure,
        /// Whether the GPU was lost on the way.
        device_lost: bool,
    },
    /// It was told to stop.
    Cancelled,
}

/// What the coordinator is to be told about a lease, until it settles it. Kept on disk by the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A result.
    Done(Box<TaskResult>),
    /// A failure.
    Failed(Failure),
}

/// What the session has to do, in the order given.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a handful of actions live for a moment; boxes would only hide the messages")]
pub enum Action {
    /// Open a stream; answer with `Connected` or `Disconnected`.
    Connect,
    /// Say this on the open stream.
    Send(FromWorker),
    /// Start a task; answer with `Ended`.
    Start(Box<Assignment>),
    /// Tell a running task to stop; its `Ended` still comes.
    Cancel(LeaseId),
    /// Write an outcome to the outbox, durably, before anything after this is done.
    Persist(LeaseId, Outcome),
    /// Remove an outcome from the outbox.
    Forget(LeaseId),
    /// Leave.
    Exit(Exit),
}

/// Why the worker leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Asked to drain, and nothing is left.
    Drained,
    /// Asked to stop.
    Stopped,
    /// The farm does not take this worker, and waiting would not help.
    Refused(String),
    /// No farm answered for as long as the operator wanted to wait.
    NoFarm(String),
    /// The GPU was lost too often.
    DeviceLost(String),
}

impl Outcome {
    /// The message that tells it.
    #[must_use]
    pub fn message(&self, lease: LeaseId) -> FromWorker {
        match self {
            Self::Done(result) => FromWorker::Done(lease, (**result).clone()),
            Self::Failed(failure) => FromWorker::Failed(lease, failure.clone()),
        }
    }
}

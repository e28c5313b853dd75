//! The durable facts: everything that a restart must know, each exactly once.
//!
//! Records are stored as named MessagePack: fields may be added with a default, variants are never reused.

use serde::{Deserialize, Serialize};
use shotfarm_shared::failure::Failure;
use shotfarm_shared::ids::{BatchId, JobId, WorkerId};
use shotfarm_shared::model::{Model, ModelName};
use shotfarm_shared::shot::Shot;
use shotfarm_shared::time::Timestamp;
use shotfarm_shared::work::{FindingsReceipt, LeaseId, TaskResult};

use super::job::TaskKind;

/// One durable change of the farm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// A batch was taken, whole.
    BatchAccepted {
        /// Its id.
        batch: BatchId,
        /// The client's token.
        token: String,
        /// Its name.
        name: String,
        /// Its shots, their networks pinned; each is a job with a probe task.
        shots: Vec<Shot>,
        /// When.
        at: Timestamp,
    },
    /// A worker holds a task.
    Granted {
        /// Task and attempt.
        lease: LeaseId,
        /// The holder.
        worker: WorkerId,
        /// The holder's name.
        worker_name: String,
        /// When.
        at: Timestamp,
    },
    /// A task is done.
    TaskSucceeded {
        /// Task and attempt.
        lease: LeaseId,
        /// What it returned, already held to the task.
        result: TaskResult,
        /// When.
        at: Timestamp,
    },
    /// An attempt is over and another is due.
    AttemptEnded {
        /// Task and attempt.
        lease: LeaseId,
        /// How it ended.
        end: AttemptEnd,
        /// The earliest moment of the next attempt.
        not_before: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The holder of a lost attempt came back before anybody else took the task.
    Revived {
        /// Task and attempt.
        lease: LeaseId,
        /// When.
        at: Timestamp,
    },
    /// A job has further tasks.
    TasksAdded {
        /// The job.
        job: JobId,
        /// The tasks, numbered on from those it has.
        kinds: Vec<TaskKind>,
        /// When.
        at: Timestamp,
    },
    /// A source that another job had looked at in the same way need not be looked at again.
    FindingsReused {
        /// The job.
        job: JobId,
        /// The job that had looked.
        from: JobId,
        /// What was found, in order, without gap or overlap.
        findings: Vec<FindingsReceipt>,
        /// When.
        at: Timestamp,
    },
    /// A job is given up; its open tasks end with it.
    JobFailed {
        /// The job.
        job: JobId,
        /// Why.
        failure: Failure,
        /// When.
        at: Timestamp,
    },
    /// A person ended a job.
    JobCancelled {
        /// The job.
        job: JobId,
        /// When.
        at: Timestamp,
    },
    /// A person wants an ended job tried again; what it has finished stays.
    JobRetried {
        /// The job.
        job: JobId,
        /// When.
        at: Timestamp,
    },
    /// A name means this network from now on.
    ModelAdded {
        /// The network.
        model: Model,
        /// When.
        at: Timestamp,
    },
    /// A name means no network any more.
    ModelRemoved {
        /// The name.
        name: ModelName,
    },
}

/// How an attempt ended without a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptEnd {
    /// Its lease was not renewed.
    Lost,
    /// The worker said so, or its result was refused.
    Failed(Failure),
}

//! The names of batches, jobs, tasks, workers and attempts.
//!
//! Ids are made at the edge and passed in. A job's id follows from its batch and its place in it, a task's from its job, so
//! replaying a journal gives the same ids again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is no id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind} id")]
pub struct InvalidId {
    /// What was asked for: `batch`, `job`, `task` or `worker`.
    pub kind: &'static str,
    /// The text that was given.
    pub text: String,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The last eight digits: short enough to read aloud, and the part that differs most between neighbours.
            #[must_use]
            pub fn short(&self) -> String {
                self.0.simple().to_string()[24..].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId { kind: $kind, text: text.to_owned() })
            }
        }
    };
}

uuid_id!(
    /// One accepted manifest.
    BatchId,
    "batch"
);
uuid_id!(
    /// One shot of one batch.
    JobId,
    "job"
);
uuid_id!(
    /// One worker process, kept over its reconnects and made anew when the process starts.
    WorkerId,
    "worker"
);

impl JobId {
    /// The id of the `index`-th shot of `batch`.
    #[must_use]
    pub fn of_shot(batch: BatchId, index: u32) -> Self {
        Self(Uuid::new_v5(&batch.0, &index.to_be_bytes()))
    }
}

/// A task: its job and its number within it. Written `JOB/7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId {
    /// The job it belongs to.
    pub job: JobId,
    /// Counted from 0 in the order of creation.
    pub number: u32,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.job, self.number)
    }
}

impl FromStr for TaskId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId { kind: "task", text: text.to_owned() };
        let (job, number) = text.split_once('/').ok_or_else(invalid)?;
        Ok(Self { job: job.parse().map_err(|_| invalid())?, number: number.parse().map_err(|_| invalid())? })
    }
}

/// The number of one lease of one task: the fence on everything its worker sends. Never given out twice by a farm: it grows
/// with every grant and is part of the durable state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempt(pub u64);

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_id_follows_from_its_batch_and_place() {
        let batch = BatchId(Uuid::from_u128(7));
        assert_eq!(JobId::of_shot(batch, 3), JobId::of_shot(batch, 3));
        assert_ne!(JobId::of_shot(batch, 3), JobId::of_shot(batch, 4));
    }

    #[test]
    fn task_ids_are_read_back() {
        let task = TaskId { job: JobId(Uuid::from_u128(9)), number: 12 };
        assert_eq!(task.to_string().parse(), Ok(task));
        assert!("12".parse::<TaskId>().is_err());
    }
}

//! The states of a task and the one function that moves between them.
//!
//! Live code and recovery both go through [`next`]; a pair of state and event that makes no sense is a typed error, never a
//! silent change.

use serde::{Deserialize, Serialize};

use crate::ids::{Attempt, WorkerId};
use crate::time::Timestamp;

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// Waits for a worker, not before a moment.
    Queued {
        /// The earliest moment for the next attempt; back-off after failures of the environment.
        not_before: Timestamp,
    },
    /// Leased.
    Running {
        /// The fence.
        attempt: Attempt,
        /// The holder.
        worker: WorkerId,
        /// When it was granted.
        since: Timestamp,
    },
    /// Done, its result durable.
    Succeeded,
    /// Given up.
    Failed,
    /// Ended by a person.
    Cancelled,
}

/// What can happen to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// A worker gets the lease.
    Granted {
        /// The fence.
        attempt: Attempt,
        /// The holder.
        worker: WorkerId,
        /// When.
        now: Timestamp,
    },
    /// The holder of this attempt returned an accepted result.
    Succeeded {
        /// Whose result it is.
        attempt: Attempt,
    },
    /// This attempt is over without a result and another is due.
    Requeued {
        /// Which attempt is over.
        attempt: Attempt,
        /// When the next may start.
        not_before: Timestamp,
    },
    /// The holder of a lost attempt came back before anybody else took the task.
    Revived {
        /// The attempt that was lost.
        attempt: Attempt,
        /// Its holder.
        worker: WorkerId,
        /// When.
        now: Timestamp,
    },
    /// No further attempt is made.
    GivenUp,
    /// A person ended it.
    Cancelled,
    /// A person wants it tried again.
    Retried {
        /// When.
        now: Timestamp,
    },
}

/// A state and an event that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a task that is {state:?} cannot take {event:?}")]
pub struct Impossible {
    /// The state it was in.
    pub state: TaskState,
    /// What should have happened.
    pub event: TaskEvent,
}

/// The state after `event`.
///
/// # Errors
/// [`Impossible`] for every pair that is not a transition: the caller must have fenced stale attempts before.
pub fn next(state: &TaskState, event: TaskEvent) -> Result<TaskState, Impossible> {
    use TaskEvent as E;
    use TaskState as S;
    match (state, event) {
        (S::Queued { .. }, E::Granted { attempt, worker, now } | E::Revived { attempt, worker, now }) => {
            Ok(S::Running { attempt, worker, since: now })
        }
        (S::Running { attempt: held, .. }, E::Succeeded { attempt }) if *held == attempt => Ok(S::Succeeded),
        (S::Running { attempt: held, .. }, E::Requeued { attempt, not_before }) if *held == attempt => {
            Ok(S::Queued { not_before })
        }
        (S::Queued { .. } | S::Running { .. }, E::GivenUp) => Ok(S::Failed),
        (S::Queued { .. } | S::Running { .. }, E::Cancelled) => Ok(S::Cancelled),
        (S::Failed | S::Cancelled, E::Retried { now }) => Ok(S::Queued { not_before: now }),
        (state, event) => Err(Impossible { state: state.clone(), event }),
    }
}

impl TaskState {
    /// Whether it will not change again by itself.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// The state in one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Running { .. } => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn states() -> Vec<TaskState> {
        vec![
            TaskState::Queued { not_before: NOW },
            TaskState::Running { attempt: Attempt(1), worker: WorkerId(Uuid::nil()), since: NOW },
            TaskState::Succeeded,
            TaskState::Failed,
            TaskState::Cancelled,
        ]
    }

    fn events() -> Vec<TaskEvent> {
        vec![
            TaskEvent::Granted { attempt: Attempt(2), worker: WorkerId(Uuid::nil()), now: NOW },
            TaskEvent::Succeeded { attempt: Attempt(1) },
            TaskEvent::Succeeded { attempt: Attempt(9) },
            TaskEvent::Requeued { attempt: Attempt(1), not_before: NOW },
            TaskEvent::Requeued { attempt: Attempt(9), not_before: NOW },
            TaskEvent::Revived { attempt: Attempt(1), worker: WorkerId(Uuid::nil()), now: NOW },
            TaskEvent::GivenUp,
            TaskEvent::Cancelled,
            TaskEvent::Retried { now: NOW },
        ]
    }

    /// The whole table: rows are states, columns events, in the orders above; `-` is impossible.
    #[test]
    fn the_table_of_transitions() {
        let table: Vec<String> = states()
            .iter()
            .map(|state| {
                let cell = |event| next(state, event).map_or("-", |after| after.word());
                format!("{}: {}", state.word(), events().into_iter().map(cell).collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "queued: running - - - - running failed cancelled -",
                "running: - succeeded - queued - - failed cancelled -",
                "succeeded: - - - - - - - - -",
                "failed: - - - - - - - - queued",
                "cancelled: - - - - - - - - queued",
            ]
        );
    }
}

//! Why an attempt ended badly. The class decides what is done about it; the message is for a person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureClass {
    /// The job's: bad input, an impossible recipe. Trying again elsewhere gives the same result, so it uses up the job's retries.
    Job,
    /// The worker's: a wrong result, a crash in its own code. Counts against the worker.
    Worker,
    /// The environment's: disk full, GPU lost, blob not reachable. The task backs off and is tried again.
    Environment,
}

/// A failure as it is recorded and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whose fault it is.
    pub class: FailureClass,
    /// One sentence in a producer's words: what, where, and what to do.
    pub message: String,
}

impl Failure {
    /// A failure of the job itself.
    #[must_use]
    pub fn job(message: impl Into<String>) -> Self {
        Self { class: FailureClass::Job, message: message.into() }
    }

    /// A failure of the worker.
    #[must_use]
    pub fn worker(message: impl Into<String>) -> Self {
        Self { class: FailureClass::Worker, message: message.into() }
    }

    /// A failure of what surrounds both.
    #[must_use]
    pub fn environment(message: impl Into<String>) -> Self {
        Self { class: FailureClass::Environment, message: message.into() }
    }
}

impl FailureClass {
    /// The class in one word, as it is written everywhere.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Worker => "worker",
            Self::Environment => "environment",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

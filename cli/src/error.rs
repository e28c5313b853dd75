//! What a verb ends with when it cannot do its work: one sentence, what to do about it, and the exit code.

use std::fmt::Display;
use std::io;

use shotfarm_shared::manifest::Fault;

use crate::exit::Exit;

/// The reason why a verb stopped, for a person and for a script.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CliError {
    /// What is wrong, in one sentence.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// Every fault of a manifest, with its place.
    pub(crate) faults: Vec<Fault>,
    /// How the process ends.
    pub(crate) exit: Exit,
    /// Whoever read our standard output has gone; nothing is said, as `head` expects.
    pub(crate) silent: bool,
}

impl CliError {
    /// Refused: the same call will not succeed.
    pub(crate) fn refused(message: impl Display) -> Self {
        Self { message: message.to_string(), hint: None, faults: Vec::new(), exit: Exit::Failed, silent: false }
    }

    /// Not possible now: the same call may succeed later.
    pub(crate) fn not_now(message: impl Display) -> Self {
        Self { exit: Exit::NotNow, ..Self::refused(message) }
    }

    /// With what to do about it.
    pub(crate) fn hint(self, hint: impl Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }

    /// With the faults of a manifest.
    pub(crate) fn faults(self, faults: Vec<Fault>) -> Self {
        Self { faults, ..self }
    }

    /// Standard output could not be written.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self { silent: true, exit: Exit::Done, ..Self::refused("standard output was closed") }
        } else {
            Self::not_now(format!("cannot write to standard output: {error}"))
        }
    }
}

/// An error's sentence followed by those of its sources, which do not repeat each other.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let error = CliError::stdout(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(error.silent && error.exit == Exit::Done);
        let error = CliError::stdout(&io::Error::from(io::ErrorKind::StorageFull));
        assert!(!error.silent && error.exit == Exit::NotNow);
    }
}

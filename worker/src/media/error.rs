//! What can go wrong with media, each kind with its class: the job's fault, the worker's, or the environment's.

use std::io;
use std::path::{Path, PathBuf};

use shotfarm_shared::failure::{Failure, FailureClass};
use shotfarm_shared::limits::CHILD_IDLE_MILLIS_MAX;

/// Why a piece of media work did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// A program is not installed.
    #[error("{tool} is not installed or not in PATH: install it (Debian/Ubuntu: apt install ffmpeg)")]
    ToolMissing {
        /// `ffmpeg` or `ffprobe`.
        tool: &'static str,
    },
    /// A program is installed but cannot do what is needed.
    #[error("{} lacks {what}: install a build of ffmpeg 5.0 or newer that has it", path.display())]
    ToolLacks {
        /// The program.
        path: PathBuf,
        /// The codec or version that is missing.
        what: String,
    },
    /// A program could not be started.
    #[error("{} could not be started", path.display())]
    Spawn {
        /// The program.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file or pipe could not be read or written.
    #[error("{operation} {subject} failed")]
    Io {
        /// What was being done, such as `reading`.
        operation: &'static str,
        /// The file.
        subject: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The disk is full.
    #[error("{operation} {subject} stopped: no space is left on the disk; free some, the task is tried again")]
    NoSpace {
        /// What was being done.
        operation: &'static str,
        /// The file.
        subject: String,
    },
    /// Memory ran out, or the system's killer of memory hogs came.
    #[error("{operation} {subject} stopped: not enough memory, or the process was killed from outside ({detail})")]
    Killed {
        /// What was being done.
        operation: &'static str,
        /// The file.
        subject: String,
        /// How it ended.
        detail: String,
    },
    /// A child process did nothing for too long.
    #[error("{operation} {subject} was stopped: ffmpeg did nothing for {} s", CHILD_IDLE_MILLIS_MAX / 1_000)]
    Idle {
        /// What was being done.
        operation: &'static str,
        /// The file.
        subject: String,
    },
    /// The source is readable but is not what the farm renders.
    #[error("{subject} cannot be taken: {reason}")]
    Refused {
        /// The file.
        subject: String,
        /// One sentence: what it is and what to do.
        reason: String,
    },
    /// The source is damaged.
    #[error("{subject} is damaged: {detail}; export it again")]
    Damaged {
        /// The file.
        subject: String,
        /// What was found.
        detail: String,
    },
    /// What this worker made, or was about to make, is wrong.
    #[error("{operation} {subject} went wrong on this worker: {detail}")]
    Own {
        /// What was being done.
        operation: &'static str,
        /// The file.
        subject: String,
        /// What was found.
        detail: String,
    },
    /// The task was cancelled. No failure of anybody: look for it before turning an error into a [`Failure`].
    #[error("cancelled")]
    Cancelled,
}

impl MediaError {
    /// Whose fault it is. A cancelled task counts as the environment's, so that nobody is blamed if it is ever reported.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Refused { .. } | Self::Damaged { .. } => FailureClass::Job,
            Self::Own { .. } => FailureClass::Worker,
            Self::ToolMissing { .. }
            | Self::ToolLacks { .. }
            | Self::Spawn { .. }
            | Self::Io { .. }
            | Self::NoSpace { .. }
            | Self::Killed { .. }
            | Self::Idle { .. }
            | Self::Cancelled => FailureClass::Environment,
        }
    }

    /// An I/O error with its subject; a full disk is told apart.
    pub(crate) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        let subject = subject(path);
        if source.kind() == io::ErrorKind::StorageFull {
            Self::NoSpace { operation, subject }
        } else {
            Self::Io { operation, subject, source }
        }
    }

    /// A source that is refused, for `reason`.
    pub(crate) fn refused(path: &Path, reason: impl Into<String>) -> Self {
        Self::Refused { subject: subject(path), reason: reason.into() }
    }

    /// A damaged source.
    pub(crate) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { subject: subject(path), detail: detail.into() }
    }

    /// A fault of this worker.
    pub(crate) fn own(operation: &'static str, path: &Path, detail: impl Into<String>) -> Self {
        Self::Own { operation, subject: subject(path), detail: detail.into() }
    }
}

/// A file as messages name it: by its last part, since the folders before it are the worker's own business.
pub(crate) fn subject(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

impl From<MediaError> for Failure {
    fn from(error: MediaError) -> Self {
        let message = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        Self { class: error.class(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_the_environments_fault_and_says_so() {
        let error = MediaError::io("writing", Path::new("/tmp/x/out.mp4"), io::ErrorKind::StorageFull.into());
        let failure = Failure::from(error);
        assert_eq!(failure.class, FailureClass::Environment);
        assert!(failure.message.starts_with("writing out.mp4 stopped: no space"), "{failure}");
    }

    #[test]
    fn a_failure_carries_its_source_once() {
        let error = MediaError::io("reading", Path::new("in.mp4"), io::Error::other("the cable is out"));
        assert_eq!(Failure::from(error).message, "reading in.mp4 failed: the cable is out");
    }
}

//! The exit codes of `shotfarm`: few, documented, the same for every verb.

use std::process::ExitCode;

/// How a run of `shotfarm` ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; of `job wait` and `submit --wait`: every job succeeded.
    Done,
    /// Could not be done now: no farm answers, the time is up, the disk is full. The same call may succeed later.
    NotNow,
    /// Refused or failed: wrong usage, a manifest with faults, a job that failed. The same call will not succeed.
    Failed,
    /// A person cancelled what was waited for.
    Cancelled,
}

/// The part of the help that scripts are written from.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done; with `job wait` and `submit --wait`: every job succeeded
  1  not now: no farm answers, the time is up, no space; the same call may succeed later
  2  refused or failed: wrong usage, faults in a manifest, a job that failed
  3  cancelled: nothing failed, but a job that was waited for had been cancelled

Voices: tables for people by default; --json prints one JSON object on standard output (one a line with --watch);
--quiet prints only ids or paths, or nothing. Progress and messages go to standard error.
With --json an error is also an object: {\"error\": {\"message\", \"hint\", \"faults\"}}.";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::NotNow => 1,
            Exit::Failed => 2,
            Exit::Cancelled => 3,
        })
    }
}

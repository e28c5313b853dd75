//! Running other programs from the workspace's root, and the one error that all tasks share.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use shotfarm_tests::film::EncodeError;
use shotfarm_tests::pictures::PictureError;

/// Why a task stopped. The text is for the person at the terminal: what is wrong, and what to do.
#[derive(Debug)]
pub(crate) struct TaskError(pub(crate) String);

impl std::fmt::Display for TaskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An error with what caused it, in one line: this is the outermost place, where sources are told.
fn told(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", told(source)))
}

impl From<EncodeError> for TaskError {
    fn from(error: EncodeError) -> Self {
        Self(told(&error))
    }
}

impl From<PictureError> for TaskError {
    fn from(error: PictureError) -> Self {
        Self(told(&error))
    }
}

impl From<String> for TaskError {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Names what was tried when the system refuses it.
pub(crate) fn while_trying(what: impl Into<String>) -> impl FnOnce(io::Error) -> TaskError {
    let what = what.into();
    move |error| TaskError(format!("cannot {what}: {error}"))
}

/// The root of the workspace: above this package.
pub(crate) fn workspace_root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), std::path::Path::to_owned)
}

/// The cargo that started us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace_root());
    command
}

/// The output of a program, or nothing when it cannot be started.
pub(crate) fn output_of(program: &str, arguments: &[&str]) -> Option<Output> {
    Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()
}

/// A time as people say it: `48.2 s` or `3 min 07 s`.
pub(crate) fn spoken(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 { format!("{seconds:.1} s") } else { format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_seconds_then_in_minutes() {
        assert_eq!(spoken(Duration::from_millis(48_240)), "48.2 s");
        assert_eq!(spoken(Duration::from_secs(187)), "3 min 07 s");
    }
}

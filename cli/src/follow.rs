//! Following a selection of jobs as the farm works on them, through restarts of the coordinator, until they have ended.

use std::time::{Duration, Instant};

use shotfarm_proto::client::Connection;
use shotfarm_proto::v1::{Selection, StatusRequest};
use shotfarm_shared::limits::{RECONNECT_WAIT_MILLIS_MAX, RECONNECT_WAIT_MILLIS_MIN};
use tonic::Status as Refusal;

use crate::connect::{is_lost, refusal};
use crate::error::CliError;
use crate::exit::Exit;
use crate::view::{Job, Status};

/// A farm that does not answer for this long is given up. Longer than any restart, short enough for a script to notice.
const FARM_AWAY_MAX: Duration = Duration::from_secs(600);

/// What is heard while following.
#[derive(Debug)]
pub(crate) enum Heard<'a> {
    /// The state of the selection.
    Status(&'a Status),
    /// The farm went away; it is asked again.
    Away,
    /// It is back.
    Back,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    /// Tell me more.
    On,
    /// That was all.
    Enough,
}

/// Hears the status of `selection` now and after every change, until `on_heard` has had enough.
///
/// # Errors
/// The farm refuses, or stays away longer than [`FARM_AWAY_MAX`].
pub(crate) async fn follow(
    farm: &Connection,
    selection: &str,
    ended: bool,
    on_heard: &mut dyn FnMut(Heard<'_>) -> Result<Go, CliError>,
) -> Result<(), CliError> {
    let mut away: Option<Instant> = None;
    let mut wait_millis = RECONNECT_WAIT_MILLIS_MIN;
    loop {
        let selected = Some(Selection { text: selection.to_owned() });
        let lost = match farm.studio().watch(StatusRequest { selection: selected, ended }).await {
            Err(status) => status,
            Ok(stream) => {
                let mut stream = stream.into_inner();
                loop {
                    match stream.message().await {
                        Ok(Some(reply)) => {
                            if away.take().is_some() {
                                on_heard(Heard::Back)?;
                            }
                            wait_millis = RECONNECT_WAIT_MILLIS_MIN;
                            if on_heard(Heard::Status(&Status::from(reply)))? == Go::Enough {
                                return Ok(());
                            }
                        }
                        Ok(None) => break Refusal::unavailable("it ended the conversation"),
                        Err(status) => break status,
                    }
                }
            }
        };
        if !is_lost(&lost) {
            return Err(refusal(&lost));
        }
        if away.is_none() {
            on_heard(Heard::Away)?;
        }
        if away.get_or_insert_with(Instant::now).elapsed() > FARM_AWAY_MAX {
            return Err(refusal(&lost));
        }
        tokio::time::sleep(Duration::from_millis(wait_millis)).await;
        wait_millis = (wait_millis * 2).min(RECONNECT_WAIT_MILLIS_MAX);
    }
}

/// How a wait for these jobs ends, once all of them have: failed before cancelled before done. `None` while one goes on.
pub(crate) fn outcome(jobs: &[Job]) -> Option<Exit> {
    let any = |state: &str| jobs.iter().any(|job| job.state == state);
    if !jobs.iter().all(Job::has_ended) {
        None
    } else if any("failed") {
        Some(Exit::Failed)
    } else if any("cancelled") {
        Some(Exit::Cancelled)
    } else {
        Some(Exit::Done)
    }
}

/// The refusal of a selection that nothing answers to.
pub(crate) fn nothing_selected(selection: &str) -> CliError {
    if selection.is_empty() {
        CliError::refused("the farm has no jobs").hint("hand some in with `shotfarm submit`")
    } else {
        CliError::refused(format!("nothing on the farm is called `{selection}`")).hint(
            "name a batch or job by id or short id, or a label or its front part such as show/episode; see `shotfarm status`",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::job;

    #[test]
    fn a_wait_ends_when_all_have_and_with_the_worst() {
        let jobs = |states: &[&str]| states.iter().map(|state| job("s/e/1", state)).collect::<Vec<_>>();
        assert_eq!(outcome(&jobs(&["succeeded", "running"])), None);
        assert_eq!(outcome(&jobs(&["failed", "queued"])), None);
        assert_eq!(outcome(&jobs(&["succeeded", "succeeded"])), Some(Exit::Done));
        assert_eq!(outcome(&jobs(&["succeeded", "cancelled"])), Some(Exit::Cancelled));
        assert_eq!(outcome(&jobs(&["cancelled", "failed", "succeeded"])), Some(Exit::Failed));
    }
}

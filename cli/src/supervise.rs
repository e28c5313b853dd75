//! Worker processes under the care of `up`: started, started again with growing waits when they die, drained and ended.
//!
//! A worker is tied to us by its standard input: when that closes, by our wish or by our death, it drains.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use shotfarm_shared::limits::{BACKOFF_MILLIS_MAX, BACKOFF_MILLIS_MIN};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::voice::Voice;

/// A worker that ran for this long had started well: its next death is a new story.
const STEADY_AFTER: Duration = Duration::from_secs(60);

/// What those under our care are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Work.
    Run,
    /// Finish what runs, then end.
    Drain,
    /// End now.
    Stop,
}

/// How one worker process is started.
#[derive(Clone, Debug)]
pub(crate) struct WorkerSpec {
    /// Its name.
    pub(crate) name: String,
    /// The program: this binary.
    pub(crate) program: OsString,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
}

/// Waits before a worker is started again: doubling while it dies young, from the start after it ran well.
#[derive(Debug, Default)]
struct Restarts {
    in_a_row: u32,
}

impl Restarts {
    /// The wait after a life of `lived`, and whether this death is the first of its kind.
    fn after(&mut self, lived: Duration) -> (Duration, bool) {
        if lived >= STEADY_AFTER {
            self.in_a_row = 0;
        }
        let first = self.in_a_row == 0;
        let millis = BACKOFF_MILLIS_MIN.saturating_mul(1 << self.in_a_row.min(16)).min(BACKOFF_MILLIS_MAX);
        self.in_a_row += 1;
        (Duration::from_millis(millis), first)
    }
}

/// Keeps one worker running until it drains by itself or the phase says otherwise.
pub(crate) async fn keep_running(voice: Voice, spec: WorkerSpec, mut phase: watch::Receiver<Phase>) {
    let mut restarts = Restarts::default();
    while *phase.borrow() == Phase::Run {
        let started = Instant::now();
        let died = match start(&spec) {
            Err(error) => format!("cannot be started: {error}"),
            Ok(mut child) => match live(&mut child, &mut phase).await {
                Some(status) if *phase.borrow() == Phase::Run => {
                    if status.success() {
                        voice.note(&format!("worker {} has drained and ended", spec.name));
                        return;
                    }
                    format!("ended ({status})")
                }
                _ => return,
            },
        };
        let (wait, first) = restarts.after(started.elapsed());
        if first {
            voice.note(&format!("worker {} {died}; it is started again, from now on without saying so", spec.name));
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = phase.wait_for(|phase| *phase != Phase::Run) => {}
        }
    }
}

fn start(spec: &WorkerSpec) -> std::io::Result<Child> {
    let mut command = Command::new(&spec.program);
    command.args(&spec.arguments).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    // Ctrl-C in a terminal goes to the whole group; the worker is to hear of it from us alone.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// Waits for the end of `child`, and brings it about when the phase asks for it.
async fn live(child: &mut Child, phase: &mut watch::Receiver<Phase>) -> Option<ExitStatus> {
    let mut input = child.stdin.take();
    loop {
        let now = *phase.borrow_and_update();
        match now {
            Phase::Run => {}
            Phase::Drain => drop(input.take()),
            Phase::Stop => {
                let _ = child.kill().await; // it may have ended by itself
                return None;
            }
        }
        tokio::select! {
            status = child.wait() => return status.ok(),
            // Nobody to change the phase any more is as good as a stop.
            changed = phase.changed() => if changed.is_err() {
                let _ = child.kill().await;
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_while_it_dies_young() {
        let mut restarts = Restarts::default();
        let young = Duration::from_secs(1);
        let waits: Vec<(u64, bool)> =
            (0..8).map(|_| restarts.after(young)).map(|(wait, first)| (wait.as_millis() as u64, first)).collect();
        assert_eq!(waits[..3], [(1_000, true), (2_000, false), (4_000, false)]);
        assert_eq!(waits[7].0, BACKOFF_MILLIS_MAX);
        assert_eq!(restarts.after(STEADY_AFTER), (Duration::from_millis(BACKOFF_MILLIS_MIN), true));
    }

    fn shell(script: &str) -> WorkerSpec {
        WorkerSpec { name: "w".into(), program: "sh".into(), arguments: vec!["-c".into(), script.into()] }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_worker_drains_when_its_input_closes() {
        let dir = tempfile::tempdir().expect("a folder");
        let (began, drained) = (dir.path().join("began"), dir.path().join("drained"));
        let script = format!("touch '{}'; cat > /dev/null; touch '{}'", began.display(), drained.display());
        let (phase, phases) = watch::channel(Phase::Run);
        let keeping = tokio::spawn(keep_running(Voice::Quiet, shell(&script), phases));
        while !began.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!drained.exists());
        phase.send(Phase::Drain).expect("somebody listens");
        keeping.await.expect("it ends");
        assert!(drained.exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_worker_that_will_not_drain_is_stopped() {
        let (phase, phases) = watch::channel(Phase::Drain);
        let mut child = start(&shell("exec sleep 1000")).expect("sh is there");
        let mut phases = phases;
        phase.send(Phase::Stop).expect("somebody listens");
        assert_eq!(live(&mut child, &mut phases).await, None);
        assert!(child.try_wait().expect("a child").is_some());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_worker_that_ended_well_is_not_started_again() {
        let (_phase, phases) = watch::channel(Phase::Run);
        keep_running(Voice::Quiet, shell("exit 0"), phases).await;
    }
}

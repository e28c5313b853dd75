//! The threads of running tasks: started, told to stop, and heard when they end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use shotfarm_shared::failure::Failure;
use shotfarm_shared::work::{Assignment, LeaseId, Work};
use tokio::sync::mpsc;

use crate::agent::Ended;
use crate::media::Cancel;
use crate::task::{self, Context, Progress};

/// Running tasks.
pub(super) struct Tasks {
    context: Arc<Context>,
    ended: mpsc::UnboundedSender<(LeaseId, Ended)>,
    running: BTreeMap<LeaseId, (Cancel, Progress)>,
}

impl Tasks {
    /// No task yet. Their ends are told to `ended`, which holds no more than the agent has slots.
    pub(super) fn new(context: Arc<Context>, ended: mpsc::UnboundedSender<(LeaseId, Ended)>) -> Self {
        Self { context, ended, running: BTreeMap::new() }
    }

    pub(super) fn start(&mut self, assignment: Box<Assignment>) {
        let lease = assignment.lease;
        let (cancel, progress) = (Cancel::new(), Progress::default());
        self.running.insert(lease, (cancel.clone(), progress.clone()));
        let (context, ended) = (Arc::clone(&self.context), self.ended.clone());
        let work = move || {
            let started = Instant::now();
            tracing::info!(attempt = lease.attempt.0, shot = %assignment.label, work = %describe(&assignment.work), "task started");
            let end = task::run(&context, &assignment, &cancel, &progress);
            log_end(&assignment, &end, started.elapsed().as_secs_f64());
            // The session outlives its tasks, unless it was told to leave at once.
            let _ = ended.send((lease, end));
        };
        let spawned = thread::Builder::new().name(format!("task-{}", lease.attempt)).spawn(work);
        if let Err(error) = spawned {
            let failure = Failure::environment(format!("a thread for the task could not be started: {error}"));
            let _ = self.ended.send((lease, Ended::Failed { failure, device_lost: false }));
        }
    }

    pub(super) fn cancel(&self, lease: LeaseId) {
        if let Some((cancel, _)) = self.running.get(&lease) {
            cancel.cancel();
        }
    }

    pub(super) fn forget(&mut self, lease: LeaseId) {
        self.running.remove(&lease);
    }

    pub(super) fn progress(&self, lease: LeaseId) -> Option<u64> {
        self.running.get(&lease).map(|(_, progress)| progress.get())
    }
}

impl Drop for Tasks {
    /// A session that ends takes its children with it.
    fn drop(&mut self) {
        for (cancel, _) in self.running.values() {
            cancel.cancel();
        }
    }
}

fn describe(work: &Work) -> String {
    match work {
        Work::Probe => "probe".to_owned(),
        Work::Analyse { range, .. } => format!("analysis of frames {range}"),
        Work::Plan { .. } => "plan".to_owned(),
        Work::Render { range, .. } => format!("render of frames {range}"),
        Work::Assemble { segments, .. } => format!("assembly of {} segments", segments.len()),
    }
}

fn log_end(assignment: &Assignment, end: &Ended, seconds: f64) {
    let (attempt, shot) = (assignment.lease.attempt.0, &assignment.label);
    let seconds = format!("{seconds:.2}");
    match end {
        Ended::Done(_) => tracing::info!(attempt, %shot, seconds, "task done"),
        Ended::Cancelled => tracing::info!(attempt, %shot, seconds, "task stopped"),
        Ended::Failed { failure, .. } => {
            tracing::warn!(attempt, %shot, seconds, class = failure.class.word(), %failure, "task failed");
        }
    }
}

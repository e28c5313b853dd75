//! Results and failures of attempts: fenced, held to their task, and what follows from them.

use shotfarm_proto::convert::ToWorker;
use shotfarm_shared::failure::{Failure, FailureClass};
use shotfarm_shared::ids::{JobId, WorkerId};
use shotfarm_shared::limits::{ATTEMPTS_MAX, BACKOFF_MILLIS_MAX, BACKOFF_MILLIS_MIN, JOB_FAULTS_MAX};
use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::split::{self, Pace};
use shotfarm_shared::work::{LeaseId, Output, TaskResult};

use super::super::job::{JobState, TaskKind};
use super::super::record::AttemptEnd;
use super::{Change, Record, Reply};

impl Change<'_> {
    pub(super) fn done(&mut self, sender: WorkerId, lease: LeaseId, result: TaskResult, blob_is_stored: bool) -> Reply {
        // Settled in any case: a stale result is no longer wanted, and the worker may forget it.
        self.send(sender, ToWorker::Settled(lease));
        // Whoever sends it: a new process of the same worker brings what the old one had finished.
        self.revive(lease, None);
        let Some(holder) = self.holder(lease) else { return Reply::Nothing };
        let checked =
            if blob_is_stored { self.check(lease, &result) } else { Err("the blob it names was not stored".to_owned()) };
        if let Err(reason) = checked {
            self.attempt_failed(holder, lease, Failure::worker(format!("the result was refused: {reason}")));
            return Reply::Nothing;
        }
        self.count_rest(holder, lease);
        self.record(Record::TaskSucceeded { lease, result, at: self.now });
        if let Some(worker) = self.farm.workers.get_mut(&holder) {
            worker.done += 1;
            worker.failures_in_a_row = 0;
            worker.last_failure = None;
        }
        self.advance(lease.task.job);
        Reply::Nothing
    }

    pub(super) fn fail(&mut self, sender: WorkerId, lease: LeaseId, failure: Failure) -> Reply {
        self.send(sender, ToWorker::Settled(lease));
        if let Some(holder) = self.holder(lease) {
            self.attempt_failed(holder, lease, failure);
        }
        Reply::Nothing
    }

    /// Holds a result to its task.
    fn check(&self, lease: LeaseId, result: &TaskResult) -> Result<(), String> {
        let (Some(job), Some(task)) = (self.farm.job(lease.task.job), self.farm.task(lease.task)) else {
            return Err("its task is unknown".to_owned());
        };
        match (task.kind, result) {
            (TaskKind::Probe, TaskResult::Facts(_)) => Ok(()),
            (TaskKind::Analyse(range), TaskResult::Findings(found)) if found.range == range => Ok(()),
            (TaskKind::Plan, TaskResult::Plan(planned)) => planned.check(job.facts.as_ref().map_or(0, |facts| facts.frames)),
            (TaskKind::Render(range), TaskResult::Segment(receipt)) => {
                receipt.check(range, job.shot.recipe.digest()).map_err(|mismatch| mismatch.to_string())
            }
            (TaskKind::Assemble, TaskResult::Output(output)) => check_output(job.facts.as_ref(), &job.shot.recipe, output),
            (kind, _) => Err(format!("it does not answer a task of kind {}", kind.word())),
        }
    }

    /// Counts the frames of a finished render that its beats had not reported yet.
    fn count_rest(&mut self, holder: WorkerId, lease: LeaseId) {
        let frames = self.farm.task(lease.task).map_or(0, |task| task.kind.frames());
        let reported = self.farm.clocks.get(&lease.attempt).map_or(0, |clock| clock.frames_done);
        self.count(holder, frames.saturating_sub(reported));
    }

    /// Adds the tasks that the finished ones make possible, one kind after the other: a recipe that must look first has its
    /// analysis once the source is known, and its plan once everything was looked at; then come the renders, and the assembly
    /// once every segment is there. A job with an open task needs none.
    pub(super) fn advance(&mut self, id: JobId) {
        let Some(job) = self.farm.job(id).filter(|job| job.state == JobState::Open) else { return };
        let has = |wanted: fn(&TaskKind) -> bool| job.tasks.iter().any(|task| wanted(&task.kind));
        if job.tasks.iter().any(|task| !task.state.is_ended()) {
            return;
        }
        let Some(facts) = job.facts.clone() else { return };
        let must_look = job.shot.recipe.reframe().is_some() && job.planned.is_none();
        if must_look && !has(|kind| matches!(kind, TaskKind::Analyse(_))) {
            self.look(id, &facts);
        } else if must_look {
            if job.findings().is_some() && !has(|kind| *kind == TaskKind::Plan) {
                self.add_tasks(id, vec![TaskKind::Plan]);
            }
        } else if !has(|kind| matches!(kind, TaskKind::Render(_))) {
            self.split(id, &facts);
        } else if job.receipts().is_some() && !has(|kind| *kind == TaskKind::Assemble) {
            self.add_tasks(id, vec![TaskKind::Assemble]);
        }
    }

    fn add_tasks(&mut self, id: JobId, kinds: Vec<TaskKind>) {
        self.record(Record::TasksAdded { job: id, kinds, at: self.now });
    }

    /// The source is known and is looked at before anything is planned; what the recipe cannot do with it is said at once.
    fn look(&mut self, id: JobId, facts: &MediaFacts) {
        let Some(job) = self.farm.job(id) else { return };
        if let Err(error) = job.shot.recipe.check_source(facts) {
            return self.give_up(id, Failure::job(error.to_string()));
        }
        match self.farm.known_findings(job) {
            Some((from, findings)) => {
                self.record(Record::FindingsReused { job: id, from, findings, at: self.now });
                self.add_tasks(id, vec![TaskKind::Plan]);
            }
            None => self.add_tasks(id, split::analysis_ranges(facts.frames).into_iter().map(TaskKind::Analyse).collect()),
        }
    }

    /// Everything about the shot is known: the recipe is held to its source, and it is cut into render tasks.
    fn split(&mut self, id: JobId, facts: &MediaFacts) {
        let Some(job) = self.farm.job(id) else { return };
        let recipe = &job.shot.recipe;
        let layout = match recipe.check_source(facts) {
            Ok(layout) => layout,
            Err(error) => return self.give_up(id, Failure::job(error.to_string())),
        };
        let pace = Pace {
            pixels_per_second: self.farm.durable.speeds.get(&recipe.digest()).copied(),
            slots: self.farm.slots(self.now),
            frames_waiting: self.frames_waiting() + facts.frames,
        };
        let task_frames = split::task_frames(layout.extent.pixels(), pace);
        let kinds = split::ranges(facts.frames, task_frames).into_iter().map(TaskKind::Render).collect();
        self.add_tasks(id, kinds);
    }

    fn frames_waiting(&self) -> u64 {
        self.farm.ready.iter().filter_map(|(_, _, id)| self.farm.task(*id)).map(|task| task.kind.frames()).sum()
    }

    /// An attempt is over with a failure: another is due, or the job is given up.
    pub(super) fn attempt_failed(&mut self, holder: WorkerId, lease: LeaseId, failure: Failure) {
        let Some(task) = self.farm.task(lease.task) else { return };
        let job_faults = task.job_faults + u32::from(failure.class == FailureClass::Job);
        let attempts = task.attempts;
        let backoff_millis = match failure.class {
            FailureClass::Job => 0,
            FailureClass::Worker | FailureClass::Environment => self.blame(holder, &failure),
        };
        let waits = if failure.class == FailureClass::Environment { backoff_millis } else { 0 };
        let not_before = self.now.plus_millis(waits);
        let end = AttemptEnd::Failed(failure.clone());
        self.record(Record::AttemptEnded { lease, end, not_before, at: self.now });
        if job_faults >= JOB_FAULTS_MAX {
            self.give_up(lease.task.job, failure);
        } else if attempts >= ATTEMPTS_MAX {
            let message = format!("given up after {attempts} attempts; the last: {failure}");
            self.give_up(lease.task.job, Failure { class: failure.class, message });
        }
    }

    /// A lease ran out.
    pub(super) fn attempt_lost(&mut self, lease: LeaseId) {
        let attempts = self.farm.task(lease.task).map_or(0, |task| task.attempts);
        // A first loss costs no time; a task that is lost again and again makes room for others.
        let waits = if attempts > 1 { backoff_millis(attempts - 2) } else { 0 };
        self.record(Record::AttemptEnded { lease, end: AttemptEnd::Lost, not_before: self.now.plus_millis(waits), at: self.now });
        if attempts >= ATTEMPTS_MAX {
            let message = format!("given up after {attempts} attempts, the last of which was lost with its worker");
            self.give_up(lease.task.job, Failure::worker(message));
        }
    }

    /// Notes a failure against a worker and lets it rest; returns for how long.
    fn blame(&mut self, holder: WorkerId, failure: &Failure) -> u64 {
        let Some(worker) = self.farm.workers.get_mut(&holder) else { return BACKOFF_MILLIS_MIN };
        let rest_millis = backoff_millis(worker.failures_in_a_row);
        worker.failures_in_a_row += 1;
        worker.last_failure = Some(failure.message.clone());
        worker.rests_until = self.now.plus_millis(rest_millis);
        rest_millis
    }

    pub(super) fn give_up(&mut self, id: JobId, failure: Failure) {
        if self.farm.job(id).is_none_or(|job| job.state != JobState::Open) {
            return;
        }
        let tasks = self.farm.task_ids(id);
        self.stop_all(&tasks, "the job failed");
        self.record(Record::JobFailed { job: id, failure, at: self.now });
    }
}

/// How long to wait before the next try, after so many before it.
fn backoff_millis(doublings: u32) -> u64 {
    (BACKOFF_MILLIS_MIN << doublings.min(10)).min(BACKOFF_MILLIS_MAX)
}

/// Holds an output to the facts of its source: the frames are all there and have the size that was asked for.
fn check_output(facts: Option<&MediaFacts>, recipe: &shotfarm_shared::recipe::Recipe, output: &Output) -> Result<(), String> {
    let facts = facts.ok_or("its source was never probed")?;
    if output.frames != facts.frames {
        return Err(format!("the source has {} frames and the output {}", facts.frames, output.frames));
    }
    let extent = recipe.output_layout(&facts.layout).map_err(|error| error.to_string())?.extent;
    if output.extent != extent {
        return Err(format!("the output should be {extent} and is {}", output.extent));
    }
    if output.audio_streams as usize != facts.audio.len() {
        return Err(format!("the source has {} audio streams and the output {}", facts.audio.len(), output.audio_streams));
    }
    Ok(())
}

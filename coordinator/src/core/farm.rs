//! The whole state, and the one function that changes its durable part.
//!
//! Invariants (checked by [`super::invariant`]): `ready` holds exactly the queued tasks and `leased` exactly the running ones;
//! every running task has a clock; attempts are unique and at most `last_attempt`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use shotfarm_shared::digest::Digest;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::ids::{Attempt, BatchId, JobId, TaskId, WorkerId};
use shotfarm_shared::limits::{BACKOFF_MILLIS_MAX, LEASE_MILLIS};
use shotfarm_shared::model::Catalogue;
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::task::{self, TaskEvent, TaskState};
use shotfarm_shared::time::Timestamp;
use shotfarm_shared::work::{FindingsReceipt, LeaseId, TaskResult};

use super::command::Session;
use super::job::{Batch, Job, JobState, Task, TaskKind};
use super::meter::Meter;
use super::record::{AttemptEnd, Record};

/// The place of a queued task among all that wait: rank of its kind, order of its job, its number.
pub type QueueKey = (u8, (u64, u32), TaskId);

/// The farm.
#[derive(Clone, Debug, Default)]
pub struct Farm {
    /// What a restart brings back.
    pub(super) durable: Durable,
    /// Every queued task, in the order in which workers get them.
    pub(super) ready: BTreeSet<QueueKey>,
    /// Every running task.
    pub(super) leased: BTreeMap<Attempt, TaskId>,
    /// The clock of every lease.
    pub(super) clocks: BTreeMap<Attempt, LeaseClock>,
    /// Workers that are here or were lately.
    pub(super) workers: BTreeMap<WorkerId, Worker>,
    /// A job that has all findings of a look, by [`Job::look`].
    pub(super) looked: BTreeMap<Digest, JobId>,
    /// Frames of the whole farm.
    pub(super) meter: Meter,
}

/// What is stored: the fold of all records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Durable {
    pub(super) batches: BTreeMap<BatchId, Batch>,
    pub(super) jobs: BTreeMap<JobId, Job>,
    pub(super) tokens: BTreeMap<String, BatchId>,
    pub(super) last_attempt: u64,
    /// Measured output pixels a second of one worker, by recipe.
    pub(super) speeds: BTreeMap<Digest, f64>,
    /// The networks. Absent in farms stored before there were any.
    #[serde(default)]
    pub(super) models: Catalogue,
}

/// Until when a lease holds, and how far its work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseClock {
    /// It is over at this moment unless renewed.
    pub deadline: Timestamp,
    /// Frames finished, as last reported.
    pub frames_done: u64,
}

/// A worker as the farm sees it. Forgotten at a restart: it says hello again.
#[derive(Clone, Debug)]
pub struct Worker {
    /// For people.
    pub name: String,
    /// The GPU's own name.
    pub device: String,
    /// Tasks at a time.
    pub slots: u32,
    /// Its stream, or `None` when that is broken.
    pub session: Option<Session>,
    /// When it was last heard of.
    pub seen: Timestamp,
    /// What it last said it could start.
    pub free_slots: u32,
    /// Whether it takes nothing more.
    pub draining: bool,
    /// Gets no work before this moment, after failures of its environment.
    pub rests_until: Timestamp,
    /// Failures of its environment or its own since its last success.
    pub failures_in_a_row: u32,
    /// The last of them, for people.
    pub last_failure: Option<String>,
    /// Tasks done.
    pub done: u64,
    /// Its frames.
    pub meter: Meter,
}

/// Weight of the newest measurement in a recipe's speed.
const SPEED_NEW_WEIGHT: f64 = 0.3;
/// Recipes whose speed is remembered; a season uses a handful.
const SPEEDS_MAX: usize = 1_000;

impl Farm {
    /// The farm that was stored, as it stands at `now`: running tasks get a fresh lease, so that workers which outlived the
    /// coordinator can name them again.
    pub(super) fn from_durable(durable: Durable, now: Timestamp) -> Self {
        let mut farm = Self { durable, ..Self::default() };
        let ids: Vec<JobId> = farm.durable.jobs.keys().copied().collect();
        for id in ids {
            farm.index_job(id, now);
        }
        farm
    }

    fn index_job(&mut self, id: JobId, now: Timestamp) {
        let Some(job) = self.durable.jobs.get_mut(&id) else { return };
        for (number, task) in job.tasks.iter_mut().enumerate() {
            let task_id = TaskId { job: id, number: number as u32 };
            match &mut task.state {
                TaskState::Queued { not_before } => {
                    // A clock that was set back must not put work off for longer than any back-off.
                    *not_before = (*not_before).min(now.plus_millis(BACKOFF_MILLIS_MAX));
                    self.ready.insert((task.kind.rank(), job.order, task_id));
                }
                TaskState::Running { attempt, .. } => {
                    self.leased.insert(*attempt, task_id);
                    let clock = LeaseClock { deadline: now.plus_millis(LEASE_MILLIS), frames_done: 0 };
                    self.clocks.insert(*attempt, clock);
                }
                TaskState::Succeeded | TaskState::Failed | TaskState::Cancelled => {}
            }
        }
        self.index_look(id);
    }

    /// Notes a job that has everything that was found.
    fn index_look(&mut self, id: JobId) {
        let Some(job) = self.durable.jobs.get(&id).filter(|job| job.findings().is_some()) else { return };
        if let Some(look) = job.look() {
            self.looked.entry(look).or_insert(id);
        }
    }

    /// What was found in a source that was looked at as `job` would, and by which job.
    pub(super) fn known_findings(&self, job: &Job) -> Option<(JobId, Vec<FindingsReceipt>)> {
        let from = *self.looked.get(&job.look()?)?;
        Some((from, self.durable.jobs.get(&from)?.findings()?))
    }

    fn findings_reused(&mut self, id: JobId, from: JobId, findings: &[FindingsReceipt], at: Timestamp) {
        if let Some(job) = self.durable.jobs.get_mut(&id) {
            job.tasks.extend(findings.iter().map(|found| Task::looked(found.clone(), at)));
            job.note(at, format!("analyse: nothing to do, job {} had looked at this source", from.short()));
        }
    }

    /// Carries out one record. Live work and recovery both come through here.
    pub(super) fn evolve(&mut self, record: &Record) {
        match record {
            Record::BatchAccepted { batch, token, name, shots, at } => {
                let sequence = self.durable.batches.len() as u64;
                let jobs: Vec<JobId> = (0..shots.len() as u32).map(|index| JobId::of_shot(*batch, index)).collect();
                for (index, (id, shot)) in jobs.iter().zip(shots).enumerate() {
                    let mut job = Job {
                        batch: *batch,
                        order: (sequence, index as u32),
                        shot: shot.clone(),
                        state: JobState::Open,
                        facts: None,
                        planned: None,
                        output: None,
                        tasks: Vec::new(),
                        log: VecDeque::new(),
                    };
                    job.note(*at, format!("accepted with batch {}", batch.short()));
                    self.durable.jobs.insert(*id, job);
                    self.add_tasks(*id, &[TaskKind::Probe], *at);
                }
                self.durable.tokens.insert(token.clone(), *batch);
                let accepted = Batch { name: name.clone(), token: token.clone(), at: *at, sequence, jobs };
                self.durable.batches.insert(*batch, accepted);
            }
            Record::Granted { lease, worker, worker_name, at } => self.granted(*lease, *worker, worker_name, *at),
            Record::TaskSucceeded { lease, result, at } => self.task_succeeded(*lease, result, *at),
            Record::AttemptEnded { lease, end, not_before, at } => self.attempt_ended(*lease, end, *not_before, *at),
            Record::Revived { lease, at } => self.revived(*lease, *at),
            Record::TasksAdded { job, kinds, at } => self.add_tasks(*job, kinds, *at),
            Record::FindingsReused { job, from, findings, at } => self.findings_reused(*job, *from, findings, *at),
            Record::JobFailed { job, failure, at } => {
                self.end_open_tasks(*job, &TaskEvent::GivenUp);
                self.set_job(*job, JobState::Failed(failure.clone()), *at, format!("failed: {failure}"));
            }
            Record::JobCancelled { job, at } => {
                self.end_open_tasks(*job, &TaskEvent::Cancelled);
                self.set_job(*job, JobState::Cancelled, *at, "cancelled".to_owned());
            }
            Record::JobRetried { job, at } => {
                self.set_job(*job, JobState::Open, *at, "to be tried again; what is finished stays".to_owned());
                self.requeue_ended_tasks(*job, *at);
            }
            Record::ModelAdded { model, at } => self.durable.models.add(model.clone(), *at),
            Record::ModelRemoved { name } => self.durable.models.remove(name),
        }
    }

    /// Moves a task through the one transition function and keeps the indexes.
    ///
    /// Callers have fenced the attempt and checked the state before they recorded the event, and the store proves its records
    /// whole, so an impossible pair means a defect in this module: stopping is safer than going on from a wrong state.
    fn transition(&mut self, id: TaskId, event: TaskEvent) {
        let Some(job) = self.durable.jobs.get_mut(&id.job) else { return };
        let order = job.order;
        let Some(task) = job.tasks.get_mut(id.number as usize) else { return };
        let key = (task.kind.rank(), order, id);
        if let Some((attempt, _)) = task.holder() {
            self.leased.remove(&attempt);
            self.clocks.remove(&attempt);
        }
        self.ready.remove(&key);
        task.state = task::next(&task.state, event).expect("every event is checked against the task before it is recorded");
        match task.state {
            TaskState::Queued { .. } => {
                self.ready.insert(key);
            }
            TaskState::Running { attempt, since, .. } => {
                self.leased.insert(attempt, id);
                self.clocks.insert(attempt, LeaseClock { deadline: since.plus_millis(LEASE_MILLIS), frames_done: 0 });
            }
            TaskState::Succeeded | TaskState::Failed | TaskState::Cancelled => {}
        }
    }

    fn add_tasks(&mut self, id: JobId, kinds: &[TaskKind], at: Timestamp) {
        let Some(job) = self.durable.jobs.get_mut(&id) else { return };
        for kind in kinds {
            let number = job.tasks.len() as u32;
            job.tasks.push(Task::new(*kind, at));
            self.ready.insert((kind.rank(), job.order, TaskId { job: id, number }));
        }
    }

    fn granted(&mut self, lease: LeaseId, worker: WorkerId, worker_name: &str, at: Timestamp) {
        self.durable.last_attempt = self.durable.last_attempt.max(lease.attempt.0);
        self.transition(lease.task, TaskEvent::Granted { attempt: lease.attempt, worker, now: at });
        self.with_task(lease.task, |job, number| {
            let task = &mut job.tasks[number];
            task.attempts += 1;
            task.lost = None;
            worker_name.clone_into(&mut task.worker_name);
            let line = format!("{}: attempt {} on {worker_name}", task.kind, task.attempts);
            job.note(at, line);
        });
    }

    fn task_succeeded(&mut self, lease: LeaseId, result: &TaskResult, at: Timestamp) {
        self.transition(lease.task, TaskEvent::Succeeded { attempt: lease.attempt });
        if let TaskResult::Segment(receipt) = result {
            self.learn_speed(lease.task.job, receipt);
        }
        self.with_task(lease.task, |job, number| {
            let line = match result {
                TaskResult::Facts(facts) => {
                    job.facts = Some(facts.clone());
                    format!("probe: {} frames of {} at {} fps", facts.frames, facts.layout.extent, facts.rate)
                }
                TaskResult::Findings(found) => {
                    job.tasks[number].findings = Some(found.clone());
                    format!("analyse {}: {} bytes of findings", found.range, found.bytes)
                }
                TaskResult::Plan(planned) => {
                    for told in &planned.told {
                        job.note(at, format!("plan: {told}"));
                    }
                    job.planned = Some(planned.clone());
                    format!("plan: {} frames have their window", planned.frames)
                }
                TaskResult::Segment(receipt) => {
                    job.tasks[number].receipt = Some(receipt.clone());
                    format!("render {}: {} frames counted, {} bytes", receipt.range, receipt.frames, receipt.bytes)
                }
                TaskResult::Output(output) => {
                    job.output = Some(output.clone());
                    job.state = JobState::Succeeded;
                    format!("assemble: {} frames verified, {} bytes", output.frames, output.bytes)
                }
            };
            job.note(at, line);
        });
        self.index_look(lease.task.job);
    }

    fn attempt_ended(&mut self, lease: LeaseId, end: &AttemptEnd, not_before: Timestamp, at: Timestamp) {
        let holder = self.task(lease.task).and_then(Task::holder);
        self.transition(lease.task, TaskEvent::Requeued { attempt: lease.attempt, not_before });
        self.with_task(lease.task, |job, number| {
            let task = &mut job.tasks[number];
            task.failed_on.insert(task.worker_name.clone());
            let line = match end {
                AttemptEnd::Lost => {
                    task.lost = holder;
                    format!("{}: {} was lost, queued again", task.kind, task.worker_name)
                }
                AttemptEnd::Failed(failure) => {
                    task.job_faults += u32::from(failure.class == shotfarm_shared::failure::FailureClass::Job);
                    format!("{}: failed on {} ({}): {failure}", task.kind, task.worker_name, failure.class.word())
                }
            };
            job.note(at, line);
        });
    }

    fn revived(&mut self, lease: LeaseId, at: Timestamp) {
        let Some((attempt, worker)) = self.task(lease.task).and_then(|task| task.lost) else { return };
        self.transition(lease.task, TaskEvent::Revived { attempt, worker, now: at });
        self.with_task(lease.task, |job, number| {
            let task = &mut job.tasks[number];
            task.lost = None;
            task.failed_on.remove(&task.worker_name);
            let line = format!("{}: {} came back with it", task.kind, task.worker_name);
            job.note(at, line);
        });
    }

    fn end_open_tasks(&mut self, job: JobId, event: &TaskEvent) {
        for id in self.task_ids(job) {
            if self.task(id).is_some_and(|task| !task.state.is_ended()) {
                self.transition(id, event.clone());
            }
        }
    }

    fn requeue_ended_tasks(&mut self, job: JobId, now: Timestamp) {
        for id in self.task_ids(job) {
            if self.task(id).is_some_and(|task| matches!(task.state, TaskState::Failed | TaskState::Cancelled)) {
                self.transition(id, TaskEvent::Retried { now });
                self.with_task(id, |job, number| {
                    let task = &mut job.tasks[number];
                    task.attempts = 0;
                    task.job_faults = 0;
                    task.failed_on.clear();
                    task.lost = None;
                });
            }
        }
    }

    fn set_job(&mut self, id: JobId, state: JobState, at: Timestamp, line: String) {
        if let Some(job) = self.durable.jobs.get_mut(&id) {
            job.state = state;
            job.note(at, line);
        }
    }

    /// Learns from a receipt how many output pixels a worker makes in a second.
    fn learn_speed(&mut self, job: JobId, receipt: &Receipt) {
        let Some(pixels) = self.durable.jobs.get(&job).and_then(Job::output_pixels) else { return };
        if receipt.work_millis == 0
            || (self.durable.speeds.len() >= SPEEDS_MAX && !self.durable.speeds.contains_key(&receipt.recipe))
        {
            return;
        }
        let measured = (receipt.frames * pixels) as f64 * 1_000.0 / receipt.work_millis as f64;
        let speed = self.durable.speeds.entry(receipt.recipe).or_insert(measured);
        *speed += (measured - *speed) * SPEED_NEW_WEIGHT;
    }

    fn with_task(&mut self, id: TaskId, change: impl FnOnce(&mut Job, usize)) {
        if let Some(job) = self.durable.jobs.get_mut(&id.job)
            && (id.number as usize) < job.tasks.len()
        {
            change(job, id.number as usize);
        }
    }

    /// The batches, by id.
    pub fn batches(&self) -> impl Iterator<Item = (BatchId, &Batch)> {
        self.durable.batches.iter().map(|(id, batch)| (*id, batch))
    }

    /// The batch of that id.
    #[must_use]
    pub fn batch(&self, id: BatchId) -> Option<&Batch> {
        self.durable.batches.get(&id)
    }

    /// The jobs, by id.
    pub fn jobs(&self) -> impl Iterator<Item = (JobId, &Job)> {
        self.durable.jobs.iter().map(|(id, job)| (*id, job))
    }

    /// The job of that id.
    #[must_use]
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.durable.jobs.get(&id)
    }

    /// The task of that id.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.durable.jobs.get(&id.job)?.tasks.get(id.number as usize)
    }

    /// The ids of a job's tasks.
    #[must_use]
    pub fn task_ids(&self, job: JobId) -> Vec<TaskId> {
        self.job(job).map(|found| found.task_ids(job).collect()).unwrap_or_default()
    }

    /// The networks.
    #[must_use]
    pub fn models(&self) -> &Catalogue {
        &self.durable.models
    }

    /// The jobs that have not ended and whose recipe is as `wanted` says, in order of rendering.
    pub fn open_jobs(&self, wanted: impl Fn(&Job) -> bool) -> Vec<(JobId, &Job)> {
        let mut open: Vec<(JobId, &Job)> = self.jobs().filter(|(_, job)| job.state == JobState::Open && wanted(job)).collect();
        open.sort_by_key(|(_, job)| job.order);
        open
    }

    /// The workers, by id.
    pub fn workers(&self) -> impl Iterator<Item = (WorkerId, &Worker)> {
        self.workers.iter().map(|(id, worker)| (*id, worker))
    }

    /// The tasks that a worker holds.
    pub fn held_by(&self, worker: WorkerId) -> impl Iterator<Item = TaskId> {
        self.leased
            .values()
            .copied()
            .filter(move |id| self.task(*id).and_then(Task::holder).is_some_and(|(_, holder)| holder == worker))
    }

    /// Frames of a task that are finished, rendered or looked at, as last reported.
    #[must_use]
    pub fn frames_done(&self, task: &Task) -> u64 {
        match (&task.state, task.holder()) {
            (TaskState::Succeeded, _) => task.kind.length(),
            (_, Some((attempt, _))) => self.clocks.get(&attempt).map_or(0, |clock| clock.frames_done.min(task.kind.length())),
            _ => 0,
        }
    }

    /// The coordinator stood still for `millis`: nobody could be heard, so nobody was silent.
    pub fn pardon(&mut self, millis: u64) {
        for clock in self.clocks.values_mut() {
            clock.deadline = clock.deadline.plus_millis(millis);
        }
        for worker in self.workers.values_mut().filter(|worker| worker.session.is_some()) {
            worker.seen = worker.seen.plus_millis(millis);
        }
    }

    /// Frames a second of the whole farm.
    #[must_use]
    pub fn fps(&self, now: Timestamp) -> f64 {
        self.meter.fps(now)
    }
}

impl Job {
    /// Pixels of one output frame, once the source is known.
    #[must_use]
    pub fn output_pixels(&self) -> Option<u64> {
        let layout = &self.facts.as_ref()?.layout;
        self.shot.recipe.output_layout(layout).ok().map(|layout| layout.extent.pixels())
    }

    /// All frames of the shot, once the source is known.
    #[must_use]
    pub fn all_frames(&self) -> Option<FrameRange> {
        self.facts.as_ref().map(|facts| FrameRange::new(0, facts.frames))
    }
}

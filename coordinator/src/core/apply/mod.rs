//! Commands carried out: one file for each group of them, all through [`Change`].

mod model;
mod result;
mod steer;
mod submit;
mod tick;
mod worker;

use shotfarm_proto::convert::ToWorker;
use shotfarm_shared::ids::{Attempt, TaskId, WorkerId};
use shotfarm_shared::task::TaskState;
use shotfarm_shared::time::Timestamp;
use shotfarm_shared::work::{Assignment, LeaseId, Work};

use super::command::{Command, Effects, Refusal, Reply};
use super::farm::{Durable, Farm};
use super::job::TaskKind;
use super::record::Record;

/// Carries out one command at `now`. After it, no worker with room is idle while a task waits that it may have.
pub fn apply(farm: &mut Farm, command: Command, now: Timestamp) -> Effects {
    let mut change = Change { farm, now, effects: Effects::default() };
    change.effects.reply = match command {
        Command::Submit { batch, token, name, shots } => change.submit(batch, token, name, shots),
        Command::Join { hello, session } => change.join(&hello, session),
        Command::Leave { worker, session } => change.leave(worker, session),
        Command::Beat { worker, leases, free_slots, draining } => change.beat(worker, &leases, free_slots, draining),
        Command::Done { worker, lease, result, blob_is_stored } => change.done(worker, lease, result, blob_is_stored),
        Command::Fail { worker, lease, failure } => change.fail(worker, lease, failure),
        Command::Cancel { selection } => change.cancel(&selection),
        Command::Retry { selection } => change.retry(&selection),
        Command::Drain { worker } => change.drain(&worker),
        Command::AddModel { model, replace } => change.add_model(*model, replace),
        Command::RemoveModel { name } => change.remove_model(name),
        Command::Tick => change.tick(),
    };
    change.schedule();
    change.effects
}

/// A command being carried out: the farm so far, and what follows.
struct Change<'a> {
    farm: &'a mut Farm,
    now: Timestamp,
    effects: Effects,
}

impl Change<'_> {
    /// Carries out a record and keeps it to be made durable.
    fn record(&mut self, record: Record) {
        self.farm.evolve(&record);
        self.effects.records.push(record);
    }

    fn send(&mut self, worker: WorkerId, message: ToWorker) {
        self.effects.messages.push((worker, message));
    }

    fn schedule(&mut self) {
        for (task, worker) in self.farm.grants(self.now) {
            let attempt = Attempt(self.farm.durable.last_attempt + 1);
            let lease = LeaseId { task, attempt };
            let Some(assignment) = self.assignment(lease) else { continue };
            let Some(found) = self.farm.workers.get_mut(&worker) else { continue };
            // Spoken for until its next beat: a worker that has gone silent must not be given task after task.
            found.free_slots -= 1;
            let worker_name = found.name.clone();
            self.record(Record::Granted { lease, worker, worker_name, at: self.now });
            self.send(worker, ToWorker::Grant(Box::new(assignment)));
        }
    }

    /// Everything that doing the task needs; `None` when the job lacks what the task builds on, which its creation rules out.
    fn assignment(&self, lease: LeaseId) -> Option<Assignment> {
        let job = self.farm.job(lease.task.job)?;
        let work = match self.farm.task(lease.task)?.kind {
            TaskKind::Probe => Work::Probe,
            TaskKind::Analyse(range) => {
                let models = self.model_files(job.shot.recipe.detectors())?;
                Work::Analyse { facts: job.facts.clone()?, range, models }
            }
            TaskKind::Plan => Work::Plan { facts: job.facts.clone()?, findings: job.findings()? },
            TaskKind::Render(range) => {
                let models = self.model_files(job.shot.recipe.renderers())?;
                let track = job.planned.as_ref().map(|planned| planned.track);
                Work::Render { facts: job.facts.clone()?, range, models, track }
            }
            TaskKind::Assemble => Work::Assemble { facts: job.facts.clone()?, segments: job.receipts()? },
        };
        let shot = &job.shot;
        Some(Assignment { lease, label: shot.label.clone(), source: shot.source, recipe: shot.recipe.clone(), work })
    }

    /// The worker that holds exactly this attempt, or `None` when the attempt is over: then whatever is said of it is stale.
    fn holder(&self, lease: LeaseId) -> Option<WorkerId> {
        let (attempt, worker) = self.farm.task(lease.task)?.holder()?;
        (attempt == lease.attempt).then_some(worker)
    }

    /// Gives a lost lease back to its holder if the task is still queued: work that is done or going on is not thrown away
    /// for a lease that ran out while nobody else wanted it.
    fn revive(&mut self, lease: LeaseId, holder: Option<WorkerId>) {
        let Some(task) = self.farm.task(lease.task) else { return };
        let mine = |(attempt, worker)| attempt == lease.attempt && holder.is_none_or(|holder| holder == worker);
        if matches!(task.state, TaskState::Queued { .. }) && task.lost.is_some_and(mine) {
            self.record(Record::Revived { lease, at: self.now });
        }
    }

    /// Tells the holders of these tasks to stop.
    fn stop_all(&mut self, tasks: &[TaskId], reason: &str) {
        for id in tasks {
            if let Some((attempt, worker)) = self.farm.task(*id).and_then(super::job::Task::holder) {
                let lease = LeaseId { task: *id, attempt };
                self.send(worker, ToWorker::Stop(lease, reason.to_owned()));
            }
        }
    }
}

fn refused(refusal: Refusal) -> Reply {
    Reply::Refused(refusal)
}

/// A stored farm that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The checkpoint is not what this version writes.
    #[error("the stored checkpoint cannot be read: {0}")]
    Checkpoint(#[source] rmp_serde::decode::Error),
    /// A record is not what this version writes.
    #[error("stored record {index} cannot be read: {source}")]
    Record {
        /// Counted from 0 after the checkpoint.
        index: usize,
        /// The decoder's words.
        source: rmp_serde::decode::Error,
    },
}

/// Folds a checkpoint and the records after it into the farm as it stands at `now`.
///
/// # Errors
/// When a part is not what this version can read; nothing is skipped.
pub fn recover(checkpoint: Option<&[u8]>, records: &[Vec<u8>], now: Timestamp) -> Result<Farm, RecoverError> {
    let durable: Durable = checkpoint.map_or(Ok(Durable::default()), rmp_serde::from_slice).map_err(RecoverError::Checkpoint)?;
    let mut farm = Farm::from_durable(durable, now);
    for (index, bytes) in records.iter().enumerate() {
        let record = rmp_serde::from_slice(bytes).map_err(|source| RecoverError::Record { index, source })?;
        farm.evolve(&record);
    }
    Ok(Farm::from_durable(farm.durable, now))
}

/// The stored form of a record.
#[must_use]
pub fn encode(record: &Record) -> Vec<u8> {
    rmp_serde::to_vec_named(record).expect("records are plain data, which always has a stored form")
}

/// The stored form of the whole durable state, for a checkpoint.
#[must_use]
pub fn checkpoint(farm: &Farm) -> Vec<u8> {
    rmp_serde::to_vec_named(&farm.durable).expect("the state is plain data, which always has a stored form")
}

//! The farm in the words of the wire: what `status` and `job show` see.

use shotfarm_proto::v1;
use shotfarm_shared::ids::{BatchId, JobId, WorkerId};
use shotfarm_shared::time::Timestamp;

use crate::core::farm::{Farm, Worker};
use crate::core::job::{Batch, Job, JobState, Task, TaskKind};

/// The state of what `request` selects, and of the farm as a whole.
#[must_use]
pub fn status(farm: &Farm, request: &v1::StatusRequest, now: Timestamp) -> v1::StatusReply {
    let text = request.selection.as_ref().map(|selection| selection.text.as_str()).unwrap_or_default();
    let selected = farm.select_jobs(text);
    let mut batches: Vec<(BatchId, &Batch)> = farm.batches().collect();
    batches.sort_by_key(|(_, batch)| batch.sequence);
    batches.retain(|(_, batch)| text.is_empty() || batch.jobs.iter().any(|job| selected.contains(job)));
    v1::StatusReply {
        farm: Some(farm_status(farm, now)),
        batches: batches.into_iter().map(|(id, batch)| batch_status(farm, id, batch)).collect(),
        jobs: selected.iter().filter_map(|id| Some(job_status(farm, *id, farm.job(*id)?))).collect(),
        workers: farm.workers().map(|(id, worker)| worker_status(farm, id, worker, now)).collect(),
    }
}

/// Everything about the one job that `text` selects.
///
/// # Errors
/// The number of jobs selected when it is not one.
pub fn job_detail(farm: &Farm, text: &str) -> Result<v1::JobDetail, usize> {
    let selected = if text.trim().is_empty() { Vec::new() } else { farm.select_jobs(text) };
    let [id] = selected[..] else { return Err(selected.len()) };
    let job = farm.job(id).ok_or(0_usize)?;
    let log = job.log.iter().map(|line| v1::LogLine { at_millis: line.at.0, text: line.text.clone() });
    Ok(v1::JobDetail {
        job: Some(job_status(farm, id, job)),
        facts: job.facts.as_ref().map(Into::into),
        tasks: job.tasks.iter().enumerate().map(|(number, task)| task_status(farm, number, task)).collect(),
        log: log.collect(),
        source: job.shot.source.to_string(),
    })
}

/// Frames of a job: done, and in all once its source is known.
fn job_frames(farm: &Farm, job: &Job) -> (u64, u64) {
    let renders = job.tasks.iter().filter(|task| matches!(task.kind, TaskKind::Render(_)));
    let done = renders.map(|task| farm.frames_done(task)).sum();
    (done, job.facts.as_ref().map_or(0, |facts| facts.frames))
}

fn farm_status(farm: &Farm, now: Timestamp) -> v1::FarmStatus {
    let (mut frames_done, mut frames_total, mut shots_unprobed, mut open) = (0, 0, 0, 0);
    let mut frames_left = 0;
    for (_, job) in farm.jobs() {
        let (done, total) = job_frames(farm, job);
        match job.state {
            JobState::Open => {
                open += 1;
                shots_unprobed += u64::from(total == 0);
                frames_left += total - done.min(total);
            }
            // What a failed or cancelled shot still lacks will not be made.
            JobState::Failed(_) | JobState::Cancelled => continue,
            JobState::Succeeded => {}
        }
        frames_done += done;
        frames_total += total;
    }
    let fps = farm.fps(now);
    let somebody = farm.slots(now) > 0;
    let state = match (open, somebody) {
        (0, _) => "idle",
        (_, true) => "active",
        (_, false) => "waiting",
    };
    let eta_seconds = (open > 0 && shots_unprobed == 0 && fps > 0.0).then(|| frames_left as f64 / fps);
    v1::FarmStatus { state: state.to_owned(), frames_done, frames_total, shots_unprobed, fps, eta_seconds, now_millis: now.0 }
}

fn batch_status(farm: &Farm, id: BatchId, batch: &Batch) -> v1::BatchStatus {
    let states: Vec<&'static str> = batch.jobs.iter().filter_map(|job| farm.job(*job)).map(Job::word).collect();
    let count = |wanted: &str| states.iter().filter(|state| **state == wanted).count() as u32;
    let (succeeded, failed, cancelled, queued) = (count("succeeded"), count("failed"), count("cancelled"), count("queued"));
    let jobs = batch.jobs.len() as u32;
    let state = if succeeded + failed + cancelled < jobs {
        if queued == jobs { "queued" } else { "running" }
    } else if failed > 0 {
        "failed"
    } else if cancelled > 0 {
        "cancelled"
    } else {
        "succeeded"
    };
    v1::BatchStatus {
        id: id.to_string(),
        name: batch.name.clone(),
        state: state.to_owned(),
        jobs,
        succeeded,
        failed,
        cancelled,
        submitted_millis: batch.at.0,
    }
}

fn job_status(farm: &Farm, id: JobId, job: &Job) -> v1::JobStatus {
    let (frames_done, frames_total) = job_frames(farm, job);
    let running = job.tasks.iter().filter(|task| task.holder().is_some()).map(|task| task.kind);
    let failure = if let JobState::Failed(failure) = &job.state { Some(failure.into()) } else { None };
    v1::JobStatus {
        id: id.to_string(),
        batch: job.batch.to_string(),
        label: job.shot.label.to_string(),
        state: job.word().to_owned(),
        frames_done,
        frames_total,
        source_name: job.shot.source_name.clone(),
        recipe: Some((&job.shot.recipe).into()),
        output_name: job.shot.output.to_string(),
        output: job.output.as_ref().map(Into::into),
        failure,
        doing: running.max_by_key(|kind| std::cmp::Reverse(kind.rank())).map(|kind| kind.word().to_owned()),
        fidelity: job.fidelity().map(Into::into),
        planned: job.planned.as_ref().map(Into::into),
    }
}

fn task_status(farm: &Farm, number: usize, task: &Task) -> v1::TaskStatus {
    v1::TaskStatus {
        number: number as u32,
        kind: task.kind.word().to_owned(),
        range: task.kind.range().map(Into::into),
        state: task.state.word().to_owned(),
        attempts: task.attempts,
        worker: (!task.worker_name.is_empty()).then(|| task.worker_name.clone()),
        frames_done: farm.frames_done(task),
        receipt: task.receipt.as_ref().map(Into::into),
    }
}

fn worker_status(farm: &Farm, id: WorkerId, worker: &Worker, now: Timestamp) -> v1::WorkerStatus {
    let held: Vec<_> = farm.held_by(id).collect();
    let tasks = held.iter().filter_map(|task| {
        let label = &farm.job(task.job)?.shot.label;
        Some(format!("{label} {}", farm.task(*task)?.kind))
    });
    let state = if !worker.is_here(now) {
        "lost"
    } else if worker.draining {
        "draining"
    } else if worker.rests_until > now {
        "resting"
    } else if held.is_empty() {
        "idle"
    } else {
        "busy"
    };
    v1::WorkerStatus {
        id: id.to_string(),
        name: worker.name.clone(),
        device: worker.device.clone(),
        state: state.to_owned(),
        slots: worker.slots,
        tasks: tasks.collect(),
        fps: worker.meter.fps(now),
        done: worker.done,
        note: worker.last_failure.clone(),
    }
}

//! What must hold after every command. Tests and simulations call it; every index is compared with a full scan.

use std::collections::{BTreeMap, BTreeSet};

use shotfarm_shared::ids::TaskId;
use shotfarm_shared::task::TaskState;

use super::farm::Farm;
use super::job::{JobState, TaskKind};

impl Farm {
    /// Checks every invariant.
    ///
    /// # Errors
    /// The first that is broken, in words.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.check_indexes()?;
        self.models().check_invariants()?;
        for (id, job) in self.jobs() {
            let open = job.tasks.iter().filter(|task| !task.state.is_ended()).count();
            match job.state {
                JobState::Open if open == 0 => return Err(format!("job {id} is open and nothing of it waits or runs")),
                JobState::Succeeded if job.output.is_none() => return Err(format!("job {id} succeeded without an output")),
                JobState::Succeeded | JobState::Failed(_) | JobState::Cancelled if open > 0 => {
                    return Err(format!("job {id} has ended and {open} tasks of it have not"));
                }
                _ => {}
            }
            if job.state == JobState::Open {
                self.check_models(job).map_err(|reason| format!("job {id}: {reason}"))?;
            }
            check_ranges(job).map_err(|reason| format!("job {id}: {reason}"))?;
        }
        Ok(())
    }

    /// A job that can be worked on names its networks exactly, and the farm has them.
    fn check_models(&self, job: &super::job::Job) -> Result<(), String> {
        job.shot.recipe.models().try_for_each(|model| match model.digest {
            None => Err(format!("its model {model} is not pinned")),
            Some(_) => self.models().find(model).map(drop).map_err(|fault| fault.to_string()),
        })
    }

    fn check_indexes(&self) -> Result<(), String> {
        let mut ready = BTreeSet::new();
        let mut leased = BTreeMap::new();
        for (id, job) in self.jobs() {
            for (number, task) in job.tasks.iter().enumerate() {
                let task_id = TaskId { job: id, number: number as u32 };
                match task.state {
                    TaskState::Queued { .. } => {
                        ready.insert((task.kind.rank(), job.order, task_id));
                    }
                    TaskState::Running { attempt, .. } => {
                        if leased.insert(attempt, task_id).is_some() || attempt.0 > self.durable.last_attempt {
                            return Err(format!("attempt {attempt} of {task_id} is not unique"));
                        }
                    }
                    TaskState::Succeeded | TaskState::Failed | TaskState::Cancelled => {}
                }
            }
        }
        if ready != self.ready {
            return Err(format!("{} tasks wait and the index has {}", ready.len(), self.ready.len()));
        }
        if leased != self.leased {
            return Err(format!("{} tasks run and the index has {}", leased.len(), self.leased.len()));
        }
        for (id, job) in self.jobs().filter(|(_, job)| job.findings().is_some()) {
            let known = job.look().and_then(|look| self.looked.get(&look)).and_then(|known| self.job(*known));
            if known.and_then(super::job::Job::findings).is_none() {
                return Err(format!("what job {id} found is not in the index"));
            }
        }
        if !self.clocks.keys().eq(leased.keys()) {
            return Err("a lease has no clock, or a clock no lease".to_owned());
        }
        Ok(())
    }
}

/// Render tasks hold every frame of the shot exactly once.
fn check_ranges(job: &super::job::Job) -> Result<(), String> {
    let mut ranges: Vec<_> =
        job.tasks.iter().filter_map(|task| if let TaskKind::Render(range) = task.kind { Some(range) } else { None }).collect();
    ranges.sort();
    let mut expected = 0;
    for range in &ranges {
        if range.start != expected {
            return Err(format!("frames {expected}..{} are not in exactly one task", range.start));
        }
        expected = range.end;
    }
    match job.all_frames() {
        Some(all) if !ranges.is_empty() && expected != all.end => Err(format!("frames {expected}..{} are in no task", all.end)),
        _ => Ok(()),
    }
}

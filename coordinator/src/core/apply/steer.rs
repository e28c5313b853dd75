//! People change the course: cancel, retry, drain.

use shotfarm_proto::convert::ToWorker;
use shotfarm_shared::ids::JobId;

use super::super::job::JobState;
use super::{Change, Record, Refusal, Reply, refused};

impl Change<'_> {
    pub(super) fn cancel(&mut self, selection: &str) -> Reply {
        self.change_jobs(
            selection,
            |state| *state == JobState::Open,
            |change, id| {
                let tasks = change.farm.task_ids(id);
                change.stop_all(&tasks, "the job was cancelled");
                change.record(Record::JobCancelled { job: id, at: change.now });
            },
        )
    }

    pub(super) fn retry(&mut self, selection: &str) -> Reply {
        let ended = |state: &JobState| matches!(state, JobState::Failed(_) | JobState::Cancelled);
        self.change_jobs(selection, ended, |change, id| {
            change.record(Record::JobRetried { job: id, at: change.now });
            // What was removed meanwhile is missed before anybody works on it.
            if !change.give_up_without_models(id) {
                change.advance(id);
            }
        })
    }

    /// Changes every selected job whose state allows it; the others are left alone.
    fn change_jobs(&mut self, selection: &str, allows: impl Fn(&JobState) -> bool, change: impl Fn(&mut Self, JobId)) -> Reply {
        let selected = self.farm.select_jobs(selection);
        // An empty text selects everything, which is right to look at and wrong to change: it is a variable that was not set.
        if selected.is_empty() || selection.trim().is_empty() {
            return refused(Refusal::Unknown(selection.to_owned()));
        }
        let mut labels = Vec::new();
        for id in selected {
            let Some(job) = self.farm.job(id).filter(|job| allows(&job.state)) else { continue };
            labels.push(job.shot.label.to_string());
            change(self, id);
        }
        Reply::Changed { labels }
    }

    pub(super) fn drain(&mut self, name: &str) -> Reply {
        let selected = self.farm.select_workers(name);
        if selected.is_empty() {
            return refused(Refusal::Unknown(name.to_owned()));
        }
        let mut labels = Vec::new();
        for id in selected {
            let Some(worker) = self.farm.workers.get_mut(&id) else { continue };
            worker.draining = true;
            labels.push(worker.name.clone());
            self.send(id, ToWorker::Drain);
        }
        Reply::Changed { labels }
    }
}

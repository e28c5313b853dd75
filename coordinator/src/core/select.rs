//! What a person means by a name: a batch, a job, a label or the front of one, a worker.

use shotfarm_shared::ids::{JobId, WorkerId};

use super::farm::Farm;
use super::job::Job;

/// Digits of the short form of an id: its last, which differ most. The first digits of batches tell their time, so batches of
/// one day share them.
const SHORT_DIGITS: usize = 8;

impl Farm {
    /// The jobs that `text` selects, in order of rendering: all of them when it is empty; else those whose label is or starts
    /// with it, part by part; else those of the batch or the job with that id, whole or its short form.
    #[must_use]
    pub fn select_jobs(&self, text: &str) -> Vec<JobId> {
        let text = text.trim();
        let by_label = |job: &Job| text.is_empty() || job.shot.label.is_selected_by(text);
        let mut jobs: Vec<JobId> = self.jobs().filter(|(_, job)| by_label(job)).map(|(id, _)| id).collect();
        if jobs.is_empty() {
            let by_id = |id: JobId, job: &Job| is_id(&id.0, text) || is_id(&job.batch.0, text);
            jobs = self.jobs().filter(|(id, job)| by_id(*id, job)).map(|(id, _)| id).collect();
        }
        jobs.sort_by_key(|id| self.job(*id).map(|job| job.order));
        jobs
    }

    /// The workers that `text` selects: by name, or by id or its short form.
    #[must_use]
    pub fn select_workers(&self, text: &str) -> Vec<WorkerId> {
        let text = text.trim();
        self.workers().filter(|(id, worker)| worker.name == text || is_id(&id.0, text)).map(|(id, _)| id).collect()
    }
}

/// Whether `text` is the id, whole or in its short form.
fn is_id(id: &uuid::Uuid, text: &str) -> bool {
    let digits = id.simple().to_string();
    let text = text.replace('-', "").to_ascii_lowercase();
    text == digits || (text.len() == SHORT_DIGITS && digits.ends_with(&text))
}

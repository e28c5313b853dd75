//! What a person means by a name: a batch, a job, a label or the front of one, a worker.

use shotfarm_shared::ids::{JobId, WorkerId};

use super::farm::Farm;

/// Fewest digits of an id that are taken for one.
const ID_DIGITS_MIN: usize = 4;

impl Farm {
    /// The jobs that `text` selects, in order of rendering: all of them when it is empty; else those of the batch or the job
    /// with that id (whole or its short form), or those whose label is or starts with it, part by part.
    #[must_use]
    pub fn select_jobs(&self, text: &str) -> Vec<JobId> {
        let text = text.trim();
        let mut jobs: Vec<JobId> = self
            .jobs()
            .filter(|(id, job)| {
                text.is_empty() || job.shot.label.is_selected_by(text) || is_id(&id.0, text) || is_id(&job.batch.0, text)
            })
            .map(|(id, _)| id)
            .collect();
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

/// Whether `text` is the id in any of its forms, or its first or last digits.
fn is_id(id: &uuid::Uuid, text: &str) -> bool {
    let digits = id.simple().to_string();
    let text = text.replace('-', "").to_ascii_lowercase();
    text.len() >= ID_DIGITS_MIN && (digits.starts_with(&text) || digits.ends_with(&text))
}

//! Which hand-in of a shot counts: the newest. A shot that failed and was handed in again is the shot it was corrected to.
//!
//! Pure. A batch holds a label once, so of one batch or one job this keeps everything.

use std::collections::BTreeMap;

use crate::view::{Job, Status};

/// The jobs of `status` without those whose label a later batch has too, in the same order.
pub(crate) fn newest(status: &Status) -> Vec<&Job> {
    let ages: BTreeMap<&str, (u64, usize)> =
        // Two batches of one millisecond are told apart by their place: the farm lists them as they came.
        status.batches.iter().enumerate().map(|(place, batch)| (batch.id.as_str(), (batch.submitted_millis, place))).collect();
    let age = |job: &Job| ages.get(job.batch.as_str()).copied().unwrap_or_default();
    let mut of_label: BTreeMap<&str, &Job> = BTreeMap::new();
    for job in &status.jobs {
        let shot = of_label.entry(&job.label).or_insert(job);
        if age(job) > age(shot) {
            *shot = job;
        }
    }
    status.jobs.iter().filter(|job| of_label.get(job.label.as_str()).is_some_and(|newest| std::ptr::eq(*newest, *job))).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::view::{Batch, Farm};

    /// A status of the batches `old` and `new`.
    pub(crate) fn two_batches(jobs: Vec<Job>) -> Status {
        let batch = |id: &str, submitted_millis| Batch {
            id: id.into(),
            name: format!("{id}.csv"),
            state: String::new(),
            jobs: 0,
            succeeded: 0,
            failed: 0,
            cancelled: 0,
            submitted_millis,
        };
        Status { farm: Farm::default(), batches: vec![batch("old", 1), batch("new", 2)], jobs, workers: Vec::new() }
    }

    #[test]
    fn of_each_label_the_newest_stays_in_its_place() {
        let job = |batch: &str, label: &str| Job { batch: batch.into(), label: label.into(), ..Job::default() };
        let mut status = two_batches(vec![
            job("new", "s/e/1"),
            job("old", "s/e/1"),
            job("old", "s/e/2"),
            job("old", "s/e/3"),
            job("new", "s/e/3"),
        ]);
        let kept = |status: &Status| newest(status).iter().map(|job| format!("{} {}", job.batch, job.label)).collect::<Vec<_>>();
        assert_eq!(kept(&status), ["new s/e/1", "old s/e/2", "new s/e/3"]);
        status.batches[1].submitted_millis = 1;
        assert_eq!(kept(&status), ["new s/e/1", "old s/e/2", "new s/e/3"], "the later of one millisecond");
    }
}

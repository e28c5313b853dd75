//! Taking a batch: whole or not at all, once for each token.

use std::collections::BTreeSet;

use shotfarm_shared::ids::{BatchId, JobId};
use shotfarm_shared::limits::BATCH_SHOTS_MAX;
use shotfarm_shared::shot::Shot;

use super::{Change, Record, Refusal, Reply, refused};

impl Change<'_> {
    pub(super) fn submit(&mut self, batch: BatchId, token: String, name: String, mut shots: Vec<Shot>) -> Reply {
        if let Some(known) = self.farm.durable.tokens.get(&token) {
            return self.known(*known, &token, &shots);
        }
        if shots.is_empty() || shots.len() > BATCH_SHOTS_MAX {
            return refused(Refusal::BatchSize { got: shots.len(), max: BATCH_SHOTS_MAX });
        }
        let mut labels = BTreeSet::new();
        if let Some(double) = shots.iter().find(|shot| !labels.insert(&shot.label)) {
            return refused(Refusal::Double(double.label.to_string()));
        }
        if let Err(refusal) = self.pin_models(&mut shots) {
            return refused(refusal);
        }
        let jobs = (0..shots.len() as u32).map(|index| JobId::of_shot(batch, index)).collect();
        self.record(Record::BatchAccepted { batch, token, name, shots, at: self.now });
        Reply::Submitted { batch, jobs, known: false }
    }

    /// The answer to a token that was seen before: the batch it named, if it is about the same shots.
    fn known(&self, id: BatchId, token: &str, shots: &[Shot]) -> Reply {
        let jobs = self.farm.batch(id).map(|batch| batch.jobs.clone()).unwrap_or_default();
        let same = jobs.len() == shots.len()
            && jobs.iter().zip(shots).all(|(job, shot)| self.farm.job(*job).is_some_and(|job| is_same(&job.shot, shot)));
        if same { Reply::Submitted { batch: id, jobs, known: true } } else { refused(Refusal::TokenReused(token.to_owned(), id)) }
    }
}

/// Whether a shot that was taken is the one that is asked for, whatever the names of its networks mean by now.
fn is_same(taken: &Shot, asked: &Shot) -> bool {
    taken.recipe.answers(&asked.recipe) && *taken == Shot { recipe: taken.recipe.clone(), ..asked.clone() }
}

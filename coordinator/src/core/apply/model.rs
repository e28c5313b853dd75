//! Networks come and go; shots are pinned to them; jobs keep what they were pinned to.

use std::collections::BTreeSet;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::Failure;
use shotfarm_shared::ids::JobId;
use shotfarm_shared::model::{Model, ModelFault, ModelFiles, ModelName, ModelRef};
use shotfarm_shared::shot::Shot;

use super::super::job::Job;
use super::{Change, Record, Refusal, Reply, refused};

/// Jobs named in one refusal.
const JOBS_NAMED_MAX: usize = 5;

impl Change<'_> {
    pub(super) fn add_model(&mut self, model: Model, replace: bool) -> Reply {
        let models = self.farm.models();
        if let Err(fault) = models.may_add(&model, replace) {
            return refused(Refusal::AddModel(fault));
        }
        let (name, digest) = (model.name.clone(), model.files.digest());
        let is_same = models.versions(&name).last().is_some_and(|newest| newest.model.files.digest() == digest);
        // The same bytes are no change; with leave to replace, other words about them are one.
        let known = models.has(&model) || (is_same && !replace);
        if !known {
            self.record(Record::ModelAdded { model, at: self.now });
        }
        match self.farm.models().versions(&name).last() {
            Some(version) => Reply::ModelAdded { version: Box::new(version.clone()), known },
            None => refused(Refusal::NoModel(self.farm.models().unknown(&name))),
        }
    }

    pub(super) fn remove_model(&mut self, name: ModelName) -> Reply {
        if self.farm.models().versions(&name).is_empty() {
            return refused(Refusal::NoModel(self.farm.models().unknown(&name)));
        }
        let needing = self.farm.open_jobs(|job| names(job, &name));
        if !needing.is_empty() {
            let labels = needing.iter().take(JOBS_NAMED_MAX).map(|(_, job)| job.shot.label.to_string()).collect();
            let others = needing.len().saturating_sub(JOBS_NAMED_MAX);
            return refused(Refusal::ModelInUse { name, labels, others });
        }
        let labels = vec![name.to_string()];
        self.record(Record::ModelRemoved { name });
        Reply::Changed { labels }
    }

    /// Gives every network of `shots` the digest that its name means now.
    pub(super) fn pin_models(&self, shots: &mut [Shot]) -> Result<(), Refusal> {
        let mut faults: Vec<(String, ModelFault)> = Vec::new();
        for shot in shots {
            if let Err(fault) = self.farm.models().pin(&mut shot.recipe) {
                faults.push((shot.label.to_string(), fault));
            }
        }
        let others = faults.len().saturating_sub(1);
        match faults.into_iter().next() {
            None => Ok(()),
            Some((shot, fault)) => Err(Refusal::ShotModel { shot, fault, others }),
        }
    }

    /// The files of networks of a recipe, each network once; `None` when one is not here, which [`Self::pin_models`] and
    /// the refusal to remove it rule out.
    pub(super) fn model_files<'a>(&self, models: impl Iterator<Item = &'a ModelRef>) -> Option<Vec<ModelFiles>> {
        let mut seen: BTreeSet<Digest> = BTreeSet::new();
        let mut files = Vec::new();
        for wanted in models {
            let found = self.farm.models().find(wanted).ok()?.model.files;
            if seen.insert(found.digest()) {
                files.push(found);
            }
        }
        Some(files)
    }

    /// Fails a job whose network was removed while it had ended; true if it did.
    pub(super) fn give_up_without_models(&mut self, id: JobId) -> bool {
        let Some(job) = self.farm.job(id) else { return false };
        let missing = job.shot.recipe.models().find_map(|wanted| Some((wanted.short(), self.farm.models().find(wanted).err()?)));
        let Some((model, fault)) = missing else { return false };
        let message =
            format!("its model {model} was removed: {fault}; add the same file again, or hand the shot in with another");
        self.give_up(id, Failure::job(message));
        true
    }
}

/// Whether the recipe of `job` names the network.
fn names(job: &Job, name: &ModelName) -> bool {
    job.shot.recipe.models().any(|model| model.name == *name)
}

//! The networks of a task: fetched as blobs, read and understood once, kept for the tasks that follow.
//!
//! A blob is checked against its digest when it arrives, so what a digest names here never changes.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::MODEL_BYTES_MAX;
use shotfarm_shared::model::ModelFiles;

use super::Job;
use super::error::TaskError;
use crate::net::{Models, Network};
use crate::scratch::ScratchError;

/// Networks kept in memory. Shots of one batch use one or two; the largest take about as much memory as their files.
const NETWORKS_KEPT_MAX: usize = 4;

/// The networks read last, the one used longest ago first.
#[derive(Debug, Default)]
pub(super) struct KeptNetworks {
    kept: Mutex<Vec<(Digest, Arc<Network>)>>,
}

impl KeptNetworks {
    /// The network of that digest, if it is still here.
    pub(super) fn get(&self, digest: Digest) -> Option<Arc<Network>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| *known == digest)?;
        let found = kept.remove(at);
        let network = Arc::clone(&found.1);
        kept.push(found);
        Some(network)
    }

    /// Keeps a network, and lets go of the one used longest ago when there are too many.
    pub(super) fn keep(&self, digest: Digest, network: &Arc<Network>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != digest);
        if kept.len() >= NETWORKS_KEPT_MAX {
            kept.remove(0);
        }
        kept.push((digest, Arc::clone(network)));
    }
}

impl Job<'_> {
    /// Every network of the task, read.
    pub(super) fn models(&self, wanted: &[ModelFiles]) -> Result<Models, TaskError> {
        wanted.iter().map(|files| Ok((files.digest(), self.model(files)?))).collect()
    }

    fn model(&self, files: &ModelFiles) -> Result<Arc<Network>, TaskError> {
        let (digest, networks) = (files.digest(), self.context.devices.networks());
        if let Some(network) = networks.get(digest) {
            return Ok(network);
        }
        let name = self.model_name(digest);
        let refused = |source| TaskError::Network { model: name.clone(), source };
        let network = match *files {
            ModelFiles::Onnx { file } => Network::read(&self.model_file(file, &name)?, None),
            ModelFiles::Ncnn { param, bin } => {
                let param = self.model_file(param, &name)?;
                Network::read(&param, Some(&self.model_file(bin, &name)?))
            }
        };
        let network = Arc::new(network.map_err(refused)?);
        networks.keep(digest, &network);
        Ok(network)
    }

    /// The network as people call it.
    pub(super) fn model_name(&self, digest: Digest) -> String {
        let named = self.assignment.recipe.models().find(|model| model.digest == Some(digest));
        named.map_or_else(|| digest.short(), shotfarm_shared::model::ModelRef::short)
    }

    /// The bytes of one of a network's files.
    fn model_file(&self, digest: Digest, name: &str) -> Result<Vec<u8>, TaskError> {
        let place = self.folder.path.join(format!("model-{}", digest.short()));
        self.context.blobs.fetch(digest, &place, self.cancel).map_err(|error| error.about_model(name))?;
        let bytes = read_bounded(&place, name);
        // It is in memory now, and its blob stays in the cache.
        fs::remove_file(&place).map_err(ScratchError::io("removing", &place))?;
        bytes
    }
}

fn read_bounded(place: &Path, name: &str) -> Result<Vec<u8>, TaskError> {
    let bytes = fs::metadata(place).map_err(ScratchError::io("measuring", place))?.len();
    if bytes > MODEL_BYTES_MAX {
        return Err(TaskError::ModelTooLarge { model: name.to_owned(), bytes });
    }
    Ok(fs::read(place).map_err(ScratchError::io("reading", place))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_used_longest_ago_goes_first() {
        let networks = KeptNetworks::default();
        let digest = |number: usize| Digest::of(&[number as u8]);
        let network = Arc::new(Network {
            name: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            nodes: Vec::new(),
            values: Vec::new(),
            constants: std::collections::BTreeMap::new(),
        });
        for number in 0..NETWORKS_KEPT_MAX {
            networks.keep(digest(number), &network);
        }
        assert!(networks.get(digest(0)).is_some(), "used again");
        networks.keep(digest(99), &network);
        assert!(networks.get(digest(1)).is_none(), "the one used longest ago");
        assert!(networks.get(digest(0)).is_some() && networks.get(digest(99)).is_some());
    }
}

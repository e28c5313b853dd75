//! The probe task: the facts of a source, established by decoding it once.

use shotfarm_shared::media::MediaFacts;

use super::Job;
use super::error::TaskError;
use crate::media;

impl Job<'_> {
    pub(super) fn probe(&self) -> Result<MediaFacts, TaskError> {
        let source = self.source()?;
        let facts = media::probe(&self.context.tools, &source, self.cancel)?;
        self.progress.set(facts.frames);
        Ok(facts)
    }
}

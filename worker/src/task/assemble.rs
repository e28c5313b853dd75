//! The assemble task: join the segments, add the source's sound, prove the whole, store it.

use std::path::PathBuf;

use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::work::Output;

use super::Job;
use super::error::TaskError;
use crate::media::{self, Assembly};
use crate::scratch::ScratchError;

impl Job<'_> {
    pub(super) fn assemble(&self, facts: &MediaFacts, receipts: &[Receipt]) -> Result<Output, TaskError> {
        let recipe = &self.assignment.recipe;
        let layout = recipe.output_layout(&facts.layout)?;
        let source = self.source()?;
        let segments = self.segments(receipts)?;
        let out = self.folder.path.join(format!("output.{}", recipe.profile.extension()));
        let assembly = Assembly { segments: &segments, source: &source, facts, profile: recipe.profile, layout: &layout };
        let made = media::assemble(&self.context.tools, &assembly, &out, self.cancel, &mut |frames| self.progress.set(frames))?;
        self.check_cancel()?;
        let digest = self.context.blobs.deliver(&out, self.cancel)?;
        Ok(Output {
            frames: made.frames,
            seconds: made.seconds,
            extent: layout.extent,
            bytes: made.bytes,
            digest,
            audio_streams: u32::try_from(made.audio.len()).unwrap_or(u32::MAX),
        })
    }

    /// Every segment at a place of its own, fetched where this worker did not make it.
    fn segments(&self, receipts: &[Receipt]) -> Result<Vec<(Receipt, PathBuf)>, TaskError> {
        let folder = self.folder.path.join("segments");
        std::fs::create_dir_all(&folder).map_err(ScratchError::io("making", &folder))?;
        let ending = self.assignment.recipe.profile.extension();
        let fetch = |receipt: &Receipt| {
            let place = folder.join(format!("frames-{}-{}.{ending}", receipt.range.start, receipt.range.end));
            self.context.blobs.fetch(receipt.digest, &place, self.cancel)?;
            Ok((receipt.clone(), place))
        };
        receipts.iter().map(fetch).collect()
    }
}

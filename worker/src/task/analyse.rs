//! The analysis task: decode a range, look at every frame, find faces where a network is named, store what was found.
//!
//! Invariant: what is found in a frame does not depend on the range that it was looked at in. The frame before the range is decoded
//! too, and only looked at for the sake of the first.

use std::path::Path;
use std::sync::Arc;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::model::ModelFiles;
use shotfarm_shared::work::FindingsReceipt;

use super::Job;
use super::devices::Lent;
use super::error::TaskError;
use super::pipeline::{self, Engine, Sink, StageTimes};
use super::plan::FramePlan;
use crate::gpu::recording::Tail;
use crate::media::{Decoder, SourceIndex};
use crate::net::Models;
use crate::reframe::{Detector, Findings, Gaze, Look, Notes};
use crate::scratch::ScratchError;

impl Engine for Gaze<'_> {
    fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), TaskError> {
        Ok(Gaze::submit(self, frame, number)?)
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
        Ok(Gaze::next(self, out)?)
    }

    fn in_flight(&self) -> usize {
        Gaze::in_flight(self)
    }
}

impl Sink for Notes {
    fn write(&mut self, found: &[u8]) -> Result<(), TaskError> {
        self.take(found);
        Ok(())
    }
}

/// A network that finds faces, under the digest that the recipe names it by.
struct Faces {
    network: Digest,
    detector: Arc<Detector>,
    models: Models,
}

/// What is looked at.
struct Shot<'a> {
    facts: &'a MediaFacts,
    range: FrameRange,
    look: Look,
    source: &'a Path,
    faces: Option<Faces>,
}

impl Job<'_> {
    /// The receipt of what was found in the frames `range`, which is stored then.
    pub(super) fn analyse(
        &self,
        facts: &MediaFacts,
        range: FrameRange,
        models: &[ModelFiles],
    ) -> Result<FindingsReceipt, TaskError> {
        let source = self.source()?;
        let faces = self.faces(facts, models)?;
        let look = Look::of(facts.layout.extent, facts.rate, facts.frames);
        let shot = Shot { facts, range, look, source: &source, faces };
        let (findings, times) = self.despite_the_gpu(range, false, || self.look_at(&shot))?;
        let place = self.folder.path.join("findings");
        let stored = findings.write();
        std::fs::write(&place, &stored).map_err(ScratchError::io("writing", &place))?;
        self.check_cancel()?;
        let digest = self.context.blobs.deliver(&place, self.cancel)?;
        tracing::info!(
            shot = %self.assignment.label,
            frames = %range,
            slowest = %times.slowest(),
            bytes = stored.len(),
            "looked at"
        );
        Ok(FindingsReceipt { range, bytes: stored.len() as u64, digest })
    }

    /// The network that the reframe names, as a detector for this shot's frames.
    fn faces(&self, facts: &MediaFacts, files: &[ModelFiles]) -> Result<Option<Faces>, TaskError> {
        let wanted = self.assignment.recipe.reframe().and_then(|reframe| reframe.model.as_ref()?.digest);
        let Some(files) = files.iter().find(|files| Some(files.digest()) == wanted) else { return Ok(None) };
        let models = self.models(std::slice::from_ref(files))?;
        let Some((network, read)) = models.iter().next() else { return Ok(None) };
        let refused = |source| TaskError::NoDetector { model: self.model_name(*network), source };
        let detector = Arc::new(Detector::new(read, facts.layout.extent).map_err(refused)?);
        Ok(Some(Faces { network: *network, detector, models }))
    }

    /// One try at looking at all frames.
    fn look_at(&self, shot: &Shot<'_>) -> Result<(Findings, StageTimes), TaskError> {
        let Shot { facts, range, look, source, faces } = shot;
        let devices = &self.context.devices;
        let index = SourceIndex::read(&self.context.tools, source, &facts.container, self.cancel)?;
        let mut seeing = devices.lend_look(look, &facts.layout)?;
        let mut finding = faces
            .as_ref()
            .map(|faces| devices.lend_faces(faces.network, &faces.detector, &facts.layout, &faces.models))
            .transpose()?;
        let plan = FramePlan::new(*range, facts.frames, seeing.graph.context_frames(), seeing.graph.delay_frames());
        let mut decoder = Decoder::start(&self.context.tools, source, facts, &index, plan.decoded(), self.cancel)?;
        let detector = faces.as_ref().map(|faces| Arc::clone(&faces.detector));
        let mut notes = Notes::new(*look, *range).with_faces(detector);
        let faces_graph = finding.as_mut().map(|lent: &mut Lent| &mut lent.graph);
        let mut gaze = Gaze::new(*look, &mut seeing.graph, faces_graph, range.start);
        let looked = pipeline::run(&mut decoder, &mut gaze, &mut notes, (plan, &Tail::default()), self.progress, self.cancel);
        for lent in finding.into_iter().chain([seeing]) {
            self.return_graph(lent, looked.as_ref().err());
        }
        let times = looked?;
        Ok((notes.finish()?, times))
    }
}

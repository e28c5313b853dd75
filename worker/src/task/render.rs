//! The render task: decode a range, run the recipe's passes, encode, prove the segment, store it.

use std::path::Path;
use std::time::Instant;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::fidelity::Fidelity;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::{FrameLayout, MediaFacts};
use shotfarm_shared::model::ModelFiles;
use shotfarm_shared::segment::{Receipt, ReceiptMismatch};

use super::Job;
use super::black::{Guarded, Shown};
use super::compare::{Comparing, Comparison};
use super::error::TaskError;
use super::pipeline::{self, Engine, Sink, Source, StageTimes};
use super::plan::FramePlan;
use super::track::ShotTrack;
use crate::gpu::Graph;
use crate::media::encode::output_pixel_aspect;
use crate::media::{Decoder, EncodeSettings, Encoder, FrameDigests, SourceIndex};
use crate::net::Models;
use crate::scratch::ScratchError;

impl Source for Decoder {
    fn read(&mut self, frame: &mut Vec<u8>) -> Result<bool, TaskError> {
        Ok(self.read_frame(frame)?)
    }
}

impl Sink for Encoder {
    fn write(&mut self, frame: &[u8]) -> Result<(), TaskError> {
        Ok(self.write_frame(frame)?)
    }
}

impl Engine for Graph {
    fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), TaskError> {
        Ok(Graph::submit(self, frame, number)?)
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
        Ok(Graph::next(self, out)?)
    }

    fn in_flight(&self) -> usize {
        Graph::in_flight(self)
    }
}

/// What a segment is made of.
struct Shot<'a> {
    facts: &'a MediaFacts,
    range: FrameRange,
    /// The layout of what is made.
    output: &'a FrameLayout,
    source: &'a Path,
    models: &'a Models,
    track: Option<&'a ShotTrack>,
}

impl Job<'_> {
    /// The receipt of the segment with frames `range`, which is stored then, and where the time went.
    pub(super) fn render(
        &self,
        facts: &MediaFacts,
        range: FrameRange,
        models: &[ModelFiles],
        track: Option<Digest>,
    ) -> Result<(Receipt, StageTimes), TaskError> {
        let started = Instant::now();
        let recipe = &self.assignment.recipe;
        let output = recipe.output_layout(&facts.layout)?;
        let source = self.source()?;
        let models = self.models(models)?;
        let track = track.map(|track| self.track(track, facts)).transpose()?;
        let segment = self.folder.path.join(format!("segment.{}", recipe.profile.extension()));
        let fetched = started.elapsed();
        let shot = Shot { facts, range, output: &output, source: &source, models: &models, track: track.as_ref() };
        let (times, fidelity) = self.despite_the_gpu(range, true, || self.make(&shot, &segment))?;
        let made = started.elapsed();
        let digests = FrameDigests::read(&self.context.tools, &segment, recipe.profile, &output, self.cancel, &mut |_| {})?;
        if digests.len() != range.len() {
            return Err(ReceiptMismatch::Count { expected: range.len(), got: digests.len() }.into());
        }
        let bytes = std::fs::metadata(&segment).map_err(ScratchError::io("measuring", &segment))?.len();
        let proven = started.elapsed();
        self.check_cancel()?;
        let digest = self.context.blobs.deliver(&segment, self.cancel)?;
        tracing::info!(
            shot = %self.assignment.label,
            frames = %range,
            slowest = %times.slowest(),
            at_work_percent = (times.overlap() * 100.0).round(),
            "rendered; the slowest stage was at work for this much of the time"
        );
        tracing::debug!(
            attempt = self.assignment.lease.attempt.0,
            frames = times.frames,
            fetch = ?fetched,
            decode = ?times.decode,
            decode_wait = ?times.decode_wait,
            gpu = ?times.gpu,
            encode = ?times.encode,
            encode_wait = ?times.encode_wait,
            pipeline = ?times.total,
            verify = ?(proven - made),
            store = ?(started.elapsed() - proven),
            "stage times"
        );
        let receipt = Receipt {
            range,
            frames: digests.len(),
            bytes,
            digest,
            frames_digest: digests.frames_digest(),
            recipe: recipe.digest(),
            // The work of the range itself: what a worker's speed is measured by. The way to the farm is not part of it.
            work_millis: u64::try_from((proven - fetched).as_millis()).unwrap_or(u64::MAX),
            fidelity,
        };
        Ok((receipt, times))
    }

    /// Makes the segment file, and compares its frames with the source's on the way. The graph goes back to the next task,
    /// unless the device was lost with it.
    fn make(&self, shot: &Shot<'_>, segment: &Path) -> Result<(StageTimes, Option<Fidelity>), TaskError> {
        let (tools, recipe) = (&self.context.tools, &self.assignment.recipe);
        let Shot { facts, range, output, source, models, track } = *shot;
        let index = SourceIndex::read(tools, source, &facts.container, self.cancel)?;
        let settings = EncodeSettings {
            profile: recipe.profile,
            layout: output.clone(),
            rate: facts.rate,
            pixel_aspect: output_pixel_aspect(recipe, facts, output.extent),
        };
        let mut lent = self.context.devices.lend(recipe, &facts.layout, output, models, track)?;
        let plan = FramePlan::new(range, facts.frames, lent.graph.context_frames(), lent.graph.delay_frames());
        let mut decoder = Decoder::start(tools, source, facts, &index, plan.decoded(), self.cancel)?;
        let mut encoder = Encoder::start(tools, &settings, segment, self.cancel)?;
        let comparison = recipe.comparable().then(|| Comparison {
            source: facts.layout.clone(),
            output: output.clone(),
            frames: facts.frames,
            asked_hundredths: recipe.check_hundredths(),
        });
        let delay_frames = lent.graph.delay_frames();
        let shown = track.map(|track| Shown { track: &track.track, target: recipe.kept_shape(facts).0 });
        let mut guarded = Guarded::new(&mut lent.graph, (&facts.layout, shown), output, delay_frames);
        let mut engine = Comparing::new(&mut guarded, comparison, plan);
        let ran = pipeline::run(&mut decoder, &mut engine, &mut encoder, (plan, &lent.tail), self.progress, self.cancel);
        let compared = ran.and_then(|times| Ok((times, engine.finish()?)));
        self.return_graph(lent, compared.as_ref().err());
        let made = compared?;
        encoder.finish()?;
        Ok(made)
    }
}

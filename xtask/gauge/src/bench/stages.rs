//! A render task's stages, each alone, and the whole task: how well it overlaps them, and which one holds it up.
//!
//! On a GPU the stages run on different silicon, and the whole is held to the slowest of them. On a software device all of them
//! share the processor's cores: there the whole is held to what is left of the cores when the stages run one after the other.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;
use shotfarm_shared::digest::Digest;
use shotfarm_shared::fidelity::is_sampled;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::ids::{Attempt, JobId, TaskId};
use shotfarm_shared::limits::GRID_FRAMES;
use shotfarm_shared::media::{FrameLayout, MediaFacts};
use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
use shotfarm_shared::work::{Assignment, LeaseId, Work};
use shotfarm_worker::gpu::{Graph, record};
use shotfarm_worker::media::encode::output_pixel_aspect;
use shotfarm_worker::media::{Cancel, Decoder, EncodeSettings, Encoder, SourceIndex, Tools, probe};
use shotfarm_worker::net::Models;
use shotfarm_worker::quality::decibels_from_source;
use shotfarm_worker::scratch::ScratchError;
use shotfarm_worker::task::{BlobAccess, Context, Devices, TaskError, render_timed};
use uuid::Uuid;

use super::spread::Spread;
use super::{Bar, Plan, Section, clip};
use crate::error::GaugeError;
use crate::progress::Progress;
use crate::table;

/// What is rendered.
const STEPS: &str = "upscale 2x filter=lanczos";
/// How much of its slowest stage a worker is to reach.
const SHARE_ASKED: f64 = 0.9;
/// Fewest frames: several cells of the grid, so that what an encoder takes in before it begins does not count for much.
const FRAMES_MIN: u32 = 240;
/// Rendered frames that are kept to be encoded again and again.
const KEPT_FRAMES: usize = 12;

/// Blobs without a farm: one source, and segments that nobody wants.
struct Local(PathBuf);

impl BlobAccess for Local {
    fn fetch(&self, _digest: Digest, place: &Path, _cancel: &Cancel) -> Result<(), TaskError> {
        fs::copy(&self.0, place).map(|_| ()).map_err(|error| failed("copying", place, error))
    }

    fn deliver(&self, file: &Path, _cancel: &Cancel) -> Result<Digest, TaskError> {
        Ok(Digest::of(&fs::read(file).map_err(|error| failed("reading", file, error))?))
    }

    fn make_room(&self, _needed: &BTreeSet<Digest>) -> Result<(), TaskError> {
        Ok(())
    }
}

fn failed(operation: &'static str, path: &Path, source: io::Error) -> TaskError {
    ScratchError::Io { operation, path: path.to_owned(), source }.into()
}

/// What every stage needs.
struct Bench {
    context: Context,
    clip: PathBuf,
    facts: MediaFacts,
    recipe: Recipe,
    output: FrameLayout,
    graph: Graph,
    frames: u32,
}

/// Frames a second of each stage alone, and of all together.
#[derive(Clone, Copy, Debug)]
struct Rates {
    decode: f64,
    gpu: f64,
    encode: f64,
    /// Decoded, rendered, encoded.
    whole: f64,
    /// With the segment joined and every frame of it decoded again.
    proven: f64,
    /// Seconds of one comparison of a rendered frame with its source.
    comparison_seconds: f64,
}

impl Rates {
    fn stages(&self) -> [(&'static str, f64); 3] {
        [("decode", self.decode), ("gpu", self.gpu), ("encode", self.encode)]
    }

    /// The slowest stage and its rate.
    fn slowest(&self) -> (&'static str, f64) {
        self.stages().into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(("gpu", self.gpu))
    }

    /// The share of a render's time that its comparisons take of one core, as often as frames are sampled in a cell.
    fn comparison_share(&self) -> f64 {
        let sampled = (0..GRID_FRAMES).filter(|&frame| is_sampled(frame, u64::MAX)).count() as f64;
        self.comparison_seconds * sampled / GRID_FRAMES as f64 * self.whole
    }

    /// What stages that share all cores could reach: their times added up.
    fn shared(&self) -> f64 {
        1.0 / self.stages().iter().map(|(_, rate)| 1.0 / rate).sum::<f64>()
    }
}

pub(super) fn measure(plan: &Plan) -> Result<Section, GaugeError> {
    let folder = tempfile::tempdir().map_err(GaugeError::Pipe)?;
    let mut bench = Bench::new(plan, folder.path())?;
    let mut progress = Progress::new(f64::from(plan.rounds));
    let mut rounds = Vec::new();
    for round in 1..=plan.rounds {
        progress.begin(&format!("round {round}: stages of a render task"));
        rounds.push(bench.round()?);
        progress.end(1.0);
    }
    Ok(section(plan, &rounds))
}

impl Bench {
    fn new(plan: &Plan, folder: &Path) -> Result<Self, GaugeError> {
        let frames = plan.frames.max(FRAMES_MIN);
        let clip = clip::file(folder, plan.size, frames)?;
        let tools = Tools::find()?;
        let facts = probe(&tools, &clip, &Cancel::new())?;
        let recipe = Recipe { steps: read_steps(STEPS)?, profile: Profile::PhoneH264 };
        let output = recipe.output_layout(&facts.layout)?;
        let gpu = plan.gpu.open()?;
        let graph = Graph::new(&gpu, &record(&recipe.steps, &facts.layout, &output, &Models::new())?)?;
        let context = Context {
            tools,
            devices: Devices::new(plan.gpu.choice(), gpu),
            blobs: Box::new(Local(clip.clone())),
            work: folder.join("work"),
        };
        let bench = Self { context, clip, facts, recipe, output, graph, frames };
        // The first task pays for what the driver compiles late.
        render_timed(&bench.context, &bench.assignment())?;
        Ok(bench)
    }

    fn range(&self) -> FrameRange {
        FrameRange::new(0, u64::from(self.frames))
    }

    fn assignment(&self) -> Assignment {
        Assignment {
            lease: LeaseId { task: TaskId { job: JobId(Uuid::nil()), number: 0 }, attempt: Attempt(1) },
            label: "bench/ep01/sh0010".parse().expect("a label"),
            source: Digest::of(b"the clip"),
            recipe: self.recipe.clone(),
            work: Work::Render { facts: self.facts.clone(), range: self.range(), models: Vec::new(), track: None },
        }
    }

    fn round(&mut self) -> Result<Rates, GaugeError> {
        let (decode, source) = self.decode()?;
        let (gpu, rendered) = self.gpu(&source)?;
        let encode = self.encode(&rendered)?;
        let comparison_seconds = self.comparison_seconds(&source, &rendered);
        let (receipt, times) = render_timed(&self.context, &self.assignment())?;
        let whole = f64::from(self.frames) / times.total.as_secs_f64();
        let proven = f64::from(self.frames) * 1_000.0 / receipt.work_millis.max(1) as f64;
        Ok(Rates { decode, gpu, encode, whole, proven, comparison_seconds })
    }

    /// The mean time of comparing a frame with its source.
    fn comparison_seconds(&self, source: &[Vec<u8>], rendered: &[Vec<u8>]) -> f64 {
        let started = Instant::now();
        for (source, rendered) in source.iter().zip(rendered) {
            // The figure is not wanted here, only that it is made.
            std::hint::black_box(decibels_from_source((&self.facts.layout, source), (&self.output, rendered)));
        }
        started.elapsed().as_secs_f64() / source.len().min(rendered.len()).max(1) as f64
    }

    /// The decoder alone; and some frames of it.
    fn decode(&self) -> Result<(f64, Vec<Vec<u8>>), GaugeError> {
        let cancel = Cancel::new();
        let index = SourceIndex::read(&self.context.tools, &self.clip, &self.facts.container, &cancel)?;
        let started = Instant::now();
        let mut decoder = Decoder::start(&self.context.tools, &self.clip, &self.facts, &index, self.range(), &cancel)?;
        let (mut frame, mut kept) = (Vec::new(), Vec::new());
        while decoder.read_frame(&mut frame)? {
            if kept.len() < KEPT_FRAMES {
                kept.push(frame.clone());
            }
        }
        Ok((f64::from(self.frames) / started.elapsed().as_secs_f64(), kept))
    }

    /// Upload, passes and readback alone; and some frames of it.
    fn gpu(&mut self, source: &[Vec<u8>]) -> Result<(f64, Vec<Vec<u8>>), GaugeError> {
        let started = Instant::now();
        let (mut out, mut kept) = (Vec::new(), Vec::new());
        let mut take = |graph: &mut Graph| -> Result<(), GaugeError> {
            graph.next(&mut out)?;
            if kept.len() < KEPT_FRAMES {
                kept.push(out.clone());
            }
            Ok(())
        };
        for (number, frame) in (0..i64::from(self.frames)).zip(source.iter().cycle()) {
            if self.graph.is_full() {
                take(&mut self.graph)?;
            }
            self.graph.submit(frame, number)?;
        }
        while self.graph.in_flight() > 0 {
            take(&mut self.graph)?;
        }
        Ok((f64::from(self.frames) / started.elapsed().as_secs_f64(), kept))
    }

    /// The encoder alone.
    fn encode(&self, rendered: &[Vec<u8>]) -> Result<f64, GaugeError> {
        let settings = EncodeSettings {
            profile: self.recipe.profile,
            layout: self.output.clone(),
            rate: self.facts.rate,
            pixel_aspect: output_pixel_aspect(&self.recipe, &self.facts, self.output.extent),
        };
        let segment = self.clip.with_file_name(format!("alone.{}", self.recipe.profile.extension()));
        let started = Instant::now();
        let mut encoder = Encoder::start(&self.context.tools, &settings, &segment, &Cancel::new())?;
        for frame in rendered.iter().cycle().take(self.frames as usize) {
            encoder.write_frame(frame)?;
        }
        // Until it has taken the last frame, as a render's own clock runs; what it still holds then is the same in both.
        let took = started.elapsed();
        encoder.finish()?;
        Ok(f64::from(self.frames) / took.as_secs_f64())
    }
}

fn section(plan: &Plan, rounds: &[Rates]) -> Section {
    let median = |of: fn(&Rates) -> f64| Spread::of(rounds.iter().map(of).collect()).map_or(0.0, |spread| spread.median());
    let rates = Rates {
        decode: median(|round| round.decode),
        gpu: median(|round| round.gpu),
        encode: median(|round| round.encode),
        whole: median(|round| round.whole),
        proven: median(|round| round.proven),
        comparison_seconds: median(|round| round.comparison_seconds),
    };
    let (slowest, alone) = rates.slowest();
    let of_slowest = median(|round| round.whole / round.slowest().1);
    let of_shared = median(|round| round.whole / round.shared());
    let row = |name: &str, rate: f64| vec![name.to_owned(), format!("{rate:.1}"), format!("{:.2}", rate / alone)];
    let mut rows = rates.stages().map(|(name, rate)| row(&format!("{name} alone"), rate)).to_vec();
    rows.push(row("all together", rates.whole));
    rows.push(row("and proven", rates.proven));
    let table = table::markdown(&["stage", "frames/s", "of the slowest"], &rows);
    let text = format!(
        "## A render task and its stages\n\n`{STEPS}`, {}, {} frames. The slowest stage is {slowest}; all together reach \
         {of_slowest:.2} of it, and {of_shared:.2} of what the stages' times added up allow.\n\n{table}\nComparing a sampled frame \
         with its source takes {:.2} ms of one core, {:.2} % of the render's time.\n",
        Profile::PhoneH264,
        plan.frames.max(FRAMES_MIN),
        rates.comparison_seconds * 1_000.0,
        rates.comparison_share() * 100.0
    );
    let bar = if plan.software {
        Bar { what: "a render task beside its stages' times added up".to_owned(), asked: SHARE_ASKED, got: of_shared }
    } else {
        Bar { what: format!("a render task beside its slowest stage, {slowest}"), asked: SHARE_ASKED, got: of_slowest }
    };
    let data = json!({
        "decode_fps": rates.decode, "gpu_fps": rates.gpu, "encode_fps": rates.encode, "whole_fps": rates.whole,
        "proven_fps": rates.proven, "slowest": slowest, "comparison_millis": rates.comparison_seconds * 1_000.0,
        "comparison_share": rates.comparison_share(), "of_slowest": of_slowest, "of_shared": of_shared,
    });
    Section { text, data, bars: vec![bar] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_stage_and_what_shared_cores_allow() {
        let rates = Rates { decode: 100.0, gpu: 20.0, encode: 50.0, whole: 12.0, proven: 10.0, comparison_seconds: 0.016 };
        assert_eq!(rates.slowest(), ("gpu", 20.0));
        assert!((rates.shared() - 12.5).abs() < 1e-9);
        // Three frames of 48, twelve frames a second.
        assert!((rates.comparison_share() - 0.012).abs() < 1e-9);
    }
}

//! How well a render task overlaps its stages: shots through decode, GPU and encode, against the shader passes alone.
//!
//! ```text
//! cargo run --release --example pipeline -- [best|software|INDEX] [FRAMES] [ROUNDS] [PROFILE]
//! ```
//!
//! Defaults: software 240 3 phone-h264. 640x360 to 1280x720 with `lanczos`. Both rates are taken in turn within one run and the
//! median of their ratios is what counts; the machine's speed drifts, their ratio does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::ids::{Attempt, JobId, TaskId};
use shotfarm_shared::media::{Extent, FrameLayout, MediaFacts};
use shotfarm_shared::recipe::{Recipe, read_steps};
use shotfarm_shared::work::{Assignment, LeaseId, Work};
use shotfarm_worker::gpu::{Gpu, GpuChoice, Graph, record};
use shotfarm_worker::media::{Cancel, Tools, probe};
use shotfarm_worker::net::Models;
use shotfarm_worker::task::{BlobAccess, Context, Devices, StageTimes, TaskError, render_timed};
use uuid::Uuid;

/// Blobs without a farm: one source, and segments that nobody wants.
struct Local(PathBuf);

impl BlobAccess for Local {
    fn fetch(&self, _digest: Digest, place: &Path, _cancel: &Cancel) -> Result<(), TaskError> {
        fs::copy(&self.0, place).expect("a temporary file can be copied");
        Ok(())
    }

    fn deliver(&self, file: &Path, _cancel: &Cancel) -> Result<Digest, TaskError> {
        Ok(Digest::of(&fs::read(file).expect("the segment is there")))
    }

    fn make_room(&self, _needed: &BTreeSet<Digest>) -> Result<(), TaskError> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    let word = |index: usize, otherwise: &str| words.get(index).cloned().unwrap_or_else(|| otherwise.to_owned());
    let choice = match word(0, "software").as_str() {
        "best" => GpuChoice::Best,
        "software" => GpuChoice::Software,
        index => GpuChoice::Index(index.parse()?),
    };
    let (frames, rounds) = (word(1, "240").parse::<u32>()?.max(1), word(2, "3").parse::<u32>()?.max(1));
    let recipe = Recipe { steps: read_steps("upscale 2x filter=lanczos")?, profile: word(3, "phone-h264").parse()? };

    let folder = tempfile::tempdir()?;
    let clip = make_clip(folder.path(), frames)?;
    let tools = Tools::find()?;
    let facts = probe(&tools, &clip, &Cancel::new())?;
    let output = recipe.output_layout(&facts.layout)?;
    let gpu = Gpu::open(choice)?;
    println!("{}: {} to {}, {} frames, lanczos, {}", gpu.facts(), facts.layout.extent, output.extent, frames, recipe.profile);
    let mut passes = Passes::new(&gpu, &recipe, &facts, &output)?;
    let context =
        Context { tools, devices: Devices::new(choice, gpu), blobs: Box::new(Local(clip)), work: folder.path().join("work") };
    let assignment = assignment(recipe, facts, frames)?;
    render_timed(&context, &assignment)?; // the first one pays for what the driver compiles late

    let mut ratios = Vec::new();
    for round in 1..=rounds {
        let passes_fps = passes.fps(frames)?;
        let (receipt, times) = render_timed(&context, &assignment)?;
        let fps = f64::from(frames) / times.total.as_secs_f64();
        ratios.push(fps / passes_fps);
        let proven_fps = f64::from(frames) * 1_000.0 / receipt.work_millis as f64;
        println!(
            "round {round}: passes alone {passes_fps:.1} frames/s; end to end {fps:.1}, ratio {:.2}; with the segment joined and \
             proven {proven_fps:.1}, ratio {:.2}",
            fps / passes_fps,
            proven_fps / passes_fps
        );
        print_stages(&times, frames);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio end to end / passes alone: {:.2} (to reach: 0.50)", ratios[ratios.len() / 2]);
    Ok(())
}

/// The shader passes alone: no upload, no readback, no media.
struct Passes(Graph);

impl Passes {
    fn new(gpu: &Gpu, recipe: &Recipe, facts: &MediaFacts, output: &FrameLayout) -> Result<Self, Box<dyn std::error::Error>> {
        let mut graph = Graph::new(gpu, &record(&recipe.steps, &facts.layout, output, &Models::new())?)?;
        graph.run_ops(8)?;
        Ok(Self(graph))
    }

    fn fps(&mut self, frames: u32) -> Result<f64, Box<dyn std::error::Error>> {
        Ok(f64::from(frames) / self.0.run_ops(frames)?.as_secs_f64())
    }
}

fn print_stages(times: &StageTimes, frames: u32) {
    let millis = |time: std::time::Duration| time.as_secs_f64() * 1_000.0 / f64::from(frames);
    println!(
        "  milliseconds a frame: decode {:.2}, gpu {:.2}, encode {:.2}; the gpu waited {:.2} for decode and {:.2} for encode",
        millis(times.decode),
        millis(times.gpu),
        millis(times.encode),
        millis(times.decode_wait),
        millis(times.encode_wait)
    );
}

fn assignment(recipe: Recipe, facts: MediaFacts, frames: u32) -> Result<Assignment, Box<dyn std::error::Error>> {
    Ok(Assignment {
        lease: LeaseId { task: TaskId { job: JobId(Uuid::nil()), number: 0 }, attempt: Attempt(1) },
        label: "bench/ep01/sh0010".parse()?,
        source: Digest::of(b"the clip"),
        recipe,
        work: Work::Render { facts, range: FrameRange::new(0, u64::from(frames)), models: Vec::new() },
    })
}

/// A clip with motion, detail and a little noise, as a camera or a video model gives.
fn make_clip(folder: &Path, frames: u32) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let (clip, size) = (folder.join("clip.mp4"), Extent::new(640, 360));
    let picture = format!("testsrc2=size={size}:rate=24,noise=alls=6:allf=t");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &picture, "-frames:v", &frames.to_string()])
        .args(["-c:v", "libx264", "-pix_fmt", "yuv420p"])
        .arg(&clip)
        .status()?;
    if status.success() { Ok(clip) } else { Err("ffmpeg could not make the clip".into()) }
}

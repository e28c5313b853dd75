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
use std::time::Instant;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::ids::{Attempt, JobId, TaskId};
use shotfarm_shared::media::{Extent, FrameLayout, MediaFacts};
use shotfarm_shared::recipe::{Recipe, read_steps};
use shotfarm_shared::work::{Assignment, LeaseId, Work};
use shotfarm_worker::gpu::{Gpu, GpuChoice, Graph, record};
use shotfarm_worker::media::encode::output_pixel_aspect;
use shotfarm_worker::media::{Cancel, Decoder, EncodeSettings, Encoder, FrameDigests, SourceIndex, Tools, probe};
use shotfarm_worker::net::Models;
use shotfarm_worker::task::{BlobAccess, Context, Devices, Stage, StageTimes, TaskError, render_timed};
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
    let alone = Alone::measure(&tools, &gpu, &clip, folder.path(), &recipe, &facts)?;
    println!(
        "frames/s of each stage alone: decode {:.1}, gpu {:.1}, encode {:.1}, proof {:.1}; the slowest is {}",
        alone.decode,
        alone.gpu,
        alone.encode,
        alone.proof,
        alone.slowest().1
    );
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
        println!(
            "  of {} alone ({:.1} frames/s): {:.2} (to reach: 0.90); at work the longest: {}, {:.0} % of the time",
            alone.slowest().1,
            alone.slowest().0,
            fps / alone.slowest().0,
            times.slowest(),
            100.0 * times.overlap()
        );
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio end to end / passes alone: {:.2} (to reach: 0.50)", ratios[ratios.len() / 2]);
    Ok(())
}

/// Frames a second of each stage with the machine to itself.
struct Alone {
    decode: f64,
    gpu: f64,
    encode: f64,
    proof: f64,
}

impl Alone {
    fn measure(
        tools: &Tools,
        gpu: &Gpu,
        clip: &Path,
        folder: &Path,
        recipe: &Recipe,
        facts: &MediaFacts,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let (cancel, output) = (Cancel::new(), recipe.output_layout(&facts.layout)?);
        let rate = |frames: usize, started: Instant| frames as f64 / started.elapsed().as_secs_f64();
        let started = Instant::now();
        let index = SourceIndex::read(tools, clip, &facts.container, &cancel)?;
        let mut decoder = Decoder::start(tools, clip, facts, &index, FrameRange::new(0, facts.frames), &cancel)?;
        let (mut frames, mut frame) = (Vec::new(), Vec::new());
        while decoder.read_frame(&mut frame)? {
            frames.push(frame.clone());
        }
        let decode = rate(frames.len(), started);

        let mut graph = Graph::new(gpu, &record(&recipe.steps, &facts.layout, &output, &Models::new())?)?;
        graph.submit(&frames[0], 0)?;
        graph.next(&mut frame)?;
        let (started, mut made) = (Instant::now(), Vec::new());
        for (number, raw) in (0..).zip(&frames) {
            if graph.is_full() {
                graph.next(&mut frame)?;
                made.push(frame.clone());
            }
            graph.submit(raw, number)?;
        }
        while graph.in_flight() > 0 {
            graph.next(&mut frame)?;
            made.push(frame.clone());
        }
        let gpu = rate(made.len(), started);

        let settings = EncodeSettings {
            profile: recipe.profile,
            layout: output.clone(),
            rate: facts.rate,
            pixel_aspect: output_pixel_aspect(recipe, facts, output.extent),
        };
        let segment = folder.join(format!("alone.{}", recipe.profile.extension()));
        let started = Instant::now();
        let mut encoder = Encoder::start(tools, &settings, &segment, &cancel)?;
        for frame in &made {
            encoder.write_frame(frame)?;
        }
        encoder.finish()?;
        let encode = rate(made.len(), started);
        let started = Instant::now();
        FrameDigests::read(tools, &segment, recipe.profile, &output, &cancel, &mut |_| {})?;
        Ok(Self { decode, gpu, encode, proof: rate(made.len(), started) })
    }

    /// The slowest stage of those that overlap.
    fn slowest(&self) -> (f64, Stage) {
        let stages = [(self.decode, Stage::Decode), (self.gpu, Stage::Gpu), (self.encode, Stage::Encode)];
        stages.into_iter().min_by(|left, right| left.0.total_cmp(&right.0)).unwrap_or((self.gpu, Stage::Gpu))
    }
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
        work: Work::Render { facts, range: FrameRange::new(0, u64::from(frames)), models: Vec::new(), track: None },
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

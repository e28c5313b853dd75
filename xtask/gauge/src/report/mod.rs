//! `picture-report`: every reference shrunk to half, brought back by every scaler, and compared with itself.

mod bars;
mod figures;
mod networks;
mod sheets;
mod write;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shotfarm_shared::recipe::Filter;
use shotfarm_worker::gpu::Gpu;

use crate::bar;
use crate::corpus::{Entry, Kind, SIZE, Shrink, corpus, small};
use crate::device::DeviceName;
use crate::error::GaugeError;
use crate::ours::Ours;
use crate::peers::Peer;
use crate::progress::Progress;
use crate::ycbcr::{encode, extent, judged, values};
use figures::{Cell, measure};

#[derive(clap::Args)]
pub(crate) struct ReportArguments {
    /// Where report.md, report.json and the pictures are put
    #[arg(long, default_value = "target/picture-report")]
    dir: PathBuf,
    /// A folder with real clips, at least 640x360
    #[arg(long)]
    media: Option<PathBuf>,
    /// The GPU: best, software, or a number from `shotfarm doctor`
    #[arg(long, default_value = "software")]
    gpu: DeviceName,
    /// Which Vulkan device ffmpeg gives to libplacebo, by number or part of its name; by itself it takes the first
    #[arg(long, default_value = "0")]
    vulkan: String,
}

/// One way of enlarging.
#[derive(Clone, Debug)]
enum Scaler {
    Ours(&'static str),
    Peer(Peer),
}

impl Scaler {
    fn name(&self) -> String {
        match self {
            Self::Ours(filter) => (*filter).to_owned(),
            Self::Peer(peer) => peer.name(),
        }
    }
}

/// Those that figures are set beside. libplacebo 4 does not know all of them; what it does not know is left out.
const PEERS: [Peer; 10] = [
    Peer::Swscale("bicubic"),
    Peer::Swscale("lanczos"),
    Peer::Zscale("bicubic"),
    Peer::Zscale("lanczos"),
    Peer::Libplacebo("bilinear"),
    Peer::Libplacebo("catmull_rom"),
    Peer::Libplacebo("mitchell"),
    Peer::Libplacebo("lanczos"),
    Peer::Libplacebo("ewa_lanczos"),
    Peer::Libplacebo("ewa_lanczossharp"),
];

/// What was measured.
struct Measured {
    device: String,
    ffmpeg: String,
    /// Those that could be measured, in order.
    scalers: Vec<String>,
    /// References, in order.
    entries: Vec<(String, Kind)>,
    cells: Vec<Cell>,
    networks: Vec<networks::Outcome>,
    /// Scalers left out, each with the reason.
    left_out: Vec<(String, String)>,
}

/// Measures, writes, and says whether every bar is reached.
pub(crate) fn run(arguments: &ReportArguments) -> Result<(), GaugeError> {
    fs::create_dir_all(&arguments.dir).map_err(GaugeError::file("cannot make", &arguments.dir))?;
    let gpu = arguments.gpu.open()?;
    let entries = corpus(arguments.media.as_deref())?;
    let (measured, crops) = measure_all(&gpu, &arguments.vulkan, &entries)?;
    let bars = bars::bars(&measured);
    let text = write::markdown(&measured, &bars);
    println!("{text}");
    write_text(&arguments.dir.join("report.md"), &text)?;
    write_text(&arguments.dir.join("report.json"), &write::json(&measured, &bars))?;
    for (entry, tiles) in entries.iter().zip(&crops) {
        println!("{}", sheets::write(&arguments.dir, entry, tiles)?.display());
    }
    bar::verdict(&bars)
}

fn write_text(path: &Path, text: &str) -> Result<(), GaugeError> {
    fs::write(path, text).map_err(GaugeError::file("cannot write", path))
}

/// A crop of every scaler's result, with its caption, for each reference.
type Crops = Vec<Vec<sheets::Crop>>;

fn measure_all(gpu: &Gpu, vulkan: &str, entries: &[Entry]) -> Result<(Measured, Crops), GaugeError> {
    let scalers = Filter::names().into_iter().map(Scaler::Ours).chain(PEERS.map(Scaler::Peer)).collect::<Vec<_>>();
    let originals = entries.iter().map(|entry| entry.frames.iter().map(|frame| encode(&values(frame))).collect::<Vec<_>>());
    let originals = originals.collect::<Vec<_>>();
    let mut crops = entries.iter().zip(&originals).map(|(entry, frames)| sheets::first(entry, &frames[0])).collect::<Vec<_>>();
    let mut measured = Measured {
        device: gpu.facts().to_string(),
        ffmpeg: ffmpeg_version(),
        scalers: Vec::new(),
        entries: entries.iter().map(|entry| (entry.name.clone(), entry.kind)).collect(),
        cells: Vec::new(),
        networks: networks::measure(gpu)?,
        left_out: Vec::new(),
    };
    let mut progress = Progress::new((scalers.len() * Shrink::ALL.len()) as f64);
    for shrink in Shrink::ALL {
        let batch = Batch::new(entries, shrink);
        // Flicker is set beside the plainest filter's.
        let plain = batch.split(enlarge(gpu, vulkan, &Scaler::Ours("bilinear"), &batch.frames)?.0);
        for scaler in &scalers {
            let name = scaler.name();
            progress.begin(&format!("{name}, {}", shrink.words()));
            progress.end(1.0);
            let (results, millis) = match enlarge(gpu, vulkan, scaler, &batch.frames) {
                Ok(results) => results,
                // A filter that this ffmpeg lacks is no fault of ours; a fault of our own is one.
                Err(GaugeError::Child { words, .. }) if matches!(scaler, Scaler::Peer(_)) => {
                    if shrink == Shrink::ALL[0] {
                        measured.left_out.push((name, words));
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            let results = batch.split(results);
            for (index, result) in results.iter().enumerate() {
                let cell = measure(&name, shrink, index, &originals[index], result, &plain[index], millis);
                if shrink == Shrink::ALL[0] {
                    crops[index].push(sheets::crop(&entries[index], &name, &result[0], cell.psnr));
                }
                measured.cells.push(cell);
            }
            if !measured.scalers.contains(&name) {
                measured.scalers.push(name);
            }
        }
    }
    Ok((measured, crops))
}

/// All references' frames, shrunk, one after the other.
struct Batch {
    frames: Vec<Vec<u8>>,
    counts: Vec<usize>,
}

impl Batch {
    fn new(entries: &[Entry], shrink: Shrink) -> Self {
        let counts = entries.iter().map(|entry| entry.frames.len()).collect();
        let frames = entries.iter().flat_map(|entry| &entry.frames).map(|frame| shrink.frame(frame)).collect();
        Self { frames, counts }
    }

    /// Results by reference again.
    fn split(&self, results: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
        let mut results = results.into_iter();
        self.counts.iter().map(|&count| results.by_ref().take(count).collect()).collect()
    }
}

/// Every frame at the references' size; for our own also the milliseconds a frame.
fn enlarge(gpu: &Gpu, vulkan: &str, scaler: &Scaler, frames: &[Vec<u8>]) -> Result<(Vec<Vec<u8>>, Option<f64>), GaugeError> {
    let input = judged(small());
    match scaler {
        Scaler::Ours(filter) => {
            let target = extent(SIZE);
            let (results, time) = Ours::new(&format!("upscale {target} filter={filter}"), &input)?.run(gpu, frames)?;
            let timed = frames.len().saturating_sub(1).max(1) as f64;
            Ok((results, Some(time.as_secs_f64() * 1_000.0 / timed)))
        }
        Scaler::Peer(peer) => Ok((peer.run(&input, extent(SIZE), vulkan, frames)?, None)),
    }
}

/// The first line of `ffmpeg -version`, without the years.
fn ffmpeg_version() -> String {
    let output = Command::new("ffmpeg").arg("-version").output().ok();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let line = text.lines().next().unwrap_or("ffmpeg of unknown version");
    line.split(" Copyright").next().unwrap_or(line).to_owned()
}

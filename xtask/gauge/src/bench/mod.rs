//! `bench-picture`: speeds as ratios within one run on one device.

mod clip;
mod networks;
mod passes;
mod scalers;
mod spread;
mod stages;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use shotfarm_shared::media::Extent;
use shotfarm_shared::recipe::Target;
use shotfarm_worker::gpu::AdapterKind;
use shotfarm_worker::gpu::measure::{DeviceRates, device_rates};

use crate::device::DeviceName;
use crate::error::GaugeError;

#[derive(clap::Args)]
pub(crate) struct BenchArguments {
    /// The GPU: best, software, or a number from `shotfarm doctor`
    #[arg(long, default_value = "software")]
    gpu: DeviceName,
    /// Which Vulkan device ffmpeg gives to libplacebo, by number or part of its name: the same one
    #[arg(long, default_value = "0")]
    vulkan: String,
    /// What is measured; everything when it is left out
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// The size of the frames that go in: 640x360 on a software device, 1920x1080 on a GPU
    #[arg(long)]
    size: Option<Target>,
    /// Frames of each measurement: 72 on a software device, 240 on a GPU. Few frames flatter: some are done before the clock starts
    #[arg(long)]
    frames: Option<u32>,
    /// Times that everything is measured in turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Where the figures are put for scripts
    #[arg(long, default_value = "target/bench-picture.json")]
    json: PathBuf,
}

/// One part of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Each scaler beside libplacebo's of the same name, end to end
    Scalers,
    /// Every pass of the filters beside what the device's memory allows
    Passes,
    /// Convolutions beside a plain shader, and a whole network
    Networks,
    /// A render task's stages, each alone and all together
    Stages,
}

impl Part {
    const ALL: [Self; 4] = [Self::Scalers, Self::Passes, Self::Networks, Self::Stages];

    fn name(self) -> &'static str {
        match self {
            Self::Scalers => "scalers",
            Self::Passes => "passes",
            Self::Networks => "networks",
            Self::Stages => "stages",
        }
    }
}

/// How much is measured, on what.
#[derive(Clone, Debug)]
struct Plan {
    gpu: DeviceName,
    vulkan: String,
    size: Extent,
    frames: u32,
    rounds: u32,
    /// The bars that the issue sets for a software device hold only there.
    software: bool,
}

/// What one part found.
struct Section {
    /// For people: Markdown.
    text: String,
    /// For scripts.
    data: Value,
    bars: Vec<Bar>,
}

/// A ratio that is asked for.
#[derive(Clone, Debug, serde::Serialize)]
struct Bar {
    what: String,
    asked: f64,
    got: f64,
}

impl Bar {
    fn is_reached(&self) -> bool {
        self.got >= self.asked
    }
}

/// Measures, prints, writes, and says whether every bar is reached.
pub(crate) fn run(arguments: &BenchArguments) -> Result<(), GaugeError> {
    let gpu = arguments.gpu.open()?;
    let device = gpu.facts().to_string();
    let plan = plan(arguments, gpu.facts().kind == AdapterKind::Cpu)?;
    let rates = device_rates(&gpu)?;
    println!("# Picture benchmark\n\n{device}; {} frames of {}, {} rounds in turn.\n", plan.frames, plan.size, plan.rounds);
    println!("{}\n", describe(&rates));
    let parts = if arguments.only.is_empty() { Part::ALL.to_vec() } else { arguments.only.clone() };
    let mut data = json!({
        "device": device, "frames": plan.frames, "size": plan.size.to_string(), "copy_bytes": rates.copy_bytes,
        "f32_operations": rates.f32_operations, "f16_operations": rates.f16_operations,
        "matrix_operations": rates.matrix_operations,
    });
    let mut bars = Vec::new();
    for part in parts {
        let section = match part {
            Part::Scalers => scalers::measure(&plan)?,
            Part::Passes => passes::measure(&plan, &gpu, &rates)?,
            Part::Networks => networks::measure(&plan, &gpu, &rates)?,
            Part::Stages => stages::measure(&plan)?,
        };
        println!("{}", section.text);
        data[part.name()] = section.data;
        bars.extend(section.bars);
    }
    data["bars"] =
        bars.iter().map(|bar| json!({"what": bar.what, "asked": bar.asked, "got": bar.got, "ok": bar.is_reached()})).collect();
    if let Some(folder) = arguments.json.parent() {
        fs::create_dir_all(folder).map_err(GaugeError::file("cannot make", folder))?;
    }
    fs::write(&arguments.json, format!("{data:#}\n")).map_err(GaugeError::file("cannot write", &arguments.json))?;
    for bar in &bars {
        println!("{} {}: {:.2} (asked: {:.2})", if bar.is_reached() { "ok    " } else { "MISSED" }, bar.what, bar.got, bar.asked);
    }
    let missed = bars.iter().filter(|bar| !bar.is_reached()).count();
    if missed == 0 { Ok(()) } else { Err(GaugeError::Missed { missed, all: bars.len() }) }
}

/// What the device can do at most, as measured now.
fn describe(rates: &DeviceRates) -> String {
    let tera = |rate: Option<f64>| rate.map_or_else(|| "none".to_owned(), |rate| format!("{:.3} TFLOP/s", rate / 1e12));
    let (f16, matrix) = (tera(rates.f16_operations), tera(rates.matrix_operations));
    let f32 = tera(Some(rates.f32_operations));
    format!("The device: copies {:.1} GB/s, f32 {f32}, f16 {f16}, matrix units {matrix}.", rates.copy_bytes / 1e9)
}

fn plan(arguments: &BenchArguments, software: bool) -> Result<Plan, GaugeError> {
    let size = match arguments.size {
        None if software => Extent::new(640, 360),
        None => Extent::new(1_920, 1_080),
        Some(Target::Size(extent)) => extent,
        Some(Target::Factor { .. }) => return Err(GaugeError::Argument("write the size as WIDTHxHEIGHT".to_owned())),
    };
    Ok(Plan {
        gpu: arguments.gpu.clone(),
        vulkan: arguments.vulkan.clone(),
        size,
        frames: arguments.frames.unwrap_or(if software { 72 } else { 240 }).max(2),
        rounds: arguments.rounds,
        software,
    })
}

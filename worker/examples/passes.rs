//! The rate of each filter on one GPU, with frames going in and out and of the passes alone, then one by one.
//!
//! ```text
//! cargo run --release --example passes -- [best|software|INDEX] [WIDTHxHEIGHT] [FACTOR] [FRAMES] [FILTER,...] [RAW [OUT]]
//! ```
//!
//! Defaults: software 640x360 2x 16 lanczos,ewa-lanczos,fsr. RAW is a file of raw 8-bit 4:2:0 frames of that size, taken round
//! and round; OUT takes the first rounds' results of the last filter. "Processor" is the time that all cores together spent in
//! this process, which on a software device is the work itself, however busy the machine is (Linux only).

use std::time::Instant;

use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_shared::recipe::{Target, read_steps};
use shotfarm_worker::gpu::{Gpu, GpuChoice, Graph, record};
use shotfarm_worker::net::Models;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    let word = |index: usize, otherwise: &str| words.get(index).cloned().unwrap_or_else(|| otherwise.to_owned());
    let choice = match word(0, "software").as_str() {
        "best" => GpuChoice::Best,
        "software" => GpuChoice::Software,
        index => GpuChoice::Index(index.parse()?),
    };
    let Target::Size(extent) = word(1, "640x360").parse()? else { return Err("write a size such as 640x360".into()) };
    let (factor, frames) = (word(2, "2x"), word(3, "16").parse::<u32>()?.max(1));
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    let gpu = Gpu::open(choice)?;
    println!("{}", gpu.facts());
    println!(
        "{:<20} {:>10} {:>12} {:>12}   milliseconds a frame: upload, wait, readback",
        "filter", "frames/s", "passes only", "processor ms"
    );
    let format = FrameLayout { extent, format: PixelFormat::Yuv420p, colour };
    let source = match words.get(5) {
        Some(path) => std::fs::read(path)?.chunks_exact(format.frame_bytes()).map(<[u8]>::to_vec).collect(),
        None => vec![(0..format.frame_bytes()).map(|i| (i * 7 % 220) as u8 + 16).collect::<Vec<_>>()],
    };
    let mut results = Vec::new();
    for filter in word(4, "lanczos,ewa-lanczos,fsr").split(',') {
        results = measure(&gpu, &format, &format!("upscale {factor} filter={filter}"), &source, frames)?;
    }
    if let Some(path) = words.get(6) {
        std::fs::write(path, results)?;
    }
    Ok(())
}

/// Milliseconds that this process spent on all cores so far.
fn processor_millis() -> f64 {
    // After the name in brackets: state, ten more fields, then user and system time in ticks of 10 ms.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) * 10.0
}

fn measure(
    gpu: &Gpu,
    input: &FrameLayout,
    text: &str,
    source: &[Vec<u8>],
    frames: u32,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let steps = read_steps(text)?;
    let extent = steps.iter().fold(input.extent, |extent, step| step.extent(extent));
    let output = FrameLayout { extent, ..input.clone() };
    let recording = record(&steps, input, &output, &Models::new())?;
    let mut graph = Graph::new(gpu, &recording)?;
    let (mut out, mut results) = (Vec::new(), Vec::new());
    // The first frame pays for what the driver compiles late.
    graph.submit(&source[0], 0)?;
    graph.next(&mut out)?;

    let (started, before, processor) = (Instant::now(), graph.times(), processor_millis());
    let mut take = |graph: &mut Graph| {
        graph.next(&mut out)?;
        if results.len() < source.len() * out.len() {
            results.extend_from_slice(&out);
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    for (number, frame) in (0..frames).zip(source.iter().cycle()) {
        if graph.is_full() {
            take(&mut graph)?;
        }
        graph.submit(frame, number.into())?;
    }
    while graph.in_flight() > 0 {
        take(&mut graph)?;
    }
    let rate = f64::from(frames) / started.elapsed().as_secs_f64();
    let processor = (processor_millis() - processor) / f64::from(frames);
    let passes = f64::from(frames) / graph.run_ops(frames)?.as_secs_f64();
    let times = graph.times();
    let millis = |after: std::time::Duration, before| (after - before).as_secs_f64() * 1_000.0 / f64::from(frames);
    println!(
        "{:<20} {rate:>10.1} {passes:>12.1} {processor:>12.1}   {:.2}, {:.2}, {:.2}",
        text.rsplit("filter=").next().unwrap_or_default(),
        millis(times.upload, before.upload),
        millis(times.gpu_wait, before.gpu_wait),
        millis(times.readback, before.readback)
    );
    for (index, op) in recording.ops.iter().enumerate() {
        let processor = processor_millis();
        let millis = graph.run_op(index, frames)?.as_secs_f64() * 1_000.0 / f64::from(frames);
        println!("  {:<30} {millis:>8.2} ms {:>25.2}", op.name(), (processor_millis() - processor) / f64::from(frames));
    }
    Ok(results)
}

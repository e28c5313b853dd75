//! The rate of each filter on one GPU, with frames going in and out and of the passes alone, then one by one.
//!
//! ```text
//! cargo run --release --example passes -- [best|software|INDEX] [WIDTHxHEIGHT] [FACTOR] [FRAMES] [FILTER,...]
//! ```
//!
//! Defaults: software 640x360 2x 16 lanczos,ewa-lanczos,fsr.

use std::time::Instant;

use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};
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
    let gpu = Gpu::open(choice)?;
    println!("{}", gpu.facts());
    println!("{:<12} {:>10} {:>12}   milliseconds a frame: upload, wait, readback", "filter", "frames/s", "passes only");
    for filter in word(4, "lanczos,ewa-lanczos,fsr").split(',') {
        measure(&gpu, extent, &format!("upscale {factor} filter={filter}"), filter, frames)?;
    }
    Ok(())
}

fn measure(gpu: &Gpu, extent: Extent, text: &str, filter: &str, frames: u32) -> Result<(), Box<dyn std::error::Error>> {
    let steps = read_steps(text)?;
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    let input = FrameLayout { extent, format: PixelFormat::Yuv420p, colour };
    let extent = steps.iter().fold(extent, |extent, step| step.extent(extent));
    let output = FrameLayout { extent, ..input.clone() };
    let recording = record(&steps, &input, &output, &Models::new())?;
    let mut graph = Graph::new(gpu, &recording)?;
    let frame = (0..input.frame_bytes()).map(|i| (i * 7 % 220) as u8 + 16).collect::<Vec<_>>();
    let mut out = Vec::new();
    // The first frame pays for what the driver compiles late.
    graph.submit(&frame, 0)?;
    graph.next(&mut out)?;

    let (started, before) = (Instant::now(), graph.times());
    for number in 0..frames {
        if graph.is_full() {
            graph.next(&mut out)?;
        }
        graph.submit(&frame, number.into())?;
    }
    while graph.in_flight() > 0 {
        graph.next(&mut out)?;
    }
    let rate = f64::from(frames) / started.elapsed().as_secs_f64();
    let passes = f64::from(frames) / graph.run_ops(frames)?.as_secs_f64();
    let times = graph.times();
    let millis = |after: std::time::Duration, before| (after - before).as_secs_f64() * 1_000.0 / f64::from(frames);
    println!(
        "{filter:<12} {rate:>10.1} {passes:>12.1}   {:.2}, {:.2}, {:.2}",
        millis(times.upload, before.upload),
        millis(times.gpu_wait, before.gpu_wait),
        millis(times.readback, before.readback)
    );
    for (index, op) in recording.ops.iter().enumerate() {
        let millis = graph.run_op(index, frames)?.as_secs_f64() * 1_000.0 / f64::from(frames);
        println!("  {:<30} {millis:>8.2} ms", op.name());
    }
    Ok(())
}

//! The speed of a network on one GPU: every pass with its time and rate, and the whole.
//!
//! ```text
//! cargo run --release --example network_speed -- [best|software|INDEX] [FAMILY|FILE.onnx] [WIDTHxHEIGHT] [--naive] [--f16|--f32]
//! ```
//!
//! Families: `compact` (Real-ESRGAN's SRVGG, 64 features, 16 layers, 4x), `compact2x`, `artcnn` (C4F32), `cugan`. `--naive` uses the plain
//! convolution throughout. Defaults: software compact 64x64, f16 on a GPU and f32 in software.

use shotfarm_shared::recipe::Target;
use shotfarm_worker::gpu::{Executor, Gpu, GpuChoice};
use shotfarm_worker::net::Network;
use shotfarm_worker::net::bench::{Measured, bench};
use shotfarm_worker::net::families::{artcnn, cugan, srvgg};
use shotfarm_worker::net::passes::{ConvKernel, Kernels, Real};
use shotfarm_worker::net::tune::Choices;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (flags, words) = std::env::args().skip(1).partition::<Vec<_>, _>(|word| word.starts_with("--"));
    let word = |index: usize, otherwise: &str| words.get(index).cloned().unwrap_or_else(|| otherwise.to_owned());
    let flag = |name: &str| flags.iter().any(|flag| flag == name);
    let choice = match word(0, "software").as_str() {
        "best" => GpuChoice::Best,
        "software" => GpuChoice::Software,
        index => GpuChoice::Index(index.parse()?),
    };
    let file = match word(1, "compact").as_str() {
        "compact" => srvgg(64, 16, 4, 1),
        "compact2x" => srvgg(64, 16, 2, 1),
        "artcnn" => artcnn(32, 1),
        "cugan" => cugan(64, 1),
        path => std::fs::read(path)?,
    };
    let Target::Size(extent) = word(2, "64x64").parse()? else { return Err("write a size such as 640x360".into()) };
    let gpu = Gpu::open(choice)?;
    let network = Network::read(&file, None)?;
    let mut choices = Choices::open(&gpu, None);
    let mut executor = Executor::on(&gpu, choices.kernels());
    match (flag("--f32"), flag("--f16")) {
        (true, _) => executor.options.real = Real::F32,
        (_, true) => executor.options.real = Real::F16,
        (false, false) => {}
    }
    choices.tune(&gpu, &network, executor.options.real)?;
    executor.options.kernels = if flag("--naive") { Kernels::forced(ConvKernel::Plain) } else { choices.kernels().clone() };
    println!("{}", gpu.facts());
    show(&bench(&gpu, &network, extent, &executor)?);
    Ok(())
}

fn show(measured: &Measured) {
    println!("{:<28} {:<36} {:>10} {:>10}", "kernel", "channels, taps, size", "ms", "GFLOP/s");
    let rate = |operations: u64, seconds: f64| operations as f64 / seconds / 1e9;
    for pass in &measured.passes {
        let seconds = pass.time.as_secs_f64();
        let rate = if pass.operations > 0 { format!("{:.1}", rate(pass.operations, seconds)) } else { String::new() };
        println!("{:<28} {:<36} {:>10.3} {rate:>10}", pass.kernel, pass.what, seconds * 1_000.0);
    }
    let seconds = measured.time.as_secs_f64();
    print!("{} in {}: {:.2} ms, {:.2} frames/s", measured.extent, measured.real, seconds * 1_000.0, 1.0 / seconds);
    match measured.operations {
        Some(operations) => println!(", {:.1} GFLOP/s of the network's own", rate(operations, seconds)),
        None => println!(),
    }
}

//! `cargo xtask bench`: figures that can be trusted across machines, because they are ratios within one run.
//!
//! What is measured stands in `worker/examples`: `passes` (each filter and each pass alone) and `pipeline` (a whole render task
//! against its passes alone, stage by stage).

use crate::run::{TaskError, cargo};

#[derive(clap::Args)]
pub(crate) struct BenchArguments {
    /// Install what is missing without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// The GPU: best, software, or a number from `shotfarm doctor`
    #[arg(long, default_value = "software")]
    gpu: String,
    /// Frames of each measurement
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    frames: u32,
    /// Times that passes and pipeline are measured in turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How the segments are encoded
    #[arg(long, default_value = "phone-h264")]
    profile: String,
}

/// Frames for the single passes: enough for a mean, few enough that the slow filters end soon on the software device.
const PASS_FRAMES: &str = "24";

/// Runs both measurements.
pub(crate) fn run_bench(arguments: &BenchArguments) -> Result<(), TaskError> {
    run_example("passes", &[&arguments.gpu, "640x360", "2x", PASS_FRAMES])?;
    println!();
    let (frames, rounds) = (arguments.frames.to_string(), arguments.rounds.to_string());
    run_example("pipeline", &[&arguments.gpu, &frames, &rounds, &arguments.profile])
}

fn run_example(name: &str, arguments: &[&str]) -> Result<(), TaskError> {
    let mut command = cargo();
    command.args(["run", "--release", "--locked", "--quiet", "-p", "shotfarm-worker", "--example", name, "--"]).args(arguments);
    // Mesa's layer that asks a desktop for its favourite GPU prints an error where there is no desktop.
    command.env("NODEVICE_SELECT", "1");
    let status = command.status().map_err(|error| TaskError(format!("cannot start `cargo run --example {name}`: {error}")))?;
    if status.success() { Ok(()) } else { Err(TaskError(format!("the benchmark `{name}` failed ({status})"))) }
}

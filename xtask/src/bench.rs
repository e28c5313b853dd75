//! `cargo xtask bench`: figures that can be trusted across machines, because they are ratios within one run.
//!
//! What is measured stands in `worker/examples`: `passes` (each filter and each pass alone) and `pipeline` (a whole render task
//! against its passes alone, stage by stage); and in `gauge`: pictures, and speeds beside other people's.

use crate::run::{TaskError, cargo};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    kind: Option<Kind>,
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

#[derive(clap::Subcommand)]
enum Kind {
    /// Scalers beside libplacebo's, passes, networks, a worker's stages: ratios within one run
    #[command(disable_help_flag = true)]
    Picture(GaugeArguments),
}

/// What `gauge` is told, word for word.
#[derive(clap::Args)]
pub(crate) struct GaugeArguments {
    /// See `--help` of the measurement itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Frames for the single passes: enough for a mean, few enough that the slow filters end soon on the software device.
const PASS_FRAMES: &str = "24";

/// Runs the measurements.
pub(crate) fn run_bench(arguments: &BenchArguments) -> Result<(), TaskError> {
    if let Some(Kind::Picture(arguments)) = &arguments.kind {
        return run_gauge("bench-picture", arguments);
    }
    run_example("passes", &[&arguments.gpu, "640x360", "2x", PASS_FRAMES])?;
    println!();
    let (frames, rounds) = (arguments.frames.to_string(), arguments.rounds.to_string());
    run_example("pipeline", &[&arguments.gpu, &frames, &rounds, &arguments.profile])
}

/// Builds and runs the program that measures pictures.
pub(crate) fn run_gauge(task: &str, arguments: &GaugeArguments) -> Result<(), TaskError> {
    run_measurement(task, &["-p", "shotfarm-gauge", "--", task], &arguments.words)
}

fn run_example(name: &str, arguments: &[&str]) -> Result<(), TaskError> {
    run_measurement(name, &["-p", "shotfarm-worker", "--example", name, "--"], arguments)
}

fn run_measurement(name: &str, program: &[&str], arguments: &[impl AsRef<std::ffi::OsStr>]) -> Result<(), TaskError> {
    let mut command = cargo();
    command.args(["run", "--release", "--locked", "--quiet"]).args(program).args(arguments);
    // Mesa's layer that asks a desktop for its favourite GPU prints an error where there is no desktop.
    command.env("NODEVICE_SELECT", "1");
    let status = command.status().map_err(|error| TaskError(format!("cannot start the measurement `{name}`: {error}")))?;
    if status.success() { Ok(()) } else { Err(TaskError(format!("the measurement `{name}` failed ({status})"))) }
}

//! `cargo xtask`: one command each for setting the machine up, testing the whole workspace, and seeing the farm at work.

mod bench;
mod check;
mod demo;
mod run;
mod setup;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about, version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Find what this machine lacks (ffmpeg, Vulkan) and install it
    Setup {
        /// Install without asking
        #[arg(long)]
        yes: bool,
    },
    /// Set up, then check the format, the lints and every test
    Test {
        /// Install what is missing without asking
        #[arg(long)]
        yes: bool,
    },
    /// Set up, draw an episode, render it on a farm of two workers, kill one on the way, verify every frame
    Demo(demo::DemoArguments),
    /// Set up, then measure: the shader passes alone, and how well a whole render task keeps up with them
    Bench(bench::BenchArguments),
    /// Measure every scaler's pictures beside ffmpeg's and libplacebo's: a table, bars, pictures (`-- --help` says more)
    #[command(disable_help_flag = true)]
    PictureReport(bench::GaugeArguments),
    /// Measure how vertical windows are chosen beside AutoFlip's rules and a centre crop: a table, bars, sheets (`-- --help`)
    #[command(disable_help_flag = true)]
    ReframeReport(bench::GaugeArguments),
    /// Draw one frame of every shot of the demo's episode as PNG
    Stills {
        /// The folder for the pictures
        dir: PathBuf,
        /// The frame, from 0
        #[arg(long, default_value_t = 36)]
        frame: u32,
        /// The pictures' width; their shape is 16:9
        #[arg(long, default_value_t = 1280, value_parser = clap::value_parser!(u32).range(16..=7680))]
        width: u32,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Setup { yes } => setup::set_up(yes),
        Task::Test { yes } => setup::set_up(yes).and_then(|()| check::check_all()),
        Task::Demo(arguments) => setup::set_up(arguments.yes).and_then(|()| demo::run_demo(&arguments)),
        Task::Bench(arguments) => setup::set_up(arguments.yes).and_then(|()| bench::run_bench(&arguments)),
        Task::PictureReport(arguments) => bench::run_gauge("picture-report", &arguments),
        Task::ReframeReport(arguments) => bench::run_gauge("reframe-report", &arguments),
        Task::Stills { dir, frame, width } => demo::write_stills(&dir, frame, width),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

//! `gauge`: how good the pictures are and how fast they are made, beside what others make of the same frames on the same device.
//!
//! Invariant: nothing is judged by an absolute rate. Bars are differences of figures on the same frames, or ratios of times
//! taken in turn within one run.

mod bar;
mod bench;
mod corpus;
mod device;
mod error;
mod ours;
mod peers;
mod pipe;
mod progress;
mod reframe;
mod report;
mod table;
mod ycbcr;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "gauge", about, version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure every scaler on a fixed corpus beside ffmpeg's and libplacebo's: a table, bars, pictures
    PictureReport(report::ReportArguments),
    /// Measure how windows are chosen, on drawn shots with a known truth, beside AutoFlip's rules and a centre crop
    ReframeReport(reframe::ReframeArguments),
    /// Measure speeds as ratios within one run: scalers beside libplacebo, passes, networks, a worker's stages
    BenchPicture(bench::BenchArguments),
    /// Raw frames from standard input through steps to standard output: what `bench-picture` clocks
    #[command(hide = true)]
    Pipe(pipe::PipeArguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::PictureReport(arguments) => report::run(&arguments),
        Task::ReframeReport(arguments) => reframe::run(&arguments),
        Task::BenchPicture(arguments) => bench::run(&arguments),
        Task::Pipe(arguments) => pipe::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gauge: {}", error::told(&error));
            ExitCode::FAILURE
        }
    }
}

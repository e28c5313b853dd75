//! The binary `shotfarm`: coordinator, worker and client of a render farm in one.
//!
//! `args` reads the command line, `commands` has one file a verb, `voice` says the answer to a person, a script or a shell.
//! Every run ends with one of four documented exit codes; every error with one sentence and what to do.

mod args;
mod assess;
mod board;
mod commands;
mod connect;
mod detail;
mod error;
mod exit;
mod follow;
mod handin;
mod local;
mod log;
mod settings;
mod signals;
mod supervise;
mod view;
mod voice;
mod words;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::error::CliError;
use crate::exit::Exit;
use crate::voice::Voice;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let voice = Voice::of(&cli.common);
    match start(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            if !error.silent {
                voice.error(&error);
            }
            error.exit.into()
        }
    }
}

fn start(cli: Cli) -> Result<Exit, CliError> {
    log::install(&cli)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::not_now(format!("cannot start threads: {error}")))?;
    runtime.block_on(commands::run(cli))
}

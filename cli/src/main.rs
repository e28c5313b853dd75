//! The binary `shotfarm`: coordinator, worker and client of a render farm in one.
//!
//! `args` reads the command line, `commands` has one file a verb, `voice` says the answer to a person, a script or a shell.
//! Every run ends with one of four documented exit codes; every error with one sentence and what to do.

mod args;
mod assess;
mod board;
mod bring;
mod commands;
mod connect;
mod detail;
mod error;
mod exit;
mod follow;
mod handin;
mod local;
mod log;
mod network;
mod newest;
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
    quieten_device_selection();
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

/// Without a desktop session, Mesa's layer that asks the desktop which GPU it prefers prints an error that is none. It is told
/// not to ask, which only the environment can do; children inherit it.
fn quieten_device_selection() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        #[expect(
            unsafe_code,
            reason = "nothing else runs yet: this is the first statement of `main`, before any thread is started"
        )]
        unsafe {
            std::env::set_var("NODEVICE_SELECT", "1");
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

//! `completions`: what a shell needs to complete our verbs and options.

use std::io::Write as _;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::CliError;
use crate::exit::Exit;

/// Writes the completions for `shell` to standard output.
pub(crate) fn run(shell: Shell) -> Result<Exit, CliError> {
    // Made in memory first: the generator panics when its output is a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "shotfarm", &mut script);
    std::io::stdout().write_all(&script).map_err(|error| CliError::stdout(&error))?;
    Ok(Exit::Done)
}

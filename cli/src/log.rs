//! The log of those who run for long: on standard error, for people or as one JSON object a line.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::args::{Cli, LogFormat, Verb};
use crate::error::CliError;

/// Starts the log as the command line asks.
pub(crate) fn install(cli: &Cli) -> Result<(), CliError> {
    let filter = cli.common.log.as_deref().unwrap_or_else(|| standard_filter(&cli.verb));
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        CliError::refused(format!("`{filter}` is no log filter: {error}"))
            .hint("write one such as `info` or `shotfarm_worker=debug`")
    })?;
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).with_target(false);
    match cli.common.log_format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal() && no_colour_is_unset()).init(),
    }
    Ok(())
}

/// Those who run for long tell what they do; the others speak only of trouble.
fn standard_filter(verb: &Verb) -> &'static str {
    match verb {
        Verb::Up(_) | Verb::Coordinator(_) => "info",
        Verb::Worker(worker) if worker.verb.is_none() => "info",
        _ => "error",
    }
}

/// See <https://no-color.org>.
fn no_colour_is_unset() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

//! The three voices: tables for people, one JSON object for scripts, ids and paths for shells.
//!
//! A verb makes an [`Answer`], which knows how it reads in each voice; the voice picks one. Data goes to standard output,
//! everything else to standard error. Colours are stripped by `anstream` where there is no terminal or `NO_COLOR` is set.

pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod progress;
pub(crate) mod screen;

use std::io::{IsTerminal as _, Write as _};

use crate::args::Common;
use crate::error::CliError;

/// The three ways of speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// To a person.
    Human,
    /// To a script.
    Json,
    /// To a shell: ids and paths only.
    Quiet,
}

/// What a verb found or did, in each of the three voices.
pub(crate) trait Answer {
    /// Lines or a table; may be empty.
    fn human(&self) -> String;
    /// One object.
    fn json(&self) -> serde_json::Value;
    /// Ids or paths, one a line; may be empty.
    fn quiet(&self) -> String;
}

impl Voice {
    /// The voice that was asked for.
    pub(crate) fn of(common: &Common) -> Self {
        match (common.json, common.quiet) {
            (true, _) => Self::Json,
            (false, true) => Self::Quiet,
            (false, false) => Self::Human,
        }
    }

    /// How `answer` reads in this voice.
    pub(crate) fn render(self, answer: &dyn Answer) -> String {
        match self {
            Self::Human => answer.human(),
            Self::Json => answer.json().to_string(),
            Self::Quiet => answer.quiet(),
        }
    }

    /// Says `answer` on standard output.
    pub(crate) fn answer(self, answer: &dyn Answer) -> Result<(), CliError> {
        let text = self.render(answer);
        if text.is_empty() {
            return Ok(());
        }
        let mut out = anstream::stdout().lock();
        writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()).map_err(|error| CliError::stdout(&error))
    }

    /// Says something by the way, on standard error.
    pub(crate) fn note(self, text: &str) {
        if self != Self::Quiet {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(anstream::stderr().lock(), "{text}");
        }
    }

    /// Says what went wrong with a part, on standard error, in every voice.
    pub(crate) fn warn(self, text: &str) {
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }

    /// Says why the verb stopped: on standard error, and to a script as an object on standard output too.
    pub(crate) fn error(self, error: &CliError) {
        let _ = write!(anstream::stderr().lock(), "{}", human::error(error));
        if self == Self::Json {
            let _ = writeln!(std::io::stdout().lock(), "{}", json::error(error));
        }
    }

    /// Whether the screen may be redrawn in place.
    pub(crate) fn is_live(self) -> bool {
        self == Self::Human && std::io::stdout().is_terminal()
    }
}

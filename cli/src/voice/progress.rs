//! How far a long step is, on standard error: a bar on a terminal, elsewhere a line every few seconds, nothing when quiet.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Voice;
use crate::words;

/// Nothing is shown of what is over sooner.
const SHOW_AFTER: Duration = Duration::from_secs(1);
/// Where there is no terminal, a line this often: enough to see life in a log.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes moved or read.
    Bytes,
    /// Frames rendered.
    Frames,
    /// Shots looked at.
    Shots,
}

/// One long step.
#[derive(Debug)]
pub(crate) struct Progress {
    title: String,
    unit: Unit,
    bar: Option<ProgressBar>,
    shown: bool,
    lines: bool,
    started: Instant,
    last_line: Instant,
}

impl Progress {
    /// Starts to follow `title`, of which there are `total`.
    pub(crate) fn start(voice: Voice, title: &str, unit: Unit, total: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = (terminal && voice != Voice::Quiet).then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
            bar.set_style(style(unit));
            bar.set_message(title.to_owned());
            bar
        });
        let now = Instant::now();
        let lines = !terminal && voice != Voice::Quiet;
        Self { title: title.to_owned(), unit, bar, shown: false, lines, started: now, last_line: now }
    }

    /// So far `done` of `total`.
    pub(crate) fn set(&mut self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            if !self.shown && self.started.elapsed() >= SHOW_AFTER {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                self.shown = true;
            }
        }
        if self.lines && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            Voice::Human.note(&line(&self.title, self.unit, done, total));
        }
    }

    /// Changes what stands before the bar.
    pub(crate) fn title(&mut self, title: &str) {
        title.clone_into(&mut self.title);
        if let Some(bar) = &self.bar {
            bar.set_message(title.to_owned());
        }
    }

    /// Says something without disturbing the bar.
    pub(crate) fn note(&self, voice: Voice, text: &str) {
        match &self.bar {
            Some(bar) if self.shown => bar.suspend(|| voice.note(text)),
            _ => voice.note(text),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(unit: Unit) -> ProgressStyle {
    let template = match unit {
        Unit::Bytes => "{msg} {bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        Unit::Frames => "{msg} {bar:24} {pos} of {len} frames, {eta} left",
        Unit::Shots => "{msg} {bar:24} {pos} of {len} shots, {eta} left",
    };
    ProgressStyle::with_template(template).expect("the templates above are well formed").progress_chars("█▉░")
}

fn line(title: &str, unit: Unit, done: u64, total: u64) -> String {
    match unit {
        Unit::Bytes => format!("{title}: {} of {}", words::bytes(done), words::bytes(total)),
        Unit::Frames => format!("{title}: {done} of {}", words::count(total, "frame")),
        Unit::Shots => format!("{title}: {done} of {}", words::count(total, "shot")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_its_style_and_its_line() {
        for unit in [Unit::Bytes, Unit::Frames, Unit::Shots] {
            let _ = style(unit);
        }
        assert_eq!(line("uploading", Unit::Bytes, 1_500_000, 3_000_000), "uploading: 1.5 MB of 3.0 MB");
        assert_eq!(line("rendering", Unit::Frames, 3, 9), "rendering: 3 of 9 frames");
    }
}

//! A progress bar on one line: how much, how fast, until when. Without a terminal it is a plain line every few seconds.

use std::io::{IsTerminal, Write as _, stdout};
use std::time::{Duration, Instant};

use crate::run::spoken;

const BAR_CELLS: usize = 30;
/// Between two drawings on a terminal: smooth to the eye, and cheap.
const REDRAW: Duration = Duration::from_millis(100);
/// Between two lines in a log file.
const RELINE: Duration = Duration::from_secs(10);

/// The moments of a piece of work, drawn.
pub(super) struct Bar {
    title: &'static str,
    began: Instant,
    drawn: Option<Instant>,
    live: bool,
}

impl Bar {
    /// Begins the work now.
    pub(super) fn new(title: &'static str) -> Self {
        Self { title, began: Instant::now(), drawn: None, live: stdout().is_terminal() }
    }

    /// Time since it began.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Shows that `done` of `total` frames are done. Rate and remaining seconds are our own where none are given.
    pub(super) fn show(&mut self, done: u64, total: u64, rate: Option<f64>, eta_seconds: Option<f64>) {
        let pause = if self.live { REDRAW } else { RELINE };
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < pause) && done < total {
            return;
        }
        self.drawn = Some(Instant::now());
        let own_rate = done as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let rate = rate.filter(|rate| *rate > 0.0).unwrap_or(own_rate);
        let line = bar_line(self.title, done, total, rate, eta_seconds.or_else(|| eta(done, total, rate)));
        if self.live {
            print!("\r\x1b[2K{line}");
        } else {
            println!("{line}");
        }
        // A terminal that is gone is no reason to stop rendering.
        let _ = stdout().flush();
    }

    /// Says something in a line of its own, above the bar.
    pub(super) fn say(&mut self, text: &str) {
        if self.live {
            print!("\r\x1b[2K");
        }
        println!("{text}");
        self.drawn = None;
    }

    /// Ends the bar with a last line.
    pub(super) fn end(mut self, text: &str) {
        self.say(text);
    }
}

fn eta(done: u64, total: u64, rate: f64) -> Option<f64> {
    (rate > 0.0 && done > 0).then(|| total.saturating_sub(done) as f64 / rate)
}

fn bar_line(title: &str, done: u64, total: u64, rate: f64, eta_seconds: Option<f64>) -> String {
    let share = if total == 0 { 0.0 } else { (done as f64 / total as f64).min(1.0) };
    let full = (share * BAR_CELLS as f64).round() as usize;
    let bar = format!("{}{}", "#".repeat(full), "-".repeat(BAR_CELLS - full));
    let left = eta_seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0).map_or_else(
        || "time left unknown yet".to_owned(),
        |seconds| format!("{} left", spoken(Duration::from_secs_f64(seconds.min(86_400.0).round()))),
    );
    format!("{title} [{bar}] {done}/{total} frames  {rate:.1} fps  {left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_much_how_fast_until_when() {
        let line = bar_line("render", 50, 100, 10.0, eta(50, 100, 10.0));
        assert_eq!(line, "render [###############---------------] 50/100 frames  10.0 fps  5.0 s left");
    }

    #[test]
    fn nothing_known_yet_is_said_so() {
        assert!(
            bar_line("render", 0, 0, 0.0, eta(0, 0, 0.0))
                .contains("[------------------------------] 0/0 frames  0.0 fps  time left unknown")
        );
        assert!(bar_line("render", 7, 5, 1.0, Some(f64::NAN)).contains("unknown"), "more done than known must not break the bar");
    }
}

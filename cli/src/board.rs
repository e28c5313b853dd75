//! The state of the farm as a producer reads it: one line that answers "when", then episodes, running shots, workers.

use comfy_table::Cell;
use jiff::Zoned;

use crate::view::{Episode, Farm, Job, Status, Worker, episodes, short};
use crate::voice::human::{bar, state, strong, table};
use crate::words::{clock, count, duration, picture};

/// Cells of a bar: enough to see 5 %, few enough for a narrow terminal.
const BAR_CELLS: usize = 20;
/// Running shots shown one by one; a larger farm is read by episode.
const RUNNING_SHOWN_MAX: usize = 12;
/// Failures shown with their reason; the rest is counted.
const FAILURES_SHOWN_MAX: usize = 8;

/// The whole board.
pub(crate) fn board(status: &Status, now: &Zoned) -> String {
    let mut parts = vec![headline(&status.farm, status.workers.len(), now)];
    let episodes = episodes(&status.jobs);
    if !episodes.is_empty() {
        parts.push(episode_table(&episodes));
    }
    let running: Vec<&Job> = status.jobs.iter().filter(|job| job.state == "running").collect();
    if !running.is_empty() {
        parts.push(running_table(&running));
    }
    if let Some(failures) = failures(&status.jobs) {
        parts.push(failures);
    }
    if !status.workers.is_empty() {
        parts.push(worker_table(&status.workers));
    }
    parts.join("\n\n")
}

/// One word for the farm, and when it will be done.
pub(crate) fn headline(farm: &Farm, workers: usize, now: &Zoned) -> String {
    let mut facts = Vec::new();
    if farm.frames_total > 0 {
        facts.push(format!("{} of {}", farm.frames_done, count(farm.frames_total, "frame")));
    }
    if farm.shots_unprobed > 0 {
        facts.push(format!("{} to look at", count(farm.shots_unprobed, "shot")));
    }
    if farm.state == "active" {
        if farm.fps > 0.0 {
            facts.push(format!("{:.1} fps", farm.fps));
        }
        match farm.eta_seconds {
            Some(eta) if farm.shots_unprobed > 0 => facts.push(format!("known work done at {}", clock(now, eta))),
            Some(eta) => facts.push(format!("done at {} (in {})", clock(now, eta), duration(eta))),
            None => {}
        }
    }
    match (farm.state.as_str(), workers) {
        ("waiting", 0) => facts.push("no worker; start one with `shotfarm worker`".to_owned()),
        ("waiting", _) => facts.push("no worker takes work; see `shotfarm worker list`".to_owned()),
        ("idle", _) if facts.is_empty() => facts.push("nothing to do; hand in shots with `shotfarm submit`".to_owned()),
        _ => {}
    }
    let word = if farm.state.is_empty() { "unknown" } else { &farm.state };
    if facts.is_empty() { strong(word) } else { format!("{}: {}", strong(word), facts.join(", ")) }
}

fn episode_table(episodes: &[Episode]) -> String {
    let row = |episode: &Episode| {
        vec![
            Cell::new(&episode.name),
            Cell::new(format!("{}/{}", episode.succeeded, episode.shots)),
            Cell::new(bar(episode.frames_done, episode.frames_total, BAR_CELLS)),
            Cell::new(picture(episode.seconds)),
            Cell::new(blank_zero(episode.running)),
            failed(episode.failed),
            Cell::new(blank_zero(episode.cancelled)),
        ]
    };
    let header = ["episode", "shots", "frames", "finished", "running", "failed", "cancelled"];
    table(&header, &[1, 3, 4, 5, 6], episodes.iter().map(row).collect())
}

fn blank_zero(number: u64) -> String {
    if number == 0 { String::new() } else { number.to_string() }
}

fn failed(number: u64) -> Cell {
    let cell = Cell::new(blank_zero(number));
    if number == 0 { cell } else { cell.fg(comfy_table::Color::Red) }
}

fn running_table(running: &[&Job]) -> String {
    let row = |job: &&Job| {
        let frames = if job.frames_total == 0 { String::new() } else { format!("{}/{}", job.frames_done, job.frames_total) };
        vec![
            Cell::new(&job.label),
            Cell::new(bar(job.frames_done, job.frames_total, BAR_CELLS)),
            Cell::new(frames),
            Cell::new(job.doing.as_deref().unwrap_or_default()),
        ]
    };
    let text = table(&["running", "", "frames", "doing"], &[2], running.iter().take(RUNNING_SHOWN_MAX).map(row).collect());
    match running.len().saturating_sub(RUNNING_SHOWN_MAX) {
        0 => text,
        more => format!("{text}\n... and {more} more running"),
    }
}

/// The reasons of failed jobs, in the farm's own sentences.
pub(crate) fn failures(jobs: &[Job]) -> Option<String> {
    let failed: Vec<&Job> = jobs.iter().filter(|job| job.state == "failed").collect();
    let line = |job: &&Job| format!("{}: {}", job.label, job.failure.as_deref().unwrap_or("failed without a reason"));
    let mut lines: Vec<String> = failed.iter().take(FAILURES_SHOWN_MAX).map(line).collect();
    if failed.len() > FAILURES_SHOWN_MAX {
        lines.push(format!("... and {} more failed; see `shotfarm job list`", failed.len() - FAILURES_SHOWN_MAX));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The workers, one a line, the idle and resting with their reason.
pub(crate) fn worker_table(workers: &[Worker]) -> String {
    let row = |worker: &Worker| {
        let doing = if worker.tasks.is_empty() { worker.note.clone().unwrap_or_default() } else { worker.tasks.join(", ") };
        vec![
            Cell::new(&worker.name),
            state(&worker.state),
            Cell::new(if worker.fps > 0.0 { format!("{:.1}", worker.fps) } else { String::new() }),
            Cell::new(worker.done),
            Cell::new(doing),
            Cell::new(&worker.device),
        ]
    };
    table(&["worker", "state", "fps", "done", "doing", "device"], &[2, 3], workers.iter().map(row).collect())
}

/// Jobs, one a line.
pub(crate) fn job_table(jobs: &[Job]) -> String {
    let row = |job: &Job| {
        let frames = if job.frames_total == 0 { String::new() } else { format!("{}/{}", job.frames_done, job.frames_total) };
        let told = match (&job.failure, &job.output) {
            (Some(failure), _) => failure.lines().next().unwrap_or_default().to_owned(),
            (None, Some(output)) => format!("{} ({})", job.output_name, crate::words::bytes(output.bytes)),
            (None, None) => job.doing.clone().unwrap_or_default(),
        };
        vec![Cell::new(short(&job.id)), Cell::new(&job.label), state(&job.state), Cell::new(frames), Cell::new(told)]
    };
    table(&["job", "shot", "state", "frames", ""], &[3], jobs.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::job;

    fn now() -> Zoned {
        "2026-11-22T21:30:00+08:00[Asia/Shanghai]".parse().expect("a time")
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn head(farm: &Farm, workers: usize) -> String {
        plain(&headline(farm, workers, &now()))
    }

    #[test]
    fn the_first_line_answers_when() {
        let farm = Farm {
            state: "active".into(),
            frames_done: 312,
            frames_total: 1_200,
            fps: 24.06,
            eta_seconds: Some(720.0),
            ..Farm::default()
        };
        assert_eq!(head(&farm, 2), "active: 312 of 1200 frames, 24.1 fps, done at 21:42 (in 12 min)");
        let partly = Farm { shots_unprobed: 4, ..farm.clone() };
        assert_eq!(head(&partly, 2), "active: 312 of 1200 frames, 4 shots to look at, 24.1 fps, known work done at 21:42");
        let unsure = Farm { eta_seconds: None, fps: 0.0, ..farm };
        assert_eq!(head(&unsure, 2), "active: 312 of 1200 frames");
    }

    #[test]
    fn a_farm_that_does_not_work_says_why() {
        let farm = |state: &str| Farm { state: state.into(), ..Farm::default() };
        assert_eq!(head(&farm("waiting"), 0), "waiting: no worker; start one with `shotfarm worker`");
        assert_eq!(head(&farm("waiting"), 1), "waiting: no worker takes work; see `shotfarm worker list`");
        assert_eq!(head(&farm("idle"), 1), "idle: nothing to do; hand in shots with `shotfarm submit`");
        assert_eq!(head(&Farm { frames_done: 9, frames_total: 9, ..farm("idle") }, 1), "idle: 9 of 9 frames");
    }

    #[test]
    fn the_board_shows_episodes_reasons_and_workers() {
        let worker = Worker {
            name: "demo-1".into(),
            device: "llvmpipe".into(),
            state: "resting".into(),
            note: Some("3 failures in a row".into()),
            ..Worker::default()
        };
        let jobs = vec![job("九五/01/1", "succeeded"), job("九五/01/2", "failed"), job("九五/01/3", "running")];
        let status = Status { farm: Farm::default(), batches: Vec::new(), jobs, workers: vec![worker] };
        let text = plain(&board(&status, &now()));
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines.iter().any(|line| line.starts_with("九五/01    1/3  ██████████░░░░░░░░░░     4.0 s        1       1")),
            "{text}"
        );
        assert!(lines.contains(&"九五/01/2: the file ends after 50 of 96 frames"), "{text}");
        assert!(lines.iter().any(|line| line.starts_with("九五/01/3") && line.contains("24/96")), "{text}");
        assert!(lines.iter().any(|line| line.starts_with("demo-1  resting") && line.contains("3 failures in a row")), "{text}");
    }

    #[test]
    fn a_large_board_stays_short() {
        let jobs: Vec<Job> = (0..500).map(|n| job(&format!("s/e/{n}"), if n % 2 == 0 { "running" } else { "failed" })).collect();
        let status = Status { farm: Farm::default(), batches: Vec::new(), jobs, workers: Vec::new() };
        let text = board(&status, &now());
        assert!(
            text.lines().count() < 40 && text.contains("... and 238 more running") && text.contains("... and 242 more failed")
        );
    }
}

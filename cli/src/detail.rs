//! All about one job: what it is, what its source is, its tasks, what happened.

use std::fmt::Write as _;

use comfy_table::Cell;
use jiff::Zoned;
use serde_json::{Value, json};
use shotfarm_proto::v1::{JobDetail, MediaFacts, TaskStatus};
use shotfarm_shared::recipe::{read_steps, short_steps};

use crate::view::{Fidelity, Job, Planned};
use crate::voice::Answer;
use crate::voice::human::{state, strong, table};
use crate::words;

/// Log lines shown with a job; `job logs` shows them all.
const LOG_LINES_SHOWN_MAX: usize = 10;

/// Stretches of its framing shown with a job; `reframe` shows them all.
const STRETCHES_SHOWN_MAX: usize = 10;

/// One job with everything the farm knows of it.
pub(crate) struct Detail {
    job: Job,
    facts: Option<MediaFacts>,
    tasks: Vec<TaskStatus>,
    log: Vec<(u64, String)>,
    now: Zoned,
}

impl Detail {
    /// From the farm's answer.
    pub(crate) fn new(detail: JobDetail, now: Zoned) -> Self {
        let job = detail.job.map(Job::from).unwrap_or_default();
        let log = detail.log.into_iter().map(|line| (line.at_millis, line.text)).collect();
        Self { job, facts: detail.facts, tasks: detail.tasks, log, now }
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let job = &self.job;
        let mut lines = vec![
            ("job", job.id.clone()),
            ("batch", job.batch.clone()),
            ("state", job.state.clone()),
            ("frames", format!("{} of {}", job.frames_done, job.frames_total)),
            ("source", job.source.clone()),
        ];
        if let Some(facts) = &self.facts {
            lines.push(("", describe(facts)));
        }
        lines.push(("steps", short(&job.steps)));
        lines.push(("profile", job.profile.clone()));
        lines.push(("output", job.output_name.clone()));
        if let Some(output) = &job.output {
            let size = words::bytes(output.bytes);
            let sound = words::count(u64::from(output.audio_streams), "audio stream");
            let frames = words::count(output.frames, "frame");
            lines.push((
                "",
                format!("{}x{}, {frames}, {}, {sound}, {size}", output.width, output.height, words::picture(output.seconds)),
            ));
            lines.push(("", format!("blake3 {}", output.digest)));
        }
        if let Some(fidelity) = &job.fidelity {
            lines.push(("fidelity", describe_fidelity(fidelity)));
        }
        if let Some(planned) = &job.planned {
            lines.extend(framing_lines(planned));
        }
        if let Some(failure) = &job.failure {
            lines.push(("failure", failure.clone()));
        }
        lines
    }

    fn task_rows(&self) -> Vec<Vec<Cell>> {
        let row = |task: &TaskStatus| {
            let range = task.range.map(|range| format!("{}-{}", range.start, range.end.saturating_sub(1))).unwrap_or_default();
            let done = if task.frames_done == 0 { String::new() } else { task.frames_done.to_string() };
            vec![
                Cell::new(task.number),
                Cell::new(&task.kind),
                Cell::new(range),
                state(&task.state),
                Cell::new(done),
                Cell::new(task.attempts),
                Cell::new(task.worker.as_deref().unwrap_or_default()),
            ]
        };
        self.tasks.iter().map(row).collect()
    }
}

/// How a shot is framed: its first stretches, a line each, and how to see more.
fn framing_lines(planned: &Planned) -> Vec<(&'static str, String)> {
    let shown = planned.told.iter().take(STRETCHES_SHOWN_MAX).cloned();
    let mut lines: Vec<String> = shown.collect();
    if let Some(more @ 1..) = planned.told.len().checked_sub(STRETCHES_SHOWN_MAX) {
        lines.push(format!("... and {more} more; see `shotfarm reframe`"));
    }
    lines.into_iter().enumerate().map(|(index, line)| (if index == 0 { "framing" } else { "" }, line)).collect()
}

/// Steps with the first digits of their networks' digests; steps of a newer version stay as they are.
fn short(steps: &str) -> String {
    read_steps(steps).map_or_else(|_| steps.to_owned(), |steps| short_steps(&steps))
}

/// A source in one line.
fn describe(facts: &MediaFacts) -> String {
    let extent = facts.extent.unwrap_or_default();
    let audio: Vec<String> =
        facts.audio.iter().map(|audio| format!("{} {} Hz x{}", audio.codec, audio.sample_rate, audio.channels)).collect();
    let audio = if audio.is_empty() { "no audio".to_owned() } else { audio.join(", ") };
    let frames = words::count(facts.frames, "frame");
    format!("{} {}x{} {}, {} fps, {frames}, {audio}", facts.codec, extent.width, extent.height, facts.pixel_format, facts.rate)
}

/// What the comparison with the source found, in one line.
fn describe_fidelity(fidelity: &Fidelity) -> String {
    let Fidelity { samples, mean_db, worst_db, worst_frame } = fidelity;
    let frames = words::count(u64::from(*samples), "frame");
    format!("{mean_db:.1} dB from the source in the mean of {frames}, {worst_db:.1} dB at frame {worst_frame}")
}

impl Answer for Detail {
    fn human(&self) -> String {
        let mut text = strong(&self.job.label);
        for (name, value) in self.lines() {
            let _ = write!(text, "\n{name:<9}{value}");
        }
        if !self.tasks.is_empty() {
            let header = ["task", "kind", "frames", "state", "done", "attempts", "worker"];
            let _ = write!(text, "\n\n{}", table(&header, &[0, 4, 5], self.task_rows()));
        }
        if !self.log.is_empty() {
            text.push('\n');
        }
        for (at_millis, line) in self.log.iter().skip(self.log.len().saturating_sub(LOG_LINES_SHOWN_MAX)) {
            let _ = write!(text, "\n{}  {line}", words::moment(&self.now, *at_millis));
        }
        text
    }

    fn json(&self) -> Value {
        let facts = self.facts.as_ref().map(|facts| {
            let extent = facts.extent.unwrap_or_default();
            let audio: Vec<Value> = facts
                .audio
                .iter()
                .map(|audio| json!({"codec": audio.codec, "sample_rate": audio.sample_rate, "channels": audio.channels, "samples": audio.samples}))
                .collect();
            json!({"container": facts.container, "codec": facts.codec, "width": extent.width, "height": extent.height,
                "pixel_format": facts.pixel_format, "rate": facts.rate, "frames": facts.frames, "audio": audio})
        });
        let task = |task: &TaskStatus| {
            json!({"number": task.number, "kind": task.kind, "state": task.state, "attempts": task.attempts,
                "worker": task.worker, "frames_done": task.frames_done,
                "range": task.range.map(|range| [range.start, range.end])})
        };
        let log: Vec<Value> = self.log.iter().map(|(at_millis, text)| json!({"at_millis": at_millis, "text": text})).collect();
        json!({"job": self.job, "facts": facts, "tasks": self.tasks.iter().map(task).collect::<Vec<_>>(), "log": log})
    }

    fn quiet(&self) -> String {
        self.job.state.clone()
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_proto::v1;

    use super::*;

    fn detail() -> Detail {
        let recipe = Some(v1::Recipe { steps: "upscale 2x filter=fsr".into(), profile: "review".into() });
        let fidelity = Some(v1::Fidelity { samples: 2, worst_frame: 24, worst_hundredths: 3_810, total_hundredths: 8_020 });
        let told = (0..12).map(|index| format!("frames {}..{} steady", index * 8, index * 8 + 8)).collect();
        let planned = Some(v1::Planned { frames: 96, track: "0".repeat(64), told, extras: Vec::new() });
        let (label, state) = ("九五/01/1".into(), "running".into());
        let job = v1::JobStatus { label, state, recipe, fidelity, planned, ..v1::JobStatus::default() };
        let extent = Some(v1::Extent { width: 640, height: 360 });
        let facts = MediaFacts { codec: "h264".into(), extent, rate: "24".into(), frames: 96, ..MediaFacts::default() };
        let range = Some(v1::FrameRange { start: 0, end: 48 });
        let task =
            TaskStatus { number: 1, kind: "render".into(), range, state: "failed".into(), attempts: 2, ..TaskStatus::default() };
        let log = (0..12).map(|n| v1::LogLine { at_millis: 1_000 * n, text: format!("line {n}") }).collect();
        let now = "2026-11-22T12:00:00+00:00[UTC]".parse().expect("a time");
        Detail::new(JobDetail { job: Some(job), facts: Some(facts), tasks: vec![task], log, source: String::new() }, now)
    }

    #[test]
    fn a_person_sees_source_tasks_and_the_last_lines() {
        let text = anstream::adapter::strip_str(&detail().human()).to_string();
        assert!(text.starts_with("九五/01/1\njob      "), "{text}");
        assert!(text.contains("\n         h264 640x360 , 24 fps, 96 frames, no audio\n"), "{text}");
        assert!(text.contains("render  0-47    failed"), "{text}");
        assert!(text.contains("\nfidelity 40.1 dB from the source in the mean of 2 frames, 38.1 dB at frame 24\n"), "{text}");
        assert!(text.contains("\nframing  frames 0..8 steady\n         frames 8..16 steady\n"), "{text}");
        assert!(text.contains("\n         frames 72..80 steady\n         ... and 2 more; see `shotfarm reframe`\n"), "{text}");
        assert!(!text.contains("line 1\n") && text.ends_with("1970-01-01 00:00:11  line 11"), "{text}");
    }

    #[test]
    fn a_person_sees_the_first_digits_of_a_network() {
        let digest = "0123456789abcdef".repeat(4);
        let text = short(&format!("upscale 2x model=compact@{digest} filter=lanczos"));
        assert_eq!(text, "upscale 2x model=compact@01234567 filter=lanczos");
        assert_eq!(short("some step of tomorrow"), "some step of tomorrow");
    }

    #[test]
    fn a_script_sees_all() {
        let json = detail().json();
        assert_eq!(json["job"]["steps"], "upscale 2x filter=fsr");
        assert_eq!(json["facts"]["width"], 640);
        assert_eq!(json["job"]["fidelity"]["worst_frame"], 24);
        assert_eq!(json["tasks"][0]["range"], json!([0, 48]));
        assert_eq!(json["log"].as_array().map(Vec::len), Some(12));
    }
}

//! What the farm says of itself, as data: the shapes that `--json` prints and from which the tables are drawn.
//!
//! The fields and their names are a promise to scripts: add, never rename.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use shotfarm_proto::v1;
use shotfarm_shared::fidelity as shared;
use shotfarm_shared::work;

use crate::bring::Wanted;
use crate::error::CliError;

/// The state of the farm, or of a selection of its jobs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Status {
    pub(crate) farm: Farm,
    pub(crate) batches: Vec<Batch>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) workers: Vec<Worker>,
}

/// How far all of it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Farm {
    /// `active`, `idle` or `waiting`.
    pub(crate) state: String,
    pub(crate) frames_done: u64,
    /// Of the shots whose sources were looked at.
    pub(crate) frames_total: u64,
    pub(crate) shots_unprobed: u64,
    /// Over the last minute.
    pub(crate) fps: f64,
    pub(crate) eta_seconds: Option<f64>,
}

/// One accepted manifest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Batch {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) jobs: u32,
    pub(crate) succeeded: u32,
    pub(crate) failed: u32,
    pub(crate) cancelled: u32,
    #[serde(skip)]
    pub(crate) submitted_millis: u64,
}

/// One shot.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) batch: String,
    pub(crate) label: String,
    pub(crate) state: String,
    pub(crate) frames_done: u64,
    /// 0 until the source was looked at.
    pub(crate) frames_total: u64,
    pub(crate) source: String,
    pub(crate) steps: String,
    pub(crate) profile: String,
    pub(crate) output_name: String,
    pub(crate) output: Option<Output>,
    pub(crate) failure: Option<String>,
    /// Of the frames rendered so far.
    pub(crate) fidelity: Option<Fidelity>,
    /// How it is framed, once that is planned.
    pub(crate) planned: Option<Planned>,
    /// One word on what runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) doing: Option<String>,
}

/// How a shot is framed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Planned {
    pub(crate) frames: u64,
    /// The digest of its track.
    pub(crate) track: String,
    /// A line for each stretch.
    pub(crate) told: Vec<String>,
    pub(crate) extras: Vec<Extra>,
}

/// A file that comes with an output.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Extra {
    /// What follows the output's name without its ending.
    pub(crate) suffix: String,
    pub(crate) bytes: u64,
    pub(crate) digest: String,
}

impl Extra {
    /// The file as it is to be brought to `path`.
    pub(crate) fn wanted(&self, job: &Job, path: PathBuf) -> Result<Wanted, CliError> {
        let digest = self.digest.parse().map_err(|error| CliError::not_now(format!("{}: {error}", job.label)))?;
        Ok(Wanted { label: job.label.clone(), path, digest, bytes: self.bytes })
    }
}

/// How near sampled frames come to their source: PSNR of luma in decibels.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Fidelity {
    pub(crate) samples: u32,
    pub(crate) mean_db: f64,
    pub(crate) worst_db: f64,
    pub(crate) worst_frame: u64,
}

/// A finished shot.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Output {
    pub(crate) frames: u64,
    pub(crate) seconds: f64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bytes: u64,
    pub(crate) digest: String,
    pub(crate) audio_streams: u32,
}

/// One worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Worker {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) device: String,
    pub(crate) state: String,
    pub(crate) fps: f64,
    pub(crate) tasks: Vec<String>,
    #[serde(skip)]
    pub(crate) done: u64,
    #[serde(skip)]
    pub(crate) note: Option<String>,
}

impl From<v1::StatusReply> for Status {
    fn from(reply: v1::StatusReply) -> Self {
        Self {
            farm: reply.farm.unwrap_or_default().into(),
            batches: reply.batches.into_iter().map(Into::into).collect(),
            jobs: reply.jobs.into_iter().map(Into::into).collect(),
            workers: reply.workers.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<v1::FarmStatus> for Farm {
    fn from(farm: v1::FarmStatus) -> Self {
        let v1::FarmStatus { state, frames_done, frames_total, shots_unprobed, fps, eta_seconds, now_millis: _ } = farm;
        Self { state, frames_done, frames_total, shots_unprobed, fps, eta_seconds }
    }
}

impl From<v1::BatchStatus> for Batch {
    fn from(batch: v1::BatchStatus) -> Self {
        let v1::BatchStatus { id, name, state, jobs, succeeded, failed, cancelled, submitted_millis } = batch;
        Self { id, name, state, jobs, succeeded, failed, cancelled, submitted_millis }
    }
}

impl From<v1::JobStatus> for Job {
    fn from(job: v1::JobStatus) -> Self {
        let recipe = job.recipe.unwrap_or_default();
        Self {
            id: job.id,
            batch: job.batch,
            label: job.label,
            state: job.state,
            frames_done: job.frames_done,
            frames_total: job.frames_total,
            source: job.source_name,
            steps: recipe.steps,
            profile: recipe.profile,
            output_name: job.output_name,
            output: job.output.map(Into::into),
            failure: job.failure.map(|failure| failure.message),
            fidelity: job.fidelity.and_then(|message| shared::Fidelity::try_from(message).ok()).map(Into::into),
            // Names of files crossed the network: a plan that would lead out of a folder is none.
            planned: job.planned.and_then(|message| work::Planned::try_from(message).ok()).map(Into::into),
            doing: job.doing,
        }
    }
}

impl From<work::Planned> for Planned {
    fn from(planned: work::Planned) -> Self {
        let extra = |extra: work::Extra| Extra { suffix: extra.suffix, bytes: extra.bytes, digest: extra.digest.to_string() };
        let extras = planned.extras.into_iter().map(extra).collect();
        Self { frames: planned.frames, track: planned.track.to_string(), told: planned.told, extras }
    }
}

impl From<shared::Fidelity> for Fidelity {
    fn from(of: shared::Fidelity) -> Self {
        let (mean_db, worst_db) = (of.mean_decibels(), of.worst_decibels());
        Self { samples: of.samples, mean_db, worst_db, worst_frame: of.worst_frame }
    }
}

impl From<v1::Output> for Output {
    fn from(output: v1::Output) -> Self {
        let v1::Output { frames, seconds, width, height, bytes, digest, audio_streams } = output;
        Self { frames, seconds, width, height, bytes, digest, audio_streams }
    }
}

impl From<v1::WorkerStatus> for Worker {
    fn from(worker: v1::WorkerStatus) -> Self {
        let v1::WorkerStatus { id, name, device, state, slots: _, tasks, fps, done, note } = worker;
        Self { id, name, device, state, fps, tasks, done, note }
    }
}

impl Job {
    /// Whether nothing more happens to it by itself.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "succeeded" | "failed" | "cancelled")
    }
}

/// How far one episode is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Episode {
    /// `show/episode`.
    pub(crate) name: String,
    pub(crate) shots: u64,
    pub(crate) succeeded: u64,
    pub(crate) running: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled: u64,
    /// Seconds of finished picture.
    pub(crate) seconds: f64,
    pub(crate) frames_done: u64,
    pub(crate) frames_total: u64,
}

/// The jobs by episode, in the order of their names.
pub(crate) fn episodes(jobs: &[Job]) -> Vec<Episode> {
    let mut episodes: BTreeMap<&str, Episode> = BTreeMap::new();
    for job in jobs {
        let name = job.label.rsplit_once('/').map_or(job.label.as_str(), |(front, _)| front);
        let episode = episodes.entry(name).or_insert_with(|| Episode { name: name.to_owned(), ..Episode::default() });
        episode.shots += 1;
        episode.frames_done += job.frames_done;
        episode.frames_total += job.frames_total;
        episode.seconds += job.output.as_ref().map_or(0.0, |output| output.seconds);
        match job.state.as_str() {
            "succeeded" => episode.succeeded += 1,
            "running" => episode.running += 1,
            "failed" => episode.failed += 1,
            "cancelled" => episode.cancelled += 1,
            _ => {}
        }
    }
    episodes.into_values().collect()
}

/// The last eight digits of an id, by which people call it.
pub(crate) fn short(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn job(label: &str, state: &str) -> Job {
        let output = (state == "succeeded").then(|| Output { frames: 96, seconds: 4.0, ..Output::default() });
        let failure = (state == "failed").then(|| "the file ends after 50 of 96 frames".to_owned());
        let frames_done = if state == "succeeded" { 96 } else { 24 };
        Job {
            id: "00000000-0000-0000-0000-0000000abcde".into(),
            label: label.into(),
            state: state.into(),
            frames_done,
            frames_total: 96,
            output,
            failure,
            ..Job::default()
        }
    }

    #[test]
    fn jobs_are_counted_by_episode() {
        let jobs =
            [job("九五/02/1", "failed"), job("九五/01/1", "succeeded"), job("九五/01/2", "running"), job("九五/01/3", "queued")];
        let episodes = episodes(&jobs);
        assert_eq!(episodes.iter().map(|episode| episode.name.as_str()).collect::<Vec<_>>(), ["九五/01", "九五/02"]);
        let first = &episodes[0];
        assert_eq!((first.shots, first.succeeded, first.running, first.failed), (3, 1, 1, 0));
        assert_eq!((first.seconds, first.frames_done, first.frames_total), (4.0, 144, 288));
        assert_eq!(episodes[1].failed, 1);
    }

    #[test]
    fn the_json_has_exactly_the_promised_fields() {
        let keys = |value: serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
        let json = |value: &dyn erased::Json| keys(value.json());
        let status = Status::from(v1::StatusReply::default());
        assert_eq!(json(&status), "batches farm jobs workers");
        assert_eq!(json(&status.farm), "eta_seconds fps frames_done frames_total shots_unprobed state");
        assert_eq!(json(&Batch::from(v1::BatchStatus::default())), "cancelled failed id jobs name state succeeded");
        let wanted =
            "batch failure fidelity frames_done frames_total id label output output_name planned profile source state steps";
        assert_eq!(json(&Job::default()), wanted);
        assert_eq!(json(&Fidelity::default()), "mean_db samples worst_db worst_frame");
        assert_eq!(json(&Planned::default()), "extras frames told track");
        assert_eq!(json(&Extra::default()), "bytes digest suffix");
        assert_eq!(json(&Output::default()), "audio_streams bytes digest frames height seconds width");
        assert_eq!(json(&Worker::default()), "device fps id name state tasks");
    }

    /// `Serialize` behind a reference, so that one closure serves every shape.
    mod erased {
        pub(super) trait Json {
            fn json(&self) -> serde_json::Value;
        }

        impl<T: serde::Serialize> Json for T {
            fn json(&self) -> serde_json::Value {
                serde_json::to_value(self).expect("plain data")
            }
        }
    }

    #[test]
    fn short_ids_are_the_end() {
        assert_eq!(short("018f-12345678"), "12345678");
        assert_eq!(short("abc"), "abc");
    }
}

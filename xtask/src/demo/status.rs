//! What `shotfarm status --json` and `shotfarm submit --json` say, read into our own types. All knowledge of the CLI's JSON is here.
//!
//! Reading is lenient where the demo can do without (rates, names) and strict where it cannot (states and frame counts).

use serde_json::Value;

/// The farm at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FarmStatus {
    pub(super) frames_done: u64,
    pub(super) frames_total: u64,
    /// Frames per second as the farm measures them, if it does yet.
    pub(super) frames_per_second: Option<f64>,
    pub(super) eta_seconds: Option<f64>,
    pub(super) jobs: Vec<JobStatus>,
    /// Names of the workers and their states.
    pub(super) workers: Vec<(String, String)>,
}

/// One job at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct JobStatus {
    pub(super) label: String,
    pub(super) state: String,
    /// The BLAKE3 digest of the output, in hexadecimal, once there is one.
    pub(super) digest: Option<String>,
    pub(super) failure: Option<String>,
}

impl JobStatus {
    /// Whether nothing more will happen to it.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "succeeded" | "failed" | "cancelled")
    }

    /// The last part of `show/episode/shot`.
    pub(super) fn shot(&self) -> &str {
        self.label.rsplit('/').next().unwrap_or(&self.label)
    }
}

impl FarmStatus {
    /// Whether every job is over. A farm without jobs is not: nothing has been handed in yet.
    pub(super) fn is_over(&self) -> bool {
        !self.jobs.is_empty() && self.jobs.iter().all(JobStatus::is_over)
    }
}

/// Reads the object of `shotfarm status --json`.
pub(super) fn read_status(text: &str) -> Result<FarmStatus, String> {
    let value: Value =
        serde_json::from_str(text.trim()).map_err(|error| format!("`shotfarm status --json` is no JSON: {error}"))?;
    let farm = &value["farm"];
    let number = |key: &str| farm[key].as_u64().ok_or_else(|| format!("`shotfarm status --json` has no farm.{key}"));
    let jobs = value["jobs"].as_array().ok_or("`shotfarm status --json` has no jobs")?;
    Ok(FarmStatus {
        frames_done: number("frames_done")?,
        frames_total: number("frames_total")?,
        frames_per_second: farm["fps"].as_f64(),
        eta_seconds: farm["eta_seconds"].as_f64(),
        jobs: jobs.iter().map(read_job).collect::<Result<_, _>>()?,
        workers: value["workers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|worker| (text_of(&worker["name"]), text_of(&worker["state"])))
            .collect(),
    })
}

fn read_job(job: &Value) -> Result<JobStatus, String> {
    let state = job["state"].as_str().ok_or("a job of `shotfarm status --json` has no state")?;
    Ok(JobStatus {
        label: text_of(&job["label"]),
        state: state.to_owned(),
        digest: job["output"]["digest"].as_str().map(str::to_owned),
        failure: match &job["failure"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        },
    })
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Reads the batch's id from the object of `shotfarm submit --json`.
pub(super) fn read_batch(text: &str) -> Result<String, String> {
    let value: Value =
        serde_json::from_str(text.trim()).map_err(|error| format!("`shotfarm submit --json` is no JSON: {error}"))?;
    value["batch"].as_str().map(str::to_owned).ok_or_else(|| "`shotfarm submit --json` names no batch".to_owned())
}

/// Reads the address from the first whole line that the coordinator prints with `--json`, once it is there.
pub(super) fn read_listening(printed: &str) -> Option<String> {
    let whole_lines = &printed[..printed.rfind('\n')?];
    whole_lines.lines().find_map(|line| serde_json::from_str::<Value>(line).ok()?["listening"].as_str().map(str::to_owned))
}

/// Finds the built program in what `cargo build --message-format=json` prints.
pub(super) fn read_executable(messages: &str, name: &str) -> Option<String> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_whole() {
        let text = r#"{"farm":{"state":"active","frames_done":5,"frames_total":9,"fps":2.5,"eta_seconds":null},"batches":[],
            "jobs":[{"label":"九五/ep01/sh0010","state":"running","output":null,"failure":null},
                    {"label":"九五/ep01/sh0020","state":"succeeded","output":{"digest":"ab12"},"failure":null}],
            "workers":[{"name":"demo-1","state":"busy"}]}"#;
        let mut status = read_status(text).unwrap();
        assert_eq!((status.frames_done, status.frames_total), (5, 9));
        assert_eq!((status.frames_per_second, status.eta_seconds), (Some(2.5), None));
        assert_eq!((status.jobs[0].shot(), status.jobs[1].digest.as_deref()), ("sh0010", Some("ab12")));
        assert_eq!(status.workers, [("demo-1".to_owned(), "busy".to_owned())]);
        assert!(!status.is_over());
        status.jobs[0].state = "failed".to_owned();
        assert!(status.is_over());
    }

    #[test]
    fn a_farm_without_jobs_is_not_done() {
        let status = read_status(r#"{"farm":{"frames_done":0,"frames_total":0},"jobs":[]}"#).unwrap();
        assert!(!status.is_over());
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(read_status(r#"{"farm":{"frames_done":1},"jobs":[]}"#).unwrap_err().contains("farm.frames_total"));
        assert!(read_status("connection refused").unwrap_err().contains("no JSON"));
        assert!(read_batch("{}").is_err());
        assert_eq!(read_batch("{\"batch\":\"0198\"}\n"), Ok("0198".to_owned()));
    }

    #[test]
    fn the_address_is_taken_from_a_whole_line_only() {
        assert_eq!(read_listening("{\"listening\":\"http://127.0.0.1:5"), None);
        assert_eq!(read_listening("starting\n{\"listening\":\"http://127.0.0.1:55\"}\n").as_deref(), Some("http://127.0.0.1:55"));
    }

    #[test]
    fn the_built_program_is_found_among_cargos_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"other\"},\"executable\":\"/x/other\"}\n\
                        {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"shotfarm\"},\"executable\":\"/x/shotfarm\"}\n\
                        {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(read_executable(messages, "shotfarm").as_deref(), Some("/x/shotfarm"));
        assert_eq!(read_executable(messages, "absent"), None);
    }
}

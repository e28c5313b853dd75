//! `job`: lists jobs, shows one, waits for them, cancels and retries them.

use std::time::Duration;

use jiff::Zoned;
use serde_json::{Value, json};
use shotfarm_proto::client::Connection;
use shotfarm_proto::v1::{Changed, JobDetail, Selection, ShowJobRequest};
use shotfarm_shared::manifest::Fault;

use super::status::ask;
use crate::args::Common;
use crate::board::{failures, job_table};
use crate::connect::{connect, refusal};
use crate::detail::Detail;
use crate::error::CliError;
use crate::exit::Exit;
use crate::follow::{Go, Heard, follow, nothing_selected, outcome};
use crate::newest::newest;
use crate::view::{Job, Status, short};
use crate::voice::progress::{Progress, Unit};
use crate::voice::{Answer, Voice};
use crate::words;

/// `job list`.
pub(crate) async fn list(voice: Voice, common: &Common, selection: &str) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let status = ask(&farm, selection, true).await?;
    if status.jobs.is_empty() && !selection.is_empty() {
        return Err(nothing_selected(selection));
    }
    voice.answer(&Jobs(&status.jobs))?;
    Ok(Exit::Done)
}

/// `job show`.
pub(crate) async fn show(voice: Voice, common: &Common, job: &str) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    voice.answer(&Detail::new(detail(&farm, job).await?, Zoned::now()))?;
    Ok(Exit::Done)
}

/// `job logs`.
pub(crate) async fn logs(voice: Voice, common: &Common, job: &str) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    voice.answer(&Log { detail: detail(&farm, job).await?, now: Zoned::now() })?;
    Ok(Exit::Done)
}

/// All that the farm knows of the one job of that name.
pub(crate) async fn detail(farm: &Connection, job: &str) -> Result<JobDetail, CliError> {
    let request = ShowJobRequest { job: job.to_owned() };
    let refused = match farm.studio().show_job(request).await {
        Ok(reply) => return Ok(reply.into_inner()),
        Err(status) => refusal(&status),
    };
    if refused.exit != Exit::Failed || job.trim().is_empty() {
        return Err(refused);
    }
    // The name may be that of several jobs. When this cannot be asked, the refusal itself is what there is to say.
    Err(ask(farm, job, true).await.ok().and_then(|status| several(job, &status)).unwrap_or(refused))
}

/// The refusal of a name that several jobs have, with what tells them apart; `None` when it has fewer.
pub(crate) fn several(name: &str, status: &Status) -> Option<CliError> {
    if status.jobs.len() < 2 {
        return None;
    }
    let batch_name = |job: &Job| status.batches.iter().find(|batch| batch.id == job.batch).map_or("", |batch| &batch.name);
    let line = |job: &Job| Fault {
        place: short(&job.id).to_owned(),
        message: format!("{}, {}, of batch {} {}", job.label, job.state, short(&job.batch), batch_name(job))
            .trim_end()
            .to_owned(),
    };
    let refused = CliError::refused(format!("`{name}` is {}", words::count(status.jobs.len() as u64, "job")));
    Some(refused.hint("name one by its short id").faults(status.jobs.iter().map(line).collect()))
}

/// What a person does to jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// End them.
    Cancel,
    /// Try them again.
    Retry,
}

/// `job cancel` and `job retry`.
pub(crate) async fn change(voice: Voice, common: &Common, selection: &str, change: Change) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let (mut studio, selected) = (farm.studio(), Selection { text: selection.to_owned() });
    let reply = match change {
        Change::Cancel => studio.cancel(selected).await,
        Change::Retry => studio.retry(selected).await,
    };
    let changed = reply.map_err(|status| refusal(&status))?.into_inner();
    let (did, nothing) = match change {
        Change::Cancel => ("cancelled", "nothing to cancel: every job of it has ended"),
        Change::Retry => ("queued again", "nothing to retry: no job of it failed or was cancelled"),
    };
    voice.answer(&ChangedAnswer { changed, did, nothing })?;
    Ok(Exit::Done)
}

/// `job wait`.
pub(crate) async fn wait(voice: Voice, common: &Common, selection: &str, timeout: Option<u64>) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let (jobs, exit) = wait_for(voice, &farm, selection, timeout.map(Duration::from_secs)).await?;
    voice.answer(&Ended { jobs: &jobs, exit })?;
    Ok(exit)
}

/// Waits until the newest hand-in of every shot of `selection` has ended or the time is up, with progress on standard error.
pub(crate) async fn wait_for(
    voice: Voice,
    farm: &Connection,
    selection: &str,
    timeout: Option<Duration>,
) -> Result<(Vec<Job>, Exit), CliError> {
    let mut progress = Progress::start(voice, "rendering", Unit::Frames, 0);
    let mut last: Vec<Job> = Vec::new();
    let mut ended = None;
    let mut on_heard = |heard: Heard<'_>| {
        match heard {
            Heard::Status(status) => {
                if status.jobs.is_empty() {
                    return Err(nothing_selected(selection));
                }
                last = newest(status).into_iter().cloned().collect();
                show_progress(&mut progress, &last);
                ended = outcome(&last);
            }
            Heard::Away => progress.note(voice, "the farm does not answer; it is asked again ..."),
            Heard::Back => progress.note(voice, "the farm is back"),
        }
        Ok(if ended.is_some() { Go::Enough } else { Go::On })
    };
    match timeout {
        None => follow(farm, selection, true, &mut on_heard).await?,
        // Asked once in any case: with no time at all the answer is how it stands now.
        Some(limit) => {
            if on_heard(Heard::Status(&ask(farm, selection, true).await?))? == Go::On {
                let following = follow(farm, selection, true, &mut on_heard);
                tokio::time::timeout(limit, following).await.unwrap_or(Ok(()))?;
            }
        }
    }
    // Only the time being up ends the wait before its jobs have.
    Ok((last, ended.unwrap_or(Exit::NotNow)))
}

fn show_progress(progress: &mut Progress, jobs: &[Job]) {
    let done: u64 = jobs.iter().map(|job| job.frames_done).sum();
    let total: u64 = jobs.iter().map(|job| job.frames_total).sum();
    let ended = jobs.iter().filter(|job| job.has_ended()).count();
    progress.title(&format!("rendering, {ended} of {} done", words::count(jobs.len() as u64, "shot")));
    progress.set(done, total);
}

/// A list of jobs.
struct Jobs<'a>(&'a [Job]);

impl Answer for Jobs<'_> {
    fn human(&self) -> String {
        if self.0.is_empty() { "no jobs".to_owned() } else { job_table(self.0) }
    }

    fn json(&self) -> Value {
        json!({"jobs": self.0})
    }

    fn quiet(&self) -> String {
        self.0.iter().map(|job| job.id.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// How a wait ended.
pub(crate) struct Ended<'a> {
    /// The jobs as they were last seen.
    pub(crate) jobs: &'a [Job],
    /// What the wait came to.
    pub(crate) exit: Exit,
}

impl Ended<'_> {
    fn word(&self) -> &'static str {
        match self.exit {
            Exit::Done => "succeeded",
            Exit::NotNow => "timeout",
            Exit::Failed => "failed",
            Exit::Cancelled => "cancelled",
        }
    }
}

impl Answer for Ended<'_> {
    fn human(&self) -> String {
        let count = |state: &str| self.jobs.iter().filter(|job| job.state == state).count();
        let shots = words::count(self.jobs.len() as u64, "shot");
        let mut text = format!("{} of {shots} succeeded", count("succeeded"));
        for state in ["failed", "cancelled"] {
            if let number @ 1.. = count(state) {
                text.push_str(&format!(", {number} {state}"));
            }
        }
        if self.exit == Exit::NotNow {
            text.push_str("; the time is up, the farm goes on");
        }
        failures(self.jobs).map_or(text.clone(), |failures| format!("{text}\n{failures}"))
    }

    fn json(&self) -> Value {
        json!({"state": self.word(), "jobs": self.jobs})
    }

    fn quiet(&self) -> String {
        String::new()
    }
}

struct ChangedAnswer {
    changed: Changed,
    did: &'static str,
    nothing: &'static str,
}

impl Answer for ChangedAnswer {
    fn human(&self) -> String {
        let lines = self.changed.labels.iter().map(|label| format!("{label}: {}", self.did));
        let lines: Vec<String> = lines.collect();
        match (self.changed.count, lines.is_empty()) {
            (0, _) => self.nothing.to_owned(),
            (count, true) => format!("{} {}", words::count(u64::from(count), "job"), self.did),
            (_, false) => lines.join("\n"),
        }
    }

    fn json(&self) -> Value {
        json!({"count": self.changed.count, "labels": self.changed.labels})
    }

    fn quiet(&self) -> String {
        self.changed.labels.join("\n")
    }
}

/// What happened to a job.
struct Log {
    detail: JobDetail,
    now: Zoned,
}

impl Answer for Log {
    fn human(&self) -> String {
        let line = |line: &shotfarm_proto::v1::LogLine| format!("{}  {}", words::moment(&self.now, line.at_millis), line.text);
        let lines: Vec<String> = self.detail.log.iter().map(line).collect();
        if lines.is_empty() { "nothing has happened to it yet".to_owned() } else { lines.join("\n") }
    }

    fn json(&self) -> Value {
        let line = |line: &shotfarm_proto::v1::LogLine| json!({"at_millis": line.at_millis, "text": line.text});
        json!({"log": self.detail.log.iter().map(line).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        self.detail.log.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::newest::tests::two_batches;
    use crate::view::tests::job;

    #[test]
    fn a_wait_reports_failures_with_their_sentence() {
        let jobs = [job("s/e/1", "succeeded"), job("s/e/2", "failed"), job("s/e/3", "cancelled")];
        let ended = Ended { jobs: &jobs, exit: Exit::Failed };
        let human = "1 of 3 shots succeeded, 1 failed, 1 cancelled\ns/e/2: the file ends after 50 of 96 frames";
        assert_eq!(ended.human(), human);
        assert_eq!(ended.json()["state"], "failed");
        assert_eq!(ended.quiet(), "");
        let late = Ended { jobs: &jobs[..1], exit: Exit::NotNow };
        assert_eq!(late.human(), "1 of 1 shot succeeded; the time is up, the farm goes on");
    }

    #[test]
    fn a_name_of_several_jobs_lists_them() {
        let of = |batch: &str, state: &str| Job { batch: batch.into(), ..job("s/e/1", state) };
        let status = two_batches(vec![of("old", "failed"), of("new", "running")]);
        let error = several("s/e/1", &status).expect("two jobs");
        assert_eq!(error.message, "`s/e/1` is 2 jobs");
        assert_eq!(error.faults[1].to_string(), "000abcde: s/e/1, running, of batch new new.csv");
        assert!(several("s/e/1", &two_batches(vec![of("old", "failed")])).is_none());
    }

    #[test]
    fn a_change_that_changed_nothing_says_so() {
        let changed = |count, labels: &[&str]| {
            let labels = labels.iter().map(ToString::to_string).collect();
            ChangedAnswer { changed: Changed { count, labels }, did: "cancelled", nothing: "nothing to cancel" }.human()
        };
        assert_eq!(changed(0, &[]), "nothing to cancel");
        assert_eq!(changed(2, &[]), "2 jobs cancelled");
        assert_eq!(changed(1, &["s/e/1"]), "s/e/1: cancelled");
    }
}

//! `reframe`: how a shot is framed, the pieces that show it, and the window set by hand: the shot is then handed in again, under
//! the same label and output, and the newest hand-in is what counts.

mod change;

use std::path::Path;

use serde_json::{Value, json};
use shotfarm_proto::client::Connection;
use shotfarm_shared::recipe::{Recipe, read_steps};

use super::job::several;
use super::status::ask;
use crate::args::{Common, Reframe as Args};
use crate::bring::{Fate, bring_one};
use crate::connect::connect;
use crate::error::CliError;
use crate::exit::Exit;
use crate::follow::nothing_selected;
use crate::newest::newest;
use crate::view::{Job, Planned, Status, short};
use crate::voice::human::strong;
use crate::voice::progress::{Progress, Unit};
use crate::voice::{Answer, Voice};
use crate::words;

/// The endings of the pieces, as a worker names them.
const SHEET: &str = ".sheet.png";
const TRACK: &str = ".track.json";
const OVERLAY: &str = ".overlay.mp4";

/// The verb.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let job = find(&farm, &args.shot).await?;
    let recipe = recipe_of(&job)?;
    if args.changes() {
        return change::run(voice, &farm, args, &job, recipe).await;
    }
    let wanted: Vec<(&str, &Path)> = args.saves();
    if wanted.is_empty() {
        voice.answer(&Framing(&job))?;
        return Ok(Exit::Done);
    }
    save(voice, &farm, &job, &wanted, args.force).await
}

impl Args {
    /// Whether anything is set by hand.
    fn changes(&self) -> bool {
        !self.key.is_empty() || !self.layout.is_empty() || self.use_track.is_some() || self.clear
    }

    /// The pieces to save, and where.
    fn saves(&self) -> Vec<(&'static str, &Path)> {
        let pieces = [(SHEET, &self.sheet), (TRACK, &self.track), (OVERLAY, &self.overlay)];
        pieces.into_iter().filter_map(|(suffix, path)| Some((suffix, path.as_deref()?))).collect()
    }
}

/// The newest hand-in of the one shot of that name: a label, an id, or the last part of a label.
async fn find(farm: &Connection, name: &str) -> Result<Job, CliError> {
    if name.trim().is_empty() {
        return Err(CliError::refused("no shot is named").hint("name one by its label or short id; see `shotfarm job list`"));
    }
    let mut status = ask(farm, name, true).await?;
    if status.jobs.is_empty() {
        status = ask(farm, "", true).await?;
        status.jobs.retain(|job| is_last_part(&job.label, name));
    }
    only(name, &status)
}

/// Whether `name` is all that stands behind the episode.
fn is_last_part(label: &str, name: &str) -> bool {
    label.rsplit_once('/').is_some_and(|(_, shot)| shot == name.trim())
}

fn only(name: &str, status: &Status) -> Result<Job, CliError> {
    let jobs = newest(status);
    match jobs[..] {
        [] => Err(nothing_selected(name)),
        [job] => Ok(job.clone()),
        _ => {
            let jobs = jobs.into_iter().cloned().collect();
            let status = Status { jobs, ..status.clone() };
            Err(several(name, &status).unwrap_or_else(|| nothing_selected(name)))
        }
    }
}

/// The recipe of a shot that is framed anew.
fn recipe_of(job: &Job) -> Result<Recipe, CliError> {
    let of_another_version = |error: &dyn std::fmt::Display| {
        CliError::refused(format!("the recipe of {} cannot be read: {error}", job.label))
            .hint("client and farm are of different versions; install the same on both")
    };
    let steps = read_steps(&job.steps).map_err(|error| of_another_version(&error))?;
    let recipe = Recipe { steps, profile: job.profile.parse().map_err(|error| of_another_version(&error))? };
    if recipe.reframe().is_none() {
        let refused = CliError::refused(format!("{} keeps its frame: none of its steps is `reframe`", job.label));
        return Err(refused.hint("hand it in again with a step such as `reframe 9:16`"));
    }
    Ok(recipe)
}

/// The plan of a shot, or why there is none.
fn planned(job: &Job) -> Result<&Planned, CliError> {
    job.planned.as_ref().ok_or_else(|| match (job.state.as_str(), &job.failure) {
        ("failed", failure) => {
            let reason = failure.as_deref().unwrap_or("it gave no reason");
            CliError::refused(format!("{} failed before it was planned: {reason}", job.label))
        }
        ("cancelled", _) => CliError::refused(format!("{} was cancelled before it was planned", job.label)),
        _ => CliError::not_now(format!("{} is not planned yet: {}", job.label, stage(job)))
            .hint(format!("ask again in a while, or follow it with `shotfarm status {} --watch`", short(&job.id))),
    })
}

/// What is done to a shot that is not planned yet.
fn stage(job: &Job) -> String {
    match job.doing.as_deref() {
        Some("analyse") => "its frames are looked at".to_owned(),
        Some("plan") => "its path is planned".to_owned(),
        Some("probe") => "its source is read".to_owned(),
        _ => "it waits for a worker".to_owned(),
    }
}

async fn save(voice: Voice, farm: &Connection, job: &Job, wanted: &[(&str, &Path)], force: bool) -> Result<Exit, CliError> {
    let planned = planned(job)?;
    let mut files = Vec::new();
    for (suffix, path) in wanted {
        let extra = planned.extras.iter().find(|extra| extra.suffix == *suffix);
        let extra = extra.ok_or_else(|| CliError::refused(format!("the plan of {} has no `{suffix}`", job.label)))?;
        files.push(extra.wanted(job, path.to_path_buf())?);
    }
    let total = files.iter().map(|file| file.bytes).sum();
    let mut progress = Progress::start(voice, "fetching", Unit::Bytes, total);
    let (client, mut before, mut saved) = (farm.blobs(), 0, Vec::new());
    for file in files {
        let fate = bring_one(&client, &file, force, &mut |done, _| progress.set(before + done, total)).await?;
        before += file.bytes;
        saved.push((file.path, fate));
    }
    drop(progress);
    let refused: Vec<String> = saved
        .iter()
        .filter(|(_, fate)| *fate == Fate::Refused)
        .map(|(path, _)| format!("{} is there with other content, not touched; --force replaces", path.display()))
        .collect();
    voice.answer(&Saved(saved))?;
    refused.iter().for_each(|line| voice.warn(line));
    Ok(if refused.is_empty() { Exit::Done } else { Exit::Failed })
}

/// The pieces that were saved.
struct Saved(Vec<(std::path::PathBuf, Fate)>);

impl Answer for Saved {
    fn human(&self) -> String {
        self.quiet()
    }

    fn json(&self) -> Value {
        let file = |(path, fate): &(std::path::PathBuf, Fate)| json!({"path": path, "state": fate.word()});
        json!({"files": self.0.iter().map(file).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        let there = self.0.iter().filter(|(_, fate)| matches!(fate, Fate::Fetched | Fate::Kept));
        there.map(|(path, _)| path.display().to_string()).collect::<Vec<_>>().join("\n")
    }
}

/// How a shot is framed.
struct Framing<'a>(&'a Job);

impl Answer for Framing<'_> {
    fn human(&self) -> String {
        let job = self.0;
        let mut lines = vec![strong(&job.label)];
        match planned(job) {
            Ok(planned) => {
                lines.extend(planned.told.iter().cloned());
                let pieces = planned
                    .extras
                    .iter()
                    .map(|extra| format!("{} ({})", extra.suffix.trim_start_matches('.'), words::bytes(extra.bytes)));
                lines.push(format!("pieces: {}", pieces.collect::<Vec<_>>().join(", ")));
                let id = short(&job.id);
                lines.push(format!(
                    "save them with --sheet, --track or --overlay; move the window with `shotfarm reframe {id} --key FRAME=X`"
                ));
            }
            Err(error) => {
                lines.push(error.message);
                lines.extend(error.hint);
            }
        }
        lines.join("\n")
    }

    fn json(&self) -> Value {
        let job = self.0;
        json!({"job": job.id, "label": job.label, "state": job.state, "steps": job.steps, "planned": job.planned})
    }

    fn quiet(&self) -> String {
        self.0.planned.as_ref().map(|planned| planned.told.join("\n")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::newest::tests::two_batches;
    use crate::view::Extra;
    use crate::view::tests::job;

    fn framed(state: &str, doing: Option<&str>) -> Job {
        let steps = "reframe 9:16".to_owned();
        Job { steps, profile: "review".into(), doing: doing.map(str::to_owned), ..job("s/e/sh1", state) }
    }

    #[test]
    fn a_person_sees_the_stretches_or_why_there_are_none() {
        let told = vec!["frames 0..48 steady: one subject".to_owned(), "frames 48..96 follow".to_owned()];
        let extras = vec![Extra { suffix: ".sheet.png".into(), bytes: 2_000_000, digest: String::new() }];
        let planned = Some(Planned { frames: 96, track: String::new(), told, extras });
        let job = Job { planned, ..framed("running", Some("render")) };
        let text = anstream::adapter::strip_str(&Framing(&job).human()).to_string();
        assert!(
            text.starts_with("s/e/sh1\nframes 0..48 steady: one subject\nframes 48..96 follow\npieces: sheet.png (2.0 MB)\n"),
            "{text}"
        );
        assert_eq!(Framing(&job).quiet().lines().count(), 2);

        let text = |job: Job| anstream::adapter::strip_str(&Framing(&job).human()).to_string();
        assert!(text(framed("running", Some("analyse"))).contains("s/e/sh1 is not planned yet: its frames are looked at\n"));
        assert!(text(framed("failed", None)).contains("failed before it was planned: the file ends after 50 of 96 frames"));
        assert_eq!(super::planned(&framed("queued", None)).expect_err("no plan").exit, Exit::NotNow);
    }

    #[test]
    fn only_a_shot_that_is_framed_anew_has_a_frame_to_move() {
        assert!(recipe_of(&framed("running", None)).is_ok());
        let kept = Job { steps: "upscale 2x".into(), ..framed("running", None) };
        assert_eq!(recipe_of(&kept).expect_err("no reframe").message, "s/e/sh1 keeps its frame: none of its steps is `reframe`");
        let unknown = Job { steps: "fold 9:16".into(), ..framed("running", None) };
        assert!(recipe_of(&unknown).expect_err("a newer farm").hint.expect("a hint").contains("different versions"));
    }

    #[test]
    fn a_shot_is_found_by_its_newest_hand_in() {
        let of = |batch: &str, label: &str, id: &str| Job { batch: batch.into(), id: id.into(), ..job(label, "running") };
        let status = two_batches(vec![of("old", "s/e/sh1", "1"), of("new", "s/e/sh1", "2")]);
        assert_eq!(only("sh1", &status).expect("one shot").id, "2");
        let status = two_batches(vec![of("old", "s/e1/sh1", "1"), of("new", "s/e2/sh1", "2")]);
        let error = only("sh1", &status).expect_err("two shots");
        assert_eq!((error.message.as_str(), error.faults.len()), ("`sh1` is 2 jobs", 2));
        assert!(only("sh9", &two_batches(Vec::new())).is_err());
        assert!(is_last_part("s/e/镜1", "镜1") && !is_last_part("s/e/sh10", "sh1"));
    }
}

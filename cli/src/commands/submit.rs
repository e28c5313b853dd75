//! `submit`: reads the request, holds it to this machine's files, uploads what the farm lacks, hands in, and waits if asked.

use std::path::{Path, PathBuf};

use jiff::Zoned;
use serde_json::{Value, json};
use shotfarm_proto::client::Connection;
use shotfarm_proto::v1::{Shot as WireShot, SubmitReply, SubmitRequest};
use shotfarm_shared::shot::Shot;
use uuid::Uuid;

use super::job::wait_for;
use crate::args::{Common, Submit as Args, manifest_form};
use crate::bring::{Fate, beside, bring_one};
use crate::connect::{connect, refusal, transfer_failed};
use crate::error::CliError;
use crate::exit::Exit;
use crate::handin::request::{self, Request, with_faults};
use crate::handin::sources::{self, Source};
use crate::handin::{models, token, tracks, upload, zones};
use crate::view::{Job, short};
use crate::voice::progress::{Progress, Unit};
use crate::voice::{Answer, Voice};
use crate::words;

/// The verb.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    let mut request = request::read(&args.file, &args.work, Zoned::now().date())?;
    let target = args.output.as_deref().map(|output| target(output, args, &request)).transpose()?;
    for note in &request.notes {
        voice.note(&format!("note: {note}"));
    }
    let mut faults = sources::faults(&request);
    faults.extend(zones::apply(&mut request, zones::own(&args.work.zones)?.as_ref()));
    let (tracks, unfit) = tracks::take(&mut request);
    faults.extend(unfit);
    if !faults.is_empty() {
        return Err(refused(&args.file, faults));
    }
    // Asked before the sources are read: with no farm, an hour of reading would be for nothing.
    let farm = connect(common).await?;
    if models::any(&request) {
        let faults = models::pin(&mut request, &models::catalogue(&farm).await?);
        if !faults.is_empty() {
            return Err(refused(&args.file, faults));
        }
    }
    let (request, sources) = hash(voice, request).await?;
    let uploaded = upload::upload(voice, &farm, &[sources.as_slice(), &tracks].concat()).await?;
    if uploaded.files > 0 {
        voice.note(&format!("uploaded {}, {}", words::count(uploaded.files, "file"), words::bytes(uploaded.bytes)));
    }
    let shots = sources::shots(&request, &sources);
    let reply = hand_in(&farm, &request.name, &shots, args).await?;
    let mut done = Submitted { name: request.name, reply, ended: None, output: None };
    if !args.wait && target.is_none() {
        voice.answer(&done)?;
        return Ok(Exit::Done);
    }
    voice.note(&done.headline());
    let (jobs, exit) = wait_for(voice, &farm, &done.reply.batch, None).await?;
    let mut refused = Vec::new();
    if let (Some(target), Exit::Done) = (&target, exit) {
        refused = bring(voice, &farm, &jobs, target, args.force).await?;
        done.output = Some(target.clone());
    }
    done.ended = Some((jobs, exit));
    voice.answer(&done)?;
    if let Some(note) = done.known_note() {
        voice.note(&note);
    }
    for path in &refused {
        voice.warn(&format!("{} is there with other content, not touched; --force replaces", path.display()));
    }
    Ok(if refused.is_empty() { exit } else { Exit::Failed })
}

/// A clip's only fault needs no list.
fn refused(file: &Path, faults: Vec<shotfarm_shared::manifest::Fault>) -> CliError {
    match (manifest_form(file), faults.first()) {
        (None, Some(fault)) => CliError::refused(&fault.message),
        _ => with_faults(file, faults),
    }
}

/// Holds `-o` to what can be written there, before anything is sent.
fn target(output: &Path, args: &Args, request: &Request) -> Result<PathBuf, CliError> {
    if manifest_form(&args.file).is_some() {
        let refused = CliError::refused("-o names the output of one clip, and this is a manifest");
        return Err(refused.hint("wait for it with --wait, then bring its outputs with `shotfarm fetch --dir DIR`"));
    }
    let shown = output.display();
    if output.is_dir() {
        return Err(CliError::refused(format!("{shown} is a folder")).hint("name a file in it"));
    }
    if output.exists() && !args.force {
        return Err(CliError::refused(format!("{shown} is already there")).hint("give another name, or --force to replace it"));
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(CliError::refused(format!("folder {} does not exist", folder.display())).hint("make it first"));
    }
    let ending = request.shots.first().map_or("mp4", |requested| requested.shot.recipe.profile.extension());
    if !output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending)) {
        let hint = format!("end it in `.{ending}`, or choose another --profile");
        return Err(CliError::refused(format!("{shown} does not end in `.{ending}`, which is what the profile makes")).hint(hint));
    }
    Ok(output.to_owned())
}

async fn hash(voice: Voice, request: Request) -> Result<(Request, Vec<Source>), CliError> {
    let mut progress = Progress::start(voice, "reading sources", Unit::Bytes, 0);
    let reading = tokio::task::spawn_blocking(move || {
        let sources = sources::hash(&request, &mut |done, total| progress.set(done, total))?;
        Ok((request, sources))
    });
    reading.await.map_err(|_| CliError::not_now("reading the sources broke off"))?
}

async fn hand_in(farm: &Connection, name: &str, shots: &[Shot], args: &Args) -> Result<SubmitReply, CliError> {
    let token = match (&args.token, args.new) {
        (Some(token), _) => token.clone(),
        (None, true) => Uuid::new_v4().to_string(),
        (None, false) => token::of_shots(shots),
    };
    let request = SubmitRequest { token, name: name.to_owned(), shots: shots.iter().map(WireShot::from).collect() };
    Ok(farm.studio().submit(request).await.map_err(|status| refusal(&status))?.into_inner())
}

/// Brings the output of a batch of one clip and what comes with it. Gives the places that hold something else.
async fn bring(voice: Voice, farm: &Connection, jobs: &[Job], target: &Path, force: bool) -> Result<Vec<PathBuf>, CliError> {
    let job = jobs.first().and_then(|job| Some((job, job.output.as_ref()?)));
    let (job, output) = job.ok_or_else(|| CliError::not_now("the farm says the clip is done and names no output"))?;
    let digest = output.digest.parse().map_err(CliError::not_now)?;
    let extras = job.planned.iter().flat_map(|planned| &planned.extras);
    let extras = extras.map(|extra| extra.wanted(job, beside(target, &extra.suffix))).collect::<Result<Vec<_>, _>>()?;
    let total = output.bytes + extras.iter().map(|extra| extra.bytes).sum::<u64>();
    let mut progress = Progress::start(voice, "downloading", Unit::Bytes, total);
    let client = farm.blobs();
    // Whether the output itself may be written was asked before anything was sent.
    let mut on_progress = |done: u64, _: u64| progress.set(done, total);
    shotfarm_proto::blobs::download_file(&client, digest, target, &mut on_progress)
        .await
        .map_err(|error| transfer_failed(&error))?;
    let (mut before, mut refused) = (output.bytes, Vec::new());
    for extra in extras {
        let fate = bring_one(&client, &extra, force, &mut |done, _| progress.set(before + done, total)).await?;
        before += extra.bytes;
        if fate == Fate::Refused {
            refused.push(extra.path);
        }
    }
    Ok(refused)
}

/// What came of it.
struct Submitted {
    name: String,
    reply: SubmitReply,
    ended: Option<(Vec<Job>, Exit)>,
    output: Option<PathBuf>,
}

impl Submitted {
    /// What to do about a hand-in that had ended badly before this call.
    fn known_note(&self) -> Option<String> {
        let did = match self.ended.as_ref().filter(|_| self.reply.known)?.1 {
            Exit::Failed => "failed",
            Exit::Cancelled => "were cancelled",
            Exit::Done | Exit::NotNow => return None,
        };
        let batch = short(&self.reply.batch);
        Some(format!(
            "shots of this batch {did}; try them again with `shotfarm job retry {batch}`, or hand all in anew with --new"
        ))
    }

    fn headline(&self) -> String {
        let (batch, shots) = (short(&self.reply.batch), words::count(self.reply.jobs.len() as u64, "shot"));
        if self.reply.known {
            format!("{}: already submitted, {shots}: batch {batch}", self.name)
        } else {
            format!("{}: {shots} handed in as batch {batch}", self.name)
        }
    }
}

impl Answer for Submitted {
    fn human(&self) -> String {
        let Some((jobs, exit)) = &self.ended else {
            return format!("{}\nfollow it with `shotfarm status {} --watch`", self.headline(), short(&self.reply.batch));
        };
        let mut text = super::job::Ended { jobs, exit: *exit }.human();
        if let Some(output) = &self.output {
            text.push_str(&format!("\n{}", output.display()));
        }
        text
    }

    fn json(&self) -> Value {
        let mut value = json!({"batch": self.reply.batch, "jobs": self.reply.jobs, "known": self.reply.known});
        if let Some((jobs, exit)) = &self.ended {
            value["state"] = super::job::Ended { jobs, exit: *exit }.json()["state"].take();
            let failed = jobs.iter().filter(|job| job.state == "failed");
            let failure = |job: &Job| json!({"label": job.label, "message": job.failure});
            value["failures"] = failed.map(failure).collect();
            value["output"] = json!(self.output);
        }
        value
    }

    fn quiet(&self) -> String {
        self.output.as_ref().map_or_else(|| self.reply.batch.clone(), |output| output.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::job;

    fn submitted(known: bool) -> Submitted {
        let reply = SubmitReply { batch: "00000000-0000-0000-0000-00001234abcd".into(), jobs: vec!["j".into()], known };
        Submitted { name: "ep01.csv".into(), reply, ended: None, output: None }
    }

    #[test]
    fn a_hand_in_is_said_in_three_voices() {
        let new = submitted(false);
        assert_eq!(
            new.human(),
            "ep01.csv: 1 shot handed in as batch 1234abcd\nfollow it with `shotfarm status 1234abcd --watch`"
        );
        assert_eq!(new.json().to_string(), r#"{"batch":"00000000-0000-0000-0000-00001234abcd","jobs":["j"],"known":false}"#);
        assert_eq!(new.quiet(), "00000000-0000-0000-0000-00001234abcd");
        let mut ended = submitted(true);
        ended.ended = Some((vec![job("s/e/1", "cancelled"), job("s/e/2", "failed")], Exit::Failed));
        let failures = json!([{"label": "s/e/2", "message": "the file ends after 50 of 96 frames"}]);
        assert_eq!(ended.json()["failures"], failures);
        let note = |submitted: &Submitted| submitted.known_note().unwrap_or_default();
        assert!(note(&ended).contains("failed; try them again with `shotfarm job retry 1234abcd`"));
        ended.ended = Some((vec![job("s/e/1", "cancelled")], Exit::Cancelled));
        assert!(note(&ended).contains("were cancelled; try them again with `shotfarm job retry 1234abcd`"));
        ended.reply.known = false;
        assert_eq!(note(&ended), "");
        assert!(submitted(true).human().starts_with("ep01.csv: already submitted, 1 shot: batch 1234abcd"));
    }
}

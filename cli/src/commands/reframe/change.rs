//! The window of a shot set by hand: a track is made of what was set before and what is set now, held to the shot where that is
//! known, uploaded, and the shot handed in again with it.

use std::path::Path;

use serde_json::{Value, json};
use shotfarm_proto::blobs::download_file;
use shotfarm_proto::client::Connection;
use shotfarm_proto::v1::{JobDetail, Shot as WireShot, SubmitRequest};
use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::TRACK_BYTES_MAX;
use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::recipe::Recipe;
use shotfarm_shared::shot::{OutputName, Shot};
use shotfarm_shared::track::Track;
use uuid::Uuid;

use super::super::job::detail;
use super::super::status::ask;
use crate::args::Reframe as Args;
use crate::connect::{refusal, transfer_failed};
use crate::error::CliError;
use crate::exit::Exit;
use crate::handin::sources::Source;
use crate::handin::{by_hand, tracks, upload};
use crate::view::{Job, short};
use crate::voice::{Answer, Voice};

/// Earlier hand-ins of a shot that are asked what its source is.
const EARLIER_ASKED_MAX: usize = 5;

/// Does what the command line sets by hand.
pub(super) async fn run(voice: Voice, farm: &Connection, args: &Args, job: &Job, recipe: Recipe) -> Result<Exit, CliError> {
    let known = detail(farm, &job.id).await?;
    let facts = facts_of(farm, job, &known).await?;
    let folder = tempfile::tempdir().map_err(|error| CliError::not_now(format!("no temporary folder can be made: {error}")))?;
    let track = match args.clear {
        true => None,
        false => Some(track(farm, args, &recipe, facts.as_ref(), folder.path()).await?),
    };
    let mut changed = recipe.clone();
    let digest = match &track {
        Some(track) => Some(send(voice, farm, track, folder.path()).await?),
        None => None,
    };
    if let Some(reframe) = changed.reframe_mut() {
        reframe.track = digest;
    }
    let keys = track.as_ref().map(by_hand::told).unwrap_or_default();
    if changed == recipe {
        voice.answer(&Changed { job, batch: None, keys })?;
        return Ok(Exit::Done);
    }
    let batch = hand_in(farm, job, &known, changed).await?;
    voice.answer(&Changed { job, batch: Some(batch), keys })?;
    Ok(Exit::Done)
}

/// What is known of the shot's source: from its own hand-in, or from an earlier one of the same source, since a shot that was
/// handed in a moment ago has not been looked at.
async fn facts_of(farm: &Connection, job: &Job, known: &JobDetail) -> Result<Option<MediaFacts>, CliError> {
    if let Some(facts) = facts(known) {
        return Ok(Some(facts));
    }
    let earlier = ask(farm, &job.label, true).await?.jobs;
    let looked_at = earlier.iter().rev().filter(|other| other.label == job.label && other.frames_total > 0);
    for other in looked_at.take(EARLIER_ASKED_MAX) {
        let other = detail(farm, &other.id).await?;
        if other.source == known.source {
            return Ok(facts(&other));
        }
    }
    Ok(None)
}

fn facts(known: &JobDetail) -> Option<MediaFacts> {
    known.facts.clone().and_then(|facts| MediaFacts::try_from(facts).ok())
}

/// The track that is to be followed: that of the file, or what was set by hand before, with the keys and layouts given now.
async fn track(
    farm: &Connection,
    args: &Args,
    recipe: &Recipe,
    facts: Option<&MediaFacts>,
    folder: &Path,
) -> Result<Track, CliError> {
    let before = recipe.reframe().and_then(|reframe| reframe.track);
    let base = match (&args.use_track, before) {
        (Some(file), _) => tracks::read(file).map_err(CliError::refused)?.0,
        (None, Some(digest)) => {
            let place = folder.join("before.json");
            download_file(&farm.blobs(), digest, &place, &mut |_, _| {}).await.map_err(|error| transfer_failed(&error))?;
            tracks::read(&place).map_err(CliError::refused)?.0
        }
        (None, None) => Track::empty(),
    };
    let source = facts.map(|facts| facts.layout.extent);
    let track = by_hand::set(base, &args.key, &args.layout, source).map_err(|message| {
        CliError::refused(message).hint("or set it once the source was looked at; `shotfarm status` says when")
    })?;
    if let Some(facts) = facts {
        tracks::check(&track, recipe, facts).map_err(CliError::refused)?;
    }
    Ok(track)
}

/// Brings the track to the farm and gives its digest.
async fn send(voice: Voice, farm: &Connection, track: &Track, folder: &Path) -> Result<Digest, CliError> {
    let (text, path) = (track.write(), folder.join("track.json"));
    if text.len() as u64 > TRACK_BYTES_MAX {
        return Err(CliError::refused(format!("the track has {} bytes, at most {TRACK_BYTES_MAX} are taken", text.len())));
    }
    std::fs::write(&path, &text).map_err(|error| CliError::not_now(format!("cannot write {}: {error}", path.display())))?;
    let source = Source { path, digest: Digest::of(text.as_bytes()), bytes: text.len() as u64 };
    upload::upload(voice, farm, std::slice::from_ref(&source)).await?;
    Ok(source.digest)
}

/// Hands the shot in again and gives the batch.
async fn hand_in(farm: &Connection, job: &Job, known: &JobDetail, recipe: Recipe) -> Result<String, CliError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        CliError::refused(format!("what the farm says of {} cannot be read: {error}", job.label))
            .hint("client and farm are of different versions; install the same on both")
    };
    let shot = Shot {
        label: job.label.parse().map_err(|error| unreadable(&error))?,
        source: known.source.parse().map_err(|error| unreadable(&error))?,
        source_name: job.source.clone(),
        recipe,
        output: OutputName::new(&job.output_name).map_err(|error| unreadable(&error))?,
    };
    // A name of its own each time: what is set and cleared and set again is three hand-ins, of which the last counts.
    let token = Uuid::new_v4().to_string();
    let request = SubmitRequest { token, name: format!("{} by hand", job.label), shots: vec![WireShot::from(&shot)] };
    Ok(farm.studio().submit(request).await.map_err(|status| refusal(&status))?.into_inner().batch)
}

/// What was set.
struct Changed<'a> {
    job: &'a Job,
    /// Absent where it was so already.
    batch: Option<String>,
    keys: Vec<String>,
}

impl Answer for Changed<'_> {
    fn human(&self) -> String {
        let label = &self.job.label;
        let Some(batch) = &self.batch else {
            return format!("{label}: that is how it was set already; nothing was handed in");
        };
        let batch = short(batch);
        let mut lines = vec![format!("{label}: handed in again as batch {batch}, which now counts")];
        if self.keys.is_empty() {
            lines.push("no keys are set by hand".to_owned());
        } else {
            lines.extend(self.keys.iter().map(|key| format!("  {key}")));
        }
        if !self.job.has_ended() {
            let before = short(&self.job.id);
            lines.push(format!("the hand-in before it goes on meanwhile; `shotfarm job cancel {before}` ends it"));
        }
        lines.push(format!("see its new plan with `shotfarm reframe {batch}`; follow it with `shotfarm status {batch} --watch`"));
        lines.join("\n")
    }

    fn json(&self) -> Value {
        json!({"label": self.job.label, "batch": self.batch, "keys": self.keys})
    }

    fn quiet(&self) -> String {
        self.batch.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::job;

    #[test]
    fn a_change_says_what_counts_now_and_how_to_see_it() {
        let done = job("s/e/sh1", "succeeded");
        let keys = vec!["frame 70: x 672".to_owned()];
        let changed = Changed { job: &done, batch: Some("00000000-0000-0000-0000-00001234abcd".into()), keys };
        assert_eq!(
            changed.human(),
            "s/e/sh1: handed in again as batch 1234abcd, which now counts\n  frame 70: x 672\n\
             see its new plan with `shotfarm reframe 1234abcd`; follow it with `shotfarm status 1234abcd --watch`"
        );
        let running = job("s/e/sh1", "running");
        let early = Changed { job: &running, batch: changed.batch.clone(), keys: Vec::new() }.human();
        assert!(
            early.contains("\nno keys are set by hand\nthe hand-in before it goes on meanwhile; `shotfarm job cancel 000abcde`"),
            "{early}"
        );
        let same = Changed { batch: None, ..changed };
        assert!(same.human().ends_with("nothing was handed in") && same.quiet().is_empty());
        assert_eq!(same.json()["batch"], Value::Null);
    }
}

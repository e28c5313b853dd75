//! `fetch`: brings finished outputs into a folder, under the names the manifest gave them, without touching what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use shotfarm_proto::client::Connection;
use shotfarm_shared::shot::OutputName;

use super::status::ask;
use crate::args::{Common, Fetch as Args};
use crate::bring::{Fate, Wanted, beside, bring_one};
use crate::connect::connect;
use crate::error::CliError;
use crate::exit::Exit;
use crate::follow::nothing_selected;
use crate::newest::newest;
use crate::view::{Job, Status};
use crate::voice::progress::{Progress, Unit};
use crate::voice::{Answer, Voice};
use crate::words;

/// The verb.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let selection = args.selection.text.as_str();
    let status = ask(&farm, selection, true).await?;
    if status.jobs.is_empty() {
        return Err(nothing_selected(selection));
    }
    let Sorted { wanted, left_out } = sort(&status, &args.dir, args.only_video)?;
    say_left_out(voice, &left_out);
    let any_failed = left_out.iter().any(|shot| shot.why == Why::Failed);
    let files = bring(voice, &farm, wanted, args.force).await?;
    let refused = files.iter().filter(|(_, fate)| *fate == Fate::Refused).count() as u64;
    let mut spoilt = Vec::new();
    for (output, fate) in &files {
        if let Fate::Failed(message) = fate {
            spoilt.push(format!("{}: {message}", output.label));
        }
    }
    voice.answer(&Fetched { files, left_out })?;
    spoilt.iter().for_each(|line| voice.warn(line));
    if refused > 0 {
        voice.warn(&format!("{} there with other content, not touched; --force replaces", words::count(refused, "file")));
    }
    Ok(if refused > 0 || any_failed || !spoilt.is_empty() { Exit::Failed } else { Exit::Done })
}

/// What can be brought and what cannot.
#[derive(Debug)]
struct Sorted {
    wanted: Vec<Wanted>,
    left_out: Vec<LeftOut>,
}

/// A shot without an output.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LeftOut {
    label: String,
    why: Why,
    /// An earlier hand-in has an output, which is not the one that was asked for last.
    has_older: bool,
}

/// Why a shot has no output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Failed,
    Cancelled,
    Unfinished,
}

impl Why {
    fn of(job: &Job) -> Self {
        match job.state.as_str() {
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            _ => Self::Unfinished,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unfinished => "not finished",
        }
    }
}

/// The output of the newest hand-in of each shot, and the shots whose newest hand-in has none: an older output is not what was
/// asked for last. With an output come its track and the pictures of it, unless only videos are wanted.
fn sort(status: &Status, dir: &Path, only_video: bool) -> Result<Sorted, CliError> {
    let (mut wanted, mut left_out) = (Vec::new(), Vec::new());
    let older: BTreeSet<&str> = status.jobs.iter().filter(|job| job.output.is_some()).map(|job| job.label.as_str()).collect();
    for job in newest(status) {
        let Some(output) = &job.output else {
            let has_older = older.contains(job.label.as_str());
            left_out.push(LeftOut { label: job.label.clone(), why: Why::of(job), has_older });
            continue;
        };
        // The name crossed the network: it must not lead out of the folder.
        let name = OutputName::new(&job.output_name).map_err(|error| CliError::refused(format!("{}: {error}", job.label)))?;
        let digest = output.digest.parse().map_err(|error| CliError::not_now(format!("{}: {error}", job.label)))?;
        let path = dir.join(name.as_str());
        let extras = job.planned.iter().flat_map(|planned| &planned.extras).filter(|_| !only_video);
        for extra in extras {
            wanted.push(extra.wanted(job, beside(&path, &extra.suffix))?);
        }
        wanted.push(Wanted { label: job.label.clone(), path, digest, bytes: output.bytes });
    }
    wanted.sort_by(|a, b| a.path.cmp(&b.path));
    one_shot_a_path(&wanted)?;
    Ok(Sorted { wanted, left_out })
}

/// Two shots of one file name would overwrite each other; which of them is wanted there only a person knows.
fn one_shot_a_path(wanted: &[Wanted]) -> Result<(), CliError> {
    let mut paths = BTreeMap::new();
    for output in wanted {
        // Case is folded because macOS and Windows would write both to one file.
        if let Some(first) = paths.insert(output.path.to_string_lossy().to_lowercase(), &output.label) {
            let message = format!("{first} and {} are both to be written to {}", output.label, output.path.display());
            return Err(CliError::refused(message).hint("nothing was written; fetch each by its label into its own --dir"));
        }
    }
    Ok(())
}

/// Says which shots are left out: by name where an older output may be taken for the newest, else how many.
fn say_left_out(voice: Voice, left_out: &[LeftOut]) {
    for (why, line) in left_out_lines(left_out) {
        if why == Why::Failed { voice.warn(&line) } else { voice.note(&line) }
    }
}

fn left_out_lines(left_out: &[LeftOut]) -> Vec<(Why, String)> {
    let of_older = |shot: &&LeftOut| shot.has_older;
    let by_name = left_out.iter().filter(of_older).map(|shot| {
        let verb = match shot.why {
            Why::Failed => "failed",
            Why::Cancelled => "was cancelled",
            Why::Unfinished => "is not finished",
        };
        (shot.why, format!("{}: its newest hand-in {verb}; left out", shot.label))
    });
    let counted = [Why::Failed, Why::Cancelled, Why::Unfinished].into_iter().filter_map(|why| {
        let number = left_out.iter().filter(|shot| shot.why == why && !shot.has_older).count() as u64;
        (number > 0).then(|| (why, format!("{} {}; left out", words::count(number, "shot"), why.word())))
    });
    by_name.chain(counted).collect()
}

async fn bring(voice: Voice, farm: &Connection, wanted: Vec<Wanted>, force: bool) -> Result<Vec<(Wanted, Fate)>, CliError> {
    let total: u64 = wanted.iter().map(|output| output.bytes).sum();
    let mut progress = Progress::start(voice, "fetching", Unit::Bytes, total);
    let (client, mut before, mut files) = (farm.blobs(), 0, Vec::with_capacity(wanted.len()));
    for output in wanted {
        let mut on_progress = |done: u64, _: u64| progress.set(before + done, total);
        let fate = match bring_one(&client, &output, force, &mut on_progress).await {
            // What is wrong with this file leaves the others alone; a farm or a disk that is away ends the call.
            Err(error) if error.exit == Exit::Failed => Fate::Failed(error.message),
            other => other?,
        };
        before += output.bytes;
        progress.set(before, total);
        files.push((output, fate));
    }
    Ok(files)
}

/// The files and what became of them, and the shots that have none.
struct Fetched {
    files: Vec<(Wanted, Fate)>,
    left_out: Vec<LeftOut>,
}

impl Answer for Fetched {
    fn human(&self) -> String {
        if self.files.is_empty() {
            let word = if self.left_out.iter().any(|shot| shot.why == Why::Unfinished) {
                "nothing is finished yet"
            } else {
                "nothing to fetch"
            };
            return word.to_owned();
        }
        let line = |(output, fate): &(Wanted, Fate)| match fate {
            Fate::Fetched => format!("{} ({})", output.path.display(), words::bytes(output.bytes)),
            Fate::Kept => format!("{} (was there)", output.path.display()),
            Fate::Refused => format!("{} (something else is there)", output.path.display()),
            Fate::Failed(_) => format!("{} (failed)", output.path.display()),
        };
        self.files.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn json(&self) -> Value {
        let file = |(output, fate): &(Wanted, Fate)| {
            let error = if let Fate::Failed(message) = fate { Some(message) } else { None };
            json!({"label": output.label, "path": output.path, "digest": output.digest, "bytes": output.bytes, "state": fate.word(), "error": error})
        };
        let left_out = |shot: &LeftOut| json!({"label": shot.label, "state": shot.why.word()});
        json!({"files": self.files.iter().map(file).collect::<Vec<_>>(),
            "left_out": self.left_out.iter().map(left_out).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        let path = |(output, fate): &(Wanted, Fate)| {
            matches!(fate, Fate::Fetched | Fate::Kept).then(|| output.path.display().to_string())
        };
        self.files.iter().filter_map(path).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::digest::Digest;

    use super::*;
    use crate::newest::tests::two_batches;
    use crate::view::{Extra, Output, Planned};

    /// A job that ended as `state` says, with `content` when it succeeded.
    fn job(batch: &str, label: &str, name: &str, state: &str, content: &[u8]) -> Job {
        let output = Output { digest: Digest::of(content).to_string(), bytes: content.len() as u64, ..Output::default() };
        let output = (state == "succeeded").then_some(output);
        Job { batch: batch.into(), output_name: name.into(), label: label.into(), state: state.into(), output, ..Job::default() }
    }

    fn sorted(jobs: Vec<Job>) -> Result<Sorted, CliError> {
        sort(&two_batches(jobs), Path::new("out"), false)
    }

    #[test]
    fn what_comes_with_an_output_is_brought_beside_it() {
        let extra = |suffix: &str| Extra { suffix: suffix.into(), bytes: 4, digest: Digest::of(suffix.as_bytes()).to_string() };
        let planned = Planned { frames: 96, extras: vec![extra(".track.json"), extra(".sheet.png")], ..Planned::default() };
        let framed = || Job { planned: Some(planned.clone()), ..job("new", "s/e/a", "e/a.mp4", "succeeded", b"a") };
        let paths = |jobs: Vec<Job>, only_video| {
            let sorted = sort(&two_batches(jobs), Path::new("out"), only_video).expect("good names");
            sorted.wanted.into_iter().map(|file| file.path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(paths(vec![framed()], false), ["out/e/a.mp4", "out/e/a.sheet.png", "out/e/a.track.json"]);
        assert_eq!(paths(vec![framed()], true), ["out/e/a.mp4"]);
        let open = Job { output: None, state: "running".into(), ..framed() };
        assert!(paths(vec![open], false).is_empty(), "pieces of a shot that is not done are `reframe`'s");
    }

    #[test]
    fn only_the_newest_hand_in_of_each_shot_is_handed_out() {
        let jobs = vec![
            job("new", "s/e/a", "a.mp4", "succeeded", b"new a"),
            job("old", "s/e/a", "a.mp4", "succeeded", b"old a"),
            job("old", "s/e/b", "b.mp4", "succeeded", b"old b"),
            job("new", "s/e/b", "b.mp4", "failed", b""),
            job("old", "s/e/c", "c.mp4", "succeeded", b"old c"),
            job("new", "s/e/c", "c.mp4", "running", b""),
            job("new", "s/e/d", "d.mp4", "failed", b""),
            job("new", "s/e/f", "f.mp4", "queued", b""),
        ];
        let Sorted { wanted, left_out } = sorted(jobs).expect("good names");
        assert_eq!(wanted.iter().map(|output| output.digest).collect::<Vec<_>>(), [Digest::of(b"new a")]);
        assert_eq!(wanted[0].path.as_path(), Path::new("out/a.mp4"));
        let lines: Vec<String> = left_out_lines(&left_out).into_iter().map(|(_, line)| line).collect();
        assert_eq!(
            lines,
            [
                "s/e/b: its newest hand-in failed; left out",
                "s/e/c: its newest hand-in is not finished; left out",
                "1 shot failed; left out",
                "1 shot not finished; left out",
            ]
        );
    }

    #[test]
    fn two_shots_of_one_file_name_are_refused_by_name() {
        let claim = |label, name| job("new", label, name, "succeeded", label.as_bytes());
        let error = sorted(vec![claim("s/e/1", "x.mp4"), claim("s/e/2", "X.mp4")]).expect_err("one file on many disks");
        assert!(error.message.contains("s/e/1") && error.message.contains("s/e/2"), "{error}");
        assert_eq!(error.exit, Exit::Failed);
        let other = job("new", "s/e/2", "x.mp4", "failed", b"");
        assert_eq!(sorted(vec![claim("s/e/1", "x.mp4"), other]).expect("one has no output").wanted.len(), 1);
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        for name in ["../x.mp4", "/etc/x.mp4", "a/../../x"] {
            let error = sorted(vec![job("new", "s/e/1", name, "succeeded", b"x")]).expect_err(name);
            assert!(error.message.contains("is no output name"), "{error}");
        }
    }

    #[test]
    fn a_file_that_failed_is_said_to_scripts_and_kept_from_shells() {
        let output = Wanted { label: "s/e/1".into(), path: "out/x".into(), digest: Digest::of(b""), bytes: 0 };
        let fate = Fate::Failed("out is a file".into());
        let fetched = Fetched { files: vec![(output, fate)], left_out: Vec::new() };
        assert_eq!((fetched.human().as_str(), fetched.quiet().as_str()), ("out/x (failed)", ""));
        let file = &fetched.json()["files"][0];
        assert_eq!((&file["state"], &file["error"]), (&json!("failed"), &json!("out is a file")));
    }
}

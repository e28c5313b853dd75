//! `fetch`: brings finished outputs into a folder, under the names the manifest gave them, without touching what is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use shotfarm_proto::blobs::{download_file, hash_file};
use shotfarm_proto::client::Connection;
use shotfarm_shared::digest::Digest;
use shotfarm_shared::shot::OutputName;

use super::status::ask;
use crate::args::{Common, Fetch as Args};
use crate::connect::{connect, local_failed, transfer_failed};
use crate::error::CliError;
use crate::exit::Exit;
use crate::follow::nothing_selected;
use crate::view::{Job, Status};
use crate::voice::progress::{Progress, Unit};
use crate::voice::{Answer, Voice};
use crate::words;

/// One output and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    label: String,
    path: PathBuf,
    digest: Digest,
    bytes: u64,
}

/// What became of one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Downloaded.
    Fetched,
    /// The same bytes were there.
    Kept,
    /// Other bytes are there and were not touched.
    Refused,
}

/// The verb.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let selection = args.selection.text.as_str();
    let status = ask(&farm, selection, true).await?;
    if status.jobs.is_empty() {
        return Err(nothing_selected(selection));
    }
    let (wanted, unfinished) = wanted(&status, &args.dir)?;
    if unfinished > 0 {
        voice.note(&format!("{} not finished; left out", words::count(unfinished, "shot")));
    }
    let files = bring(voice, &farm, wanted, args.force).await?;
    let refused = files.iter().filter(|(_, fate)| *fate == Fate::Refused).count() as u64;
    voice.answer(&Fetched(files))?;
    if refused > 0 {
        voice.note(&format!("{} there with other content, not touched; --force replaces", words::count(refused, "file")));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

/// The newest finished output for each file name, and how many shots have none yet. A shot that was handed in again counts
/// once, by its newest batch.
fn wanted(status: &Status, dir: &Path) -> Result<(Vec<Wanted>, u64), CliError> {
    let submitted: BTreeMap<&str, u64> = status.batches.iter().map(|batch| (batch.id.as_str(), batch.submitted_millis)).collect();
    let mut newest: BTreeMap<&str, &Job> = BTreeMap::new();
    let age = |job: &Job| submitted.get(job.batch.as_str()).copied().unwrap_or_default();
    for job in &status.jobs {
        let shot = newest.entry(&job.output_name).or_insert(job);
        if (job.output.is_some(), age(job)) > (shot.output.is_some(), age(shot)) {
            *shot = job;
        }
    }
    let unfinished = newest.values().filter(|job| job.output.is_none()).count() as u64;
    let one = |job: &Job| {
        let Some(output) = &job.output else { return None };
        // The name crossed the network: it must not lead out of the folder.
        let name = OutputName::new(&job.output_name).map_err(|error| CliError::refused(format!("{}: {error}", job.label)));
        let digest = output.digest.parse().map_err(|error| CliError::not_now(format!("{}: {error}", job.label)));
        Some(name.and_then(|name| {
            Ok(Wanted { label: job.label.clone(), path: dir.join(name.as_str()), digest: digest?, bytes: output.bytes })
        }))
    };
    let wanted = newest.into_values().filter_map(one).collect::<Result<_, _>>()?;
    Ok((wanted, unfinished))
}

async fn bring(voice: Voice, farm: &Connection, wanted: Vec<Wanted>, force: bool) -> Result<Vec<(Wanted, Fate)>, CliError> {
    let total: u64 = wanted.iter().map(|output| output.bytes).sum();
    let mut progress = Progress::start(voice, "fetching", Unit::Bytes, total);
    let (client, mut before, mut files) = (farm.blobs(), 0, Vec::with_capacity(wanted.len()));
    for output in wanted {
        let fate = match there(&output)? {
            Some(same) if same == output.digest => Fate::Kept,
            Some(_) if !force => Fate::Refused,
            _ => {
                make_folder(&output.path)?;
                let mut on_progress = |done: u64, _: u64| progress.set(before + done, total);
                let downloading = download_file(&client, output.digest, &output.path, &mut on_progress);
                downloading.await.map_err(|error| transfer_failed(&error))?;
                Fate::Fetched
            }
        };
        before += output.bytes;
        progress.set(before, total);
        files.push((output, fate));
    }
    Ok(files)
}

/// The digest of what is at the output's place, if anything is.
fn there(output: &Wanted) -> Result<Option<Digest>, CliError> {
    match std::fs::metadata(&output.path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::refused(format!("cannot look at {}: {error}", output.path.display()))),
        Ok(metadata) if !metadata.is_file() => {
            Err(CliError::refused(format!("{} is there and is no file", output.path.display())))
        }
        // A file of another size is another file; it need not be read.
        Ok(metadata) if metadata.len() != output.bytes => Ok(Some(Digest::of(b"another size"))),
        Ok(_) => hash_file(&output.path, &mut |_, _| {}).map(|(digest, _)| Some(digest)).map_err(|error| local_failed(&error)),
    }
}

fn make_folder(path: &Path) -> Result<(), CliError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::refused(format!("cannot make folder {}: {error}", folder.display())))
}

/// The files and what became of them.
struct Fetched(Vec<(Wanted, Fate)>);

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Kept => "kept",
            Self::Refused => "refused",
        }
    }
}

impl Answer for Fetched {
    fn human(&self) -> String {
        if self.0.is_empty() {
            return "nothing is finished yet".to_owned();
        }
        let line = |(output, fate): &(Wanted, Fate)| match fate {
            Fate::Fetched => format!("{} ({})", output.path.display(), words::bytes(output.bytes)),
            Fate::Kept => format!("{} (was there)", output.path.display()),
            Fate::Refused => format!("{} (something else is there)", output.path.display()),
        };
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn json(&self) -> Value {
        let file = |(output, fate): &(Wanted, Fate)| json!({"label": output.label, "path": output.path, "digest": output.digest, "bytes": output.bytes, "state": fate.word()});
        json!({"files": self.0.iter().map(file).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        let path = |(output, fate): &(Wanted, Fate)| (*fate != Fate::Refused).then(|| output.path.display().to_string());
        self.0.iter().filter_map(path).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Batch, Farm, Output};

    fn job(batch: &str, name: &str, content: Option<&[u8]>) -> Job {
        let output =
            content.map(|bytes| Output { digest: Digest::of(bytes).to_string(), bytes: bytes.len() as u64, ..Output::default() });
        Job { batch: batch.into(), output_name: name.into(), label: format!("s/e/{name}"), output, ..Job::default() }
    }

    fn status(jobs: Vec<Job>) -> Status {
        let batch = |id: &str, submitted_millis| Batch {
            id: id.into(),
            name: String::new(),
            state: String::new(),
            jobs: 0,
            succeeded: 0,
            failed: 0,
            cancelled: 0,
            submitted_millis,
        };
        Status { farm: Farm::default(), batches: vec![batch("old", 1), batch("new", 2)], jobs, workers: Vec::new() }
    }

    #[test]
    fn the_newest_finished_output_of_each_name_is_wanted() {
        let jobs = vec![
            job("new", "a.mp4", Some(b"new a")),
            job("old", "a.mp4", Some(b"old a")),
            job("old", "b.mp4", Some(b"old b")),
            job("new", "b.mp4", None),
            job("new", "c.mp4", None),
        ];
        let (wanted, unfinished) = wanted(&status(jobs), Path::new("out")).expect("good names");
        let digests: Vec<Digest> = wanted.iter().map(|output| output.digest).collect();
        assert_eq!(digests, [Digest::of(b"new a"), Digest::of(b"old b")]);
        assert_eq!((wanted[0].path.as_path(), unfinished), (Path::new("out/a.mp4"), 1));
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        for name in ["../x.mp4", "/etc/x.mp4", "a/../../x"] {
            let error = wanted(&status(vec![job("new", name, Some(b"x"))]), Path::new("out")).expect_err(name);
            assert!(error.message.contains("is no output name"), "{error}");
        }
    }

    #[test]
    fn what_is_there_is_told_apart() {
        let dir = tempfile::tempdir().expect("a folder");
        let output = Wanted { label: "s/e/1".into(), path: dir.path().join("x"), digest: Digest::of(b"abc"), bytes: 3 };
        assert!(matches!(there(&output), Ok(None)));
        std::fs::write(&output.path, "abc").expect("written");
        assert!(matches!(there(&output), Ok(Some(digest)) if digest == output.digest));
        for other in ["abd", "abcd"] {
            std::fs::write(&output.path, other).expect("written");
            assert!(matches!(there(&output), Ok(Some(digest)) if digest != output.digest), "{other}");
        }
    }
}

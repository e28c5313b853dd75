//! Results on disk, from the moment they exist until the coordinator has acknowledged them.
//!
//! One file an attempt, `outbox/ATTEMPT.json`, made under another name, synced, renamed, and the directory synced: after a
//! power cut an outcome is there whole or not at all. A later process on the same scratch directory sends what it finds.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shotfarm_shared::work::LeaseId;

use crate::agent::Outcome;
use crate::scratch::ScratchError;

/// The ending of files that are not whole yet.
const PART: &str = "part";

/// The directory of outcomes.
#[derive(Debug)]
pub struct Outbox {
    dir: PathBuf,
}

/// One file.
#[derive(Serialize, Deserialize)]
struct Entry {
    lease: LeaseId,
    outcome: Outcome,
}

impl Outbox {
    /// Opens the outbox in `dir` and reads what earlier processes left in it. A file that cannot be read is set aside under the
    /// ending `unreadable` with a warning: its task is rendered again, which costs time and loses nothing.
    ///
    /// # Errors
    /// When the directory cannot be read or written.
    pub fn open(dir: &Path) -> Result<(Self, BTreeMap<LeaseId, Outcome>), ScratchError> {
        fs::create_dir_all(dir).map_err(ScratchError::io("making", dir))?;
        let mut entries = BTreeMap::new();
        for file in fs::read_dir(dir).map_err(ScratchError::io("listing", dir))? {
            let path = file.map_err(ScratchError::io("listing", dir))?.path();
            match path.extension().and_then(|ending| ending.to_str()) {
                Some(PART) => fs::remove_file(&path).map_err(ScratchError::io("removing", &path))?,
                Some("json") => match read(&path) {
                    Ok(entry) => {
                        entries.insert(entry.lease, entry.outcome);
                    }
                    Err(error) => set_aside(&path, &error)?,
                },
                _ => {}
            }
        }
        Ok((Self { dir: dir.to_owned() }, entries))
    }

    /// Keeps `outcome`, durably once this returns.
    ///
    /// # Errors
    /// When it cannot be written; a full disk, mostly.
    pub fn persist(&self, lease: LeaseId, outcome: &Outcome) -> io::Result<()> {
        let path = self.path(lease);
        let part = path.with_extension(PART);
        let bytes = serde_json::to_vec_pretty(&Entry { lease, outcome: outcome.clone() })?;
        let mut file = File::create(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        self.sync()
    }

    /// Forgets the outcome of `lease`; nothing happens when there is none.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn forget(&self, lease: LeaseId) -> io::Result<()> {
        match fs::remove_file(self.path(lease)) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Attempts are never given out twice by a farm, so they name files. Two farms may give out the same one: the job, made of
    /// random bits, tells them apart.
    fn path(&self, lease: LeaseId) -> PathBuf {
        self.dir.join(format!("{}-{}.json", lease.attempt, lease.task.job.short()))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

fn read(path: &Path) -> io::Result<Entry> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

fn set_aside(path: &Path, error: &io::Error) -> Result<(), ScratchError> {
    let aside = path.with_extension("unreadable");
    tracing::warn!(file = %path.display(), %error, "a result in the outbox cannot be read and is set aside");
    fs::rename(path, &aside).map_err(ScratchError::io("setting aside", path))
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::digest::Digest;
    use shotfarm_shared::failure::Failure;
    use shotfarm_shared::frames::FrameRange;
    use shotfarm_shared::ids::{Attempt, JobId, TaskId};
    use shotfarm_shared::segment::Receipt;
    use shotfarm_shared::work::TaskResult;
    use uuid::Uuid;

    use super::*;

    fn lease(attempt: u64) -> LeaseId {
        LeaseId { task: TaskId { job: JobId(Uuid::from_u128(3)), number: 1 }, attempt: Attempt(attempt) }
    }

    fn receipt() -> Outcome {
        Outcome::Done(Box::new(TaskResult::Segment(Receipt {
            range: FrameRange::new(48, 96),
            frames: 48,
            bytes: 1_000,
            digest: Digest::of(b"bytes"),
            frames_digest: Digest::of(b"frames"),
            recipe: Digest::of(b"recipe"),
            work_millis: 12,
            fidelity: None,
        })))
    }

    #[test]
    fn outcomes_are_found_again_until_they_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let failed = Outcome::Failed(Failure::job("not a video"));
        let (outbox, found) = Outbox::open(dir.path()).unwrap();
        assert!(found.is_empty());
        outbox.persist(lease(1), &receipt()).unwrap();
        outbox.persist(lease(2), &failed).unwrap();
        let (outbox, found) = Outbox::open(dir.path()).unwrap();
        assert_eq!(found, BTreeMap::from([(lease(1), receipt()), (lease(2), failed)]));
        outbox.forget(lease(2)).unwrap();
        outbox.forget(lease(2)).unwrap();
        assert_eq!(Outbox::open(dir.path()).unwrap().1, BTreeMap::from([(lease(1), receipt())]));
    }

    /// A worker that was replaced by a newer version left it behind.
    #[test]
    fn a_receipt_from_before_frames_were_compared_is_read() {
        let dir = tempfile::tempdir().unwrap();
        Outbox::open(dir.path()).unwrap().0.persist(lease(1), &receipt()).unwrap();
        let path = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().filter(|line| !line.contains("fidelity")).collect::<Vec<_>>().join("\n");
        let older = lines.replace("\"work_millis\": 12,", "\"work_millis\": 12");
        assert_ne!(older, text, "the field is written");
        fs::write(&path, older).unwrap();
        assert_eq!(Outbox::open(dir.path()).unwrap().1, BTreeMap::from([(lease(1), receipt())]));
    }

    #[test]
    fn half_written_files_are_removed_and_unreadable_ones_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        Outbox::open(dir.path()).unwrap().0.persist(lease(1), &receipt()).unwrap();
        fs::write(dir.path().join("2.part"), b"{").unwrap();
        fs::write(dir.path().join("3.json"), b"{").unwrap();
        assert_eq!(Outbox::open(dir.path()).unwrap().1, BTreeMap::from([(lease(1), receipt())]));
        assert!(!dir.path().join("2.part").exists());
        assert!(dir.path().join("3.unreadable").exists() && !dir.path().join("3.json").exists());
    }
}

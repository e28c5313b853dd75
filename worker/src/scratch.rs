//! A worker's scratch directory: one worker's at a time, tidy at start, bounded in size.
//!
//! ```text
//! SCRATCH/lock      held while a worker runs; holds its process id, for the message to a second one
//! SCRATCH/outbox/   results that the coordinator has not acknowledged (see `outbox`)
//! SCRATCH/blobs/    blobs by digest: sources, segments (see `proto::blobs`)
//! SCRATCH/work/     files being made; nothing in it outlives a process
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Why a scratch directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// Another worker uses it.
    #[error("another worker{holder} uses the scratch directory {}: give each worker its own with --scratch", path.display())]
    Taken {
        /// The directory.
        path: PathBuf,
        /// ` (process 123)`, or nothing where the lock does not say.
        holder: String,
    },
    /// It cannot be made, read or written.
    #[error("the scratch directory cannot be used: {operation} {} failed; give a writable one with --scratch", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl ScratchError {
    /// For `map_err`: `operation` on `path` failed.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.to_owned(), source }
    }
}

/// A scratch directory, locked for as long as this lives.
#[derive(Debug)]
pub struct Scratch {
    root: PathBuf,
    /// Closing it gives the lock back.
    _lock: File,
}

impl Scratch {
    /// Makes the directory where it is missing, locks it, and removes what an earlier process left half made.
    ///
    /// # Errors
    /// When another worker holds it, or it cannot be written.
    pub fn open(root: &Path) -> Result<Self, ScratchError> {
        fs::create_dir_all(root).map_err(ScratchError::io("making", root))?;
        // Absolute, because ffmpeg is started from wherever, and so that messages can be followed.
        let root = root.canonicalize().map_err(ScratchError::io("finding", root))?;
        let lock = lock(&root)?;
        let work = root.join("work");
        match fs::remove_dir_all(&work) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(ScratchError::io("emptying", &work)(error)),
            Ok(()) | Err(_) => {}
        }
        for dir in [&work, &root.join("outbox")] {
            fs::create_dir_all(dir).map_err(ScratchError::io("making", dir))?;
        }
        Ok(Self { root, _lock: lock })
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where results wait to be acknowledged.
    #[must_use]
    pub fn outbox(&self) -> PathBuf {
        self.root.join("outbox")
    }

    /// Where blobs are kept.
    #[must_use]
    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// Where compiled kernels are kept.
    #[must_use]
    pub fn kernels(&self) -> PathBuf {
        self.root.join("kernels")
    }

    /// Where files are made.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }
}

fn lock(root: &Path) -> Result<File, ScratchError> {
    let path = root.join("lock");
    let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(ScratchError::io("opening", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(ScratchError::Taken { path: root.to_owned(), holder: holder(&mut file) }),
        Err(TryLockError::Error(error)) => return Err(ScratchError::io("locking", &path)(error)),
    }
    let note = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    note(&mut file).map_err(ScratchError::io("writing", &path))?;
    Ok(file)
}

/// Who holds the lock, as far as its file tells.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(32).read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(process) => format!(" (process {process})"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_worker_is_told_who_holds_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let first = Scratch::open(dir.path()).unwrap();
        let error = Scratch::open(dir.path()).unwrap_err();
        let root = dir.path().canonicalize().unwrap();
        assert_eq!(
            error.to_string(),
            format!(
                "another worker (process {}) uses the scratch directory {}: give each worker its own with --scratch",
                std::process::id(),
                root.display()
            )
        );
        drop(first);
        Scratch::open(dir.path()).unwrap();
    }

    #[test]
    fn half_made_files_of_an_earlier_process_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let leftover = dir.path().join("work").join("7").join("segment.mkv");
        fs::create_dir_all(leftover.parent().unwrap()).unwrap();
        fs::write(&leftover, b"half").unwrap();
        fs::create_dir_all(dir.path().join("outbox")).unwrap();
        fs::write(dir.path().join("outbox").join("7.json"), b"{}").unwrap();
        let scratch = Scratch::open(dir.path()).unwrap();
        assert_eq!(fs::read_dir(scratch.work()).unwrap().count(), 0);
        assert!(scratch.outbox().join("7.json").exists(), "the outbox is not touched");
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = Scratch::open(&file.join("scratch")).unwrap_err();
        assert!(error.to_string().contains("making") && error.to_string().contains("file/scratch"), "{error}");
    }
}

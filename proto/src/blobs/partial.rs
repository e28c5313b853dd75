//! A blob that is still being written: a file that only grows, and the digest of what it holds so far.
//!
//! Invariants: the hasher has seen exactly the first `position` bytes of the file; the file is locked, so no second process
//! writes it; it becomes the whole blob by a rename after its bytes are on the disk, and its name after that.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::{BLOB_BYTES_MAX, BLOB_CHUNK_BYTES};

use super::error::BlobError;

/// See the module's words.
#[derive(Debug)]
pub(crate) struct Partial {
    digest: Digest,
    path: PathBuf,
    file: File,
    hasher: blake3::Hasher,
    position_bytes: u64,
    total_bytes: u64,
}

impl Partial {
    /// Opens the partial file at `path` to go on at `offset_bytes`, which is its length, or 0 to start again. Reads what is
    /// there once, for the digest.
    pub(crate) fn open(path: PathBuf, digest: Digest, total_bytes: u64, offset_bytes: u64) -> Result<Self, BlobError> {
        if total_bytes > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge { digest, total_bytes });
        }
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path);
        let file = file.map_err(BlobError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BlobError::Busy { digest }),
            Err(TryLockError::Error(error)) => return Err(BlobError::io("lock", &path)(error)),
        }
        let have_bytes = file.metadata().map_err(BlobError::io("read the size of", &path))?.len();
        if offset_bytes == 0 {
            file.set_len(0).map_err(BlobError::io("empty", &path))?;
        } else if offset_bytes != have_bytes {
            return Err(BlobError::WrongOffset { digest, offset_bytes, have_bytes });
        }
        if offset_bytes > total_bytes {
            remove_if_there(&path)?;
            return Err(BlobError::WrongSize { digest, total_bytes });
        }
        let mut hasher = blake3::Hasher::new();
        let seen = update_from(&mut hasher, &file, &mut |_| {}).map_err(BlobError::io("read", &path))?;
        if seen != offset_bytes {
            return Err(BlobError::WrongOffset { digest, offset_bytes, have_bytes: seen });
        }
        Ok(Self { digest, path, file, hasher, position_bytes: offset_bytes, total_bytes })
    }

    /// Bytes written so far, earlier uploads included.
    pub(crate) fn position_bytes(&self) -> u64 {
        self.position_bytes
    }

    /// Appends `data`. On failure this must not be written to again; the file keeps what reached it.
    pub(crate) fn write(&mut self, data: &[u8]) -> Result<(), BlobError> {
        let position_bytes = self.position_bytes + data.len() as u64;
        if position_bytes > self.total_bytes {
            remove_if_there(&self.path)?;
            return Err(BlobError::WrongSize { digest: self.digest, total_bytes: self.total_bytes });
        }
        self.file.write_all(data).map_err(BlobError::io("write", &self.path))?;
        self.hasher.update(data);
        self.position_bytes = position_bytes;
        Ok(())
    }

    /// Checks the digest and makes this the file `whole`, durably. Wrong bytes are removed.
    pub(crate) fn finish(self, whole: &Path) -> Result<(), BlobError> {
        let Self { digest, path, file, hasher, position_bytes, total_bytes } = self;
        if position_bytes < total_bytes {
            return Err(BlobError::Incomplete { digest, have_bytes: position_bytes, total_bytes });
        }
        let actual = Digest::from(hasher.finalize());
        if actual != digest {
            remove_if_there(&path)?;
            return Err(BlobError::WrongDigest { expected: digest, actual });
        }
        file.sync_all().map_err(BlobError::io("sync", &path))?;
        rename_durably(&path, whole)
    }
}

/// Renames `from` to `to` and syncs the directory that now names it.
pub(crate) fn rename_durably(from: &Path, to: &Path) -> Result<(), BlobError> {
    fs::rename(from, to).map_err(BlobError::io("rename to its final name", from))?;
    sync_dir(parent_of(to))
}

/// Makes the names in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), BlobError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(BlobError::io("sync the directory", dir))
}

/// The directory that holds `path`; the working directory for a bare name.
pub(crate) fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes a file that may not be there. True: it was.
pub(crate) fn remove_if_there(path: &Path) -> Result<bool, BlobError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(BlobError::io("remove", path)(error)),
    }
}

/// Feeds everything left in `source` to `hasher`; `on_bytes` hears after each piece how many it has been. Returns their number.
pub(crate) fn update_from(
    hasher: &mut blake3::Hasher,
    mut source: impl Read,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<u64, io::Error> {
    let mut piece = vec![0; BLOB_CHUNK_BYTES];
    let mut seen_bytes = 0;
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(seen_bytes),
            Ok(count) => {
                hasher.update(&piece[..count]);
                seen_bytes += count as u64;
                on_bytes(seen_bytes);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

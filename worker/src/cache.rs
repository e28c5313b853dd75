//! The worker's blobs on disk: what it has fetched or made, kept while there is room, the longest unused dropped first.
//!
//! A task never works in the cache itself: it borrows a blob as a hard link in its own work folder, so the cache may drop the
//! blob at any moment without taking it from a task, and messages name the file by a name that people know.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use shotfarm_proto::blobs::{BlobDir, BlobError};
use shotfarm_shared::digest::Digest;

use crate::scratch::ScratchError;

/// A bounded directory of blobs.
#[derive(Debug)]
pub struct BlobCache {
    dir: BlobDir,
    root: PathBuf,
    limit_bytes: u64,
}

/// One blob, whole or partial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    digest: Digest,
    bytes: u64,
    used: SystemTime,
}

impl BlobCache {
    /// Opens the cache in `root`, of at most `limit_bytes` whenever a task begins.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(root: &Path, limit_bytes: u64) -> Result<Self, BlobError> {
        Ok(Self { dir: BlobDir::open(root)?, root: root.to_owned(), limit_bytes })
    }

    /// The directory, for transfers.
    #[must_use]
    pub fn dir(&self) -> &BlobDir {
        &self.dir
    }

    /// Puts the blob at `place` if it is here whole, and notes that it was used. `place` must not exist.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn borrow(&self, digest: Digest, place: &Path) -> Result<bool, BlobError> {
        let Some(blob) = self.dir.path(digest)? else { return Ok(false) };
        match fs::hard_link(&blob, place) {
            Ok(()) => {}
            // Dropped by another task's need for room since we asked.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            // A file system without hard links.
            Err(_) => drop(fs::copy(&blob, place).map_err(|source| copy_failed(place, source))?),
        }
        // The time of the last use is kept as the file's own time, so that it outlives the process. Failing costs only order.
        if let Err(error) = File::options().append(true).open(&blob).and_then(|file| file.set_modified(SystemTime::now())) {
            tracing::debug!(%digest, %error, "the last use of a blob could not be noted");
        }
        Ok(true)
    }

    /// Drops the longest unused blobs, except `needed` ones, until the rest is within the limit. Returns the bytes dropped.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn make_room(&self, needed: &BTreeSet<Digest>) -> Result<u64, ScratchError> {
        let mut freed = 0;
        for kept in dispensable(self.list()?, needed, self.limit_bytes) {
            match self.dir.remove(kept.digest) {
                Ok(_) => freed += kept.bytes,
                // Being written by another task, or gone already.
                Err(error) => tracing::debug!(digest = %kept.digest, %error, "a blob was not dropped from the cache"),
            }
        }
        Ok(freed)
    }

    fn list(&self) -> Result<Vec<Kept>, ScratchError> {
        let mut found = Vec::new();
        for folder in entries(&self.root)? {
            let prefix = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            for file in entries(&folder)? {
                let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                // Whole blobs lie in folders named by their first two digits, partial ones under their whole digest.
                let digest = if prefix.len() == 2 { format!("{prefix}{name}").parse() } else { name.parse() };
                let facts = fs::metadata(&file).and_then(|facts| Ok((facts.len(), facts.modified()?)));
                if let (Ok(digest), Ok((bytes, used))) = (digest, facts) {
                    found.push(Kept { digest, bytes, used });
                }
            }
        }
        Ok(found)
    }
}

fn copy_failed(place: &Path, source: std::io::Error) -> BlobError {
    let (operation, path) = ("copy a blob to", place.to_owned());
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BlobError::NoSpace { operation, path },
        _ => BlobError::Io { operation, path, source },
    }
}

/// What lies in a folder; nothing when it is no folder or has just gone.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ScratchError> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(ScratchError::io("listing", folder)(error)),
    };
    Ok(listing.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
}

/// What to drop so that the rest is within `limit_bytes`: the longest unused first, nothing that is needed, no more than it takes.
fn dispensable(mut kept: Vec<Kept>, needed: &BTreeSet<Digest>, limit_bytes: u64) -> Vec<Kept> {
    let mut total: u64 = kept.iter().map(|kept| kept.bytes).sum();
    kept.retain(|kept| !needed.contains(&kept.digest));
    kept.sort_by_key(|kept| (kept.used, kept.digest));
    let mut dropped = Vec::new();
    for kept in kept {
        if total <= limit_bytes {
            break;
        }
        total -= kept.bytes;
        dropped.push(kept);
    }
    dropped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn kept(number: usize, bytes: u64, age: u64) -> Kept {
        Kept {
            digest: Digest::of(&number.to_be_bytes()),
            bytes,
            used: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age),
        }
    }

    proptest! {
        #[test]
        fn the_longest_unused_go_and_no_more_than_it_takes(
            blobs in prop::collection::vec((1_u64..100, 0_u64..1_000), 0..20), limit in 0_u64..800, needs in 0_usize..5,
        ) {
            let blobs: Vec<_> = blobs.iter().enumerate().map(|(number, &(bytes, age))| kept(number, bytes, age)).collect();
            let needed: BTreeSet<_> = blobs.iter().take(needs).map(|kept| kept.digest).collect();
            let dropped = dispensable(blobs.clone(), &needed, limit);
            let total: u64 = blobs.iter().map(|kept| kept.bytes).sum();
            let left = total - dropped.iter().map(|kept| kept.bytes).sum::<u64>();
            let spare = blobs.iter().filter(|kept| !needed.contains(&kept.digest) && !dropped.contains(kept));
            prop_assert!(dropped.iter().all(|kept| !needed.contains(&kept.digest)));
            prop_assert!(left <= limit || spare.clone().count() == 0);
            if let Some(last) = dropped.last() {
                prop_assert!(left + last.bytes > limit, "dropped more than it takes");
                prop_assert!(spare.clone().all(|spare| spare.used >= last.used));
            }
        }
    }

    #[test]
    fn what_is_borrowed_stays_when_the_cache_drops_it() {
        let dir = tempfile::tempdir().unwrap();
        let cache = BlobCache::open(&dir.path().join("blobs"), 10).unwrap();
        let put = |bytes: &[u8]| {
            let file = dir.path().join("new");
            fs::write(&file, bytes).unwrap();
            cache.dir().adopt(&file).unwrap()
        };
        let (old, new) = (put(&[1; 8]), put(&[2; 8]));
        let place = dir.path().join("sh0010");
        assert!(cache.borrow(old, &place).unwrap());
        assert_eq!(cache.make_room(&BTreeSet::from([old, new])).unwrap(), 0, "both are needed");
        assert_eq!(cache.make_room(&BTreeSet::from([new])).unwrap(), 8);
        assert_eq!(cache.dir().path(old).unwrap(), None);
        assert!(cache.dir().path(new).unwrap().is_some());
        assert_eq!(fs::read(&place).unwrap(), [1; 8]);
        assert!(!cache.borrow(old, &dir.path().join("again")).unwrap());
    }
}

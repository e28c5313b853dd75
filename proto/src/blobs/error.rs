//! What can go wrong with blobs on a disk, in sentences that say what to do.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::BLOB_BYTES_MAX;

/// Why a blob could not be kept, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The disk is full, or the quota used up. What was written so far stays, and an upload can go on from there.
    #[error("no space left to {operation} {}: free some space on that disk and try again", path.display())]
    NoSpace {
        /// What was being done.
        operation: &'static str,
        /// To which file.
        path: PathBuf,
    },
    /// Somebody else writes this blob at this moment.
    #[error("blob {digest} is being written by another transfer: wait for it and ask again what is there")]
    Busy {
        /// The blob.
        digest: Digest,
    },
    /// Larger than any blob may be.
    #[error("blob {digest} would be {total_bytes} bytes, more than the {BLOB_BYTES_MAX} that a blob may have")]
    TooLarge {
        /// The blob.
        digest: Digest,
        /// Its announced size.
        total_bytes: u64,
    },
    /// An upload that wants to go on elsewhere than where the last one ended.
    #[error("blob {digest} has {have_bytes} bytes here, so its upload goes on there or starts again at 0, not at {offset_bytes}")]
    WrongOffset {
        /// The blob.
        digest: Digest,
        /// Where the upload wanted to go on.
        offset_bytes: u64,
        /// What is there.
        have_bytes: u64,
    },
    /// More bytes than were announced.
    #[error("blob {digest} was announced with {total_bytes} bytes and more came: nothing of it was kept, send it again")]
    WrongSize {
        /// The blob.
        digest: Digest,
        /// Its announced size.
        total_bytes: u64,
    },
    /// Finished before all bytes were there.
    #[error("blob {digest} ended after {have_bytes} of {total_bytes} bytes: they are kept, send the rest")]
    Incomplete {
        /// The blob.
        digest: Digest,
        /// What is there.
        have_bytes: u64,
        /// Its announced size.
        total_bytes: u64,
    },
    /// The bytes are those of another blob.
    #[error("the bytes that came for blob {expected} are those of {actual}: they were removed, send them again")]
    WrongDigest {
        /// The blob.
        expected: Digest,
        /// What the bytes really are.
        actual: Digest,
    },
    /// Any other failure of the file system.
    #[error("could not {operation} {}", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
}

impl BlobError {
    /// For `map_err`: `operation` on `path` failed.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace { operation, path: path.to_owned() },
            _ => Self::Io { operation, path: path.to_owned(), source },
        }
    }
}

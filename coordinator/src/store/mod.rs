//! The durable record of the farm: a journal of group commits and checkpoints of the whole state.
//!
//! The trait is small so that a replicated engine can take sled's place. What holds for every store:
//! - what a commit acknowledged is there at every later load, whatever was killed, in the order of the commits;
//! - a commit is there wholly or not at all; one that failed is not there while this process lives;
//! - a store that cannot prove that its content is complete and unharmed says so, and gives nothing.

mod format;
mod head;
mod memory;
mod sled;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod suite_faults;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

pub use self::memory::{MemoryDisk, MemoryStore};
pub use self::sled::SledStore;

/// Most bytes of one group commit: eight times the largest batch that can be submitted. Bounds the memory of a load's last step.
pub const COMMIT_BYTES_MAX: usize = 256 << 20;

/// What a store gives at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The newest complete checkpoint.
    pub checkpoint: Option<Vec<u8>>,
    /// The records committed after it, in order.
    pub records: Vec<Vec<u8>>,
    /// Raised at every opening of the store; no two openings have the same.
    pub epoch: u64,
}

/// See the module's words. One thread owns a store; its calls block.
pub trait Store: Send {
    /// Everything acknowledged so far: the newest complete checkpoint and the records committed after it, in order.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] rather than anything that is not provably what was acknowledged. After a commit that failed for
    /// want of space, [`StoreError::Full`] until there is room: the failed one must be removed first.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// One group commit: all of `records` or none, durable (power loss included) when it returns `Ok`. After an error none of
    /// them is there, unless this process ends before the next call succeeds: then they are all there or none.
    ///
    /// # Errors
    /// [`StoreError::Full`] and [`StoreError::Io`] may pass; later calls work again once they have.
    fn commit(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError>;

    /// Replaces everything committed so far by `state`, which must be the fold of it. Bounded space afterwards.
    ///
    /// # Errors
    /// As for [`Store::commit`]; what was committed is there either way.
    fn checkpoint(&mut self, state: &[u8]) -> Result<(), StoreError>;
}

/// Why the store does not serve.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What is on the disk is not what was acknowledged.
    #[error("the store in {} is damaged: {what}; restore a copy of this directory from before the damage", dir.display())]
    Damaged {
        /// The store's directory.
        dir: PathBuf,
        /// What is wrong, as a clause.
        what: String,
    },
    /// A newer shotfarm wrote it.
    #[error(
        "the store in {} was written in format {found} by a newer shotfarm, and this one knows formats up to {known}: start the newer one",
        dir.display()
    )]
    Newer {
        /// The store's directory.
        dir: PathBuf,
        /// Its format.
        found: u16,
        /// The newest format that this build reads.
        known: u16,
    },
    /// Another process owns the directory.
    #[error("another coordinator is running on {} ({holder}): stop it, or give this one another directory", dir.display())]
    Locked {
        /// The store's directory.
        dir: PathBuf,
        /// What is known about the other one.
        holder: String,
    },
    /// No space left.
    #[error("no space left to {operation} the store in {}: free some space on that disk", dir.display())]
    Full {
        /// What was being done.
        operation: &'static str,
        /// The store's directory.
        dir: PathBuf,
    },
    /// More than one commit may hold.
    #[error("a commit of {bytes} bytes is more than the {COMMIT_BYTES_MAX} that one may have: commit it in parts")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Any other failure of the file system.
    #[error("could not {operation} the store in {}", dir.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// The store's directory.
        dir: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
}

impl StoreError {
    /// For `map_err`: `operation` on the store in `dir` failed. A limit on a file's size is a kind of full disk.
    fn io(operation: &'static str, dir: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::Full { operation, dir: dir.to_owned() }
            }
            _ => Self::Io { operation, dir: dir.to_owned(), source },
        }
    }

    fn damaged(dir: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { dir: dir.to_owned(), what: what.into() }
    }
}

/// The size of a commit as it is kept.
fn check_size(records: &[Vec<u8>]) -> Result<(), StoreError> {
    let bytes = records.iter().map(|record| record.len() + format::RECORD_HEADER_BYTES).sum();
    if bytes > COMMIT_BYTES_MAX { Err(StoreError::TooLarge { bytes }) } else { Ok(()) }
}

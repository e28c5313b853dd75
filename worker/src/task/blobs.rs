//! Blobs as a task sees them: fetched to a place of its own, delivered from one. Behind it the worker's cache and the farm.
//!
//! A coordinator that is away is waited for, since it comes back: the task has its lease meanwhile, or is stopped when it has
//! lost it.

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use shotfarm_proto::access::Secret;
use shotfarm_proto::blobs::{TransferError, download, upload};
use shotfarm_proto::client::{Blobs, ConnectError, Connection};
use shotfarm_shared::digest::Digest;
use tokio::runtime::Handle;

use super::error::TaskError;
use crate::cache::BlobCache;
use crate::media::{Cancel, MediaError};
use crate::scratch::ScratchError;

/// How long a task waits for a coordinator that is away before it gives its attempt back: longer than a restart or a moved
/// cable, short enough that a worker cut off from its farm is seen to fail.
const FARM_AWAY_MILLIS_MAX: u64 = 600_000;
/// Between two attempts to reach it.
const FARM_RETRY_MILLIS: u64 = 2_000;
/// How often a transfer looks whether its task was cancelled.
const CANCEL_POLL_MILLIS: u64 = 100;

/// What a task may do with blobs.
pub trait BlobAccess: Send + Sync {
    /// Puts the blob at `place`, which does not exist yet. The file there is not to be written to.
    ///
    /// # Errors
    /// When the farm does not have it, cannot be reached, or a disk is full.
    fn fetch(&self, digest: Digest, place: &Path, cancel: &Cancel) -> Result<(), TaskError>;

    /// Stores the finished `file` with the farm, durably, and returns its digest. The file is not to be written to again.
    ///
    /// # Errors
    /// When the farm cannot be reached or take it, or a disk is full.
    fn deliver(&self, file: &Path, cancel: &Cancel) -> Result<Digest, TaskError>;

    /// Makes room for a task that needs these blobs.
    ///
    /// # Errors
    /// When the file system does not say what is there.
    fn make_room(&self, needed: &BTreeSet<Digest>) -> Result<(), TaskError>;
}

/// Blobs of a farm, through the worker's cache. Called from threads outside of the runtime.
#[derive(Debug)]
pub struct FarmBlobs {
    cache: BlobCache,
    farm_url: String,
    secret: Secret,
    runtime: Handle,
}

impl FarmBlobs {
    /// Through `cache` from and to the farm at `farm_url`. Transfers use connections of their own, so that a long one never
    /// stands before a beat.
    #[must_use]
    pub fn new(cache: BlobCache, farm_url: &str, secret: &Secret, runtime: Handle) -> Self {
        Self { cache, farm_url: farm_url.to_owned(), secret: secret.clone(), runtime }
    }

    /// Does `transfer` with the farm, waiting for the farm where it is away.
    fn with_farm<T, F>(&self, cancel: &Cancel, transfer: impl Fn(Blobs) -> F) -> Result<T, TaskError>
    where
        F: Future<Output = Result<T, TransferError>>,
    {
        let started = Instant::now();
        let work = async {
            loop {
                let error = match Connection::connect(&self.farm_url, &self.secret).await {
                    Ok(connection) => match transfer(connection.blobs()).await {
                        Err(error @ TransferError::Unreachable { .. }) => TaskError::from(error),
                        done => return done.map_err(TaskError::from),
                    },
                    Err(error @ (ConnectError::WrongSecret { .. } | ConnectError::InvalidUrl { .. })) => {
                        return Err(TaskError::Away { waited_seconds: started.elapsed().as_secs(), source: error });
                    }
                    Err(source) => TaskError::Away { waited_seconds: started.elapsed().as_secs(), source },
                };
                if started.elapsed() >= Duration::from_millis(FARM_AWAY_MILLIS_MAX) {
                    return Err(error);
                }
                tracing::debug!(%error, "the farm is away; its blobs are waited for");
                tokio::time::sleep(Duration::from_millis(FARM_RETRY_MILLIS)).await;
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                done = work => done,
                () = cancelled(cancel) => Err(MediaError::Cancelled.into()),
            }
        })
    }
}

async fn cancelled(cancel: &Cancel) {
    while !cancel.is_cancelled() {
        tokio::time::sleep(Duration::from_millis(CANCEL_POLL_MILLIS)).await;
    }
}

impl BlobAccess for FarmBlobs {
    fn fetch(&self, digest: Digest, place: &Path, cancel: &Cancel) -> Result<(), TaskError> {
        // Between the download and the borrowing, another task may have needed the room.
        while !self.cache.borrow(digest, place)? {
            let dir = self.cache.dir();
            self.with_farm(cancel, |client| async move { download(&client, digest, dir, &mut |_, _| {}).await })?;
        }
        Ok(())
    }

    fn deliver(&self, file: &Path, cancel: &Cancel) -> Result<Digest, TaskError> {
        let digest = keep(&self.cache, file)?;
        self.with_farm(cancel, |client| async move { upload(&client, digest, file, &mut |_, _| {}).await })?;
        Ok(digest)
    }

    fn make_room(&self, needed: &BTreeSet<Digest>) -> Result<(), TaskError> {
        let freed_bytes = self.cache.make_room(needed)?;
        if freed_bytes > 0 {
            tracing::debug!(freed_bytes, "blobs were dropped from the scratch directory");
        }
        Ok(())
    }
}

/// Keeps `file` in the cache and leaves it where it is as well.
pub(super) fn keep(cache: &BlobCache, file: &Path) -> Result<Digest, TaskError> {
    let given = file.with_extension("given");
    if fs::hard_link(file, &given).is_err() {
        fs::copy(file, &given).map_err(ScratchError::io("copying to", &given))?;
    }
    Ok(cache.dir().adopt(&given)?)
}

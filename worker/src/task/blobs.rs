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
use shotfarm_proto::blobs::{BlobError, TransferError, download, upload};
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
    match cache.dir().adopt(&given) {
        // Another task is writing the same bytes: they will be there, and nobody needs them twice.
        Err(BlobError::Busy { digest }) => {
            fs::remove_file(&given).map_err(ScratchError::io("removing", &given))?;
            Ok(digest)
        }
        adopted => Ok(adopted?),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::thread;

    use shotfarm_proto::access::{Demand, SECRET_BYTES};
    use shotfarm_proto::v1;
    use shotfarm_proto::v1::blobs_server::{Blobs, BlobsServer};
    use tempfile::TempDir;
    use tokio::net::TcpListener;
    use tokio::runtime::Runtime;
    use tokio_stream::StreamExt;
    use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
    use tonic::{Request, Response, Status, Streaming};

    use super::*;

    /// Far more than any of this takes.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Has one blob, takes every other.
    #[derive(Clone, Default)]
    struct Shelf {
        blob: Vec<u8>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    #[tonic::async_trait]
    impl Blobs for Shelf {
        type DownloadStream = ReceiverStream<Result<v1::DownloadChunk, Status>>;

        async fn stat(&self, request: Request<v1::StatRequest>) -> Result<Response<v1::StatReply>, Status> {
            let blobs = request.into_inner().digests.iter().map(|_| v1::BlobState { whole: false, have_bytes: 0 }).collect();
            Ok(Response::new(v1::StatReply { blobs }))
        }

        async fn upload(&self, request: Request<Streaming<v1::UploadChunk>>) -> Result<Response<v1::UploadReply>, Status> {
            let mut chunks = request.into_inner();
            while let Some(chunk) = chunks.next().await {
                self.taken.lock().unwrap().extend(chunk?.data);
            }
            Ok(Response::new(v1::UploadReply { whole: true, have_bytes: 0 }))
        }

        async fn download(&self, request: Request<v1::DownloadRequest>) -> Result<Response<Self::DownloadStream>, Status> {
            if request.into_inner().digest != Digest::of(&self.blob).to_string() {
                return Err(Status::not_found("nothing of that name"));
            }
            let (chunks, stream) = tokio::sync::mpsc::channel(1);
            let chunk = v1::DownloadChunk { total_bytes: self.blob.len() as u64, data: self.blob.clone() };
            chunks.send(Ok(chunk)).await.map_err(|_| Status::internal("it has room for one"))?;
            Ok(Response::new(ReceiverStream::new(stream)))
        }
    }

    struct Bench {
        runtime: Runtime,
        address: std::net::SocketAddr,
        blobs: FarmBlobs,
        dir: TempDir,
    }

    fn secret() -> Secret {
        Secret::from_bytes([3; SECRET_BYTES])
    }

    /// A worker's blobs, and an address at which nobody is yet.
    fn bench() -> Bench {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let dir = tempfile::tempdir().unwrap();
        let cache = BlobCache::open(&dir.path().join("blobs"), 1 << 20).unwrap();
        let blobs = FarmBlobs::new(cache, &format!("http://{address}"), &secret(), runtime.handle().clone());
        Bench { runtime, address, blobs, dir }
    }

    impl Bench {
        fn open_farm(&self, shelf: Shelf) {
            let listener = self.runtime.block_on(TcpListener::bind(self.address)).unwrap();
            let server = tonic::transport::Server::builder()
                .add_service(BlobsServer::with_interceptor(shelf, Demand::new(secret())))
                .serve_with_incoming(TcpListenerStream::new(listener));
            self.runtime.spawn(server);
        }
    }

    #[test]
    fn a_farm_that_is_away_is_waited_for_and_what_it_gave_is_kept() {
        let bench = bench();
        let shelf = Shelf { blob: b"a source".to_vec(), ..Shelf::default() };
        let digest = Digest::of(&shelf.blob);
        let (place, again) = (bench.dir.path().join("sh0010"), bench.dir.path().join("again"));
        thread::scope(|scope| {
            let fetching = scope.spawn(|| bench.blobs.fetch(digest, &place, &Cancel::new()));
            // The first attempt is refused meanwhile; were it not, the fetch would only be quicker.
            thread::sleep(Duration::from_millis(300));
            assert!(!fetching.is_finished(), "it gave up");
            bench.open_farm(shelf.clone());
            fetching.join().unwrap().unwrap();
        });
        assert_eq!(fs::read(&place).unwrap(), b"a source");
        bench.runtime.shutdown_background();
        bench.blobs.cache.borrow(digest, &again).unwrap();
        assert_eq!(fs::read(&again).unwrap(), b"a source", "kept in the cache");
    }

    #[test]
    fn what_is_delivered_reaches_the_farm_and_stays_at_its_place() {
        let bench = bench();
        let shelf = Shelf::default();
        bench.open_farm(shelf.clone());
        let file = bench.dir.path().join("segment.mp4");
        fs::write(&file, b"frames").unwrap();
        assert_eq!(bench.blobs.deliver(&file, &Cancel::new()).unwrap(), Digest::of(b"frames"));
        assert_eq!(*shelf.taken.lock().unwrap(), b"frames");
        assert_eq!(fs::read(&file).unwrap(), b"frames");
    }

    #[test]
    fn a_blob_that_nobody_has_is_no_reason_to_wait() {
        let bench = bench();
        bench.open_farm(Shelf::default());
        let place = bench.dir.path().join("x");
        let error = bench.blobs.fetch(Digest::of(b"unknown"), &place, &Cancel::new()).unwrap_err();
        assert!(matches!(error.about_source(), TaskError::NoSource(_)));
        assert!(!place.exists());
    }

    #[test]
    fn a_cancelled_task_stops_waiting_for_its_farm() {
        let bench = bench();
        let cancel = Cancel::new();
        let place = bench.dir.path().join("x");
        let error = thread::scope(|scope| {
            let fetching = scope.spawn(|| bench.blobs.fetch(Digest::of(b"x"), &place, &cancel));
            thread::sleep(Duration::from_millis(50));
            cancel.cancel();
            let started = Instant::now();
            while !fetching.is_finished() {
                assert!(started.elapsed() < PATIENCE, "it still waits");
                thread::sleep(Duration::from_millis(1));
            }
            fetching.join().unwrap().unwrap_err()
        });
        assert!(matches!(error, TaskError::Media(MediaError::Cancelled)), "{error}");
    }
}

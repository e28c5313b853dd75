//! Moves blobs to and from a farm, resuming after broken streams, and tells apart what a person would do about a failure.
//!
//! Every try begins by asking what is there, so nothing is ever sent twice on purpose. Tries are counted only while nothing
//! moves: a long transfer over a bad line ends well, and one that waits for another transfer of the same blob does so for as
//! long as that one gets on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::{BLOB_CHUNK_BYTES, BLOB_IDLE_MILLIS_MAX, RECONNECT_WAIT_MILLIS_MAX, RECONNECT_WAIT_MILLIS_MIN};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use super::{BlobDir, BlobError, BlobState, Upload, blocking, hash_file};
use crate::client::Blobs;
use crate::v1::{DownloadChunk, DownloadRequest, StatRequest, UploadChunk};

/// Tries in a row that may move nothing. With the farm's waits between them they span about 16 seconds: a restart of the
/// coordinator. Whoever wants to wait longer calls again, and nothing is lost.
const IDLE_TRIES_MAX: u32 = 8;
/// Chunks read ahead of the network: one being sent, one ready.
const CHUNKS_AHEAD: usize = 2;

/// Hears the bytes that are there and the bytes in all.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// Why a blob could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The farm does not have the blob.
    #[error("the farm has no blob {digest}: it was never uploaded, or has been removed; hand in its source again")]
    Missing {
        /// The blob.
        digest: Digest,
    },
    /// The coordinator's disk is full.
    #[error("the farm has no space left for blob {digest}: {reason}")]
    NoSpaceThere {
        /// The blob.
        digest: Digest,
        /// The farm's words.
        reason: String,
    },
    /// Tried again and again, and nothing moved.
    #[error("the transfer of blob {digest} broke off and {IDLE_TRIES_MAX} tries moved nothing more: {reason}")]
    Unreachable {
        /// The blob.
        digest: Digest,
        /// The last failure.
        reason: String,
    },
    /// The farm does not take our secret.
    #[error("{reason}")]
    WrongSecret {
        /// The farm's words.
        reason: String,
    },
    /// The farm will not take this, however often it is tried.
    #[error("the farm refused the transfer of blob {digest}: {reason}")]
    Refused {
        /// The blob.
        digest: Digest,
        /// The farm's words.
        reason: String,
    },
    /// The bytes that arrived, all of them in one piece, are not those of the blob.
    #[error("{place} does not hold the bytes of blob {digest} any more: it was changed or damaged; hand in the original again")]
    Altered {
        /// The blob.
        digest: Digest,
        /// Where the bytes came from: a file or the farm.
        place: String,
    },
    /// The disk on this side failed, or is full.
    #[error(transparent)]
    Local(#[from] BlobError),
}

impl TransferError {
    /// True: a disk is full, here or there.
    #[must_use]
    pub fn is_no_space(&self) -> bool {
        matches!(self, Self::NoSpaceThere { .. } | Self::Local(BlobError::NoSpace { .. }))
    }
}

/// Sends the file `path`, whose digest is `digest`, to the farm. Quick when the farm has it already.
///
/// # Errors
/// See [`TransferError`]. Called again, it goes on where this one ended.
pub async fn upload(client: &Blobs, digest: Digest, path: &Path, on_progress: Progress<'_>) -> Result<(), TransferError> {
    let mut patience = Patience::new(digest);
    loop {
        match upload_once(client, digest, path, &mut patience, on_progress).await {
            Ok(()) => return Ok(()),
            Err(broken) => patience.bear(broken, || path.display().to_string()).await?,
        }
    }
}

/// Brings `digest` from the farm into `dir` and returns its file. Quick when it is there already.
///
/// # Errors
/// See [`TransferError`]. Called again, it goes on where this one ended.
pub async fn download(
    client: &Blobs,
    digest: Digest,
    dir: &BlobDir,
    on_progress: Progress<'_>,
) -> Result<PathBuf, TransferError> {
    fetch(client, digest, &Target::Dir(dir.clone()), on_progress).await
}

/// Brings `digest` from the farm into the single file `path`, which gets its name only when it is whole and checked; until
/// then it is `.DIGEST.part` beside it. A file that is there is replaced, unless it has these bytes already.
///
/// # Errors
/// See [`TransferError`]. Called again, it goes on where this one ended.
pub async fn download_file(client: &Blobs, digest: Digest, path: &Path, on_progress: Progress<'_>) -> Result<(), TransferError> {
    fetch(client, digest, &Target::File(path.to_owned()), on_progress).await.map(drop)
}

async fn fetch(client: &Blobs, digest: Digest, target: &Target, on_progress: Progress<'_>) -> Result<PathBuf, TransferError> {
    let mut patience = Patience::new(digest);
    loop {
        match download_once(client, digest, target, &mut patience, on_progress).await {
            Ok(path) => return Ok(path),
            Err(broken) => patience.bear(broken, || "the farm".to_owned()).await?,
        }
    }
}

/// How one try ended.
enum Broken {
    /// Trying again helps nobody.
    Final(TransferError),
    /// The line broke, or another transfer of the same blob is under way.
    Again(String),
    /// The bytes were not those of the blob, and were removed. `resumed`: part of them was older than this try.
    WrongBytes { resumed: bool },
}

impl From<BlobError> for Broken {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Busy { .. } | BlobError::Incomplete { .. } | BlobError::WrongOffset { .. } => {
                Self::Again(error.to_string())
            }
            error => Self::Final(TransferError::Local(error)),
        }
    }
}

impl Broken {
    fn status(digest: Digest, resumed: bool, status: &Status) -> Self {
        let reason = status.message().to_owned();
        match status.code() {
            Code::NotFound => Self::Final(TransferError::Missing { digest }),
            Code::ResourceExhausted => Self::Final(TransferError::NoSpaceThere { digest, reason }),
            Code::Unauthenticated | Code::PermissionDenied => Self::Final(TransferError::WrongSecret { reason }),
            Code::InvalidArgument | Code::Unimplemented => Self::Final(TransferError::Refused { digest, reason }),
            Code::Aborted | Code::OutOfRange => Self::WrongBytes { resumed },
            _ => Self::Again(reason),
        }
    }

    /// `local` failed to take what came.
    fn local(resumed: bool, error: BlobError) -> Self {
        match error {
            BlobError::WrongDigest { .. } | BlobError::WrongSize { .. } => Self::WrongBytes { resumed },
            error => error.into(),
        }
    }
}

/// What a transfer remembers between its tries.
struct Patience {
    digest: Digest,
    idle_tries: u32,
    furthest_bytes: u64,
    /// The next try takes nothing over from earlier ones.
    afresh: bool,
    /// There was such a try.
    was_afresh: bool,
}

impl Patience {
    fn new(digest: Digest) -> Self {
        Self { digest, idle_tries: 0, furthest_bytes: 0, afresh: false, was_afresh: false }
    }

    fn saw(&mut self, have_bytes: u64) {
        if have_bytes > self.furthest_bytes {
            self.furthest_bytes = have_bytes;
            self.idle_tries = 0;
        }
    }

    /// Waits for the next try, or says why there is none.
    async fn bear(&mut self, broken: Broken, place: impl FnOnce() -> String) -> Result<(), TransferError> {
        let digest = self.digest;
        match broken {
            Broken::Final(error) => return Err(error),
            // What an earlier transfer left may have been damaged by a power cut. Once, and from the first byte.
            Broken::WrongBytes { resumed: true } if !self.was_afresh => (self.afresh, self.was_afresh) = (true, true),
            Broken::WrongBytes { .. } => return Err(TransferError::Altered { digest, place: place() }),
            Broken::Again(reason) => {
                self.idle_tries += 1;
                if self.idle_tries >= IDLE_TRIES_MAX {
                    return Err(TransferError::Unreachable { digest, reason });
                }
                tokio::time::sleep(Duration::from_millis(wait_millis(self.idle_tries))).await;
            }
        }
        Ok(())
    }
}

/// The wait before the next try: doubles from the least to the most that limits name.
fn wait_millis(idle_tries: u32) -> u64 {
    let doublings = idle_tries.saturating_sub(1).min(16);
    (RECONNECT_WAIT_MILLIS_MIN << doublings).min(RECONNECT_WAIT_MILLIS_MAX)
}

async fn upload_once(
    client: &Blobs,
    digest: Digest,
    path: &Path,
    patience: &mut Patience,
    on_progress: Progress<'_>,
) -> Result<(), Broken> {
    let request = StatRequest { digests: vec![digest.to_string()] };
    let reply = client.clone().stat(request).await.map_err(|status| Broken::status(digest, false, &status))?;
    let Some(state) = reply.into_inner().blobs.first().copied() else {
        return Err(Broken::Again("the farm did not say what it has of the blob".to_owned()));
    };
    patience.saw(state.have_bytes);
    if state.whole {
        on_progress(state.have_bytes, state.have_bytes);
        return Ok(());
    }
    let mut file = File::open(path).await.map_err(BlobError::io("open", path))?;
    let total_bytes = file.metadata().await.map_err(BlobError::io("read the size of", path))?.len();
    let offset_bytes = if state.have_bytes > total_bytes { 0 } else { state.have_bytes };
    file.seek(std::io::SeekFrom::Start(offset_bytes)).await.map_err(BlobError::io("read", path))?;

    let (chunks, outgoing) = mpsc::channel(CHUNKS_AHEAD);
    let first = UploadChunk { digest: digest.to_string(), total_bytes, offset_bytes, data: Vec::new() };
    let mut client = client.clone();
    // The feeder ends when its file does, or when the call has: then its channel is closed.
    let (reply, fed) = tokio::join!(client.upload(ReceiverStream::new(outgoing)), feed(file, path, first, chunks, on_progress));
    fed?;
    match reply {
        Ok(reply) if reply.get_ref().whole => Ok(()),
        Ok(_) => Err(Broken::Again("the farm ended the upload early".to_owned())),
        Err(status) => Err(Broken::status(digest, offset_bytes > 0, &status)),
    }
}

/// Sends `first` and then the rest of `file`, chunk by chunk.
async fn feed(
    mut file: File,
    path: &Path,
    first: UploadChunk,
    chunks: mpsc::Sender<UploadChunk>,
    on_progress: Progress<'_>,
) -> Result<(), BlobError> {
    let (mut done_bytes, total_bytes) = (first.offset_bytes, first.total_bytes);
    let mut next = first;
    loop {
        on_progress(done_bytes, total_bytes);
        if chunks.send(next).await.is_err() {
            return Ok(());
        }
        let mut data = Vec::with_capacity(BLOB_CHUNK_BYTES);
        let mut limited = (&mut file).take(BLOB_CHUNK_BYTES as u64);
        limited.read_to_end(&mut data).await.map_err(BlobError::io("read", path))?;
        if data.is_empty() {
            return Ok(());
        }
        done_bytes += data.len() as u64;
        next = UploadChunk { data, ..UploadChunk::default() };
    }
}

async fn download_once(
    client: &Blobs,
    digest: Digest,
    target: &Target,
    patience: &mut Patience,
    on_progress: Progress<'_>,
) -> Result<PathBuf, Broken> {
    let state = target.clone().stat(digest).await?;
    let offset_bytes = match state {
        BlobState::Whole(bytes) => {
            on_progress(bytes, bytes);
            return target.path(digest).await;
        }
        BlobState::Partial(bytes) if !patience.afresh => bytes,
        BlobState::Partial(_) | BlobState::Missing => 0,
    };
    patience.saw(offset_bytes);
    let broken = |status: Status| Broken::status(digest, offset_bytes > 0, &status);
    let request = DownloadRequest { digest: digest.to_string(), offset_bytes };
    let mut chunks = client.clone().download(request).await.map_err(broken)?.into_inner();
    let mut next = next_chunk(&mut chunks).await.map_err(broken)?;
    let Some(total_bytes) = next.as_ref().map(|first| first.total_bytes) else {
        return Err(Broken::Again("the farm ended the download before its first byte".to_owned()));
    };
    let local = |error| Broken::local(offset_bytes > 0, error);
    let mut upload = target.clone().begin(digest, total_bytes, offset_bytes).await.map_err(local)?;
    patience.afresh = false;
    while let Some(chunk) = next {
        upload = blocking(move || upload.write(&chunk.data).map(|()| upload)).await.map_err(local)?;
        on_progress(upload.have_bytes(), total_bytes);
        patience.saw(upload.have_bytes());
        next = next_chunk(&mut chunks).await.map_err(broken)?;
    }
    blocking(move || upload.finish()).await.map_err(local)
}

async fn next_chunk(chunks: &mut tonic::Streaming<DownloadChunk>) -> Result<Option<DownloadChunk>, Status> {
    let limit = Duration::from_millis(BLOB_IDLE_MILLIS_MAX);
    match tokio::time::timeout(limit, chunks.message()).await {
        Ok(message) => message,
        Err(_) => Err(Status::deadline_exceeded(format!("the farm sent nothing for {} s", limit.as_secs()))),
    }
}

/// Where a download goes.
#[derive(Clone)]
enum Target {
    Dir(BlobDir),
    File(PathBuf),
}

impl Target {
    async fn stat(self, digest: Digest) -> Result<BlobState, BlobError> {
        blocking(move || match &self {
            Self::Dir(dir) => dir.stat(digest),
            Self::File(path) => match hash_file(path, &mut |_, _| {}) {
                Ok((found, bytes)) if found == digest => Ok(BlobState::Whole(bytes)),
                _ => Ok(std::fs::metadata(part_of(path, digest)).map_or(BlobState::Missing, |it| BlobState::Partial(it.len()))),
            },
        })
        .await
    }

    async fn begin(self, digest: Digest, total_bytes: u64, offset_bytes: u64) -> Result<Upload, BlobError> {
        blocking(move || match self {
            Self::Dir(dir) => dir.upload(digest, total_bytes, offset_bytes),
            Self::File(path) => Upload::to_file(part_of(&path, digest), path, digest, total_bytes, offset_bytes),
        })
        .await
    }

    async fn path(&self, digest: Digest) -> Result<PathBuf, Broken> {
        let target = self.clone();
        let found = blocking(move || match target {
            Self::Dir(dir) => dir.path(digest),
            Self::File(path) => Ok(Some(path)),
        });
        // Removed between two looks: the next try finds it missing and fetches it.
        found.await?.ok_or_else(|| Broken::Again("the blob was removed from the directory meanwhile".to_owned()))
    }
}

/// The partial file of `digest` beside the `path` it is for.
fn part_of(path: &Path, digest: Digest) -> PathBuf {
    path.with_file_name(format!(".{digest}.part"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_farms_bound() {
        let waits: Vec<u64> = (1..IDLE_TRIES_MAX).map(wait_millis).collect();
        assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(wait_millis(u32::MAX), RECONNECT_WAIT_MILLIS_MAX);
    }

    #[tokio::test]
    async fn wrong_bytes_are_tried_once_more_only_if_some_were_old() {
        let place = || "a file".to_owned();
        let mut patience = Patience::new(Digest::of(b"x"));
        assert!(patience.bear(Broken::WrongBytes { resumed: true }, place).await.is_ok());
        let again = patience.bear(Broken::WrongBytes { resumed: true }, place).await;
        assert!(matches!(again, Err(TransferError::Altered { .. })));
        let fresh = Patience::new(Digest::of(b"x")).bear(Broken::WrongBytes { resumed: false }, place).await;
        assert!(matches!(fresh, Err(TransferError::Altered { .. })));
    }
}

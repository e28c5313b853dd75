//! The server side of blob transfers, on a directory of blobs.
//!
//! Invariants: file work never runs on the async threads; a stream holds at most a few chunks in memory; a stream on which
//! nothing moves is ended, and what it brought stays for the next one.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::time::Duration;

use shotfarm_proto::blobs::{BlobDir, BlobError, BlobState, Upload, blocking};
use shotfarm_proto::convert::{InvalidMessage, parse};
use shotfarm_proto::v1;
use shotfarm_proto::v1::blobs_server::{Blobs, BlobsServer};
use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::{BLOB_CHUNK_BYTES, BLOB_IDLE_MILLIS_MAX, WIRE_MESSAGE_BYTES_MAX};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// Digests in one question: a batch's sources, well under the largest message.
pub const STAT_DIGESTS_MAX: usize = 20_000;
/// Chunks of a download that wait for the network: one being sent, one ready.
const CHUNKS_AHEAD: usize = 2;

/// The `Blobs` service on a directory.
#[derive(Debug, Clone)]
pub struct BlobService {
    dir: BlobDir,
    idle: Duration,
}

impl BlobService {
    /// Serves `dir`.
    #[must_use]
    pub fn new(dir: BlobDir) -> Self {
        Self { dir, idle: Duration::from_millis(BLOB_IDLE_MILLIS_MAX) }
    }

    /// The tonic service, with the farm's bounds on messages.
    #[must_use]
    pub fn into_server(self) -> BlobsServer<Self> {
        BlobsServer::new(self).max_decoding_message_size(WIRE_MESSAGE_BYTES_MAX).max_encoding_message_size(WIRE_MESSAGE_BYTES_MAX)
    }

    /// The next chunk of an upload, `None` at its end.
    async fn next(&self, chunks: &mut Streaming<v1::UploadChunk>) -> Result<Option<v1::UploadChunk>, Status> {
        match tokio::time::timeout(self.idle, chunks.message()).await {
            Ok(message) => message,
            Err(_) => Err(Status::deadline_exceeded(format!(
                "nothing of the upload came for {} s: send the rest in a new one",
                self.idle.as_secs()
            ))),
        }
    }
}

#[tonic::async_trait]
impl Blobs for BlobService {
    async fn stat(&self, request: Request<v1::StatRequest>) -> Result<Response<v1::StatReply>, Status> {
        let asked = request.into_inner().digests;
        if asked.len() > STAT_DIGESTS_MAX {
            let reason = format!("{} digests, at most {STAT_DIGESTS_MAX} can be asked for at once", asked.len());
            return Err(InvalidMessage::new("digests", reason).into());
        }
        let digests = asked.iter().enumerate().map(|(index, text)| parse(&format!("digests[{index}]"), text));
        let digests = digests.collect::<Result<Vec<Digest>, _>>()?;
        let dir = self.dir.clone();
        let blobs = blocking(move || digests.into_iter().map(|digest| dir.stat(digest).map(to_wire)).collect::<Result<_, _>>());
        let blobs = blobs.await.map_err(failed)?;
        Ok(Response::new(v1::StatReply { blobs }))
    }

    async fn upload(&self, request: Request<Streaming<v1::UploadChunk>>) -> Result<Response<v1::UploadReply>, Status> {
        let mut chunks = request.into_inner();
        let Some(first) = self.next(&mut chunks).await? else {
            return Err(InvalidMessage::new("digest", "the upload has no first chunk").into());
        };
        let digest: Digest = parse("digest", &first.digest)?;
        let dir = self.dir.clone();
        let mut upload = blocking(move || dir.upload(digest, first.total_bytes, first.offset_bytes)).await.map_err(failed)?;
        let mut data = first.data;
        while !upload.is_whole() {
            upload = blocking(move || write(upload, &data)).await.map_err(failed)?;
            match self.next(&mut chunks).await? {
                Some(chunk) if chunk.digest.is_empty() || chunk.digest == first.digest => data = chunk.data,
                Some(_) => return Err(InvalidMessage::new("digest", "another blob's chunk in the same upload").into()),
                None => break,
            }
        }
        let have_bytes = upload.have_bytes();
        blocking(move || upload.finish()).await.map_err(failed)?;
        Ok(Response::new(v1::UploadReply { whole: true, have_bytes }))
    }

    type DownloadStream = ReceiverStream<Result<v1::DownloadChunk, Status>>;

    async fn download(&self, request: Request<v1::DownloadRequest>) -> Result<Response<Self::DownloadStream>, Status> {
        let v1::DownloadRequest { digest, offset_bytes } = request.into_inner();
        let digest: Digest = parse("digest", &digest)?;
        let dir = self.dir.clone();
        let source = blocking(move || Source::open(&dir, digest, offset_bytes)).await?;
        let (chunks, outgoing) = mpsc::channel(CHUNKS_AHEAD);
        tokio::spawn(send_all(source, chunks, self.idle));
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }
}

fn write(mut upload: Upload, data: &[u8]) -> Result<Upload, BlobError> {
    upload.write(data)?;
    Ok(upload)
}

/// A whole blob being read.
struct Source {
    digest: Digest,
    file: File,
    total_bytes: u64,
    left_bytes: u64,
}

impl Source {
    fn open(dir: &BlobDir, digest: Digest, offset_bytes: u64) -> Result<Self, Status> {
        let missing = || Status::not_found(format!("no blob {digest} here: it was never uploaded whole, or has been removed"));
        let path = dir.path(digest).map_err(failed)?.ok_or_else(missing)?;
        let cannot = |error: std::io::Error| Status::unavailable(format!("could not read blob {digest}: {error}"));
        let mut file = File::open(&path).map_err(cannot)?;
        let total_bytes = file.metadata().map_err(cannot)?.len();
        let Some(left_bytes) = total_bytes.checked_sub(offset_bytes) else {
            return Err(Status::out_of_range(format!(
                "field `offset_bytes`: blob {digest} has {total_bytes} bytes, there are none at {offset_bytes}"
            )));
        };
        file.seek(SeekFrom::Start(offset_bytes)).map_err(cannot)?;
        Ok(Self { digest, file, total_bytes, left_bytes })
    }

    /// The next chunk; an empty one only where the blob has no byte left.
    fn read(&mut self) -> Result<v1::DownloadChunk, Status> {
        let want = self.left_bytes.min(BLOB_CHUNK_BYTES as u64);
        let mut data = vec![0; usize::try_from(want).expect("at most BLOB_CHUNK_BYTES")];
        let read = self.file.read_exact(&mut data);
        read.map_err(|error| Status::unavailable(format!("could not read blob {}: {error}", self.digest)))?;
        self.left_bytes -= want;
        Ok(v1::DownloadChunk { total_bytes: self.total_bytes, data })
    }
}

/// Sends what is left of `source`, at least one chunk, so that the size is told even of an empty rest. Ends when the receiver
/// has gone, or takes nothing for as long as `idle`.
async fn send_all(mut source: Source, chunks: mpsc::Sender<Result<v1::DownloadChunk, Status>>, idle: Duration) {
    loop {
        let (back, chunk) = blocking(move || {
            let chunk = source.read();
            (source, chunk)
        })
        .await;
        source = back;
        let last = chunk.is_err() || source.left_bytes == 0;
        match tokio::time::timeout(idle, chunks.send(chunk)).await {
            Ok(Ok(())) if !last => {}
            _ => return,
        }
    }
}

fn to_wire(state: BlobState) -> v1::BlobState {
    match state {
        BlobState::Missing => v1::BlobState { whole: false, have_bytes: 0 },
        BlobState::Partial(have_bytes) => v1::BlobState { whole: false, have_bytes },
        BlobState::Whole(have_bytes) => v1::BlobState { whole: true, have_bytes },
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn failed(error: BlobError) -> Status {
    status_of(&error)
}

/// What a client should know of `error`. The paths of this machine are no business of others: they go to the log.
fn status_of(error: &BlobError) -> Status {
    let text = error.to_string();
    match error {
        BlobError::NoSpace { .. } => {
            tracing::error!("{text}");
            Status::resource_exhausted("the coordinator's disk is full: free some space there and try again")
        }
        BlobError::Busy { .. } => Status::unavailable(text),
        BlobError::TooLarge { .. } => InvalidMessage::new("total_bytes", text).into(),
        BlobError::WrongOffset { .. } => Status::failed_precondition(format!("field `offset_bytes`: {text}")),
        BlobError::Incomplete { .. } => Status::failed_precondition(text),
        BlobError::WrongSize { .. } | BlobError::WrongDigest { .. } => Status::aborted(text),
        BlobError::Io { source, .. } => {
            tracing::error!("{text}: {source}");
            Status::unavailable("the coordinator's blob directory failed: its log says how")
        }
    }
}

#[cfg(test)]
#[path = "blobs_tests.rs"]
mod tests;

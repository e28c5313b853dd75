//! The workers' service: one stream each, read here and answered through the engine.

use std::pin::Pin;

use shotfarm_proto::blobs::{BlobDir, BlobState};
use shotfarm_proto::convert::{FromWorker, Hello};
use shotfarm_proto::v1;
use shotfarm_shared::digest::Digest;
use shotfarm_shared::ids::WorkerId;
use shotfarm_shared::work::TaskResult;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};
use tracing::info;

use super::engine_status;
use crate::core::command::{Command, Reply, Session};
use crate::engine::{Engine, LINK_MESSAGES_MAX};

/// The `Farm` service.
pub struct FarmService {
    engine: Engine,
    blobs: BlobDir,
}

impl FarmService {
    /// Serves workers with `engine`, and holds their results to what is in `blobs`.
    #[must_use]
    pub fn new(engine: Engine, blobs: BlobDir) -> Self {
        Self { engine, blobs }
    }
}

#[tonic::async_trait]
impl v1::farm_server::Farm for FarmService {
    type WorkStream = Pin<Box<dyn Stream<Item = Result<v1::ToWorker, Status>> + Send>>;

    async fn work(&self, request: Request<Streaming<v1::FromWorker>>) -> Result<Response<Self::WorkStream>, Status> {
        let mut incoming = request.into_inner();
        let hello = first_message(&mut incoming).await?;
        let (worker, name) = (hello.worker, hello.name.clone());
        let (link, messages) = mpsc::channel(LINK_MESSAGES_MAX);
        let (reply, session) = self.engine.join(hello, link).await.map_err(engine_status)?;
        if let Reply::Refused(refusal) = reply {
            return Err(Status::failed_precondition(refusal.to_string()));
        }
        info!(%worker, name, "worker joined");
        let reader = Reader { engine: self.engine.clone(), blobs: self.blobs.clone(), worker, session };
        tokio::spawn(async move {
            let end = reader.read(incoming).await;
            info!(%worker, name, reason = end.err().map(|status| status.message().to_owned()), "worker left");
        });
        let outgoing = ReceiverStream::new(messages).map(|message| Ok(v1::ToWorker::from(&message)));
        Ok(Response::new(Box::pin(outgoing)))
    }
}

async fn first_message(incoming: &mut Streaming<v1::FromWorker>) -> Result<Hello, Status> {
    let message = incoming.message().await?.ok_or_else(|| Status::invalid_argument("the stream ended before a hello"))?;
    match FromWorker::try_from(message)? {
        FromWorker::Hello(hello) => Ok(hello),
        _ => Err(Status::invalid_argument("the first message of a stream is a hello")),
    }
}

/// Reads what one worker says on one stream.
struct Reader {
    engine: Engine,
    blobs: BlobDir,
    worker: WorkerId,
    session: Session,
}

impl Reader {
    /// Feeds the engine until the stream ends, then says so.
    async fn read(&self, mut incoming: Streaming<v1::FromWorker>) -> Result<(), Status> {
        let end = loop {
            match incoming.message().await {
                Ok(Some(message)) => {
                    if let Err(status) = self.feed(message).await {
                        break Err(status);
                    }
                }
                Ok(None) => break Ok(()),
                Err(status) => break Err(status),
            }
        };
        let leave = Command::Leave { worker: self.worker, session: self.session };
        self.engine.run(leave).await.map_err(engine_status)?;
        end
    }

    async fn feed(&self, message: v1::FromWorker) -> Result<(), Status> {
        let worker = self.worker;
        let command = match FromWorker::try_from(message)? {
            FromWorker::Hello(_) => return Err(Status::invalid_argument("a stream has one hello, its first message")),
            FromWorker::Beat { leases, free_slots, draining } => Command::Beat { worker, leases, free_slots, draining },
            FromWorker::Done(lease, result) => {
                let blob_is_stored = self.is_stored(&result)?;
                Command::Done { worker, lease, result, blob_is_stored }
            }
            FromWorker::Failed(lease, failure) => Command::Fail { worker, lease, failure },
        };
        self.engine.run(command).await.map(drop).map_err(engine_status)
    }

    /// Whether the blobs that a result names are here, whole; true for results without any.
    fn is_stored(&self, result: &TaskResult) -> Result<bool, Status> {
        let whole = |digest: Digest, bytes: u64| match self.blobs.stat(digest) {
            Ok(state) => Ok(state == BlobState::Whole(bytes)),
            Err(error) => Err(Status::internal(error.to_string())),
        };
        for (digest, bytes) in result.blobs() {
            if !whole(digest, bytes)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

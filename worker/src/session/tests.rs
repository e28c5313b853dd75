//! Sessions against a coordinator of a few lines that says what each test wants said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use shotfarm_proto::access::{Demand, SECRET_BYTES};
use shotfarm_proto::v1;
use shotfarm_proto::v1::blobs_server::{Blobs, BlobsServer};
use shotfarm_proto::v1::farm_server::{Farm, FarmServer};
use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::ids::{Attempt, JobId, TaskId, WorkerId};
use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
use shotfarm_shared::work::{Assignment, Work};
use tempfile::TempDir;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::*;
use crate::agent::Identity;
use crate::gpu::{Gpu, GpuChoice};
use crate::media::{Cancel, MediaError, Tools};
use crate::scratch::Scratch;
use crate::task::{BlobAccess, Devices, TaskError};

/// Far more than any of this takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// One worker's stream, seen from the coordinator.
struct Stream {
    said: Streaming<v1::FromWorker>,
    say: mpsc::Sender<Result<v1::ToWorker, Status>>,
}

impl Stream {
    async fn say(&self, message: ToWorker) {
        self.say.send(Ok((&message).into())).await.expect("the worker listens");
    }

    /// The next message that is wanted; others are passed over.
    async fn hear<T>(&mut self, wanted: impl Fn(FromWorker) -> Option<T>) -> T {
        let heard = async {
            loop {
                let message = self.said.message().await.expect("a whole stream").expect("the worker has more to say");
                if let Some(wanted) = wanted(message.try_into().expect("a message that can be read")) {
                    return wanted;
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.expect("the worker says it in time")
    }

    async fn hear_failed(&mut self) -> (LeaseId, FailureClass) {
        self.hear(|message| match message {
            FromWorker::Failed(lease, failure) => Some((lease, failure.class)),
            _ => None,
        })
        .await
    }
}

struct FarmStub {
    streams: mpsc::Sender<Stream>,
    refusal: Option<Status>,
}

#[tonic::async_trait]
impl Farm for FarmStub {
    type WorkStream = ReceiverStream<Result<v1::ToWorker, Status>>;

    async fn work(&self, request: Request<Streaming<v1::FromWorker>>) -> Result<Response<Self::WorkStream>, Status> {
        if let Some(status) = &self.refusal {
            return Err(status.clone());
        }
        let (say, answer) = mpsc::channel(16);
        self.streams
            .send(Stream { said: request.into_inner(), say })
            .await
            .map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(ReceiverStream::new(answer)))
    }
}

/// Answers the question with which a connection begins.
struct BlobsStub;

#[tonic::async_trait]
impl Blobs for BlobsStub {
    type DownloadStream = ReceiverStream<Result<v1::DownloadChunk, Status>>;

    async fn stat(&self, _: Request<v1::StatRequest>) -> Result<Response<v1::StatReply>, Status> {
        Ok(Response::new(v1::StatReply::default()))
    }

    async fn upload(&self, _: Request<Streaming<v1::UploadChunk>>) -> Result<Response<v1::UploadReply>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn download(&self, _: Request<v1::DownloadRequest>) -> Result<Response<Self::DownloadStream>, Status> {
        Err(Status::not_found("nothing is here"))
    }
}

fn secret(byte: u8) -> Secret {
    Secret::from_bytes([byte; SECRET_BYTES])
}

/// A coordinator at an address, and the streams that workers open to it.
async fn farm(refusal: Option<Status>) -> (String, mpsc::Receiver<Stream>) {
    let (streams, opened) = mpsc::channel(16);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let door = || Demand::new(secret(1));
    let server = Server::builder()
        .add_service(FarmServer::with_interceptor(FarmStub { streams, refusal }, door()))
        .add_service(BlobsServer::with_interceptor(BlobsStub, door()))
        .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener));
    tokio::spawn(server);
    (url, opened)
}

async fn next(opened: &mut mpsc::Receiver<Stream>) -> (Stream, shotfarm_proto::convert::Hello) {
    let opening = tokio::time::timeout(PATIENCE, opened.recv()).await;
    let mut stream = opening.expect("the worker comes in time").expect("the stub lives");
    let hello = stream.hear(|message| if let FromWorker::Hello(hello) = message { Some(hello) } else { None }).await;
    stream.say(ToWorker::Welcome { farm: "stub".into() }).await;
    (stream, hello)
}

/// Gives a text for every blob, or nothing until the task is cancelled.
struct TextBlobs {
    hangs: bool,
}

impl BlobAccess for TextBlobs {
    fn fetch(&self, _: Digest, place: &Path, cancel: &Cancel) -> Result<(), TaskError> {
        while self.hangs && !cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        cancel.check()?;
        std::fs::write(place, "no video").map_err(|_| MediaError::Cancelled.into())
    }

    fn deliver(&self, _: &Path, _: &Cancel) -> Result<Digest, TaskError> {
        Err(MediaError::Cancelled.into())
    }

    fn make_room(&self, _: &BTreeSet<Digest>) -> Result<(), TaskError> {
        Ok(())
    }
}

struct Worker {
    session: Session,
    ask: mpsc::Sender<Ask>,
    asks: mpsc::Receiver<Ask>,
    outbox: std::path::PathBuf,
    _dir: TempDir,
}

fn worker(url: &str, key: u8, patience_millis: u64, hangs: bool) -> Worker {
    let dir = tempfile::tempdir().unwrap();
    let scratch = Scratch::open(dir.path()).unwrap();
    let (outbox, _) = Outbox::open(&scratch.outbox()).unwrap();
    let gpu = Gpu::open(GpuChoice::Software).expect("a software Vulkan device; install `mesa-vulkan-drivers`");
    let context = Context {
        tools: Tools::find().expect("ffmpeg"),
        devices: Devices::new(GpuChoice::Software, gpu),
        blobs: Box::new(TextBlobs { hangs }),
        work: scratch.work(),
    };
    let identity =
        Identity { worker: WorkerId(Uuid::from_u128(77)), name: "w".into(), device: "llvmpipe".into(), software: true, slots: 1 };
    let agent = Agent::new(identity, BTreeMap::new(), 5, patience_millis, 0);
    let session = Session::new(agent, outbox, Arc::new(context), url, &secret(key));
    let (ask, asks) = mpsc::channel(2);
    Worker { session, ask, asks, outbox: scratch.outbox(), _dir: dir }
}

fn probe() -> (LeaseId, ToWorker) {
    let lease = LeaseId { task: TaskId { job: JobId(Uuid::from_u128(6)), number: 2 }, attempt: Attempt(31) };
    let grant = Assignment {
        lease,
        label: "nine5/ep01/sh0010".parse().expect("a label"),
        source: Digest::of(b"text"),
        recipe: Recipe { steps: read_steps("upscale 2x").expect("a step"), profile: Profile::Review },
        work: Work::Probe,
    };
    (lease, ToWorker::Grant(Box::new(grant)))
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

#[tokio::test]
async fn a_failure_is_told_again_on_a_new_stream_until_it_is_settled_and_then_the_worker_drains() {
    let (url, mut opened) = farm(None).await;
    let worker = worker(&url, 1, 10_000, false);
    let (outbox, ask) = (worker.outbox.clone(), worker.ask.clone());
    let running = tokio::spawn(worker.session.run(worker.asks));
    let (mut stream, hello) = next(&mut opened).await;
    assert_eq!((hello.worker, hello.slots, hello.leases.len()), (WorkerId(Uuid::from_u128(77)), 1, 0));
    let (lease, grant) = probe();
    stream.say(grant).await;
    assert_eq!(stream.hear_failed().await, (lease, FailureClass::Job));
    assert_eq!(std::fs::read_dir(&outbox).unwrap().count(), 1, "written before it was said");
    drop(stream);
    let (mut stream, hello) = next(&mut opened).await;
    assert_eq!(hello.leases.iter().map(|progress| progress.lease).collect::<Vec<_>>(), [lease]);
    assert_eq!(stream.hear_failed().await, (lease, FailureClass::Job));
    ask.send(Ask::Drain).await.unwrap();
    stream.hear(|message| matches!(message, FromWorker::Beat { draining: true, free_slots: 0, .. }).then_some(())).await;
    stream.say(ToWorker::Settled(lease)).await;
    let goodbye = async { while let Ok(Some(_)) = stream.said.message().await {} };
    in_time(goodbye).await;
    drop(stream);
    assert_eq!(in_time(running).await.unwrap(), Exit::Drained);
    assert_eq!(std::fs::read_dir(&outbox).unwrap().count(), 0);
}

#[tokio::test]
async fn a_stop_ends_a_running_task_and_the_worker() {
    let (url, mut opened) = farm(None).await;
    let worker = worker(&url, 1, 10_000, true);
    let ask = worker.ask.clone();
    let running = tokio::spawn(worker.session.run(worker.asks));
    let (mut stream, _) = next(&mut opened).await;
    let (lease, grant) = probe();
    stream.say(grant).await;
    // The hanging task is named by the regular beat.
    let named = |message| match message {
        FromWorker::Beat { leases, .. } => leases.iter().any(|progress| progress.lease == lease).then_some(()),
        _ => None,
    };
    stream.hear(named).await;
    ask.send(Ask::Stop).await.unwrap();
    drop(stream.say);
    assert_eq!(in_time(running).await.unwrap(), Exit::Stopped);
}

#[tokio::test]
async fn who_is_refused_leaves_with_the_farms_own_words() {
    let (url, _opened) = farm(Some(Status::failed_precondition("this farm speaks protocol 2: update the worker"))).await;
    let newcomer = worker(&url, 1, 600_000, false);
    let exit = in_time(newcomer.session.run(newcomer.asks)).await;
    let words = format!("the farm at {url} refused this worker: this farm speaks protocol 2: update the worker");
    assert_eq!(exit, Exit::Refused(words));
    let stranger = worker(&url, 2, 600_000, false);
    let exit = in_time(stranger.session.run(stranger.asks)).await;
    assert!(matches!(&exit, Exit::Refused(words) if words.contains("--secret-file")), "{exit:?}");
    let lost = worker("farm:7070", 1, 600_000, false);
    let exit = in_time(lost.session.run(lost.asks)).await;
    assert!(matches!(&exit, Exit::Refused(words) if words.contains("no farm address")), "{exit:?}");
}

#[tokio::test]
async fn where_no_farm_is_patience_ends_with_a_sentence() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let worker = worker(&url, 1, 300, false);
    let exit = in_time(worker.session.run(worker.asks)).await;
    assert!(matches!(&exit, Exit::NoFarm(words) if words.starts_with(&format!("no farm answers at {url}"))), "{exit:?}");
}

#[tokio::test]
async fn a_whole_worker_joins_and_drains() {
    let (url, mut opened) = farm(None).await;
    let dir = tempfile::tempdir().unwrap();
    let (ask, asks) = mpsc::channel(2);
    let config = crate::Config {
        farm_url: url,
        secret: secret(1),
        gpu: GpuChoice::Software,
        scratch: dir.path().join("scratch"),
        name: "render-1".into(),
        slots: 1,
        patience: crate::PATIENCE_DEFAULT,
        gpu_memory_bytes: None,
        scratch_limit_bytes: crate::SCRATCH_LIMIT_BYTES_DEFAULT,
    };
    let running = tokio::spawn(crate::run_until_asked(config, asks));
    let (stream, hello) = next(&mut opened).await;
    assert_eq!((hello.name.as_str(), hello.software), ("render-1", true));
    ask.send(Ask::Drain).await.unwrap();
    drop(stream.say);
    in_time(running).await.unwrap().unwrap();
}

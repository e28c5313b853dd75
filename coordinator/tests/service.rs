//! A coordinator in this process, spoken to over real gRPC by a client and by a worker that only pretends to render.

use std::net::SocketAddr;
use std::path::Path;

use shotfarm_coordinator::{Config, CoordinatorError, Listening, run, secret};
use shotfarm_proto::access::Secret;
use shotfarm_proto::blobs::upload;
use shotfarm_proto::client::{ConnectError, Connection};
use shotfarm_proto::convert::{FromWorker, Hello, ToWorker};
use shotfarm_proto::v1;
use shotfarm_shared::digest::Digest;
use shotfarm_shared::ids::WorkerId;
use shotfarm_shared::media::{Colour, ColourTags, Extent, FrameLayout, MediaFacts, PixelFormat};
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::work::{Assignment, Extra, FindingsReceipt, Output, Planned, TaskResult, Work};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use uuid::Uuid;

struct Server {
    url: String,
    secret: Secret,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), CoordinatorError>>,
}

impl Server {
    async fn start(dir: &Path) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (ready, listening) = oneshot::channel();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = Config { dir: dir.to_owned(), listen, insecure: false };
        let task = tokio::spawn(run(config, async { drop(stopped.await) }, |listening| drop(ready.send(listening))));
        let Listening { url, secret_file } = listening.await.expect("the coordinator says that it listens");
        Self { url, secret: secret::read(&secret_file).expect("the secret is there"), stop, task }
    }

    async fn connect(&self) -> Connection {
        Connection::connect(&self.url, &self.secret).await.expect("it listens")
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.expect("no panic").expect("it ends well");
    }
}

fn shot(source: Digest) -> v1::Shot {
    v1::Shot {
        show: "nine5".into(),
        episode: "ep01".into(),
        shot: "sh0010".into(),
        source: source.to_string(),
        source_name: "clip.mp4".into(),
        recipe: Some(v1::Recipe { steps: "upscale 2x filter=lanczos".into(), profile: "phone-h264".into() }),
        output: "sh0010.mp4".into(),
    }
}

fn request(source: Digest) -> v1::SubmitRequest {
    v1::SubmitRequest { token: "token".into(), name: "ep01.csv".into(), shots: vec![shot(source)] }
}

async fn put(connection: &Connection, dir: &Path, bytes: &[u8]) -> Digest {
    let path = dir.join(Digest::of(bytes).short());
    std::fs::write(&path, bytes).expect("a file can be written");
    upload(&connection.blobs(), Digest::of(bytes), &path, &mut |_, _| {}).await.expect("it is taken");
    Digest::of(bytes)
}

/// Answers like a worker would, with blobs that hold no pictures.
async fn answer(connection: &Connection, dir: &Path, assignment: &Assignment) -> TaskResult {
    let extent = Extent::new(64, 36);
    let facts = MediaFacts {
        container: "mov".into(),
        codec: "h264".into(),
        layout: FrameLayout {
            extent,
            format: PixelFormat::Yuv420p,
            colour: Colour::from_tags(ColourTags::default(), extent).expect("untagged is known"),
        },
        pixel_aspect: (1, 1),
        rate: "24".parse().expect("a rate"),
        frames: 100,
        start_micros: 0,
        audio: Vec::new(),
    };
    match &assignment.work {
        Work::Probe => TaskResult::Facts(facts),
        Work::Analyse { range, .. } => {
            let bytes = format!("findings {range}").into_bytes();
            let digest = put(connection, dir, &bytes).await;
            TaskResult::Findings(FindingsReceipt { range: *range, bytes: bytes.len() as u64, digest })
        }
        Work::Plan { .. } => {
            let track = put(connection, dir, b"track").await;
            let extras = vec![Extra { suffix: ".track.json".to_owned(), bytes: 5, digest: track }];
            TaskResult::Plan(Planned { frames: 100, track, told: vec!["frames 0..100 steady".to_owned()], extras })
        }
        Work::Render { range, .. } => {
            let bytes = format!("segment {range}").into_bytes();
            TaskResult::Segment(Receipt {
                range: *range,
                frames: range.len(),
                bytes: bytes.len() as u64,
                digest: put(connection, dir, &bytes).await,
                frames_digest: Digest::of(b"frames"),
                recipe: assignment.recipe.digest(),
                work_millis: 100,
                fidelity: None,
            })
        }
        Work::Assemble { .. } => TaskResult::Output(Output {
            frames: 100,
            seconds: 100.0 / 24.0,
            extent: Extent::new(128, 72),
            bytes: 6,
            digest: put(connection, dir, b"output").await,
            audio_streams: 0,
        }),
    }
}

/// Joins and does `tasks` tasks, then goes.
async fn work(connection: &Connection, dir: &Path, tasks: usize) {
    let (say, said) = mpsc::channel::<v1::FromWorker>(16);
    let hello = Hello {
        worker: WorkerId(Uuid::new_v4()),
        name: "pretender".into(),
        protocol: shotfarm_proto::version::PROTOCOL,
        engine: shotfarm_shared::recipe::ENGINE_VERSION,
        device: "none".into(),
        software: true,
        slots: 1,
        leases: Vec::new(),
    };
    let beat = FromWorker::Beat { leases: Vec::new(), free_slots: 1, draining: false };
    say.send((&FromWorker::Hello(hello)).into()).await.expect("the stream is open");
    let mut heard = connection.farm().work(ReceiverStream::new(said)).await.expect("it may join").into_inner();
    say.send((&beat).into()).await.expect("the stream is open");
    let (mut answered, mut settled) = (0, 0);
    while settled < tasks {
        let message = heard.message().await.expect("the stream holds").expect("the stream goes on");
        match ToWorker::try_from(message).expect("a message that can be read") {
            ToWorker::Grant(assignment) => {
                let result = answer(connection, dir, &assignment).await;
                say.send((&FromWorker::Done(assignment.lease, result)).into()).await.expect("the stream is open");
                answered += 1;
                if answered < tasks {
                    say.send((&beat).into()).await.expect("the stream is open");
                }
            }
            ToWorker::Settled(_) => settled += 1,
            ToWorker::Welcome { .. } | ToWorker::Stop(..) | ToWorker::Drain => {}
        }
    }
}

async fn job_states(connection: &Connection) -> Vec<String> {
    let reply = connection.studio().status(v1::StatusRequest::default()).await.expect("it answers").into_inner();
    reply.jobs.into_iter().map(|job| job.state).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_survives_a_restart_in_the_middle() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let farm = dir.path().join("farm");
    let server = Server::start(&farm).await;
    let connection = server.connect().await;
    let source = put(&connection, dir.path(), b"clip").await;
    connection.studio().submit(request(source)).await.expect("it is taken");
    work(&connection, dir.path(), 2).await; // the probe and the first of two renders
    assert_eq!(job_states(&connection).await, ["running"]);
    server.stop().await;

    let server = Server::start(&farm).await;
    let connection = server.connect().await;
    let again = connection.studio().submit(request(source)).await.expect("it is known").into_inner();
    assert!(again.known);
    work(&connection, dir.path(), 2).await; // only what was left: the second render and the assembly
    assert_eq!(job_states(&connection).await, ["succeeded"]);
    let detail = connection.studio().show_job(v1::ShowJobRequest { job: "nine5/ep01/sh0010".into() }).await.expect("it is there");
    let detail = detail.into_inner();
    assert_eq!(detail.tasks.iter().map(|task| task.attempts).collect::<Vec<_>>(), [1, 1, 1, 1], "nothing was done twice");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_its_source_is_refused_by_name_and_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(dir.path()).await;
    let connection = server.connect().await;
    let refusal = connection.studio().submit(request(Digest::of(b"nowhere"))).await.expect_err("no source");
    assert_eq!(refusal.code(), Code::FailedPrecondition);
    assert_eq!(refusal.message(), "not uploaded yet: clip.mp4 (nine5/ep01/sh0010)");
    assert!(job_states(&connection).await.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shot_that_is_framed_anew_is_looked_at_planned_and_shown() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(dir.path()).await;
    let connection = server.connect().await;
    let mut request = request(put(&connection, dir.path(), b"clip").await);
    let track = Digest::of(b"keys");
    let steps = format!("reframe 128x72 filter=lanczos track={track}");
    request.shots[0].recipe = Some(v1::Recipe { steps, profile: "phone-h264".into() });
    let refusal = connection.studio().submit(request.clone()).await.expect_err("no track");
    assert_eq!(refusal.message(), "not uploaded yet: its track (nine5/ep01/sh0010)");
    put(&connection, dir.path(), b"keys").await;
    connection.studio().submit(request).await.expect("it is taken");
    work(&connection, dir.path(), 4).await; // probe, analysis, plan and the first render
    let reply = connection.studio().status(v1::StatusRequest::default()).await.expect("it answers").into_inner();
    let planned = reply.jobs[0].planned.clone().expect("it is shown before the shot is done");
    assert_eq!((planned.told.as_slice(), planned.extras.len()), (["frames 0..100 steady".to_owned()].as_slice(), 1));
    work(&connection, dir.path(), 2).await;
    assert_eq!(job_states(&connection).await, ["succeeded"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_is_closed_to_strangers_and_the_directory_to_a_second_coordinator() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(dir.path()).await;
    let stranger = Connection::connect(&server.url, &Secret::from_bytes([7; 32])).await;
    assert!(matches!(stranger, Err(ConnectError::WrongSecret { .. })));

    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let second = Config { dir: dir.path().to_owned(), listen, insecure: false };
    let error = run(second, async {}, |_| {}).await.expect_err("the directory is taken");
    assert!(error.to_string().starts_with("another coordinator is running on"), "{error}");
    server.stop().await;

    let open = Config { dir: dir.path().join("other"), listen: SocketAddr::from(([0, 0, 0, 0], 0)), insecure: false };
    let error = run(open, async {}, |_| {}).await.expect_err("open to the network");
    assert!(error.to_string().contains("add --insecure"), "{error}");
    assert!(!dir.path().join("other").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_see_changes_as_they_come() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(dir.path()).await;
    let connection = server.connect().await;
    let mut watch = connection.studio().watch(v1::StatusRequest::default()).await.expect("it answers").into_inner();
    let first = watch.message().await.expect("the stream holds").expect("the state now");
    assert!(first.jobs.is_empty());
    let source = put(&connection, dir.path(), b"clip").await;
    connection.studio().submit(request(source)).await.expect("it is taken");
    loop {
        let state = watch.message().await.expect("the stream holds").expect("the stream goes on");
        if state.jobs.len() == 1 {
            break;
        }
    }
    server.stop().await;
}

fn model(file: Digest, bytes: u64) -> v1::Model {
    v1::Model {
        name: "compact".into(),
        files: Some(v1::ModelFiles { files: Some(v1::model_files::Files::Onnx(file.to_string())) }),
        bytes,
        licence: "BSD-3-Clause".into(),
        source: "made for a test".into(),
        facts: Some(v1::ModelFacts {
            upscaling: Some(v1::Upscaling { factor: 2, channels: 3, radius_pixels: Some(8) }),
            inputs: vec!["input: 1x3xHxW".into()],
            ..v1::ModelFacts::default()
        }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_added_listed_needed_and_removed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let farm = dir.path().join("farm");
    let server = Server::start(&farm).await;
    let connection = server.connect().await;
    let add = |model| v1::AddModelRequest { model: Some(model), replace: false };
    let refusal = connection.studio().add_model(add(model(Digest::of(b"nowhere"), 3))).await.expect_err("no file");
    assert_eq!(refusal.code(), Code::FailedPrecondition);
    assert!(refusal.message().ends_with("of model compact is not uploaded yet"), "{}", refusal.message());
    let net = put(&connection, dir.path(), b"net").await;
    let refusal = connection.studio().add_model(add(model(net, 4))).await.expect_err("another size");
    assert_eq!(refusal.message(), "field `model.bytes`: 4 is said and its files have 3");
    let mut nobodys = model(net, 3);
    nobodys.licence.clear();
    let refusal = connection.studio().add_model(add(nobodys)).await.expect_err("no licence");
    assert_eq!((refusal.code(), &refusal.message()[..13]), (Code::InvalidArgument, "field `model."));

    let added = connection.studio().add_model(add(model(net, 3))).await.expect("it is taken").into_inner();
    assert!(!added.known && added.version.is_some_and(|version| version.number == 1 && version.digest == net.to_string()));
    assert!(connection.studio().add_model(add(model(net, 3))).await.expect("no change").into_inner().known);
    let other = put(&connection, dir.path(), b"other").await;
    let refusal = connection.studio().add_model(add(model(other, 5))).await.expect_err("the name is taken");
    assert_eq!(refusal.code(), Code::AlreadyExists);

    let source = put(&connection, dir.path(), b"clip").await;
    let mut request = request(source);
    let recipe = |steps: &str| Some(v1::Recipe { steps: steps.into(), profile: "phone-h264".into() });
    request.shots[0].recipe = recipe("upscale 2x model=gone");
    let refusal = connection.studio().submit(request.clone()).await.expect_err("no such network");
    assert_eq!(refusal.message(), "shot nine5/ep01/sh0010: the farm has no model `gone`; it has compact");
    request.shots[0].recipe = recipe("upscale 2x model=compact");
    connection.studio().submit(request).await.expect("it is taken");
    server.stop().await;

    let server = Server::start(&farm).await;
    let connection = server.connect().await;
    let listed = connection.studio().list_models(v1::ListModelsRequest {}).await.expect("it answers").into_inner();
    let facts = listed.versions[0].model.clone().and_then(|model| model.facts).expect("facts");
    assert!(listed.versions.len() == 1 && facts.inputs.is_empty() && facts.upscaling.is_some());
    let wanted = v1::ShowModelRequest { model: format!("compact@{net}") };
    let detail = connection.studio().show_model(wanted).await.expect("it is there").into_inner();
    assert_eq!((detail.versions, detail.jobs), (1, vec!["nine5/ep01/sh0010".to_owned()]));
    assert_eq!(detail.version.and_then(|version| version.model?.facts).expect("facts").inputs, ["input: 1x3xHxW"]);

    let remove = || v1::RemoveModelRequest { name: "compact".into() };
    let refusal = connection.studio().remove_model(remove()).await.expect_err("it is needed");
    assert!(refusal.message().starts_with("model `compact` is needed by jobs that have not ended: nine5/ep01/sh0010"));
    connection.studio().cancel(v1::Selection { text: "nine5".into() }).await.expect("cancelled");
    assert_eq!(connection.studio().remove_model(remove()).await.expect("removed").into_inner().labels, ["compact"]);
    let gone = connection.studio().show_model(v1::ShowModelRequest { model: "compact".into() }).await.expect_err("gone");
    assert_eq!(gone.code(), Code::NotFound);
    server.stop().await;
}

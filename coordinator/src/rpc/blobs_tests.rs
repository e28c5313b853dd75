//! Blob transfers through a real server on a loopback port.

use std::net::SocketAddr;
use std::path::PathBuf;

use proptest::prelude::*;
use shotfarm_proto::access::{Demand, SECRET_BYTES, Secret};
use shotfarm_proto::blobs::{TransferError, download, download_file, hash_file, upload};
use shotfarm_proto::client::{ConnectError, Connection};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::service::interceptor::InterceptedService;

use super::*;

struct Farm {
    root: tempfile::TempDir,
    dir: BlobDir,
    address: SocketAddr,
    connection: Connection,
}

fn secret(byte: u8) -> Secret {
    Secret::from_bytes([byte; SECRET_BYTES])
}

async fn farm() -> Farm {
    farm_with(|_| {}).await
}

async fn farm_with(adapt: impl FnOnce(&mut BlobService)) -> Farm {
    let root = tempfile::tempdir().unwrap();
    let dir = BlobDir::open(root.path().join("farm")).unwrap();
    let mut service = BlobService::new(dir.clone());
    adapt(&mut service);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = InterceptedService::new(service.into_server(), Demand::new(secret(1)));
    let incoming = TcpListenerStream::new(listener);
    tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
    let connection = Connection::connect(&format!("http://{address}"), &secret(1)).await.unwrap();
    Farm { root, dir, address, connection }
}

impl Farm {
    /// A file of `count` bytes that no two positions of a chunk share, and its digest.
    fn file(&self, count: usize) -> (PathBuf, Digest) {
        let path = self.root.path().join(format!("source-{count}"));
        let bytes: Vec<u8> = (0..count).map(|index| (index / 251 + index * 7) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        (path, Digest::of(&bytes))
    }

    /// Sends these chunks of `digest` by hand.
    async fn send(&self, first: v1::UploadChunk, rest: &[&[u8]]) -> Result<v1::UploadReply, Status> {
        let more = rest.iter().map(|data| v1::UploadChunk { data: data.to_vec(), ..Default::default() });
        let chunks: Vec<_> = std::iter::once(first).chain(more).collect();
        self.connection.blobs().upload(tokio_stream::iter(chunks)).await.map(Response::into_inner)
    }
}

fn first(digest: Digest, total_bytes: u64, offset_bytes: u64, data: &[u8]) -> v1::UploadChunk {
    v1::UploadChunk { digest: digest.to_string(), total_bytes, offset_bytes, data: data.to_vec() }
}

/// Waits until `there` holds; the bound only ends a test that would hang.
async fn until(what: &str, mut there: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if there() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}

#[tokio::test]
async fn up_and_down_again_at_every_size() {
    let farm = farm().await;
    let scratch = BlobDir::open(farm.root.path().join("worker")).unwrap();
    let client = farm.connection.blobs();
    for count in [0, 1, BLOB_CHUNK_BYTES, 3 * BLOB_CHUNK_BYTES + 17] {
        let (path, digest) = farm.file(count);
        let mut up = Vec::new();
        upload(&farm.connection.blobs(), digest, &path, &mut |done, total| up.push((done, total))).await.unwrap();
        assert_eq!(up.last(), Some(&(count as u64, count as u64)), "{count}");
        assert_eq!(farm.dir.stat(digest).unwrap(), BlobState::Whole(count as u64));

        let mut down = Vec::new();
        let copy = download(&client, digest, &scratch, &mut |done, total| down.push((done, total))).await.unwrap();
        assert_eq!(hash_file(&copy, &mut |_, _| {}).unwrap(), (digest, count as u64));
        assert_eq!(down.last(), Some(&(count as u64, count as u64)), "{count}");

        let target = farm.root.path().join(format!("output-{count}"));
        for _ in 0..2 {
            download_file(&farm.connection.blobs(), digest, &target, &mut |_, _| {}).await.unwrap();
            assert_eq!(std::fs::read(&target).unwrap(), std::fs::read(&path).unwrap());
        }
    }
    assert!(
        std::fs::read_dir(farm.root.path()).unwrap().all(|entry| !entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .ends_with(".part"))
    );
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_it_ended() {
    let farm = farm().await;
    let (path, digest) = farm.file(2 * BLOB_CHUNK_BYTES);
    let bytes = std::fs::read(&path).unwrap();
    let (total, half) = (bytes.len() as u64, BLOB_CHUNK_BYTES);

    let (chunks, outgoing) = mpsc::channel(1);
    let mut client = farm.connection.blobs();
    let call = tokio::spawn(async move { client.upload(ReceiverStream::new(outgoing)).await });
    chunks.send(first(digest, total, 0, &bytes[..half])).await.unwrap();
    until("half the blob is there", || farm.dir.stat(digest).unwrap() == BlobState::Partial(half as u64)).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());

    let mut heard = Vec::new();
    upload(&farm.connection.blobs(), digest, &path, &mut |done, total| heard.push((done, total))).await.unwrap();
    assert_eq!(heard.first(), Some(&(half as u64, total)), "nothing is sent twice");
    assert_eq!(farm.dir.stat(digest).unwrap(), BlobState::Whole(total));
}

#[tokio::test]
async fn a_broken_download_goes_on_and_a_damaged_one_starts_again() {
    let farm = farm().await;
    let (path, digest) = farm.file(BLOB_CHUNK_BYTES + 100);
    let bytes = std::fs::read(&path).unwrap();
    let total = bytes.len() as u64;
    upload(&farm.connection.blobs(), digest, &path, &mut |_, _| {}).await.unwrap();
    for (what, left_over, tries) in [("good", &bytes[..70], 1), ("damaged", &[9; 70][..], 2)] {
        let scratch = BlobDir::open(farm.root.path().join(what)).unwrap();
        scratch.upload(digest, total, 0).unwrap().write(left_over).unwrap();
        let mut heard = Vec::new();
        let copy = download(&farm.connection.blobs(), digest, &scratch, &mut |done, _| heard.push(done)).await.unwrap();
        assert_eq!(std::fs::read(copy).unwrap(), bytes, "{what}");
        assert_eq!(heard[0], 70 + BLOB_CHUNK_BYTES as u64, "{what}: it begins after what is there");
        assert_eq!(heard.iter().filter(|&&done| done == total).count(), tries, "{what}: {heard:?}");
    }
    // More than there is of it: also left over from something else.
    let scratch = BlobDir::open(farm.root.path().join("long")).unwrap();
    scratch.upload(digest, total + 9, 0).unwrap().write(&vec![1; bytes.len() + 9]).unwrap();
    let copy = download(&farm.connection.blobs(), digest, &scratch, &mut |_, _| {}).await.unwrap();
    assert_eq!(std::fs::read(copy).unwrap(), bytes);
}

#[tokio::test]
async fn wrong_bytes_are_refused_and_leave_nothing() {
    let farm = farm().await;
    let digest = Digest::of(b"right");
    let status = farm.send(first(digest, 5, 0, b"wr"), &[b"ong"]).await.unwrap_err();
    assert_eq!(status.code(), Code::Aborted, "{status:?}");
    assert_eq!(farm.dir.stat(digest).unwrap(), BlobState::Missing);

    let (path, _) = farm.file(10);
    let error = upload(&farm.connection.blobs(), digest, &path, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, TransferError::Altered { .. }), "{error}");
    assert_eq!(farm.dir.stat(digest).unwrap(), BlobState::Missing);
}

#[tokio::test]
async fn a_damaged_rest_on_the_farm_is_replaced() {
    let farm = farm().await;
    let (path, digest) = farm.file(1_000);
    farm.dir.upload(digest, 1_000, 0).unwrap().write(&[9; 10]).unwrap();
    upload(&farm.connection.blobs(), digest, &path, &mut |_, _| {}).await.unwrap();
    assert_eq!(farm.dir.stat(digest).unwrap(), BlobState::Whole(1_000));
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_named() {
    let farm = farm().await;
    let digest = Digest::of(b"abc");
    let code_and_words = |status: Status| (status.code(), status.message().to_owned());

    let (code, words) = code_and_words(farm.send(first(digest, u64::MAX, 0, b""), &[]).await.unwrap_err());
    assert!(code == Code::InvalidArgument && words.contains("total_bytes"), "{code:?} {words}");
    let (code, words) = code_and_words(farm.send(first(digest, 3, 2, b""), &[]).await.unwrap_err());
    assert!(code == Code::FailedPrecondition && words.contains("offset_bytes"), "{code:?} {words}");
    let (code, words) = code_and_words(farm.send(v1::UploadChunk::default(), &[]).await.unwrap_err());
    assert!(code == Code::InvalidArgument && words.contains("`digest`"), "{code:?} {words}");
    let (code, words) = code_and_words(farm.send(first(digest, 3, 0, b"a"), &[]).await.unwrap_err());
    assert!(code == Code::FailedPrecondition && words.contains("1 of 3"), "{code:?} {words}");

    let digests = vec![digest.to_string(), "x".to_owned()];
    let status = farm.connection.blobs().stat(v1::StatRequest { digests }).await.unwrap_err();
    assert!(status.code() == Code::InvalidArgument && status.message().contains("digests[1]"), "{status:?}");
    let digests = vec![String::new(); STAT_DIGESTS_MAX + 1];
    let status = farm.connection.blobs().stat(v1::StatRequest { digests }).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_missing_blob_is_missing_on_both_sides() {
    let farm = farm().await;
    let scratch = BlobDir::open(farm.root.path().join("worker")).unwrap();
    let digest = Digest::of(b"never seen");
    let error = download(&farm.connection.blobs(), digest, &scratch, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, TransferError::Missing { .. }) && error.to_string().contains(&digest.to_string()), "{error}");
    assert_eq!(scratch.stat(digest).unwrap(), BlobState::Missing);
}

#[tokio::test]
async fn two_uploaders_of_one_blob_both_end_well() {
    let farm = farm().await;
    let (path, digest) = farm.file(4 * BLOB_CHUNK_BYTES + 1);
    let clients = [farm.connection.blobs(), farm.connection.blobs()];
    let (mut one, mut other) = (|_: u64, _: u64| {}, |_: u64, _: u64| {});
    let both = tokio::join!(upload(&clients[0], digest, &path, &mut one), upload(&clients[1], digest, &path, &mut other));
    assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
    assert_eq!(farm.dir.stat(digest).unwrap(), BlobState::Whole(4 * BLOB_CHUNK_BYTES as u64 + 1));
}

#[tokio::test]
async fn who_finds_the_blob_taken_waits_for_it() {
    let farm = farm().await;
    let (path, digest) = farm.file(1_000);
    let bytes = std::fs::read(&path).unwrap();
    let mut holder = farm.dir.upload(digest, 1_000, 0).unwrap();
    let status = farm.send(first(digest, 1_000, 0, &bytes), &[]).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let client = farm.connection.blobs();
    let waiting = tokio::spawn(async move { upload(&client, digest, &path, &mut |_, _| {}).await });
    holder.write(&bytes).unwrap();
    holder.finish().unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_silent_upload_is_ended_and_keeps_what_came() {
    let farm = farm_with(|service| service.idle = Duration::from_millis(20)).await;
    let digest = Digest::of(b"abc");
    let (chunks, outgoing) = mpsc::channel(1);
    chunks.send(first(digest, 3, 0, b"a")).await.unwrap();
    let status = farm.connection.blobs().upload(ReceiverStream::new(outgoing)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    assert_eq!(farm.dir.stat(digest).unwrap(), BlobState::Partial(1));
}

#[tokio::test]
async fn a_wrong_secret_is_said_at_once() {
    let farm = farm().await;
    let error = Connection::connect(&format!("http://{}", farm.address), &secret(2)).await.unwrap_err();
    assert!(matches!(error, ConnectError::WrongSecret { .. }), "{error}");
}

#[test]
fn every_failure_has_its_status() {
    let digest = Digest::of(b"abc");
    let full = BlobError::NoSpace { operation: "write", path: PathBuf::from("/secret/place") };
    assert_eq!(status_of(&full).code(), Code::ResourceExhausted);
    assert!(!status_of(&full).message().contains("/secret/place"));
    assert_eq!(status_of(&BlobError::Busy { digest }).code(), Code::Unavailable);
    assert_eq!(status_of(&BlobError::WrongSize { digest, total_bytes: 1 }).code(), Code::Aborted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))] // each case is a server

    #[test]
    fn any_cutting_by_hand_arrives_whole(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let farm = farm().await;
            let bytes = pieces.concat();
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let reply = farm.send(first(Digest::of(&bytes), bytes.len() as u64, 0, b""), &pieces).await;
            assert_eq!(reply.unwrap(), v1::UploadReply { whole: true, have_bytes: bytes.len() as u64 });
        });
    }
}

//! One coordinator from its directory to its port: opens the store, the blobs and the secret, then serves until told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use shotfarm_proto::access::Demand;
use shotfarm_proto::blobs::BlobDir;
use shotfarm_proto::v1::farm_server::FarmServer;
use shotfarm_proto::v1::studio_server::StudioServer;
use shotfarm_shared::limits::{KEEP_ALIVE_MILLIS, SUBMIT_MESSAGE_BYTES_MAX, WIRE_MESSAGE_BYTES_MAX};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tracing::info;

use crate::engine::{Engine, StartError};
use crate::rpc::blobs::BlobService;
use crate::rpc::farm::FarmService;
use crate::rpc::studio::StudioService;
use crate::secret::{self, SECRET_FILE, SecretError};
use crate::store::{SledStore, StoreError};

/// Time that the last checkpoint gets when the coordinator stops; the journal holds everything without it.
const SHUTDOWN_MILLIS: u64 = 10_000;

/// What a coordinator needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything lies that must survive.
    pub dir: PathBuf,
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Whether it may listen beyond this machine without TLS.
    pub insecure: bool,
}

/// What a coordinator that is ready says.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Its address for clients and workers on this machine.
    pub url: String,
    /// The file with the secret that they need.
    pub secret_file: PathBuf,
}

/// Why a coordinator does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum CoordinatorError {
    /// Everybody on the network could listen in.
    #[error(
        "{0} is open to the network and the connection is not encrypted; listen on 127.0.0.1, or add --insecure if the network is trusted"
    )]
    Exposed(SocketAddr),
    /// The directory cannot be made or used.
    #[error("the coordinator's directory {dir}: {source}")]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The store.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The blobs.
    #[error("the blob store in {dir}: {reason}")]
    Blobs {
        /// The directory.
        dir: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// The port.
    #[error("cannot listen on {listen}: {source}; is another coordinator running there? choose another address with --listen")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
    /// Serving ended badly.
    #[error("serving failed: {0}")]
    Serve(String),
}

impl From<StoreError> for CoordinatorError {
    fn from(error: StoreError) -> Self {
        Self::Start(error.into())
    }
}

/// Runs a coordinator until `shutdown`; calls `on_listening` once it is ready.
///
/// # Errors
/// One sentence on what keeps it from starting, or ended it.
pub async fn run(
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
    on_listening: impl FnOnce(Listening),
) -> Result<(), CoordinatorError> {
    if !config.listen.ip().is_loopback() && !config.insecure {
        return Err(CoordinatorError::Exposed(config.listen));
    }
    let dir = &config.dir;
    std::fs::create_dir_all(dir).map_err(|source| CoordinatorError::Directory { dir: dir.clone(), source })?;
    let store = SledStore::open(dir)?; // takes the directory's lock before anything else is touched
    let secret = secret::load_or_make(dir)?;
    let blobs = BlobDir::open(dir.join("blobs"))
        .map_err(|error| CoordinatorError::Blobs { dir: dir.clone(), reason: error.to_string() })?;
    let listener =
        TcpListener::bind(config.listen).await.map_err(|source| CoordinatorError::Listen { listen: config.listen, source })?;
    let address = listener.local_addr().map_err(|source| CoordinatorError::Listen { listen: config.listen, source })?;
    let (engine, thread) = Engine::start(Box::new(store))?;

    let demand = Demand::new(secret);
    let farm = FarmServer::new(FarmService::new(engine.clone(), blobs.clone())).max_decoding_message_size(WIRE_MESSAGE_BYTES_MAX);
    let studio =
        StudioServer::new(StudioService::new(engine.clone(), blobs.clone())).max_decoding_message_size(SUBMIT_MESSAGE_BYTES_MAX);
    let blobs = BlobService::new(blobs).into_server();
    let keep_alive = Duration::from_millis(KEEP_ALIVE_MILLIS);
    let server = Server::builder()
        .tcp_nodelay(true)
        .http2_keepalive_interval(Some(keep_alive))
        .http2_keepalive_timeout(Some(keep_alive))
        .add_service(InterceptedService::new(farm, demand.clone()))
        .add_service(InterceptedService::new(studio, demand.clone()))
        .add_service(InterceptedService::new(blobs, demand))
        .serve_with_incoming(TcpListenerStream::new(listener));

    let secret_file = dir.join(SECRET_FILE);
    info!(%address, dir = %dir.display(), "coordinator is ready");
    on_listening(Listening { url: format!("http://{}", local(address)), secret_file });
    let mut changes = engine.changes();
    let engine_ended = async move { while changes.changed().await.is_ok() {} };
    // Watches and workers' streams never end by themselves, so stopping does not wait for them.
    let served = tokio::select! {
        served = server => served.map_err(|error| CoordinatorError::Serve(error.to_string())),
        () = shutdown => Ok(()),
        // A coordinator without its writer must not look alive.
        () = engine_ended => Err(CoordinatorError::Serve("the engine's thread ended".to_owned())),
    };
    engine.stop();
    let joined = tokio::task::spawn_blocking(move || thread.join());
    match tokio::time::timeout(Duration::from_millis(SHUTDOWN_MILLIS), joined).await {
        Ok(Ok(Ok(()))) => served,
        Ok(_) => Err(CoordinatorError::Serve("the engine's thread ended in a panic".to_owned())),
        Err(_) => Err(CoordinatorError::Serve("the store did not finish its last checkpoint".to_owned())),
    }
}

/// The address by which this machine reaches `address`.
fn local(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address }
}

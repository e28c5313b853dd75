//! The worker: joins a farm, pulls leases, decodes, runs GPU passes, encodes, verifies, reports.
//!
//! `agent` decides (pure), `session` performs, `task` does the work with `media` (ffmpeg) and `gpu` (wgpu), and `quality` says
//! how good a picture is; `scratch`, `outbox` and `cache` are its disk. [`run`] is all of it together.

pub mod agent;
mod cache;
mod check;
mod config;
pub mod gpu;
pub mod media;
pub mod net;
pub mod outbox;
pub mod quality;
pub mod reframe;
pub mod scratch;
mod session;
mod signals;
pub mod task;

use std::sync::Arc;

use shotfarm_shared::ids::WorkerId;
use tokio::sync::mpsc;
use uuid::Uuid;

use agent::{Agent, Exit, Identity};
use gpu::{AdapterKind, Gpu, GpuOptions};
use media::Tools;
use outbox::Outbox;
use scratch::Scratch;
use session::Session;
use task::{Context, Devices, FarmBlobs};

pub use cache::BlobCache;
pub use check::{Outcome, PassCheck, check_passes, check_pictures};
pub use config::{Config, PATIENCE_DEFAULT, SCRATCH_LIMIT_BYTES_DEFAULT, SLOTS_MAX, WorkerError};
pub use session::Ask;

/// Asks waiting to be heard: a drain and a stop.
const ASKS_MAX: usize = 2;

/// Runs a worker until it has nothing more to do: the first SIGTERM or SIGINT lets it finish what runs, a second one ends it
/// at once. Must be called within a tokio runtime.
///
/// # Errors
/// One sentence: what is missing or wrong, and what to do.
pub async fn run(config: Config) -> Result<(), WorkerError> {
    let (ask, asks) = mpsc::channel(ASKS_MAX);
    signals::listen(ask)?;
    run_until_asked(config, asks).await
}

/// As [`run`], with the operator's wishes from a channel. When its sender is dropped, nothing more is asked.
///
/// # Errors
/// See [`run`].
pub async fn run_until_asked(config: Config, asks: mpsc::Receiver<Ask>) -> Result<(), WorkerError> {
    if !(1..=SLOTS_MAX).contains(&config.slots) {
        return Err(WorkerError::Slots(config.slots));
    }
    let scratch = Scratch::open(&config.scratch)?;
    let (outbox, left) = Outbox::open(&scratch.outbox())?;
    if !left.is_empty() {
        tracing::info!(results = left.len(), "results of an earlier run wait in the outbox and will be sent");
    }
    let cache = BlobCache::open(&scratch.blobs(), config.scratch_limit_bytes).map_err(WorkerError::Blobs)?;
    let options = GpuOptions { cache: Some(scratch.kernels()), memory_bytes: config.gpu_memory_bytes, ..GpuOptions::default() };
    let (tools, gpu) = open_machine(config.gpu, options).await?;
    let identity = Identity {
        // New for every process: the leases of a dead one must not look alive.
        worker: WorkerId(Uuid::new_v4()),
        name: config.name.clone(),
        device: gpu.facts().name.clone(),
        software: gpu.facts().kind == AdapterKind::Cpu,
        slots: config.slots,
    };
    tracing::info!(name = identity.name, worker = %identity.worker.short(), device = %gpu.facts(), "worker ready");
    let context = Context {
        tools,
        devices: Devices::new(config.gpu, gpu),
        blobs: Box::new(FarmBlobs::new(cache, &config.farm_url, &config.secret, tokio::runtime::Handle::current())),
        work: scratch.work(),
    };
    let patience_millis = u64::try_from(config.patience.as_millis()).unwrap_or(u64::MAX);
    // The id is random, and so are its bits as a seed.
    let seed = identity.worker.0.as_u64_pair().1;
    let agent = Agent::new(identity, left, seed, patience_millis, 0);
    let session = Session::new(agent, outbox, Arc::new(context), &config.farm_url, &config.secret);
    match session.run(asks).await {
        Exit::Drained | Exit::Stopped => Ok(()),
        Exit::Refused(sentence) => Err(WorkerError::Refused(sentence)),
        Exit::NoFarm(sentence) => Err(WorkerError::NoFarm(sentence)),
        Exit::DeviceLost(sentence) => Err(WorkerError::DeviceLost(sentence)),
    }
}

/// Finds ffmpeg, opens the GPU and holds it to its twin; away from the async threads, since all of it blocks.
async fn open_machine(choice: gpu::GpuChoice, options: GpuOptions) -> Result<(Tools, Gpu), WorkerError> {
    let open = move || {
        let tools = Tools::find()?;
        let gpu = Gpu::open_with(choice, &options)?;
        Ok((tools, check_pictures(&gpu)?))
    };
    let opened = tokio::task::spawn_blocking(open).await;
    opened.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

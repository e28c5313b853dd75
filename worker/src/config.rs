//! What a worker is told at its start, and the sentences with which it ends when it cannot go on.

use std::path::PathBuf;
use std::time::Duration;

use shotfarm_proto::access::Secret;
use shotfarm_proto::blobs::BlobError;

use crate::gpu::{GpuChoice, GpuError};
use crate::media::MediaError;
use crate::scratch::ScratchError;

/// How long a new worker waits for its farm, where the operator does not say.
pub const PATIENCE_DEFAULT: Duration = Duration::from_secs(10);
/// Bytes of blobs kept on the worker's disk, where the operator does not say: some hundred sources and segments.
pub const SCRATCH_LIMIT_BYTES_DEFAULT: u64 = 20 << 30;
/// Most tasks that a worker takes at a time, which is what a coordinator grants one at most: a worker drives one GPU, and each
/// task has two ffmpegs and a ring of frames on it.
pub const SLOTS_MAX: u32 = 16;

/// What a worker is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The coordinator, `http://HOST:PORT`.
    pub farm_url: String,
    /// The farm's secret.
    pub secret: Secret,
    /// Which device to render on.
    pub gpu: GpuChoice,
    /// Bytes of the device's memory that one task may take; as many as it gives where nothing is said, and half of the
    /// machine's on the software device.
    pub gpu_memory_bytes: Option<u64>,
    /// A directory of its own.
    pub scratch: PathBuf,
    /// Its name for people.
    pub name: String,
    /// Tasks it takes at a time, 1 to [`SLOTS_MAX`].
    pub slots: u32,
    /// How long it waits for the farm's first answer.
    pub patience: Duration,
    /// Bytes of blobs kept in `scratch` between tasks.
    pub scratch_limit_bytes: u64,
}

/// Why a worker could not begin, or had to leave.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// More or fewer tasks than a worker can take.
    #[error("a worker takes 1 to {SLOTS_MAX} tasks at a time, not {0}")]
    Slots(u32),
    /// Its directory.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// The blobs in it.
    #[error("the blobs in the scratch directory cannot be used")]
    Blobs(#[source] BlobError),
    /// ffmpeg.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The GPU.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The GPU computes something else than it should.
    #[error("GPU {adapter} computes wrong pictures ({detail}); update its driver, or choose another device with --gpu")]
    WrongPictures {
        /// Which device.
        adapter: String,
        /// What was found.
        detail: String,
    },
    /// The farm will not have this worker.
    #[error("{0}")]
    Refused(String),
    /// No farm answers.
    #[error("{0}")]
    NoFarm(String),
    /// The GPU was lost too often.
    #[error("{0}")]
    DeviceLost(String),
    /// The system.
    #[error("{operation} failed")]
    System {
        /// What was being done.
        operation: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
}

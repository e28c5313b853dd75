//! The worker's GPU, opened once and shared by its tasks, and the last compiled graph.
//!
//! A lost device is dropped with everything compiled for it, and opened anew by the next task that asks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use shotfarm_shared::digest::Digest;
use shotfarm_shared::media::FrameLayout;
use shotfarm_shared::recipe::Recipe;

use super::error::TaskError;
use super::models::KeptNetworks;
use super::track::ShotTrack;
use crate::gpu::fitting::{Room, record_fitting};
use crate::gpu::recording::Tail;
use crate::gpu::{Executor, Gpu, GpuChoice, GpuError, GpuOptions, Graph, Means};
use crate::net::Models;
use crate::net::tune::Choices;

/// How much less a job may take once the device has run out of memory: the next smaller bands.
const MEMORY_SHRINK: u64 = 2;
/// The part of a job's memory that the values of a network may take; the rest is for the frames around it.
const NETWORK_SHARE: u64 = 2;

/// The GPU of a worker.
#[derive(Debug)]
pub struct Devices {
    choice: GpuChoice,
    options: GpuOptions,
    state: Mutex<State>,
    /// Read from files, so they outlive a lost device.
    networks: KeptNetworks,
}

#[derive(Debug)]
struct State {
    /// `None` after a loss.
    gpu: Option<Gpu>,
    /// Counts devices, so that a graph of a lost one is not kept.
    opened: u64,
    /// Bytes that a job may take: as the options say, or less once the device has run out.
    memory_bytes: Option<u64>,
    /// Compiling takes longer than many frames, and the tasks of one shot follow one another.
    graph: Option<Lent>,
}

/// What a graph was compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    recipe: Digest,
    input: FrameLayout,
    track: Option<Digest>,
    opened: u64,
}

/// A graph in use by one task.
#[derive(Debug)]
pub struct Lent {
    key: Key,
    /// The graph.
    pub graph: Graph,
    /// What comes with each of its frames.
    pub tail: Tail,
    /// What it takes.
    memory_bytes: u64,
}

impl Devices {
    /// Shares `gpu`, which `choice` opened and will open again when it is lost.
    #[must_use]
    pub fn new(choice: GpuChoice, gpu: Gpu) -> Self {
        let options = gpu.options().clone();
        let state = Mutex::new(State { gpu: Some(gpu), opened: 0, memory_bytes: options.memory_bytes, graph: None });
        Self { choice, options, state, networks: KeptNetworks::default() }
    }

    /// The networks that tasks have read.
    pub(super) fn networks(&self) -> &KeptNetworks {
        &self.networks
    }

    /// A graph for frames of `input` through `recipe` to `output`, compiled or taken from the last task. `models` has every
    /// network of the recipe, whose digest covers theirs; `track` the windows of a recipe that frames anew.
    ///
    /// # Errors
    /// When the recipe does not suit the frames or the device, or the device cannot be opened.
    pub fn lend(
        &self,
        recipe: &Recipe,
        input: &FrameLayout,
        output: &FrameLayout,
        models: &Models,
        track: Option<&ShotTrack>,
    ) -> Result<Lent, TaskError> {
        let mut state = self.lock();
        let gpu = state.open(self.choice, &self.options)?;
        let track_digest = track.map(|track| track.digest);
        let key = Key { recipe: recipe.digest(), input: input.clone(), track: track_digest, opened: state.opened };
        if let Some(mut lent) = state.graph.take_if(|lent| lent.key == key) {
            drop(state);
            return match lent.graph.begin() {
                Ok(()) => Ok(lent),
                Err(error @ GpuError::OutOfMemory { .. }) => {
                    self.out_of_memory(&lent);
                    Err(error.into())
                }
                Err(error) => Err(self.failed(&key, error)),
            };
        }
        // The old one's buffers first: two graphs of 8K frames need not fit side by side.
        state.graph = None;
        drop(state);
        let mut executor = self.executor(&gpu, models).map_err(|error| self.failed(&key, error))?;
        loop {
            let room = self.room(&gpu);
            executor.memory_bytes_max = executor.memory_bytes_max.min(room.memory_bytes.unwrap_or(u64::MAX) / NETWORK_SHARE);
            let means = Means::new(models, &executor).with_track(track.map(|track| &track.track));
            let recording = record_fitting(&recipe.steps, input, output, means, &room)?;
            let memory_bytes = recording.memory_bytes();
            match Graph::new(&gpu, &recording) {
                Ok(graph) => return Ok(Lent { key, graph, tail: recording.tail, memory_bytes }),
                Err(GpuError::OutOfMemory { .. }) => self.take_less(key.opened, memory_bytes),
                Err(error) => return Err(self.failed(&key, error)),
            }
        }
    }

    /// What a job may take of the device at present.
    fn room(&self, gpu: &Gpu) -> Room {
        let memory_bytes = self.lock().memory_bytes;
        Room { limits: gpu.limits(), features: gpu.features().clone(), memory_bytes }
    }

    /// The device ran out of memory under `lent`: from here on jobs are recorded in smaller bands, until it is opened anew.
    /// The smallest that do not fit either fail by themselves.
    pub fn out_of_memory(&self, lent: &Lent) {
        self.take_less(lent.key.opened, lent.memory_bytes);
    }

    fn take_less(&self, opened: u64, memory_bytes: u64) {
        let mut state = self.lock();
        if opened == state.opened {
            let less = memory_bytes / MEMORY_SHRINK;
            let memory_bytes = state.memory_bytes.map_or(less, |known| known.min(less));
            tracing::warn!(
                mib = memory_bytes >> 20,
                "the GPU is out of memory; frames are rendered in smaller bands from here on"
            );
            state.memory_bytes = Some(memory_bytes);
            state.graph = None;
        }
    }

    /// How networks run on a device, with kernels chosen by measurement. What is not known yet is measured now.
    fn executor(&self, gpu: &Gpu, models: &Models) -> Result<Executor, GpuError> {
        if models.is_empty() {
            return Ok(Executor::default());
        }
        let mut choices = Choices::open(gpu, self.options.cache.as_deref());
        let real = Executor::on(gpu, choices.kernels()).options.real;
        for network in models.values() {
            choices.tune(gpu, network, real)?;
        }
        Ok(Executor::on(gpu, choices.kernels()))
    }

    /// What went wrong before a graph could be lent; a lost device is dropped.
    fn failed(&self, key: &Key, error: GpuError) -> TaskError {
        let error = TaskError::from(error);
        if error.is_device_lost() {
            self.drop_device(key.opened);
        }
        error
    }

    /// Takes a graph back for the next task. One that still has frames in flight, or whose device was lost, is dropped.
    pub fn give_back(&self, lent: Lent) {
        let mut state = self.lock();
        if lent.graph.in_flight() == 0 && lent.key.opened == state.opened && state.gpu.is_some() {
            state.graph = Some(lent);
        }
    }

    /// Drops the device that `lent` was compiled for; the next task opens it anew.
    pub fn lost(&self, lent: &Lent) {
        self.drop_device(lent.key.opened);
    }

    /// Drops the device that was opened as this one, unless another task has opened the next already.
    fn drop_device(&self, opened: u64) {
        let mut state = self.lock();
        if opened == state.opened {
            state.gpu = None;
            state.graph = None;
        }
    }

    /// What is held here is whole at every moment, even if a task died while holding the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self, choice: GpuChoice, options: &GpuOptions) -> Result<Gpu, GpuError> {
        if let Some(gpu) = &self.gpu {
            return Ok(gpu.clone());
        }
        let gpu = Gpu::open_with(choice, options)?;
        tracing::info!(device = %gpu.facts(), "the GPU was opened again");
        self.opened += 1;
        self.memory_bytes = options.memory_bytes;
        self.gpu = Some(gpu.clone());
        Ok(gpu)
    }
}

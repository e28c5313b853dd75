//! The worker's GPU, opened once and shared by its tasks, and the last compiled graph of each kind.
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
use crate::gpu::{Executor, Gpu, GpuChoice, GpuError, GpuOptions, Graph, Means, Recording, record_look};
use crate::net::Models;
use crate::net::tune::Choices;
use crate::reframe::{Detector, Look};

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
    /// At most one of each kind of work: compiling takes longer than many frames, and the tasks of one shot follow one another.
    graphs: Vec<Lent>,
}

/// What a graph was compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    work: GraphWork,
    input: FrameLayout,
    opened: u64,
}

impl Key {
    /// Whether the work can be done in smaller and smaller bands.
    fn shrinks(&self) -> bool {
        matches!(self.work, GraphWork::Recipe { .. })
    }
}

/// What a graph does with frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GraphWork {
    /// Everything that a recipe says, with the windows of a track.
    Recipe { recipe: Digest, track: Option<Digest> },
    /// A look, which depends on the frames' layout alone.
    Look,
    /// Finding faces with a network.
    Faces { network: Digest },
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
        let state = Mutex::new(State { gpu: Some(gpu), opened: 0, memory_bytes: options.memory_bytes, graphs: Vec::new() });
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
        let work = GraphWork::Recipe { recipe: recipe.digest(), track: track.map(|track| track.digest) };
        self.lend_recorded(work, input, models, |executor, room| {
            let means = Means::new(models, executor).with_track(track.map(|track| &track.track));
            Ok(record_fitting(&recipe.steps, input, output, means, room)?)
        })
    }

    /// A graph that looks at frames of `input`.
    ///
    /// # Errors
    /// As [`Devices::lend`].
    pub(super) fn lend_look(&self, look: &Look, input: &FrameLayout) -> Result<Lent, TaskError> {
        self.lend_recorded(GraphWork::Look, input, &Models::new(), |_, room| {
            let recording = record_look(look, input);
            room.check(&recording).map_err(GpuError::from)?;
            Ok(recording)
        })
    }

    /// A graph that finds faces in frames of `input` with the one network of `models`, which `detector` is.
    ///
    /// # Errors
    /// As [`Devices::lend`].
    pub(super) fn lend_faces(
        &self,
        network: Digest,
        detector: &Detector,
        input: &FrameLayout,
        models: &Models,
    ) -> Result<Lent, TaskError> {
        self.lend_recorded(GraphWork::Faces { network }, input, models, |executor, room| {
            let recording = detector.recording(input, &executor.options);
            room.check(&recording).map_err(GpuError::from)?;
            Ok(recording)
        })
    }

    /// The graph kept from the last task of this work, or what `record` records, compiled; recorded anew with less room as long as
    /// the device runs out of memory.
    fn lend_recorded(
        &self,
        work: GraphWork,
        input: &FrameLayout,
        models: &Models,
        record: impl Fn(&Executor, &Room) -> Result<Recording, TaskError>,
    ) -> Result<Lent, TaskError> {
        let mut state = self.lock();
        let gpu = state.open(self.choice, &self.options)?;
        let key = Key { work, input: input.clone(), opened: state.opened };
        // The old one's buffers first: two graphs of 8K frames need not fit side by side.
        let kept = state.take(&key.work);
        drop(state);
        if let Some(mut lent) = kept.filter(|lent| lent.key == key) {
            return match lent.graph.begin() {
                Ok(()) => Ok(lent),
                Err(error @ GpuError::OutOfMemory { .. }) => {
                    self.out_of_memory(&lent);
                    Err(error.into())
                }
                Err(error) => Err(self.failed(&key, error)),
            };
        }
        let mut executor = self.executor(&gpu, models).map_err(|error| self.failed(&key, error))?;
        loop {
            let room = self.room(&gpu);
            executor.memory_bytes_max = executor.memory_bytes_max.min(room.memory_bytes.unwrap_or(u64::MAX) / NETWORK_SHARE);
            let recording = record(&executor, &room)?;
            let memory_bytes = recording.memory_bytes();
            match Graph::new(&gpu, &recording) {
                Ok(graph) => return Ok(Lent { key, graph, tail: recording.tail, memory_bytes }),
                // What is kept for other work goes first.
                Err(GpuError::OutOfMemory { .. }) if self.let_go() => {}
                Err(GpuError::OutOfMemory { .. }) if key.shrinks() => self.take_less(key.opened, memory_bytes),
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
    /// The smallest that do not fit either fail by themselves. What cannot be done in bands only lets go of what was kept.
    pub fn out_of_memory(&self, lent: &Lent) {
        if lent.key.shrinks() {
            self.take_less(lent.key.opened, lent.memory_bytes);
        } else {
            self.let_go();
        }
    }

    /// Drops all graphs that are kept for coming tasks; `false` where there are none.
    fn let_go(&self) -> bool {
        let graphs = std::mem::take(&mut self.lock().graphs);
        !graphs.is_empty()
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
            state.graphs.clear();
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
            state.take(&lent.key.work);
            state.graphs.push(lent);
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
            state.graphs.clear();
        }
    }

    /// What is held here is whole at every moment, even if a task died while holding the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The kept graph of this kind of work, whatever exactly it does.
    fn take(&mut self, work: &GraphWork) -> Option<Lent> {
        let kind = std::mem::discriminant(work);
        let at = self.graphs.iter().position(|lent| std::mem::discriminant(&lent.key.work) == kind)?;
        Some(self.graphs.remove(at))
    }

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

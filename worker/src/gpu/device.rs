//! The GPUs of this machine, and one of them opened.
//!
//! Nothing that a device does panics: what wgpu reports outside of calls (device lost, out of memory, a call it refuses) is
//! kept in [`Gpu`] and comes back from the next call that asks.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use shotfarm_shared::failure::{Failure, FailureClass};

use super::pipelines::Pipelines;
use super::recording::{Component, CooperativeMatrix, DeviceFeatures, DeviceLimits, ExceedsDevice};
use super::shaders::Needs;

/// The kind of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A card of its own.
    Discrete,
    /// Part of the processor.
    Integrated,
    /// Lent by a hypervisor.
    Virtual,
    /// Of a kind that the driver does not tell.
    Other,
    /// Software on the processor's cores.
    Cpu,
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Other => "other",
            Self::Cpu => "software",
        })
    }
}

/// What is known of a device before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFacts {
    /// Its place in the list, by which [`GpuChoice::Index`] names it.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: AdapterKind,
    /// The interface it is reached through: `vulkan`, `metal` or `dx12`.
    pub backend: String,
    /// Its driver and the driver's version.
    pub driver: String,
}

impl fmt::Display for AdapterFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}, {}, {})", self.index, self.name, self.kind, self.backend, self.driver)
    }
}

/// Which device to open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GpuChoice {
    /// The first of the best kind: discrete before integrated before virtual before software.
    #[default]
    Best,
    /// This place in the list.
    Index(usize),
    /// The software device.
    Software,
}

/// How a device is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuOptions {
    /// A folder in which compiled kernels are kept from one start to the next; none where they are not to be.
    pub cache: Option<PathBuf>,
    /// Bytes of the device's memory that one job may take; as many as it gives where nothing is said.
    pub memory_bytes: Option<u64>,
    /// What the device has and is not to be used.
    pub without: Needs,
}

/// Why a device could not be opened or did not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// No device at all.
    #[error(
        "no GPU is found: no Vulkan, Metal or DirectX 12 device; install the GPU's driver, or `mesa-vulkan-drivers` to render on \
         the processor"
    )]
    NoDevice,
    /// The list is shorter.
    #[error("there is no GPU {index}; found are {found}")]
    NoSuchIndex {
        /// What was asked for.
        index: usize,
        /// What there is.
        found: String,
    },
    /// Only hardware.
    #[error("there is no software GPU; install `mesa-vulkan-drivers`; found are {found}")]
    NoSoftware {
        /// What there is.
        found: String,
    },
    /// The driver refused.
    #[error("opening GPU {adapter} failed: {reason}")]
    Open {
        /// Which device.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
    /// The work does not fit.
    #[error(transparent)]
    Exceeds(#[from] ExceedsDevice),
    /// The device is gone: reset, unplugged, driver stopped.
    #[error("GPU {adapter} was lost ({reason}); the worker must open it again")]
    Lost {
        /// Which device.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
    /// Its memory is used up.
    #[error("GPU {adapter} is out of memory; close other programs that use it, or run fewer workers on it")]
    OutOfMemory {
        /// Which device.
        adapter: String,
    },
    /// A frame did not come back in time.
    #[error("GPU {adapter} did not finish a frame within {seconds} s")]
    Stuck {
        /// Which device.
        adapter: String,
        /// The bound.
        seconds: u64,
    },
    /// A call was refused: a fault in these passes.
    #[error("GPU {adapter} refused a call: {reason}")]
    Refused {
        /// Which device.
        adapter: String,
        /// wgpu's words.
        reason: String,
    },
    /// A pass computed something that is no number.
    #[error("frame {frame} came out of GPU {adapter} with {count} values that are no numbers; another GPU will try it")]
    NotFinite {
        /// Which device.
        adapter: String,
        /// The frame's number in the shot.
        frame: i64,
        /// How many values.
        count: u32,
    },
    /// A frame of the wrong size.
    #[error("a frame of {got} bytes was handed to passes that take {expected}")]
    FrameBytes {
        /// Of the input layout.
        expected: usize,
        /// Of the frame.
        got: usize,
    },
    /// Every slot is taken: call `next` first.
    #[error("{0} frames are in flight already; take one out before submitting another")]
    Full(usize),
    /// No frame is in flight.
    #[error("no frame is in flight; submit one before taking one out")]
    Empty,
}

impl GpuError {
    /// Whose fault it is. A device that is missing, gone or full is the environment's fault, and so is one too small for the
    /// job: another worker may well have a larger one.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        match self {
            Self::NoDevice
            | Self::NoSuchIndex { .. }
            | Self::NoSoftware { .. }
            | Self::Open { .. }
            | Self::Exceeds(_)
            | Self::Lost { .. }
            | Self::OutOfMemory { .. }
            | Self::Stuck { .. } => FailureClass::Environment,
            Self::NotFinite { .. } | Self::Refused { .. } | Self::FrameBytes { .. } | Self::Full(_) | Self::Empty => {
                FailureClass::Worker
            }
        }
    }
}

impl From<GpuError> for Failure {
    fn from(error: GpuError) -> Self {
        Self { class: error.class(), message: error.to_string() }
    }
}

/// What wgpu reported outside of calls.
#[derive(Debug, Default)]
struct Faults {
    /// Once lost, a device stays lost.
    lost: Option<String>,
    /// The first refusal since the last question.
    reported: Option<Reported>,
}

#[derive(Debug, PartialEq, Eq)]
enum Reported {
    OutOfMemory,
    Refused(String),
}

impl From<wgpu::Error> for Reported {
    fn from(error: wgpu::Error) -> Self {
        match error {
            wgpu::Error::OutOfMemory { .. } => Self::OutOfMemory,
            wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => Self::Refused(description),
        }
    }
}

/// An open device.
#[derive(Clone, Debug)]
pub struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    facts: AdapterFacts,
    options: GpuOptions,
    features: Arc<DeviceFeatures>,
    pub(super) pipelines: Arc<Pipelines>,
    faults: Arc<Mutex<Faults>>,
}

/// Lists the devices of this machine.
#[must_use]
pub fn adapters() -> Vec<AdapterFacts> {
    enumerate().iter().enumerate().map(|(index, adapter)| facts(index, &adapter.get_info())).collect()
}

/// A device of this machine with what it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterReport {
    /// What it is.
    pub facts: AdapterFacts,
    /// What it can bind and dispatch.
    pub limits: DeviceLimits,
    /// What it has beyond what every device has.
    pub features: DeviceFeatures,
    /// Whether [`GpuChoice::Best`] means this one.
    pub best: bool,
}

/// Lists the devices of this machine with what they can do.
#[must_use]
pub fn adapters_in_full() -> Vec<AdapterReport> {
    let found = enumerate();
    let known = found.iter().enumerate().map(|(index, adapter)| facts(index, &adapter.get_info())).collect::<Vec<_>>();
    let best = choose(&known, GpuChoice::Best).ok();
    let report = |(adapter, facts): (&wgpu::Adapter, AdapterFacts)| AdapterReport {
        best: best == Some(facts.index),
        limits: limits(&adapter.limits()),
        features: features(adapter, wanted_features(adapter)),
        facts,
    };
    found.iter().zip(known).map(report).collect()
}

fn limits(limits: &wgpu::Limits) -> DeviceLimits {
    DeviceLimits {
        binding_bytes_max: limits.max_storage_buffer_binding_size,
        buffer_bytes_max: limits.max_buffer_size,
        bindings_max: limits.max_storage_buffers_per_shader_stage,
        groups_max: limits.max_compute_workgroups_per_dimension,
        group_invocations_max: limits.max_compute_invocations_per_workgroup,
        group_sides_max: [
            limits.max_compute_workgroup_size_x,
            limits.max_compute_workgroup_size_y,
            limits.max_compute_workgroup_size_z,
        ],
    }
}

fn enumerate() -> Vec<wgpu::Adapter> {
    let backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    let flags = wgpu::InstanceFlags::empty();
    let descriptor = wgpu::InstanceDescriptor { backends, flags, ..wgpu::InstanceDescriptor::new_without_display_handle() };
    pollster::block_on(wgpu::Instance::new(descriptor).enumerate_adapters(backends))
}

fn facts(index: usize, info: &wgpu::AdapterInfo) -> AdapterFacts {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Cpu => AdapterKind::Cpu,
        wgpu::DeviceType::Other => AdapterKind::Other,
    };
    let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
    AdapterFacts { index, name: info.name.clone(), kind, backend: info.backend.to_str().to_owned(), driver }
}

/// The place in the list that a choice means.
fn choose(found: &[AdapterFacts], choice: GpuChoice) -> Result<usize, GpuError> {
    if found.is_empty() {
        return Err(GpuError::NoDevice);
    }
    let list = || found.iter().map(AdapterFacts::to_string).collect::<Vec<_>>().join("; ");
    match choice {
        GpuChoice::Best => found.iter().min_by_key(|facts| facts.kind).map(|facts| facts.index).ok_or(GpuError::NoDevice),
        GpuChoice::Index(index) if index < found.len() => Ok(index),
        GpuChoice::Index(index) => Err(GpuError::NoSuchIndex { index, found: list() }),
        GpuChoice::Software => {
            let software = found.iter().find(|facts| facts.kind == AdapterKind::Cpu);
            software.map(|facts| facts.index).ok_or_else(|| GpuError::NoSoftware { found: list() })
        }
    }
}

/// Half of the machine's memory: what the software device may take of it, beside two ffmpegs and everything else. A device of its
/// own says by itself when it is full.
fn half_of_memory() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let found = rustix::system::sysinfo();
        // The unit is 1 wherever the count of bytes fits, which it does on every machine of 64 bits.
        #[expect(clippy::useless_conversion, reason = "the field is of 32 bits on machines of 32 bits")]
        Some(u64::from(found.totalram) * u64::from(found.mem_unit) / 2)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Everything of [`DeviceFeatures`] that an adapter has, in wgpu's terms.
fn wanted_features(adapter: &wgpu::Adapter) -> wgpu::Features {
    let wanted = wgpu::Features::SHADER_F16
        | wgpu::Features::SUBGROUP
        | wgpu::Features::SUBGROUP_BARRIER
        | wgpu::Features::TIMESTAMP_QUERY
        | wgpu::Features::PIPELINE_CACHE
        | wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX;
    adapter.features() & wanted
}

fn cooperative_matrices(features: wgpu::Features) -> wgpu::ExperimentalFeatures {
    if !features.contains(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX) {
        return wgpu::ExperimentalFeatures::disabled();
    }
    // SAFETY: the token says that a feature may still have faults of its own. The kernels that use it are compared with their
    // twins before a device renders, and are left unused where they differ.
    #[expect(unsafe_code, reason = "wgpu hands out its experimental features no other way")]
    unsafe {
        wgpu::ExperimentalFeatures::enabled()
    }
}

fn features(adapter: &wgpu::Adapter, enabled: wgpu::Features) -> DeviceFeatures {
    let info = adapter.get_info();
    let has = |feature: wgpu::Features| enabled.contains(feature);
    let subgroups = has(wgpu::Features::SUBGROUP | wgpu::Features::SUBGROUP_BARRIER);
    let cooperative = has(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX);
    DeviceFeatures {
        f16: has(wgpu::Features::SHADER_F16),
        subgroups: subgroups.then_some((info.subgroup_min_size, info.subgroup_max_size)),
        cooperative: if cooperative { cooperative_products(adapter) } else { Vec::new() },
        timestamps: has(wgpu::Features::TIMESTAMP_QUERY),
        pipeline_cache: has(wgpu::Features::PIPELINE_CACHE),
    }
}

fn cooperative_products(adapter: &wgpu::Adapter) -> Vec<CooperativeMatrix> {
    let component = |scalar| match scalar {
        wgpu::CooperativeScalarType::F32 => Component::F32,
        wgpu::CooperativeScalarType::F16 => Component::F16,
        wgpu::CooperativeScalarType::I32 => Component::I32,
        wgpu::CooperativeScalarType::U32 => Component::U32,
    };
    let product = |found: wgpu::CooperativeMatrixProperties| CooperativeMatrix {
        m: found.m_size,
        n: found.n_size,
        k: found.k_size,
        factors: component(found.ab_type),
        sum: component(found.cr_type),
    };
    adapter.cooperative_matrix_properties().into_iter().map(product).collect()
}

impl Gpu {
    /// Opens a device with everything that it can bind and whatever it has of [`DeviceFeatures`].
    ///
    /// # Errors
    /// When there is no such device or its driver refuses.
    pub fn open(choice: GpuChoice) -> Result<Self, GpuError> {
        Self::open_with(choice, &GpuOptions::default())
    }

    /// As [`Gpu::open`], with options.
    ///
    /// # Errors
    /// See [`Gpu::open`].
    pub fn open_with(choice: GpuChoice, options: &GpuOptions) -> Result<Self, GpuError> {
        let adapters = enumerate();
        let found = adapters.iter().enumerate().map(|(index, adapter)| facts(index, &adapter.get_info())).collect::<Vec<_>>();
        let index = choose(&found, choice)?;
        let (adapter, facts) = (&adapters[index], found[index].clone());
        let required_features = wanted_features(adapter);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("shotfarm"),
            required_features,
            experimental_features: cooperative_matrices(required_features),
            required_limits: adapter.limits(),
            memory_hints: wgpu::MemoryHints::Performance,
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|error| GpuError::Open { adapter: facts.to_string(), reason: error.to_string() })?;
        let faults = Arc::new(Mutex::new(Faults::default()));
        let reported = Arc::clone(&faults);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            lock(&reported).reported.get_or_insert_with(|| error.into());
        }));
        let lost = Arc::clone(&faults);
        device.set_device_lost_callback(move |reason, message| {
            lock(&lost).lost.get_or_insert_with(|| format!("{reason:?}: {message}"));
        });
        let features = Arc::new(features(adapter, required_features).without(options.without));
        let memory_bytes = options.memory_bytes.or_else(|| (facts.kind == AdapterKind::Cpu).then(half_of_memory).flatten());
        let options = GpuOptions { memory_bytes, ..options.clone() };
        let pipelines = Arc::new(Pipelines::open(&device, &adapter.get_info(), options.cache.as_deref()));
        Ok(Self { device, queue, facts, options, features, pipelines, faults })
    }

    /// What the device is.
    #[must_use]
    pub fn facts(&self) -> &AdapterFacts {
        &self.facts
    }

    /// How it was opened.
    #[must_use]
    pub fn options(&self) -> &GpuOptions {
        &self.options
    }

    /// The same device with parts of it left unused, now and whenever it is opened again.
    #[must_use]
    pub fn without(&self, unused: Needs) -> Self {
        let options = GpuOptions { without: self.options.without.or(unused), ..self.options.clone() };
        Self { features: Arc::new((*self.features).clone().without(unused)), options, ..self.clone() }
    }

    /// What it can bind and dispatch.
    #[must_use]
    pub fn limits(&self) -> DeviceLimits {
        limits(&self.device.limits())
    }

    /// What it has beyond what every device has.
    #[must_use]
    pub fn features(&self) -> &DeviceFeatures {
        &self.features
    }

    /// Makes the next question hear that the memory is used up.
    #[cfg(test)]
    pub(crate) fn run_out_of_memory(&self) {
        lock(&self.faults).reported = Some(Reported::OutOfMemory);
    }

    /// Takes the device away, as a driver's reset does.
    #[cfg(test)]
    pub(crate) fn destroy(&self) {
        self.device.destroy();
    }

    /// Gives back what the device reported since the last question.
    pub(super) fn check(&self) -> Result<(), GpuError> {
        let reported = lock(&self.faults).reported.take();
        if reported.is_some() {
            self.hear_of_loss();
        }
        let faults = lock(&self.faults);
        if let Some(reason) = &faults.lost {
            return Err(GpuError::Lost { adapter: self.adapter(), reason: reason.clone() });
        }
        match reported {
            None => Ok(()),
            Some(Reported::OutOfMemory) => Err(GpuError::OutOfMemory { adapter: self.adapter() }),
            Some(Reported::Refused(reason)) => Err(GpuError::Refused { adapter: self.adapter(), reason }),
        }
    }

    /// Calls on a lost device are refused first, and only when it is asked does it say that it was lost.
    fn hear_of_loss(&self) {
        // Whatever it answers is in the faults then.
        let _ = self.device.poll(wgpu::PollType::Poll);
    }

    /// What was reported, or `otherwise` where nothing was.
    pub(super) fn fault_or(&self, otherwise: GpuError) -> GpuError {
        self.hear_of_loss();
        self.check().err().unwrap_or(otherwise)
    }

    /// The device's place and name, for messages.
    pub(super) fn adapter(&self) -> String {
        self.facts.to_string()
    }
}

/// A report is whole even when another thread died while writing one.
fn lock(faults: &Mutex<Faults>) -> std::sync::MutexGuard<'_, Faults> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kinds: &[AdapterKind]) -> Vec<AdapterFacts> {
        let one = |(index, &kind): (usize, &AdapterKind)| AdapterFacts {
            index,
            name: format!("card {index}"),
            kind,
            backend: "vulkan".to_owned(),
            driver: "test".to_owned(),
        };
        kinds.iter().enumerate().map(one).collect()
    }

    #[test]
    fn the_best_is_hardware_where_there_is_any() {
        use AdapterKind::{Cpu, Discrete, Integrated};
        assert_eq!(choose(&found(&[Cpu, Integrated, Discrete, Discrete]), GpuChoice::Best), Ok(2));
        assert_eq!(choose(&found(&[Cpu]), GpuChoice::Best), Ok(0));
        assert_eq!(choose(&found(&[Discrete, Cpu]), GpuChoice::Software), Ok(1));
    }

    #[test]
    fn a_missing_device_is_said_with_what_to_do() {
        let error = choose(&[], GpuChoice::Best).expect_err("no device");
        assert!(error.to_string().contains("install the GPU's driver, or `mesa-vulkan-drivers`"), "{error}");
        let error = choose(&found(&[AdapterKind::Discrete]), GpuChoice::Index(3)).expect_err("one device");
        assert_eq!(error.to_string(), "there is no GPU 3; found are 0: card 0 (discrete, vulkan, test)");
        let error = choose(&found(&[AdapterKind::Discrete]), GpuChoice::Software).expect_err("no software");
        assert_eq!(Failure::from(error).class, FailureClass::Environment);
    }

    #[test]
    fn what_the_driver_reports_comes_back_and_is_classed() {
        let gpu = Gpu::open(GpuChoice::Software).expect("a software Vulkan device; install `mesa-vulkan-drivers`");
        lock(&gpu.faults).reported =
            Some(wgpu::Error::OutOfMemory { source: Box::new(std::io::Error::other("the heap is full")) }.into());
        let error = gpu.check().expect_err("out of memory");
        assert_eq!(error.class(), FailureClass::Environment);
        assert!(error.to_string().contains("is out of memory"), "{error}");
        assert_eq!(gpu.check(), Ok(()), "asked once, answered once");
        let _refused = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 3,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        assert_eq!(gpu.check().expect_err("an impossible buffer").class(), FailureClass::Worker);
    }
}

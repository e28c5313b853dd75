//! The GPU part of the worker: passes over raw frames as data, a device that runs them, and CPU twins that say what each pass
//! must compute.
//!
//! ```text
//! steps + layouts --passes::record--> Recording --engine::Graph--> frames
//!                                         \------twins::run------> the same frames, slowly
//! ```
//!
//! Invariants: `recording`, `passes` and `twins` know no device; `device` and `engine` know no picture.

pub mod device;
pub mod engine;
pub mod fitting;
pub mod measure;
pub mod passes;
mod pipelines;
pub mod recording;
pub mod shaders;
#[cfg(test)]
pub(crate) mod testing;
pub mod twins;

pub use device::{AdapterFacts, AdapterKind, AdapterReport, Gpu, GpuChoice, GpuError, GpuOptions, adapters, adapters_in_full};
pub use engine::{Graph, OpTiming, StageTimes};
pub use passes::{Executor, FaceInput, Features, Means, RecordError, reach_rows, record, record_faces, record_for, record_look};
pub(crate) use passes::{record_face_input, unpack_luma};
pub use recording::{DeviceFeatures, DeviceLimits, Recording};

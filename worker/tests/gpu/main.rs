//! The GPU part of the worker on the software Vulkan device: passes against twins, pictures, the engine.

mod bands;
mod common;
#[expect(dead_code, reason = "only what ONNX Runtime gave is used here")]
#[path = "../net/container.rs"]
mod container;
mod engine;
mod look;
mod networks;
mod operators;
mod pictures;
mod quality;
mod reframe;
mod steps;
mod twins;

//! The GPU part of the worker on the software Vulkan device: passes against twins, pictures, the engine.

mod common;
#[path = "../net/container.rs"]
mod container;
mod engine;
mod networks;
mod operators;
mod pictures;
mod quality;
mod twins;

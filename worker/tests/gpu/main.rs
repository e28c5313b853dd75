//! The GPU part of the worker on the software Vulkan device: passes against twins, pictures, the engine.

mod common;
mod engine;
mod operators;
mod pictures;
mod quality;
mod steps;
mod twins;

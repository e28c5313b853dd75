//! The GPU part of the worker on the software Vulkan device: passes against twins, pictures, the engine.

mod bands;
mod common;
mod engine;
mod pictures;
mod quality;
mod twins;

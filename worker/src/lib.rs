//! Placeholder.

pub mod gpu;

//! Executes: decodes, runs GPU passes, encodes, verifies.

pub mod gpu;
pub mod media;

//! The worker: executes tasks. Decodes, runs GPU passes, encodes, verifies, assembles.

pub mod media;

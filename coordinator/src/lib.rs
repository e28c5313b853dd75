//! Decides: a pure core, one writer around it, a durable store, blobs and RPC. Opens no media.

pub mod core;

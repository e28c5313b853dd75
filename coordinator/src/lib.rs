//! The coordinator: decides what is rendered where, keeps the record of it, and serves studios and workers.

pub mod rpc;
pub mod store;

//! Decides: a pure core, one writer around it, a durable store, blobs and RPC. Opens no media.
//!
//! `core` is the state and every rule; `engine` the one thread that changes it and makes changes durable before anybody sees
//! them; `store` the record; `rpc` the doors. [`run`] puts them together.

pub mod core;
pub mod engine;
pub mod rpc;
pub mod secret;
pub mod serve;
pub mod store;

pub use serve::{Config, CoordinatorError, Listening, run};

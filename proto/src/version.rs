//! The version of the protocol between workers and coordinator.
//!
//! Fields and messages may be added freely; numbers are never reused. Raise [`PROTOCOL`] only when an older worker would do
//! wrong work: the coordinator then refuses it by name.

/// What this build speaks.
pub const PROTOCOL: u32 = 2;

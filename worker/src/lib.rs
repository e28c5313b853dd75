//! The worker: joins a farm, pulls leases, decodes, runs GPU passes, encodes, verifies, reports.

pub mod agent;
pub mod gpu;
pub mod media;
pub mod outbox;
pub mod scratch;

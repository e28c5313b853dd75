//! The services of the farm, by audience: thin shells that check messages and pass them on.

pub mod blobs;

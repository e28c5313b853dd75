//! What tests and the demo share: the drawn episode, pictures that show people what the farm did, clips and independent looks
//! at results, and a farm of real processes.
//!
//! Light on purpose: it knows neither coordinator nor worker, so `cargo xtask` builds in seconds.

pub mod farm;
pub mod film;
pub mod media;
pub mod pictures;

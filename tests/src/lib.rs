//! The drawn episode that tests and the demo share, and the pictures that show people what the farm did.
//!
//! Light on purpose: it knows neither coordinator nor worker, so `cargo xtask` builds in seconds.

pub mod film;
pub mod lettering;
pub mod pictures;

//! The networks that a recording may need, by the digest that recipes pin them by.

use std::collections::BTreeMap;
use std::sync::Arc;

use shotfarm_shared::digest::Digest;

use super::Network;

/// Networks by digest, as whoever fetched and read them hands them to whoever records a step.
pub type Models = BTreeMap<Digest, Arc<Network>>;

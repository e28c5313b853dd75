//! The vocabulary of the farm: ids, manifests, recipes, tasks, media facts and every bound.
//!
//! Pure: no clock, no randomness, no files, no network. Everything here is data, parsing, and rules over data, so that the
//! coordinator, the workers, the client and the tests mean the same thing by the same word.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod digest;
pub mod failure;
pub mod fidelity;
pub mod frames;
pub mod ids;
pub mod label;
pub mod limits;
pub mod manifest;
pub mod media;
pub mod model;
pub mod recipe;
pub mod segment;
pub mod shot;
pub mod split;
pub mod task;
pub mod time;
pub mod track;
pub mod work;

//! The pure core: `apply(&mut Farm, command, now) -> Effects`.
//!
//! No clock, no randomness, no I/O, no async: the engine around it feeds commands in, makes the records durable, and only then
//! lets messages and replies out. Every durable change is a [`record::Record`], and [`farm::Farm::evolve`] is the only code that
//! carries one out, so that recovery and live work cannot differ.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod apply;
pub mod command;
pub mod farm;
pub mod invariant;
pub mod job;
pub mod meter;
pub mod record;
pub mod schedule;
pub mod select;

#[cfg(test)]
mod tests;

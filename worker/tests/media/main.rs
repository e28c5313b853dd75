//! The media part of the worker against real ffmpeg: clips are generated, decoded, encoded, joined and compared.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod assembling;
mod clips;
mod cutting;
mod probing;
mod splitting;

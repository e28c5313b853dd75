//! Another aspect for a shot: what is looked at, what is found, and the track that is planned from it.
//!
//! ```text
//! frames --GPU--> cells, profiles, faces = Findings --plan (pure)--> Track --GPU--> frames of the other aspect
//! ```
//!
//! Findings of a frame depend on that frame and those beside it, never on where the shot was cut into tasks; the plan sees the
//! findings of the whole shot at once.

pub mod analyse;
mod barrier;
pub mod detect;
pub mod eyes;
pub mod findings;
pub mod pictures;
pub mod plan;

pub use detect::{Detector, NoDetector};
pub use eyes::{Eyes, Gaze, LookError, Notes, analyse_frames};
pub use findings::{Cell, Face, Findings, Look, Seen};
pub use plan::{PlanError, plan};

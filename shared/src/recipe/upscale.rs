//! The step `upscale`: a change of size, and how its samples are made.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::filter::Filter;
use super::parameters::Parameters;
use super::size::Target;

/// A change of size, in any ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upscale {
    /// The size to reach.
    pub target: Target,
    /// How samples are made.
    pub filter: Filter,
}

impl Upscale {
    /// Reads what stands after the step's name.
    pub(super) fn read(mut parameters: Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let target = parameters.positional().ok_or_else(|| InvalidRecipe::Target(String::new()))?.parse()?;
        let filter = Filter::read(&mut parameters)?;
        parameters.finish("filter=..., antiring=0..1 with the ewa filters, and sharpness=0..2 with filter=fsr")?;
        Ok(Self { target, filter })
    }
}

impl fmt::Display for Upscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upscale {} {}", self.target, self.filter)
    }
}

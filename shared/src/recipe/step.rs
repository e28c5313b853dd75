//! One operation on frames, in the text form that people write: its name, then its parameters.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::parameters::Parameters;
use super::upscale::Upscale;
use crate::media::Extent;

/// One operation on frames.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Change of size.
    Upscale(Upscale),
}

impl Step {
    /// The size of the frames that leave the step.
    #[must_use]
    pub fn extent(&self, source: Extent) -> Extent {
        match self {
            Self::Upscale(upscale) => upscale.target.extent(source),
        }
    }

    /// The part of the step that works in the light of standard dynamic range and so cannot take HDR frames, by name.
    #[must_use]
    pub fn needs_sdr(&self) -> Option<&'static str> {
        match self {
            Self::Upscale(upscale) => upscale.filter.needs_sdr().then(|| upscale.filter.name()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upscale(upscale) => upscale.fmt(f),
        }
    }
}

impl FromStr for Step {
    type Err = InvalidRecipe;

    fn from_str(text: &str) -> Result<Self, InvalidRecipe> {
        let (name, parameters) = Parameters::split(text)?;
        match name {
            "upscale" => Upscale::read(parameters).map(Self::Upscale),
            other => Err(InvalidRecipe::UnknownStep(other.to_owned())),
        }
    }
}

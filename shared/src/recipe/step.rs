//! One operation on frames, in the text form that people write: its name, then its parameters.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::parameters::Parameters;
use super::upscale::Upscale;
use crate::media::Extent;
use crate::model::ModelRef;

/// One operation on frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

    /// Whether the picture that leaves the step is the one that came in, in another size or look: the same frame, framed alike.
    /// Only then can it be compared with its source.
    #[must_use]
    pub fn keeps_picture(&self) -> bool {
        match self {
            Self::Upscale(_) => true,
        }
    }

    /// The lowest PSNR that the step asks for, in hundredths of a decibel.
    pub(super) fn check_hundredths(&self) -> Option<u32> {
        match self {
            Self::Upscale(upscale) => upscale.check_hundredths,
        }
    }

    /// The part of the step that works in the light of standard dynamic range and so cannot take HDR frames, by name.
    #[must_use]
    pub fn needs_sdr(&self) -> Option<&'static str> {
        match self {
            Self::Upscale(Upscale { model: Some(_), .. }) => Some("a model"),
            Self::Upscale(upscale) => upscale.filter.needs_sdr().then(|| upscale.filter.name()),
        }
    }

    /// The network that the step runs.
    #[must_use]
    pub fn model(&self) -> Option<&ModelRef> {
        match self {
            Self::Upscale(upscale) => upscale.model.as_ref(),
        }
    }

    /// The network that the step runs, to be pinned.
    pub(super) fn model_mut(&mut self) -> Option<&mut ModelRef> {
        match self {
            Self::Upscale(upscale) => upscale.model.as_mut(),
        }
    }

    /// The step for people: as it is written, with the first digits of a digest instead of all of them.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Upscale(upscale) => upscale.write(&mut text, ModelRef::short),
        }
        .expect("a string takes every text");
        text
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

//! One operation on frames, in the text form that people write: its name, then its parameters.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::deband::Deband;
use super::denoise::Denoise;
use super::error::InvalidRecipe;
use super::grain::Grain;
use super::parameters::Parameters;
use super::reframe::Reframe;
use super::sharpen::Sharpen;
use super::upscale::Upscale;
use crate::media::Extent;
use crate::model::ModelRef;

/// One operation on frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Change of size.
    Upscale(Upscale),
    /// Another aspect.
    Reframe(Reframe),
    /// Less noise.
    Denoise(Denoise),
    /// Smooth gradients instead of bands.
    Deband(Deband),
    /// More contrast in fine detail.
    Sharpen(Sharpen),
    /// Film grain.
    Grain(Grain),
}

impl Step {
    /// The size of the frames that leave the step.
    #[must_use]
    pub fn extent(&self, source: Extent) -> Extent {
        match self {
            Self::Upscale(upscale) => upscale.target.extent(source),
            Self::Reframe(reframe) => reframe.target.extent(source),
            Self::Denoise(_) | Self::Deband(_) | Self::Sharpen(_) | Self::Grain(_) => source,
        }
    }

    /// Whether the picture that leaves the step is the one that came in, in another size or look: the same frame, framed alike.
    /// Only then can it be compared with its source.
    #[must_use]
    pub fn keeps_picture(&self) -> bool {
        match self {
            Self::Upscale(_) | Self::Denoise(_) | Self::Deband(_) | Self::Sharpen(_) | Self::Grain(_) => true,
            Self::Reframe(_) => false,
        }
    }

    fn upscale(&self) -> Option<&Upscale> {
        match self {
            Self::Upscale(upscale) => Some(upscale),
            Self::Reframe(_) | Self::Denoise(_) | Self::Deband(_) | Self::Sharpen(_) | Self::Grain(_) => None,
        }
    }

    /// The lowest PSNR that the step asks for, in hundredths of a decibel.
    pub(super) fn check_hundredths(&self) -> Option<u32> {
        self.upscale()?.check_hundredths
    }

    /// The part of the step that works in the light of standard dynamic range and so cannot take HDR frames, by name.
    #[must_use]
    pub fn needs_sdr(&self) -> Option<&'static str> {
        match self {
            Self::Upscale(Upscale { model: Some(_), .. }) => Some("a model"),
            Self::Upscale(Upscale { filter, .. }) | Self::Reframe(Reframe { filter, .. }) => {
                filter.needs_sdr().then(|| filter.name())
            }
            // They work on coded values, which are as even to the eye in HDR as in SDR.
            Self::Denoise(_) | Self::Deband(_) | Self::Sharpen(_) | Self::Grain(_) => None,
        }
    }

    /// The network that the step runs over its frames.
    #[must_use]
    pub fn model(&self) -> Option<&ModelRef> {
        self.upscale()?.model.as_ref()
    }

    /// The network that looks at the source before the step is planned.
    #[must_use]
    pub fn detector(&self) -> Option<&ModelRef> {
        match self {
            Self::Reframe(reframe) => reframe.model.as_ref(),
            Self::Upscale(_) | Self::Denoise(_) | Self::Deband(_) | Self::Sharpen(_) | Self::Grain(_) => None,
        }
    }

    /// Its network of either kind, to be pinned.
    pub(super) fn model_mut(&mut self) -> Option<&mut ModelRef> {
        match self {
            Self::Upscale(upscale) => upscale.model.as_mut(),
            Self::Reframe(reframe) => reframe.model.as_mut(),
            Self::Denoise(_) | Self::Deband(_) | Self::Sharpen(_) | Self::Grain(_) => None,
        }
    }

    /// The step for people: as it is written, with the first digits of a digest instead of all of them.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Upscale(upscale) => upscale.write(&mut text, ModelRef::short),
            Self::Reframe(reframe) => reframe.write(&mut text, ModelRef::short),
            Self::Denoise(_) | Self::Deband(_) | Self::Sharpen(_) | Self::Grain(_) => write!(text, "{self}"),
        }
        .expect("a string takes every text");
        text
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upscale(upscale) => upscale.fmt(f),
            Self::Reframe(reframe) => reframe.fmt(f),
            Self::Denoise(denoise) => denoise.fmt(f),
            Self::Deband(deband) => deband.fmt(f),
            Self::Sharpen(sharpen) => sharpen.fmt(f),
            Self::Grain(grain) => grain.fmt(f),
        }
    }
}

impl FromStr for Step {
    type Err = InvalidRecipe;

    fn from_str(text: &str) -> Result<Self, InvalidRecipe> {
        let (name, parameters) = Parameters::split(text)?;
        match name {
            "upscale" => Upscale::read(parameters).map(Self::Upscale),
            "reframe" => Reframe::read(parameters).map(Self::Reframe),
            "denoise" => Denoise::read(parameters).map(Self::Denoise),
            "deband" => Deband::read(parameters).map(Self::Deband),
            "sharpen" => Sharpen::read(parameters).map(Self::Sharpen),
            "grain" => Grain::read(parameters).map(Self::Grain),
            other => Err(InvalidRecipe::UnknownStep(other.to_owned())),
        }
    }
}

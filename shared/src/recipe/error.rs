//! What is wrong with a recipe, and what to write instead.

use super::filter::Filter;
use crate::limits::{ASPECT_MAX, FRAME_SIDE_MAX, RECIPE_STEPS_MAX, SCALE_FACTOR_MAX};
use crate::model::InvalidModelName;

/// A recipe that cannot be read or followed: what, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecipe {
    /// No step at all.
    #[error("no step is given; write one such as `upscale 2x`")]
    Empty,
    /// Too many steps.
    #[error("{0} steps are given, at most {RECIPE_STEPS_MAX} are taken")]
    TooManySteps(usize),
    /// A step nobody knows.
    #[error("`{0}` is no step; known are `upscale`, `reframe`, `denoise`, `deband`, `sharpen` and `grain`")]
    UnknownStep(String),
    /// A size that cannot be read.
    #[error("`{0}` is no size; write a factor such as `2x` or `1.5x`, or a size such as `1080x1920`")]
    Target(String),
    /// A factor or size outside the bounds.
    #[error(
        "`{0}` is outside the bounds: factors go from 1/{SCALE_FACTOR_MAX} to {SCALE_FACTOR_MAX}, sizes from 2x2 to {FRAME_SIDE_MAX} a side"
    )]
    TargetOutOfBounds(String),
    /// An aspect or size that cannot be read.
    #[error("`{0}` is no aspect or size; write an aspect such as `9:16`, or a size with even sides such as `1080x1920`")]
    Framing(String),
    /// An aspect outside the bounds.
    #[error("`{0}` is narrower or wider than a picture is taken; write an aspect from 1:{ASPECT_MAX} to {ASPECT_MAX}:1")]
    Aspect(String),
    /// A camera nobody knows.
    #[error("`{0}` is no camera; known are auto, steady, pan and follow")]
    Camera(String),
    /// An order of layouts that is none.
    #[error("`{0}` is no order of layouts; write some of split, pan and fit, each once, with commas between, or none")]
    Overflow(String),
    /// Zones that cannot be read.
    #[error("`{0}` names no zones; write a name such as tiktok, or NAME:TOP/RIGHT/BOTTOM/LEFT in thousandths of the sides")]
    Zones(String),
    /// A track that is no digest.
    #[error("`{0}` is no track; a recipe names it by the digest of its bytes, and a manifest by its file in `reframe.track`")]
    Track(String),
    /// More than one reframe.
    #[error("`reframe` is given twice; a picture is framed once")]
    TwoReframes,
    /// A filter nobody knows.
    #[error("`{0}` is no filter; known are {known}", known = Filter::names().join(", "))]
    UnknownFilter(String),
    /// A parameter that the step or filter does not have.
    #[error("`{word}` is no parameter here; known are {known}")]
    UnknownParameter {
        /// What was written.
        word: String,
        /// What could have been written.
        known: &'static str,
    },
    /// A parameter given twice.
    #[error("`{0}` is given twice; write it once")]
    RepeatedParameter(String),
    /// A sharpness outside its range.
    #[error("`{0}` is no sharpness; write stops from 0 (sharpest) to 2")]
    Sharpness(String),
    /// An anti-ringing outside its range.
    #[error("`{0}` is no anti-ringing; write a number from 0 (none) to 1")]
    Antiring(String),
    /// A name that no network can have, or a digest that is none.
    #[error(transparent)]
    Model(#[from] InvalidModelName),
    /// A lowest PSNR outside its range.
    #[error("`{0}` is no lowest PSNR; write decibels from 0 to 100, such as check=25 or check=27.5")]
    Check(String),
    /// A number that is none, or outside its range.
    #[error("`{name}={text}` is not taken; write {kind} from {min} to {max}")]
    Number {
        /// Which number.
        name: &'static str,
        /// What was written.
        text: String,
        /// What kind of number is taken.
        kind: String,
        /// The least.
        min: String,
        /// The most.
        max: String,
    },
    /// A profile nobody knows.
    #[error("`{0}` is no profile; known are phone-h264, review and master-ffv1")]
    UnknownProfile(String),
    /// A step that this source does not allow.
    #[error("{0}")]
    Unsuitable(String),
}

//! The step `upscale`: a change of size, and how its samples are made.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::filter::Filter;
use super::parameters::Parameters;
use super::size::{Target, decimal, write_decimal};
use crate::model::ModelRef;

/// Highest PSNR that can be asked for, in hundredths of a decibel: far above what 8 bits can show.
const CHECK_HUNDREDTHS_MAX: u32 = 10_000;

/// A change of size, in any ratio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upscale {
    /// The size to reach.
    pub target: Target,
    /// The network that enlarges, as often as [`super::model_runs`] says; then the filter brings its result to the size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// How samples are made.
    pub filter: Filter,
    /// The lowest PSNR, in hundredths of a decibel, that the result made small again may have against the source. A shot
    /// that comes out worse fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_hundredths: Option<u32>,
}

impl Upscale {
    /// Reads what stands after the step's name.
    pub(super) fn read(mut parameters: Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let target = parameters.positional().ok_or_else(|| InvalidRecipe::Target(String::new()))?.parse()?;
        let filter = Filter::read(&mut parameters)?;
        let model = parameters.take("model")?.map(str::parse).transpose()?;
        let check_hundredths = parameters.take("check")?.map(read_check).transpose()?;
        parameters.finish("model=..., filter=..., check=DB, antiring=0..1 with the ewa filters, and sharpness=0..2 with fsr")?;
        Ok(Self { target, model, filter, check_hundredths })
    }
}

fn read_check(text: &str) -> Result<u32, InvalidRecipe> {
    let invalid = || InvalidRecipe::Check(text.to_owned());
    decimal(text, 2).filter(|&value| value <= CHECK_HUNDREDTHS_MAX).ok_or_else(invalid)
}

impl Upscale {
    /// Writes the step with its network as `model` writes it.
    pub(super) fn write(&self, f: &mut dyn fmt::Write, model: impl Fn(&ModelRef) -> String) -> fmt::Result {
        write!(f, "upscale {}", self.target)?;
        if let Some(named) = &self.model {
            write!(f, " model={}", model(named))?;
        }
        write!(f, " {}", self.filter)?;
        if let Some(check_hundredths) = self.check_hundredths {
            write!(f, " check={}", write_decimal(check_hundredths, 2))?;
        }
        Ok(())
    }
}

impl fmt::Display for Upscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, ModelRef::to_string)
    }
}

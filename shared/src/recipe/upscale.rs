//! The step `upscale`: a change of size, and how its samples are made.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::parameters::Parameters;
use super::size::{Target, decimal, write_decimal};
use crate::model::ModelRef;

/// The sharpness of the sample that FSR's authors ship, in hundredths of stops below the sharpest.
const FSR_STOPS_HUNDREDTHS_DEFAULT: u32 = 20;
/// Most stops of sharpness below the sharpest, in hundredths.
const FSR_STOPS_HUNDREDTHS_MAX: u32 = 200;
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

/// How an upscale makes its samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Separable Lanczos, three lobes, each plane by itself in the light it is coded in.
    Lanczos,
    /// Polar Lanczos in linear light with a sigmoid curve: the quality default.
    EwaLanczos,
    /// AMD FidelityFX Super Resolution 1: EASU, then RCAS.
    Fsr {
        /// Sharpness in stops below the most: 0 (most) to 2, in hundredths so that it stays exact.
        stops_hundredths: u32,
    },
}

impl Filter {
    /// FSR at the sharpness its authors' sample ships with.
    pub const FSR_DEFAULT: Self = Self::Fsr { stops_hundredths: FSR_STOPS_HUNDREDTHS_DEFAULT };

    /// Its name without parameters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lanczos => "lanczos",
            Self::EwaLanczos => "ewa-lanczos",
            Self::Fsr { .. } => "fsr",
        }
    }
}

impl Upscale {
    /// Reads what stands after the step's name.
    pub(super) fn read(mut parameters: Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let target = parameters.positional().ok_or_else(|| InvalidRecipe::Target(String::new()))?.parse()?;
        let filter = match parameters.take("filter")?.unwrap_or("ewa-lanczos") {
            "lanczos" => Filter::Lanczos,
            "ewa-lanczos" => Filter::EwaLanczos,
            "fsr" => Filter::Fsr { stops_hundredths: read_stops(&mut parameters)? },
            other => return Err(InvalidRecipe::UnknownFilter(other.to_owned())),
        };
        let model = parameters.take("model")?.map(str::parse).transpose()?;
        let check_hundredths = parameters.take("check")?.map(read_check).transpose()?;
        parameters.finish("model=..., filter=..., check=DB, and sharpness=0..2 with filter=fsr")?;
        Ok(Self { target, model, filter, check_hundredths })
    }
}

fn read_stops(parameters: &mut Parameters<'_>) -> Result<u32, InvalidRecipe> {
    let Some(stops) = parameters.take("sharpness")? else { return Ok(FSR_STOPS_HUNDREDTHS_DEFAULT) };
    let invalid = || InvalidRecipe::Sharpness(stops.to_owned());
    decimal(stops, 2).filter(|&value| value <= FSR_STOPS_HUNDREDTHS_MAX).ok_or_else(invalid)
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
        write!(f, " filter={}", self.filter.name())?;
        if let Filter::Fsr { stops_hundredths } = self.filter {
            write!(f, " sharpness={}", write_decimal(stops_hundredths, 2))?;
        }
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

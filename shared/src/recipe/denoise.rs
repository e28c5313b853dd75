//! The step `denoise`: noise taken out of a frame with the help of the frames around it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::parameters::{Number, Parameters};
use super::size::write_decimal;

const STRENGTH: Number = Number { name: "strength", places: 2, min: 0, max: 100, default: 20 };
/// More frames cost more than they take off, and more than two on either side seldom show the same thing.
const FRAMES: Number = Number { name: "frames", places: 0, min: 0, max: 2, default: 1 };

/// Noise reduction in space and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denoise {
    /// The noise that is expected, in hundredths: 100 is a standard deviation of 20 of 255 codes of luma; 0 changes nothing.
    pub strength_hundredths: u32,
    /// Frames on either side that are looked at.
    pub frames: u32,
}

impl Denoise {
    /// Reads what stands after the step's name.
    pub(super) fn read(mut parameters: Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let strength_hundredths = parameters.number(&STRENGTH)?;
        let frames = parameters.number(&FRAMES)?;
        parameters.finish("strength=0..1 and frames=0..2")?;
        Ok(Self { strength_hundredths, frames })
    }
}

impl fmt::Display for Denoise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "denoise strength={} frames={}", write_decimal(self.strength_hundredths, 2), self.frames)
    }
}

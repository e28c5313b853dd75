//! The step `sharpen`: more contrast in fine detail, without halos.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::parameters::{Number, Parameters};
use super::size::write_decimal;

const STRENGTH: Number = Number { name: "strength", places: 2, min: 0, max: 100, default: 50 };

/// Sharpening of luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharpen {
    /// From nothing to the most that looks natural, in hundredths.
    pub strength_hundredths: u32,
}

impl Sharpen {
    /// Reads what stands after the step's name.
    pub(super) fn read(mut parameters: Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let strength_hundredths = parameters.number(&STRENGTH)?;
        parameters.finish("strength=0..1")?;
        Ok(Self { strength_hundredths })
    }
}

impl fmt::Display for Sharpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sharpen strength={}", write_decimal(self.strength_hundredths, 2))
    }
}

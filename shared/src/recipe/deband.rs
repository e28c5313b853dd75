//! The step `deband`: steps of one code in what was a smooth gradient made smooth again.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::parameters::{Number, Parameters};
use super::size::write_decimal;

const STRENGTH: Number = Number { name: "strength", places: 2, min: 0, max: 100, default: 40 };
/// Bands in 8 bits are seldom wider than twice 64 pixels, and farther samples seldom belong to the same surface.
const RANGE: Number = Number { name: "range", places: 0, min: 1, max: 64, default: 16 };

/// Removal of bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deband {
    /// Up to which difference samples are taken for one gradient, in hundredths: 100 is 8 of 255 codes; 0 changes nothing.
    pub strength_hundredths: u32,
    /// Luma samples, along each axis, within which others are looked at.
    pub range: u32,
}

impl Deband {
    /// Reads what stands after the step's name.
    pub(super) fn read(mut parameters: Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let strength_hundredths = parameters.number(&STRENGTH)?;
        let range = parameters.number(&RANGE)?;
        parameters.finish("strength=0..1 and range=1..64")?;
        Ok(Self { strength_hundredths, range })
    }
}

impl fmt::Display for Deband {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "deband strength={} range={}", write_decimal(self.strength_hundredths, 2), self.range)
    }
}

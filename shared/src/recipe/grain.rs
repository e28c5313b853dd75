//! The step `grain`: film grain, the same for the same frame of a shot wherever it is rendered.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::parameters::{Number, Parameters};
use super::size::write_decimal;

const STRENGTH: Number = Number { name: "strength", places: 2, min: 0, max: 100, default: 25 };
/// Larger grains are blotches.
const SIZE: Number = Number { name: "size", places: 2, min: 100, max: 800, default: 150 };
const SEED: Number = Number { name: "seed", places: 0, min: 0, max: u32::MAX, default: 0 };

/// Film grain on luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grain {
    /// Standard deviation in the mid-tones, in hundredths: 100 is 16 of 255 codes; 0 changes nothing.
    pub strength_hundredths: u32,
    /// About the width of a grain, in hundredths of a sample.
    pub size_hundredths: u32,
    /// Names one of many fields of grain, so that two shots need not have the same.
    pub seed: u32,
}

impl Grain {
    /// Reads what stands after the step's name.
    pub(super) fn read(mut parameters: Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let strength_hundredths = parameters.number(&STRENGTH)?;
        let size_hundredths = parameters.number(&SIZE)?;
        let seed = parameters.number(&SEED)?;
        parameters.finish("strength=0..1, size=1..8 and seed=0..4294967295")?;
        Ok(Self { strength_hundredths, size_hundredths, seed })
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (strength, size) = (write_decimal(self.strength_hundredths, 2), write_decimal(self.size_hundredths, 2));
        write!(f, "grain strength={strength} size={size} seed={}", self.seed)
    }
}

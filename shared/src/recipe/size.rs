//! The size that a step reaches, and exact decimal numbers in recipes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use crate::limits::SCALE_FACTOR_MAX;
use crate::media::Extent;

/// The size an upscale reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Times the source's size, in thousandths, so that it stays exact: 1500 is 1.5x.
    Factor {
        /// The factor times 1000.
        thousandths: u32,
    },
    /// Exactly this size. The picture's display shape is kept by the shape of its pixels.
    Size(Extent),
}

impl Target {
    /// The size reached from `source`, each side rounded to the nearest multiple that 4:2:0 needs, and at least that.
    #[must_use]
    pub fn extent(self, source: Extent) -> Extent {
        match self {
            Self::Size(extent) => extent,
            Self::Factor { thousandths } => {
                let side = |length: u32| {
                    let halves = (u64::from(length) * u64::from(thousandths) + 1_000) / 2_000;
                    (halves.max(1) * 2).min(u64::from(u32::MAX)) as u32
                };
                Extent::new(side(source.width), side(source.height))
            }
        }
    }
}

impl FromStr for Target {
    type Err = InvalidRecipe;

    fn from_str(text: &str) -> Result<Self, InvalidRecipe> {
        let unreadable = || InvalidRecipe::Target(text.to_owned());
        let out_of_bounds = || InvalidRecipe::TargetOutOfBounds(text.to_owned());
        let (left, right) = text.split_once(['x', 'X', '×']).ok_or_else(unreadable)?;
        if right.is_empty() {
            let thousandths = decimal(left, 3).ok_or_else(unreadable)?;
            let bounds = (1_000 / SCALE_FACTOR_MAX)..=(SCALE_FACTOR_MAX * 1_000);
            return if bounds.contains(&thousandths) { Ok(Self::Factor { thousandths }) } else { Err(out_of_bounds()) };
        }
        let side = |digits: &str| digits.parse::<u32>().map_err(|_| unreadable());
        let extent = Extent::new(side(left)?, side(right)?);
        if extent.check().is_err() {
            return Err(out_of_bounds());
        }
        if extent.width % 2 == 1 || extent.height % 2 == 1 {
            return Err(InvalidRecipe::Unsuitable(format!(
                "`{text}` has an odd side; video sizes are even, so write an even one"
            )));
        }
        Ok(Self::Size(extent))
    }
}

/// Reads a decimal number as an integer number of its `places`-th decimal place; more places than that are refused.
pub(super) fn decimal(text: &str, places: usize) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// Writes `value` counted in the `places`-th decimal place as a decimal number without trailing zeros.
pub(super) fn write_decimal(value: u32, places: usize) -> String {
    let scale = 10_u32.pow(places as u32);
    let text = format!("{}.{:0places$}", value / scale, value % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor { thousandths } => write!(f, "{}x", write_decimal(*thousandths, 3)),
            Self::Size(extent) => extent.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_reach_even_sizes() {
        let extent = |text: &str, width, height| text.parse::<Target>().map(|target| target.extent(Extent::new(width, height)));
        assert_eq!(extent("2x", 640, 360), Ok(Extent::new(1280, 720)));
        assert_eq!(extent("1.5x", 854, 480), Ok(Extent::new(1282, 720)));
        assert_eq!(extent("1.5x", 1, 1), Ok(Extent::new(2, 2)));
        assert_eq!(extent("1080x1920", 720, 1280), Ok(Extent::new(1080, 1920)));
    }
}

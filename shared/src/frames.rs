//! Frame ranges and frame rates: exact integers, never floating point.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Frames `start..end` of a shot, counted from 0 in presentation order; `end` is not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FrameRange {
    /// The first frame.
    pub start: u64,
    /// One past the last frame.
    pub end: u64,
}

impl FrameRange {
    /// `start..end`.
    #[must_use]
    pub fn new(start: u64, end: u64) -> Self {
        Self { start, end }
    }

    /// How many frames it holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for FrameRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// Frames per second as an exact ratio, such as 24/1 or 30000/1001. Both parts are positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FrameRate {
    num: u32,
    den: u32,
}

/// A text or pair of numbers that is no frame rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a frame rate is a positive number or ratio such as 24 or 30000/1001, this is `{0}`")]
pub struct InvalidFrameRate(pub String);

impl FrameRate {
    /// `num / den` frames per second, in lowest terms.
    ///
    /// # Errors
    /// When either part is 0.
    pub fn new(num: u32, den: u32) -> Result<Self, InvalidFrameRate> {
        if num == 0 || den == 0 {
            return Err(InvalidFrameRate(format!("{num}/{den}")));
        }
        let divisor = gcd(num, den);
        Ok(Self { num: num / divisor, den: den / divisor })
    }

    /// The numerator in lowest terms.
    #[must_use]
    pub fn num(self) -> u32 {
        self.num
    }

    /// The denominator in lowest terms.
    #[must_use]
    pub fn den(self) -> u32 {
        self.den
    }

    /// Frames in a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// The length of `frames` frames in seconds, for display and estimates only.
    #[must_use]
    pub fn seconds(self, frames: u64) -> f64 {
        frames as f64 * f64::from(self.den) / f64::from(self.num)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

impl FromStr for FrameRate {
    type Err = InvalidFrameRate;

    fn from_str(text: &str) -> Result<Self, InvalidFrameRate> {
        let invalid = || InvalidFrameRate(text.to_owned());
        let (num, den) = text.split_once('/').unwrap_or((text, "1"));
        let num = num.trim().parse().map_err(|_| invalid())?;
        let den = den.trim().parse().map_err(|_| invalid())?;
        Self::new(num, den).map_err(|_| invalid())
    }
}

impl TryFrom<String> for FrameRate {
    type Error = InvalidFrameRate;

    fn try_from(text: String) -> Result<Self, InvalidFrameRate> {
        text.parse()
    }
}

impl From<FrameRate> for String {
    fn from(rate: FrameRate) -> Self {
        rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_kept_in_lowest_terms() {
        assert_eq!("60000/2002".parse::<FrameRate>().map(|rate| rate.to_string()), Ok("30000/1001".to_owned()));
        assert_eq!("24".parse::<FrameRate>().map(|rate| (rate.num(), rate.den())), Ok((24, 1)));
    }

    #[test]
    fn zero_and_nonsense_are_no_rates() {
        for text in ["0", "24/0", "", "x", "-1", "1/2/3"] {
            assert_eq!(text.parse::<FrameRate>(), Err(InvalidFrameRate(text.to_owned())));
        }
    }
}

//! Exact fractions, for places and scales of pixels.

/// A fraction in lowest terms, its denominator positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// Above the line.
    pub numerator: i64,
    /// Below the line; at least 1.
    pub denominator: i64,
}

/// Largest denominator that a scale written as f32 is taken for; more is no scale that anybody means.
const SCALE_DENOMINATOR_MAX: i64 = 256;

fn greatest_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { greatest_divisor(b, a % b) }
}

/// The least common multiple; none on overflow.
pub(super) fn least_multiple(a: i64, b: i64) -> Option<i64> {
    (a / greatest_divisor(a, b).max(1)).checked_mul(b)
}

impl Ratio {
    pub(super) const ZERO: Self = Self::whole(0);
    pub(super) const ONE: Self = Self::whole(1);

    pub(super) const fn whole(number: i64) -> Self {
        Self { numerator: number, denominator: 1 }
    }

    /// None when the denominator is zero.
    pub(super) fn new(numerator: i64, denominator: i64) -> Option<Self> {
        if denominator == 0 || numerator == i64::MIN || denominator == i64::MIN {
            return None;
        }
        let divisor = greatest_divisor(numerator, denominator) * denominator.signum();
        Some(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// The simple fraction that an f32 stands for: 0.333.. is 1/3.
    pub(super) fn from_scale(scale: f32) -> Option<Self> {
        (1..=SCALE_DENOMINATOR_MAX).find_map(|denominator| {
            let numerator = (f64::from(scale) * denominator as f64).round();
            let near = (numerator / denominator as f64) as f32 == scale;
            if near { Self::new(numerator as i64, denominator) } else { None }
        })
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::new(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?)
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        Self::new(self.numerator.checked_mul(other.numerator)?, self.denominator.checked_mul(other.denominator)?)
    }

    pub(super) fn over(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.denominator, other.numerator)?)
    }

    pub(super) fn negative(self) -> Self {
        Self { numerator: -self.numerator, ..self }
    }

    /// The next whole number not below.
    #[must_use]
    pub fn ceil(self) -> i64 {
        -(-self.numerator).div_euclid(self.denominator)
    }

    /// The next whole number not above.
    #[must_use]
    pub fn floor(self) -> i64 {
        self.numerator.div_euclid(self.denominator)
    }

    /// The smaller of two.
    pub(super) fn least(self, other: Self) -> Self {
        if self.is_less(other) { self } else { other }
    }

    /// The larger of two.
    pub(super) fn most(self, other: Self) -> Self {
        if self.is_less(other) { other } else { self }
    }

    fn is_less(self, other: Self) -> bool {
        i128::from(self.numerator) * i128::from(other.denominator) < i128::from(other.numerator) * i128::from(self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_reduced_and_rounded_towards_the_right_side() {
        let half = Ratio::new(-2, -4).unwrap();
        assert_eq!((half.numerator, half.denominator), (1, 2));
        assert_eq!((half.ceil(), half.negative().ceil(), half.negative().floor()), (1, 0, -1));
        assert_eq!(half.plus(Ratio::new(1, 3).unwrap()), Ratio::new(5, 6));
        assert_eq!(Ratio::from_scale(1.0 / 3.0), Ratio::new(1, 3));
        assert_eq!(Ratio::from_scale(0.062_5), Ratio::new(1, 16));
        assert_eq!(Ratio::from_scale(std::f32::consts::PI), None);
        assert_eq!(Ratio::new(1, 0), None);
    }
}

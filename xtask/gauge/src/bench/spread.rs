//! Figures of several rounds: their median, and how far they lie apart.

/// Some figures of the same thing; never empty.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spread(Vec<f64>);

impl Spread {
    /// From the figures of all rounds, in any order; nothing when there are none.
    pub(super) fn of(mut figures: Vec<f64>) -> Option<Self> {
        figures.sort_by(f64::total_cmp);
        (!figures.is_empty()).then_some(Self(figures))
    }

    /// The middle one; of an even number the lower of both in the middle, which flatters nobody.
    pub(super) fn median(&self) -> f64 {
        self.0[(self.0.len() - 1) / 2]
    }

    /// Least and greatest.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.0[0], self.0[self.0.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends() {
        let spread = |figures: &[f64]| Spread::of(figures.to_vec());
        let of = |figures: &[f64]| spread(figures).map(|spread| (spread.median(), spread.range()));
        assert_eq!(of(&[3.0, 1.0, 2.0]), Some((2.0, (1.0, 3.0))));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), Some((2.0, (1.0, 4.0))));
        assert_eq!(of(&[]), None);
    }
}

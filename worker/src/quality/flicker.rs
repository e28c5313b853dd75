//! Flicker: what a scaler or network adds from frame to frame that its source does not have.
//!
//! The second temporal difference of three frames running, |a - 2b + c|, is 0 where a sample stays or changes evenly, and large
//! where it goes up and down. Its mean over the rendered frames, beside that of the source brought to the same size by a plain
//! filter, tells flicker from the motion that both share. A ratio of 1 is the plain filter's; a sharper filter lies a little
//! above, because moving edges are steeper; well above that, the picture shimmers.

use super::plane::Plane;

/// The mean of |a - 2b + c| over three frames running, in codes.
///
/// # Panics
/// When the planes have different sizes.
#[must_use]
pub fn second_difference(frames: [&Plane; 3]) -> f64 {
    let [first, second, third] = frames;
    assert!(first.extent == second.extent && second.extent == third.extent, "planes of one size");
    let values = first.values.iter().zip(&second.values).zip(&third.values);
    let sum = values.map(|((a, b), c)| f64::from((a - 2.0 * b + c).abs())).sum::<f64>();
    sum / first.values.len().max(1) as f64
}

/// Mean second differences of a run of frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flicker {
    /// Of the rendered frames, in codes.
    pub result: f64,
    /// Of their source at the same size, in codes.
    pub source: f64,
}

/// A source that changes less than this, in codes, is still: its rounding alone would make the ratio.
const SOURCE_CODES_MIN: f64 = 0.02;

impl Flicker {
    /// Of frames running, rendered ones and their source at the same size; nothing for fewer than three.
    ///
    /// # Panics
    /// When there are not as many of one as of the other, or their sizes differ.
    #[must_use]
    pub fn of(result: &[Plane], source: &[Plane]) -> Option<Self> {
        assert_eq!(result.len(), source.len(), "a source frame for every frame");
        let mean = |planes: &[Plane]| {
            let differences = planes.windows(3).map(|run| second_difference([&run[0], &run[1], &run[2]]));
            differences.sum::<f64>() / planes.len().saturating_sub(2) as f64
        };
        (result.len() >= 3).then(|| Self { result: mean(result), source: mean(source) })
    }

    /// How many times the source's; nothing where the source is still.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.source >= SOURCE_CODES_MIN).then(|| self.result / self.source)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::media::Extent;

    use super::*;

    fn flat(value: f32) -> Plane {
        Plane::new(Extent::new(4, 3), vec![value; 12])
    }

    #[test]
    fn pulsing_is_seen_beside_an_even_source() {
        let source = [10.0, 12.0, 14.5, 16.0].map(flat);
        let pulsing = [10.0, 14.0, 12.5, 18.0].map(flat);
        let flicker = Flicker::of(&pulsing, &source).expect("four frames");
        assert_eq!((flicker.result, flicker.source), (6.25, 0.75));
        assert!(flicker.ratio().is_some_and(|ratio| (ratio - 25.0 / 3.0).abs() < 1e-9));
        assert_eq!(Flicker::of(&source[..2], &source[..2]), None);
        let still = [5.0; 3].map(flat);
        assert_eq!(Flicker::of(&pulsing[..3], &still).and_then(|flicker| flicker.ratio()), None);
    }

    proptest! {
        #[test]
        fn even_change_is_no_flicker(start in 0.0_f32..100.0, step in -10.0_f32..10.0) {
            let run = [0.0, 1.0, 2.0].map(|place| flat(start + place * step));
            prop_assert!(second_difference([&run[0], &run[1], &run[2]]) < 1e-4);
        }
    }
}

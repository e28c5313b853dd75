//! Peak signal to noise ratio: 10 log10(255^2 / mean squared error), in decibels.

use super::plane::{PEAK, Plane};

/// What planes without any difference are given.
pub const PSNR_DECIBELS_MAX: f64 = 100.0;

/// The mean of the squared differences.
///
/// # Panics
/// When the planes have different sizes.
#[must_use]
pub fn mean_squared_error(left: &Plane, right: &Plane) -> f64 {
    assert_eq!(left.extent, right.extent, "planes of one size");
    let squared = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
    left.values.iter().zip(&right.values).map(squared).sum::<f64>() / left.values.len().max(1) as f64
}

/// The ratio of a mean squared error, at most [`PSNR_DECIBELS_MAX`]. An error that is no number gives 0: nothing alike.
#[must_use]
pub fn psnr_of_error(mean_squared_error: f64) -> f64 {
    if mean_squared_error.is_nan() {
        return 0.0;
    }
    (10.0 * (PEAK * PEAK / mean_squared_error).log10()).min(PSNR_DECIBELS_MAX)
}

/// The ratio between two planes.
///
/// # Panics
/// When the planes have different sizes.
#[must_use]
pub fn psnr(left: &Plane, right: &Plane) -> f64 {
    psnr_of_error(mean_squared_error(left, right))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::media::Extent;

    use super::*;

    fn plane(values: &[f32]) -> Plane {
        Plane::new(Extent::new(values.len() as u32, 1), values.to_vec())
    }

    #[test]
    fn known_ratios() {
        assert_eq!(psnr(&plane(&[3.0, 9.0]), &plane(&[3.0, 9.0])), PSNR_DECIBELS_MAX);
        assert_eq!(psnr(&plane(&[0.0]), &plane(&[255.0])), 0.0);
        // One code apart everywhere: 20 log10(255).
        assert!((psnr(&plane(&[10.0; 9]), &plane(&[11.0; 9])) - 48.130_803_608_679_1).abs() < 1e-9);
        assert_eq!(psnr(&plane(&[f32::NAN]), &plane(&[1.0])), 0.0);
    }

    proptest! {
        #[test]
        fn it_falls_as_the_difference_grows(values in prop::collection::vec(0.0_f32..200.0, 1..50), by in 0.5_f32..20.0) {
            let moved = |by: f32| plane(&values.iter().map(|value| value + by).collect::<Vec<_>>());
            let (near, far) = (psnr(&moved(0.0), &moved(by)), psnr(&moved(0.0), &moved(2.0 * by)));
            prop_assert!((near - far - 20.0 * 2.0_f64.log10()).abs() < 1e-3, "twice as far is 6.02 dB less: {near} {far}");
            prop_assert_eq!(psnr(&moved(by), &moved(0.0)), near, "either way round");
        }
    }
}

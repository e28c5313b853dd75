//! Structural similarity of Wang, Bovik, Sheikh and Simoncelli (IEEE Transactions on Image Processing 13(4), 2004): means,
//! variances and covariance under a Gaussian window of 11x11 with a sigma of 1.5, K1 = 0.01, K2 = 0.03, averaged over every
//! place where the window lies within the picture.

use super::plane::{PEAK, Plane};

/// The side of the window in samples.
pub const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
const C1: f64 = (0.01 * PEAK) * (0.01 * PEAK);
const C2: f64 = (0.03 * PEAK) * (0.03 * PEAK);

/// The weights of the window along one axis.
fn window() -> [f64; WINDOW] {
    let mut weights = [0.0; WINDOW];
    for (index, weight) in weights.iter_mut().enumerate() {
        let place = index as f64 - (WINDOW / 2) as f64;
        *weight = (-place * place / (2.0 * SIGMA * SIGMA)).exp();
    }
    let sum = weights.iter().sum::<f64>();
    weights.map(|weight| weight / sum)
}

/// The five weighted means that the formula needs: of both, of both squared, of their product.
type Moments = [f64; 5];

/// The mean structural similarity of two planes: 1 when they are equal. Nothing when the planes are smaller than the window.
///
/// # Panics
/// When the planes have different sizes.
#[must_use]
pub fn ssim(left: &Plane, right: &Plane) -> Option<f64> {
    assert_eq!(left.extent, right.extent, "planes of one size");
    let (width, height) = (left.extent.width as usize, left.extent.height as usize);
    if width < WINDOW || height < WINDOW {
        return None;
    }
    let weights = window();
    let places = width - WINDOW + 1;
    let row = |y: usize| {
        let (a, b) = (&left.values[y * width..][..width], &right.values[y * width..][..width]);
        across(a, b, &weights)
    };
    // The moments of the last rows, weighted across; the oldest is replaced as the window moves down.
    let mut rows = (0..WINDOW).map(row).collect::<Vec<_>>();
    let mut sum = 0.0;
    for top in 0..=height - WINDOW {
        if top > 0 {
            rows[(top - 1) % WINDOW] = row(top + WINDOW - 1);
        }
        let under = (0..WINDOW).map(|index| &rows[(top + index) % WINDOW]).collect::<Vec<_>>();
        let moments_at = |x: usize| {
            let mut moments = [0.0; 5];
            for (row, weight) in under.iter().zip(&weights) {
                for (moment, value) in moments.iter_mut().zip(&row[x]) {
                    *moment += weight * value;
                }
            }
            moments
        };
        sum += (0..places).map(|x| similarity(&moments_at(x))).sum::<f64>();
    }
    Some(sum / (places * (height - WINDOW + 1)) as f64)
}

fn across(left: &[f32], right: &[f32], weights: &[f64; WINDOW]) -> Vec<Moments> {
    let moments = left.iter().zip(right).map(|(&a, &b)| {
        let (a, b) = (f64::from(a), f64::from(b));
        [a, b, a * a, b * b, a * b]
    });
    let moments = moments.collect::<Vec<Moments>>();
    let weighted = |under: &[Moments]| {
        let mut sums = [0.0; 5];
        for (weight, moments) in weights.iter().zip(under) {
            for (sum, moment) in sums.iter_mut().zip(moments) {
                *sum += weight * moment;
            }
        }
        sums
    };
    moments.windows(WINDOW).map(weighted).collect()
}

fn similarity(&[a, b, aa, bb, ab]: &Moments) -> f64 {
    let (var_a, var_b, covariance) = (aa - a * a, bb - b * b, ab - a * b);
    ((2.0 * a * b + C1) * (2.0 * covariance + C2)) / ((a * a + b * b + C1) * (var_a + var_b + C2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::media::Extent;

    use super::*;

    /// A picture by a formula in integers, which any language computes alike.
    fn picture(change: fn(u32, u32, u32) -> u32) -> Plane {
        let extent = Extent::new(48, 32);
        let value = |i: u32| {
            let (x, y) = (i % 48, i / 48);
            let base = (x * x * 7 + y * 13 + x * y * 3) % 256;
            change(x, y, (base + 128 * u32::from((x / 8 + y / 8) % 2 == 1)) / 2) as f32
        };
        Plane::new(extent, (0..48 * 32).map(value).collect())
    }

    /// Against scikit-image 0.26's `structural_similarity` with `gaussian_weights=True, sigma=1.5,
    /// use_sample_covariance=False, data_range=255` on the same pictures.
    #[test]
    fn known_similarities() {
        let original = picture(|_, _, value| value);
        for (changed, expected) in [
            (picture(|x, y, value| value + (x * 5 + y * 11) % 17), 0.990_324_935_934_781_3),
            (picture(|_, _, value| value / 2 + 40), 0.799_430_157_017_368_2),
            (picture(|_, _, value| 255 - value), -0.827_736_084_783_723_8),
        ] {
            let found = ssim(&original, &changed).expect("larger than the window");
            assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_picture_smaller_than_the_window_has_none() {
        let small = Plane::new(Extent::new(10, 40), vec![0.0; 400]);
        assert_eq!(ssim(&small, &small), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn equal_is_one_and_both_ways_round_are_the_same(width in 11_u32..24, height in 11_u32..20, seed: u64, other: u64) {
            let extent = Extent::new(width, height);
            let noise = |seed: u64| (0..extent.pixels()).map(|i| (seed.wrapping_mul(2 * i + 1) >> 56) as f32).collect();
            let (left, right) = (Plane::new(extent, noise(seed)), Plane::new(extent, noise(other)));
            prop_assert!((ssim(&left, &left).expect("large enough") - 1.0).abs() < 1e-9);
            let found = ssim(&left, &right).expect("large enough");
            prop_assert!((-1.0..=1.0 + 1e-9).contains(&found), "{found}");
            prop_assert!((found - ssim(&right, &left).expect("large enough")).abs() < 1e-9);
        }
    }
}

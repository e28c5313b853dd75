//! Bringing a plane down to a smaller size by area: every new sample is the mean of what it covers, borders in proportion.
//!
//! It neither sharpens nor rings, so what it shows is what a picture holds. In the light the picture is coded in.

use shotfarm_shared::media::Extent;

use super::plane::{Luma, Plane};

/// A plane brought down to `target`; an axis that is already smaller stays as it is.
#[must_use]
pub fn shrink(plane: &Plane, target: Extent) -> Plane {
    let width = plane.extent.width as usize;
    shrink_rows(plane.extent, target, |y, row| row.copy_from_slice(&plane.values[y * width..][..width]))
}

/// The luma of a raw frame of the size `source`, brought down like [`shrink`].
pub(super) fn shrink_luma(luma: Luma<'_>, source: Extent, target: Extent) -> Plane {
    shrink_rows(source, target, |y, row| luma.read_row(y, row))
}

/// What one new sample covers along one axis.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    first: usize,
    /// The share of each sample covered; they add up to 1.
    weights: Vec<f32>,
}

/// The spans of `target` samples that cover `source` samples in equal parts; `target` is at most `source`.
fn spans(source: u32, target: u32) -> Vec<Span> {
    let (source, target) = (u64::from(source), u64::from(target));
    // Counted in parts of a source sample, `target` of them in each, so that every border is exact.
    let span = |index: u64| {
        let (begin, end) = (index * source, (index + 1) * source);
        let (first, last) = (begin / target, (end - 1) / target);
        let covered = |sample: u64| end.min((sample + 1) * target) - begin.max(sample * target);
        let weights = (first..=last).map(|sample| covered(sample) as f32 / source as f32).collect();
        Span { first: first as usize, weights }
    };
    (0..target).map(span).collect()
}

fn shrink_rows(source: Extent, target: Extent, mut read_row: impl FnMut(usize, &mut [f32])) -> Plane {
    let target = Extent::new(target.width.min(source.width), target.height.min(source.height));
    let columns = spans(source.width, target.width);
    let mut values = Vec::with_capacity(target.pixels() as usize);
    let (mut row, mut sum) = (vec![0.0; source.width as usize], vec![0.0; source.width as usize]);
    for span in spans(source.height, target.height) {
        sum.fill(0.0);
        for (y, &weight) in (span.first..).zip(&span.weights) {
            read_row(y, &mut row);
            for (sum, &value) in sum.iter_mut().zip(&row) {
                *sum += value * weight;
            }
        }
        values.extend(columns.iter().map(|span| {
            let covered = &sum[span.first..span.first + span.weights.len()];
            covered.iter().zip(&span.weights).map(|(value, weight)| value * weight).sum::<f32>()
        }));
    }
    Plane { extent: target, values }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mean(plane: &Plane) -> f64 {
        plane.values.iter().copied().map(f64::from).sum::<f64>() / plane.values.len() as f64
    }

    #[test]
    fn known_means() {
        let plane = Plane::new(Extent::new(4, 2), vec![0.0, 4.0, 8.0, 8.0, 2.0, 6.0, 8.0, 8.0]);
        assert_eq!(shrink(&plane, Extent::new(2, 1)).values, [3.0, 8.0]);
        // Three samples into two: each covers one and a half.
        let plane = Plane::new(Extent::new(3, 1), vec![3.0, 6.0, 9.0]);
        assert_eq!(shrink(&plane, Extent::new(2, 1)).values, [4.0, 8.0]);
    }

    proptest! {
        #[test]
        fn the_mean_stays_and_nothing_leaves_the_range(
            width in 1_u32..40, height in 1_u32..20, x in 1_u32..40, y in 1_u32..20, seed: u64
        ) {
            let extent = Extent::new(width, height);
            let noise = (0..extent.pixels()).map(|i| (seed.wrapping_mul(2 * i + 1) >> 56) as f32).collect();
            let plane = Plane::new(extent, noise);
            let small = shrink(&plane, Extent::new(x, y));
            prop_assert_eq!(small.extent, Extent::new(x.min(width), y.min(height)));
            prop_assert!((mean(&small) - mean(&plane)).abs() < 1e-2, "{} is not {}", mean(&small), mean(&plane));
            let (low, high) = plane.values.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
            prop_assert!(small.values.iter().all(|&value| value >= low - 1e-3 && value <= high + 1e-3));
        }

        #[test]
        fn the_same_size_is_the_same_picture(width in 1_u32..30, height in 1_u32..30, seed: u64) {
            let extent = Extent::new(width, height);
            let noise = (0..extent.pixels()).map(|i| (seed.wrapping_mul(2 * i + 1) >> 56) as f32).collect();
            let plane = Plane::new(extent, noise);
            prop_assert_eq!(shrink(&plane, extent), plane);
        }
    }
}

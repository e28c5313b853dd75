//! The two fixed ways in which references are brought down to half their size. The order of scalers depends on it, so both are
//! shown.

use shotfarm_shared::media::Extent;
use shotfarm_tests::film::Frame;

use crate::ycbcr::{encode, values};

/// How a reference is shrunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shrink {
    /// The mean of each four pixels, in linear light by the sRGB curve: what a smaller sensor would have seen.
    AreaLinear,
    /// Catmull-Rom, twice as wide (eight taps along each axis), in the light the picture is coded in: what editing programs and
    /// the published comparisons do.
    BicubicCoded,
}

impl Shrink {
    pub(crate) const ALL: [Self; 2] = [Self::AreaLinear, Self::BicubicCoded];

    /// In a few words, for headings.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::AreaLinear => "shrunk by area in linear light",
            Self::BicubicCoded => "shrunk by bicubic in coded light",
        }
    }

    /// The picture at half its size, as a raw 4:4:4 frame.
    pub(crate) fn frame(self, frame: &Frame) -> Vec<u8> {
        let size = Extent::new(frame.size.width, frame.size.height);
        let pixels = values(frame);
        let small = match self {
            Self::AreaLinear => {
                let linear = pixels.iter().map(|pixel| pixel.map(to_linear)).collect::<Vec<_>>();
                half(&linear, size, &[(0, 0.5), (1, 0.5)]).iter().map(|pixel| pixel.map(to_coded)).collect()
            }
            Self::BicubicCoded => half(&pixels, size, &bicubic_taps()),
        };
        encode(&small)
    }
}

/// Offsets from twice the new place, and weights: Catmull-Rom at the distances of a new sample's centre, halved.
fn bicubic_taps() -> Vec<(i64, f64)> {
    let kernel = |x: f64| match x.abs() {
        x if x < 1.0 => 1.5 * x.powi(3) - 2.5 * x * x + 1.0,
        x if x < 2.0 => -0.5 * x.powi(3) + 2.5 * x * x - 4.0 * x + 2.0,
        _ => 0.0,
    };
    let taps = (-3..=4).map(|offset| (offset, kernel((offset as f64 - 0.5) / 2.0))).collect::<Vec<_>>();
    let sum = taps.iter().map(|(_, weight)| weight).sum::<f64>();
    taps.into_iter().map(|(offset, weight)| (offset, weight / sum)).collect()
}

/// Half the size along both axes by the same taps; beyond the borders the last pixel stands.
fn half(pixels: &[[f64; 3]], size: Extent, taps: &[(i64, f64)]) -> Vec<[f64; 3]> {
    let (width, height) = (size.width as usize, size.height as usize);
    let weighted = |at: &dyn Fn(usize) -> [f64; 3], place: usize, length: usize| {
        let mut sum = [0.0; 3];
        for &(offset, weight) in taps {
            let index = (2 * place as i64 + offset).clamp(0, length as i64 - 1) as usize;
            sum.iter_mut().zip(at(index)).for_each(|(sum, value)| *sum += weight * value);
        }
        sum
    };
    let across = (0..height)
        .flat_map(|y| (0..width / 2).map(move |x| (x, y)))
        .map(|(x, y)| weighted(&|index| pixels[y * width + index], x, width))
        .collect::<Vec<_>>();
    (0..height / 2)
        .flat_map(|y| (0..width / 2).map(move |x| (x, y)))
        .map(|(x, y)| weighted(&|index| across[index * (width / 2) + x], y, height))
        .collect()
}

/// The sRGB curve (IEC 61966-2-1) and its inverse.
fn to_linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn to_coded(value: f64) -> f64 {
    if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_stays_flat_and_the_mean_is_of_light() {
        let size = Extent::new(8, 4);
        for taps in [vec![(0, 0.5), (1, 0.5)], bicubic_taps()] {
            let flat = half(&[[0.25, 0.5, 0.75]; 32], size, &taps);
            assert!(
                flat.len() == 8
                    && flat.iter().flatten().zip([0.25, 0.5, 0.75].iter().cycle()).all(|(a, b)| (a - b).abs() < 1e-12)
            );
        }
        // Black and white side by side are half the light, which is coded as 188 of 255.
        assert!((to_coded(0.5) * 255.0 - 187.5).abs() < 0.1 && (to_coded(to_linear(0.3)) - 0.3).abs() < 1e-9);
    }

    #[test]
    fn a_ramp_keeps_its_place() {
        let ramp = (0..20).flat_map(|_| (0..20).map(|x| [f64::from(x) / 20.0; 3])).collect::<Vec<_>>();
        for taps in [vec![(0, 0.5), (1, 0.5)], bicubic_taps()] {
            let small = half(&ramp, Extent::new(20, 20), &taps);
            // The centre of new pixel 4 lies between old pixels 8 and 9.
            assert!((small[4][0] - 8.5 / 20.0).abs() < 1e-9, "{:?}", small[4]);
        }
    }
}

//! The shapes that weights are taken from, in f64.

use std::f64::consts::PI;

/// A separable kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// sinc windowed by sinc, three lobes.
    Lanczos3,
    /// The interpolating cubic of Catmull and Rom (B = 0, C = 1/2): sharper than a line, overshoots less than Lanczos, so
    /// that chroma leaves no coloured fringes.
    CatmullRom,
}

impl Kernel {
    /// Beyond this distance the weight is 0.
    pub(super) fn radius(self) -> f64 {
        match self {
            Self::Lanczos3 => 3.0,
            Self::CatmullRom => 2.0,
        }
    }

    /// The weight at a distance, 1 at 0.
    pub(super) fn weight(self, distance: f64) -> f64 {
        let x = distance.abs();
        if x >= self.radius() {
            return 0.0;
        }
        match self {
            Self::Lanczos3 => sinc(x) * sinc(x / 3.0),
            Self::CatmullRom if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::CatmullRom => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The first zero of [`jinc`].
pub(super) const JINC_ZERO_1: f64 = 1.219_669_891_266_504_5;
/// The third zero of [`jinc`]: the radius of the polar Lanczos kernel.
pub(super) const JINC_ZERO_3: f64 = 3.238_315_484_166_236;

/// 2 J1(pi x) / (pi x): what sinc is on a line, on a plane.
pub(super) fn jinc(x: f64) -> f64 {
    // The power series of J1, whose terms fall off fast enough up to pi times the third zero.
    let quarter_square = (PI * x / 2.0).powi(2);
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= -quarter_square / (f64::from(k) * f64::from(k + 1));
        sum += term;
    }
    sum
}

/// The polar Lanczos kernel: jinc windowed by jinc, three lobes (haasn/libplacebo: src/filters.c).
pub(super) fn ewa_lanczos(distance: f64) -> f64 {
    if distance >= JINC_ZERO_3 { 0.0 } else { jinc(distance) * jinc(distance * JINC_ZERO_1 / JINC_ZERO_3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jinc_vanishes_at_its_published_zeros() {
        for zero in [JINC_ZERO_1, 2.233_130_594_381_528_6, JINC_ZERO_3] {
            assert!(jinc(zero).abs() < 1e-12, "jinc({zero}) = {}", jinc(zero));
        }
        // J1(1) = 0.4400505857449335, Abramowitz and Stegun table 9.1.
        assert!((jinc(1.0 / PI) - 2.0 * 0.440_050_585_744_933_5).abs() < 1e-14);
    }

    #[test]
    fn interpolating_kernels_are_one_at_zero_and_zero_at_integers() {
        for kernel in [Kernel::Lanczos3, Kernel::CatmullRom] {
            assert_eq!(kernel.weight(0.0), 1.0);
            assert!((1..4).all(|x| kernel.weight(f64::from(x)).abs() < 1e-15), "{kernel:?}");
        }
    }
}

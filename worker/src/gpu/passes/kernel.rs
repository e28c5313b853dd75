//! The shapes that weights are taken from, in f64.

use std::f64::consts::PI;

use shotfarm_shared::recipe::{Polar, Separable};

/// A kernel along one axis. Distances are in source samples when enlarging and in target samples when shrinking, but for those
/// that look at what a target sample covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kernel {
    /// A tent: straight lines between samples.
    Bilinear,
    /// The cubics of Mitchell and Netravali ("Reconstruction filters in computer graphics", 1988).
    Cubic {
        /// Blur: the weight that a B-spline has in it.
        b: f64,
        /// Ring: how far it swings below zero.
        c: f64,
    },
    /// sinc windowed by sinc, three lobes.
    Lanczos3,
    /// As much of a sample as the target sample covers.
    Area,
    /// A pyramid of means of two, then a tent.
    Mip,
}

impl Kernel {
    /// The interpolating cubic of Catmull and Rom: sharper than a line, overshoots less than Lanczos, so that chroma leaves no
    /// coloured fringes.
    pub(super) const CATMULL_ROM: Self = Self::Cubic { b: 0.0, c: 0.5 };

    /// The kernel of a recipe's name. Robidoux's values are the closed forms of his cubics for polar resampling.
    pub(super) fn of(filter: Separable) -> Self {
        match filter {
            Separable::Bilinear => Self::Bilinear,
            Separable::Hermite => Self::Cubic { b: 0.0, c: 0.0 },
            Separable::CatmullRom => Self::CATMULL_ROM,
            Separable::Mitchell => Self::Cubic { b: 1.0 / 3.0, c: 1.0 / 3.0 },
            Separable::Robidoux => {
                let root = 2.0_f64.sqrt();
                Self::Cubic { b: 12.0 / (19.0 + 9.0 * root), c: 113.0 / (58.0 + 216.0 * root) }
            }
            Separable::RobidouxSharp => {
                let root = 2.0_f64.sqrt();
                Self::Cubic { b: 6.0 / (13.0 + 7.0 * root), c: 7.0 / (2.0 + 12.0 * root) }
            }
            Separable::BSpline => Self::Cubic { b: 1.0, c: 0.0 },
            Separable::Lanczos => Self::Lanczos3,
        }
    }

    /// Beyond this distance the weight is 0, where a target sample spans `span` source samples; in source samples.
    pub(super) fn reach(self, span: f64) -> f64 {
        let widen = span.max(1.0);
        match self {
            Self::Bilinear => widen,
            // The outer halves of a cubic without blur and ring are zero.
            Self::Cubic { b: 0.0, c: 0.0 } => widen,
            Self::Cubic { .. } => 2.0 * widen,
            Self::Lanczos3 => 3.0 * widen,
            Self::Area => (span + 1.0) / 2.0,
            Self::Mip => {
                let (block, left) = halved(span);
                block * (left.max(1.0) + 1.0)
            }
        }
    }

    /// The weight of the source sample `sample` in a target sample that lies at `centre` and spans `span` source samples, not
    /// yet divided by the sum of weights.
    pub(super) fn weight(self, sample: i64, centre: f64, span: f64) -> f64 {
        let distance = (sample as f64 - centre).abs();
        let x = distance / span.max(1.0);
        match self {
            Self::Bilinear => (1.0 - x).max(0.0),
            Self::Cubic { b, c } => cubic(x, b, c),
            Self::Lanczos3 if x < 3.0 => sinc(x) * sinc(x / 3.0),
            Self::Lanczos3 => 0.0,
            Self::Area => ((span + 1.0) / 2.0 - distance).clamp(0.0, span.min(1.0)),
            Self::Mip => {
                // Blocks of the pyramid lie from sample 0 on; every sample of one weighs the same.
                let (block, left) = halved(span);
                let middle = ((sample as f64 / block).floor() + 0.5) * block - 0.5;
                (1.0 - (middle - centre).abs() / (block * left.max(1.0))).max(0.0)
            }
        }
    }
}

/// How many samples a pyramid puts into one before a target sample spans less than two of them, and how many that then is.
fn halved(span: f64) -> (f64, f64) {
    let mut block = 1.0;
    while span / block >= 2.0 {
        block *= 2.0;
    }
    (block, span / block)
}

fn cubic(x: f64, b: f64, c: f64) -> f64 {
    if x < 1.0 {
        (((12.0 - 9.0 * b - 6.0 * c) * x + (12.0 * b + 6.0 * c - 18.0)) * x * x + (6.0 - 2.0 * b)) / 6.0
    } else if x < 2.0 {
        ((((-b - 6.0 * c) * x + (6.0 * b + 30.0 * c)) * x - (12.0 * b + 48.0 * c)) * x + (8.0 * b + 24.0 * c)) / 6.0
    } else {
        0.0
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The first zero of [`jinc`].
const JINC_ZERO_1: f64 = 1.219_669_891_266_504_5;
/// The third zero of [`jinc`].
const JINC_ZERO_3: f64 = 3.238_315_484_166_236;
/// The fourth zero of [`jinc`].
const JINC_ZERO_4: f64 = 4.241_062_863_796_07;

/// A kernel on the plane: jinc windowed by the jinc of one lobe, drawn together by `blur` (haasn/libplacebo: src/filters.c).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PolarKernel {
    /// The last zero before drawing together.
    zero: f64,
    blur: f64,
}

impl PolarKernel {
    /// The kernel of a recipe's name.
    pub(super) fn of(filter: Polar) -> Self {
        match filter {
            Polar::Lanczos => Self { zero: JINC_ZERO_3, blur: 1.0 },
            Polar::LanczosSharp => Self { zero: JINC_ZERO_3, blur: 0.981_250_583_722_37 },
            Polar::Lanczos4Sharpest => Self { zero: JINC_ZERO_4, blur: 0.884_512_093_260_50 },
        }
    }

    /// Beyond this distance the weight is 0.
    pub(super) fn radius(self) -> f64 {
        self.zero * self.blur
    }

    /// Within this distance the weight is positive.
    pub(super) fn first_zero(self) -> f64 {
        JINC_ZERO_1 * self.blur
    }

    /// The weight at a distance, 1 at 0.
    pub(super) fn weight(self, distance: f64) -> f64 {
        if distance >= self.radius() { 0.0 } else { self.inside(distance) }
    }

    fn inside(self, distance: f64) -> f64 {
        let x = distance / self.blur;
        jinc(x) * jinc(x * JINC_ZERO_1 / self.zero)
    }

    /// The weight as a polynomial of `u`, which runs from -1 at the centre to 1 at the radius with the *squared* distance: the
    /// kernel is an even entire function, so twelve degrees leave less than 1e-6, and a device needs neither a table nor a root.
    /// Coefficients from the constant on. By interpolation in Chebyshev's points.
    pub(super) fn polynomial(self) -> [f64; POLYNOMIAL_TERMS] {
        const POINTS: usize = 64;
        let angle = |point: usize| PI * (point as f64 + 0.5) / POINTS as f64;
        let value = |point| self.inside(((angle(point).cos() + 1.0) / 2.0).sqrt() * self.radius());
        let values: [f64; POINTS] = std::array::from_fn(value);
        let chebyshev = |term: usize| {
            let sum: f64 = values.iter().enumerate().map(|(point, value)| value * (term as f64 * angle(point)).cos()).sum();
            sum * if term == 0 { 1.0 } else { 2.0 } / POINTS as f64
        };
        // T0 = 1, T1 = u, and each next is 2 u times the last less the one before.
        let (mut before, mut last) = ([0.0; POLYNOMIAL_TERMS], [0.0; POLYNOMIAL_TERMS]);
        (before[0], last[1]) = (1.0, 1.0);
        let mut powers = [0.0; POLYNOMIAL_TERMS];
        for term in 0..POLYNOMIAL_TERMS {
            let factor = chebyshev(term);
            for (power, part) in powers.iter_mut().zip(before) {
                *power += factor * part;
            }
            let next = std::array::from_fn(|power| if power == 0 { 0.0 } else { 2.0 * last[power - 1] } - before[power]);
            (before, last) = (last, next);
        }
        powers
    }
}

/// Terms of [`PolarKernel::polynomial`].
pub(super) const POLYNOMIAL_TERMS: usize = 13;

/// 2 J1(pi x) / (pi x): what sinc is on a line, on a plane.
fn jinc(x: f64) -> f64 {
    // The power series of J1, whose terms fall off fast enough up to pi times the fourth zero.
    let quarter_square = (PI * x / 2.0).powi(2);
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= -quarter_square / (f64::from(k) * f64::from(k + 1));
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Separable; 8] = [
        Separable::Bilinear,
        Separable::Hermite,
        Separable::CatmullRom,
        Separable::Mitchell,
        Separable::Robidoux,
        Separable::RobidouxSharp,
        Separable::BSpline,
        Separable::Lanczos,
    ];

    fn weights(kernel: Kernel, centre: f64, span: f64) -> Vec<f64> {
        let reach = kernel.reach(span);
        let samples = (centre - reach).floor() as i64..=(centre + reach).ceil() as i64;
        samples.map(|sample| kernel.weight(sample, centre, span)).collect()
    }

    proptest! {
        #[test]
        fn weights_sum_to_one_and_mirror(pick in 0..ALL.len(), centre in 0.0_f64..1.0, offset in 0_i64..4) {
            let kernel = Kernel::of(ALL[pick]);
            let sum: f64 = weights(kernel, centre, 1.0).iter().sum();
            // Windowed sinc sums to one only nearly; the tables divide by the sum.
            let tolerance = if kernel == Kernel::Lanczos3 { 0.011 } else { 1e-12 };
            prop_assert!((sum - 1.0).abs() < tolerance, "{kernel:?}: {sum}");
            let (left, right) = (kernel.weight(-offset, centre, 1.0), kernel.weight(offset, -centre, 1.0));
            prop_assert!((left - right).abs() < 1e-12);
        }

        #[test]
        fn covering_weighs_each_sample_by_what_is_covered(centre in 5.0_f64..9.0, span in 0.1_f64..6.0) {
            let weights = weights(Kernel::Area, centre, span);
            prop_assert!((weights.iter().sum::<f64>() - span).abs() < 1e-9, "all that is covered");
            prop_assert!(weights.iter().all(|&weight| (0.0..=1.0).contains(&weight)));
        }

        #[test]
        fn nothing_weighs_beyond_its_reach(pick in 0..ALL.len() + 2, centre in 0.0_f64..16.0, span in 0.2_f64..9.0) {
            let kernel = ALL.get(pick).map_or([Kernel::Area, Kernel::Mip][pick % 2], |&filter| Kernel::of(filter));
            let reach = kernel.reach(span);
            for sample in -60..80 {
                if (f64::from(sample) - centre).abs() >= reach {
                    prop_assert!(kernel.weight(i64::from(sample), centre, span).abs() < 1e-12, "{kernel:?} {sample}");
                }
            }
        }

        #[test]
        fn kernels_without_negative_lobes_keep_a_step_monotone(pick in 0..6_usize, place in 0.0_f64..9.0, further in 0.0_f64..1.0) {
            let kernels = [Kernel::Bilinear, Kernel::Cubic { b: 0.0, c: 0.0 }, Kernel::Cubic { b: 1.0, c: 0.0 }];
            let kernel = kernels[pick % 3];
            let edge = |centre: f64| (5..20).map(|sample| kernel.weight(sample, centre, 1.0)).sum::<f64>();
            prop_assert!(edge(place + further) >= edge(place) - 1e-12, "{kernel:?}");
        }
    }

    #[test]
    fn interpolating_kernels_are_one_at_zero_and_zero_at_integers() {
        for filter in [Separable::Bilinear, Separable::Hermite, Separable::CatmullRom, Separable::Lanczos] {
            let kernel = Kernel::of(filter);
            assert_eq!(kernel.weight(0, 0.0, 1.0), 1.0);
            assert!((1..4).all(|x| kernel.weight(x, 0.0, 1.0).abs() < 1e-15), "{kernel:?}");
        }
    }

    #[test]
    fn cubics_have_their_published_values() {
        let Kernel::Cubic { b, c } = Kernel::of(Separable::Robidoux) else { panic!() };
        assert!((b - 0.378_215_755_093_998_67).abs() < 1e-9 && (c - 0.310_892_122_453_000_67).abs() < 1e-9, "{b} {c}");
        let Kernel::Cubic { b, c } = Kernel::of(Separable::RobidouxSharp) else { panic!() };
        assert!((b - 0.262_014_512_399_014_2).abs() < 1e-9 && (c - 0.368_992_743_800_492_9).abs() < 1e-9, "{b} {c}");
        let mitchell = Kernel::of(Separable::Mitchell);
        assert!(
            (mitchell.weight(0, 0.0, 1.0) - 8.0 / 9.0).abs() < 1e-15 && (mitchell.weight(1, 0.0, 1.0) - 1.0 / 18.0).abs() < 1e-15
        );
    }

    #[test]
    fn a_pyramid_of_whole_powers_ends_in_a_tent_over_means() {
        // A target sample that spans exactly 4 samples and lies on the middle of a block: half from it, a quarter from each side.
        let at = |sample| Kernel::Mip.weight(sample, 5.5, 4.0);
        assert_eq!((4..8).map(at).collect::<Vec<_>>(), [1.0; 4]);
        assert_eq!((0..4).chain(8..12).map(at).sum::<f64>(), 0.0);
        let at = |sample| Kernel::Mip.weight(sample, 3.5, 4.0);
        assert_eq!((0..8).map(at).collect::<Vec<_>>(), [0.5; 8]);
    }

    #[test]
    fn jinc_vanishes_at_its_published_zeros() {
        for zero in [JINC_ZERO_1, 2.233_130_594_381_528_6, JINC_ZERO_3, JINC_ZERO_4] {
            assert!(jinc(zero).abs() < 1e-12, "jinc({zero}) = {}", jinc(zero));
        }
        // J1(1) = 0.4400505857449335, Abramowitz and Stegun table 9.1.
        assert!((jinc(1.0 / PI) - 2.0 * 0.440_050_585_744_933_5).abs() < 1e-14);
    }

    #[test]
    fn polar_polynomials_follow_their_kernels() {
        for filter in [Polar::Lanczos, Polar::LanczosSharp, Polar::Lanczos4Sharpest] {
            let kernel = PolarKernel::of(filter);
            let powers = kernel.polynomial().map(|power| power as f32);
            for step in 0..2_000 {
                let part = f64::from(step) / 2_000.0;
                let u = (2.0 * part - 1.0) as f32;
                let found = powers.iter().rev().fold(0.0_f32, |sum, power| sum * u + power);
                let expected = kernel.weight(part.sqrt() * kernel.radius());
                assert!((f64::from(found) - expected).abs() < 2e-6, "{filter:?} at {part}: {found} {expected}");
            }
        }
    }
}

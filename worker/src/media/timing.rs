//! Timestamps as exact integers: the constant rate behind a list of presentation times, and times in microseconds.

use shotfarm_shared::frames::FrameRate;

/// How far a frame may lie from its place on the grid of a constant rate: Matroska rounds to milliseconds, so a millisecond,
/// and a little for containers that truncate a microsecond more.
const GRID_TOLERANCE_MICROS: i128 = 1_001;
/// Fastest rate believed. Slow-motion cameras reach 1000; what is above is a container's clock mistaken for a rate.
const RATE_MAX: u64 = 1_000;
/// Rates tried when the file names none that fits.
const COMMON_RATES: [(u32, u32); 13] = [
    (24, 1),
    (24_000, 1_001),
    (25, 1),
    (30, 1),
    (30_000, 1_001),
    (16, 1),
    (12, 1),
    (15, 1),
    (8, 1),
    (48, 1),
    (50, 1),
    (60, 1),
    (60_000, 1_001),
];

/// A stream's unit of time: `num / den` seconds. Both parts are positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeBase {
    /// Numerator.
    pub num: u32,
    /// Denominator.
    pub den: u32,
}

impl TimeBase {
    /// Reads `1/12800`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (num, den) = text.trim().split_once(['/', ':'])?;
        let (num, den) = (num.parse().ok()?, den.parse().ok()?);
        (num > 0 && den > 0).then_some(Self { num, den })
    }

    /// `ticks` in microseconds, rounded to the nearest.
    #[must_use]
    pub fn micros(self, ticks: i64) -> i64 {
        let micros = div_round(i128::from(ticks) * i128::from(self.num) * 1_000_000, i128::from(self.den));
        i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX })
    }
}

/// `value / divisor`, rounded to the nearest integer, halves away from zero.
pub(crate) fn div_round(value: i128, divisor: i128) -> i128 {
    let half = divisor / 2;
    if value < 0 { (value - half) / divisor } else { (value + half) / divisor }
}

/// The time of frame `frame` at `rate`, in microseconds, rounded to the nearest.
#[must_use]
pub fn frame_micros(rate: FrameRate, frame: u64) -> i64 {
    let micros = div_round(i128::from(frame) * i128::from(rate.den()) * 1_000_000, i128::from(rate.num()));
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// The first frame that does not lie on the grid of `rate` which begins at the first, within the tolerance; `None` when all do.
#[must_use]
pub fn off_grid(pts: &[i64], base: TimeBase, rate: FrameRate) -> Option<usize> {
    let first = i128::from(*pts.first()?);
    // |(pts - first) * base - k / rate| <= tolerance, multiplied by every denominator.
    let tick = i128::from(base.num) * i128::from(rate.num());
    let frame = i128::from(rate.den()) * i128::from(base.den);
    let scale = i128::from(base.den) * i128::from(rate.num());
    pts.iter().zip(0_i128..).position(|(&pts, k)| {
        let error = (i128::from(pts) - first) * tick - k * frame;
        error.abs() * 1_000_000 > GRID_TOLERANCE_MICROS * scale
    })
}

/// The first frame that is not at its time on the grid of `rate` which begins at the first: exactly, where the ticks can say
/// it, else within one tick (both ends are rounded). `None` when all are.
#[must_use]
pub fn off_ticks(pts: &[i64], base: TimeBase, rate: FrameRate) -> Option<usize> {
    let first = i128::from(*pts.first()?);
    let tick = i128::from(base.num) * i128::from(rate.num());
    let frame = i128::from(rate.den()) * i128::from(base.den);
    let tolerance = if frame % tick == 0 { 0 } else { tick };
    pts.iter().zip(0_i128..).position(|(&pts, k)| ((i128::from(pts) - first) * tick - k * frame).abs() > tolerance)
}

/// The constant rate of frames at the times `pts` (in presentation order): the first of `stated` (what the file says of
/// itself), then of the common rates, on whose grid every frame lies. `None` when the rate varies.
#[must_use]
pub fn constant_rate(pts: &[i64], base: TimeBase, stated: &[FrameRate]) -> Option<FrameRate> {
    let common = COMMON_RATES.into_iter().filter_map(|(num, den)| FrameRate::new(num, den).ok());
    stated
        .iter()
        .copied()
        .filter(|rate| u64::from(rate.num()) <= RATE_MAX * u64::from(rate.den()))
        .chain(common)
        .find(|&rate| off_grid(pts, base, rate).is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MILLIS: TimeBase = TimeBase { num: 1, den: 1_000 };

    fn rate(text: &str) -> FrameRate {
        text.parse().unwrap()
    }

    #[test]
    fn a_varying_rate_is_none() {
        assert_eq!(constant_rate(&[0, 42, 83, 250, 292], MILLIS, &[rate("24")]), None);
        assert_eq!(off_grid(&[0, 42, 83, 250, 292], MILLIS, rate("24")), Some(3));
    }

    #[test]
    fn a_stated_rate_that_does_not_fit_is_not_believed() {
        let pts: Vec<i64> = (0..50).map(|k| k * 40).collect();
        assert_eq!(constant_rate(&pts, MILLIS, &[rate("50"), rate("90000"), rate("25")]), Some(rate("25")));
        assert_eq!(constant_rate(&pts, MILLIS, &[]), Some(rate("25")));
    }

    #[test]
    fn times_round_to_the_nearest() {
        assert_eq!(TimeBase { num: 1, den: 3 }.micros(-2), -666_667);
        assert_eq!(frame_micros(rate("30000/1001"), 1), 33_367);
        assert_eq!(TimeBase::read("1/0"), None);
    }

    proptest! {
        #[test]
        fn rounding_to_milliseconds_hides_no_rate(index in 0..COMMON_RATES.len(), first in -5_000_i64..5_000, count in 1_i64..3_000) {
            let (num, den) = COMMON_RATES[index];
            let rate = FrameRate::new(num, den).unwrap();
            let at = |k: i64| first + (frame_micros(rate, k as u64) + 500) / 1_000;
            let pts: Vec<i64> = (0..count).map(at).collect();
            prop_assert_eq!(constant_rate(&pts, MILLIS, &[rate]), Some(rate));
        }

        #[test]
        fn one_moved_frame_is_found(moved in 1_usize..100, by in 3_i64..500) {
            let mut pts: Vec<i64> = (0..100).map(|k| k * 40).collect();
            pts[moved] += by;
            prop_assert_eq!(off_grid(&pts, MILLIS, rate("25")), Some(moved));
        }
    }
}

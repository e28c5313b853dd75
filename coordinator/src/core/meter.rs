//! How fast frames come: counted over a sliding window, given `now`.

use std::collections::VecDeque;

use shotfarm_shared::time::Timestamp;

/// The window: long enough to bridge the gaps between beats, short enough to notice a worker that joined.
const WINDOW_MILLIS: u64 = 60_000;
/// Samples closer together than this are joined, which bounds their number.
const SAMPLE_MILLIS: u64 = 1_000;
/// Below this the rate would be noise.
const SPAN_MILLIS_MIN: u64 = 2_000;

/// Counts frames and tells their rate.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    total: u64,
    samples: VecDeque<(Timestamp, u64)>,
}

impl Meter {
    /// `frames` more were finished.
    pub fn add(&mut self, frames: u64, now: Timestamp) {
        if self.samples.is_empty() {
            self.samples.push_back((now, self.total));
        }
        self.total += frames;
        let several = self.samples.len() > 1;
        match self.samples.back_mut() {
            Some((at, total)) if several && now.millis_since(*at) < SAMPLE_MILLIS => *total = self.total,
            _ => self.samples.push_back((now, self.total)),
        }
        while self.samples.len() > 2 && self.samples.front().is_some_and(|(at, _)| now.millis_since(*at) > WINDOW_MILLIS) {
            self.samples.pop_front();
        }
    }

    /// Frames a second over the window that ends `now`; 0 when nothing came within it.
    #[must_use]
    pub fn fps(&self, now: Timestamp) -> f64 {
        let mut in_window = self.samples.iter().filter(|(at, _)| now.millis_since(*at) <= WINDOW_MILLIS);
        let Some((since, before)) = in_window.next() else { return 0.0 };
        let span_millis = now.millis_since(*since);
        if span_millis < SPAN_MILLIS_MIN {
            return 0.0;
        }
        (self.total - before) as f64 * 1_000.0 / span_millis as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_has_its_rate_and_silence_has_none() {
        let mut meter = Meter::default();
        for second in 0..300 {
            meter.add(24, Timestamp(second * 1_000));
        }
        let fps = meter.fps(Timestamp(299_000));
        assert!((fps - 24.0).abs() < 1.0, "{fps}");
        assert!(meter.samples.len() < 70);
        assert_eq!(meter.fps(Timestamp(1_000_000)), 0.0);
        assert_eq!(Meter::default().fps(Timestamp(5)), 0.0);
    }
}

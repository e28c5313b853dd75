//! How far a long measurement is, on standard error: one line for each part, with the time that is left.

use std::time::{Duration, Instant};

/// Parts of known weight, done one after the other.
pub(crate) struct Progress {
    began: Instant,
    done: f64,
    total: f64,
}

impl Progress {
    /// Begins now; `total` is the sum of the weights to come.
    pub(crate) fn new(total: f64) -> Self {
        Self { began: Instant::now(), done: 0.0, total }
    }

    /// Says that a part begins.
    pub(crate) fn begin(&self, what: &str) {
        let share = if self.total > 0.0 { self.done / self.total } else { 0.0 };
        let left =
            left(self.began.elapsed(), share).map_or_else(String::new, |left| format!(", about {} s left", left.as_secs()));
        eprintln!("[{:3.0} %{left}] {what}", share * 100.0);
    }

    /// A part of this weight is done.
    pub(crate) fn end(&mut self, weight: f64) {
        self.done += weight;
    }
}

/// The time left when a share (0 to 1) took so long; nothing before anything is done.
fn left(took: Duration, share: f64) -> Option<Duration> {
    (share > 0.0).then(|| took.mul_f64(((1.0 - share) / share).clamp(0.0, 1e6)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_goes_with_the_share_done() {
        assert_eq!(left(Duration::from_secs(10), 0.0), None);
        assert_eq!(left(Duration::from_secs(10), 0.25), Some(Duration::from_secs(30)));
        assert_eq!(left(Duration::from_secs(10), 1.1), Some(Duration::ZERO));
    }
}

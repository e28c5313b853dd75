//! Waits between attempts to connect: exponential with full jitter, so that a thousand workers do not come back at once.
//!
//! Randomness is a number passed in; the generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", OOPSLA 2014).

use shotfarm_shared::limits::{RECONNECT_WAIT_MILLIS_MAX, RECONNECT_WAIT_MILLIS_MIN};

/// How often the shortest wait is doubled to give the first ceiling.
const FIRST_CEILING_DOUBLINGS: u32 = 2;

/// The waits of one worker.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    random: u64,
    tries: u32,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: seed, tries: 0 }
    }

    /// Milliseconds to wait before the next attempt: anything from the shortest wait to a ceiling that doubles with each
    /// failed attempt. The first ceiling lies well above the shortest wait, or a farm's restart would bring all its workers
    /// back at one moment.
    pub(super) fn next_millis(&mut self) -> u64 {
        let doubled = 1_u64
            .checked_shl(self.tries.saturating_add(FIRST_CEILING_DOUBLINGS))
            .and_then(|factor| RECONNECT_WAIT_MILLIS_MIN.checked_mul(factor));
        let ceiling = doubled.unwrap_or(u64::MAX).min(RECONNECT_WAIT_MILLIS_MAX);
        self.tries = self.tries.saturating_add(1);
        RECONNECT_WAIT_MILLIS_MIN + self.draw() % (ceiling - RECONNECT_WAIT_MILLIS_MIN + 1)
    }

    /// The next wait is a first one again.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }

    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_stay_within_their_bounds_and_under_a_doubling_ceiling(seed: u64) {
            let mut backoff = Backoff::new(seed);
            for attempt in 0..100_u32 {
                let wait = backoff.next_millis();
                let ceiling = RECONNECT_WAIT_MILLIS_MIN << (attempt.min(20) + 2);
                prop_assert!((RECONNECT_WAIT_MILLIS_MIN..=RECONNECT_WAIT_MILLIS_MAX.min(ceiling)).contains(&wait));
            }
            backoff.reset();
            prop_assert!(backoff.next_millis() <= RECONNECT_WAIT_MILLIS_MIN * 4);
        }
    }

    #[test]
    fn workers_with_different_seeds_come_back_at_different_moments() {
        let mut waits: Vec<_> = (0..100).map(|seed| Backoff::new(seed).next_millis()).collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 75, "{} different first waits of 100", waits.len());
    }
}

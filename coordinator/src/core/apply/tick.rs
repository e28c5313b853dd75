//! Time passes: leases run out, workers that left are forgotten.

use shotfarm_shared::work::LeaseId;

use super::{Change, Reply};

/// A worker that left is shown for this long.
const WORKER_FORGOTTEN_MILLIS: u64 = 600_000;

impl Change<'_> {
    pub(super) fn tick(&mut self) -> Reply {
        let now = self.now;
        let over: Vec<LeaseId> = self
            .farm
            .clocks
            .iter()
            .filter(|(_, clock)| clock.deadline <= now)
            .filter_map(|(attempt, _)| Some(LeaseId { task: *self.farm.leased.get(attempt)?, attempt: *attempt }))
            .collect();
        for lease in over {
            // A give-up may have ended several leases of one job.
            if self.holder(lease).is_some() {
                self.stop_all(&[lease.task], "the lease was not renewed in time");
                self.attempt_lost(lease);
            }
        }
        self.farm.workers.retain(|_, worker| worker.session.is_some() || now.millis_since(worker.seen) < WORKER_FORGOTTEN_MILLIS);
        Reply::Nothing
    }
}

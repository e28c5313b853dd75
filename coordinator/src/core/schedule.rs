//! Who gets what: a plain problem (waiting tasks, workers with room) into a plain solution (pairs).
//!
//! Tasks are given out in the order of `ready`, each to the worker with the most room. No worker with room stays idle while a
//! task waits that it may have.

use std::collections::BTreeMap;

use shotfarm_shared::ids::{TaskId, WorkerId};
use shotfarm_shared::limits::LEASE_MILLIS;
use shotfarm_shared::task::TaskState;
use shotfarm_shared::time::Timestamp;

use super::farm::{Farm, Worker};

impl Worker {
    /// Whether it is here: its stream stands and it was heard of within the length of a lease.
    #[must_use]
    pub fn is_here(&self, now: Timestamp) -> bool {
        self.session.is_some() && now.millis_since(self.seen) < LEASE_MILLIS
    }

    /// Whether it may get work at all at `now`.
    #[must_use]
    pub fn takes_work(&self, now: Timestamp) -> bool {
        self.is_here(now) && !self.draining && self.rests_until <= now
    }
}

impl Farm {
    /// The grants that should be made now.
    pub(super) fn grants(&self, now: Timestamp) -> Vec<(TaskId, WorkerId)> {
        let mut room = self.room(now);
        let mut grants = Vec::new();
        if room.is_empty() {
            return grants;
        }
        for &(_, _, id) in &self.ready {
            let Some(task) = self.task(id) else { continue };
            if !matches!(task.state, TaskState::Queued { not_before } if not_before <= now) {
                continue;
            }
            let fresh = |worker: &Worker| !task.failed_on.contains(&worker.name);
            let someone_fresh = self.workers.values().any(|worker| worker.is_here(now) && !worker.draining && fresh(worker));
            // Most room first, so that tasks spread; a worker that failed this task only when nobody else is here.
            let chosen = room
                .iter()
                .filter(|(id, _)| !someone_fresh || self.workers.get(id).is_some_and(fresh))
                .max_by_key(|(id, free)| (**free, std::cmp::Reverse(**id)))
                .map(|(id, _)| *id);
            let Some(worker) = chosen else { continue };
            grants.push((id, worker));
            if let Some(free) = room.get_mut(&worker) {
                *free -= 1;
                if *free == 0 {
                    room.remove(&worker);
                }
            }
            if room.is_empty() {
                break;
            }
        }
        grants
    }

    /// Free slots of every worker that takes work: what it said, and never more than its slots less its leases.
    fn room(&self, now: Timestamp) -> BTreeMap<WorkerId, u32> {
        let mut held: BTreeMap<WorkerId, u32> = BTreeMap::new();
        for id in self.leased.values() {
            if let Some((_, worker)) = self.task(*id).and_then(super::job::Task::holder) {
                *held.entry(worker).or_default() += 1;
            }
        }
        let free = |(id, worker): (&WorkerId, &Worker)| {
            let held = held.get(id).copied().unwrap_or(0);
            let free = worker.free_slots.min(worker.slots.saturating_sub(held));
            (free > 0 && worker.takes_work(now)).then_some((*id, free))
        };
        self.workers.iter().filter_map(free).collect()
    }

    /// Slots of all workers that are here and stay.
    #[must_use]
    pub fn slots(&self, now: Timestamp) -> u64 {
        let staying = self.workers.values().filter(|worker| worker.is_here(now) && !worker.draining);
        staying.map(|worker| u64::from(worker.slots)).sum()
    }
}

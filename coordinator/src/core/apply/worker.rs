//! Workers come, say that they are alive, and go.

use shotfarm_proto::convert::{Hello, LeaseProgress, ToWorker};
use shotfarm_proto::version::PROTOCOL;
use shotfarm_shared::ids::WorkerId;
use shotfarm_shared::limits::{LEASE_MILLIS, RECONNECT_GRACE_MILLIS};
use shotfarm_shared::recipe::ENGINE_VERSION;
use shotfarm_shared::time::Timestamp;

use super::super::command::Session;
use super::super::farm::Worker;
use super::super::meter::Meter;
use super::{Change, Refusal, Reply, refused};

/// Most tasks at a time that one worker may ask for: one process drives one GPU.
const SLOTS_MAX: u32 = 16;

impl Change<'_> {
    pub(super) fn join(&mut self, hello: &Hello, session: Session) -> Reply {
        if hello.protocol != PROTOCOL || hello.engine != ENGINE_VERSION {
            return refused(Refusal::Incompatible(format!(
                "worker {} speaks protocol {} and makes pictures of engine {}; this farm needs {PROTOCOL} and {ENGINE_VERSION}: \
                 install the same shotfarm on both machines",
                hello.name, hello.protocol, hello.engine
            )));
        }
        let now = self.now;
        let worker = self.farm.workers.entry(hello.worker).or_insert_with(|| Worker {
            name: String::new(),
            device: String::new(),
            slots: 0,
            session: None,
            seen: now,
            free_slots: 0,
            draining: false,
            rests_until: Timestamp::default(),
            failures_in_a_row: 0,
            last_failure: None,
            done: 0,
            meter: Meter::default(),
        });
        worker.name.clone_from(&hello.name);
        worker.device.clone_from(&hello.device);
        worker.slots = hello.slots.clamp(1, SLOTS_MAX);
        worker.session = Some(session);
        worker.seen = now;
        worker.free_slots = 0; // its first beat says how many
        let draining = worker.draining;
        self.send(hello.worker, ToWorker::Welcome { farm: "shotfarm".to_owned() });
        if draining {
            self.send(hello.worker, ToWorker::Drain); // said while its stream was broken
        }
        self.renew(hello.worker, &hello.leases);
        Reply::Nothing
    }

    /// A broken stream: the worker has a moment to come back and name its leases, which is less than a whole lease.
    pub(super) fn leave(&mut self, id: WorkerId, session: Session) -> Reply {
        let Some(worker) = self.farm.workers.get_mut(&id).filter(|worker| worker.session == Some(session)) else {
            return Reply::Nothing;
        };
        worker.session = None;
        let said_goodbye = worker.draining;
        let grace = self.now.plus_millis(RECONNECT_GRACE_MILLIS);
        let held: Vec<_> = self.farm.held_by(id).collect();
        if said_goodbye && held.is_empty() {
            self.farm.workers.remove(&id); // it left in good order and is not missed
        }
        for task in held {
            let attempt = self.farm.task(task).and_then(super::super::job::Task::holder).map(|(attempt, _)| attempt);
            if let Some(clock) = attempt.and_then(|attempt| self.farm.clocks.get_mut(&attempt)) {
                clock.deadline = clock.deadline.min(grace);
            }
        }
        Reply::Nothing
    }

    pub(super) fn beat(&mut self, id: WorkerId, leases: &[LeaseProgress], free_slots: u32, draining: bool) -> Reply {
        let now = self.now;
        if let Some(worker) = self.farm.workers.get_mut(&id) {
            worker.seen = now;
            worker.free_slots = free_slots;
            worker.draining |= draining;
        }
        self.renew(id, leases);
        Reply::Nothing
    }

    /// Renews exactly the leases named; a lease that is over is stopped. A beat renews nothing that it does not name: a grant
    /// that never arrived must run out.
    fn renew(&mut self, id: WorkerId, leases: &[LeaseProgress]) {
        for progress in leases {
            self.revive(progress.lease, Some(id));
            if self.holder(progress.lease) != Some(id) {
                self.send(id, ToWorker::Stop(progress.lease, "the lease is over".to_owned()));
                continue;
            }
            let Some(kind) = self.farm.task(progress.lease.task).map(|task| task.kind) else { continue };
            let Some(clock) = self.farm.clocks.get_mut(&progress.lease.attempt) else { continue };
            clock.deadline = self.now.plus_millis(LEASE_MILLIS);
            let frames_done = progress.frames_done.min(kind.length());
            let fresh = frames_done.saturating_sub(clock.frames_done);
            clock.frames_done = clock.frames_done.max(frames_done);
            // Frames that are only looked at are not finished picture: the farm's speed and its end are told in those.
            if kind.frames() > 0 {
                self.count(id, fresh);
            }
        }
    }

    /// Counts finished frames for the farm's and the worker's speed.
    pub(super) fn count(&mut self, id: WorkerId, frames: u64) {
        self.farm.meter.add(frames, self.now);
        if let Some(worker) = self.farm.workers.get_mut(&id) {
            worker.meter.add(frames, self.now);
        }
    }
}

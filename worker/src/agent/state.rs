//! The state of an agent and its one transition function.

use std::collections::BTreeMap;

use shotfarm_proto::convert::{FromWorker, Hello, LeaseProgress, ToWorker};
use shotfarm_proto::version::PROTOCOL;
use shotfarm_shared::failure::Failure;
use shotfarm_shared::limits::HEARTBEAT_MILLIS;
use shotfarm_shared::recipe::ENGINE_VERSION;
use shotfarm_shared::work::{Assignment, LeaseId, TaskResult};

use super::backoff::Backoff;
use super::{Action, DEVICE_LOSSES_MAX, Disconnect, Ended, Event, Exit, Identity, Outcome, RESULT_REPEAT_MILLIS};

/// A worker's lease state machine. Times are milliseconds on any one monotonic clock.
#[derive(Clone, Debug)]
pub struct Agent {
    identity: Identity,
    held: BTreeMap<LeaseId, Held>,
    link: Link,
    backoff: Backoff,
    /// Until when a farm must have answered for the first time.
    patience_ends_millis: u64,
    /// Whether a farm has ever taken this worker.
    welcomed: bool,
    leaving: Leaving,
    device_losses: u32,
    /// Something changed that the coordinator should hear of before the next regular beat.
    beat_now: bool,
}

/// What is known about a lease.
#[derive(Clone, Debug)]
enum Held {
    /// Granted while every slot was still taken.
    Waiting(Box<Assignment>),
    Running {
        frames_done: u64,
    },
    /// Told to stop; occupies its slot until its thread has ended. No longer this worker's to renew.
    Stopping,
    /// Ended, not yet settled.
    Finished {
        outcome: Outcome,
        frames_done: u64,
        repeat_millis: u64,
        /// Left by an earlier process on the same scratch directory. Its lease was that process's: the result is offered, but
        /// the lease is never renewed in its name.
        inherited: bool,
    },
}

#[derive(Clone, Debug)]
enum Link {
    Down { retry_millis: u64 },
    Connecting,
    Up { beat_millis: u64 },
}

#[derive(Clone, Debug, PartialEq)]
enum Leaving {
    No,
    /// After everything held is finished and settled.
    Draining,
    /// As soon as no task's thread runs.
    AtOnce(Exit),
    /// `Exit` was given; nothing more happens.
    Gone,
}

impl Agent {
    /// A worker that holds nothing but the outbox of an earlier process, and tries to connect at its first tick.
    ///
    /// `seed` decides the jitter of its reconnects; a farm must answer for the first time within `patience_millis` of `now`.
    #[must_use]
    pub fn new(identity: Identity, outbox: BTreeMap<LeaseId, Outcome>, seed: u64, patience_millis: u64, now: u64) -> Self {
        let inherit = |(lease, outcome)| (lease, Held::Finished { outcome, frames_done: 0, repeat_millis: now, inherited: true });
        Self {
            identity,
            held: outbox.into_iter().map(inherit).collect(),
            link: Link::Down { retry_millis: now },
            backoff: Backoff::new(seed),
            patience_ends_millis: now.saturating_add(patience_millis),
            welcomed: false,
            leaving: Leaving::No,
            device_losses: 0,
            beat_now: false,
        }
    }

    /// What to do about `event`.
    pub fn step(&mut self, event: Event, now: u64) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.leaving == Leaving::Gone {
            return actions;
        }
        match event {
            Event::Connected => self.connected(now, &mut actions),
            Event::Disconnected(why) => self.disconnected(why, now, &mut actions),
            Event::Received(message) => self.received(message, now, &mut actions),
            Event::Progressed(lease, frames) => {
                if let Some(Held::Running { frames_done }) = self.held.get_mut(&lease) {
                    *frames_done = frames;
                }
            }
            Event::Ended(lease, ended) => self.ended(lease, ended, now, &mut actions),
            Event::Tick => {}
            Event::DrainAsked => self.drain(),
            Event::StopAsked => self.leave_at_once(Exit::Stopped, &mut actions),
        }
        self.what_is_due(now, &mut actions);
        actions
    }

    /// The next moment at which a `Tick` has something to do.
    #[must_use]
    pub fn due_millis(&self) -> u64 {
        match self.link {
            Link::Down { retry_millis } => retry_millis,
            Link::Connecting => u64::MAX,
            Link::Up { beat_millis } => self.held.values().filter_map(Held::repeat_millis).fold(beat_millis, u64::min),
        }
    }

    /// Whether a stream is open.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self.link, Link::Up { .. })
    }

    /// The leases whose threads run and are wanted: those whose progress is of interest.
    pub fn running(&self) -> impl Iterator<Item = LeaseId> + '_ {
        self.held.iter().filter(|(_, held)| matches!(held, Held::Running { .. })).map(|(&lease, _)| lease)
    }

    /// Everything the coordinator may have missed: who we are, what ended, what goes on.
    fn connected(&mut self, now: u64, actions: &mut Vec<Action>) {
        self.link = Link::Up { beat_millis: now };
        actions.push(Action::Send(FromWorker::Hello(Hello {
            worker: self.identity.worker,
            name: self.identity.name.clone(),
            protocol: PROTOCOL,
            engine: ENGINE_VERSION,
            device: self.identity.device.clone(),
            software: self.identity.software,
            slots: self.identity.slots,
            leases: self.leases(),
        })));
        for held in self.held.values_mut() {
            if let Held::Finished { repeat_millis, .. } = held {
                *repeat_millis = now;
            }
        }
        self.beat_now = true;
    }

    fn disconnected(&mut self, why: Disconnect, now: u64, actions: &mut Vec<Action>) {
        self.link = Link::Down { retry_millis: now.saturating_add(self.backoff.next_millis()) };
        if self.welcomed {
            return;
        }
        if why.refused {
            self.leave_at_once(Exit::Refused(why.sentence), actions);
        } else if now >= self.patience_ends_millis {
            self.leave_at_once(Exit::NoFarm(why.sentence), actions);
        } else if let Link::Down { retry_millis } = &mut self.link {
            // The last attempt falls on the end of the operator's patience, not somewhere after it.
            *retry_millis = (*retry_millis).min(self.patience_ends_millis);
        }
    }

    fn received(&mut self, message: ToWorker, now: u64, actions: &mut Vec<Action>) {
        match message {
            ToWorker::Welcome { .. } => {
                self.welcomed = true;
                self.backoff.reset();
            }
            ToWorker::Grant(assignment) => self.granted(assignment, now, actions),
            // A settled lease that still runs is one whose result nobody wants any more.
            ToWorker::Settled(lease) | ToWorker::Stop(lease, _) => self.over(lease, actions),
            ToWorker::Drain => self.drain(),
        }
    }

    /// A grant may cross a stop on the wire: the coordinator counts a slot as free while its thread is still ending. So as many
    /// grants as there are slots wait for one; any beyond that go back at once, where another worker can have them.
    fn granted(&mut self, assignment: Box<Assignment>, now: u64, actions: &mut Vec<Action>) {
        let lease = assignment.lease;
        if self.held.contains_key(&lease) {
            return;
        }
        let waiting = self.held.values().filter(|held| matches!(held, Held::Waiting(_))).count();
        let name = &self.identity.name;
        if self.leaving != Leaving::No {
            let failure = Failure::environment(format!("worker {name} is leaving and takes no more tasks"));
            self.finish(lease, Outcome::Failed(failure), 0, now, actions);
        } else if waiting >= self.identity.slots as usize {
            let failure = Failure::environment(format!("worker {name} was granted more tasks than it has slots"));
            self.finish(lease, Outcome::Failed(failure), 0, now, actions);
        } else {
            self.held.insert(lease, Held::Waiting(assignment));
        }
    }

    fn over(&mut self, lease: LeaseId, actions: &mut Vec<Action>) {
        match self.held.get(&lease) {
            Some(Held::Running { .. }) => {
                self.held.insert(lease, Held::Stopping);
                actions.push(Action::Cancel(lease));
            }
            Some(Held::Waiting(_)) => {
                self.held.remove(&lease);
                self.beat_now = true;
            }
            Some(Held::Finished { .. }) => {
                self.held.remove(&lease);
                actions.push(Action::Forget(lease));
            }
            Some(Held::Stopping) | None => {}
        }
    }

    fn ended(&mut self, lease: LeaseId, ended: Ended, now: u64, actions: &mut Vec<Action>) {
        let frames_done = match self.held.get(&lease) {
            Some(Held::Running { frames_done }) => *frames_done,
            Some(Held::Stopping) => {
                self.held.remove(&lease);
                self.beat_now = true;
                return;
            }
            Some(Held::Waiting(_) | Held::Finished { .. }) | None => return,
        };
        match ended {
            Ended::Done(result) => {
                // Only a render proves the GPU; probes and assemblies in between must not hide that it is gone.
                if matches!(*result, TaskResult::Segment(_)) {
                    self.device_losses = 0;
                }
                self.finish(lease, Outcome::Done(result), frames_done, now, actions);
            }
            Ended::Failed { failure, device_lost } => {
                self.device_losses += u32::from(device_lost);
                let sentence = format!("the GPU was lost in {DEVICE_LOSSES_MAX} tasks in a row, the last time: {failure}");
                self.finish(lease, Outcome::Failed(failure), frames_done, now, actions);
                if self.device_losses >= DEVICE_LOSSES_MAX {
                    self.leave_at_once(Exit::DeviceLost(sentence), actions);
                }
            }
            Ended::Cancelled => {
                let failure = Failure::worker("the task ended without a result and without having been told to stop");
                self.finish(lease, Outcome::Failed(failure), frames_done, now, actions);
            }
        }
    }

    /// First to the outbox, then (as something due now) on the stream.
    fn finish(&mut self, lease: LeaseId, outcome: Outcome, frames_done: u64, now: u64, actions: &mut Vec<Action>) {
        actions.push(Action::Persist(lease, outcome.clone()));
        self.held.insert(lease, Held::Finished { outcome, frames_done, repeat_millis: now, inherited: false });
        self.beat_now = true;
    }

    fn drain(&mut self) {
        if self.leaving == Leaving::No {
            self.leaving = Leaving::Draining;
            self.beat_now = true;
        }
    }

    /// Stops what runs and drops what waits; finished outcomes stay in the outbox for the next process.
    fn leave_at_once(&mut self, exit: Exit, actions: &mut Vec<Action>) {
        if matches!(self.leaving, Leaving::AtOnce(_)) {
            return;
        }
        self.leaving = Leaving::AtOnce(exit);
        self.held.retain(|_, held| !matches!(held, Held::Waiting(_)));
        for (&lease, held) in &mut self.held {
            if matches!(held, Held::Running { .. }) {
                *held = Held::Stopping;
                actions.push(Action::Cancel(lease));
            }
        }
        self.beat_now = true;
    }

    fn what_is_due(&mut self, now: u64, actions: &mut Vec<Action>) {
        self.start_waiting(actions);
        if self.is_connected() {
            self.repeat_outcomes(now, actions);
            self.beat(now, actions);
        } else {
            self.reconnect(now, actions);
        }
        self.leave(actions);
    }

    /// In the order of grants: attempts are numbered in it.
    fn start_waiting(&mut self, actions: &mut Vec<Action>) {
        while self.threads() < self.identity.slots as usize {
            let waiting = self.held.iter().filter(|(_, held)| matches!(held, Held::Waiting(_)));
            let Some(lease) = waiting.map(|(&lease, _)| lease).min_by_key(|lease| lease.attempt) else { return };
            if let Some(Held::Waiting(assignment)) = self.held.insert(lease, Held::Running { frames_done: 0 }) {
                actions.push(Action::Start(assignment));
            }
        }
    }

    fn repeat_outcomes(&mut self, now: u64, actions: &mut Vec<Action>) {
        for (&lease, held) in &mut self.held {
            if let Held::Finished { outcome, repeat_millis, .. } = held
                && *repeat_millis <= now
            {
                *repeat_millis = now.saturating_add(RESULT_REPEAT_MILLIS);
                actions.push(Action::Send(outcome.message(lease)));
            }
        }
    }

    fn beat(&mut self, now: u64, actions: &mut Vec<Action>) {
        let Link::Up { beat_millis } = &mut self.link else { return };
        if !self.beat_now && now < *beat_millis {
            return;
        }
        *beat_millis = now.saturating_add(HEARTBEAT_MILLIS);
        self.beat_now = false;
        let draining = self.leaving != Leaving::No;
        let free_slots = if draining { 0 } else { self.identity.slots.saturating_sub(self.taken()) };
        actions.push(Action::Send(FromWorker::Beat { leases: self.leases(), free_slots, draining }));
    }

    fn reconnect(&mut self, now: u64, actions: &mut Vec<Action>) {
        let due = matches!(self.link, Link::Down { retry_millis } if retry_millis <= now);
        if due && !matches!(self.leaving, Leaving::AtOnce(_)) {
            self.link = Link::Connecting;
            actions.push(Action::Connect);
        }
    }

    fn leave(&mut self, actions: &mut Vec<Action>) {
        let exit = match &self.leaving {
            Leaving::Draining if self.held.is_empty() => Exit::Drained,
            Leaving::AtOnce(exit) if self.threads() == 0 => exit.clone(),
            Leaving::No | Leaving::Draining | Leaving::AtOnce(_) | Leaving::Gone => return,
        };
        self.leaving = Leaving::Gone;
        actions.push(Action::Exit(exit));
    }

    /// Task threads that have not ended.
    fn threads(&self) -> usize {
        self.held.values().filter(|held| matches!(held, Held::Running { .. } | Held::Stopping)).count()
    }

    /// Slots that are not free for a grant.
    fn taken(&self) -> u32 {
        let waiting = self.held.values().filter(|held| matches!(held, Held::Waiting(_))).count();
        u32::try_from(self.threads() + waiting).unwrap_or(u32::MAX)
    }

    /// Every lease to renew.
    fn leases(&self) -> Vec<LeaseProgress> {
        let progress = |(&lease, held): (&LeaseId, &Held)| match held {
            Held::Waiting(_) => Some(LeaseProgress { lease, frames_done: 0 }),
            Held::Running { frames_done } | Held::Finished { frames_done, inherited: false, .. } => {
                Some(LeaseProgress { lease, frames_done: *frames_done })
            }
            Held::Stopping | Held::Finished { inherited: true, .. } => None,
        };
        self.held.iter().filter_map(progress).collect()
    }
}

impl Held {
    fn repeat_millis(&self) -> Option<u64> {
        match self {
            Self::Finished { repeat_millis, .. } => Some(*repeat_millis),
            Self::Waiting(_) | Self::Running { .. } | Self::Stopping => None,
        }
    }
}

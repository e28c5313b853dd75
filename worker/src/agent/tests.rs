//! The agent against a small world that breaks, repeats, stops and restarts at random.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use shotfarm_proto::convert::{FromWorker, ToWorker};
use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::{Failure, FailureClass};
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::ids::{Attempt, JobId, TaskId, WorkerId};
use shotfarm_shared::limits::HEARTBEAT_MILLIS;
use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::work::{Assignment, LeaseId, TaskResult, Work};
use uuid::Uuid;

use super::*;

const PATIENCE_MILLIS: u64 = 10_000;

fn identity(slots: u32) -> Identity {
    Identity { worker: WorkerId(Uuid::from_u128(1)), name: "gpu-1".into(), device: "llvmpipe".into(), software: true, slots }
}

fn lease(attempt: u64) -> LeaseId {
    LeaseId { task: TaskId { job: JobId(Uuid::from_u128(9)), number: attempt as u32 % 3 }, attempt: Attempt(attempt) }
}

fn assignment(attempt: u64) -> Box<Assignment> {
    Box::new(Assignment {
        lease: lease(attempt),
        label: "nine5/ep01/sh0010".parse().expect("a label"),
        source: Digest::of(b"source"),
        recipe: Recipe { steps: read_steps("upscale 2x").expect("a step"), profile: Profile::Review },
        work: Work::Probe,
    })
}

fn result(attempt: u64) -> Box<TaskResult> {
    Box::new(TaskResult::Segment(Receipt {
        range: FrameRange::new(0, 48),
        frames: 48,
        bytes: attempt,
        digest: Digest::of(&attempt.to_be_bytes()),
        frames_digest: Digest::of(b"frames"),
        recipe: Digest::of(b"recipe"),
        work_millis: 7,
        fidelity: None,
    }))
}

fn broken(refused: bool) -> Disconnect {
    Disconnect { sentence: "no farm answers at http://127.0.0.1:1".into(), refused }
}

/// An agent that is connected and welcomed at 0.
fn welcomed(slots: u32) -> Agent {
    let mut agent = Agent::new(identity(slots), BTreeMap::new(), 1, PATIENCE_MILLIS, 0);
    assert_eq!(agent.step(Event::Tick, 0), [Action::Connect]);
    agent.step(Event::Connected, 0);
    agent.step(Event::Received(ToWorker::Welcome { farm: "farm".into() }), 0);
    agent
}

fn beats(actions: &[Action]) -> Vec<(Vec<LeaseId>, u32, bool)> {
    let beat = |action: &Action| match action {
        Action::Send(FromWorker::Beat { leases, free_slots, draining }) => {
            Some((leases.iter().map(|lease| lease.lease).collect(), *free_slots, *draining))
        }
        _ => None,
    };
    actions.iter().filter_map(beat).collect()
}

fn exit(actions: &[Action]) -> Option<Exit> {
    actions.iter().find_map(|action| if let Action::Exit(exit) = action { Some(exit.clone()) } else { None })
}

#[test]
fn a_task_is_started_reported_and_settled() {
    let mut agent = welcomed(1);
    let actions = agent.step(Event::Received(ToWorker::Grant(assignment(5))), 10);
    assert_eq!(actions, [Action::Start(assignment(5))]);
    let actions = agent.step(Event::Ended(lease(5), Ended::Done(result(5))), 20);
    let done = FromWorker::Done(lease(5), *result(5));
    assert_eq!(actions[..2], [Action::Persist(lease(5), Outcome::Done(result(5))), Action::Send(done.clone())]);
    assert_eq!(beats(&actions), [(vec![lease(5)], 1, false)]);
    assert!(!agent.step(Event::Tick, 20 + RESULT_REPEAT_MILLIS - 1).contains(&Action::Send(done.clone())));
    assert!(agent.step(Event::Tick, 20 + RESULT_REPEAT_MILLIS).contains(&Action::Send(done.clone())));
    let settled = Event::Received(ToWorker::Settled(lease(5)));
    assert_eq!(agent.step(settled, 20 + RESULT_REPEAT_MILLIS + 1), [Action::Forget(lease(5))]);
    assert!(!agent.step(Event::Tick, 60_000).contains(&Action::Send(done)));
}

#[test]
fn beats_come_on_time_and_not_more_often() {
    let mut agent = welcomed(1);
    assert_eq!(agent.due_millis(), HEARTBEAT_MILLIS);
    assert!(agent.step(Event::Tick, HEARTBEAT_MILLIS - 1).is_empty());
    assert_eq!(beats(&agent.step(Event::Tick, HEARTBEAT_MILLIS)), [(Vec::new(), 1, false)]);
    assert!(agent.step(Event::Tick, HEARTBEAT_MILLIS).is_empty());
}

#[test]
fn a_stopped_task_keeps_its_slot_until_its_thread_has_ended() {
    let mut agent = welcomed(1);
    agent.step(Event::Received(ToWorker::Grant(assignment(1))), 1);
    let actions = agent.step(Event::Received(ToWorker::Stop(lease(1), "cancelled".into())), 2);
    assert_eq!(actions, [Action::Cancel(lease(1))]);
    assert_eq!(agent.step(Event::Received(ToWorker::Grant(assignment(2))), 3), []);
    let actions = agent.step(Event::Ended(lease(1), Ended::Done(result(1))), 4);
    assert_eq!(actions[0], Action::Start(assignment(2)));
    assert_eq!(beats(&actions), [(vec![lease(2)], 0, false)]);
    assert_eq!(actions.len(), 2, "nothing is said of the stopped lease: {actions:?}");
}

#[test]
fn a_grant_beyond_slots_and_queue_goes_back() {
    let mut agent = welcomed(1);
    for attempt in 1..=2 {
        agent.step(Event::Received(ToWorker::Grant(assignment(attempt))), 1);
    }
    let actions = agent.step(Event::Received(ToWorker::Grant(assignment(3))), 1);
    assert!(matches!(&actions[0], Action::Persist(at, Outcome::Failed(failure))
        if *at == lease(3) && failure.class == FailureClass::Environment));
}

#[test]
fn an_inherited_outcome_is_offered_but_its_lease_is_not_renewed() {
    let outbox = BTreeMap::from([(lease(4), Outcome::Done(result(4)))]);
    let mut agent = Agent::new(identity(1), outbox, 1, PATIENCE_MILLIS, 0);
    agent.step(Event::Tick, 0);
    let actions = agent.step(Event::Connected, 1);
    assert!(matches!(&actions[0], Action::Send(FromWorker::Hello(hello)) if hello.leases.is_empty()));
    assert_eq!(actions[1], Action::Send(FromWorker::Done(lease(4), *result(4))));
    assert_eq!(beats(&actions), [(Vec::new(), 1, false)]);
}

#[test]
fn patience_ends_where_no_farm_ever_answered() {
    let mut agent = Agent::new(identity(1), BTreeMap::new(), 3, PATIENCE_MILLIS, 0);
    let (mut now, mut tries) = (0, 0);
    loop {
        if agent.step(Event::Tick, now) == [Action::Connect] {
            tries += 1;
        }
        if let Some(exit) = exit(&agent.step(Event::Disconnected(broken(false)), now)) {
            assert_eq!((exit, now), (Exit::NoFarm(broken(false).sentence), PATIENCE_MILLIS));
            break;
        }
        now = agent.due_millis();
    }
    assert!(tries > 3, "{tries}");
}

#[test]
fn a_refusal_ends_a_new_worker_but_not_one_that_was_welcome() {
    let mut agent = Agent::new(identity(1), BTreeMap::new(), 3, PATIENCE_MILLIS, 0);
    agent.step(Event::Tick, 0);
    let actions = agent.step(Event::Disconnected(broken(true)), 0);
    assert_eq!(exit(&actions), Some(Exit::Refused(broken(true).sentence)));
    let mut agent = welcomed(1);
    for now in [1, 1_000_000_000] {
        assert_eq!(exit(&agent.step(Event::Disconnected(broken(true)), now)), None);
        assert_eq!(agent.step(Event::Tick, now + 5_000), [Action::Connect]);
    }
}

#[test]
fn the_third_lost_gpu_ends_the_worker_and_probes_do_not_hide_it() {
    let mut agent = welcomed(1);
    let mut last = Vec::new();
    for attempt in 1..=5 {
        agent.step(Event::Received(ToWorker::Grant(assignment(attempt))), attempt);
        let ended = if attempt % 2 == 0 {
            let TaskResult::Segment(receipt) = *result(attempt) else { panic!("a segment") };
            let seconds = receipt.frames as f64 / 24.0;
            Ended::Done(Box::new(TaskResult::Output(shotfarm_shared::work::Output {
                frames: receipt.frames,
                seconds,
                extent: shotfarm_shared::media::Extent::new(64, 36),
                bytes: 1,
                digest: receipt.digest,
                audio_streams: 0,
            })))
        } else {
            Ended::Failed { failure: Failure::environment("device lost"), device_lost: true }
        };
        assert_eq!(exit(&last), None);
        last = agent.step(Event::Ended(lease(attempt), ended), attempt);
    }
    assert!(matches!(exit(&last), Some(Exit::DeviceLost(_))));
}

#[test]
fn a_stop_ends_what_runs_and_then_the_worker() {
    let mut agent = welcomed(2);
    agent.step(Event::Received(ToWorker::Grant(assignment(1))), 1);
    agent.step(Event::DrainAsked, 2);
    let actions = agent.step(Event::StopAsked, 3);
    assert!(actions.contains(&Action::Cancel(lease(1))) && exit(&actions).is_none());
    assert_eq!(exit(&agent.step(Event::Ended(lease(1), Ended::Cancelled), 4)), Some(Exit::Stopped));
    assert_eq!(agent.step(Event::Tick, 1_000_000), []);
}

/// One random thing that happens; numbers pick among what is there.
#[derive(Clone, Debug)]
enum Op {
    Wait(u64),
    Connect(bool),
    Break,
    Grant { again: bool },
    End { pick: usize, how: u8 },
    Progress(usize),
    Settle(usize),
    Stop(usize),
    Drain,
    StopAsked,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0_u64..6_000).prop_map(Op::Wait),
        6 => any::<bool>().prop_map(Op::Connect),
        2 => Just(Op::Break),
        8 => prop::bool::weighted(0.2).prop_map(|again| Op::Grant { again }),
        6 => (any::<usize>(), 0_u8..4).prop_map(|(pick, how)| Op::End { pick, how }),
        2 => any::<usize>().prop_map(Op::Progress),
        4 => any::<usize>().prop_map(Op::Settle),
        3 => any::<usize>().prop_map(Op::Stop),
        1 => prop::bool::weighted(0.2).prop_map(|drain| if drain { Op::Drain } else { Op::Wait(1) }),
        1 => prop::bool::weighted(0.05).prop_map(|stop| if stop { Op::StopAsked } else { Op::Wait(1) }),
    ]
}

/// What the world outside knows, kept without looking into the agent.
struct World {
    agent: Agent,
    slots: u32,
    now: u64,
    up: bool,
    connecting: bool,
    granted: u64,
    threads: BTreeSet<LeaseId>,
    /// Leases of this process that are neither settled nor stopped.
    wanted: BTreeSet<LeaseId>,
    outbox: BTreeMap<LeaseId, Outcome>,
    /// Leases the coordinator is done with.
    over: BTreeSet<LeaseId>,
    draining: bool,
    exit: Option<Exit>,
}

impl World {
    fn new(slots: u32, seed: u64) -> Self {
        let mut outbox = BTreeMap::new();
        if seed.is_multiple_of(2) {
            outbox.insert(lease(1_000_000), Outcome::Done(result(1_000_000)));
        }
        Self {
            agent: Agent::new(identity(slots), outbox.clone(), seed, PATIENCE_MILLIS, 0),
            slots,
            now: 0,
            up: false,
            connecting: false,
            granted: 0,
            threads: BTreeSet::new(),
            wanted: BTreeSet::new(),
            outbox,
            over: BTreeSet::new(),
            draining: false,
            exit: None,
        }
    }

    fn feed(&mut self, event: Event) -> Result<Vec<Action>, TestCaseError> {
        if self.exit.is_some() {
            return Ok(Vec::new());
        }
        let connected = event == Event::Connected;
        let actions = self.agent.step(event, self.now);
        if connected {
            self.up = true;
            prop_assert!(matches!(&actions[0], Action::Send(FromWorker::Hello(_))));
            let sent = |at: &LeaseId, outcome: &Outcome| actions.contains(&Action::Send(outcome.message(*at)));
            prop_assert!(self.outbox.iter().all(|(at, outcome)| sent(at, outcome)), "{actions:?}");
            prop_assert_eq!(beats(&actions).len(), 1);
        }
        for action in &actions {
            self.perform(action)?;
        }
        Ok(actions)
    }

    fn perform(&mut self, action: &Action) -> TestCaseResult {
        match action {
            Action::Connect => {
                prop_assert!(!self.up && !self.connecting);
                self.connecting = true;
            }
            Action::Send(message) => {
                prop_assert!(self.up, "said while nobody listens: {message:?}");
                match message {
                    FromWorker::Done(at, _) | FromWorker::Failed(at, _) => {
                        prop_assert_eq!(self.outbox.get(at).map(|outcome| outcome.message(*at)), Some(message.clone()));
                    }
                    FromWorker::Beat { leases, free_slots, draining } => {
                        let named: BTreeSet<_> = leases.iter().map(|progress| progress.lease).collect();
                        prop_assert_eq!(&named, &self.wanted);
                        prop_assert_eq!(*draining, self.draining);
                        prop_assert!(*free_slots as usize + self.threads.len() <= self.slots as usize);
                        prop_assert!(!self.draining || *free_slots == 0);
                    }
                    FromWorker::Hello(_) => {}
                }
            }
            Action::Start(assignment) => {
                prop_assert!(self.threads.insert(assignment.lease), "started twice");
                prop_assert!(self.threads.len() <= self.slots as usize, "more tasks than slots");
            }
            Action::Cancel(at) => prop_assert!(self.threads.contains(at)),
            Action::Persist(at, outcome) => {
                prop_assert!(!self.over.contains(at), "a stopped lease was reported");
                self.outbox.insert(*at, outcome.clone());
            }
            Action::Forget(at) => {
                prop_assert!(self.over.contains(at), "a result was dropped before it was settled");
                self.outbox.remove(at);
            }
            Action::Exit(exit) => {
                prop_assert!(self.threads.is_empty());
                if *exit == Exit::Drained {
                    prop_assert!(self.draining && self.outbox.is_empty() && self.wanted.is_empty());
                }
                self.exit = Some(exit.clone());
            }
        }
        Ok(())
    }

    fn pick(set: &BTreeSet<LeaseId>, pick: usize) -> Option<LeaseId> {
        set.iter().nth(pick.checked_rem(set.len())?).copied()
    }

    fn known(&self) -> BTreeSet<LeaseId> {
        self.wanted.iter().chain(self.outbox.keys()).chain(&self.over).copied().collect()
    }

    fn end_lease(&mut self, at: LeaseId, settled: bool) -> TestCaseResult {
        self.over.insert(at);
        self.wanted.remove(&at);
        let message = if settled { ToWorker::Settled(at) } else { ToWorker::Stop(at, "over".into()) };
        self.feed(Event::Received(message))?;
        prop_assert!(!self.outbox.contains_key(&at), "a settled result is still kept");
        Ok(())
    }

    fn grant(&mut self, again: bool) -> TestCaseResult {
        self.granted += u64::from(!again || self.granted == 0);
        let at = lease(self.granted);
        if !self.over.contains(&at) {
            self.wanted.insert(at);
            self.feed(Event::Received(ToWorker::Grant(assignment(self.granted))))?;
        }
        Ok(())
    }

    fn end_thread(&mut self, at: LeaseId, how: u8) -> TestCaseResult {
        self.threads.remove(&at);
        let ended = match how {
            0 => Ended::Failed { failure: Failure::job("bad"), device_lost: false },
            1 if self.over.contains(&at) => Ended::Cancelled,
            _ => Ended::Done(result(at.attempt.0)),
        };
        self.feed(Event::Ended(at, ended))?;
        let kept = self.outbox.contains_key(&at);
        prop_assert_eq!(kept, self.wanted.contains(&at), "a result is kept exactly as long as somebody wants it");
        Ok(())
    }

    fn apply(&mut self, op: &Op) -> TestCaseResult {
        if self.exit.is_some() {
            return Ok(());
        }
        match *op {
            Op::Wait(millis) => {
                self.now += millis;
                self.feed(Event::Tick)?;
            }
            Op::Connect(works) if self.connecting => {
                self.connecting = false;
                self.feed(if works { Event::Connected } else { Event::Disconnected(broken(false)) })?;
                if works {
                    self.feed(Event::Received(ToWorker::Welcome { farm: "farm".into() }))?;
                }
            }
            Op::Break if self.up => {
                self.up = false;
                self.feed(Event::Disconnected(broken(false)))?;
            }
            Op::Grant { again } if self.up => self.grant(again)?,
            Op::End { pick, how } => {
                if let Some(at) = Self::pick(&self.threads, pick) {
                    self.end_thread(at, how)?;
                }
            }
            Op::Progress(pick) => {
                if let Some(at) = Self::pick(&self.threads, pick) {
                    self.feed(Event::Progressed(at, 7))?;
                }
            }
            Op::Settle(pick) | Op::Stop(pick) if self.up => {
                if let Some(at) = Self::pick(&self.known(), pick) {
                    self.end_lease(at, matches!(op, Op::Settle(_)))?;
                }
            }
            Op::Drain => {
                self.draining = true;
                self.feed(Event::DrainAsked)?;
            }
            Op::StopAsked => {
                self.draining = true;
                let outbox = &self.outbox;
                let dropped: Vec<_> = self.wanted.iter().filter(|at| !outbox.contains_key(at)).copied().collect();
                self.wanted.retain(|at| outbox.contains_key(at));
                self.over.extend(dropped);
                self.feed(Event::StopAsked)?;
            }
            Op::Connect(_) | Op::Break | Op::Grant { .. } | Op::Settle(_) | Op::Stop(_) => {}
        }
        Ok(())
    }

    /// A kind world: connects, ends threads, settles what is offered.
    fn drain(&mut self) -> TestCaseResult {
        self.apply(&Op::Drain)?;
        for _ in 0..200 {
            if self.exit.is_some() {
                return Ok(());
            }
            self.apply(&Op::Wait(5_000))?;
            self.apply(&Op::Connect(true))?;
            self.apply(&Op::End { pick: 0, how: 2 })?;
            if self.up
                && self.exit.is_none()
                && let Some(at) = self.outbox.keys().next().copied()
            {
                self.end_lease(at, true)?;
            }
        }
        Err(TestCaseError::fail("a drained worker did not leave"))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_promises_hold_whatever_happens(slots in 1_u32..4, seed: u64, ops in prop::collection::vec(op(), 1..120)) {
        let mut world = World::new(slots, seed);
        for op in &ops {
            world.apply(op)?;
        }
        world.drain()?;
    }
}

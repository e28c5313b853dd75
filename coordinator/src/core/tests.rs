//! The core under test: the life of a batch step by step, and random histories held to the invariants.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shotfarm_proto::convert::{Hello, LeaseProgress, ToWorker};
use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::Failure;
use shotfarm_shared::ids::{BatchId, WorkerId};
use shotfarm_shared::limits::{ATTEMPTS_MAX, LEASE_MILLIS, RECONNECT_GRACE_MILLIS};
use shotfarm_shared::media::{AudioFacts, Colour, ColourTags, Extent, FrameLayout, MediaFacts, PixelFormat};
use shotfarm_shared::recipe::{ENGINE_VERSION, Profile, Recipe, read_steps};
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::shot::{OutputName, Shot};
use shotfarm_shared::time::Timestamp;
use shotfarm_shared::work::{Assignment, Extra, FindingsReceipt, LeaseId, Output, Planned, TaskResult, Work};
use uuid::Uuid;

use super::apply::{apply, checkpoint, encode, recover};
use super::command::{Command, Refusal, Reply, Session};
use super::farm::Farm;
use super::job::JobState;

fn facts(frames: u64) -> MediaFacts {
    let extent = Extent::new(64, 36);
    let colour = Colour::from_tags(ColourTags::default(), extent).expect("untagged is known");
    MediaFacts {
        container: "mov".into(),
        codec: "h264".into(),
        layout: FrameLayout { extent, format: PixelFormat::Yuv420p, colour },
        pixel_aspect: (1, 1),
        rate: "24".parse().expect("a rate"),
        frames,
        start_micros: 0,
        audio: Vec::new(),
    }
}

pub(super) fn shot(number: u32) -> Shot {
    Shot {
        label: format!("nine5/ep01/sh{number:04}").parse().expect("a label"),
        source: Digest::of(&number.to_be_bytes()),
        source_name: format!("sh{number:04}.mp4"),
        recipe: Recipe { steps: read_steps("upscale 2x filter=lanczos").expect("a step"), profile: Profile::PhoneH264 },
        output: OutputName::new(&format!("sh{number:04}.mp4")).expect("a name"),
    }
}

pub(super) fn worker(number: u128) -> WorkerId {
    WorkerId(Uuid::from_u128(number))
}

/// The right answer to an assignment, for a source of `frames` frames.
fn answer(assignment: &Assignment, frames: u64) -> TaskResult {
    match &assignment.work {
        Work::Probe => TaskResult::Facts(facts(frames)),
        Work::Analyse { range, .. } => {
            TaskResult::Findings(FindingsReceipt { range: *range, bytes: 300, digest: Digest::of(b"findings") })
        }
        Work::Plan { facts, findings } => {
            assert_eq!(findings.iter().map(|found| found.range.len()).sum::<u64>(), facts.frames);
            let track = Digest::of(b"track");
            let extras = vec![Extra { suffix: ".track.json".to_owned(), bytes: 70, digest: track }];
            let told = vec![format!("frames 0..{} steady", facts.frames)];
            TaskResult::Plan(Planned { frames: facts.frames, track, told, extras })
        }
        Work::Render { range, .. } => TaskResult::Segment(Receipt {
            range: *range,
            frames: range.len(),
            bytes: 1_000,
            digest: Digest::of(b"segment"),
            frames_digest: Digest::of(b"frames"),
            recipe: assignment.recipe.digest(),
            work_millis: 500,
            fidelity: None,
        }),
        Work::Assemble { facts, segments } => {
            assert_eq!(segments.iter().map(|segment| segment.frames).sum::<u64>(), facts.frames);
            TaskResult::Output(Output {
                frames: facts.frames,
                seconds: facts.seconds(),
                extent: Extent::new(128, 72),
                bytes: 5_000,
                digest: Digest::of(b"output"),
                audio_streams: 0,
            })
        }
    }
}

/// A farm with its clock and its journal, and what workers were told.
pub(super) struct World {
    pub(super) farm: Farm,
    pub(super) now: Timestamp,
    pub(super) journal: Vec<Vec<u8>>,
    grants: BTreeMap<WorkerId, Vec<Assignment>>,
    stops: Vec<(WorkerId, LeaseId)>,
    settled: Vec<LeaseId>,
    drains: u32,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            farm: Farm::default(),
            now: Timestamp(1_000_000),
            journal: Vec::new(),
            grants: BTreeMap::new(),
            stops: Vec::new(),
            settled: Vec::new(),
            drains: 0,
        }
    }

    pub(super) fn run(&mut self, command: Command) -> Reply {
        let effects = apply(&mut self.farm, command, self.now);
        self.farm.check_invariants().expect("the invariants hold after every command");
        self.journal.extend(effects.records.iter().map(encode));
        for (worker, message) in effects.messages {
            match message {
                ToWorker::Grant(assignment) => self.grants.entry(worker).or_default().push(*assignment),
                ToWorker::Stop(lease, _) => self.stops.push((worker, lease)),
                ToWorker::Settled(lease) => self.settled.push(lease),
                ToWorker::Drain => self.drains += 1,
                ToWorker::Welcome { .. } => {}
            }
        }
        effects.reply
    }

    fn submit(&mut self, shots: u32) -> BatchId {
        let batch = BatchId(Uuid::from_u128(100));
        let shots = (0..shots).map(shot).collect();
        self.run(Command::Submit { batch, token: "t".into(), name: "ep01.csv".into(), shots });
        batch
    }

    pub(super) fn join(&mut self, id: WorkerId, session: u64) -> Reply {
        let hello = Hello {
            worker: id,
            name: format!("w{}", id.0.as_u128()),
            protocol: 1,
            engine: ENGINE_VERSION,
            device: "test".into(),
            software: true,
            slots: 1,
            leases: Vec::new(),
        };
        let reply = self.run(Command::Join { hello, session: Session(session) });
        self.beat(id, &[]);
        reply
    }

    fn beat(&mut self, id: WorkerId, leases: &[LeaseId]) {
        let free_slots = 1_u32.saturating_sub(leases.len() as u32);
        let leases = leases.iter().map(|lease| LeaseProgress { lease: *lease, frames_done: 1 }).collect();
        self.run(Command::Beat { worker: id, leases, free_slots, draining: false });
    }

    pub(super) fn take(&mut self, id: WorkerId) -> Option<Assignment> {
        let grants = self.grants.get_mut(&id)?;
        if grants.is_empty() { None } else { Some(grants.remove(0)) }
    }

    pub(super) fn finish(&mut self, id: WorkerId, assignment: &Assignment, frames: u64) {
        let result = answer(assignment, frames);
        self.run(Command::Done { worker: id, lease: assignment.lease, result, blob_is_stored: true });
        self.beat(id, &[]);
    }

    fn wait(&mut self, millis: u64) {
        self.now = self.now.plus_millis(millis);
        self.run(Command::Tick);
    }

    /// Lets worker `id` do all that it is given.
    fn work_off(&mut self, id: WorkerId, frames: u64) -> usize {
        let mut done = 0;
        while let Some(assignment) = self.take(id) {
            self.finish(id, &assignment, frames);
            done += 1;
        }
        done
    }

    pub(super) fn restart(&mut self) {
        let recovered = recover(None, &self.journal, self.now).expect("our own journal can be read");
        assert_eq!(checkpoint(&recovered), checkpoint(&self.farm), "replaying the journal gives the live state");
        self.farm = recovered;
        self.farm.check_invariants().expect("the invariants hold after a restart");
    }

    pub(super) fn states(&self) -> Vec<&'static str> {
        self.farm.select_jobs("").iter().filter_map(|id| self.farm.job(*id)).map(super::job::Job::word).collect()
    }
}

#[test]
fn a_batch_goes_through() {
    let mut world = World::new();
    world.submit(2);
    world.join(worker(1), 1);
    // Two probes; the first shot is then cut for the one worker, 100 frames into 48 + 52.
    assert_eq!(world.work_off(worker(1), 100), 2 + 2 + 1 + 2 + 1);
    assert_eq!(world.states(), ["succeeded", "succeeded"]);
    world.restart();
}

#[test]
fn the_same_token_is_the_same_batch() {
    let mut world = World::new();
    let batch = world.submit(2);
    let again =
        |shots: Vec<Shot>| Command::Submit { batch: BatchId(Uuid::from_u128(200)), token: "t".into(), name: "x".into(), shots };
    let reply = world.run(again(vec![shot(0), shot(1)]));
    assert!(matches!(reply, Reply::Submitted { batch: known, known: true, .. } if known == batch));
    let reply = world.run(again(vec![shot(7)]));
    assert_eq!(reply, Reply::Refused(Refusal::TokenReused("t".into(), batch)));
    assert_eq!(world.farm.jobs().count(), 2);
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let mut world = World::new();
    for shots in [vec![], vec![shot(1), shot(2), shot(1)]] {
        let reply = world.run(Command::Submit { batch: BatchId(Uuid::nil()), token: "u".into(), name: "x".into(), shots });
        assert!(matches!(reply, Reply::Refused(_)));
    }
    assert_eq!((world.farm.jobs().count(), world.journal.len()), (0, 0));
}

#[test]
fn a_silent_worker_loses_its_lease_and_its_late_result_changes_nothing() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let first = world.take(worker(1)).expect("the probe");
    world.wait(LEASE_MILLIS);
    world.join(worker(2), 2);
    let second = world.take(worker(2)).expect("the probe again");
    assert_eq!(second.lease.task, first.lease.task);
    assert!(second.lease.attempt > first.lease.attempt);
    assert_eq!(world.stops, [(worker(1), first.lease)]);

    let stale = TaskResult::Facts(facts(7));
    world.run(Command::Done { worker: worker(1), lease: first.lease, result: stale, blob_is_stored: true });
    assert_eq!(world.settled, [first.lease], "the stale result may be forgotten");
    world.finish(worker(2), &second, 48);
    assert_eq!(world.farm.jobs().next().and_then(|(_, job)| job.facts.clone()).map(|facts| facts.frames), Some(48));
}

#[test]
fn a_lost_lease_that_nobody_took_is_given_back() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.wait(LEASE_MILLIS);
    world.stops.clear();
    // It was only cut off: it names the lease again and goes on.
    world.beat(worker(1), &[probe.lease]);
    assert!(world.stops.is_empty());
    world.wait(LEASE_MILLIS);
    // It died; a new process of the same worker brings the result from the outbox.
    let result = answer(&probe, 48);
    world.run(Command::Done { worker: worker(7), lease: probe.lease, result, blob_is_stored: true });
    assert_eq!(world.farm.jobs().next().and_then(|(_, job)| job.facts.clone()).map(|facts| facts.frames), Some(48));
    world.restart();
}

#[test]
fn nothing_is_cancelled_by_a_variable_that_was_not_set() {
    let mut world = World::new();
    let batch = world.submit(2);
    assert!(matches!(world.run(Command::Cancel { selection: " ".into() }), Reply::Refused(Refusal::Unknown(_))));
    let digits = batch.0.simple().to_string();
    assert_eq!(world.farm.select_jobs(&batch.to_string()).len(), 2);
    assert_eq!(world.farm.select_jobs(&digits[24..]).len(), 2);
    assert!(world.farm.select_jobs(&digits[..8]).is_empty(), "batches of one day share their first digits");
}

#[test]
fn a_drain_that_a_broken_stream_lost_is_said_again() {
    let mut world = World::new();
    world.join(worker(1), 1);
    world.run(Command::Leave { worker: worker(1), session: Session(1) });
    world.run(Command::Drain { worker: "w1".into() });
    world.drains = 0;
    world.join(worker(1), 2);
    assert_eq!(world.drains, 1);
    world.run(Command::Leave { worker: worker(1), session: Session(2) });
    assert_eq!(world.farm.workers().count(), 0, "a worker that left in good order is not shown as lost");
}

#[test]
fn a_beat_renews_only_what_it_names() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let named = world.take(worker(1)).expect("the probe");
    for _ in 0..10 {
        world.wait(LEASE_MILLIS / 2);
        world.beat(worker(1), &[named.lease]);
    }
    assert!(world.take(worker(1)).is_none(), "the lease held all the while");
    for _ in 0..2 {
        world.wait(LEASE_MILLIS / 2);
        world.run(Command::Beat { worker: worker(1), leases: Vec::new(), free_slots: 0, draining: false });
    }
    assert_eq!(world.stops, [(worker(1), named.lease)], "a beat without its name did not renew it");
}

#[test]
fn a_restart_keeps_running_work_for_a_worker_that_comes_back() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.restart();
    world.join(worker(1), 2);
    world.beat(worker(1), &[probe.lease]);
    assert!(world.stops.is_empty() && world.take(worker(1)).is_none());
    world.finish(worker(1), &probe, 48);
    assert!(world.take(worker(1)).is_some(), "the render follows");
}

#[test]
fn a_broken_stream_shortens_the_lease_and_an_old_stream_ends_nothing() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.join(worker(1), 2);
    world.run(Command::Leave { worker: worker(1), session: Session(1) });
    world.wait(RECONNECT_GRACE_MILLIS);
    assert!(world.stops.is_empty(), "the newer stream is there");
    world.run(Command::Leave { worker: worker(1), session: Session(2) });
    world.wait(RECONNECT_GRACE_MILLIS);
    assert_eq!(world.stops, [(worker(1), probe.lease)]);
}

#[test]
fn the_jobs_own_fault_fails_it_after_two_attempts() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    world.join(worker(2), 2);
    for _ in 0..2 {
        let (id, probe) = [worker(1), worker(2)]
            .into_iter()
            .find_map(|id| world.take(id).map(|probe| (id, probe)))
            .expect("the probe is with one of them");
        world.run(Command::Fail { worker: id, lease: probe.lease, failure: Failure::job("sh0000.mp4 is a text file") });
    }
    let job = world.farm.jobs().next().map(|(_, job)| job.clone()).expect("one job");
    assert_eq!(job.state, JobState::Failed(Failure::job("sh0000.mp4 is a text file")));
    assert_eq!(job.tasks[0].failed_on.len(), 2, "the second attempt went to the other worker");
    world.restart();

    world.run(Command::Retry { selection: "nine5/ep01".into() });
    assert_eq!(world.states(), ["queued"]);
}

#[test]
fn faults_of_the_environment_back_off_and_end_in_the_end() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let mut attempts = 0;
    while world.states() != ["failed"] {
        if let Some(probe) = world.take(worker(1)) {
            attempts += 1;
            world.run(Command::Fail { worker: worker(1), lease: probe.lease, failure: Failure::environment("no space left") });
            world.beat(worker(1), &[]);
            assert!(world.take(worker(1)).is_none(), "it rests first");
        }
        world.wait(1_000);
        world.beat(worker(1), &[]);
        assert!(world.now.0 < 10_000_000, "it ends within a bound");
    }
    assert_eq!(attempts, ATTEMPTS_MAX);
}

#[test]
fn cancelling_is_final_and_retrying_keeps_what_is_finished() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.finish(worker(1), &probe, 100);
    let render = world.take(worker(1)).expect("the first render");
    world.finish(worker(1), &render, 100);
    let running = world.take(worker(1)).expect("the second render");
    world.run(Command::Cancel { selection: "nine5".into() });
    assert_eq!(world.stops, [(worker(1), running.lease)]);
    world.finish(worker(1), &running, 100);
    assert_eq!(world.states(), ["cancelled"]);
    assert!(world.take(worker(1)).is_none());

    world.run(Command::Retry { selection: "nine5".into() });
    assert_eq!(world.work_off(worker(1), 100), 2, "the second render and the assembly");
    assert_eq!(world.states(), ["succeeded"]);
}

#[test]
fn an_unsuitable_recipe_fails_when_the_source_is_known_and_again_when_retried() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    let mut found = facts(48);
    found.audio.push(AudioFacts { codec: "pcm_s16le".into(), sample_rate: 48_000, channels: 2, samples: 96_000 });
    let result = TaskResult::Facts(found);
    world.run(Command::Done { worker: worker(1), lease: probe.lease, result, blob_is_stored: true });
    for _ in 0..2 {
        let job = world.farm.jobs().next().map(|(_, job)| job.clone()).expect("one job");
        assert!(matches!(&job.state, JobState::Failed(failure) if failure.message.contains("use profile master-ffv1")));
        world.run(Command::Retry { selection: "nine5".into() });
    }
}

#[test]
fn a_result_that_does_not_fit_is_the_workers_fault() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.finish(worker(1), &probe, 48);
    let render = world.take(worker(1)).expect("the render");
    let TaskResult::Segment(mut receipt) = answer(&render, 48) else { panic!("a render returns a segment") };
    receipt.frames = 47;
    let result = TaskResult::Segment(receipt);
    world.run(Command::Done { worker: worker(1), lease: render.lease, result, blob_is_stored: true });
    world.join(worker(2), 2);
    let again = world.take(worker(2)).expect("another worker gets it");
    assert_eq!(again.lease.task, render.lease.task);
    let result = answer(&again, 48);
    world.run(Command::Done { worker: worker(2), lease: again.lease, result, blob_is_stored: false });
    assert_eq!(world.states(), ["running"], "a segment whose blob is missing is not taken");
    let log: Vec<String> = world.farm.jobs().flat_map(|(_, job)| job.log.clone()).map(|line| line.text).collect();
    assert!(log.iter().any(|line| line.contains("48 frames were asked for and 47 were counted")), "{log:?}");
}

#[test]
fn a_draining_worker_gets_nothing_more() {
    let mut world = World::new();
    world.join(worker(1), 1);
    assert_eq!(world.run(Command::Drain { worker: "w1".into() }), Reply::Changed { labels: vec!["w1".into()] });
    world.submit(1);
    world.beat(worker(1), &[]);
    assert!(world.take(worker(1)).is_none());
    assert!(matches!(world.run(Command::Drain { worker: "w9".into() }), Reply::Refused(Refusal::Unknown(_))));
}

#[test]
fn a_worker_of_another_protocol_is_refused_by_name() {
    let mut world = World::new();
    let hello = Hello {
        worker: worker(1),
        name: "old".into(),
        protocol: 0,
        engine: ENGINE_VERSION,
        device: String::new(),
        software: false,
        slots: 1,
        leases: Vec::new(),
    };
    let reply = world.run(Command::Join { hello, session: Session(1) });
    assert!(matches!(reply, Reply::Refused(Refusal::Incompatible(text)) if text.starts_with("worker old speaks protocol 0")));
}

/// Names of networks in random histories.
const MODELS: [&str; 2] = ["a", "b"];

/// What can happen in a random history.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Finish(u8),
    FinishLate(u8),
    Fail(u8, u8),
    Beat(u8),
    SilentBeat(u8),
    Join(u8),
    Leave(u8),
    Wait(u16),
    Restart,
    Checkpoint,
    Cancel(u8),
    Retry(u8),
    AddModel(u8, u8, bool),
    RemoveModel(u8),
    Submit(u8, u8),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0_u8..4).prop_map(Happening::Finish),
        1 => (0_u8..4).prop_map(Happening::FinishLate),
        1 => (0_u8..4, 0_u8..3).prop_map(|(worker, class)| Happening::Fail(worker, class)),
        4 => (0_u8..4).prop_map(Happening::Beat),
        1 => (0_u8..4).prop_map(Happening::SilentBeat),
        2 => (0_u8..4).prop_map(Happening::Join),
        1 => (0_u8..4).prop_map(Happening::Leave),
        3 => (0_u16..20_000).prop_map(Happening::Wait),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Checkpoint),
        1 => (0_u8..4).prop_map(Happening::Cancel),
        1 => (0_u8..4).prop_map(Happening::Retry),
        1 => (0_u8..2, 0_u8..3, any::<bool>()).prop_map(|(name, bytes, replace)| Happening::AddModel(name, bytes, replace)),
        1 => (0_u8..2).prop_map(Happening::RemoveModel),
        1 => (0_u8..2, 0_u8..4).prop_map(|(name, number)| Happening::Submit(name, number)),
    ]
}

impl World {
    fn happen(&mut self, happening: Happening, held: &mut BTreeMap<WorkerId, Vec<Assignment>>, session: &mut u64) {
        let id = |number: u8| worker(u128::from(number) + 1);
        for (worker, grants) in std::mem::take(&mut self.grants) {
            held.entry(worker).or_default().extend(grants);
        }
        match happening {
            Happening::Finish(number) => {
                if let Some(assignment) = held.entry(id(number)).or_default().pop() {
                    self.finish(id(number), &assignment, 100);
                }
            }
            Happening::FinishLate(number) => {
                // Its result is sent, and sent again, by whoever holds it, long after.
                if let Some(assignment) = held.entry(id(number)).or_default().first().cloned() {
                    self.wait(LEASE_MILLIS * 2);
                    for _ in 0..2 {
                        self.finish(id(number), &assignment, 100);
                    }
                }
            }
            Happening::Fail(number, class) => {
                if let Some(assignment) = held.entry(id(number)).or_default().pop() {
                    let failure = match class {
                        0 => Failure::job("bad"),
                        1 => Failure::worker("odd"),
                        _ => Failure::environment("full"),
                    };
                    self.run(Command::Fail { worker: id(number), lease: assignment.lease, failure });
                }
            }
            Happening::Beat(number) => {
                let leases: Vec<LeaseId> = held.entry(id(number)).or_default().iter().map(|held| held.lease).collect();
                self.beat(id(number), &leases);
            }
            Happening::SilentBeat(number) => self.beat(id(number), &[]),
            Happening::Join(number) => {
                *session += 1;
                self.join(id(number), *session);
            }
            Happening::Leave(number) => {
                self.run(Command::Leave { worker: id(number), session: Session(*session) });
            }
            Happening::Wait(millis) => self.wait(u64::from(millis)),
            Happening::Restart => self.restart(),
            Happening::Checkpoint => {
                let restored = recover(Some(&checkpoint(&self.farm)), &[], self.now).expect("our own checkpoint can be read");
                assert_eq!(checkpoint(&restored), checkpoint(&self.farm));
            }
            Happening::Cancel(number) => {
                self.run(Command::Cancel { selection: format!("nine5/ep01/sh{number:04}") });
            }
            Happening::Retry(number) => {
                self.run(Command::Retry { selection: format!("nine5/ep01/sh{number:04}") });
            }
            Happening::AddModel(name, bytes, replace) => {
                self.run(Command::AddModel { model: super::tests_models::model(MODELS[name as usize], bytes), replace });
            }
            Happening::RemoveModel(name) => {
                self.run(Command::RemoveModel { name: MODELS[name as usize].parse().expect("a name") });
            }
            Happening::Submit(name, number) => {
                let mut with_model = shot(100 + u32::from(number));
                let steps = format!("upscale 2x model={} filter=lanczos", MODELS[name as usize]);
                with_model.recipe.steps = read_steps(&steps).expect("steps");
                *session += 1;
                let (batch, token) = (BatchId(Uuid::from_u128(1_000 + u128::from(*session))), format!("m{number}"));
                self.run(Command::Submit { batch, token, name: "m.csv".into(), shots: vec![with_model] });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever happens, the invariants hold after every command and every restart gives the same state; and when the trouble
    /// ends and one worker stays, every job that nobody cancelled and that did not fail by its own fault succeeds.
    #[test]
    fn random_histories_end_well(happenings in proptest::collection::vec(happening(), 1..120)) {
        let mut world = World::new();
        let (mut held, mut session) = (BTreeMap::new(), 0);
        world.submit(4);
        for happening in happenings {
            world.happen(happening, &mut held, &mut session);
        }
        for name in MODELS {
            for bytes in 0..3 {
                // Every network that was ever pinned is there again.
                world.run(Command::AddModel { model: super::tests_models::model(name, bytes), replace: true });
            }
        }
        world.run(Command::Retry { selection: "nine5".into() });
        world.grants.clear();
        let fresh = worker(99);
        world.join(fresh, session + 1);
        for _ in 0..200 {
            world.work_off(fresh, 100);
            world.wait(LEASE_MILLIS);
            world.beat(fresh, &[]);
            for number in 1..5 {
                world.run(Command::Leave { worker: worker(number), session: Session(session) });
            }
        }
        prop_assert!(world.states().iter().all(|state| *state == "succeeded"), "{:?}", world.states());
        prop_assert!(world.states().len() >= 4);
    }
}

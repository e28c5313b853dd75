//! The core under test: a farm with its clock and its journal, held to every invariant after every command.

mod histories;
mod life;
mod models;
mod reframe;

use std::collections::BTreeMap;

use proptest::prelude::*;
use shotfarm_proto::convert::{Hello, LeaseProgress, ToWorker};
use shotfarm_proto::version::PROTOCOL;
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
            protocol: PROTOCOL,
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

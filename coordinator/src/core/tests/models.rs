//! Networks in the core: pinned when a batch is taken, kept while a job needs them, and stores from before there were any.

use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::Failure;
use shotfarm_shared::ids::BatchId;
use shotfarm_shared::model::{Model, ModelFacts, ModelFiles, Upscaling};
use shotfarm_shared::recipe::read_steps;
use shotfarm_shared::shot::Shot;
use shotfarm_shared::time::Timestamp;
use shotfarm_shared::work::Work;
use uuid::Uuid;

use super::super::apply::{checkpoint, recover};
use super::super::command::{Command, Reply};
use super::super::job::JobState;
use super::{World, shot, worker};

/// A network called `name` of some bytes.
pub(super) fn model(name: &str, bytes: u8) -> Box<Model> {
    let upscaling = Some(Upscaling { factor: 2, channels: 3, radius_pixels: Some(8) });
    Box::new(Model {
        name: name.parse().expect("a name"),
        files: ModelFiles::Onnx { file: Digest::of(&[bytes]) },
        bytes: 1,
        licence: "BSD-3-Clause".into(),
        source: "made for a test".into(),
        facts: ModelFacts { upscaling, ..ModelFacts::default() },
    })
}

/// A network that finds faces.
pub(super) fn detector(name: &str) -> Box<Model> {
    let facts = ModelFacts { detector: Some("YuNet".into()), ..ModelFacts::default() };
    Box::new(Model { facts, ..*model(name, 9) })
}

fn shot_with(number: u32, steps: &str) -> Shot {
    let mut shot = shot(number);
    shot.recipe.steps = read_steps(steps).expect("steps");
    shot
}

impl World {
    fn add(&mut self, name: &str, bytes: u8, replace: bool) -> Reply {
        self.run(Command::AddModel { model: model(name, bytes), replace })
    }

    fn remove(&mut self, name: &str) -> Reply {
        self.run(Command::RemoveModel { name: name.parse().expect("a name") })
    }

    fn hand_in(&mut self, token: &str, shots: Vec<Shot>) -> Reply {
        let batch = BatchId(Uuid::new_v5(&Uuid::nil(), token.as_bytes()));
        self.run(Command::Submit { batch, token: token.into(), name: "ep01.csv".into(), shots })
    }

    fn pins(&self) -> Vec<Option<Digest>> {
        let jobs = self.farm.select_jobs("").into_iter().filter_map(|id| self.farm.job(id));
        jobs.flat_map(|job| job.shot.recipe.models().map(|model| model.digest).collect::<Vec<_>>()).collect()
    }
}

fn refusal(reply: Reply) -> String {
    match reply {
        Reply::Refused(refusal) => refusal.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_bytes_are_no_change_and_others_need_leave() {
    let mut world = World::new();
    assert!(matches!(world.add("a", 1, false), Reply::ModelAdded { known: false, .. }));
    let records = world.journal.len();
    assert!(matches!(world.add("a", 1, false), Reply::ModelAdded { known: true, .. }));
    assert!(refusal(world.add("a", 2, false)).contains("with --replace"));
    assert_eq!(world.journal.len(), records, "nothing was written");
    let Reply::ModelAdded { version, known: false } = world.add("a", 2, true) else { panic!("it is replaced") };
    assert_eq!((version.number, version.added), (2, world.now));
    let mut reworded = model("a", 2);
    reworded.licence = "MIT".into();
    let kept = world.run(Command::AddModel { model: reworded.clone(), replace: false });
    assert!(matches!(kept, Reply::ModelAdded { version, known: true } if version.model.licence == "BSD-3-Clause"));
    let changed = world.run(Command::AddModel { model: reworded, replace: true });
    assert!(
        matches!(changed, Reply::ModelAdded { version, known: false } if version.model.licence == "MIT" && version.number == 2)
    );
    world.restart();
}

#[test]
fn a_batch_is_pinned_to_what_names_mean_now_and_keeps_it() {
    let mut world = World::new();
    world.add("a", 1, false);
    let shots = || vec![shot_with(1, "upscale 2x model=a | upscale 2x model=a"), shot_with(2, "upscale 2x")];
    assert!(matches!(world.hand_in("t", shots()), Reply::Submitted { known: false, .. }));
    let old = Some(Digest::of(&[1]));
    assert_eq!(world.pins(), [old, old]);
    world.add("a", 2, true);
    assert_eq!(world.pins(), [old, old], "jobs under way keep what they have");
    assert!(matches!(world.hand_in("t", shots()), Reply::Submitted { known: true, .. }), "the same hand-in is the same batch");
    let other = vec![shot_with(1, "upscale 2x model=b | upscale 2x model=a"), shot_with(2, "upscale 2x")];
    assert!(refusal(world.hand_in("t", other)).contains("was used for other shots"));

    world.join(worker(1), 1);
    for _ in 0..2 {
        let probe = world.take(worker(1)).expect("a probe");
        assert_eq!(probe.work, Work::Probe);
        world.finish(worker(1), &probe, 48);
    }
    let render = world.take(worker(1)).expect("the first shot's render");
    let Work::Render { models, .. } = &render.work else { panic!("{:?}", render.work) };
    assert_eq!(*models, [ModelFiles::Onnx { file: Digest::of(&[1]) }], "each network once, the one that was pinned");
    world.restart();
}

#[test]
fn a_batch_with_a_network_that_cannot_be_had_is_refused_whole() {
    let mut world = World::new();
    world.add("a", 1, false);
    let good = || shot_with(1, "upscale 2x model=a");
    let told = refusal(world.hand_in("t", vec![good(), shot_with(2, "upscale 2x model=x"), shot_with(3, "upscale 2x model=x")]));
    assert_eq!(told, "shot nine5/ep01/sh0002: the farm has no model `x`; it has a and 1 shot like it");
    let pinned = format!("upscale 2x model=a@{}", Digest::of(&[9]));
    assert!(refusal(world.hand_in("t", vec![good(), shot_with(2, &pinned)])).contains("does not have the bytes"));
    assert_eq!(world.farm.jobs().count(), 0);
}

#[test]
fn what_jobs_need_is_not_removed_and_what_was_removed_is_missed_by_a_retry() {
    let mut world = World::new();
    world.add("a", 1, false);
    world.add("b", 2, false);
    world.hand_in("t", (1..=7).map(|number| shot_with(number, "upscale 2x model=a")).collect());
    let told = refusal(world.remove("a"));
    let named = (1..=5).map(|number| format!("nine5/ep01/sh{number:04}")).collect::<Vec<_>>().join(", ");
    let expected =
        format!("model `a` is needed by jobs that have not ended: {named} and 2 jobs more; wait for them or cancel them");
    assert_eq!(told, expected);
    assert_eq!(world.remove("b"), Reply::Changed { labels: vec!["b".into()] });
    assert_eq!(refusal(world.remove("b")), "the farm has no model `b`; it has a");

    world.run(Command::Cancel { selection: "nine5".into() });
    assert_eq!(world.remove("a"), Reply::Changed { labels: vec!["a".into()] });
    world.run(Command::Retry { selection: "nine5".into() });
    let (_, job) = world.farm.jobs().next().expect("seven jobs");
    let JobState::Failed(Failure { message, .. }) = &job.state else { panic!("{:?}", job.state) };
    assert!(message.starts_with("its model a@") && message.contains("was removed"), "{message}");
    world.restart();
    world.add("a", 1, false);
    world.run(Command::Retry { selection: "nine5".into() });
    assert_eq!(world.states(), ["queued"; 7], "the same file again, and all can go on");
}

/// Written by the version before there were networks: a checkpoint with one shot that is being probed, and the records after
/// it, each behind its length. They must open for ever.
#[test]
fn a_farm_from_before_there_were_networks_opens() {
    let mut bytes = include_bytes!("../testdata/before-models.records").as_slice();
    let mut records = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (record, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        records.push(record.to_vec());
        bytes = rest;
    }
    let stored = include_bytes!("../testdata/before-models.checkpoint");
    let farm = recover(Some(stored), &records, Timestamp(1_000_000)).expect("an old farm is read");
    farm.check_invariants().expect("it is whole");
    assert_eq!(farm.models().iter().count(), 0);
    let steps = |number: usize| {
        let job = farm.job(farm.select_jobs("")[number]).expect("two jobs");
        shotfarm_shared::recipe::write_steps(&job.shot.recipe.steps)
    };
    assert_eq!(steps(0), "upscale 2x filter=lanczos");
    assert_eq!(steps(1), "upscale 1.5x filter=fsr sharpness=0.5 | upscale 64x36 filter=ewa-lanczos");
    let again = recover(Some(&checkpoint(&farm)), &[], Timestamp(1_000_000)).expect("and written anew");
    assert_eq!(checkpoint(&again), checkpoint(&farm));
}

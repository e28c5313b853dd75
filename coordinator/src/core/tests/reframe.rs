//! Shots that are framed anew: looked at, planned, and only then rendered.

use shotfarm_shared::recipe::InvalidRecipe;

use super::super::job::TaskKind;
use super::*;

/// More frames than one analysis looks at.
const FRAMES: u64 = 500;

fn steps(text: &str) -> Result<Vec<shotfarm_shared::recipe::Step>, InvalidRecipe> {
    read_steps(text)
}

fn world(text: &str) -> World {
    let mut world = World::new();
    for model in [models::detector("faces"), models::model("grows", 1)] {
        world.run(Command::AddModel { model, replace: false });
    }
    let mut asked = shot(1);
    asked.recipe.steps = steps(text).expect("steps");
    let batch = BatchId(Uuid::from_u128(7));
    let reply = world.run(Command::Submit { batch, token: "t".into(), name: "b.csv".into(), shots: vec![asked] });
    assert!(matches!(reply, Reply::Submitted { .. }), "{reply:?}");
    world
}

/// What the job's tasks do, in order.
fn kinds(world: &World) -> Vec<String> {
    world.farm.jobs().flat_map(|(_, job)| job.tasks.iter().map(|task| task.kind.to_string())).collect()
}

fn take_all(world: &mut World, id: WorkerId) -> Vec<Assignment> {
    std::iter::from_fn(|| world.take(id)).collect()
}

const LOOKS: [&str; 3] = ["probe", "analyse 0..240", "analyse 240..500"];

#[test]
fn a_shot_is_looked_at_and_planned_before_it_is_rendered() {
    let mut world = world("reframe 128x72 model=faces filter=lanczos | upscale 1x model=grows");
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("a probe");
    world.finish(worker(1), &probe, FRAMES);
    assert_eq!(kinds(&world), LOOKS);
    let mut seen = Vec::new();
    for _ in 0..60 {
        world.beat(worker(1), &[]);
        let Some(next) = world.take(worker(1)) else { break };
        seen.push(match &next.work {
            Work::Probe => "probe".to_owned(),
            Work::Analyse { models, .. } => format!("analyse with {}", models.len()),
            Work::Plan { findings, .. } => format!("plan from {}", findings.len()),
            Work::Render { models, track, .. } => {
                assert_eq!(*track, Some(Digest::of(b"track")));
                assert_eq!(models.len(), 1, "the detector is done with");
                "render".to_owned()
            }
            Work::Assemble { .. } => "assemble".to_owned(),
        });
        world.finish(worker(1), &next, FRAMES);
    }
    seen.dedup();
    assert_eq!(seen, ["analyse with 1", "plan from 2", "render", "assemble"]);
    assert_eq!(world.states(), ["succeeded"]);
    let (_, job) = world.farm.jobs().next().expect("a job");
    assert!(job.planned.is_some() && job.log.iter().any(|line| line.text == "plan: frames 0..500 steady"));
}

#[test]
fn a_worker_that_dies_while_looking_costs_only_its_own_range() {
    let mut world = world("reframe 128x72 filter=lanczos");
    world.join(worker(1), 1);
    world.join(worker(2), 2);
    let (owner, probe) = [1, 2].into_iter().find_map(|id| Some((worker(id), world.take(worker(id))?))).expect("a probe");
    world.finish(owner, &probe, FRAMES);
    for id in [1, 2] {
        world.beat(worker(id), &[]);
    }
    let (mine, others) = (take_all(&mut world, worker(1)), take_all(&mut world, worker(2)));
    assert_eq!((mine.len(), others.len()), (1, 1), "one range each");
    world.finish(worker(2), &others[0], FRAMES);
    world.restart();
    world.join(worker(2), 3);
    world.wait(LEASE_MILLIS * 2);
    world.beat(worker(2), &[]);
    let again = world.take(worker(2)).expect("the lost range");
    assert_eq!((&again.work, kinds(&world)), (&mine[0].work, LOOKS.map(str::to_owned).to_vec()));
    world.finish(worker(2), &again, FRAMES);
    assert_eq!(kinds(&world).last().map(String::as_str), Some("plan"));
    // The dead one's late answer changes nothing.
    let before = checkpoint(&world.farm);
    world.finish(worker(1), &mine[0], FRAMES);
    assert_eq!(checkpoint(&world.farm), before);
}

#[test]
fn a_shot_handed_in_again_with_a_key_is_not_looked_at_again() {
    let mut world = world("reframe 128x72 filter=lanczos");
    world.join(worker(1), 1);
    while world.work_off(worker(1), FRAMES) > 0 {}
    assert_eq!(world.states(), ["succeeded"]);
    world.restart();
    world.join(worker(1), 2);
    let mut again = |number: u32, text: &str| {
        let mut asked = shot(1);
        asked.recipe.steps = steps(text).expect("steps");
        let batch = BatchId(Uuid::from_u128(u128::from(number)));
        world.run(Command::Submit { batch, token: number.to_string(), name: "b.csv".into(), shots: vec![asked] });
        let mut done = Vec::new();
        while let Some(next) = world.take(worker(1)) {
            done.push(match &next.work {
                Work::Plan { findings, .. } => format!("plan from {}", findings.len()),
                Work::Analyse { .. } => "analyse".to_owned(),
                _ => String::new(),
            });
            world.finish(worker(1), &next, FRAMES);
        }
        done.retain(|line| !line.is_empty());
        done
    };
    let key = Digest::of(b"key");
    assert_eq!(again(20, &format!("reframe 128x72 filter=mitchell track={key}")), ["plan from 2"]);
    // A detector sees what was not seen before.
    assert_eq!(again(21, "reframe 128x72 filter=lanczos model=faces"), ["analyse", "analyse", "plan from 2"]);
    world.restart();
}

#[test]
fn what_does_not_answer_its_task_is_refused() {
    let mut world = world("reframe 128x72 filter=lanczos");
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("a probe");
    world.finish(worker(1), &probe, 100);
    world.beat(worker(1), &[]);
    let look = world.take(worker(1)).expect("an analysis");
    let wrong = FindingsReceipt { range: shotfarm_shared::frames::FrameRange::new(0, 99), bytes: 1, digest: Digest::of(b"f") };
    let done = |lease, result| Command::Done { worker: worker(1), lease, result, blob_is_stored: true };
    world.run(done(look.lease, TaskResult::Findings(wrong)));
    let task = |world: &World, kind| world.farm.jobs().flat_map(|(_, job)| job.tasks.clone()).find(|task| task.kind == kind);
    let range = shotfarm_shared::frames::FrameRange::new(0, 100);
    assert!(task(&world, TaskKind::Analyse(range)).is_some_and(|task| !task.state.is_ended() && task.findings.is_none()));
    world.wait(120_000);
    world.join(worker(1), 2);
    world.beat(worker(1), &[]);
    let look = world.take(worker(1)).expect("the analysis again");
    world.finish(worker(1), &look, 100);
    world.beat(worker(1), &[]);
    let plan = world.take(worker(1)).expect("a plan");
    let extra = |suffix: &str| Extra { suffix: suffix.to_owned(), bytes: 1, digest: Digest::of(b"x") };
    for (frames, suffix, part) in
        [(99, ".json", "the source has 100 frames and the track 99"), (100, "/../x", "is no ending of a file")]
    {
        let planned = Planned { frames, track: Digest::of(b"t"), told: Vec::new(), extras: vec![extra(suffix)] };
        let (_, job) = world.farm.jobs().next().expect("a job");
        assert!(planned.check(job.facts.as_ref().expect("probed").frames).expect_err(suffix).contains(part));
    }
    let planned = Planned { frames: 99, track: Digest::of(b"t"), told: Vec::new(), extras: Vec::new() };
    world.run(done(plan.lease, TaskResult::Plan(planned)));
    assert!(task(&world, TaskKind::Plan).is_some_and(|task| !task.state.is_ended()));
}

#[test]
fn what_a_source_does_not_allow_is_said_before_anybody_looks() {
    let mut world = world("reframe 128x72 filter=lanczos zones=ours");
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("a probe");
    world.finish(worker(1), &probe, 100);
    let failure = world.farm.jobs().find_map(|(_, job)| match &job.state {
        JobState::Failed(failure) => Some(failure.message.clone()),
        _ => None,
    });
    assert!(failure.is_some_and(|message| message.starts_with("nobody knows the zones `ours`")));
}

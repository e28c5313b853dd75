//! Random histories held to the invariants.

use super::*;

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
                self.run(Command::AddModel { model: models::model(MODELS[name as usize], bytes), replace });
            }
            Happening::RemoveModel(name) => {
                self.run(Command::RemoveModel { name: MODELS[name as usize].parse().expect("a name") });
            }
            Happening::Submit(name, number) => {
                let mut with_model = shot(100 + u32::from(number));
                let model = MODELS[name as usize];
                let steps = if number % 2 == 0 {
                    format!("upscale 2x model={model} filter=lanczos")
                } else {
                    "reframe 128x72 filter=lanczos".to_owned()
                };
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
                world.run(Command::AddModel { model: models::model(name, bytes), replace: true });
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

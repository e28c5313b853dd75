//! What every store must do, run against each of them.

use std::path::PathBuf;

use proptest::prelude::*;

use super::{Loaded, MemoryDisk, SledStore, Store};

/// Something on which a store can be opened again and again.
trait Bed {
    fn open(&self) -> Box<dyn Store>;
}

impl Bed for MemoryDisk {
    fn open(&self) -> Box<dyn Store> {
        Box::new(MemoryDisk::open(self))
    }
}

struct SledBed {
    _root: tempfile::TempDir,
    dir: PathBuf,
}

impl Bed for SledBed {
    fn open(&self) -> Box<dyn Store> {
        Box::new(SledStore::open(&self.dir).unwrap())
    }
}

fn sled_bed() -> SledBed {
    let root = tempfile::tempdir().unwrap();
    SledBed { dir: root.path().join("farm"), _root: root }
}

/// What a store holds, without the epoch.
type Model = (Option<Vec<u8>>, Vec<Vec<u8>>);

fn content(loaded: Loaded) -> Model {
    (loaded.checkpoint, loaded.records)
}

fn records(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn a_new_one_is_empty_and_commits_come_back_in_order(bed: &dyn Bed) {
    let mut store = bed.open();
    assert_eq!(content(store.load().unwrap()), (None, Vec::new()));
    store.commit(&records(&["a", "b"])).unwrap();
    store.commit(&[]).unwrap();
    store.commit(&records(&["", "c"])).unwrap();
    assert_eq!(content(store.load().unwrap()), (None, records(&["a", "b", "", "c"])));
    drop(store);
    assert_eq!(content(bed.open().load().unwrap()), (None, records(&["a", "b", "", "c"])));
}

fn a_checkpoint_takes_the_place_of_what_came_before(bed: &dyn Bed) {
    let mut store = bed.open();
    store.commit(&records(&["a"])).unwrap();
    store.checkpoint(b"A").unwrap();
    store.commit(&records(&["b"])).unwrap();
    assert_eq!(content(store.load().unwrap()), (Some(b"A".to_vec()), records(&["b"])));
    store.checkpoint(b"").unwrap();
    store.checkpoint(b"AB").unwrap();
    drop(store);
    let mut store = bed.open();
    assert_eq!(content(store.load().unwrap()), (Some(b"AB".to_vec()), Vec::new()));
    store.commit(&records(&["c"])).unwrap();
    drop(store);
    assert_eq!(content(bed.open().load().unwrap()), (Some(b"AB".to_vec()), records(&["c"])));
}

fn large_things_come_back(bed: &dyn Bed) {
    let large: Vec<u8> = (0..150_000_u32).map(|index| (index * 7 / 3) as u8).collect();
    let mut store = bed.open();
    store.commit(&[large.clone(), b"small".to_vec(), large.clone()]).unwrap();
    let expected = vec![large.clone(), b"small".to_vec(), large.clone()];
    assert_eq!(content(store.load().unwrap()), (None, expected));
    store.checkpoint(&large.repeat(3)).unwrap();
    drop(store);
    assert_eq!(content(bed.open().load().unwrap()), (Some(large.repeat(3)), Vec::new()));
}

fn every_opening_has_a_higher_epoch(bed: &dyn Bed) {
    let mut last = 0;
    for _ in 0..3 {
        let mut store = bed.open();
        let epoch = store.load().unwrap().epoch;
        assert!(epoch > last, "{epoch} after {last}");
        assert_eq!(store.load().unwrap().epoch, epoch);
        last = epoch;
    }
}

macro_rules! suite {
    ($($behaviour:ident)*) => {
        mod memory { $(#[test] fn $behaviour() { super::$behaviour(&super::MemoryDisk::default()); })* }
        mod sled { $(#[test] fn $behaviour() { super::$behaviour(&super::sled_bed()); })* }
    };
}

suite! {
    a_new_one_is_empty_and_commits_come_back_in_order
    a_checkpoint_takes_the_place_of_what_came_before
    large_things_come_back
    every_opening_has_a_higher_epoch
}

#[test]
fn a_full_memory_takes_nothing_until_there_is_room() {
    let disk = MemoryDisk::default();
    let mut store = disk.open();
    disk.set_full(true);
    assert!(store.commit(&records(&["a"])).is_err() && store.checkpoint(b"A").is_err());
    assert_eq!(content(store.load().unwrap()), (None, Vec::new()));
    disk.set_full(false);
    store.commit(&records(&["b"])).unwrap();
    assert_eq!(content(store.load().unwrap()), (None, records(&["b"])));
}

#[derive(Debug, Clone)]
enum Act {
    Commit(Vec<Vec<u8>>),
    Checkpoint(Vec<u8>),
    Load,
    Reopen,
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => prop::collection::vec(any::<u8>(), 0..40), 1 => prop::collection::vec(any::<u8>(), 4_000..9_000)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => prop::collection::vec(bytes(), 0..4).prop_map(Act::Commit),
        2 => bytes().prop_map(Act::Checkpoint),
        1 => Just(Act::Load),
        2 => Just(Act::Reopen),
    ]
}

fn behaves_as_the_model(bed: &dyn Bed, acts: Vec<Act>) {
    let mut model: Model = (None, Vec::new());
    let mut store = bed.open();
    for act in acts {
        match act {
            Act::Commit(records) => {
                store.commit(&records).unwrap();
                model.1.extend(records);
            }
            Act::Checkpoint(state) => {
                store.checkpoint(&state).unwrap();
                model = (Some(state), Vec::new());
            }
            Act::Load => assert_eq!(content(store.load().unwrap()), model),
            Act::Reopen => {
                drop(store);
                store = bed.open();
            }
        }
    }
    assert_eq!(content(store.load().unwrap()), model);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))] // every act waits for the disk

    #[test]
    fn sled_behaves_as_the_model(acts in prop::collection::vec(act(), 0..14)) {
        behaves_as_the_model(&sled_bed(), acts);
    }

    #[test]
    fn memory_behaves_as_the_model(acts in prop::collection::vec(act(), 0..14)) {
        behaves_as_the_model(&MemoryDisk::default(), acts);
    }
}

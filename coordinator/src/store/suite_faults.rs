//! What the durable store must stand: kills, full disks, damage, and a second coordinator.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::format::{HEAD_BYTES, Head, VERSION};
use super::{Loaded, SledStore, Store, StoreError};

/// Names the directory that a test process started by a test works on.
const CHILD_DIR: &str = "SHOTFARM_TEST_STORE_DIR";
/// Commits between two checkpoints of the child that is killed.
const CHILD_CHECKPOINT_COMMITS: u64 = 30;

fn numbered(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(20)
}

/// How many numbered records were committed, checkpoints counted in. Fails unless they are exactly 0, 1, 2, ...
fn count(loaded: &Loaded) -> u64 {
    let before = loaded.checkpoint.as_ref().map_or(0, |state| u64::from_be_bytes(state.as_slice().try_into().unwrap()));
    for (number, record) in (before..).zip(&loaded.records) {
        assert_eq!(record, &numbered(number), "record {number}");
    }
    before + loaded.records.len() as u64
}

/// This test binary once more, running only `test` on `dir`.
fn child(test: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&format!("store::suite_faults::{test}"), "--exact", "--nocapture", "--test-threads=1"]);
    command.env(CHILD_DIR, dir).stdout(Stdio::piped());
    command
}

fn child_dir() -> Option<PathBuf> {
    std::env::var_os(CHILD_DIR).map(PathBuf::from)
}

/// Not a test by itself: commits numbered records and says so, until it is killed.
#[test]
fn child_that_commits() {
    let Some(dir) = child_dir() else { return };
    let mut store = SledStore::open(dir).unwrap();
    for number in count(&store.load().unwrap()).. {
        store.commit(&[numbered(number)]).unwrap();
        println!("acknowledged {number}");
        std::io::stdout().flush().unwrap();
        if number % CHILD_CHECKPOINT_COMMITS == 0 {
            store.checkpoint(&(number + 1).to_be_bytes()).unwrap();
        }
    }
}

/// The number in a child's line. The test harness writes its own words before the first.
fn acknowledged(line: &str) -> Option<u64> {
    line.split_once("acknowledged ")?.1.parse().ok()
}

/// Kills `child` after `acknowledgements`, and gives the last one that it managed to say.
fn kill_after(mut child: Child, acknowledgements: usize) -> u64 {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = lines.filter_map(|line| acknowledged(&line));
    let at_kill = said.by_ref().take(acknowledgements).last();
    child.kill().unwrap();
    let last = said.last().or(at_kill);
    child.wait().unwrap();
    last.unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_when_it_is_killed() {
    let root = tempfile::tempdir().unwrap();
    let mut before = 0;
    for round in 0..15 {
        let child = child("child_that_commits", root.path()).spawn().unwrap();
        let last = kill_after(child, 1 + round * 13 % 70);
        let found = count(&SledStore::open(root.path()).unwrap().load().unwrap());
        assert!(found > last && last >= before, "round {round}: {found} records, acknowledged up to {last}");
        before = found;
    }
}

/// Not a test by itself: fills its disk (the limit on a file's size), and goes on when there is room.
#[test]
fn child_on_a_full_disk() {
    let Some(dir) = child_dir() else { return };
    let mut store = SledStore::open(dir).unwrap();
    let mut committed = 0;
    let error = loop {
        match store.commit(&[numbered(committed)]) {
            Ok(()) => committed += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert!(store.commit(&[numbered(committed)]).is_err(), "there is no room yet");
    let fsize = rustix::process::Resource::Fsize;
    let limit = rustix::process::getrlimit(fsize);
    rustix::process::setrlimit(fsize, rustix::process::Rlimit { current: limit.maximum, ..limit }).unwrap();
    assert_eq!(count(&store.load().unwrap()), committed);
    store.commit(&[numbered(committed)]).unwrap();
    assert_eq!(count(&store.load().unwrap()), committed + 1);
    println!("acknowledged {committed}");
}

#[test]
fn a_full_disk_costs_nothing_acknowledged_and_passes() {
    let root = tempfile::tempdir().unwrap();
    let test = child("child_on_a_full_disk", root.path());
    // The shell ignores the signal that would end the child at the limit, so that it sees an error, as on a full disk.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; ulimit -S -f 4000; exec "$0" "$@""#]).arg(test.get_program()).args(test.get_args());
    let output = shell.env(CHILD_DIR, root.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let last = said.lines().find_map(acknowledged).unwrap();
    assert_eq!(count(&SledStore::open(root.path()).unwrap().load().unwrap()), last + 1);
}

#[test]
fn a_second_coordinator_is_told_who_is_there() {
    let root = tempfile::tempdir().unwrap();
    let first = SledStore::open(root.path()).unwrap();
    let error = SledStore::open(root.path()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with("another coordinator is running on") && text.contains(&std::process::id().to_string()), "{text}");
    drop(first);
    SledStore::open(root.path()).unwrap();
}

#[test]
fn space_is_bounded_by_checkpoints_and_sled_keeps_no_unsynced_files() {
    let root = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(root.path()).unwrap();
    for round in 0..3 {
        for size in [1, 50_000, 200_000] {
            store.commit(&[vec![round; size]]).unwrap();
        }
        store.checkpoint(&vec![round; 600_000]).unwrap();
        assert_eq!(store.kept(), [0, 600_000_usize.div_ceil(super::format::PART_BYTES), 1]);
    }
    assert_eq!(fs::read_dir(root.path().join("sled/blobs")).unwrap().count(), 0);
}

#[test]
fn a_commit_cut_off_by_a_crash_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    let mut store = SledStore::open(root.path()).unwrap();
    store.commit(&[numbered(0)]).unwrap();
    store.append_unfinished(&[vec![1; 3 * super::format::PART_BYTES]]);
    drop(store);
    let mut store = SledStore::open(root.path()).unwrap();
    assert_eq!(count(&store.load().unwrap()), 1);
    store.commit(&[numbered(1)]).unwrap();
    drop(store);
    assert_eq!(count(&SledStore::open(root.path()).unwrap().load().unwrap()), 2);
}

/// A store with a checkpoint and entries after it, closed; and what it holds.
fn filled(dir: &Path) -> Loaded {
    let mut store = SledStore::open(dir).unwrap();
    for number in 0..12 {
        store.commit(&[numbered(number)]).unwrap();
        if number == 5 {
            store.checkpoint(&6_u64.to_be_bytes()).unwrap();
        }
    }
    store.load().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &target) } else { fs::copy(entry.path(), target).map(drop).unwrap() }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

fn load(dir: &Path) -> Result<Loaded, StoreError> {
    SledStore::open(dir)?.load()
}

/// Injures copies of a store in `injuries` ways. Each either loads what was acknowledged or is refused. Returns how many were
/// refused.
fn injure(injuries: usize, injury: impl Fn(usize, &mut Vec<u8>)) -> usize {
    let root = tempfile::tempdir().unwrap();
    let whole = root.path().join("whole");
    let expected = filled(&whole);
    let mut refused = 0;
    for index in 0..injuries {
        let hurt = root.path().join(format!("hurt-{index}"));
        copy(&whole, &hurt);
        let files: Vec<_> = files(&hurt).into_iter().filter(|path| fs::metadata(path).unwrap().len() > 0).collect();
        let data = files.iter().find(|path| path.ends_with("sled/db")).unwrap();
        let file = if index % 3 == 0 { &files[index / 3 % files.len()] } else { data };
        let mut bytes = fs::read(file).unwrap();
        injury(index, &mut bytes);
        fs::write(file, bytes).unwrap();
        match load(&hurt) {
            Ok(found) => {
                let same = found.checkpoint == expected.checkpoint && found.records == expected.records;
                assert!(same, "injury {index} to {} was not noticed: {found:?}", file.display());
            }
            Err(StoreError::Damaged { .. } | StoreError::Io { .. } | StoreError::Newer { .. }) => refused += 1,
            Err(other) => panic!("injury {index} to {}: {other:?}", file.display()),
        }
        fs::remove_dir_all(&hurt).unwrap();
    }
    refused
}

/// Spreads `index` over `0..bytes.len()`, the same at every run (Knuth's multiplicative hash).
fn place(index: usize, bytes: &[u8]) -> usize {
    let used = bytes.iter().rposition(|&byte| byte != 0).map_or(1, |last| last + 1);
    index.wrapping_mul(2_654_435_761) % used
}

#[test]
fn a_flipped_bit_is_harmless_or_noticed() {
    let refused = injure(60, |index, bytes| {
        let at = place(index, bytes);
        bytes[at] ^= 1 << (index % 8);
    });
    assert!(refused > 0, "no bit that mattered was flipped");
}

#[test]
fn a_zeroed_block_is_harmless_or_noticed() {
    let refused = injure(30, |index, bytes| {
        let at = place(index, bytes);
        let end = bytes.len().min(at + 512);
        bytes[at..end].fill(0);
    });
    assert!(refused > 0, "no block that mattered was zeroed");
}

#[test]
fn a_cut_tail_is_harmless_or_noticed() {
    let refused = injure(30, |index, bytes| {
        let at = place(index, bytes);
        bytes.truncate(at);
    });
    assert!(refused > 0, "nothing that mattered was cut off");
}

#[test]
fn missing_parts_are_named() {
    let root = tempfile::tempdir().unwrap();
    for missing in ["head", "sled"] {
        let dir = root.path().join(missing);
        filled(&dir);
        let path = dir.join(missing);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        let error = load(&dir).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{missing}: {error:?}");
    }
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    filled(root.path());
    let path = root.path().join("head");
    let mut bytes = fs::read(&path).unwrap();
    let mut newer = bytes[..HEAD_BYTES - 32].to_vec();
    newer[4..6].copy_from_slice(&(VERSION + 1).to_be_bytes());
    let hash = *blake3::hash(&newer).as_bytes();
    newer.extend(hash);
    assert!(Head::read(&newer).is_err());
    bytes[..HEAD_BYTES].copy_from_slice(&newer);
    fs::write(&path, bytes).unwrap();
    let error = load(root.path()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error:?}");
}

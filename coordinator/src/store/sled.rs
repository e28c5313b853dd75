//! The store on sled 0.34, used in the one way that was measured to be safe and quick: as a journal under growing keys.
//!
//! sled's `flush` only starts the write-out, so every commit also syncs sled's `db` file. sled opens damaged files without a
//! word, or panics: completeness is proven from our own chain (see `format`), and every call into sled is guarded. After any
//! failure sled is closed and opened afresh, and what it holds is checked again up to the last acknowledged entry; what lies
//! beyond is removed, so that a failed commit never comes back.

use std::fs::{self, File};
use std::ops::RangeBounds;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::sled::{Batch, Db, Tree};

use super::format::{Closing, Entry, Hash, Head, PART_BYTES, Tail, Unreadable, VERSION, cut, uncut};
use super::head::{HeadFile, Lock};
use super::{Loaded, Store, StoreError, check_size};

/// sled's page cache. The journal is only read at start, so a small one does.
const CACHE_BYTES: u64 = 16 << 20;
/// Entries written or removed between two flushes: sled's memory grows with what is not flushed, and in larger steps by
/// gigabytes.
const STEP_ENTRIES: usize = 256;
/// Tries to open sled while its threads of the opening before still hold its lock, and the wait between them.
const OPEN_TRIES_MAX: u32 = 100;
/// See [`OPEN_TRIES_MAX`].
const OPEN_WAIT: Duration = Duration::from_millis(20);

/// A store in a directory: `lock`, `head` and `sled/`.
#[derive(Debug)]
pub struct SledStore {
    dir: PathBuf,
    /// `None` after a failure, until the next call.
    engine: Option<Engine>,
    /// Where the journal ends; `None` until it has been checked.
    end: Option<End>,
    /// The last entry acknowledged by this object.
    acknowledged: Option<Tail>,
    head: HeadFile,
    // Declared last, so that it is given back after sled is closed.
    _lock: Lock,
}

#[derive(Debug)]
struct Engine {
    db: Db,
    /// Sequence number -> entry.
    journal: Tree,
    /// Number of a checkpoint and of a chunk -> bytes.
    chunks: Tree,
    /// Number of a checkpoint -> its closing record.
    closings: Tree,
    /// sled's own file, for syncing it.
    file: File,
}

#[derive(Debug, Clone, Copy)]
struct End {
    tail: Tail,
    /// Number and journal sequence of the newest complete checkpoint; zeros when there is none.
    checkpoint: u64,
    through: u64,
}

impl SledStore {
    /// Opens the store in `dir`, which is made if it is not there, and raises its boot epoch.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another coordinator runs there, [`StoreError::Newer`], [`StoreError::Damaged`] and the like.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).map_err(StoreError::io("create the directory of", &dir))?;
        if let Some(parent) = dir.canonicalize().ok().as_deref().and_then(Path::parent) {
            sync_dir(parent, &dir)?;
        }
        let lock = Lock::take(&dir)?;
        let is_new = !dir.join("sled").exists();
        let mut head = HeadFile::open(&dir, is_new)?;
        let engine = Engine::open(&dir)?;
        let epoch = head.head().epoch + 1;
        // Both copies, so that the loss of one cannot bring an old epoch back.
        for _ in 0..2 {
            head.write(|head| head.epoch = epoch)?;
        }
        head.sync()?;
        Ok(Self { dir, engine: Some(engine), end: None, acknowledged: None, head, _lock: lock })
    }

    /// How many journal entries, chunks and closing records are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> [usize; 3] {
        self.engine.as_ref().map_or([0; 3], |engine| [engine.journal.len(), engine.chunks.len(), engine.closings.len()])
    }

    /// Writes all of a commit but its last part, as a crash would leave it.
    #[cfg(test)]
    pub(super) fn append_unfinished(&mut self, records: &[Vec<u8>]) {
        let (tail, epoch) = (self.end().unwrap().tail, self.head.head().epoch);
        let engine = self.engine.as_ref().unwrap();
        let last = engine.append(tail, epoch, records).unwrap_or_else(|_| panic!("no room")).sequence;
        engine.journal.remove(last.to_be_bytes()).unwrap();
        engine.sync().unwrap_or_else(|_| panic!("no room"));
    }

    /// Runs `work` on sled. After any failure sled is closed, and checked before it is used again.
    fn guarded<T>(&mut self, work: impl FnOnce(&Engine, Head) -> Result<T, Fault>) -> Result<T, StoreError> {
        let head = self.head.head();
        let engine = match self.engine.take() {
            Some(engine) => engine,
            None => Engine::open(&self.dir)?,
        };
        let fault = match catch_unwind(AssertUnwindSafe(|| work(&engine, head))) {
            Ok(Ok(value)) => {
                self.engine = Some(engine);
                return Ok(value);
            }
            Ok(Err(fault)) => fault,
            Err(panic) => Fault::Damaged(format!("sled gave up on it ({})", words_of(panic.as_ref()))),
        };
        self.end = None;
        if catch_unwind(AssertUnwindSafe(|| drop(engine))).is_err() {
            tracing::warn!("sled also gave up when it was closed");
        }
        Err(fault.into_error(&self.dir))
    }

    /// Checks the journal and removes what is not part of it. With `records` and `state`, hands them out.
    fn check(&mut self, found: Option<&mut Loaded>) -> Result<End, StoreError> {
        let until = self.acknowledged;
        let end = self.guarded(|engine, head| {
            let end = engine.check(until, head, found)?;
            engine.tidy(end)?;
            Ok(end)
        })?;
        self.end = Some(end);
        self.acknowledged = Some(end.tail);
        Ok(end)
    }

    fn end(&mut self) -> Result<End, StoreError> {
        self.end.map_or_else(|| self.check(None), Ok)
    }
}

impl Store for SledStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let mut found = Loaded { checkpoint: None, records: Vec::new(), epoch: self.head.head().epoch };
        self.check(Some(&mut found))?;
        Ok(found)
    }

    fn commit(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError> {
        check_size(records)?;
        let end = self.end()?;
        let tail = self.guarded(|engine, head| engine.append(end.tail, head.epoch, records))?;
        if let Err(error) = self.head.write(|head| head.tail = tail) {
            self.end = None;
            return Err(error);
        }
        self.end = Some(End { tail, ..end });
        self.acknowledged = Some(tail);
        Ok(())
    }

    fn checkpoint(&mut self, state: &[u8]) -> Result<(), StoreError> {
        let end = self.end()?;
        let next = End { checkpoint: end.checkpoint + 1, through: end.tail.sequence, ..end };
        self.guarded(|engine, _| {
            engine.write_checkpoint(next, state)?;
            engine.tidy(next)
        })?;
        self.end = Some(next);
        self.head.sync()
    }
}

impl Engine {
    fn open(dir: &Path) -> Result<Self, StoreError> {
        let place = dir.join("sled");
        let config = ::sled::Config::new().path(&place).flush_every_ms(None).cache_capacity(CACHE_BYTES);
        let open = || -> Result<Self, Fault> {
            let db = open_patiently(&config)?;
            let (journal, chunks, closings) = (db.open_tree("journal")?, db.open_tree("chunks")?, db.open_tree("closings")?);
            let file = File::open(place.join("db"))?;
            let engine = Self { db, journal, chunks, closings, file };
            engine.sync()?;
            Ok(engine)
        };
        let opened = catch_unwind(AssertUnwindSafe(open))
            .unwrap_or_else(|panic| Err(Fault::Damaged(format!("sled cannot open it ({})", words_of(panic.as_ref())))));
        let engine = opened.map_err(|fault| fault.into_error(dir))?;
        sync_dir(&place, dir)?;
        sync_dir(dir, dir)?;
        Ok(engine)
    }

    /// Makes everything written so far durable, power loss included.
    fn sync(&self) -> Result<(), Fault> {
        self.db.flush()?;
        self.file.sync_data()?;
        Ok(())
    }

    /// Writes one commit after `tail` and returns the new tail.
    fn append(&self, mut tail: Tail, epoch: u64, records: &[Vec<u8>]) -> Result<Tail, Fault> {
        let parts = cut(records);
        let count = parts.len();
        for (index, body) in parts.into_iter().enumerate() {
            let parts_left = u32::try_from(count - index - 1).expect("a commit is at most COMMIT_BYTES_MAX");
            let entry = Entry { sequence: tail.sequence + 1, epoch, previous: tail.hash, parts_left, body };
            let (bytes, hash) = entry.seal();
            self.journal.insert(entry.sequence.to_be_bytes(), bytes)?;
            tail = Tail { sequence: entry.sequence, hash };
            if (index + 1).is_multiple_of(STEP_ENTRIES) {
                self.db.flush()?;
            }
        }
        self.sync()?;
        Ok(tail)
    }

    /// Writes `state` as checkpoint `end.checkpoint`, which is complete once its closing record is durable.
    fn write_checkpoint(&self, end: End, state: &[u8]) -> Result<(), Fault> {
        let mut chunks = 0;
        for chunk in state.chunks(PART_BYTES) {
            self.chunks.insert(chunk_key(end.checkpoint, chunks), chunk)?;
            chunks += 1;
            if (chunks as usize).is_multiple_of(STEP_ENTRIES) {
                self.db.flush()?;
            }
        }
        self.sync()?;
        let state_hash = *blake3::hash(state).as_bytes();
        let closing = Closing { through: end.tail, chunks, state_bytes: state.len() as u64, state_hash };
        self.closings.insert(end.checkpoint.to_be_bytes(), closing.seal())?;
        self.sync()
    }

    /// Proves that what is here is complete and unharmed, up to `until` or else up to the last whole commit, and hands it out.
    fn check(&self, until: Option<Tail>, head: Head, mut found: Option<&mut Loaded>) -> Result<End, Fault> {
        let mut end = End { tail: Tail::default(), checkpoint: 0, through: 0 };
        if let Some((number, closing)) = self.newest_closing()? {
            let state = self.read_checkpoint(number, &closing)?;
            end = End { tail: closing.through, checkpoint: number, through: closing.through.sequence };
            if let Some(found) = found.as_deref_mut() {
                found.checkpoint = Some(state);
            }
        }
        let mut chain = Chain { end: end.tail, tail: end.tail, head, parts_left: 0, body: Vec::new() };
        for item in self.journal.range((end.through + 1).to_be_bytes()..) {
            if until.is_some_and(|until| until.sequence == chain.tail.sequence) {
                break;
            }
            let (key, value) = item?;
            let records = chain.follow(&key, &value)?;
            if let Some(found) = found.as_deref_mut() {
                found.records.extend(records);
            }
        }
        let promised = until.unwrap_or(head.tail);
        if chain.end.sequence < promised.sequence || until.is_some_and(|until| until != chain.end) {
            return Err(Fault::Damaged(format!(
                "its journal ends with entry {}, and entry {} was acknowledged",
                chain.end.sequence, promised.sequence
            )));
        }
        Ok(End { tail: chain.end, ..end })
    }

    fn newest_closing(&self) -> Result<Option<(u64, Closing)>, Fault> {
        let Some((key, value)) = self.closings.last()? else {
            return Ok(None);
        };
        let number = key.as_ref().try_into().map(u64::from_be_bytes);
        let number = number.map_err(|_| Fault::Damaged("a closing record of a checkpoint has a wrong key".to_owned()))?;
        let closing =
            Closing::read(&value).map_err(|why| Fault::read(&format!("the closing record of checkpoint {number}"), &why))?;
        Ok(Some((number, closing)))
    }

    fn read_checkpoint(&self, number: u64, closing: &Closing) -> Result<Vec<u8>, Fault> {
        let mut state = Vec::new();
        for index in 0..closing.chunks {
            let Some(chunk) = self.chunks.get(chunk_key(number, index))? else {
                return Err(Fault::Damaged(format!("chunk {index} of {} of checkpoint {number} is missing", closing.chunks)));
            };
            state.extend_from_slice(&chunk);
        }
        if state.len() as u64 != closing.state_bytes || *blake3::hash(&state).as_bytes() != closing.state_hash {
            return Err(Fault::Damaged(format!("checkpoint {number} does not have the checksum of its closing record")));
        }
        Ok(state)
    }

    /// Removes everything that is not the newest complete checkpoint or the journal after it, up to `end`.
    fn tidy(&self, end: End) -> Result<(), Fault> {
        let keep = end.checkpoint;
        let mut removed = remove(&self.journal, (end.tail.sequence + 1).to_be_bytes()..)?;
        removed |= remove(&self.closings, ..keep.to_be_bytes())?;
        removed |= remove(&self.chunks, ..chunk_key(keep, 0))?;
        removed |= remove(&self.chunks, chunk_key(keep + 1, 0)..)?;
        removed |= remove(&self.journal, ..=end.through.to_be_bytes())?;
        if removed { self.sync() } else { Ok(()) }
    }
}

/// The journal while it is read: each entry must follow the one before.
struct Chain {
    /// The last entry that completed a commit.
    end: Tail,
    /// The last entry.
    tail: Tail,
    head: Head,
    parts_left: u32,
    body: Vec<u8>,
}

impl Chain {
    /// Takes the next entry; gives the records of the commit that it completes.
    fn follow(&mut self, key: &[u8], value: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
        let sequence = self.tail.sequence + 1;
        if key != sequence.to_be_bytes() {
            return Err(Fault::Damaged(format!("entry {sequence} of its journal is missing")));
        }
        let unreadable = |why: Unreadable| Fault::read(&format!("entry {sequence} of its journal"), &why);
        let (entry, hash) = Entry::read(value).map_err(unreadable)?;
        self.check(&entry, hash).map_err(|why| unreadable(Unreadable::Damaged(why)))?;
        self.tail = Tail { sequence, hash };
        self.parts_left = entry.parts_left;
        self.body.extend(entry.body);
        if entry.parts_left > 0 {
            return Ok(Vec::new());
        }
        self.end = self.tail;
        uncut(&std::mem::take(&mut self.body)).map_err(unreadable)
    }

    fn check(&self, entry: &Entry, hash: Hash) -> Result<(), &'static str> {
        let begins = self.end == self.tail;
        if entry.sequence != self.tail.sequence + 1 || entry.previous != self.tail.hash {
            Err("it does not follow the entry before")
        } else if !begins && entry.parts_left + 1 != self.parts_left {
            Err("it is not the next part of its commit")
        } else if entry.epoch > self.head.epoch {
            Err("it is of an opening that never was")
        } else if entry.sequence == self.head.tail.sequence && hash != self.head.tail.hash {
            Err("it is not the one that was acknowledged")
        } else {
            Ok(())
        }
    }
}

/// What went wrong, before it is known to which directory.
enum Fault {
    Damaged(String),
    Newer(u16),
    Sled(::sled::Error),
    Io(std::io::Error),
}

impl From<::sled::Error> for Fault {
    fn from(error: ::sled::Error) -> Self {
        match error {
            ::sled::Error::Io(error) => Self::Io(error),
            error => Self::Sled(error),
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl Fault {
    fn read(subject: &str, why: &Unreadable) -> Self {
        match why {
            Unreadable::Damaged(what) => Self::Damaged(format!("{subject} cannot be read: {what}")),
            Unreadable::Newer(version) => Self::Newer(*version),
        }
    }

    fn into_error(self, dir: &Path) -> StoreError {
        match self {
            Self::Damaged(what) => StoreError::damaged(dir, what),
            Self::Newer(found) => StoreError::Newer { dir: dir.to_owned(), found, known: VERSION },
            Self::Sled(error) => StoreError::damaged(dir, format!("sled says: {error}")),
            Self::Io(error) => StoreError::io("read or write", dir)(error),
        }
    }
}

/// sled gives its lock back a moment after it is closed, when its threads have ended.
fn open_patiently(config: &::sled::Config) -> Result<Db, ::sled::Error> {
    let mut tries = 0;
    loop {
        match config.open() {
            Err(::sled::Error::Io(error)) if tries < OPEN_TRIES_MAX && error.to_string().contains("could not acquire lock") => {
                tries += 1;
                std::thread::sleep(OPEN_WAIT);
            }
            other => return other,
        }
    }
}

/// Removes a range of keys in small steps. True: there was something.
fn remove<K: AsRef<[u8]>>(tree: &Tree, range: impl RangeBounds<K>) -> Result<bool, Fault> {
    let mut keys = tree.range(range).keys();
    let mut removed = false;
    loop {
        let step: Vec<_> = keys.by_ref().take(STEP_ENTRIES).collect::<Result<_, _>>()?;
        if step.is_empty() {
            return Ok(removed);
        }
        let mut batch = Batch::default();
        step.into_iter().for_each(|key| batch.remove(key));
        tree.apply_batch(batch)?;
        tree.flush()?;
        removed = true;
    }
}

fn chunk_key(checkpoint: u64, chunk: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&checkpoint.to_be_bytes());
    key[8..].copy_from_slice(&chunk.to_be_bytes());
    key
}

fn sync_dir(path: &Path, dir: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(StoreError::io("sync a directory of", dir))
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().cloned();
    words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "without a word".to_owned())
}

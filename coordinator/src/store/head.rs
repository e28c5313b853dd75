//! The two small files beside sled: `lock`, which lets one coordinator in, and `head`, which says what was acknowledged last.
//!
//! The head is written after a commit is durable and before it is acknowledged, in turns into two places, so that one is always
//! whole. It is not synced each time (a kill cannot lose it, and after a power cut it may only be too old, which is harmless):
//! it proves that nothing acknowledged is missing from the journal's end, which sled alone cannot.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::format::{HEAD_BYTES, Head, Unreadable, VERSION};

/// The places of the two copies: blocks apart, so that one injury does not meet both.
const PLACES: [u64; 2] = [0, 4_096];

/// The right to be the one coordinator of a directory. Ends when dropped, or with the process.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("lock");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(StoreError::io("open the lock of", dir))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let holder = match file.read_to_string(&mut pid) {
                    Ok(_) if !pid.trim().is_empty() => format!("process {}", pid.trim()),
                    _ => "its process is not known".to_owned(),
                };
                return Err(StoreError::Locked { dir: dir.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", dir)(error)),
        }
        // For the message above only. On a full disk the lock holds just as well without it.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

/// The head, on disk.
#[derive(Debug)]
pub(super) struct HeadFile {
    dir: PathBuf,
    file: File,
    head: Head,
}

impl HeadFile {
    /// Opens the head of the store in `dir`. `is_new`: there is no store yet, so a head may be made.
    pub(super) fn open(dir: &Path, is_new: bool) -> Result<Self, StoreError> {
        let path = dir.join("head");
        if !path.exists() {
            if !is_new {
                return Err(StoreError::damaged(dir, "its file `head` is missing"));
            }
            create(dir, &path).map_err(StoreError::io("create the head of", dir))?;
        }
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(StoreError::io("open the head of", dir))?;
        let mut this = Self { dir: dir.to_owned(), file, head: Head::default() };
        this.head = this.read()?;
        Ok(this)
    }

    /// What was written last.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    fn read(&mut self) -> Result<Head, StoreError> {
        let dir = &self.dir;
        let mut newest: Option<Head> = None;
        for place in PLACES {
            let mut bytes = Vec::new();
            self.file.seek(SeekFrom::Start(place)).map_err(StoreError::io("read the head of", dir))?;
            let limited = (&mut self.file).take(HEAD_BYTES as u64).read_to_end(&mut bytes);
            limited.map_err(StoreError::io("read the head of", dir))?;
            match Head::read(&bytes) {
                Ok(head) if newest.is_none_or(|newest| newest.writes < head.writes) => newest = Some(head),
                Ok(_) | Err(Unreadable::Damaged(_)) => {}
                Err(Unreadable::Newer(found)) => {
                    return Err(StoreError::Newer { dir: dir.clone(), found, known: VERSION });
                }
            }
        }
        newest.ok_or_else(|| StoreError::damaged(dir, "neither copy in its file `head` can be read"))
    }

    /// Writes `change` of the head into the older of the two places.
    pub(super) fn write(&mut self, change: impl FnOnce(&mut Head)) -> Result<(), StoreError> {
        let mut head = self.head;
        change(&mut head);
        head.writes += 1;
        let place = PLACES[usize::from(head.writes % 2 == 1)];
        let written = self.file.seek(SeekFrom::Start(place)).and_then(|_| self.file.write_all(&head.seal()));
        written.map_err(StoreError::io("write the head of", &self.dir))?;
        self.head = head;
        Ok(())
    }

    /// Makes the head durable.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(StoreError::io("sync the head of", &self.dir))
    }
}

/// Makes a first head under another name, so that a half-made one is never found.
fn create(dir: &Path, path: &Path) -> io::Result<()> {
    let draft = dir.join("head.new");
    let mut file = File::create(&draft)?;
    for place in PLACES {
        file.seek(SeekFrom::Start(place))?;
        file.write_all(&Head::default().seal())?;
    }
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(dir)?.sync_all()
}

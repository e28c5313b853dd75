//! A directory of blobs: whole ones at `aa/rest-of-the-digest`, unfinished ones at `partial/digest`.
//!
//! Invariants: a file under a two-digit directory is whole, was checked against its digest, and is never written again;
//! a blob has at most one writer. Blocking: async callers go through `spawn_blocking`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::{BLOB_BYTES_MAX, BLOB_CHUNK_BYTES};

use super::error::BlobError;
use super::partial::{Partial, parent_of, remove_if_there, sync_dir, update_from};

const PARTIAL: &str = "partial";

/// What a directory has of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobState {
    /// Nothing.
    Missing,
    /// The first so many bytes, unchecked: an upload can go on there.
    Partial(u64),
    /// All of it, so many bytes, checked.
    Whole(u64),
}

/// See the module's words. Clones are the same directory.
#[derive(Debug, Clone)]
pub struct BlobDir {
    root: PathBuf,
    writing: Arc<Mutex<BTreeSet<Digest>>>,
}

impl BlobDir {
    /// Opens `root`, which is made if it is not there.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let root = root.into();
        let partial = root.join(PARTIAL);
        fs::create_dir_all(&partial).map_err(BlobError::io("create the directory", &partial))?;
        sync_dir(&root)?;
        sync_dir(parent_of(&root))?;
        Ok(Self { root, writing: Arc::default() })
    }

    /// What is there of `digest`.
    ///
    /// # Errors
    /// When the file system does not say.
    pub fn stat(&self, digest: Digest) -> Result<BlobState, BlobError> {
        if let Some(bytes) = size_of(&self.place(digest))? {
            return Ok(BlobState::Whole(bytes));
        }
        Ok(size_of(&self.partial(digest))?.map_or(BlobState::Missing, BlobState::Partial))
    }

    /// The file of a whole blob; `None` while it is not whole.
    ///
    /// # Errors
    /// When the file system does not say.
    pub fn path(&self, digest: Digest) -> Result<Option<PathBuf>, BlobError> {
        let place = self.place(digest);
        Ok(size_of(&place)?.map(|_| place))
    }

    /// Begins to write `digest`, of `total_bytes` in all, at `offset_bytes`: what [`BlobDir::stat`] says is there, or 0 to
    /// start again. Of a blob that is whole already, the upload takes whatever is written and finishes well.
    ///
    /// # Errors
    /// [`BlobError::Busy`] while another upload of the same blob lives; [`BlobError::WrongOffset`], [`BlobError::TooLarge`],
    /// [`BlobError::NoSpace`] and the like.
    pub fn upload(&self, digest: Digest, total_bytes: u64, offset_bytes: u64) -> Result<Upload, BlobError> {
        let turn = Turn::take(&self.writing, digest)?;
        let whole = self.place(digest);
        if let Some(have_bytes) = size_of(&whole)? {
            return Ok(Upload::already(whole, have_bytes));
        }
        let partial = Partial::open(self.partial(digest), digest, total_bytes, offset_bytes)?;
        // Another process may have finished it between the look above and the lock that we hold now.
        if let Some(have_bytes) = size_of(&whole)? {
            return Ok(Upload::already(whole, have_bytes));
        }
        Ok(Upload { whole, rest: Rest::Write(Box::new(partial)), turn: Some(turn) })
    }

    /// Moves the finished local file `file` into the directory and returns its digest. The caller gives the file away: nobody
    /// may write it any more. It is renamed where that is possible, else copied and removed.
    ///
    /// # Errors
    /// [`BlobError::NoSpace`], [`BlobError::TooLarge`], [`BlobError::Busy`] while an upload of the same blob lives.
    pub fn adopt(&self, file: &Path) -> Result<Digest, BlobError> {
        let (digest, bytes) = hash_file(file, &mut |_, _| {})?;
        let _turn = Turn::take(&self.writing, digest)?;
        let place = self.place(digest);
        if size_of(&place)?.is_none() {
            File::open(file).and_then(|file| file.sync_all()).map_err(BlobError::io("sync", file))?;
            make_shelf(&place)?;
            match fs::rename(file, &place) {
                Ok(()) => sync_dir(parent_of(&place))?,
                Err(error) if error.kind() == ErrorKind::CrossesDevices => self.copy_in(file, digest, bytes)?,
                Err(error) => return Err(BlobError::io("move into the blob directory", file)(error)),
            }
        }
        remove_if_there(&self.partial(digest))?;
        remove_if_there(file)?;
        Ok(digest)
    }

    /// Removes `digest` and what there is of an unfinished upload of it. True: there was something.
    ///
    /// # Errors
    /// [`BlobError::Busy`] while an upload of it lives.
    pub fn remove(&self, digest: Digest) -> Result<bool, BlobError> {
        let _turn = Turn::take(&self.writing, digest)?;
        let place = self.place(digest);
        let was_whole = remove_if_there(&place)?;
        let was_partial = remove_if_there(&self.partial(digest))?;
        if was_whole {
            sync_dir(parent_of(&place))?;
        }
        Ok(was_whole || was_partial)
    }

    fn copy_in(&self, file: &Path, digest: Digest, total_bytes: u64) -> Result<(), BlobError> {
        let mut source = File::open(file).map_err(BlobError::io("open", file))?;
        let mut partial = Partial::open(self.partial(digest), digest, total_bytes, 0)?;
        let mut piece = vec![0; BLOB_CHUNK_BYTES];
        loop {
            let count = source.read(&mut piece).map_err(BlobError::io("read", file))?;
            if count == 0 {
                return partial.finish(&self.place(digest));
            }
            partial.write(&piece[..count])?;
        }
    }

    fn place(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.root.join(&name[..2]).join(&name[2..])
    }

    fn partial(&self, digest: Digest) -> PathBuf {
        self.root.join(PARTIAL).join(digest.to_string())
    }
}

/// A blob being written. Dropped before [`Upload::finish`], what was written stays for the next upload.
#[derive(Debug)]
pub struct Upload {
    whole: PathBuf,
    rest: Rest,
    turn: Option<Turn>,
}

#[derive(Debug)]
enum Rest {
    /// All there already, so many bytes.
    Nothing(u64),
    Write(Box<Partial>),
}

impl Upload {
    /// An upload to the single file `whole`, through `partial` beside it.
    pub(crate) fn to_file(
        partial: PathBuf,
        whole: PathBuf,
        digest: Digest,
        total_bytes: u64,
        offset_bytes: u64,
    ) -> Result<Self, BlobError> {
        let partial = Partial::open(partial, digest, total_bytes, offset_bytes)?;
        Ok(Self { whole, rest: Rest::Write(Box::new(partial)), turn: None })
    }

    fn already(whole: PathBuf, have_bytes: u64) -> Self {
        Self { whole, rest: Rest::Nothing(have_bytes), turn: None }
    }

    /// True: the blob was whole before, and nothing needs to be written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.rest, Rest::Nothing(_))
    }

    /// Bytes that are there now.
    #[must_use]
    pub fn have_bytes(&self) -> u64 {
        match &self.rest {
            Rest::Nothing(have_bytes) => *have_bytes,
            Rest::Write(partial) => partial.position_bytes(),
        }
    }

    /// Appends `data`. After an error the upload is over; what was written can be resumed with a new one.
    ///
    /// # Errors
    /// [`BlobError::NoSpace`], [`BlobError::WrongSize`], [`BlobError::Io`].
    pub fn write(&mut self, data: &[u8]) -> Result<(), BlobError> {
        match &mut self.rest {
            Rest::Nothing(_) => Ok(()),
            Rest::Write(partial) => partial.write(data),
        }
    }

    /// Checks size and digest and puts the blob into its place, durably. Returns its file.
    ///
    /// # Errors
    /// [`BlobError::Incomplete`] (what is there stays), [`BlobError::WrongDigest`] (it is removed), [`BlobError::NoSpace`].
    pub fn finish(self) -> Result<PathBuf, BlobError> {
        let Self { whole, rest, turn } = self;
        if let Rest::Write(partial) = rest {
            if turn.is_some() {
                make_shelf(&whole)?;
            }
            partial.finish(&whole)?;
        }
        Ok(whole)
    }
}

/// The right to write one blob, within this process. Between processes the lock on the partial file decides.
#[derive(Debug)]
struct Turn {
    writing: Arc<Mutex<BTreeSet<Digest>>>,
    digest: Digest,
}

impl Turn {
    fn take(writing: &Arc<Mutex<BTreeSet<Digest>>>, digest: Digest) -> Result<Self, BlobError> {
        let mut taken = writing.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.insert(digest) { Ok(Self { writing: Arc::clone(writing), digest }) } else { Err(BlobError::Busy { digest }) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.digest);
    }
}

/// The digest and size in bytes of `file`. `on_progress` hears the bytes done and the bytes in all.
///
/// # Errors
/// [`BlobError::TooLarge`], or when the file cannot be read.
pub fn hash_file(file: &Path, on_progress: &mut dyn FnMut(u64, u64)) -> Result<(Digest, u64), BlobError> {
    let source = File::open(file).map_err(BlobError::io("open", file))?;
    let total_bytes = source.metadata().map_err(BlobError::io("read the size of", file))?.len();
    let mut hasher = blake3::Hasher::new();
    let source = source.take(BLOB_BYTES_MAX + 1);
    let bytes = update_from(&mut hasher, source, &mut |done| on_progress(done, total_bytes.max(done)))
        .map_err(BlobError::io("read", file))?;
    let digest = Digest::from(hasher.finalize());
    if bytes > BLOB_BYTES_MAX { Err(BlobError::TooLarge { digest, total_bytes }) } else { Ok((digest, bytes)) }
}

/// The size of a file, `None` when there is none.
fn size_of(path: &Path) -> Result<Option<u64>, BlobError> {
    match fs::metadata(path) {
        Ok(facts) => Ok(Some(facts.len())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(BlobError::io("look at", path)(error)),
    }
}

/// Makes the two-digit directory of a blob's place, durably. One that is there may have been made by a process that was killed
/// before it could sync, so its name is synced either way.
fn make_shelf(place: &Path) -> Result<(), BlobError> {
    let shelf = parent_of(place);
    match fs::create_dir(shelf) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(BlobError::io("create the directory", shelf)(error)),
        _ => sync_dir(parent_of(shelf)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        dir: BlobDir,
        root: tempfile::TempDir,
    }

    fn place() -> Place {
        let root = tempfile::tempdir().unwrap();
        Place { dir: BlobDir::open(root.path().join("blobs")).unwrap(), root }
    }

    fn write_whole(dir: &BlobDir, bytes: &[u8]) -> PathBuf {
        let mut upload = dir.upload(Digest::of(bytes), bytes.len() as u64, 0).unwrap();
        upload.write(bytes).unwrap();
        upload.finish().unwrap()
    }

    #[test]
    fn a_blob_is_whole_only_after_finish() {
        let Place { dir, root } = place();
        let digest = Digest::of(b"shot");
        assert_eq!(dir.stat(digest).unwrap(), BlobState::Missing);
        let mut upload = dir.upload(digest, 4, 0).unwrap();
        upload.write(b"sh").unwrap();
        assert_eq!((dir.stat(digest).unwrap(), dir.path(digest).unwrap()), (BlobState::Partial(2), None));
        upload.write(b"ot").unwrap();
        let path = upload.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"shot");
        assert_eq!((dir.stat(digest).unwrap(), dir.path(digest).unwrap()), (BlobState::Whole(4), Some(path.clone())));
        let name = digest.to_string();
        assert_eq!(path, root.path().join("blobs").join(&name[..2]).join(&name[2..]));
    }

    #[test]
    fn an_upload_goes_on_where_the_last_one_ended_and_nowhere_else() {
        let Place { dir, root: _root } = place();
        let digest = Digest::of(b"abcdef");
        dir.upload(digest, 6, 0).unwrap().write(b"abc").unwrap();
        let elsewhere = dir.upload(digest, 6, 2).unwrap_err();
        assert!(matches!(elsewhere, BlobError::WrongOffset { have_bytes: 3, offset_bytes: 2, .. }), "{elsewhere}");
        let mut upload = dir.upload(digest, 6, 3).unwrap();
        upload.write(b"def").unwrap();
        assert_eq!(fs::read(upload.finish().unwrap()).unwrap(), b"abcdef");
    }

    #[test]
    fn an_early_finish_keeps_what_is_there() {
        let Place { dir, root: _root } = place();
        let digest = Digest::of(b"abcdef");
        let mut upload = dir.upload(digest, 6, 0).unwrap();
        upload.write(b"abc").unwrap();
        assert!(matches!(upload.finish(), Err(BlobError::Incomplete { have_bytes: 3, total_bytes: 6, .. })));
        assert_eq!(dir.stat(digest).unwrap(), BlobState::Partial(3));
    }

    #[test]
    fn wrong_bytes_leave_nothing() {
        let Place { dir, root: _root } = place();
        let digest = Digest::of(b"right");
        let mut upload = dir.upload(digest, 5, 0).unwrap();
        upload.write(b"wrong").unwrap();
        assert!(matches!(upload.finish(), Err(BlobError::WrongDigest { expected, .. }) if expected == digest));
        assert_eq!(dir.stat(digest).unwrap(), BlobState::Missing);

        let mut upload = dir.upload(digest, 5, 0).unwrap();
        assert!(matches!(upload.write(b"too much"), Err(BlobError::WrongSize { .. })));
        assert_eq!(dir.stat(digest).unwrap(), BlobState::Missing);
    }

    #[test]
    fn a_partial_file_damaged_between_two_uploads_is_found_out() {
        let Place { dir, root: _root } = place();
        let digest = Digest::of(b"abcdef");
        dir.upload(digest, 6, 0).unwrap().write(b"abc").unwrap();
        fs::write(dir.partial(digest), b"aXc").unwrap();
        let mut upload = dir.upload(digest, 6, 3).unwrap();
        upload.write(b"def").unwrap();
        assert!(matches!(upload.finish(), Err(BlobError::WrongDigest { .. })));
    }

    #[test]
    fn one_writer_at_a_time_in_this_process_and_in_others() {
        let Place { dir, root } = place();
        let digest = Digest::of(b"abc");
        let first = dir.upload(digest, 3, 0).unwrap();
        assert!(matches!(dir.clone().upload(digest, 3, 0), Err(BlobError::Busy { .. })));
        assert!(matches!(dir.remove(digest), Err(BlobError::Busy { .. })));
        // A second object knows nothing of the first one's turns, as another process would not: the file lock decides.
        let other = BlobDir::open(root.path().join("blobs")).unwrap();
        assert!(matches!(other.upload(digest, 3, 0), Err(BlobError::Busy { .. })));
        drop(first);
        assert!(other.upload(digest, 3, 0).is_ok());
    }

    #[test]
    fn a_whole_blob_is_never_written_again() {
        let Place { dir, root: _root } = place();
        let path = write_whole(&dir, b"abc");
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        let mut upload = dir.upload(Digest::of(b"abc"), 3, 0).unwrap();
        assert!(upload.is_whole());
        upload.write(b"xyz").unwrap();
        assert_eq!(upload.finish().unwrap(), path);
        assert_eq!((fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap()), (b"abc".to_vec(), before));
    }

    #[test]
    fn adopt_takes_the_file_and_remove_ends_it() {
        let Place { dir, root } = place();
        let file = root.path().join("out.mp4");
        for _ in 0..2 {
            fs::write(&file, b"segment").unwrap();
            assert_eq!(dir.adopt(&file).unwrap(), Digest::of(b"segment"));
            assert!(!file.exists());
            assert_eq!(dir.stat(Digest::of(b"segment")).unwrap(), BlobState::Whole(7));
        }
        assert!(dir.remove(Digest::of(b"segment")).unwrap());
        assert!(!dir.remove(Digest::of(b"segment")).unwrap());
        assert_eq!(dir.stat(Digest::of(b"segment")).unwrap(), BlobState::Missing);
    }

    #[test]
    fn a_file_from_another_disk_is_copied() {
        let Place { dir, root } = place();
        let file = root.path().join("out.mp4");
        let bytes = vec![7; BLOB_CHUNK_BYTES + 1];
        fs::write(&file, &bytes).unwrap();
        let digest = Digest::of(&bytes);
        make_shelf(&dir.place(digest)).unwrap();
        dir.copy_in(&file, digest, bytes.len() as u64).unwrap();
        assert_eq!(fs::read(dir.path(digest).unwrap().unwrap()).unwrap(), bytes);
    }

    #[test]
    fn too_large_is_refused_before_anything_is_written() {
        let Place { dir, root: _root } = place();
        let digest = Digest::of(b"");
        assert!(matches!(dir.upload(digest, BLOB_BYTES_MAX + 1, 0), Err(BlobError::TooLarge { .. })));
        assert_eq!(dir.stat(digest).unwrap(), BlobState::Missing);
    }

    #[test]
    fn a_full_disk_is_its_own_error() {
        let path = Path::new("/dev/full");
        let full = std::io::Write::write_all(&mut fs::OpenOptions::new().write(true).open(path).unwrap(), b"x").unwrap_err();
        let error = BlobError::io("write", path)(full);
        assert!(matches!(error, BlobError::NoSpace { .. }), "{error:?}");
    }

    #[test]
    fn hashing_reports_every_byte() {
        let Place { root, dir: _dir } = place();
        let file = root.path().join("source.mp4");
        let bytes = vec![3; 2 * BLOB_CHUNK_BYTES + 5];
        fs::write(&file, &bytes).unwrap();
        let mut heard = Vec::new();
        let found = hash_file(&file, &mut |done, total| heard.push((done, total))).unwrap();
        let total = bytes.len() as u64;
        assert_eq!(found, (Digest::of(&bytes), total));
        assert_eq!(heard.last(), Some(&(total, total)));
        assert!(heard.len() >= 3 && heard.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(32))] // every case waits for the disk

        #[test]
        fn any_cutting_of_any_bytes_arrives_whole(
            pieces in proptest::collection::vec((proptest::collection::vec(proptest::num::u8::ANY, 0..40), proptest::bool::ANY), 0..12),
        ) {
            let Place { dir, root: _root } = place();
            let bytes: Vec<u8> = pieces.iter().flat_map(|(piece, _)| piece.clone()).collect();
            let (digest, total) = (Digest::of(&bytes), bytes.len() as u64);
            let mut upload = dir.upload(digest, total, 0).unwrap();
            for (piece, breaks_off) in &pieces {
                upload.write(piece).unwrap();
                if *breaks_off {
                    let offset = upload.have_bytes();
                    drop(upload);
                    upload = dir.upload(digest, total, offset).unwrap();
                }
            }
            proptest::prop_assert_eq!(fs::read(upload.finish().unwrap()).unwrap(), bytes);
        }
    }
}

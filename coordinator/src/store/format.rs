//! The bytes that the store keeps, as pure functions: sealed headers, journal entries, closings of checkpoints, the head.
//!
//! Everything begins with a magic and a version and ends with the BLAKE3 hash of all before it. A journal entry names the hash
//! of the entry before, so the journal is a chain: nothing can be missing, changed or moved in it without being seen. A store
//! cut off exactly between two entries is seen by the head, which is kept outside of sled and names the last acknowledged one.

use crate::store::COMMIT_BYTES_MAX;

/// The format that this build writes, and the newest that it reads.
pub(super) const VERSION: u16 = 1;
/// Bytes before each record in a commit: its length.
pub(super) const RECORD_HEADER_BYTES: usize = 4;
/// Bytes of data in one sled entry. sled 0.34 moves pages of 128 KiB and more into files of their own, which it never syncs; a
/// page of it has up to about twenty entries, so with this bound there are no such files.
pub(super) const PART_BYTES: usize = 4 << 10;
/// Bytes of the head as it is kept: one old disk sector, so that a write of it is not torn.
pub(super) const HEAD_BYTES: usize = 512;

const HASH_BYTES: usize = 32;
const ENTRY_MAGIC: [u8; 4] = *b"SFje";
const CLOSING_MAGIC: [u8; 4] = *b"SFcp";
const HEAD_MAGIC: [u8; 4] = *b"SFhd";

/// A BLAKE3 hash.
pub(super) type Hash = [u8; HASH_BYTES];

/// Why bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// In which way they are damaged, as a clause.
    Damaged(&'static str),
    /// Whole, and of this newer version.
    Newer(u16),
}

/// The end of a journal: the sequence number and hash of its last entry. Zeros before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tail {
    pub(super) sequence: u64,
    pub(super) hash: Hash,
}

/// One journal entry: a commit, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) epoch: u64,
    /// Hash of the entry before.
    pub(super) previous: Hash,
    /// Entries of the same commit that follow; 0 in the one that completes it.
    pub(super) parts_left: u32,
    pub(super) body: Vec<u8>,
}

/// The closing record of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closing {
    /// The end of the journal that the state is the fold of.
    pub(super) through: Tail,
    pub(super) chunks: u32,
    pub(super) state_bytes: u64,
    pub(super) state_hash: Hash,
}

/// The head: what was acknowledged last, and the newest boot epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Head {
    /// Grows with every writing of the head; the greater of two is the newer.
    pub(super) writes: u64,
    pub(super) epoch: u64,
    pub(super) tail: Tail,
}

impl Entry {
    /// The entry's bytes, and its hash.
    pub(super) fn seal(&self) -> (Vec<u8>, Hash) {
        let mut bytes = begin(ENTRY_MAGIC);
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.previous);
        bytes.extend(self.parts_left.to_be_bytes());
        bytes.extend((self.body.len() as u64).to_be_bytes());
        bytes.extend(&self.body);
        seal(bytes)
    }

    pub(super) fn read(bytes: &[u8]) -> Result<(Self, Hash), Unreadable> {
        let (mut reader, hash) = open(ENTRY_MAGIC, bytes)?;
        let (sequence, epoch, previous) = (reader.u64()?, reader.u64()?, reader.hash()?);
        let (parts_left, length) = (reader.u32()?, reader.u64()?);
        let body = reader.0.to_vec();
        if length != body.len() as u64 {
            return Err(Unreadable::Damaged("its length is wrong"));
        }
        Ok((Self { sequence, epoch, previous, parts_left, body }, hash))
    }
}

impl Closing {
    pub(super) fn seal(&self) -> Vec<u8> {
        let mut bytes = begin(CLOSING_MAGIC);
        bytes.extend(self.through.sequence.to_be_bytes());
        bytes.extend(self.through.hash);
        bytes.extend(self.chunks.to_be_bytes());
        bytes.extend(self.state_bytes.to_be_bytes());
        bytes.extend(self.state_hash);
        seal(bytes).0
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let (mut reader, _) = open(CLOSING_MAGIC, bytes)?;
        let through = Tail { sequence: reader.u64()?, hash: reader.hash()? };
        let (chunks, state_bytes, state_hash) = (reader.u32()?, reader.u64()?, reader.hash()?);
        Ok(Self { through, chunks, state_bytes, state_hash })
    }
}

impl Head {
    pub(super) fn seal(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = begin(HEAD_MAGIC);
        bytes.extend(self.writes.to_be_bytes());
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.tail.sequence.to_be_bytes());
        bytes.extend(self.tail.hash);
        bytes.resize(HEAD_BYTES - HASH_BYTES, 0);
        seal(bytes).0.try_into().expect("resized to it")
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let (mut reader, _) = open(HEAD_MAGIC, bytes)?;
        let (writes, epoch) = (reader.u64()?, reader.u64()?);
        Ok(Self { writes, epoch, tail: Tail { sequence: reader.u64()?, hash: reader.hash()? } })
    }
}

/// The records of a commit as one text, cut into parts of [`PART_BYTES`]; at least one.
pub(super) fn cut(records: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    for record in records {
        let length = u32::try_from(record.len()).expect("a commit is at most COMMIT_BYTES_MAX");
        bytes.extend(length.to_be_bytes());
        bytes.extend(record);
    }
    if bytes.is_empty() { vec![bytes] } else { bytes.chunks(PART_BYTES).map(<[u8]>::to_vec).collect() }
}

/// The records of a commit whose parts were put together again. Inverse of [`cut`].
pub(super) fn uncut(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
    let mut reader = Reader(bytes);
    let mut records = Vec::new();
    while !reader.0.is_empty() {
        let length = reader.u32()? as usize;
        records.push(reader.take(length)?.to_vec());
    }
    Ok(records)
}

fn begin(magic: [u8; 4]) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend(VERSION.to_be_bytes());
    bytes
}

fn seal(mut bytes: Vec<u8>) -> (Vec<u8>, Hash) {
    let hash = *blake3::hash(&bytes).as_bytes();
    bytes.extend(hash);
    (bytes, hash)
}

/// Checks magic, hash and version, in this order: only whole bytes are called newer.
fn open(magic: [u8; 4], bytes: &[u8]) -> Result<(Reader<'_>, Hash), Unreadable> {
    let Some((sealed, hash)) = bytes.split_last_chunk::<HASH_BYTES>() else {
        return Err(Unreadable::Damaged("it is cut off"));
    };
    let mut reader = Reader(sealed);
    if reader.take(magic.len())? != magic {
        return Err(Unreadable::Damaged("it does not begin as it should"));
    }
    if blake3::hash(sealed).as_bytes() != hash {
        return Err(Unreadable::Damaged("its checksum is wrong"));
    }
    match u16::from_be_bytes(reader.array()?) {
        VERSION => Ok((reader, *hash)),
        newer if newer > VERSION => Err(Unreadable::Newer(newer)),
        _ => Err(Unreadable::Damaged("its version was never in use")),
    }
}

/// Reads from the front of bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Unreadable::Damaged("it is cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Unreadable::Damaged("it is cut off"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, Unreadable> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Unreadable> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    fn hash(&mut self) -> Result<Hash, Unreadable> {
        self.array()
    }
}

const _: () = assert!(COMMIT_BYTES_MAX <= u32::MAX as usize);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(body: Vec<u8>) -> Entry {
        Entry { sequence: 7, epoch: 3, previous: [5; 32], parts_left: 2, body }
    }

    #[test]
    fn everything_is_read_back() {
        let (bytes, hash) = entry(b"abc".to_vec()).seal();
        assert_eq!(Entry::read(&bytes), Ok((entry(b"abc".to_vec()), hash)));
        let through = Tail { sequence: 9, hash: [1; 32] };
        let closing = Closing { through, chunks: 4, state_bytes: 5, state_hash: [6; 32] };
        assert_eq!(Closing::read(&closing.seal()), Ok(closing.clone()));
        let head = Head { writes: 1, epoch: 2, tail: through };
        assert_eq!(Head::read(&head.seal()), Ok(head));
        assert!(Head::read(&closing.seal()).is_err() && Closing::read(&head.seal()).is_err());
    }

    #[test]
    fn only_whole_bytes_are_called_newer() {
        let (mut bytes, _) = entry(Vec::new()).seal();
        bytes[5] = 2;
        assert_eq!(Entry::read(&bytes), Err(Unreadable::Damaged("its checksum is wrong")));
        bytes.truncate(bytes.len() - HASH_BYTES);
        assert_eq!(Entry::read(&seal(bytes).0), Err(Unreadable::Newer(2)));
    }

    proptest! {
        #[test]
        fn one_changed_bit_or_a_cut_is_always_seen(body in prop::collection::vec(any::<u8>(), 0..64), place: prop::sample::Index, bit in 0_u8..8) {
            let (bytes, _) = entry(body).seal();
            let at = place.index(bytes.len());
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            prop_assert!(matches!(Entry::read(&flipped), Err(Unreadable::Damaged(_))));
            prop_assert!(Entry::read(&bytes[..at]).is_err());
        }

        #[test]
        fn records_survive_cutting(records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3 * PART_BYTES), 0..5)) {
            let parts = cut(&records);
            prop_assert!(!parts.is_empty() && parts.iter().all(|part| part.len() <= PART_BYTES));
            prop_assert_eq!(uncut(&parts.concat()), Ok(records));
        }
    }
}

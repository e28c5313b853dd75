//! A store in memory, for tests of what stands on a store and for farms that need no tomorrow. Behaves as the durable one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Loaded, Store, StoreError, check_size};

/// What outlives a [`MemoryStore`]: its "disk". Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    checkpoint: Option<Vec<u8>>,
    records: Vec<Vec<u8>>,
    epoch: u64,
    is_full: bool,
}

/// A store on a [`MemoryDisk`].
#[derive(Debug)]
pub struct MemoryStore {
    disk: MemoryDisk,
    epoch: u64,
}

impl MemoryDisk {
    /// Opens the store on this disk and raises its boot epoch.
    #[must_use]
    pub fn open(&self) -> MemoryStore {
        let mut content = self.content();
        content.epoch += 1;
        MemoryStore { disk: self.clone(), epoch: content.epoch }
    }

    /// While set, commits and checkpoints fail as on a full disk.
    pub fn set_full(&self, is_full: bool) {
        self.content().is_full = is_full;
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryStore {
    /// The disk, when there is room on it.
    fn writable(&self) -> Result<MutexGuard<'_, Content>, StoreError> {
        let content = self.disk.content();
        if content.is_full { Err(StoreError::Full { operation: "write", dir: "(memory)".into() }) } else { Ok(content) }
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let content = self.disk.content();
        Ok(Loaded { checkpoint: content.checkpoint.clone(), records: content.records.clone(), epoch: self.epoch })
    }

    fn commit(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError> {
        check_size(records)?;
        self.writable()?.records.extend_from_slice(records);
        Ok(())
    }

    fn checkpoint(&mut self, state: &[u8]) -> Result<(), StoreError> {
        let mut content = self.writable()?;
        content.checkpoint = Some(state.to_vec());
        content.records.clear();
        Ok(())
    }
}

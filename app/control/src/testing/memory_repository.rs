//! Repositories in memory, with the faults a story needs.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::failure::Cause;
use domain::ids::CustomerId;
use domain::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::ports::database_engine::{Form, ProgressFn};
use crate::ports::repository::{
    BackupWriter, Fence, Freed, Repositories, Repository, RepositoryError, SealedKey, SnapshotFacts, Stored,
    StoredReader,
};
use crate::testing::power::{Effect, Power};

use super::plain::StepHook;

type Files = HashMap<String, Vec<u8>>;

#[derive(Default)]
struct Shelf {
    key: Option<SealedKey>,
    snapshots: HashMap<String, Files>,
    /// What was stored with each.
    facts: HashMap<String, SnapshotFacts>,
    /// Bytes that no snapshot needs, and those of them that are marked.
    unneeded: u64,
    marked: Vec<(Timestamp, u64)>,
}

impl Shelf {
    fn needed_bytes(&self) -> u64 {
        let files = self.snapshots.values().flat_map(HashMap::values);
        files.map(|bytes| bytes.len() as u64).sum()
    }

    fn marked_bytes(&self) -> u64 {
        self.marked.iter().map(|(_, bytes)| bytes).sum()
    }
}

#[derive(Default)]
struct Inside {
    shelves: HashMap<CustomerId, Shelf>,
    keys: u8,
    next: u64,
    fault: Option<Cause>,
}

/// Repositories of all customers, in memory.
#[derive(Clone, Default)]
pub struct MemoryRepositories {
    inside: Arc<Mutex<Inside>>,
    steps: StepHook,
    power: Power,
}

impl MemoryRepositories {
    /// Ones that stop when this power is cut.
    #[must_use]
    pub fn powered_by(power: Power) -> Self {
        Self {
            power,
            ..Self::default()
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Called when a writer is opened, stores a file, is about to make its snapshot visible, and has done so.
    #[must_use]
    pub fn steps(&self) -> &StepHook {
        &self.steps
    }

    /// From now on every write fails with this cause; `None` heals.
    pub fn fail_with(&self, cause: Option<Cause>) {
        self.inside().fault = cause;
    }

    /// Flips a bit of every stored file with this path.
    pub fn damage(&self, path: &str) {
        let mut inside = self.inside();
        for content in inside
            .shelves
            .values_mut()
            .flat_map(|shelf| shelf.snapshots.values_mut())
        {
            if let Some(byte) = content.get_mut(path).and_then(|bytes| bytes.first_mut()) {
                *byte ^= 1;
            }
        }
    }

    /// What a customer's snapshots hold, and what its repository takes, bytes: more by what no snapshot needs any more.
    #[must_use]
    pub fn bytes(&self, customer: &CustomerId) -> (u64, u64) {
        let inside = self.inside();
        let Some(shelf) = inside.shelves.get(customer) else {
            return (0, 0);
        };
        let held = shelf.needed_bytes();
        (held, held + shelf.unneeded + shelf.marked_bytes())
    }

    /// How many snapshots a customer has.
    #[must_use]
    pub fn count(&self, customer: &CustomerId) -> usize {
        self.inside()
            .shelves
            .get(customer)
            .map_or(0, |shelf| shelf.snapshots.len())
    }
}

impl Repositories for MemoryRepositories {
    fn new_key(&self) -> Result<SealedKey, RepositoryError> {
        let mut inside = self.inside();
        inside.keys += 1;
        Ok(SealedKey(vec![inside.keys]))
    }

    fn open(
        &self,
        customer: &CustomerId,
        key: &SealedKey,
        exists: bool,
        fence: Fence,
    ) -> Result<Box<dyn Repository>, RepositoryError> {
        let mut inside = self.inside();
        if exists && !inside.shelves.contains_key(customer) {
            return Err(RepositoryError::new(Cause::RepositoryMissing, customer));
        }
        let shelf = inside.shelves.entry(customer.clone()).or_default();
        if shelf.key.get_or_insert_with(|| key.clone()) != key {
            return Err(RepositoryError::new(Cause::RepositoryKeyWrong, customer));
        }
        Ok(Box::new(Open {
            all: self.clone(),
            customer: customer.clone(),
            fence,
        }))
    }

    fn export_password(&self, key: &SealedKey) -> Result<String, RepositoryError> {
        Ok(format!("{:?}", key.0))
    }
}

#[derive(Clone)]
struct Open {
    all: MemoryRepositories,
    customer: CustomerId,
    fence: Fence,
}

impl Open {
    fn may_write(&self) -> Result<(), RepositoryError> {
        if self.fence.is_closed() {
            return Err(RepositoryError::new(Cause::Interrupted, "fenced"));
        }
        self.all
            .inside()
            .fault
            .map_or(Ok(()), |cause| Err(RepositoryError::new(cause, "as the story wants")))
    }

    fn effect(&self) -> Result<Effect, RepositoryError> {
        match self.all.power.next() {
            Effect::None => Err(gone()),
            effect => Ok(effect),
        }
    }
}

fn answered(effect: Effect) -> Result<(), RepositoryError> {
    match effect {
        Effect::Answered => Ok(()),
        Effect::Unanswered | Effect::None => Err(gone()),
    }
}

fn gone() -> RepositoryError {
    RepositoryError::new(Cause::Unexpected, "whoever asked is gone")
}

impl Repository for Open {
    fn writer(&self) -> Result<Box<dyn BackupWriter>, RepositoryError> {
        self.all.steps().reach("writer");
        Ok(Box::new(Writing {
            open: self.clone(),
            files: Files::new(),
        }))
    }

    fn reader(&self, snapshot: &str, path: &str) -> Result<Box<dyn StoredReader>, RepositoryError> {
        let inside = self.all.inside();
        let files = inside
            .shelves
            .get(&self.customer)
            .and_then(|shelf| shelf.snapshots.get(snapshot));
        let content = files.and_then(|files| files.get(path)).cloned();
        content.map_or_else(
            || {
                Err(RepositoryError::new(
                    Cause::StoredDataDamaged,
                    format!("{snapshot}/{path} is not there"),
                ))
            },
            |bytes| Ok(Box::new(Cursor::new(bytes)) as Box<dyn StoredReader>),
        )
    }

    fn snapshots(&self) -> Result<Vec<String>, RepositoryError> {
        let inside = self.all.inside();
        Ok(inside
            .shelves
            .get(&self.customer)
            .map(|shelf| shelf.snapshots.keys().cloned().collect())
            .unwrap_or_default())
    }

    fn facts(&self, snapshot: &str) -> Result<Option<SnapshotFacts>, RepositoryError> {
        let inside = self.all.inside();
        let facts = inside
            .shelves
            .get(&self.customer)
            .and_then(|shelf| shelf.facts.get(snapshot));
        let absent = || RepositoryError::new(Cause::StoredDataDamaged, format!("{snapshot} is not there"));
        facts.cloned().map(Some).ok_or_else(absent)
    }

    fn forget(&self, snapshot: &str) -> Result<(), RepositoryError> {
        self.may_write()?;
        let effect = self.effect()?;
        if let Some(shelf) = self.all.inside().shelves.get_mut(&self.customer)
            && let Some(files) = shelf.snapshots.remove(snapshot)
        {
            shelf.facts.remove(snapshot);
            shelf.unneeded += files.values().map(|bytes| bytes.len() as u64).sum::<u64>();
        }
        answered(effect)
    }

    fn free(
        &self,
        now: Timestamp,
        kept_marked: Duration,
        still_mine: &dyn Fn() -> bool,
        progress: &dyn Fn(u64),
    ) -> Result<Freed, RepositoryError> {
        self.may_write()?;
        if !still_mine() {
            return Err(RepositoryError::new(Cause::Interrupted, "the claim was lost"));
        }
        let effect = self.effect()?;
        let mut inside = self.all.inside();
        let shelf = inside.shelves.entry(self.customer.clone()).or_default();
        let over = |(at, _): &mut (Timestamp, u64)| now.since(*at) >= kept_marked;
        let removed = shelf.marked.extract_if(.., over).map(|(_, bytes)| bytes).sum();
        let marked = std::mem::take(&mut shelf.unneeded);
        if marked > 0 {
            shelf.marked.push((now, marked));
        }
        progress(removed);
        answered(effect)?;
        Ok(Freed {
            marked,
            removed,
            still_marked: shelf.marked_bytes(),
            stored: shelf.needed_bytes() + shelf.marked_bytes(),
        })
    }
}

struct Writing {
    open: Open,
    files: Files,
}

impl BackupWriter for Writing {
    fn store(
        &mut self,
        path: &str,
        content: &mut dyn Read,
        bytes: u64,
        _form: Form,
        _database_bytes: u64,
        progress: ProgressFn<'_>,
    ) -> Result<Stored, RepositoryError> {
        self.open.all.steps().reach("store");
        self.open.may_write()?;
        let mut read = Vec::new();
        content
            .read_to_end(&mut read)
            .map_err(|error| RepositoryError::new(Cause::Unexpected, error))?;
        if read.len() as u64 != bytes {
            return Err(RepositoryError::new(
                Cause::Unexpected,
                "the content has another length than announced",
            ));
        }
        if !progress(bytes) {
            return Err(RepositoryError::new(Cause::Interrupted, "asked to stop"));
        }
        let sha256 = Sha256::digest(&read).into();
        self.files.insert(path.to_owned(), read);
        Ok(Stored { bytes, sha256 })
    }

    fn commit(
        self: Box<Self>,
        facts: SnapshotFacts,
        to_verify: &dyn Fn(u64),
        progress: ProgressFn<'_>,
        still_mine: &dyn Fn() -> bool,
    ) -> Result<String, RepositoryError> {
        let total = self.files.values().map(|bytes| bytes.len() as u64).sum();
        to_verify(total);
        progress(total);
        self.open.all.steps().reach("commit");
        if !still_mine() {
            return Err(RepositoryError::new(Cause::Interrupted, "the claim was lost"));
        }
        self.open.may_write()?;
        let mut inside = self.open.all.inside();
        inside.next += 1;
        let name = format!("{:064x}", inside.next);
        let mut files = self.files;
        files.insert("manifest.json".to_owned(), facts.manifest.clone());
        let shelf = inside.shelves.entry(self.open.customer.clone()).or_default();
        shelf.snapshots.insert(name.clone(), files);
        shelf.facts.insert(name.clone(), facts);
        drop(inside);
        self.open.all.steps().reach("visible");
        Ok(name)
    }
}

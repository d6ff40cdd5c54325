//! The port to where backups are kept: one encrypted repository per customer. A backup is visible there only once every
//! byte of it is stored, read back and durable.
//!
//! Every method blocks: call them from a thread that may.

use std::io::{Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::failure::Cause;
use domain::ids::CustomerId;
use domain::time::Timestamp;

use super::database_engine::{Form, ProgressFn};

/// Closes when a worker has lost its lease: from then on, whatever it still tries to write is refused.
#[derive(Debug, Clone, Default)]
pub struct Fence(Arc<AtomicBool>);

impl Fence {
    /// An open fence.
    #[must_use]
    pub fn open() -> Self {
        Self::default()
    }

    /// Refuses every write from now on. Cannot be undone.
    pub fn close(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Is it closed?
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// The flag itself, for an adapter to hand on.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

/// A repository's key, sealed with Coffre's master key: only the adapter that sealed it can read it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey(pub Vec<u8>);

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedKey({} bytes)", self.0.len())
    }
}

/// Where a repository found that it cannot go on.
#[derive(Debug, thiserror::Error)]
#[error("{cause:?}: {detail}")]
pub struct RepositoryError {
    /// The cause people are told.
    pub cause: Cause,
    /// For the log: what exactly, without secrets.
    pub detail: String,
}

impl RepositoryError {
    /// An error with its cause and, for the log, its detail.
    #[must_use]
    pub fn new(cause: Cause, detail: impl std::fmt::Display) -> Self {
        Self {
            cause,
            detail: detail.to_string(),
        }
    }
}

/// The repositories of all customers.
pub trait Repositories: Send + Sync {
    /// A new random key, sealed. Saved by the caller before [`Self::open`] creates anything with it.
    ///
    /// # Errors
    /// No randomness, no master key.
    fn new_key(&self) -> Result<SealedKey, RepositoryError>;

    /// Opens a customer's repository; creates it when it does not exist and `exists` is false. With `exists` true, a
    /// repository that is not there is [`Cause::RepositoryMissing`]: an unmounted disk is never taken for an empty one.
    ///
    /// # Errors
    /// Missing, read-only, full, wrong key, damaged.
    fn open(
        &self,
        customer: &CustomerId,
        key: &SealedKey,
        exists: bool,
        fence: Fence,
    ) -> Result<Box<dyn Repository>, RepositoryError>;

    /// The password by which the standard `restic` program opens the customer's repository.
    ///
    /// # Errors
    /// The key is not sealed with this master key.
    fn export_password(&self, key: &SealedKey) -> Result<String, RepositoryError>;
}

/// The facts stored with a backup, readable by `restic snapshots`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFacts {
    /// The instant it holds.
    pub time: Timestamp,
    /// Tags: backup id, site, kind.
    pub tags: Vec<String>,
    /// Everything a console without its control store would need: stored as `manifest.json` in the snapshot.
    pub manifest: Vec<u8>,
}

/// What was stored of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Length, bytes.
    pub bytes: u64,
    /// Hash of the whole content.
    pub sha256: [u8; 32],
}

/// An open repository.
pub trait Repository: Send + Sync {
    /// Begins a backup. Nothing is visible until [`BackupWriter::commit`].
    ///
    /// # Errors
    /// The index cannot be read.
    fn writer(&self) -> Result<Box<dyn BackupWriter>, RepositoryError>;

    /// Opens a stored file for reading at any place. Damaged data are an error, never wrong bytes.
    ///
    /// # Errors
    /// The snapshot or the file does not exist; the index cannot be read.
    fn reader(&self, snapshot: &str, path: &str) -> Result<Box<dyn StoredReader>, RepositoryError>;

    /// The names of all snapshots.
    ///
    /// # Errors
    /// The repository cannot be listed.
    fn snapshots(&self) -> Result<Vec<String>, RepositoryError>;

    /// What was stored with a snapshot; `None` when another program made it.
    ///
    /// # Errors
    /// The snapshot does not exist or is damaged; the index cannot be read.
    fn facts(&self, snapshot: &str) -> Result<Option<SnapshotFacts>, RepositoryError>;

    /// Makes a snapshot invisible; its space is freed by [`Self::free`]. Forgetting what is not there is fine.
    ///
    /// # Errors
    /// Read-only, fenced.
    fn forget(&self, snapshot: &str) -> Result<(), RepositoryError>;

    /// Marks what no snapshot needs, and removes what was marked at least `kept_marked` before `now` and is still needed by
    /// none; what one call marks, only a later one removes. Only for whoever has the repository for itself: a backup written
    /// meanwhile could build on what is being removed. Interrupted anywhere, every snapshot stays whole, and the next call
    /// finds the rest. `progress` is told bytes moved and removed.
    ///
    /// # Errors
    /// `still_mine` says no ([`Cause::Interrupted`]); fenced, read-only, full; damaged: then nothing is removed.
    fn free(
        &self,
        now: Timestamp,
        kept_marked: Duration,
        still_mine: &dyn Fn() -> bool,
        progress: &dyn Fn(u64),
    ) -> Result<Freed, RepositoryError>;
}

/// What became of the space that nobody needs, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freed {
    /// Marked by this call.
    pub marked: u64,
    /// Removed by this call.
    pub removed: u64,
    /// Marked by this call or an earlier one, and still there.
    pub still_marked: u64,
    /// What the repository takes afterwards, with what is still marked.
    pub stored: u64,
}

/// A stored file, open for reading.
pub trait StoredReader: Read + Seek + Send {}

impl<T: Read + Seek + Send> StoredReader for T {}

/// A backup being written.
pub trait BackupWriter: Send {
    /// Stores one file under a relative path (`compta/database.sqlite`). `database_bytes` is the size of the whole database,
    /// by which chunks are sized. An error of `content`, or a length other than `bytes`, is an error here.
    ///
    /// # Errors
    /// No space, fenced, the content could not be read, or `progress` answered `false` ([`Cause::Interrupted`]).
    fn store(
        &mut self,
        path: &str,
        content: &mut dyn Read,
        bytes: u64,
        form: Form,
        database_bytes: u64,
        progress: ProgressFn<'_>,
    ) -> Result<Stored, RepositoryError>;

    /// Flushes, reads back everything this writer stored, asks `still_mine` a last time, then makes the snapshot visible and
    /// durable. Returns its name. `progress` is told bytes read back; `to_verify` is told their number once, first.
    ///
    /// # Errors
    /// What was stored does not read back; `still_mine` says no ([`Cause::Interrupted`]); no space.
    fn commit(
        self: Box<Self>,
        facts: SnapshotFacts,
        to_verify: &dyn Fn(u64),
        progress: ProgressFn<'_>,
        still_mine: &dyn Fn() -> bool,
    ) -> Result<String, RepositoryError>;
}

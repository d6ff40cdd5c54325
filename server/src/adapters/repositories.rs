//! The customers' repositories, each in a folder of its own below one directory. Translates between the port's words and
//! those of the `repository` crate, which knows nothing of customers.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use control::ports::database_engine::{Form, ProgressFn};
use control::ports::repository::{
    BackupWriter, Fence, Freed, Repositories, Repository, RepositoryError, SealedKey, SnapshotFacts, Stored,
    StoredReader,
};
use domain::failure::Cause;
use domain::ids::CustomerId;
use domain::time::Timestamp;
use repository::{Alone, Chunking, Error, Expectation, Location, RepositoryKey, SnapshotId};

use super::master_key::MasterKey;

/// Restic's *host* of every snapshot made here.
const HOST: &str = "coffre";

/// The file of a snapshot that says what the backup was meant to hold, and the most that is read of it, bytes.
const MANIFEST: (&str, u64) = ("manifest.json", 16 << 20);

/// Files of a crashed write are removed once nobody can be writing them any more.
const STALE_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// Repositories in local directories.
pub struct LocalRepositories {
    root: PathBuf,
    master: MasterKey,
}

impl LocalRepositories {
    /// Below `root`, with keys sealed by `master`.
    #[must_use]
    pub fn new(root: PathBuf, master: MasterKey) -> Self {
        Self { root, master }
    }

    /// Removes what crashed writes left in every repository; returns how many files.
    pub fn sweep(&self, now: Timestamp) -> usize {
        let folders = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        folders
            .map(|folder| {
                Location::local(&folder.path())
                    .sweep_staging(now.millis(), STALE_AFTER)
                    .unwrap_or(0)
            })
            .sum()
    }

    fn unseal(&self, key: &SealedKey) -> Result<RepositoryKey, RepositoryError> {
        let wrong = |detail: String| RepositoryError::new(Cause::RepositoryKeyWrong, detail);
        let json = self.master.unseal(&key.0).map_err(|error| wrong(error.to_string()))?;
        RepositoryKey::from_json(&json).map_err(|error| wrong(error.to_string()))
    }
}

impl Repositories for LocalRepositories {
    fn new_key(&self) -> Result<SealedKey, RepositoryError> {
        let key = RepositoryKey::generate().map_err(told)?;
        Ok(SealedKey(self.master.seal(&key.to_json())))
    }

    fn open(
        &self,
        customer: &CustomerId,
        key: &SealedKey,
        exists: bool,
        fence: Fence,
    ) -> Result<Box<dyn Repository>, RepositoryError> {
        let key = self.unseal(key)?;
        let place = Location::local(&self.root.join(customer.as_str()));
        let expected = if exists {
            Expectation::Existing
        } else {
            Expectation::New
        };
        let open = repository::Repository::open_or_init(&place, &key, fence.flag().into(), expected).map_err(told)?;
        Ok(Box::new(Open(open)))
    }

    fn export_password(&self, key: &SealedKey) -> Result<String, RepositoryError> {
        Ok(self.unseal(key)?.password().to_owned())
    }
}

struct Open(repository::Repository);

impl Repository for Open {
    fn writer(&self) -> Result<Box<dyn BackupWriter>, RepositoryError> {
        Ok(Box::new(Writing(self.0.writer().map_err(told)?)))
    }

    fn reader(&self, snapshot: &str, path: &str) -> Result<Box<dyn StoredReader>, RepositoryError> {
        Ok(Box::new(self.0.open_file(name(snapshot)?, path).map_err(told)?))
    }

    fn snapshots(&self) -> Result<Vec<String>, RepositoryError> {
        Ok(self
            .0
            .snapshot_ids()
            .map_err(told)?
            .iter()
            .map(ToString::to_string)
            .collect())
    }

    fn facts(&self, snapshot: &str) -> Result<Option<SnapshotFacts>, RepositoryError> {
        let id = name(snapshot)?;
        let facts = self.0.snapshot(id).map_err(told)?.facts;
        let (path, most) = MANIFEST;
        if facts.host != HOST {
            return Ok(None);
        }
        let file = match self.0.open_file(id, path) {
            Err(Error::UnknownFile(_)) => return Ok(None),
            file => file.map_err(told)?,
        };
        let mut manifest = Vec::new();
        file.take(most)
            .read_to_end(&mut manifest)
            .map_err(|error| RepositoryError::new(Cause::StoredDataDamaged, chain(&error)))?;
        Ok(Some(SnapshotFacts {
            time: Timestamp(facts.time_ms),
            tags: facts.tags,
            manifest,
        }))
    }

    fn forget(&self, snapshot: &str) -> Result<(), RepositoryError> {
        match self.0.forget(name(snapshot)?) {
            Ok(()) | Err(Error::UnknownSnapshot(_)) => Ok(()),
            Err(error) => Err(told(error)),
        }
    }

    fn free(
        &self,
        now: Timestamp,
        kept_marked: Duration,
        still_mine: &dyn Fn() -> bool,
        progress: &dyn Fn(u64),
    ) -> Result<Freed, RepositoryError> {
        // The port's caller is the expiry, which the control store hands out alone.
        let alone = Alone::i_hold_the_exclusive_lease();
        let done = AtomicU64::new(0);
        let step = |bytes: u64| progress(done.fetch_add(bytes, Ordering::Relaxed) + bytes);
        let pruned = self.0.prune(&alone, now.millis(), kept_marked, still_mine, &step);
        let pruned = pruned.map_err(told)?;
        Ok(Freed {
            marked: pruned.marked_bytes,
            removed: pruned.removed_bytes,
            still_marked: pruned.marked_bytes + pruned.still_marked_bytes,
            stored: pruned.kept_bytes,
        })
    }
}

struct Writing(repository::Writer);

impl BackupWriter for Writing {
    fn store(
        &mut self,
        path: &str,
        content: &mut dyn Read,
        bytes: u64,
        form: Form,
        database_bytes: u64,
        progress: ProgressFn<'_>,
    ) -> Result<Stored, RepositoryError> {
        let form = match form {
            Form::Pages => repository::Form::Pages,
            Form::Stream => repository::Form::Stream,
        };
        let chunking = Chunking::for_database(database_bytes, form);
        // Steps come from several threads; the sum is told in one order so that a bar never goes back.
        let done = Mutex::new(0);
        let stopped = AtomicBool::new(false);
        let step = |bytes: u64| {
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *done += bytes;
            if !progress(*done) {
                stopped.store(true, Ordering::Relaxed);
            }
        };
        let mut content = Until {
            content,
            stopped: &stopped,
        };
        let stored = self.0.store(path, Some(bytes), &mut content, chunking, &step);
        let stored = stored.map_err(|error| match stopped.load(Ordering::Relaxed) {
            true => RepositoryError::new(Cause::Interrupted, "asked to stop"),
            false => told(error),
        })?;
        Ok(Stored {
            bytes: stored.size,
            sha256: stored.sha256,
        })
    }

    fn commit(
        self: Box<Self>,
        facts: SnapshotFacts,
        to_verify: &dyn Fn(u64),
        progress: ProgressFn<'_>,
        still_mine: &dyn Fn() -> bool,
    ) -> Result<String, RepositoryError> {
        to_verify(self.0.added_bytes());
        let done = AtomicU64::new(0);
        let step = |bytes: u64| {
            progress(done.fetch_add(bytes, Ordering::Relaxed) + bytes);
        };
        let stored = repository::SnapshotFacts {
            time_ms: facts.time.millis(),
            host: HOST.to_owned(),
            tags: facts.tags,
            ..Default::default()
        };
        let last_check = || {
            if still_mine() {
                Ok(())
            } else {
                Err("the claim was lost")
            }
        };
        let committed = self
            .0
            .commit(&stored, Some(&facts.manifest), &step, last_check)
            .map_err(told)?;
        Ok(committed.snapshot.to_string())
    }
}

/// Content that ends with an error once the work is asked to stop. Where nothing is new, nothing is written that a fence could
/// refuse: without this, all of it would be read first.
struct Until<'a> {
    content: &'a mut dyn Read,
    stopped: &'a AtomicBool,
}

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("asked to stop"));
        }
        self.content.read(buffer)
    }
}

fn name(snapshot: &str) -> Result<SnapshotId, RepositoryError> {
    snapshot
        .parse()
        .map_err(|_| RepositoryError::new(Cause::StoredDataDamaged, "the recorded name of the snapshot is not one"))
}

/// An error of the repository in the words of the port.
fn told(error: Error) -> RepositoryError {
    let cause = match &error {
        Error::Missing(_) => Cause::RepositoryMissing,
        Error::ReadOnly => Cause::RepositoryReadOnly,
        Error::StorageFull => Cause::StorageFull,
        Error::WrongKey => Cause::RepositoryKeyWrong,
        Error::Damaged(_) | Error::UnknownSnapshot(_) | Error::UnknownFile(_) => Cause::StoredDataDamaged,
        Error::Fenced | Error::Refused(_) => Cause::Interrupted,
        _ => Cause::Unexpected,
    };
    RepositoryError::new(cause, chain(&error))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text += &format!(": {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many zeros, counted as they are read.
    struct Zeros<'a> {
        left: u64,
        read: &'a AtomicU64,
    }

    impl Read for Zeros<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let bytes = buffer.len().min(usize::try_from(self.left).unwrap());
            buffer[..bytes].fill(0);
            self.left -= bytes as u64;
            self.read.fetch_add(bytes as u64, Ordering::Relaxed);
            Ok(bytes)
        }
    }

    /// Equal pieces are stored once: after the first there is nothing to write, and nothing for a fence to refuse.
    #[test]
    fn work_that_is_asked_to_stop_does_not_read_on_to_the_end() {
        const BYTES: u64 = 256 << 20;
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::open_or_create(&folder.path().join("master.key")).unwrap();
        let repositories = LocalRepositories::new(folder.path().to_owned(), master);
        let (customer, key) = ("dupont".parse().unwrap(), repositories.new_key().unwrap());
        let repository = repositories.open(&customer, &key, false, Fence::open()).unwrap();
        let mut writer = repository.writer().unwrap();
        let read = AtomicU64::new(0);
        let mut content = Zeros {
            left: BYTES,
            read: &read,
        };
        let stored = writer.store(
            "compta/database.sqlite",
            &mut content,
            BYTES,
            Form::Pages,
            BYTES,
            &|done| done < 1 << 20,
        );
        let error = stored.err().unwrap();
        assert_eq!(error.cause, Cause::Interrupted, "{error}");
        let read = read.into_inner();
        assert!(read < BYTES / 2, "{read} bytes were read");
        assert_eq!(repository.snapshots().unwrap(), Vec::<String>::new());
    }
}

//! Files of a repository on an object store: names, durable writes, the commit gate and the fence.
//!
//! The format library and our own writer both come through here, so nothing can reach the store around the two
//! guards: a snapshot is only written when the gate names its id, and a closed fence refuses every write and delete.
//! Durability (file, then directory entry) is the store's: [`crate::Location::local`] turns it on.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, path::Path};
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend};
use tokio::runtime::{Builder, Runtime};

use crate::error::Error;

/// Stops a writer from the outside.
///
/// Cheap to clone; all clones are one fence. Once closed it stays closed: every later write and delete of the
/// handles opened with it is refused, and a commit that has not written its snapshot ends in [`Error::Fenced`].
/// A write already handed to the store when the fence closes may still land: what decides whether a backup counts
/// is therefore the caller's own record, never the presence of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Fence(Arc<AtomicBool>);

impl Fence {
    /// An open fence.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses everything from now on. Never blocks.
    pub fn close(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether [`close`](Self::close) was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn pass(&self) -> Result<(), Error> {
        if self.is_closed() { Err(Error::Fenced) } else { Ok(()) }
    }
}

/// A fence around a flag that the caller already has: `true` is closed.
impl From<Arc<AtomicBool>> for Fence {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

/// The runtime that carries the store's I/O.
///
/// Our own and never dropped: the callers' threads may belong to a runtime that is shutting down, or whose blocking
/// threads are all waiting for this very I/O.
fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("repository-io")
        .thread_keep_alive(Duration::from_secs(10))
        .enable_all()
        .build()
        .map_err(|error| Error::reading("starting the storage threads", error))?;
    // Two threads may come here together; the second one's runtime is dropped without waiting.
    if let Err(surplus) = RUNTIME.set(made) {
        surplus.shutdown_background();
    }
    RUNTIME
        .get()
        .ok_or_else(|| Error::Missing("the storage threads".into()))
}

/// One repository's files.
pub(crate) struct Backend {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    name: String,
    runtime: &'static Runtime,
    fence: Fence,
    /// The one snapshot that may be written now.
    gate: Mutex<Option<Id>>,
}

impl Backend {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, prefix: Path, name: String, fence: Fence) -> Result<Self, Error> {
        Ok(Self {
            store,
            prefix,
            name,
            runtime: runtime()?,
            fence,
            gate: Mutex::new(None),
        })
    }

    pub(crate) fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Where the repository is, for people.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn path(&self, kind: FileType, id: &Id) -> Path {
        let hex = id.to_hex();
        match kind {
            FileType::Config => self.prefix.clone().join("config"),
            FileType::Pack => self.prefix.clone().join("data").join(&hex[..2]).join(hex.as_str()),
            _ => self.prefix.clone().join(kind.dirname()).join(hex.as_str()),
        }
    }

    /// Ids and sizes in bytes of the stored files of one kind. Files whose name is no id are not listed.
    pub(crate) fn list_files(&self, kind: FileType) -> Result<Vec<(Id, u64)>, Error> {
        if kind == FileType::Config {
            return match self.runtime.block_on(self.store.head(&self.path(kind, &Id::default()))) {
                Ok(meta) => Ok(vec![(Id::default(), meta.size)]),
                Err(object_store::Error::NotFound { .. }) => Ok(Vec::new()),
                Err(error) => Err(Error::reading("looking for the repository's config", error)),
            };
        }
        let directory = self.prefix.clone().join(kind.dirname());
        let metas: Vec<_> = self
            .runtime
            .block_on(self.store.list(Some(&directory)).try_collect())
            .map_err(|error| Error::reading(format!("listing {}", kind.dirname()), error))?;
        Ok(metas
            .into_iter()
            .filter_map(|meta| Some((Id::parse_some(meta.location.filename()?, kind)?, meta.size)))
            .collect())
    }

    /// Whether the place holds no file at all.
    pub(crate) fn is_empty(&self) -> Result<bool, Error> {
        let first = self.runtime.block_on(self.store.list(Some(&self.prefix)).try_next());
        first
            .map(|found| found.is_none())
            .map_err(|error| Error::reading("listing the repository", error))
    }

    pub(crate) fn read_file(&self, kind: FileType, id: &Id) -> Result<Bytes, Error> {
        let path = self.path(kind, id);
        self.runtime
            .block_on(async { self.store.get(&path).await?.bytes().await })
            .map_err(|error| read_failed(kind, id, error))
    }

    /// Exactly `length` bytes from `offset`.
    pub(crate) fn read_part(&self, kind: FileType, id: &Id, offset: u64, length: u64) -> Result<Bytes, Error> {
        let path = self.path(kind, id);
        let part = self
            .runtime
            .block_on(self.store.get_range(&path, offset..offset + length))
            .map_err(|error| read_failed(kind, id, error))?;
        if part.len() as u64 == length {
            Ok(part)
        } else {
            Err(Error::Damaged(format!("{} is too short", describe(kind, id))))
        }
    }

    pub(crate) fn write_file(&self, kind: FileType, id: &Id, content: Vec<Bytes>) -> Result<(), Error> {
        self.fence.pass()?;
        if kind == FileType::Snapshot && *lock(&self.gate) != Some(*id) {
            return Err(Error::GateClosed);
        }
        // `config` is the one name that two initialisations would share: only one of them may win. All other names
        // are the hash of the content, so writing again is the same content, and mends a file that was damaged.
        let mode = if kind == FileType::Config {
            PutMode::Create
        } else {
            PutMode::Overwrite
        };
        let options = PutOptions {
            mode,
            ..PutOptions::default()
        };
        let payload = PutPayload::from_iter(content);
        self.runtime
            .block_on(self.store.put_opts(&self.path(kind, id), payload, options))
            .map(drop)
            .map_err(|error| Error::writing(format!("writing {}", describe(kind, id)), error))
    }

    pub(crate) fn remove_file(&self, kind: FileType, id: &Id) -> Result<(), Error> {
        self.fence.pass()?;
        match self.runtime.block_on(self.store.delete(&self.path(kind, id))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::writing(format!("removing {}", describe(kind, id)), error)),
        }
    }

    /// Writes a snapshot: the gate is open for this id and only while this call lasts.
    pub(crate) fn write_snapshot(&self, id: &Id, content: Bytes) -> Result<(), Error> {
        *lock(&self.gate) = Some(*id);
        let written = self.write_file(FileType::Snapshot, id, vec![content]);
        *lock(&self.gate) = None;
        written
    }
}

/// A file's name in messages: enough of the id to find it.
pub(crate) fn describe(kind: FileType, id: &Id) -> String {
    match kind {
        FileType::Config => "config".into(),
        _ => format!("{kind} {id}").to_lowercase(),
    }
}

fn read_failed(kind: FileType, id: &Id, error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => Error::Damaged(format!("{} is missing", describe(kind, id))),
        error => Error::reading(format!("reading {}", describe(kind, id)), error),
    }
}

/// Locks even after a panic elsewhere: what these mutexes guard is valid between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn to_rustic(error: Error) -> Box<RusticError> {
    RusticError::with_source(ErrorKind::Backend, "the storage failed", error)
}

fn size(bytes: u64) -> u32 {
    // Only compared with sizes from the index, which are 32 bits wide: anything longer is as wrong as the maximum.
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl ReadBackend for Backend {
    fn location(&self) -> String {
        self.name.clone()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        let files = self.list_files(kind).map_err(to_rustic)?;
        Ok(files.into_iter().map(|(id, bytes)| (id, size(bytes))).collect())
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        self.read_file(kind, id).map_err(to_rustic)
    }

    fn read_partial(&self, kind: FileType, id: &Id, _: bool, offset: u32, length: u32) -> RusticResult<Bytes> {
        self.read_part(kind, id, offset.into(), length.into())
            .map_err(to_rustic)
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        self.path(kind, id).to_string()
    }
}

impl WriteBackend for Backend {
    fn write_bytes(&self, kind: FileType, id: &Id, _: bool, content: BytesList) -> RusticResult<()> {
        self.write_file(kind, id, content.into_vec()).map_err(to_rustic)
    }

    fn remove(&self, kind: FileType, id: &Id, _: bool) -> RusticResult<()> {
        self.remove_file(kind, id).map_err(to_rustic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    fn backend(fence: &Fence) -> Backend {
        Backend::new(
            Arc::new(InMemory::new()),
            Path::default(),
            "memory".into(),
            fence.clone(),
        )
        .unwrap()
    }

    #[test]
    fn a_snapshot_is_refused_unless_the_gate_is_open_for_it() {
        let backend = backend(&Fence::new());
        let (mine, other) = (Id::new([1; 32]), Id::new([2; 32]));
        let refused = backend.write_file(FileType::Snapshot, &mine, vec![]);
        assert!(matches!(refused, Err(Error::GateClosed)));
        // The format library's own way of saving snapshots meets the same gate.
        assert!(
            backend
                .write_bytes(FileType::Snapshot, &mine, false, vec![1].into())
                .is_err()
        );
        backend.write_snapshot(&mine, Bytes::from_static(b"snapshot")).unwrap();
        assert!(matches!(
            backend.write_file(FileType::Snapshot, &mine, vec![]),
            Err(Error::GateClosed)
        ));
        *lock(&backend.gate) = Some(mine);
        assert!(matches!(
            backend.write_file(FileType::Snapshot, &other, vec![]),
            Err(Error::GateClosed)
        ));
    }

    #[test]
    fn a_closed_fence_refuses_every_write_and_delete_but_no_read() {
        let fence = Fence::new();
        let backend = backend(&fence);
        let id = Id::new([3; 32]);
        for kind in [FileType::Pack, FileType::Index, FileType::Key, FileType::Config] {
            backend
                .write_file(kind, &id, vec![Bytes::from_static(b"before")])
                .unwrap();
        }
        fence.clone().close();
        for kind in [
            FileType::Pack,
            FileType::Index,
            FileType::Key,
            FileType::Config,
            FileType::Snapshot,
        ] {
            assert!(
                matches!(backend.write_file(kind, &id, vec![]), Err(Error::Fenced)),
                "{kind}"
            );
            assert!(matches!(backend.remove_file(kind, &id), Err(Error::Fenced)), "{kind}");
            assert!(WriteBackend::remove(&backend, kind, &id, false).is_err(), "{kind}");
        }
        assert!(matches!(backend.write_snapshot(&id, Bytes::new()), Err(Error::Fenced)));
        assert_eq!(backend.read_file(FileType::Pack, &id).unwrap(), "before");
    }

    #[test]
    fn the_second_of_two_initialisations_does_not_replace_the_first() {
        let backend = backend(&Fence::new());
        let config = |bytes| backend.write_file(FileType::Config, &Id::default(), vec![Bytes::from_static(bytes)]);
        config(b"first").unwrap();
        assert!(config(b"second").is_err());
        assert_eq!(backend.read_file(FileType::Config, &Id::default()).unwrap(), "first");
    }
}

//! An open repository: making, opening, listing, reading.

use std::{
    fmt,
    io::Write,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use rustic_core::{
    ConfigOptions, Credentials, FileType, Id, KeyOptions, OpenStatus, RepositoryBackends, RepositoryOptions,
};

use crate::{
    backend::{Backend, Fence, lock},
    chunk::Gear,
    error::Error,
    index::{BlobKind, Index},
    keys::{self, MasterBytes, RepositoryKey},
    location::{Expectation, Location},
    reader::{Blobs, StoredFileReader},
    seal::{LEVEL, Sealer},
    snapshot::{self, Snapshot, SnapshotId},
    tree::{self, Files},
    writer::{StoredFile, Writer},
};

/// A file in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its path, with `/` between components.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
}

/// An open repository. Cheap to clone; all clones share one index in memory and one [`Fence`].
///
/// All methods block: call them where blocking is allowed (such as `spawn_blocking`), never on an async thread.
#[derive(Clone)]
pub struct Repository {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) backend: Arc<Backend>,
    pub(crate) sealer: Sealer,
    pub(crate) gear: Gear,
    pub(crate) format: rustic_core::Repository<OpenStatus>,
    key: RepositoryKey,
    /// The config file as it was when the repository was opened.
    config: Bytes,
    index: Mutex<Option<Arc<Index>>>,
}

impl Repository {
    /// Opens the repository at `location`; an [`Expectation::New`] one is made if nothing is there yet. Keep `key` safe
    /// before the first call, and record [`Expectation::Existing`] after the first success. Interrupted or simultaneous
    /// first calls are completed by the next one.
    ///
    /// Takes no noticeable time if `key` holds the master key, as a generated one does.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Damaged`] (also: files, but no config), [`Error::WrongKey`], [`Error::ReadOnly`],
    /// [`Error::StorageFull`], [`Error::Fenced`], or another failure of the store.
    pub fn open_or_init(
        location: &Location,
        key: &RepositoryKey,
        fence: Fence,
        expected: Expectation,
    ) -> Result<Self, Error> {
        let backend = Arc::new(location.connect(expected, fence)?);
        let has_config = || Ok::<_, Error>(!backend.list_files(FileType::Config)?.is_empty());
        if !has_config()? {
            match (expected, backend.is_empty()?) {
                (Expectation::Existing, true) => return Err(Error::Missing(backend.name().into())),
                (Expectation::New, true) => init(&backend, key)?,
                // The config is always the first file: if it is there now, another first opening made it meanwhile.
                (_, false) if has_config()? => {}
                (_, false) => return Err(Error::Damaged("its config file is missing".into())),
            }
        }
        let repository = Self {
            inner: Arc::new(open(backend, key)?),
        };
        if expected == Expectation::New && repository.inner.backend.list_files(FileType::Key)?.is_empty() {
            repository.add_password(key.password())?;
        }
        Ok(repository)
    }

    /// The complete key of this repository.
    #[must_use]
    pub fn key(&self) -> &RepositoryKey {
        &self.inner.key
    }

    /// Lets another password open the repository in `restic`. Takes about half a second on purpose.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::ReadOnly`], [`Error::StorageFull`] or another failure of the store.
    pub fn add_password(&self, password: &str) -> Result<(), Error> {
        let added = self.inner.format.add_key(password, &KeyOptions::default());
        added
            .map(drop)
            .map_err(|error| Error::format("adding a password", &error))
    }

    /// Begins a backup. Reads the index afresh.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::Missing`] if the repository vanished since it was opened, or a failure of the store.
    pub fn writer(&self) -> Result<Writer, Error> {
        self.inner.backend.fence().pass()?;
        self.inner.verify_config()?;
        Ok(Writer::new(self.inner.clone(), self.inner.fresh_index()?))
    }

    /// The names of all visible snapshots, unordered.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn snapshot_ids(&self) -> Result<Vec<SnapshotId>, Error> {
        Ok(self
            .inner
            .backend
            .list_files(FileType::Snapshot)?
            .into_iter()
            .map(|(id, _)| id.into())
            .collect())
    }

    /// All visible snapshots, oldest first.
    ///
    /// # Errors
    /// [`Error::Damaged`] if one of them is, or a failure of the store.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, Error> {
        let ids = self.snapshot_ids()?;
        let mut all = ids
            .into_iter()
            .map(|id| self.snapshot(id))
            .collect::<Result<Vec<_>, _>>()?;
        all.sort_by_key(|snapshot| (snapshot.facts.time_ms, snapshot.id));
        Ok(all)
    }

    /// One snapshot's facts.
    ///
    /// # Errors
    /// [`Error::UnknownSnapshot`], [`Error::Damaged`], or a failure of the store.
    pub fn snapshot(&self, id: SnapshotId) -> Result<Snapshot, Error> {
        Ok(self.inner.read_snapshot(id)?.0)
    }

    /// The files of a snapshot, sorted by path.
    ///
    /// # Errors
    /// [`Error::UnknownSnapshot`], [`Error::Damaged`], or a failure of the store.
    pub fn files(&self, id: SnapshotId) -> Result<Vec<FileEntry>, Error> {
        let (files, _) = self.inner.contents(id)?;
        Ok(files
            .into_iter()
            .map(|(path, content)| FileEntry {
                path,
                size: content.size,
            })
            .collect())
    }

    /// Opens a stored file for streaming and ranges.
    ///
    /// # Errors
    /// [`Error::UnknownSnapshot`], [`Error::UnknownFile`], [`Error::Damaged`], or a failure of the store.
    pub fn open_file(&self, id: SnapshotId, path: &str) -> Result<StoredFileReader, Error> {
        let (files, index) = self.inner.contents(id)?;
        let found = files.into_iter().find(|(candidate, _)| candidate == path);
        let (path, content) = found.ok_or_else(|| Error::UnknownFile(path.into()))?;
        StoredFileReader::new(self.inner.clone(), index, path, content)
    }

    /// Opens all files of a snapshot, sorted by path: for many files much cheaper than one by one.
    ///
    /// # Errors
    /// [`Error::UnknownSnapshot`], [`Error::Damaged`], or a failure of the store.
    pub fn open_files(&self, id: SnapshotId) -> Result<Vec<StoredFileReader>, Error> {
        let (files, index) = self.inner.contents(id)?;
        let open = |(path, content)| StoredFileReader::new(self.inner.clone(), index.clone(), path, content);
        files.into_iter().map(open).collect()
    }

    /// See [`StoredFileReader::read_at`]; for more than one range of a file, open it once.
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file).
    pub fn read_range(&self, id: SnapshotId, path: &str, offset: u64, length: u64) -> Result<Bytes, Error> {
        self.open_file(id, path)?.read_at(offset, length)
    }

    /// See [`StoredFileReader::copy_to`].
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file), and [`Error::Sink`].
    pub fn copy_to(
        &self,
        id: SnapshotId,
        path: &str,
        sink: &mut dyn Write,
        progress: &dyn Fn(u64),
    ) -> Result<StoredFile, Error> {
        self.open_file(id, path)?.copy_to(sink, progress)
    }

    /// Bytes that all packs take in the store, also those of no backup. Lists the store.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn stored_bytes(&self) -> Result<u64, Error> {
        Ok(self
            .inner
            .backend
            .list_files(FileType::Pack)?
            .into_iter()
            .map(|(_, size)| size)
            .sum())
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Repository({})", self.inner.backend.name())
    }
}

impl Inner {
    /// The index in memory, loaded when first needed.
    fn index(&self) -> Result<Arc<Index>, Error> {
        let mut kept = lock(&self.index);
        if let Some(index) = &*kept {
            return Ok(index.clone());
        }
        let index = Arc::new(Index::load(&self.backend, &self.sealer)?);
        *kept = Some(index.clone());
        Ok(index)
    }

    pub(crate) fn forget_index(&self) {
        *lock(&self.index) = None;
    }

    /// The index as the store has it now.
    pub(crate) fn fresh_index(&self) -> Result<Arc<Index>, Error> {
        self.forget_index();
        self.index()
    }

    pub(crate) fn remember(&self, index: Index) {
        *lock(&self.index) = Some(Arc::new(index));
    }

    /// Whether the place still holds the repository that was opened. Detects a disk that was taken away: writes would
    /// otherwise land in the empty directory that is left.
    pub(crate) fn verify_config(&self) -> Result<(), Error> {
        match self.backend.read_file(FileType::Config, &Id::default()) {
            Ok(config) if config == self.config => Ok(()),
            Ok(_) => Err(Error::Damaged("its config file has changed".into())),
            Err(Error::Damaged(_)) if self.backend.is_empty()? => Err(Error::Missing(self.backend.name().into())),
            Err(error) => Err(error),
        }
    }

    fn read_snapshot(&self, id: SnapshotId) -> Result<(Snapshot, Id), Error> {
        let read = snapshot::read(&self.backend, &self.sealer, id.id());
        match read {
            Err(Error::Damaged(_))
                if !self
                    .backend
                    .list_files(FileType::Snapshot)?
                    .iter()
                    .any(|f| f.0 == id.id()) =>
            {
                Err(Error::UnknownSnapshot(id))
            }
            read => read,
        }
    }

    /// The files of a snapshot, sorted by path, and an index that leads to all their chunks.
    fn contents(&self, id: SnapshotId) -> Result<(Files, Arc<Index>), Error> {
        let (_, root) = self.read_snapshot(id)?;
        let collect = |index: &Index| {
            let mut files = Files::new();
            let blobs = Blobs {
                backend: &self.backend,
                sealer: &self.sealer,
                index,
            };
            tree::walk(&blobs, root, "", &mut |_| true, &mut |path, content| {
                if !content.blobs.iter().all(|id| index.find(BlobKind::Data, id).is_some()) {
                    return Err(Error::Damaged(format!("a part of {path:?} is in no readable pack")));
                }
                files.push((path, content));
                Ok(())
            })?;
            files.sort_by(|(a, _), (b, _)| a.cmp(b));
            Ok(files)
        };
        let index = self.index()?;
        match collect(&index) {
            // The index in memory may be older than this snapshot, or than the packs.
            Err(Error::Damaged(_)) => {
                let index = self.fresh_index()?;
                Ok((collect(&index)?, index))
            }
            files => Ok((files?, index)),
        }
    }
}

fn format_repository(backend: &Arc<Backend>) -> Result<rustic_core::Repository<()>, Error> {
    let backends = RepositoryBackends::new(backend.clone(), None);
    // Its default is a cache in the home directory.
    let options = RepositoryOptions::default().no_cache(true);
    rustic_core::Repository::new(&options, &backends).map_err(|error| Error::format("opening the repository", &error))
}

/// Writes the config file. The password follows once the repository opens, see `open_or_init`.
fn init(backend: &Arc<Backend>, key: &RepositoryKey) -> Result<(), Error> {
    let master = key.master().ok_or(Error::WrongKey)?;
    let credentials = Credentials::Masterkey(keys::format_key(master)?);
    let config = ConfigOptions::default().set_version(2u32).set_compression(LEVEL);
    match format_repository(backend)?.init(&credentials, &KeyOptions::default(), &config) {
        Ok(_) => Ok(()),
        // Somebody else was faster; whether with our key, opening will tell.
        Err(_) if !backend.list_files(FileType::Config)?.is_empty() => Ok(()),
        Err(error) => Err(Error::format("making the repository", &error)),
    }
}

fn open(backend: Arc<Backend>, key: &RepositoryKey) -> Result<Inner, Error> {
    let config = backend.read_file(FileType::Config, &Id::default())?;
    let master = match key.master() {
        Some(master) => master.clone(),
        None => keys::master_behind(&backend, key.password())?,
    };
    let sealer = Sealer::new(&master);
    if sealer.open(&config).is_none() {
        return Err(why_config_does_not_open(&backend, &sealer, key, &master)?);
    }
    let credentials = Credentials::Masterkey(keys::format_key(&master)?);
    let format = format_repository(&backend)?
        .open(&credentials)
        .map_err(|error| Error::format("opening the repository", &error))?;
    if format.config().version < 2 {
        return Err(Error::Damaged(
            "its format is version 1, which holds no compressed data".into(),
        ));
    }
    let (gear, key, index) = (Gear::new(&master), key.complete(master), Mutex::new(None));
    Ok(Inner {
        backend,
        sealer,
        gear,
        format,
        key,
        config,
        index,
    })
}

/// A wrong key and a damaged config look alike; whether the key opens anything else tells them apart.
fn why_config_does_not_open(
    backend: &Backend,
    sealer: &Sealer,
    key: &RepositoryKey,
    master: &MasterBytes,
) -> Result<Error, Error> {
    let damaged = Error::Damaged("its config file is not what was written".into());
    for kind in [FileType::Snapshot, FileType::Index] {
        for (id, _) in backend.list_files(kind)?.into_iter().take(3) {
            if sealer.open(&backend.read_file(kind, &id)?).is_some() {
                return Ok(damaged);
            }
        }
    }
    let behind_password = keys::try_password(backend, key.password())?.master;
    Ok(if behind_password.as_ref() == Some(master) {
        damaged
    } else {
        Error::WrongKey
    })
}

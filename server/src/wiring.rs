//! Puts the control plane together: the only file that names every adapter.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use control::ports::clock::Clock;
use control::ports::control_store::ControlStore;
use control::ports::password_hasher::PasswordHasher;
use control::ports::repository::Repositories;
use control::{ControlPlane, Outside};

use engines::postgres::{Postgres, PostgresOptions};
use engines::sqlite::{Sqlite, SqliteOptions};
use store::SqliteStore;

use crate::adapters::master_key::MasterKey;
use crate::adapters::{BacpacPackages, FolderShelf, LocalRepositories, LogNotifier, ScratchFolders};

/// How long a locked database is waited for; a SQLite one that is backed up, unless the configuration says otherwise. Longer than any
/// sane transaction of the business software, shorter than the patience of a person.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a PostgreSQL server may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where things are, as the configuration or the demonstration decided.
#[derive(Debug, Clone)]
pub struct Places {
    /// The control store and the master key.
    pub data: PathBuf,
    /// The customers' repositories. Made if it is the data folder's own; else it must exist.
    pub repositories: PathBuf,
    /// Copies under way.
    pub scratch: PathBuf,
    /// Folders in which SQLite databases may lie.
    pub sqlite_folders: Vec<PathBuf>,
}

impl Places {
    /// Everything below one folder.
    #[must_use]
    pub fn below(data: &Path, sqlite_folders: Vec<PathBuf>) -> Self {
        Self {
            data: data.to_owned(),
            repositories: data.join("repositories"),
            scratch: data.join("scratch"),
            sqlite_folders,
        }
    }

    /// The file of the control store.
    #[must_use]
    pub fn control_store(&self) -> PathBuf {
        self.data.join("control.sqlite")
    }

    /// The file of the master key.
    #[must_use]
    pub fn master_key(&self) -> PathBuf {
        self.data.join("master.key")
    }
}

/// What differs between a server, a test and the demonstration.
#[derive(Clone)]
pub struct Choices {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// How passwords are hashed.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Processes at work at once.
    pub max_running: u32,
    /// How long the backup of a SQLite database waits for a program that has locked it.
    pub lock_timeout: Duration,
    /// Largest file that may be uploaded, bytes.
    pub upload_most_bytes: u64,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder cannot be made.
    #[error("{path}: {error}")]
    Folder {
        /// Which one.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] crate::adapters::master_key::MasterKeyError),
    /// The control store.
    #[error("control store: {0}")]
    Store(String),
    /// The system gives no thread.
    #[error("no thread for the database connections: {0}")]
    Thread(std::io::Error),
    /// Another server works with the same folder.
    #[error("another coffre is running over {0}")]
    InUse(String),
}

/// Opens the control store alone, for the command line: works beside a running server.
///
/// # Errors
/// See [`StartError`].
pub async fn store(places: &Places) -> Result<SqliteStore, StartError> {
    SqliteStore::open(&places.control_store())
        .await
        .map_err(|error| StartError::Store(error.to_string()))
}

/// Opens everything and puts the control plane together. Makes what a first start needs.
///
/// # Errors
/// See [`StartError`].
pub async fn control_plane(places: &Places, choices: Choices) -> Result<Arc<ControlPlane>, StartError> {
    folder(&places.data)?;
    let lock = lock(places)?;
    if places.repositories.parent() == Some(&places.data) {
        folder(&places.repositories)?;
    }
    let master = MasterKey::open_or_create(&places.master_key())?;
    let store = store(places).await?;
    let left = store
        .end_leases()
        .await
        .map_err(|error| StartError::Store(error.to_string()))?;
    if left > 0 {
        tracing::warn!(
            left,
            "processes were interrupted when the last server ended; they go on now"
        );
    }
    let repositories = LocalRepositories::new(places.repositories.clone(), master);
    repositories.sweep(choices.clock.now());
    let scratch = ScratchFolders::emptied(&places.scratch, lock).map_err(|error| StartError::Folder {
        path: places.scratch.display().to_string(),
        error,
    })?;
    let shelf = FolderShelf::below(&places.data).map_err(|error| StartError::Folder {
        path: places.data.display().to_string(),
        error,
    })?;
    let sqlite = SqliteOptions {
        allowed_roots: places.sqlite_folders.clone(),
        busy_timeout: choices.lock_timeout,
    };
    let postgres = PostgresOptions {
        tools: None,
        connect_timeout: CONNECT_TIMEOUT,
        lock_timeout: LOCK_TIMEOUT,
    };
    let postgres = Postgres::new(postgres).map_err(StartError::Thread)?;
    Ok(ControlPlane::new(Outside {
        clock: choices.clock,
        store: Arc::new(store),
        packages: Arc::new(BacpacPackages::new(postgres.clone())),
        engines: vec![Arc::new(Sqlite::new(sqlite)), Arc::new(postgres)],
        repositories: Arc::new(repositories),
        notifier: Arc::new(LogNotifier),
        hasher: choices.hasher,
        scratch: Arc::new(scratch),
        shelf: Arc::new(shelf),
        upload_most_bytes: choices.upload_most_bytes,
        node: node_name(),
        max_running: choices.max_running,
    }))
}

/// The adapter that exports a repository's password, for the command line: needs no running server.
///
/// # Errors
/// See [`StartError`].
pub fn repositories(places: &Places) -> Result<Arc<dyn Repositories>, StartError> {
    let master = MasterKey::open(&places.master_key())?;
    Ok(Arc::new(LocalRepositories::new(places.repositories.clone(), master)))
}

/// A name in leases that no earlier start of this server had: the process id alone comes back.
fn node_name() -> String {
    let mut random = [0; 4];
    getrandom::fill(&mut random).expect("the operating system gives random bytes");
    format!("{}-{:08x}", std::process::id(), u32::from_le_bytes(random))
}

/// Takes the lock of the data folder: one server at a time works with an embedded store. The kernel lets go of it when the
/// process ends, however it ends.
fn lock(places: &Places) -> Result<File, StartError> {
    let path = places.data.join("lock");
    let name = path.display().to_string();
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| StartError::Folder {
        path: name.clone(),
        error,
    })?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StartError::InUse(places.data.display().to_string())),
        Err(error) => Err(StartError::Folder {
            path: name,
            error: error.into(),
        }),
    }
}

fn folder(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| StartError::Folder {
        path: path.display().to_string(),
        error,
    })
}

//! The port to the databases of a site: a consistent copy while people go on working, and a restore that is loaded beside
//! the live database, checked, and exchanged for it in one step.
//!
//! Every method blocks: call them from a thread that may. A restore has a *tag* (the process id): whatever an engine leaves on
//! disk or on a server carries it, so that a later attempt finds and settles what an interrupted one left.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use domain::failure::Cause;
use domain::ids::DatabaseId;
use domain::site::EngineKind;
use serde::{Deserialize, Serialize};

/// How a database is reached. Comes from the operator's configuration, never from a request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "engine", rename_all = "kebab-case")]
pub enum Address {
    /// A SQLite file.
    Sqlite {
        /// Its path.
        path: PathBuf,
    },
    /// A database of a PostgreSQL server.
    Postgres {
        /// Host name, or the folder of its Unix socket.
        host: String,
        /// Port.
        port: u16,
        /// The database's name on the server.
        database: String,
        /// A user that owns the database and may create databases.
        user: String,
        /// A file whose first line is the password; read when a connection is made. `None`: the server asks for none.
        password_file: Option<PathBuf>,
    },
}

impl Address {
    /// Which engine understands it.
    #[must_use]
    pub const fn engine(&self) -> EngineKind {
        match self {
            Self::Sqlite { .. } => EngineKind::Sqlite,
            Self::Postgres { .. } => EngineKind::Postgres,
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite:{}", path.display()),
            Self::Postgres {
                host,
                port,
                database,
                user,
                ..
            } => write!(f, "postgres:{user}@{host}:{port}/{database}"),
        }
    }
}

/// A database an engine is asked to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSource {
    /// Its id.
    pub id: DatabaseId,
    /// Its shown name, for failures.
    pub name: String,
    /// How it is reached.
    pub address: Address,
}

/// What is known of a database before it is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Its size, bytes: exact for SQLite (pages × page size), an estimate for PostgreSQL.
    pub bytes: u64,
    /// "SQLite 3.51.3", "PostgreSQL 15.18".
    pub version: String,
}

/// How the content of a file is laid out: decides how the repository cuts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Fixed pages: equal content stays at equal offsets.
    Pages,
    /// A stream: content moves when something is inserted before it.
    Stream,
}

/// One file of a finished copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedFile {
    /// Name inside the artifact: one path component, unique in the copy (`database.sqlite`, `toc.dat`, `3412.dat`).
    pub name: String,
    /// Exact length, bytes.
    pub bytes: u64,
    /// How it is laid out.
    pub form: Form,
}

/// Where an engine found that it cannot go on.
#[derive(Debug, thiserror::Error)]
#[error("{cause:?}: {detail}")]
pub struct EngineError {
    /// The cause people are told.
    pub cause: Cause,
    /// For the log: what exactly, without secrets.
    pub detail: String,
}

impl EngineError {
    /// An error with its cause and, for the log, its detail.
    #[must_use]
    pub fn new(cause: Cause, detail: impl fmt::Display) -> Self {
        Self {
            cause,
            detail: detail.to_string(),
        }
    }
}

/// Told the bytes done so far of the step under way. May be called often; the caller thins out. Returning `false` asks the
/// engine to stop at the next safe point with [`Cause::Interrupted`].
pub type ProgressFn<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// Asked now and then while a lock is waited for: is the work still wanted? Returning `false` ends the wait with
/// [`Cause::Interrupted`].
pub type GoOnFn<'a> = &'a dyn Fn() -> bool;

/// How an interrupted exchange is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The restore was not committed: the old data come back, whatever was loaded goes.
    RollBack,
    /// The restore was committed: the new data stay, the old ones that were set aside go.
    Keep,
}

/// An engine: SQLite or PostgreSQL.
pub trait DatabaseEngine: Send + Sync {
    /// Which one.
    fn kind(&self) -> EngineKind;

    /// Size and version, at little cost; also the proof that the database can be reached. While a lock is waited for, `go_on` is
    /// asked now and then.
    ///
    /// # Errors
    /// Missing, locked, unreadable, not allowed, unreachable, access denied, version not supported; [`Cause::Interrupted`]
    /// when `go_on` said no.
    fn measure(&self, source: &DatabaseSource, go_on: GoOnFn<'_>) -> Result<Measure, EngineError>;

    /// Fixes a consistent view of the database and returns as soon as no lock is in the way; `scratch` is an empty private folder
    /// on a local disk for the copy to come. Writers go on; what they write from now on is not in the view (R8).
    ///
    /// # Errors
    /// As [`Self::measure`]; a lock that is not released in time is [`Cause::DatabaseLocked`].
    fn freeze(
        &self,
        source: &DatabaseSource,
        scratch: &Path,
        go_on: GoOnFn<'_>,
    ) -> Result<Box<dyn FrozenDatabase>, EngineError>;

    /// Loads a stored copy beside the live database, which stays untouched. Everything left behind carries `tag`.
    ///
    /// # Errors
    /// No space, tool failures, or whatever reading `files` gave (as [`Cause::StoredDataDamaged`]).
    fn load(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: &dyn StoredFiles,
        scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Box<dyn ShadowDatabase>, EngineError>;

    /// Makes a database of this engine aside from the live one: empty, or filled from a stored copy. A file in `scratch` for
    /// SQLite, a database of the same server for PostgreSQL; what an earlier attempt with the same tag left there is replaced.
    /// The live data are not touched.
    ///
    /// # Errors
    /// As [`Self::load`].
    fn aside(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: Option<&dyn StoredFiles>,
        scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Box<dyn AsideDatabase>, EngineError>;

    /// Removes the database aside that an attempt with this tag left behind; none is fine. The live database has no part in it.
    ///
    /// # Errors
    /// It could not be removed; calling again goes on.
    fn clear_aside(&self, source: &DatabaseSource, tag: &str) -> Result<(), EngineError>;

    /// Settles whatever an interrupted restore with this tag left behind; nothing left is fine. Idempotent.
    ///
    /// # Errors
    /// When the old data could not be put back, or the remains not removed; calling again goes on.
    fn settle(&self, source: &DatabaseSource, tag: &str, settlement: Settlement) -> Result<(), EngineError>;

    /// A digest of the logical content: equal for equal schema and rows, whatever the physical layout. Reads everything.
    ///
    /// # Errors
    /// As [`Self::measure`].
    fn content_digest(&self, source: &DatabaseSource) -> Result<[u8; 32], EngineError>;
}

/// A fixed view of a database. Dropping it lets go of the view and removes what was written to the scratch folder.
pub trait FrozenDatabase: Send {
    /// Copies the view aside; the view is let go when the copy is done. `progress` is told bytes.
    ///
    /// # Errors
    /// No space ([`Cause::ScratchFull`]), damage found on the way, the server gone.
    fn copy(self: Box<Self>, progress: ProgressFn<'_>) -> Result<Box<dyn CopiedDatabase>, EngineError>;
}

/// A finished copy in the scratch folder. Dropping it removes the copy.
pub trait CopiedDatabase: Send + Sync {
    /// Its files, in the order of the download.
    fn files(&self) -> &[CopiedFile];

    /// Rows of each ordinary table in the copied state, by name; `None` when they were not counted. That never fails a copy: a
    /// table that cannot be counted is left out, and a database that takes longer than its budget has no counts at all, so
    /// that a table which is not in the list is known not to exist or never to be counted.
    fn rows(&self) -> Option<&BTreeMap<String, u64>>;

    /// Opens one of them.
    ///
    /// # Errors
    /// The copy was taken away.
    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, EngineError>;
}

/// The files of a stored copy, read back from the repository.
pub trait StoredFiles: Send + Sync {
    /// Names and lengths, in the order of the download.
    fn files(&self) -> &[domain::backup::StoredFile];

    /// Opens one of them.
    ///
    /// # Errors
    /// As the repository says.
    fn open(&self, name: &str) -> std::io::Result<Box<dyn Read + Send>>;
}

/// A copy loaded beside the live database. Dropping it removes the copy.
pub trait ShadowDatabase: Send {
    /// The engine's own full check of the loaded copy.
    ///
    /// # Errors
    /// [`Cause::CheckFailed`] with what the engine found.
    fn check(&mut self, progress: ProgressFn<'_>) -> Result<(), EngineError>;

    /// Puts the copy in the place of the live database, in one atomic step, durable on return; the old data are set aside
    /// until [`DatabaseEngine::settle`].
    ///
    /// # Errors
    /// The live database is held by somebody: nothing was changed.
    fn swap(self: Box<Self>) -> Result<(), EngineError>;
}

/// A database aside from the live ones. Dropping it removes it.
pub trait AsideDatabase: Send + Sync {
    /// How it is reached. An empty one of SQLite is a file that does not exist yet.
    fn address(&self) -> &Address;

    /// As [`DatabaseEngine::measure`].
    ///
    /// # Errors
    /// As there.
    fn measure(&self) -> Result<Measure, EngineError>;

    /// As [`DatabaseEngine::freeze`].
    ///
    /// # Errors
    /// As there.
    fn freeze(&self, scratch: &Path) -> Result<Box<dyn FrozenDatabase>, EngineError>;
}

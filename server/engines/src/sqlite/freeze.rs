//! The consistent view of a SQLite database, and its copy.
//!
//! The view is a read transaction held by one connection; the copy is made by SQLite's online backup from that very
//! connection. The backup API opens a read transaction of its own for each step only when the source has none
//! (`sqlite3_backup_step`: "if there is no open read-transaction"), and starts over only when its pager sees a foreign
//! change at the start of a read. Inside the held transaction neither happens: all pages come from the state at the freeze.
//!
//! In WAL mode writers go on meanwhile; the log grows until the view is let go. In a rollback-journal mode the view is a
//! shared lock: writers wait for the copy into the local scratch folder, not for anything that follows it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use control::ports::database_engine::{
    CopiedDatabase, CopiedFile, EngineError, Form, FrozenDatabase, GoOnFn, ProgressFn,
};
use domain::failure::Cause;
use domain::limits::ROW_COUNT_BUDGET;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::check::{self, Verdict};
use super::count;
use super::error::failed;
use super::location::{SIDE_ENDINGS, side_file};
use crate::disk::{self, RemovedOnDrop};

/// The one file of a copy.
pub(crate) const FILE_NAME: &str = "database.sqlite";

/// Bytes copied between two progress calls.
const STEP_BYTES: u64 = 4 * 1024 * 1024;

/// How long a lock is waited for at a time; between two, whoever waits may be told to stop.
const AT_A_TIME: Duration = Duration::from_millis(200);

/// Opens a database like any other program does, but never creates one, and begins a view of it. A lock is waited for until
/// `busy_timeout` is over or `go_on` says no.
///
/// Answers the size as well, bytes.
pub(crate) fn view(path: &Path, busy_timeout: Duration, go_on: GoOnFn<'_>) -> Result<(Connection, u64), EngineError> {
    let begun = Instant::now();
    loop {
        let left = busy_timeout.saturating_sub(begun.elapsed());
        let cannot = |error| failed("cannot open the database", &error);
        let connection = open(path, left.min(AT_A_TIME)).map_err(cannot)?;
        match begin_view(&connection) {
            Ok(bytes) => {
                connection.busy_timeout(busy_timeout).map_err(cannot)?;
                return Ok((connection, bytes));
            }
            Err(error) if error.cause != Cause::DatabaseLocked || left <= AT_A_TIME => return Err(error),
            Err(_) if !go_on() => {
                return Err(EngineError::new(
                    Cause::Interrupted,
                    "asked to stop while the database was locked",
                ));
            }
            Err(_) => {}
        }
    }
}

/// Read-write, so that a transaction that a crash left half-written is rolled back as SQLite intends; the path is
/// resolved already, and a link put in its place meanwhile is refused.
pub(crate) fn open(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    Ok(connection)
}

/// Begins a read transaction and reads, which fixes the state that all later reads of this connection see.
///
/// Answers the size, bytes.
fn begin_view(connection: &Connection) -> Result<u64, EngineError> {
    let begin = || -> rusqlite::Result<u64> {
        connection.execute_batch("BEGIN")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let page_bytes: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        Ok(pages.unsigned_abs() * page_bytes.unsigned_abs())
    };
    match begin().map_err(|error| failed("cannot read the database", &error))? {
        0 => Err(EngineError::new(
            Cause::DatabaseUnreadable,
            "the file is empty: it is no database",
        )),
        bytes => Ok(bytes),
    }
}

/// A read transaction, held.
pub(crate) struct Frozen {
    connection: Connection,
    bytes: u64,
    scratch: PathBuf,
}

impl Frozen {
    pub(crate) fn at(
        path: &Path,
        busy_timeout: Duration,
        scratch: &Path,
        go_on: GoOnFn<'_>,
    ) -> Result<Self, EngineError> {
        let (connection, bytes) = view(path, busy_timeout, go_on)?;
        Ok(Self {
            connection,
            bytes,
            scratch: scratch.to_owned(),
        })
    }

    fn copy_pages(&self, path: &Path, progress: ProgressFn<'_>) -> Result<(), EngineError> {
        let failed = |error: rusqlite::Error| failed("cannot copy the database", &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut target = Connection::open_with_flags(path, flags).map_err(failed)?;
        // Nobody else sees this file, and a crash throws it away: a journal and syncs would protect nothing.
        target
            .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE")
            .map_err(failed)?;
        let page_bytes: u64 = self
            .connection
            .query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0))
            .map_err(failed)?
            .into();
        let pages = i32::try_from(STEP_BYTES / page_bytes).unwrap_or(i32::MAX);
        {
            let backup = Backup::new(&self.connection, &mut target).map_err(failed)?;
            loop {
                let step = backup.step(pages).map_err(failed)?;
                let at = backup.progress();
                let copied = u64::try_from(at.pagecount - at.remaining).unwrap_or(0) * page_bytes;
                if !progress(copied) {
                    return Err(EngineError::new(Cause::Interrupted, "the copy was asked to stop"));
                }
                match step {
                    StepResult::Done => break,
                    StepResult::More => {}
                    _ => {
                        return Err(EngineError::new(
                            Cause::DatabaseLocked,
                            "the view was lost during the copy",
                        ));
                    }
                }
            }
        }
        target.close().map_err(|(_, error)| failed(error))
    }
}

impl FrozenDatabase for Frozen {
    fn copy(self: Box<Self>, progress: ProgressFn<'_>) -> Result<Box<dyn CopiedDatabase>, EngineError> {
        disk::require_room(&self.scratch, self.bytes)?;
        let path = self.scratch.join(FILE_NAME);
        let mut files = vec![path.clone()];
        files.extend(SIDE_ENDINGS.iter().map(|ending| side_file(&path, ending)));
        drop(disk::create_private(&path)?);
        let removed_on_drop = RemovedOnDrop(files);
        self.copy_pages(&path, progress)?;
        let bytes = self.bytes;
        drop(self);

        let found = std::fs::metadata(&path)
            .map_err(|error| disk::failed("cannot measure", &path, &error))?
            .len();
        if found != bytes {
            let detail = format_args!("the copy has {found} bytes, the view had {bytes}").to_string();
            return Err(EngineError::new(Cause::Unexpected, detail));
        }
        // A restore refuses a copy that does not pass; so must the backup, while the live database can still be repaired.
        match check::integrity(&path, bytes, progress)? {
            Verdict::Sound => {}
            Verdict::Unverifiable(reason) => tracing::warn!(%reason, "SQLite cannot check this database in full"),
            Verdict::Damaged(found) => return Err(EngineError::new(Cause::DatabaseCorrupt, found)),
        }
        let rows = count::rows(&path, ROW_COUNT_BUDGET, bytes, progress)?;
        let file = CopiedFile {
            name: FILE_NAME.to_owned(),
            bytes,
            form: Form::Pages,
        };
        Ok(Box::new(Copied {
            files: [file],
            rows,
            path,
            _removed_on_drop: removed_on_drop,
        }))
    }
}

struct Copied {
    files: [CopiedFile; 1],
    rows: Option<BTreeMap<String, u64>>,
    path: PathBuf,
    _removed_on_drop: RemovedOnDrop,
}

impl CopiedDatabase for Copied {
    fn files(&self) -> &[CopiedFile] {
        &self.files
    }

    fn rows(&self) -> Option<&BTreeMap<String, u64>> {
        self.rows.as_ref()
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, EngineError> {
        if name != FILE_NAME {
            return Err(EngineError::new(
                Cause::Unexpected,
                format_args!("a SQLite copy has no file {name:?}"),
            ));
        }
        match File::open(&self.path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(disk::failed("cannot open", &self.path, &error)),
        }
    }
}

//! The consistent view of a PostgreSQL database, and its copy by `pg_dump`.
//!
//! One connection holds a read-only transaction whose snapshot it exports; `pg_dump` reads through that snapshot. Writers go
//! on. `TRUNCATE` and rewrites of a table are not covered by a snapshot, so the tables are locked against them (`ACCESS SHARE`,
//! which no ordinary statement notices) *before* the snapshot is taken, until the copy is done.
//!
//! Sequences stand outside of transactions in PostgreSQL: their values are those of the copy, never below those of the view.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use control::ports::database_engine::{CopiedDatabase, CopiedFile, EngineError, Form, FrozenDatabase, ProgressFn};
use domain::failure::Cause;
use domain::limits::ROW_COUNT_BUDGET;

use super::count;
use super::error::{failed, has_state};
use super::session::{Server, Session};
use super::tools::{Run, Tools};
use crate::disk;

/// The table of contents: first, so that a download can be judged from its beginning.
pub(crate) const CONTENTS: &str = "toc.dat";

/// How often tables may vanish between being listed and being locked.
const LOCK_TRIES: usize = 5;

/// Everything `pg_dump` would lock.
const TABLES: &str = "
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1";

/// Begins the transaction, locks, and answers the name of its snapshot.
///
/// # Errors
/// `DatabaseLocked` when a table is held exclusively for longer than the lock timeout.
pub(crate) fn begin_view(session: &mut Session) -> Result<String, EngineError> {
    let failed = |error: sqlx::Error| failed("cannot fix a view", &error);
    for left in (0..LOCK_TRIES).rev() {
        let tables: Vec<String> = session
            .rows(TABLES, &[])
            .map_err(failed)?
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        session
            .execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .map_err(failed)?;
        if !tables.is_empty() {
            let lock = session.execute(&format!("LOCK TABLE {} IN ACCESS SHARE MODE", tables.join(", ")));
            match lock {
                Err(error) if left > 0 && (has_state(&error, "42P01") || has_state(&error, "3F000")) => {
                    session.execute("ROLLBACK").map_err(failed)?;
                    continue;
                }
                lock => lock.map_err(failed)?,
            }
        }
        return session.text("SELECT pg_export_snapshot()", &[]).map_err(failed);
    }
    Err(EngineError::new(
        Cause::DatabaseLocked,
        "tables come and go too fast to be locked",
    ))
}

/// A transaction, held, and what is needed to copy through it.
pub(crate) struct Frozen {
    session: Session,
    server: Server,
    tools: Tools,
    snapshot: String,
    scratch: PathBuf,
    lock_timeout_ms: u128,
}

impl Frozen {
    pub(crate) fn new(
        server: Server,
        tools: Tools,
        mut session: Session,
        scratch: &Path,
        lock_timeout_ms: u128,
    ) -> Result<Self, EngineError> {
        let snapshot = begin_view(&mut session)?;
        Ok(Self {
            session,
            server,
            tools,
            snapshot,
            scratch: scratch.to_owned(),
            lock_timeout_ms,
        })
    }
}

impl FrozenDatabase for Frozen {
    fn copy(mut self: Box<Self>, progress: ProgressFn<'_>) -> Result<Box<dyn CopiedDatabase>, EngineError> {
        let failed = |error: sqlx::Error| failed("cannot measure the database", &error);
        let whole = self
            .session
            .number("SELECT pg_database_size(current_database())::text", &[])
            .map_err(failed)?;
        // Indexes are not dumped. Rows as text are about as long as rows in pages.
        let rows = self
            .session
            .number(
                "SELECT coalesce(sum(pg_table_size(oid)), 0)::text FROM pg_class WHERE relkind IN ('r', 'm')",
                &[],
            )
            .map_err(failed)?;
        disk::require_room(&self.scratch, rows)?;
        let stop = || EngineError::new(Cause::Interrupted, "the copy was asked to stop");
        if !progress(0) {
            return Err(stop());
        }
        let folder = FolderRemovedOnDrop(self.scratch.join("dump"));
        let arguments: Vec<OsString> = vec![
            "--format=directory".into(),
            "--compress=0".into(),
            "--no-sync".into(),
            format!("--snapshot={}", self.snapshot).into(),
            format!("--lock-wait-timeout={}", self.lock_timeout_ms).into(),
            "--file".into(),
            folder.0.clone().into(),
        ];
        let mut told = 0;
        let run = Run {
            tools: &self.tools,
            program: "pg_dump",
            server: &self.server,
            arguments,
        };
        run.watched(|| {
            let share = u128::from(length_of(&folder.0)) * u128::from(whole) / u128::from(rows.max(1));
            let cap = whole.saturating_mul(99) / 100;
            told = u64::try_from(share).unwrap_or(cap).min(cap).max(told);
            progress(told)
        })?;
        let cap = whole.saturating_mul(99) / 100;
        let rows = count::rows(&mut self.session, ROW_COUNT_BUDGET, &|| progress(cap))?;
        drop(self);
        let files = files_of(&folder.0)?;
        if !progress(whole) {
            return Err(stop());
        }
        Ok(Box::new(Copied { files, rows, folder }))
    }
}

/// Bytes written so far. An entry may be gone before it is looked at.
fn length_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|found| found.len())
        .sum()
}

/// The table of contents first, then the others by name.
fn files_of(folder: &Path) -> Result<Vec<CopiedFile>, EngineError> {
    let unreadable = |error: std::io::Error| disk::failed("cannot list", folder, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let found = entry.metadata().map_err(unreadable)?;
        let name = entry.file_name().into_string();
        let (Ok(name), true) = (name, found.is_file()) else {
            return Err(EngineError::new(
                Cause::ToolFailed,
                "pg_dump wrote something that is no plain file",
            ));
        };
        files.push(CopiedFile {
            name,
            bytes: found.len(),
            form: Form::Stream,
        });
    }
    files.sort_by(|one, other| (one.name != CONTENTS, &one.name).cmp(&(other.name != CONTENTS, &other.name)));
    match files.first() {
        Some(first) if first.name == CONTENTS => Ok(files),
        _ => Err(EngineError::new(
            Cause::ToolFailed,
            format_args!("pg_dump wrote no {CONTENTS}"),
        )),
    }
}

/// A folder of the scratch space.
pub(crate) struct FolderRemovedOnDrop(pub(crate) PathBuf);

impl Drop for FolderRemovedOnDrop {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(folder = %self.0.display(), %error, "a temporary folder stays behind");
            }
            _ => {}
        }
    }
}

struct Copied {
    files: Vec<CopiedFile>,
    rows: Option<BTreeMap<String, u64>>,
    folder: FolderRemovedOnDrop,
}

impl CopiedDatabase for Copied {
    fn files(&self) -> &[CopiedFile] {
        &self.files
    }

    fn rows(&self) -> Option<&BTreeMap<String, u64>> {
        self.rows.as_ref()
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, EngineError> {
        if !self.files.iter().any(|file| file.name == name) {
            return Err(EngineError::new(
                Cause::Unexpected,
                format_args!("the copy has no file {name:?}"),
            ));
        }
        let path = self.folder.0.join(name);
        match File::open(&path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(disk::failed("cannot open", &path, &error)),
        }
    }
}

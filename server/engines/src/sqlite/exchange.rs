//! The exchange of a loaded copy with the live file, step by step, and the settlement of one that was interrupted.
//!
//! SQLite finds a database's log and journal by the *name* of the file. An exchange under a connection that still has the
//! old file open could hand the old log to the new file, so it is done under SQLite's exclusive lock only: in WAL mode that
//! means that no program has the database open; in a rollback-journal mode that none is in a transaction. A program that
//! had the old file open without a transaction keeps reading the old one until it opens it again; SQLite refuses its
//! writes (`SQLITE_READONLY_DBMOVED`). What no lock can cover: a program that opens the old file in the very instant of
//! the rename, and waits. A site is closed to traffic while it is restored for that reason.
//!
//! States on disk, for a live file `L`, a copy `N`, the old data `O`:
//!
//! | after | `L` | `N` | `O` | roll back | keep |
//! |---|---|---|---|---|---|
//! | load, side files removed | old | there | – | remove `N` | refused |
//! | old set aside | old | there | same file as `L` | remove `O`, `N` | refused |
//! | new in place | new | – | old | `O` → `L` | remove `O` |
//!
//! Each step is durable before the next begins.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use control::ports::database_engine::EngineError;
use domain::failure::Cause;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::error::{failed, is_beyond_use};
use super::freeze::open;
use super::location::{Beside, Location, SIDE_ENDINGS, remove_side_files, side_file};
use crate::disk;

/// Told after each durable step; an error ends the exchange there, as a crash would.
pub(crate) type AfterStep<'a> = &'a mut dyn FnMut(Step) -> Result<(), EngineError>;

/// The durable steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The live file is complete by itself: no log or journal belongs to it.
    SideFilesGone,
    /// The old data have a second name.
    OldSetAside,
    /// The live name leads to the new data.
    NewInPlace,
}

/// How long an exchange may wait until it is alone. Shorter than [`domain::limits::LEASE`], which was renewed right before: whoever
/// has lost it must not put anything in place any more.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Exchanges. On an error before [`Step::NewInPlace`] the live database is what it was.
///
/// # Errors
/// `DatabaseLocked` when a program holds it longer than `busy_timeout`.
pub(crate) fn put_in_place(
    location: &Location,
    beside: &Beside,
    busy_timeout: Duration,
    after: AfterStep<'_>,
) -> Result<(), EngineError> {
    let live = location.path();
    if !live.exists() {
        return put_where_nothing_is(location, beside, after);
    }
    let lock = lock_alone(live, busy_timeout)?;
    if lock.is_some() {
        remove_side_files(live)?;
    } else {
        move_side_files(live, &beside.old)?;
    }
    disk::sync_folder(location.folder())?;
    after(Step::SideFilesGone)?;

    fs::hard_link(live, &beside.old).map_err(|error| disk::failed("cannot set aside", live, &error))?;
    disk::sync_folder(location.folder())?;
    after(Step::OldSetAside)?;

    fs::rename(&beside.new, live).map_err(|error| disk::failed("cannot put in place", &beside.new, &error))?;
    disk::sync_folder(location.folder())?;
    after(Step::NewInPlace)
}

/// A link refuses to replace what somebody may have put there meanwhile; a rename would not.
fn put_where_nothing_is(location: &Location, beside: &Beside, after: AfterStep<'_>) -> Result<(), EngineError> {
    let live = location.path();
    remove_side_files(live)?;
    drop(disk::create_private(&beside.absent)?);
    disk::sync_folder(location.folder())?;
    after(Step::OldSetAside)?;

    fs::hard_link(&beside.new, live).map_err(|error| disk::failed("cannot put in place", live, &error))?;
    disk::remove_file(&beside.new)?;
    disk::sync_folder(location.folder())?;
    after(Step::NewInPlace)
}

/// The old data come back; whatever was loaded goes.
///
/// # Errors
/// `DatabaseLocked` when a program already works on the new data.
pub(crate) fn roll_back(location: &Location, beside: &Beside, busy_timeout: Duration) -> Result<(), EngineError> {
    let live = location.path();
    if beside.absent.exists() {
        if live.exists() && (!beside.new.exists() || same_file(live, &beside.new)) {
            let _lock = lock_alone(live, busy_timeout)?;
            remove_side_files(live)?;
            disk::remove_file(live)?;
        }
    } else if beside.old.exists() {
        if live.exists() && same_file(live, &beside.old) {
            disk::remove_file(&beside.old)?;
        } else {
            let _lock = if live.exists() {
                lock_alone(live, busy_timeout)?
            } else {
                None
            };
            remove_side_files(live)?;
            fs::rename(&beside.old, live).map_err(|error| disk::failed("cannot put back", live, &error))?;
        }
    }
    disk::sync_folder(location.folder())?;
    // After the main file, never before: a log must not meet a file it does not belong to.
    move_side_files(&beside.old, live)?;
    discard_copy(beside)?;
    disk::remove_file(&beside.absent)?;
    disk::sync_folder(location.folder())
}

/// The new data stay; the old ones go.
///
/// # Errors
/// `Unexpected` when the copy was never put in place: then the live data are the old ones, and nothing is removed.
pub(crate) fn keep(location: &Location, beside: &Beside) -> Result<(), EngineError> {
    if beside.new.exists() {
        let detail = format_args!("{} was never put in place", beside.new.display()).to_string();
        return Err(EngineError::new(Cause::Unexpected, detail));
    }
    remove_side_files(&beside.old)?;
    disk::remove_file(&beside.old)?;
    disk::remove_file(&beside.absent)?;
    disk::sync_folder(location.folder())
}

/// Removes a loaded copy and what a check left beside it.
pub(crate) fn discard_copy(beside: &Beside) -> Result<(), EngineError> {
    remove_side_files(&beside.new)?;
    disk::remove_file(&beside.new)
}

/// SQLite's exclusive lock, with everything that is in a log or journal brought into the main file. `None`: SQLite cannot
/// read the file, so nobody works on it and nothing can be brought in.
fn lock_alone(path: &Path, busy_timeout: Duration) -> Result<Option<Connection>, EngineError> {
    let lock = || -> rusqlite::Result<Option<Connection>> {
        let connection = open(path, busy_timeout)?;
        // Closing must neither write into a file nor remove a log that by then carries another file's name.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        // Set before the first read: then the write-ahead log is entered alone, and the lock outlives transactions.
        connection
            .execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT")?;
        let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok((!busy).then_some(connection))
    };
    match lock() {
        Ok(Some(connection)) => Ok(Some(connection)),
        Ok(None) => Err(EngineError::new(Cause::DatabaseLocked, "the write-ahead log is in use")),
        Err(error) if is_beyond_use(&error) => {
            tracing::warn!(%error, "the live database cannot be read; it is set aside as it is");
            Ok(None)
        }
        Err(error) => Err(failed("cannot have the database alone", &error)),
    }
}

fn move_side_files(from: &Path, to: &Path) -> Result<(), EngineError> {
    for ending in SIDE_ENDINGS {
        let (from, to) = (side_file(from, ending), side_file(to, ending));
        if from.exists() {
            fs::rename(&from, &to).map_err(|error| disk::failed("cannot move", &from, &error))?;
        }
    }
    Ok(())
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

//! SQLite's own full check, judged: damage is told apart from what the customer stored and from what cannot be checked.
//!
//! It runs on a private copy, never on a live database, and can be stopped.

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use control::ports::database_engine::{EngineError, ProgressFn};
use domain::failure::Cause;
use rusqlite::{Connection, ErrorCode};

use super::error::failed;
use super::freeze::open;

/// How often a running check asks whether it should stop.
const POLL: Duration = Duration::from_millis(200);

/// Findings told; the log needs the kind of damage, not all of it.
const FINDINGS_TOLD: usize = 5;

/// What the check says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing found.
    Sound,
    /// The first findings.
    Damaged(String),
    /// The database needs collations or functions that only its own program has.
    Unverifiable(String),
}

/// Checks a file that nobody else has open. `progress` is told `done` again and again, and may stop the check.
///
/// # Errors
/// `Interrupted`, or whatever kept the check from running.
pub(crate) fn integrity(path: &Path, done: u64, progress: ProgressFn<'_>) -> Result<Verdict, EngineError> {
    let connection = match open_alone(path) {
        Ok(connection) => connection,
        Err(error) => return verdict_of(&error),
    };
    let interrupt = connection.get_interrupt_handle();
    thread::scope(|scope| {
        let (ended, end) = mpsc::channel::<()>();
        scope.spawn(move || {
            while let Err(mpsc::RecvTimeoutError::Timeout) = end.recv_timeout(POLL) {
                if !progress(done) {
                    interrupt.interrupt();
                }
            }
        });
        let found = find_damage(&connection);
        drop(ended);
        match found {
            Ok(found) if found.is_empty() => Ok(Verdict::Sound),
            Ok(found) => Ok(Verdict::Damaged(found.join("; "))),
            Err(error) => verdict_of(&error),
        }
    })
}

/// Rows that refer to nothing. They were so when they were stored: reported, never a reason to refuse.
pub(crate) fn dangling_references(path: &Path) -> rusqlite::Result<usize> {
    let connection = open_alone(path)?;
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// An exclusive connection keeps its write-ahead index in memory and leaves no side file.
pub(crate) fn open_alone(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, Duration::ZERO)?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA ignore_check_constraints = ON")?;
    Ok(connection)
}

fn find_damage(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(1000000)")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" && !is_about_values(&line) {
            found.push(line);
            if found.len() == FINDINGS_TOLD {
                break;
            }
        }
    }
    Ok(found)
}

/// "NULL value in t.c", "non-INT value in t.c": rows that today's schema would refuse, stored before it did. They come
/// back as they were.
fn is_about_values(line: &str) -> bool {
    line.split_once(" value in ")
        .is_some_and(|(kind, _)| !kind.contains(' '))
}

fn verdict_of(error: &rusqlite::Error) -> Result<Verdict, EngineError> {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(Verdict::Damaged(error.to_string())),
        Some(ErrorCode::Unknown) => Ok(Verdict::Unverifiable(error.to_string())),
        _ => Err(match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => {
                EngineError::new(Cause::Interrupted, "the check was asked to stop")
            }
            _ => failed("cannot check the database", error),
        }),
    }
}

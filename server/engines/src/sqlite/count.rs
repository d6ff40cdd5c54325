//! Rows of each table of a finished copy: exact, and of the very state that is stored.
//!
//! They are counted in the private copy, after its check: the live database is held for nothing that it was not held for
//! before. Ordinary tables are counted; virtual ones and those that such a table keeps its content in, and SQLite's own, are
//! not. Counting never fails a backup.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use control::ports::database_engine::{EngineError, ProgressFn};
use domain::failure::Cause;
use rusqlite::{Connection, ErrorCode};

use super::check::open_alone;

/// How often a running count is asked whether it should stop.
const POLL: Duration = Duration::from_millis(200);

/// A virtual table has no root page; `shadow` is what one keeps its content in.
const TABLES: &str = r"
    SELECT s.name FROM sqlite_schema AS s
    LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = s.name
    WHERE s.type = 'table' AND s.rootpage > 0 AND s.name NOT LIKE 'sqlite\_%' ESCAPE '\'
      AND coalesce(l.type, 'table') = 'table'
    ORDER BY s.name";

/// Counts a file that nobody else has open. `None` when it takes longer than the budget, or cannot be read to its end.
/// `progress` is told `done` again and again.
///
/// # Errors
/// `Interrupted`, when `progress` asks for it.
pub(crate) fn rows(
    path: &Path,
    budget: Duration,
    done: u64,
    progress: ProgressFn<'_>,
) -> Result<Option<BTreeMap<String, u64>>, EngineError> {
    let connection = match open_alone(path) {
        Ok(connection) => connection,
        Err(error) => {
            tracing::warn!(%error, "rows are not counted");
            return Ok(None);
        }
    };
    let started = Instant::now();
    let interrupt = connection.get_interrupt_handle();
    let (counted, stopped) = thread::scope(|scope| {
        let (ended, end) = mpsc::channel::<()>();
        let watch = scope.spawn(move || {
            let mut stopped = false;
            while let Err(mpsc::RecvTimeoutError::Timeout) = end.recv_timeout(POLL) {
                stopped = stopped || !progress(done);
                if stopped || started.elapsed() >= budget {
                    interrupt.interrupt();
                }
            }
            stopped
        });
        let counted = count(&connection, || started.elapsed() < budget);
        drop(ended);
        (counted, watch.join().unwrap_or(false))
    });
    if stopped {
        return Err(EngineError::new(Cause::Interrupted, "the count was asked to stop"));
    }
    match counted {
        Ok(Some(counted)) => Ok(Some(counted)),
        Ok(None) => {
            tracing::warn!(
                budget_secs = budget.as_secs(),
                "rows are not counted: it takes too long"
            );
            Ok(None)
        }
        Err(error) => {
            tracing::warn!(%error, "rows are not counted");
            Ok(None)
        }
    }
}

/// `None` when there is no time left.
fn count(connection: &Connection, in_time: impl Fn() -> bool) -> rusqlite::Result<Option<BTreeMap<String, u64>>> {
    // An index may be ordered by a collation that only the site's own program has. Nothing here compares by it.
    connection.collation_needed(|connection, name| connection.create_collation(name, str::cmp))?;
    let mut tables = connection.prepare(TABLES)?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?;
    let mut counted = BTreeMap::new();
    for name in names {
        let name = name?;
        if !in_time() {
            return Ok(None);
        }
        let table = name.replace('"', "\"\"");
        let mut statement = match connection.prepare(&format!("SELECT count(*) FROM \"{table}\"")) {
            Ok(statement) => statement,
            // Its schema needs what only the site's own program has: it is left out of every backup alike.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
                tracing::warn!(table = name, %error, "this table cannot be counted");
                continue;
            }
            Err(error) => return Err(error),
        };
        match statement.query_row([], |row| row.get::<_, i64>(0)) {
            Ok(rows) => counted.insert(name, rows.unsigned_abs()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => return Ok(None),
            Err(error) => return Err(error),
        };
    }
    Ok(Some(counted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(tables: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.sqlite");
        Connection::open(&path).unwrap().execute_batch(tables).unwrap();
        (folder, path)
    }

    #[test]
    fn ordinary_tables_are_counted_and_what_is_behind_virtual_ones_is_not() {
        let (_folder, path) = copy(
            r#"CREATE TABLE "a ""quoted"" name" (x); INSERT INTO "a ""quoted"" name" VALUES (1), (NULL), (NULL);
               CREATE TABLE keyed (k TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO keyed VALUES ('a'), ('b');
               CREATE INDEX some ON "a ""quoted"" name" (x) WHERE x IS NOT NULL;
               CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT);
               CREATE VIRTUAL TABLE found USING fts5 (words); INSERT INTO found VALUES ('one'), ('two');
               CREATE VIEW seen AS SELECT 1"#,
        );
        let rows = rows(&path, Duration::from_secs(60), 0, &|_| true).unwrap().unwrap();
        let expected = [(r#"a "quoted" name"#, 3), ("keyed", 2), ("numbered", 0)];
        assert_eq!(rows, expected.map(|(name, rows)| (name.to_owned(), rows)).into());
    }

    #[test]
    fn a_database_that_takes_too_long_has_no_counts_and_no_error() {
        let (_folder, path) = copy("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        assert_eq!(rows(&path, Duration::ZERO, 0, &|_| true).unwrap(), None);
    }
}

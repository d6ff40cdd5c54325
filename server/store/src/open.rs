//! Opens the file: the version of SQLite, durability, migrations, one writer and a few readers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlSafeStr, Sqlite, SqliteConnection, SqliteTransaction};

use crate::fault::Fault;

/// Older versions can corrupt a database in WAL mode when a checkpoint meets a reset of the log; fixed in this one.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// How long a connection waits for another program that holds the file, such as a person's `sqlite3`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections that only read. They never wait for the writer, nor it for them.
const READERS: u32 = 4;

/// In the order they are applied. A file that has been released is never edited: its checksum is kept in the database.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "control store", include_str!("../migrations/0001_control_store.sql")),
    (2, "guards", include_str!("../migrations/0002_guards.sql")),
    (3, "bacpac", include_str!("../migrations/0003_bacpac.sql")),
    (4, "bin", include_str!("../migrations/0004_bin.sql")),
    (5, "nights", include_str!("../migrations/0005_nights.sql")),
    (6, "policy", include_str!("../migrations/0006_policy.sql")),
    (7, "unusual", include_str!("../migrations/0007_unusual.sql")),
    (8, "alerts", include_str!("../migrations/0008_alerts.sql")),
    (9, "queue", include_str!("../migrations/0009_queue.sql")),
    (10, "expiry", include_str!("../migrations/0010_expiry.sql")),
    (11, "closed sites", include_str!("../migrations/0011_closed_sites.sql")),
    (12, "tallies", include_str!("../migrations/0012_tallies.sql")),
    (13, "customer", include_str!("../migrations/0013_customer.sql")),
    (15, "planned anew", include_str!("../migrations/0015_planned_anew.sql")),
    (16, "hastened", include_str!("../migrations/0016_hastened.sql")),
];

/// Why the control store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The SQLite in this program is too old to be trusted with a write-ahead log.
    #[error("SQLite {found} is too old: {}.{}.{} or later is needed", OLDEST_SQLITE.0, OLDEST_SQLITE.1, OLDEST_SQLITE.2)]
    TooOld {
        /// The version found.
        found: String,
    },
    /// The file cannot be created or opened.
    #[error("control store {}: {detail}", path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        detail: String,
    },
    /// The file is there, but its tables cannot be brought up to date, or were made by a later version.
    #[error("control store {}: migration: {detail}", path.display())]
    Migration {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        detail: String,
    },
}

/// The control store in one SQLite file. Cheap to clone: all clones share the connections.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, creates it when it does not exist (readable by its owner alone: it holds password hashes and sealed
    /// keys), and brings its tables up to date.
    ///
    /// # Errors
    /// [`OpenError`]: SQLite too old, file not usable, migration failed.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        refuse_old(&running_version(path).await?)?;
        create_private(path).map_err(|error| unusable(path, &error))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = pool(1)
            .connect_with(options.clone().journal_mode(SqliteJournalMode::Wal))
            .await
            .map_err(|error| unusable(path, &error))?;
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&writer)
            .await
            .map_err(|error| unusable(path, &error))?;
        if mode != "wal" {
            return Err(OpenError::Unusable {
                path: path.to_owned(),
                detail: "this file system cannot hold a write-ahead log".to_owned(),
            });
        }
        migrations().run(&writer).await.map_err(|error| OpenError::Migration {
            path: path.to_owned(),
            detail: error.to_string(),
        })?;
        // Where a statement keeps what it would have to undo: a file of its own for each that changes several rows would cost more than
        // the statement. Not while migrating, which may copy whole tables.
        sqlx::query("PRAGMA temp_store = memory")
            .execute(&writer)
            .await
            .map_err(|error| unusable(path, &error))?;
        let readers = pool(READERS)
            .connect_with(options.pragma("query_only", "1"))
            .await
            .map_err(|error| unusable(path, &error))?;
        Ok(Self { writer, readers })
    }

    /// Closes every connection, which folds the log back into the file. Using the store afterwards is an error.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that will write: it waits for its turn at the start, so that it never has to give up later.
    pub(crate) async fn begin(&self) -> Result<SqliteTransaction<'static>, Fault> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A transaction that reads: all its queries see one state.
    pub(crate) async fn read(&self) -> Result<SqliteTransaction<'static>, Fault> {
        Ok(self.readers.begin().await?)
    }

    /// A connection for one query that reads: it is a transaction of its own, and beginning one would cost as much again.
    pub(crate) async fn one_reading(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        Ok(self.readers.acquire().await?)
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file of this machine does not go away between two uses as a server does.
        .test_before_acquire(false)
}

fn migrations() -> Migrator {
    let migration = |(version, description, text): &(i64, &'static str, &'static str)| {
        Migration::new(
            *version,
            (*description).into(),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// Asked on a database in memory: a file must not be touched by a version that may damage it.
async fn running_version(path: &Path) -> Result<String, OpenError> {
    let asked = async {
        let mut memory = SqliteConnection::connect_with(&SqliteConnectOptions::new().in_memory(true)).await?;
        sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(&mut memory)
            .await
    };
    asked.await.map_err(|error: sqlx::Error| unusable(path, &error))
}

fn refuse_old(version: &str) -> Result<(), OpenError> {
    let mut parts = version.split('.').map_while(|part| part.parse().ok());
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_SQLITE {
        return Err(OpenError::TooOld {
            found: version.to_owned(),
        });
    }
    Ok(())
}

/// SQLite gives its log the permissions of the file, so creating the file is enough.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> OpenError {
    OpenError::Unusable {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_with_the_wal_reset_bug_is_refused() {
        for old in ["3.51.2", "3.50.4", "3.9.99", "2.99.99", "", "x"] {
            assert!(matches!(refuse_old(old), Err(OpenError::TooOld { .. })), "{old}");
        }
        for sound in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(refuse_old(sound).is_ok(), "{sound}");
        }
    }

    #[test]
    fn every_file_of_the_migrations_folder_is_embedded_in_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let texts: Vec<_> = files
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect();
        assert_eq!(
            texts,
            MIGRATIONS
                .iter()
                .map(|(_, _, text)| (*text).to_owned())
                .collect::<Vec<_>>()
        );
    }
    #[tokio::test]
    async fn what_is_committed_is_durable_and_readers_only_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("control.sqlite")).await.unwrap();
        let asked = async |pool: &SqlitePool, pragma: &'static str| {
            sqlx::query_scalar::<_, i64>(pragma).fetch_one(pool).await.unwrap()
        };
        assert_eq!(asked(&store.writer, "PRAGMA synchronous").await, 2, "FULL");
        assert_eq!(asked(&store.writer, "PRAGMA foreign_keys").await, 1);
        let written = sqlx::query("DELETE FROM sessions").execute(&store.readers).await;
        assert!(written.is_err(), "{written:?}");
    }
}

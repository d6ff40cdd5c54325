//! A database in the making: a file of another name beside the target, one transaction, and the target's name only for a
//! finished, synced file. Statements that come from a file are run under a guard that lets nothing but their own kind happen.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags};

use crate::ImportError;

/// The file, which goes away unless it is finished.
pub(super) struct Making {
    // Closed before the file goes away.
    connection: Option<Connection>,
    partial: PathBuf,
    target: PathBuf,
}

/// What a statement of a file may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    Index,
    View,
    Trigger,
}

impl Kind {
    /// Whether a text begins as SQLite writes such a statement into its schema.
    fn begins(self, sql: &str) -> bool {
        let beginnings: &[&str] = match self {
            Self::Table => &["CREATE TABLE "],
            Self::Index => &["CREATE INDEX ", "CREATE UNIQUE INDEX "],
            Self::View => &["CREATE VIEW "],
            Self::Trigger => &["CREATE TRIGGER "],
        };
        beginnings.iter().any(|beginning| sql.starts_with(beginning))
    }
}

impl Making {
    /// Begins. `encoding` is one of SQLite's names for encodings.
    pub(super) fn begin(target: &Path, encoding: &str) -> Result<Self, ImportError> {
        if target.symlink_metadata().is_ok() {
            return Err(ImportError::TargetExists(target.display().to_string()));
        }
        let mut name = target.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        // Claims the name: whoever else makes the same database now is refused.
        let claimed = File::options().write(true).create_new(true).open(&partial);
        claimed.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => ImportError::TargetExists(partial.display().to_string()),
            _ => ImportError::Target(error.to_string()),
        })?;
        let mut making = Self {
            connection: None,
            partial,
            target: target.to_owned(),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&making.partial, flags)?;
        // What is called in the schema of a file must be harmless by SQLite's own list; nothing may write to the schema.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        let encoding = match encoding {
            "UTF-16le" | "UTF-16be" => encoding,
            _ => "UTF-8",
        };
        // A failed import leaves no file, so its journal need not outlive it; only a refused statement must be undone. A
        // finished file is synced once, whole. Rows are as they were: they may break foreign keys and checks, as they did.
        connection.execute_batch(&format!(
            "PRAGMA encoding = '{encoding}'; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; \
             PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA cache_size = -16384; BEGIN;"
        ))?;
        // A table is not given up for an order that only its own program has: its rows matter more than its indexes.
        connection.collation_needed(|connection, name| connection.create_collation(name, str::cmp))?;
        making.connection = Some(connection);
        Ok(making)
    }

    /// The connection, in its transaction.
    pub(super) fn connection(&self) -> Result<&Connection, ImportError> {
        let closed = || ImportError::Target("the database is closed".to_owned());
        self.connection.as_ref().ok_or_else(closed)
    }

    /// Runs a statement from a file. It must be of that kind, and SQLite's authorizer refuses everything that such a statement
    /// does not do: other objects, rows, settings, other databases, virtual tables, queries. Views and triggers are only
    /// stored; nothing fires a trigger here, because all rows are in before the first one is made.
    pub(super) fn run(&self, kind: Kind, sql: &str) -> Result<(), rusqlite::Error> {
        let Some(connection) = self.connection.as_ref().filter(|_| kind.begins(sql)) else {
            return Err(rusqlite::Error::InvalidQuery);
        };
        connection.authorizer(Some(move |context: AuthContext<'_>| allowed(kind, &context.action)))?;
        let outcome = connection
            .prepare(sql)
            .and_then(|mut statement| statement.raw_execute());
        connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
        outcome.map(|_| ())
    }

    /// Orders of texts that the schema needs and SQLite does not know; the order of bytes stands in for them.
    pub(super) fn unknown_collations(&self) -> Result<Vec<String>, ImportError> {
        let sql =
            "SELECT name FROM pragma_collation_list WHERE name NOT IN ('BINARY', 'NOCASE', 'RTRIM') ORDER BY name";
        let mut statement = self.connection()?.prepare(sql)?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Ends the transaction, syncs, and gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), ImportError> {
        let connection = self.connection.take();
        let failed = |error: std::io::Error| ImportError::Target(error.to_string());
        if let Some(connection) = connection {
            connection.execute_batch("COMMIT")?;
            connection.close().map_err(|(_, error)| error)?;
        }
        File::open(&self.partial)
            .and_then(|file| file.sync_all())
            .map_err(failed)?;
        // A name that came into being meanwhile is somebody's.
        if self.target.symlink_metadata().is_ok() {
            return Err(ImportError::TargetExists(self.target.display().to_string()));
        }
        fs::rename(&self.partial, &self.target).map_err(failed)?;
        if let Some(Ok(folder)) = self.target.parent().map(File::open) {
            folder.sync_all().map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        drop(self.connection.take());
        // It has its final name, or nobody wants it.
        drop(fs::remove_file(&self.partial));
    }
}

fn allowed(kind: Kind, action: &AuthAction<'_>) -> Authorization {
    let own = match action {
        AuthAction::CreateTable { .. } => kind == Kind::Table,
        // A unique constraint of a table makes one.
        AuthAction::CreateIndex { .. } => matches!(kind, Kind::Table | Kind::Index),
        AuthAction::CreateView { .. } => kind == Kind::View,
        AuthAction::CreateTrigger { .. } => kind == Kind::Trigger,
        AuthAction::Reindex { .. } => matches!(kind, Kind::Table | Kind::Index),
        // SQLite writes the schema itself, and its table of counters.
        AuthAction::Insert { table_name } | AuthAction::Update { table_name, .. } => {
            matches!(*table_name, "sqlite_master" | "sqlite_sequence")
        }
        AuthAction::Read { .. } => true,
        // In expressions of columns and indexes; those that SQLite does not call harmless it refuses itself.
        AuthAction::Function { function_name } => !function_name.eq_ignore_ascii_case("load_extension"),
        _ => false,
    };
    if own { Authorization::Allow } else { Authorization::Deny }
}

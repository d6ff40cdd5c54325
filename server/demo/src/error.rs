//! What can go wrong while a demonstration database is made or continued. (A broken balance is [`crate::Broken`].)

use std::path::PathBuf;

/// Why nothing, or no more, was entered. Whatever was entered before is complete.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// SQLite refused.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused or is not reachable.
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] sqlx::Error),
    /// The new file could not be put in its place.
    #[error("cannot write {path}: {source}")]
    File {
        /// The database file.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// There is a database already; it is left as it is.
    #[error("{0} exists already")]
    Exists(PathBuf),
    /// The database is not one of this crate's, or a cell of it cannot be read.
    #[error("not a demonstration database: {0}")]
    Foreign(String),
}

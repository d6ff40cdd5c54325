//! Why there is no export or no import. Causes name tables, columns and files, never credentials: an error of a database server
//! is told by its message alone.

use std::io;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// The database cannot be opened or read.
    #[error("the database cannot be read: {0}")]
    Source(String),
    /// A table has more columns than SQL Server allows.
    #[error("table {table} has {columns} columns; 1,024 are allowed")]
    TooManyColumns {
        /// The table.
        table: String,
        /// Its columns.
        columns: usize,
    },
    /// The rows changed between being looked at and being written, though they were read as of one instant.
    #[error("table {table}: a value is not what was seen before: {problem}")]
    Unsteady {
        /// The table.
        table: String,
        /// What does not fit.
        problem: String,
    },
    /// The file cannot be written, or it did not pass its check.
    #[error("the file cannot be made: {0}")]
    File(#[from] bacpac::FileError),
}

impl From<rusqlite::Error> for ExportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Source(error.to_string())
    }
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// Something of that name is there already.
    #[error("there is already a {0}")]
    TargetExists(String),
    /// The package cannot be opened.
    #[error("the file cannot be opened: {0}")]
    Open(io::Error),
    /// The package is not one, or is damaged.
    #[error("the file is refused: {0}")]
    Package(#[from] bacpac::Error),
    /// A column has a type whose values cannot be read.
    #[error("table {table}: column {column} has a type that cannot be imported: {sql_type}")]
    UnsupportedType {
        /// `schema.table`.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        sql_type: String,
    },
    /// The database refuses a row.
    #[error("table {table}, row {row}: {problem}")]
    Row {
        /// The table.
        table: String,
        /// The row, counted from 1.
        row: u64,
        /// Why.
        problem: String,
    },
    /// The database cannot be made.
    #[error("the database cannot be made: {0}")]
    Target(String),
}

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Target(error.to_string())
    }
}

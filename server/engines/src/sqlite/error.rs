//! SQLite's result codes, told by cause.

use control::ports::database_engine::EngineError;
use domain::failure::Cause;
use rusqlite::ErrorCode;

/// The cause of an error on a database file.
pub(crate) fn cause(error: &rusqlite::Error) -> Cause {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            Cause::DatabaseLocked
        }
        Some(ErrorCode::DatabaseCorrupt) => Cause::DatabaseCorrupt,
        Some(ErrorCode::NotADatabase | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            Cause::DatabaseUnreadable
        }
        Some(ErrorCode::DiskFull) => Cause::ScratchFull,
        Some(ErrorCode::OperationInterrupted) => Cause::Interrupted,
        _ => Cause::Unexpected,
    }
}

/// An error while `what` was done. SQLite's messages name tables and codes, never values.
pub(crate) fn failed(what: &str, error: &rusqlite::Error) -> EngineError {
    EngineError::new(cause(error), format_args!("{what}: {error}"))
}

/// Is the file beyond what SQLite can lock? Then nobody can be working on it through SQLite either.
pub(crate) fn is_beyond_use(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}

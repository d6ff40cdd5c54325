//! Why a process failed, in terms that can be told to a person over the telephone.
//!
//! A failure is not a refusal: something that should have worked did not. It is logged once with its whole chain; people
//! see the cause, what was kept, what to do, and the reference.

use serde::{Deserialize, Serialize};

/// The cause of a failed process. Each has its sentence in both languages: what happened, what was kept, what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The disk for copies under way is full.
    ScratchFull,
    /// The disk or bucket of the repository is full.
    StorageFull,
    /// The file or database is not where the operator said.
    DatabaseMissing,
    /// The path leaves the folders that the operator allows.
    PathNotAllowed,
    /// Somebody holds the database locked for longer than we wait.
    DatabaseLocked,
    /// The database's own check finds damage.
    DatabaseCorrupt,
    /// The file is encrypted, or is no database.
    DatabaseUnreadable,
    /// The database server does not answer.
    ServerUnreachable,
    /// The database server refuses the user or password.
    ServerDeniesAccess,
    /// The server's version, or that of its tools, is outside what is supported.
    VersionNotSupported,
    /// A program the engine needs is not installed.
    ToolMissing,
    /// A tool of the engine ended with an error.
    ToolFailed,
    /// The repository is not where it was: a disk that is not mounted, a folder removed.
    RepositoryMissing,
    /// The repository cannot be written.
    RepositoryReadOnly,
    /// The repository does not open with the key Coffre holds.
    RepositoryKeyWrong,
    /// What was stored does not read back as it was written.
    StoredDataDamaged,
    /// The restored copy did not pass its check; it was not put in place.
    CheckFailed,
    /// The uploaded file is no BACPAC, is damaged, or holds more than its limits allow; the process says where.
    FileRefused,
    /// The uploaded file is gone: nobody went on with it for too long.
    FileGone,
    /// The server stopped under the process, more often than it may be resumed.
    Interrupted,
    /// None of the above: the log has the chain, under the reference.
    Unexpected,
}

impl Cause {
    /// Is the database itself gone or ruined? Then it cannot be backed up, and a restore is what mends it.
    #[must_use]
    pub const fn is_beyond_use(self) -> bool {
        matches!(
            self,
            Self::DatabaseMissing | Self::DatabaseCorrupt | Self::DatabaseUnreadable
        )
    }

    /// Every cause: the catalogue and the store are tested over it.
    pub const ALL: [Self; 21] = [
        Self::ScratchFull,
        Self::StorageFull,
        Self::DatabaseMissing,
        Self::PathNotAllowed,
        Self::DatabaseLocked,
        Self::DatabaseCorrupt,
        Self::DatabaseUnreadable,
        Self::ServerUnreachable,
        Self::ServerDeniesAccess,
        Self::VersionNotSupported,
        Self::ToolMissing,
        Self::ToolFailed,
        Self::RepositoryMissing,
        Self::RepositoryReadOnly,
        Self::RepositoryKeyWrong,
        Self::StoredDataDamaged,
        Self::CheckFailed,
        Self::FileRefused,
        Self::FileGone,
        Self::Interrupted,
        Self::Unexpected,
    ];
}

/// What is told of a failed process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The cause.
    pub cause: Cause,
    /// The database it struck, by name, when it struck one.
    pub database: Option<String>,
    /// What to quote on the telephone; the log has the details under it.
    pub reference: String,
}

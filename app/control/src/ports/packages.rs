//! The port to BACPAC files: made of a database that was loaded aside, checked from end to end, and turned into a database.
//!
//! Every method blocks: call them from a thread that may.

use std::path::Path;

use domain::backup::Sha256Hex;
use domain::export_log::{ExportLog, ImportReport};
use domain::failure::Cause;
use domain::time::Timestamp;

use super::database_engine::Address;

/// Why there is no file, or none that is accepted.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The file that somebody brought is no BACPAC, is damaged, or holds more than its limits allow. The text says where; it
    /// may be shown to whoever brought the file.
    #[error("the file is refused: {0}")]
    Refused(String),
    /// Something that should have worked did not.
    #[error("{cause:?}: {detail}")]
    Failed {
        /// The cause people are told.
        cause: Cause,
        /// For the log: what exactly, without secrets.
        detail: String,
    },
}

impl PackageError {
    /// A failure with its cause and, for the log, its detail.
    #[must_use]
    pub fn failed(cause: Cause, detail: impl std::fmt::Display) -> Self {
        Self::Failed {
            cause,
            detail: detail.to_string(),
        }
    }
}

/// Told how much of a step is done, and how much there is when that is known, in whatever the step counts: rows, or bytes.
/// `false` asks to stop, which ends in [`Cause::Interrupted`].
pub type StepFn<'a> = &'a (dyn Fn(u64, Option<u64>) -> bool + Sync);

/// What a made file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFacts {
    /// Name of the database.
    pub database: String,
    /// The instant it holds.
    pub t0: Timestamp,
    /// Equal for every export of one database of one backup, so that the same content gives the same file.
    pub identity: [u8; 16],
}

/// A finished file.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// Length, bytes.
    pub bytes: u64,
    /// Hash of the whole file.
    pub sha256: Sha256Hex,
    /// What could not be carried, and what was changed.
    pub log: ExportLog,
}

/// What an accepted file says and becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// When its export began, if the file says so.
    pub made_at: Option<Timestamp>,
    /// Its tables, and what could not be carried.
    pub report: ImportReport,
}

/// BACPAC files.
pub trait Packages: Send + Sync {
    /// Makes the file at `target` of the database at `from`: written, synced, read back by the strict reader, and only then
    /// called `target`.
    ///
    /// # Errors
    /// [`PackageError::Failed`].
    fn export(
        &self,
        from: &Address,
        target: &Path,
        facts: &PackageFacts,
        progress: StepFn<'_>,
    ) -> Result<Made, PackageError>;

    /// Reads a file from end to end with the strict reader. What it may inflate to is bounded by its length, and so is the time
    /// this takes; memory is bounded whatever the file says. Nothing of it is run.
    ///
    /// # Errors
    /// [`PackageError::Refused`]; [`PackageError::Failed`] when it cannot be read at all.
    fn check(&self, file: &Path, progress: StepFn<'_>) -> Result<(), PackageError>;

    /// Turns a file into the database at `to`, which must be empty.
    ///
    /// # Errors
    /// As [`Self::check`]; then nothing is left at `to` that counts.
    fn import(&self, file: &Path, to: &Address, progress: StepFn<'_>) -> Result<Taken, PackageError>;
}

//! BACPAC files beside a backup: made on demand and kept for a while, or uploaded to become a backup.

use serde::{Deserialize, Serialize};

use crate::backup::Sha256Hex;
use crate::expiry::ExpiryLog;
use crate::export_log::{ExportLog, ImportReport};
use crate::ids::{BackupId, DatabaseId, ProcessId, SiteId, UploadId};
use crate::time::Timestamp;

/// A made BACPAC, kept beside its backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The backup it was made of.
    pub backup: BackupId,
    /// The database of it.
    pub database: DatabaseId,
    /// The process that made it; it tells the log.
    pub process: ProcessId,
    /// Length, bytes.
    pub bytes: u64,
    /// Hash of the whole file.
    pub sha256: Sha256Hex,
    /// When it was complete.
    pub made_at: Timestamp,
    /// It is removed after this instant, and can be made again.
    pub keep_until: Timestamp,
}

/// A file being uploaded, or uploaded and not used yet. How much of it is there is the file's own length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// The site it is for.
    pub site: SiteId,
    /// The database it is for.
    pub database: DatabaseId,
    /// Its name on the computer it comes from.
    pub file_name: String,
    /// Its whole length, bytes.
    pub bytes: u64,
    /// Shown name of who uploads it.
    pub by: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// When something of it arrived last.
    pub touched_at: Timestamp,
}

/// What a process has to tell beyond its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// What an export could not carry, and what it changed.
    Exported(Box<ExportLog>),
    /// What an uploaded file holds, and what of it could not be carried.
    Imported(Box<ImportReport>),
    /// Why an uploaded file was refused: where and what, in the words of the format.
    Refused(String),
    /// Which backups an expiry removed, and what became of their space.
    Expired(ExpiryLog),
}

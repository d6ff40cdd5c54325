//! The port to the shelf: where made BACPAC files lie beside their backups, and uploaded ones until they are used.
//!
//! It holds files by name and knows nothing of rights or rows; a file without a row is swept.

use std::io;
use std::path::PathBuf;

use domain::ids::{BackupId, DatabaseId, ProcessId, UploadId};

/// A place on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// The BACPAC of one database of a backup, as one process made it: one made again never lies under the row of the earlier.
    Export(BackupId, DatabaseId, ProcessId),
    /// An uploaded file.
    Upload(UploadId),
}

/// A private folder on a local disk.
pub trait Shelf: Send + Sync {
    /// The path of a place, whether or not there is a file. Its folder exists.
    fn path(&self, place: &Place) -> PathBuf;

    /// Every file there is, with its place; strangers are left out.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn places(&self) -> io::Result<Vec<Place>>;

    /// Removes a file; removing none is fine. Whoever has it open goes on reading.
    ///
    /// # Errors
    /// The folder cannot be written.
    fn remove(&self, place: &Place) -> io::Result<()>;

    /// Bytes left on the disk.
    ///
    /// # Errors
    /// The disk cannot be asked.
    fn room(&self) -> io::Result<u64>;
}

//! What both engines ask of a file system: room before a copy, durable names, and errors told by cause.
//!
//! Nothing here opens a live database file: closing a second descriptor of it would drop SQLite's locks on it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use control::ports::database_engine::EngineError;
use domain::failure::Cause;
use domain::limits::SCRATCH_HEADROOM_PERCENT;

/// Tells an I/O error: a full disk or an exhausted quota has its own cause.
pub(crate) fn failed(what: &str, path: &Path, error: &io::Error) -> EngineError {
    let cause = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Cause::ScratchFull,
        _ => Cause::Unexpected,
    };
    EngineError::new(cause, format_args!("{what} {}: {error}", path.display()))
}

/// Refuses before a long copy what would only fail at its end: `folder` must have room for `bytes` and the headroom of
/// [`SCRATCH_HEADROOM_PERCENT`].
///
/// # Errors
/// [`Cause::ScratchFull`] with both numbers.
pub(crate) fn require_room(folder: &Path, bytes: u64) -> Result<(), EngineError> {
    let found = rustix::fs::statvfs(folder).map_err(|error| failed("cannot measure", folder, &error.into()))?;
    require(folder, bytes, found.f_bavail.saturating_mul(found.f_frsize))
}

fn require(folder: &Path, bytes: u64, free: u64) -> Result<(), EngineError> {
    let wanted = u128::from(bytes) * u128::from(SCRATCH_HEADROOM_PERCENT) / 100;
    if u128::from(free) >= wanted {
        return Ok(());
    }
    let detail = format_args!("{} has {free} bytes free, {wanted} are wanted", folder.display()).to_string();
    Err(EngineError::new(Cause::ScratchFull, detail))
}

/// A new file that only this account reads; an existing one, or a link put there, is an error.
pub(crate) fn create_private(path: &Path) -> Result<File, EngineError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| failed("cannot create", path, &error))
}

/// Makes the names in a folder durable: a rename that was not followed by this may be gone after a power cut.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), EngineError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| failed("cannot make durable", folder, &error))
}

/// Removes a file; one that is not there is removed already.
pub(crate) fn remove_file(path: &Path) -> Result<(), EngineError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("cannot remove", path, &error)),
        _ => Ok(()),
    }
}

/// Removes files when dropped. A failure is logged: there is nobody to tell at that point, and `settle` tries again.
#[derive(Debug)]
pub(crate) struct RemovedOnDrop(pub(crate) Vec<PathBuf>);

impl Drop for RemovedOnDrop {
    fn drop(&mut self) {
        for path in &self.0 {
            if let Err(error) = remove_file(path) {
                tracing::warn!(%error, "a temporary file stays behind");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_refused_unless_its_size_and_the_headroom_fit() {
        let folder = Path::new("/somewhere");
        assert!(require(folder, 100, 110).is_ok());
        assert_eq!(require(folder, 100, 109).unwrap_err().cause, Cause::ScratchFull);
        assert_eq!(
            require(folder, u64::MAX, u64::MAX).unwrap_err().cause,
            Cause::ScratchFull
        );
        assert!(require_room(&std::env::temp_dir(), 1).is_ok());
    }

    #[test]
    fn a_full_disk_is_told_as_such() {
        let error = failed(
            "cannot write",
            Path::new("x"),
            &io::Error::from(io::ErrorKind::StorageFull),
        );
        assert_eq!(error.cause, Cause::ScratchFull);
    }
}

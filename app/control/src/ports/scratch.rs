//! The port to room for copies under way: private folders on a local disk, gone when they are let go of.

use std::path::Path;

use domain::failure::Cause;

/// Gives out private folders.
pub trait Scratch: Send + Sync {
    /// An empty folder that only this server's user can read. Whatever an earlier holder of the name left is removed.
    ///
    /// # Errors
    /// The cause and, for the log, the detail: no space, not writable.
    fn folder(&self, name: &str) -> Result<Box<dyn ScratchFolder>, (Cause, String)>;
}

/// A folder given out; dropping it removes it with all it holds.
pub trait ScratchFolder: Send + Sync {
    /// Where it is.
    fn path(&self) -> &Path;
}

//! Letting snapshots go.
//!
//! Forgetting removes the snapshot file and nothing else: content may belong to other snapshots. Freeing the space is
//! a separate step (`prune/`) that needs the repository for itself. *What* to forget is the caller's policy; marks that
//! other programs put into snapshots ("delete never") are not consulted.

use crate::{error::Error, repository::Repository, snapshot::SnapshotId};

impl Repository {
    /// Removes a snapshot. It no longer exists afterwards, also if it did not before. After a power cut it may exist
    /// again on a local disk: compare with your own records.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::ReadOnly`] or another failure of the store.
    pub fn forget(&self, id: SnapshotId) -> Result<(), Error> {
        let ids = [id.id().into()];
        self.inner
            .format
            .delete_snapshots(&ids)
            .map_err(|error| Error::format("forgetting a snapshot", &error))
    }
}

//! What can go wrong, in the words of someone who runs backups.
//!
//! Every failure of the store or of the format ends in one variant here, so that a caller can choose a sentence for
//! a person from the variant alone. Messages never contain keys, passwords or stored data.

use std::{error::Error as StdError, io};

use crate::snapshot::SnapshotId;

type Source = Box<dyn StdError + Send + Sync>;

/// Why an operation on a repository did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A repository was expected and there is none: a disk that is not mounted, a wrong path, a lost bucket.
    #[error("no repository at {0}: is the storage mounted?")]
    Missing(String),
    /// Something stored is gone or is not what was written. Nothing read from it was handed out.
    #[error("the repository is damaged: {0}")]
    Damaged(String),
    /// The key does not open this repository.
    #[error("the key does not open this repository")]
    WrongKey,
    /// The bytes given as a key are not one.
    #[error("this is not a repository key")]
    InvalidKey,
    /// The store refuses writes: read-only file system, or missing permission.
    #[error("the storage is read-only")]
    ReadOnly,
    /// The store has no space left, or the quota of its owner is used up.
    #[error("the storage is full")]
    StorageFull,
    /// The [`Fence`](crate::Fence) of this handle is closed: its owner lost the right to write.
    #[error("writing was fenced off")]
    Fenced,
    /// A snapshot was about to be written outside of a commit. It was refused.
    #[error("a snapshot may only be written by a commit")]
    GateClosed,
    /// A stored file cannot have this path.
    #[error("{path:?} cannot be stored: {why}")]
    InvalidPath {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// This is no chunking that a repository can use.
    #[error("{0:?} is not a chunking")]
    InvalidChunking(String),
    /// The stream did not have the promised length.
    #[error("{path:?} should have {expected} bytes, the stream had {read}{}", if *read > *expected { " or more" } else { "" })]
    SizeMismatch {
        /// The stored file's path.
        path: String,
        /// Bytes promised.
        expected: u64,
        /// Bytes read when the difference was seen.
        read: u64,
    },
    /// The stream to store failed.
    #[error("reading the content of {path:?} failed")]
    Reader {
        /// The stored file's path.
        path: String,
        /// The stream's own error.
        source: io::Error,
    },
    /// A stream of this writer failed earlier: what it holds is not complete and cannot be committed.
    #[error("a stream of this backup failed: it cannot be committed")]
    Incomplete,
    /// The last check before the snapshot refused the commit.
    #[error("the commit was refused")]
    Refused(#[source] Source),
    /// No snapshot has this id.
    #[error("no snapshot {0}")]
    UnknownSnapshot(SnapshotId),
    /// The snapshot holds no file of this path.
    #[error("no stored file {0:?}")]
    UnknownFile(String),
    /// Handing stored content to its receiver failed.
    #[error("writing the content out failed")]
    Sink(#[source] io::Error),
    /// Any other failure of the store.
    #[error("{what} failed")]
    Storage {
        /// What was being done.
        what: String,
        /// The store's own error.
        source: Source,
    },
}

impl Error {
    /// A failed read of the store.
    pub(crate) fn reading(what: impl Into<String>, source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Storage {
            what: what.into(),
            source: Box::new(source),
        }
    }

    /// A failed write to the store: full and read-only are recognised wherever the cause hides.
    pub(crate) fn writing(what: impl Into<String>, source: impl StdError + Send + Sync + 'static) -> Self {
        let denied = matches!(
            (&source as &dyn StdError).downcast_ref(),
            Some(object_store::Error::PermissionDenied { .. })
        );
        match io_kind(&source) {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => Self::StorageFull,
            Some(io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied) => Self::ReadOnly,
            _ if denied => Self::ReadOnly,
            _ => Self::Storage {
                what: what.into(),
                source: Box::new(source),
            },
        }
    }

    /// An error of the format library: ours if it only carries one of ours, else its text.
    pub(crate) fn format(what: impl Into<String>, error: &rustic_core::RusticError) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = error.source();
        while let Some(found) = cause {
            match found.downcast_ref::<Self>() {
                Some(Self::Fenced) => return Self::Fenced,
                Some(Self::GateClosed) => return Self::GateClosed,
                Some(Self::ReadOnly) => return Self::ReadOnly,
                Some(Self::StorageFull) => return Self::StorageFull,
                Some(Self::Missing(at)) => return Self::Missing(at.clone()),
                Some(Self::Damaged(why)) => return Self::Damaged(why.clone()),
                _ => cause = found.source(),
            }
        }
        Self::Storage {
            what: what.into(),
            source: error.display_log().into(),
        }
    }
}

/// The kind of the first I/O error in the chain that says something.
fn io_kind(error: &(dyn StdError + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(found) = cause {
        if let Some(io) = found.downcast_ref::<io::Error>()
            && io.kind() != io::ErrorKind::Other
        {
            return Some(io.kind());
        }
        // An io::Error made from another error hides it from `source()` when that error has no source itself.
        cause = found.source().or_else(|| {
            let inner = found.downcast_ref::<io::Error>()?.get_ref()?;
            Some(inner as &(dyn StdError + 'static))
        });
    }
    None
}

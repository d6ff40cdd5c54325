//! Backups in restic's repository format (version 2), on any object store.
//!
//! What it is: a [`Repository`] holds encrypted, deduplicated content; a [`Writer`] stores streams and
//! [commits](Writer::commit) them as one snapshot; a [`StoredFileReader`] gives them back. The standard `restic` program
//! lists, checks and restores what is written here (`FORMAT.md`).
//!
//! Why its own writer: a backup whose stream failed must never become visible, every stored file must carry its exact
//! length and SHA-256, and a writer that lost its right must be stoppable from outside ([`Fence`]).
//!
//! What it does not do: decide what to back up or to forget, seal keys at rest, lock between machines, read a clock.
//! Everything blocks; nothing may be called on an async thread.

mod backend;
mod chunk;
mod commit;
mod error;
mod expire;
mod index;
mod keys;
mod location;
mod pack;
mod prune;
mod reader;
mod repository;
mod seal;
mod snapshot;
mod tree;
mod verify;
mod writer;

pub use backend::Fence;
pub use chunk::{Chunking, Form};
pub use commit::{Committed, MANIFEST};
pub use error::Error;
pub use keys::RepositoryKey;
pub use location::{Expectation, Location};
pub use prune::{Alone, Pruned};
pub use reader::StoredFileReader;
pub use repository::{FileEntry, Repository};
pub use snapshot::{Snapshot, SnapshotFacts, SnapshotId};
pub use verify::CheckReport;
pub use writer::{StoredFile, Writer};

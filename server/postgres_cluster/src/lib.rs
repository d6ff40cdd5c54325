//! A private PostgreSQL server: one data directory, one Unix socket, no TCP port, and an end that cannot be forgotten.
//!
//! The demonstration keeps a site on such a server, and tests start a fresh one each. It finds the server programs
//! ([`Availability::find`]), never runs them as root, asks for a password (so that a wrong one can be tried), and
//! ends with the process that started it, even when that process aborts or is killed.
//!
//! It knows nothing of what is stored in it, opens no connection itself, and is not for production: a site's own
//! PostgreSQL server is somebody else's to run.

mod cluster;
mod directory;
mod error;
mod leftover;
mod programs;

pub use cluster::{ClusterOptions, PrivateCluster};
pub use error::ClusterError;
pub use programs::{Availability, NotFound, Programs, Version};

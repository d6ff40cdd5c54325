//! What can go wrong between "start a cluster" and "it answers". No variant ever carries the password.

use std::io;
use std::path::{Path, PathBuf};

use crate::programs::{NotFound, Version};

/// Why a private cluster did not start or did not stop.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No server program on this machine.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The data directory was written by another major version, and no server program of that version is installed.
    #[error("{directory} holds a PostgreSQL {found} cluster, but the server program found is {programs}")]
    OtherVersion {
        /// The cluster's directory.
        directory: PathBuf,
        /// The major version written in the data directory.
        found: String,
        /// The version of the programs at hand.
        programs: Version,
    },
    /// Another living process holds this cluster.
    #[error("{directory} is in use by another process")]
    InUse {
        /// The cluster's directory.
        directory: PathBuf,
    },
    /// Started as root: the unprivileged account that runs the server cannot walk down to the directory.
    #[error(
        "PostgreSQL refuses to run as root, and the unprivileged account that runs it instead (uid {uid}) may not enter \
         {closed}; choose a directory that every account may walk through"
    )]
    Unreachable {
        /// The account that would run the server.
        uid: u32,
        /// The first directory on the way that is closed to it.
        closed: PathBuf,
    },
    /// No temporary directory is short enough to hold a Unix socket (107 bytes on Linux).
    #[error("no temporary directory has a path short enough for a Unix socket; set TMPDIR to a shorter one")]
    SocketPathTooLong,
    /// `initdb` or `postgres` gave up; `log` is the end of what it wrote.
    #[error("the private PostgreSQL cluster did not start ({stage}): {log}")]
    DidNotStart {
        /// `initdb`, `postgres`, or `timeout`.
        stage: String,
        /// The last lines of the server's log.
        log: String,
    },
    /// The operating system refused something.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// A verb: `create`, `read`, `write`, …
        action: &'static str,
        /// What it was about.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
}

impl ClusterError {
    /// For `map_err`: names the action and the path an I/O error belongs to.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

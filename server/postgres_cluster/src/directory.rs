//! Who owns the cluster's files, and whether that account can reach them.
//!
//! PostgreSQL refuses to run as root, so root hands the files to an unprivileged account and runs the server as it.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::error::ClusterError;

/// `nobody` and `nogroup` on every Linux distribution.
const NOBODY: u32 = 65534;
/// `sun_path` holds 108 bytes on Linux and 104 on macOS, the closing zero included.
const SOCKET_PATH_LIMIT: usize = 103;
/// PostgreSQL names the socket `.s.PGSQL.5432` and writes a lock file with 5 bytes more beside it.
const SOCKET_NAME: usize = "/.s.PGSQL.5432.lock".len();

/// The account the server runs as; `None` means "as we are".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account(pub(crate) Option<u32>);

impl Account {
    /// Root continues an existing cluster as the account that owns it.
    pub(crate) fn for_data(data: &Path) -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self(None);
        }
        let owner = fs::metadata(data).map(|metadata| metadata.uid()).unwrap_or(0);
        Self(Some(if owner == 0 { NOBODY } else { owner }))
    }

    /// Gives `path` to the account.
    pub(crate) fn adopt(self, path: &Path) -> Result<(), ClusterError> {
        match self.0 {
            Some(uid) => chown(path, Some(uid), Some(uid)).map_err(ClusterError::io("change the owner of", path)),
            None => Ok(()),
        }
    }

    /// Creates `path` and its parents; `path` itself is open to the account alone.
    pub(crate) fn private_directory(self, path: &Path) -> Result<(), ClusterError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(path)
            .map_err(ClusterError::io("create", path))?;
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(ClusterError::io("close", path))?;
        self.adopt(path)
    }

    /// Writes a secret that only the account can read.
    pub(crate) fn secret_file(self, path: &Path, content: &str) -> Result<(), ClusterError> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .map_err(ClusterError::io("create", path))?;
        file.write_all(content.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(ClusterError::io("write", path))?;
        self.adopt(path)
    }

    /// # Errors
    /// [`ClusterError::Unreachable`] if some directory above `path` is closed to the account (`/root` as a rule is).
    pub(crate) fn can_reach(self, path: &Path) -> Result<(), ClusterError> {
        let Some(uid) = self.0 else {
            return Ok(());
        };
        let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.reverse();
        for directory in above {
            let metadata = fs::metadata(directory).map_err(ClusterError::io("read", directory))?;
            let needed = match (metadata.uid() == uid, metadata.gid() == uid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            if metadata.mode() & needed == 0 {
                return Err(ClusterError::Unreachable {
                    uid,
                    closed: directory.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Held by the process that owns the cluster; the kernel lets go of it however that process ends.
pub(crate) fn lock(directory: &Path) -> Result<File, ClusterError> {
    let path = directory.join("cluster.lock");
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(ClusterError::io("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClusterError::InUse {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(ClusterError::io("lock", &path)(source)),
    }
}

/// `wanted` if a socket fits into it, else a new short directory under the temporary one. The flag says "remove it".
pub(crate) fn socket_directory(wanted: &Path, account: Account) -> Result<(PathBuf, bool), ClusterError> {
    let fits = |path: &Path| path.as_os_str().len() + SOCKET_NAME <= SOCKET_PATH_LIMIT;
    if fits(wanted) {
        account.private_directory(wanted)?;
        return Ok((wanted.to_owned(), false));
    }
    let base = [std::env::temp_dir(), PathBuf::from("/tmp")]
        .into_iter()
        .find(|base| fits(&base.join("coffre-pg-XXXXXX")))
        .ok_or(ClusterError::SocketPathTooLong)?;
    let directory = temporary(&base)?;
    account.private_directory(&directory)?;
    Ok((directory, true))
}

/// A new directory under `base` that stays until it is removed by name.
pub(crate) fn temporary(base: &Path) -> Result<PathBuf, ClusterError> {
    tempfile::Builder::new()
        .prefix("coffre-pg-")
        .tempdir_in(base)
        .map(tempfile::TempDir::keep)
        .map_err(ClusterError::io("create a directory in", base))
}

//! Room for copies under way: folders below one directory of this server's own.

use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use control::ports::scratch::{Scratch, ScratchFolder};
use domain::failure::Cause;

/// Gives out folders below a directory.
#[derive(Debug)]
pub struct ScratchFolders {
    root: PathBuf,
    _lock: File,
}

impl ScratchFolders {
    /// Below `root`, which is emptied: whatever lies there belongs to a server that is gone, which `lock` proves. The
    /// lock is held as long as folders are given out.
    ///
    /// # Errors
    /// The directory cannot be made or emptied.
    pub fn emptied(root: &Path, lock: File) -> io::Result<Self> {
        remove(root)?;
        create(root)?;
        Ok(Self {
            root: root.to_owned(),
            _lock: lock,
        })
    }
}

impl Scratch for ScratchFolders {
    fn folder(&self, name: &str) -> Result<Box<dyn ScratchFolder>, (Cause, String)> {
        let path = self.root.join(name);
        let made = remove(&path).and_then(|()| create(&path));
        made.map_err(|error| {
            let cause = match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Cause::ScratchFull,
                _ => Cause::Unexpected,
            };
            (cause, format!("{}: {error}", path.display()))
        })?;
        Ok(Box::new(Folder(path)))
    }
}

struct Folder(PathBuf);

impl ScratchFolder for Folder {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a scratch folder stays behind until the next start");
        }
    }
}

fn create(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

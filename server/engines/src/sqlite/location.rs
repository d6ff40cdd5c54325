//! Where a SQLite database lies: which paths the operator allows, and the names of what a restore leaves beside it.
//!
//! Everything works on the resolved path: a symbolic link to a database stays a link, and its target is exchanged.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use control::ports::database_engine::{Address, DatabaseSource, EngineError};
use domain::failure::Cause;
use sha2::{Digest, Sha256};

use crate::disk;

/// Longest own part of a file name kept in the names beside it, bytes: the tag, the endings and SQLite's `-journal` must
/// still fit into the 255 bytes of a name.
const NAME_KEPT_BYTES: usize = 160;

/// The files SQLite keeps beside a database.
pub(crate) const SIDE_ENDINGS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A database file, resolved and allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    path: PathBuf,
    folder: PathBuf,
    name: OsString,
}

impl Location {
    /// Resolves the address of a database that must exist.
    ///
    /// # Errors
    /// `PathNotAllowed`, `DatabaseMissing`, `DatabaseUnreadable` when it is no regular file.
    pub(crate) fn existing(source: &DatabaseSource, roots: &[PathBuf]) -> Result<Self, EngineError> {
        let location = Self::expected(source, roots)?;
        match std::fs::metadata(&location.path) {
            Ok(found) if found.is_file() => Ok(location),
            Ok(_) => Err(EngineError::new(
                Cause::DatabaseUnreadable,
                format_args!("{} is not a regular file", location.path.display()),
            )),
            Err(_) => Err(EngineError::new(
                Cause::DatabaseMissing,
                format_args!("{} does not exist", location.path.display()),
            )),
        }
    }

    /// Resolves the address of a database whose file may be gone: a restore brings it back.
    ///
    /// # Errors
    /// `PathNotAllowed`; `DatabaseMissing` when not even its folder exists, or it is a link that leads nowhere.
    pub(crate) fn expected(source: &DatabaseSource, roots: &[PathBuf]) -> Result<Self, EngineError> {
        let Address::Sqlite { path } = &source.address else {
            let detail = format_args!("{:?} is no SQLite file", source.address).to_string();
            return Err(EngineError::new(Cause::Unexpected, detail));
        };
        let resolved = match path.canonicalize() {
            Ok(resolved) => resolved,
            Err(error) if error.kind() == io::ErrorKind::NotFound => resolve_absent(path, roots)?,
            Err(error) => {
                let cause = match error.kind() {
                    io::ErrorKind::PermissionDenied => Cause::DatabaseUnreadable,
                    io::ErrorKind::NotADirectory => Cause::DatabaseMissing,
                    _ => Cause::Unexpected,
                };
                return Err(EngineError::new(cause, format_args!("{}: {error}", path.display())));
            }
        };
        require_allowed(&resolved, roots)?;
        match (resolved.parent(), resolved.file_name()) {
            (Some(folder), Some(name)) => Ok(Self {
                folder: folder.to_owned(),
                name: name.to_owned(),
                path: resolved.clone(),
            }),
            _ => Err(not_allowed(&resolved)),
        }
    }

    /// The live file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder it lies in; what a restore writes lies there too, so that exchanging is a rename.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names a restore with this tag uses beside the live file.
    ///
    /// # Errors
    /// `Unexpected` when the tag could leave the folder: a process id never does.
    pub(crate) fn beside(&self, tag: &str) -> Result<Beside, EngineError> {
        let sound = !tag.is_empty()
            && tag.len() <= domain::limits::ID_MAX_LEN
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !sound {
            return Err(EngineError::new(
                Cause::Unexpected,
                format_args!("{tag:?} cannot be a tag"),
            ));
        }
        let name = if self.name.len() <= NAME_KEPT_BYTES {
            self.name.clone()
        } else {
            let hash = Sha256::digest(self.name.as_bytes());
            OsString::from(hash[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        };
        let file = |ending: &str| {
            let mut full = OsString::from(".");
            full.push(&name);
            full.push(format!(".coffre-{tag}.{ending}"));
            self.folder.join(full)
        };
        Ok(Beside {
            new: file("new"),
            old: file("old"),
            absent: file("absent"),
        })
    }
}

/// What a restore leaves beside the live file until it is settled.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    /// The loaded copy.
    pub(crate) new: PathBuf,
    /// The old data, set aside.
    pub(crate) old: PathBuf,
    /// Says that there was no live file: rolling back removes the new one.
    pub(crate) absent: PathBuf,
}

/// A file's side file: `NAME-wal` beside `NAME`.
pub(crate) fn side_file(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(OsStr::new(ending));
    PathBuf::from(name)
}

/// Removes the side files of a database that nobody has open.
pub(crate) fn remove_side_files(path: &Path) -> Result<(), EngineError> {
    SIDE_ENDINGS
        .iter()
        .try_for_each(|ending| disk::remove_file(&side_file(path, ending)))
}

/// The place of a file that is not there, so that "missing" is not told of places that are not allowed.
fn resolve_absent(path: &Path, roots: &[PathBuf]) -> Result<PathBuf, EngineError> {
    let missing = || {
        EngineError::new(
            Cause::DatabaseMissing,
            format_args!("{} does not exist", path.display()),
        )
    };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(not_allowed(path));
    };
    let folder = folder.canonicalize().map_err(|_| {
        let inside = roots.iter().any(|root| path.starts_with(root));
        if inside { missing() } else { not_allowed(path) }
    })?;
    let resolved = folder.join(name);
    require_allowed(&resolved, roots)?;
    if resolved.is_symlink() {
        Err(missing())
    } else {
        Ok(resolved)
    }
}

fn require_allowed(resolved: &Path, roots: &[PathBuf]) -> Result<(), EngineError> {
    let inside = roots
        .iter()
        .filter_map(|root| root.canonicalize().ok())
        .any(|root| resolved.starts_with(&root) && resolved != root);
    if inside { Ok(()) } else { Err(not_allowed(resolved)) }
}

fn not_allowed(path: &Path) -> EngineError {
    EngineError::new(
        Cause::PathNotAllowed,
        format_args!("{} is below no allowed folder", path.display()),
    )
}

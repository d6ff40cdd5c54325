//! Where a repository is stored.
//!
//! A local directory, memory (for tests), or any object store the caller configured. Opening a location decides one
//! question only: is the place itself there? What lies in it is `open.rs`' business.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use object_store::{ObjectStore, local::LocalFileSystem, memory::InMemory};

use crate::{
    backend::{Backend, Fence},
    error::Error,
};

/// Whether a repository should already be there.
///
/// The caller knows (from its own records) and must say so, because an unmounted disk looks exactly like a place
/// where nothing was stored yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// No successful opening was recorded yet: make it if the place is empty.
    New,
    /// It was opened before: an empty or missing place is [`Error::Missing`], and nothing is created.
    Existing,
}

/// A place for one repository. Cheap to clone; touches nothing until a repository is opened there.
#[derive(Clone)]
pub struct Location(Place);

#[derive(Clone)]
enum Place {
    Local(PathBuf),
    Store {
        store: Arc<dyn ObjectStore>,
        prefix: object_store::path::Path,
        name: String,
    },
}

impl Location {
    /// A directory of this machine. A new repository creates the directory itself, but not its parent: a missing
    /// parent is a disk that is not there. Every write is durable (file and directory entry) when it returns.
    #[must_use]
    pub fn local(path: &Path) -> Self {
        Self(Place::Local(path.to_owned()))
    }

    /// Memory, gone with the last clone. For tests.
    #[must_use]
    pub fn memory() -> Self {
        Self::object_store(Arc::new(InMemory::new()), "", "memory")
    }

    /// Below `prefix` in a store that the caller configured; `name` is what messages call it. The store must make
    /// writes durable before it reports success, and must honour conditional creation.
    #[must_use]
    pub fn object_store(store: Arc<dyn ObjectStore>, prefix: &str, name: &str) -> Self {
        Self(Place::Store {
            store,
            prefix: prefix.into(),
            name: name.into(),
        })
    }

    pub(crate) fn connect(&self, expected: Expectation, fence: Fence) -> Result<Backend, Error> {
        match &self.0 {
            Place::Store { store, prefix, name } => Backend::new(store.clone(), prefix.clone(), name.clone(), fence),
            Place::Local(path) => {
                let name = path.display().to_string();
                if expected == Expectation::New {
                    fence.pass()?;
                    create_directory(path).map_err(|error| match error.kind() {
                        io::ErrorKind::NotFound => Error::Missing(name.clone()),
                        _ => Error::writing(format!("creating {name}"), error),
                    })?;
                }
                if !path.is_dir() {
                    return Err(Error::Missing(name));
                }
                let store = LocalFileSystem::new_with_prefix(path)
                    .map_err(|error| Error::reading(format!("opening {name}"), error))?
                    .with_fsync(true);
                Backend::new(Arc::new(store), object_store::path::Path::default(), name, fence)
            }
        }
    }

    /// Removes what a crash left of files that were being written, if untouched for `min_age` before `now_ms`
    /// (milliseconds since 1970). Returns how many. Choose an age longer than any single write takes: an hour is ample.
    ///
    /// # Errors
    /// [`Error::Missing`] if the directory is not there, or the failure to look through it.
    pub fn sweep_staging(&self, now_ms: i64, min_age: Duration) -> Result<usize, Error> {
        let Place::Local(path) = &self.0 else { return Ok(0) };
        if !path.is_dir() {
            return Err(Error::Missing(path.display().to_string()));
        }
        let now = UNIX_EPOCH + Duration::from_millis(now_ms.try_into().unwrap_or(0));
        let mut swept = 0;
        sweep(path, now, min_age, &mut swept).map_err(|error| Error::writing("sweeping abandoned files", error))?;
        Ok(swept)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Local(path) => write!(f, "Location({})", path.display()),
            Place::Store { name, prefix, .. } => write!(f, "Location({name}:{prefix})"),
        }
    }
}

/// Creates the last component, for its owner alone, and makes its entry durable. No error if it is there.
fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        created => created?,
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn sweep(directory: &Path, now: SystemTime, min_age: Duration, swept: &mut usize) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sweep(&entry.path(), now, min_age, swept)?;
        } else if kind.is_file() && is_staging(&entry.file_name().to_string_lossy()) {
            let age = now.duration_since(entry.metadata()?.modified()?).unwrap_or_default();
            if age >= min_age {
                fs::remove_file(entry.path())?;
                *swept += 1;
            }
        }
    }
    Ok(())
}

/// Files being written are called `NAME#1`, `NAME#2`, … beside their final name.
fn is_staging(name: &str) -> bool {
    name.rsplit_once('#')
        .is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

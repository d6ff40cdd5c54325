//! A SQLite database aside from the live one: a file in the scratch folder, where nobody else looks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use control::ports::database_engine::{
    Address, AsideDatabase, EngineError, FrozenDatabase, Measure, ProgressFn, StoredFiles,
};

use super::freeze::{self, FILE_NAME, Frozen};
use super::load::only_file;
use super::location::SIDE_ENDINGS;
use super::location::side_file;
use crate::disk::{self, RemovedOnDrop};
use crate::stored;

/// Its name; the copy of it has another.
const ASIDE_NAME: &str = "aside.sqlite";

/// A file of our own.
pub(crate) struct Aside {
    address: Address,
    path: PathBuf,
    busy_timeout: Duration,
    _removed_on_drop: RemovedOnDrop,
}

impl Aside {
    /// Empty, that is absent, or filled from a stored copy.
    pub(crate) fn new(
        files: Option<&dyn StoredFiles>,
        scratch: &Path,
        busy_timeout: Duration,
        progress: ProgressFn<'_>,
    ) -> Result<Self, EngineError> {
        let path = scratch.join(ASIDE_NAME);
        debug_assert_ne!(ASIDE_NAME, FILE_NAME);
        let mut all = vec![path.clone()];
        all.extend(SIDE_ENDINGS.iter().map(|ending| side_file(&path, ending)));
        for file in &all {
            disk::remove_file(file)?;
        }
        let removed_on_drop = RemovedOnDrop(all);
        if let Some(files) = files {
            let file = only_file(files)?;
            disk::require_room(scratch, file.bytes)?;
            let target = disk::create_private(&path)?;
            stored::write(file, files, &target, &path, progress)?;
        }
        Ok(Self {
            address: Address::Sqlite { path: path.clone() },
            path,
            busy_timeout,
            _removed_on_drop: removed_on_drop,
        })
    }
}

impl AsideDatabase for Aside {
    fn address(&self) -> &Address {
        &self.address
    }

    fn measure(&self) -> Result<Measure, EngineError> {
        let (_, bytes) = freeze::view(&self.path, self.busy_timeout, &|| true)?;
        Ok(Measure {
            bytes,
            version: super::version(),
        })
    }

    fn freeze(&self, scratch: &Path) -> Result<Box<dyn FrozenDatabase>, EngineError> {
        Ok(Box::new(Frozen::at(&self.path, self.busy_timeout, scratch, &|| true)?))
    }
}

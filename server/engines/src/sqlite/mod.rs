//! SQLite files: copied with SQLite's online backup under a held read transaction, restored by exchanging the file.
//!
//! A path comes from the operator's configuration; even so it is followed only below the folders the operator allows.
//! No file is ever created where a database is missing, and no live file is opened past SQLite.

mod aside;
mod check;
mod count;
mod digest;
mod error;
mod exchange;
mod freeze;
mod load;
mod location;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use control::ports::database_engine::{
    AsideDatabase, DatabaseEngine, DatabaseSource, EngineError, FrozenDatabase, GoOnFn, Measure, ProgressFn,
    Settlement, ShadowDatabase, StoredFiles,
};
use domain::site::EngineKind;

use self::aside::Aside;
use self::error::failed;
use self::freeze::Frozen;
use self::load::Shadow;
use self::location::Location;

/// What the operator settles for SQLite.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Folders below which databases may lie, links followed. None: no database is allowed.
    pub allowed_roots: Vec<PathBuf>,
    /// How long a backup waits for a lock held by another program. What exchanges data waits ten seconds at
    /// most.
    pub busy_timeout: Duration,
}

/// The engine for SQLite files.
#[derive(Debug)]
pub struct Sqlite {
    options: SqliteOptions,
}

impl Sqlite {
    /// An engine with these options.
    #[must_use]
    pub const fn new(options: SqliteOptions) -> Self {
        Self { options }
    }

    /// How long an exchange waits until it is alone.
    fn exchange_timeout(&self) -> Duration {
        self.options.busy_timeout.min(exchange::LONGEST_WAIT)
    }

    fn existing(&self, source: &DatabaseSource) -> Result<Location, EngineError> {
        Location::existing(source, &self.options.allowed_roots)
    }

    fn load_shadow(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: &dyn StoredFiles,
        progress: ProgressFn<'_>,
    ) -> Result<Shadow, EngineError> {
        let location = Location::expected(source, &self.options.allowed_roots)?;
        let beside = location.beside(tag)?;
        load::load(location, beside, self.exchange_timeout(), files, progress)
    }
}

fn version() -> String {
    format!("SQLite {}", rusqlite::version())
}

impl DatabaseEngine for Sqlite {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }

    fn measure(&self, source: &DatabaseSource, go_on: GoOnFn<'_>) -> Result<Measure, EngineError> {
        let (_, bytes) = freeze::view(self.existing(source)?.path(), self.options.busy_timeout, go_on)?;
        Ok(Measure {
            bytes,
            version: version(),
        })
    }

    fn freeze(
        &self,
        source: &DatabaseSource,
        scratch: &Path,
        go_on: GoOnFn<'_>,
    ) -> Result<Box<dyn FrozenDatabase>, EngineError> {
        let location = self.existing(source)?;
        Ok(Box::new(Frozen::at(
            location.path(),
            self.options.busy_timeout,
            scratch,
            go_on,
        )?))
    }

    fn load(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: &dyn StoredFiles,
        _scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Box<dyn ShadowDatabase>, EngineError> {
        Ok(Box::new(self.load_shadow(source, tag, files, progress)?))
    }

    fn aside(
        &self,
        _source: &DatabaseSource,
        _tag: &str,
        files: Option<&dyn StoredFiles>,
        scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Box<dyn AsideDatabase>, EngineError> {
        Ok(Box::new(Aside::new(
            files,
            scratch,
            self.options.busy_timeout,
            progress,
        )?))
    }

    /// It lay in a scratch folder, which is gone with its attempt.
    fn clear_aside(&self, _source: &DatabaseSource, _tag: &str) -> Result<(), EngineError> {
        Ok(())
    }

    fn settle(&self, source: &DatabaseSource, tag: &str, settlement: Settlement) -> Result<(), EngineError> {
        let location = Location::expected(source, &self.options.allowed_roots)?;
        let beside = location.beside(tag)?;
        match settlement {
            Settlement::RollBack => exchange::roll_back(&location, &beside, self.exchange_timeout()),
            Settlement::Keep => exchange::keep(&location, &beside),
        }
    }

    fn content_digest(&self, source: &DatabaseSource) -> Result<[u8; 32], EngineError> {
        let location = self.existing(source)?;
        let (connection, _) = freeze::view(location.path(), self.options.busy_timeout, &|| true)?;
        digest::content(&connection).map_err(|error| failed("cannot read the content", &error))
    }
}

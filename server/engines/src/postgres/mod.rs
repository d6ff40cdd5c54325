//! PostgreSQL databases, 13 to 18: dumped by `pg_dump` through an exported snapshot, restored by `pg_restore` into a database
//! beside the live one, exchanged by renaming.
//!
//! Everything a restore leaves on the server carries its tag in its name. Passwords are read when a connection is made, and
//! stand on no command line and in no log. Connections are not encrypted yet: servers beyond this machine need a tunnel.

mod aside;
mod check;
mod count;
mod digest;
mod doctor;
mod error;
mod exchange;
mod freeze;
mod load;
mod names;
mod runner;
mod session;
mod settings;
#[cfg(test)]
mod tests;
mod tools;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use control::ports::database_engine::{
    AsideDatabase, DatabaseEngine, DatabaseSource, EngineError, FrozenDatabase, GoOnFn, Measure, ProgressFn,
    Settlement, ShadowDatabase, StoredFiles,
};
use domain::site::EngineKind;

use self::aside::Aside;
pub use self::doctor::{ToolFinding, tool_report};
use self::error::failed;
use self::freeze::Frozen;
use self::load::Shadow;
use self::names::Names;
use self::runner::Runner;
use self::session::Server;
pub use self::tools::Version;

/// What the operator settles for PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The folder that holds `pg_dump` and `pg_restore`. `None`: `COFFRE_PG_BIN`, then `/usr/lib/postgresql/*/bin`, then `PATH`;
    /// among several, those of the server's own major version.
    pub tools: Option<PathBuf>,
    /// How long a server may take to answer a connection; some seconds.
    pub connect_timeout: Duration,
    /// How long a lock held by another program is waited for; some seconds.
    pub lock_timeout: Duration,
}

/// The engine for databases of PostgreSQL servers. Clones share its thread.
#[derive(Clone)]
pub struct Postgres {
    options: PostgresOptions,
    runner: Arc<Runner>,
}

impl Postgres {
    /// An engine with these options. Starts one thread, which drives its connections.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn new(options: PostgresOptions) -> std::io::Result<Self> {
        Ok(Self {
            options,
            runner: Arc::new(Runner::new()?),
        })
    }

    fn server(&self, source: &DatabaseSource) -> Result<Server, EngineError> {
        Server::of(
            source,
            &self.runner,
            self.options.connect_timeout,
            self.options.lock_timeout,
        )
    }

    /// How `sqlx` reaches a database that an operator declared, with the password read from its file.
    ///
    /// # Errors
    /// The password file cannot be read; the source is no PostgreSQL database.
    pub fn connect_options(&self, source: &DatabaseSource) -> Result<sqlx::postgres::PgConnectOptions, EngineError> {
        Ok(self.server(source)?.connect_options())
    }

    fn tools(&self) -> Vec<tools::Tools> {
        tools::find(self.options.tools.as_deref())
    }

    fn load_shadow(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: &dyn StoredFiles,
        scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Shadow, EngineError> {
        let server = self.server(source)?;
        let names = Names::new(&server.database, tag);
        load::load(server, self.tools(), names, files, scratch, progress)
    }
}

impl DatabaseEngine for Postgres {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }

    fn measure(&self, source: &DatabaseSource, _: GoOnFn<'_>) -> Result<Measure, EngineError> {
        let mut session = self.server(source)?.connect()?;
        let (_, version) = session.version()?;
        let bytes = session
            .number("SELECT pg_database_size(current_database())::text", &[])
            .map_err(|error| failed("cannot measure the database", &error))?;
        Ok(Measure {
            bytes,
            version: format!("PostgreSQL {version}"),
        })
    }

    fn freeze(
        &self,
        source: &DatabaseSource,
        scratch: &Path,
        _: GoOnFn<'_>,
    ) -> Result<Box<dyn FrozenDatabase>, EngineError> {
        let server = self.server(source)?;
        let mut session = server.connect()?;
        let (major, _) = session.version()?;
        let tools = tools::choose(self.tools(), major)?;
        let lock_timeout_ms = self.options.lock_timeout.as_millis();
        Ok(Box::new(Frozen::new(server, tools, session, scratch, lock_timeout_ms)?))
    }

    fn load(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: &dyn StoredFiles,
        scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Box<dyn ShadowDatabase>, EngineError> {
        Ok(Box::new(self.load_shadow(source, tag, files, scratch, progress)?))
    }

    fn aside(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: Option<&dyn StoredFiles>,
        scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Box<dyn AsideDatabase>, EngineError> {
        let shadow = match files {
            Some(files) => self.load_shadow(source, tag, files, scratch, progress)?,
            None => {
                let server = self.server(source)?;
                let names = Names::new(&server.database, tag);
                load::empty(server, names)?
            }
        };
        Ok(Box::new(Aside::new(source, shadow, self.clone())))
    }

    fn clear_aside(&self, source: &DatabaseSource, tag: &str) -> Result<(), EngineError> {
        let server = self.server(source)?;
        let names = Names::new(&server.database, tag);
        exchange::drop_copy(&mut server.connect_for_maintenance()?, &names.new)
    }

    fn settle(&self, source: &DatabaseSource, tag: &str, settlement: Settlement) -> Result<(), EngineError> {
        let server = self.server(source)?;
        let names = Names::new(&server.database, tag);
        let mut session = server.connect_for_maintenance()?;
        match settlement {
            Settlement::RollBack => exchange::roll_back(&mut session, &names),
            Settlement::Keep => exchange::keep(&mut session, &names),
        }
    }

    fn content_digest(&self, source: &DatabaseSource) -> Result<[u8; 32], EngineError> {
        let server = self.server(source)?;
        let (major, _) = server.connect()?.version()?;
        digest::content(&server, &tools::choose(self.tools(), major)?)
    }
}

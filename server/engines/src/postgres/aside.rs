//! A PostgreSQL database aside from the live one, on the same server: what a restore loads, without the exchange.

use std::path::Path;

use control::ports::database_engine::{
    Address, AsideDatabase, DatabaseEngine, DatabaseSource, EngineError, FrozenDatabase, Measure,
};

use super::Postgres;
use super::load::Shadow;

/// A database of our own.
pub(crate) struct Aside {
    /// Its name in failures is the live one's.
    source: DatabaseSource,
    engine: Postgres,
    _removed_on_drop: Shadow,
}

impl Aside {
    /// What was loaded for `source`.
    pub(crate) fn new(source: &DatabaseSource, shadow: Shadow, engine: Postgres) -> Self {
        let mut source = source.clone();
        if let Address::Postgres { database, .. } = &mut source.address {
            shadow.database().clone_into(database);
        }
        Self {
            source,
            engine,
            _removed_on_drop: shadow,
        }
    }
}

impl AsideDatabase for Aside {
    fn address(&self) -> &Address {
        &self.source.address
    }

    fn measure(&self) -> Result<Measure, EngineError> {
        self.engine.measure(&self.source, &|| true)
    }

    fn freeze(&self, scratch: &Path) -> Result<Box<dyn FrozenDatabase>, EngineError> {
        self.engine.freeze(&self.source, scratch, &|| true)
    }
}

//! A hosted site: its databases, its status, and what the rights table must know of it.

use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, DatabaseId, PartnerId, ProcessId, SiteId};
use crate::time::Zone;

/// Whether people may work on the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SiteStatus {
    /// Open.
    Ready,
    /// Closed to traffic while data are put back; committed before the first byte is written (R23).
    Restoring {
        /// The restore that closed it.
        process: ProcessId,
    },
}

impl SiteStatus {
    /// Is the site open?
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }
}

/// Which program holds a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EngineKind {
    /// A SQLite file.
    Sqlite,
    /// A database of a PostgreSQL server, 13 to 18.
    Postgres,
}

impl EngineKind {
    /// The code kept in the control store.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// The engine of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Sqlite, Self::Postgres]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    /// The name its makers give it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// One database of a site. Where it lies and how it is reached is known to the server alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its id.
    pub id: DatabaseId,
    /// Shown name: "Comptabilité".
    pub name: String,
    /// The business product: "Sage 100 Comptabilité" (R1).
    pub product: String,
    /// The program that holds it.
    pub engine: EngineKind,
    /// Its size when last measured, bytes.
    pub bytes: Option<u64>,
}

/// A customer's hosted environment: one or more databases and one status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// What people type to confirm: "DUPONT".
    pub code: String,
    /// Shown name: "Dupont & Fils".
    pub name: String,
    /// Whose it is.
    pub customer: CustomerId,
    /// The customer's name.
    pub customer_name: String,
    /// The customer's reseller, if it has one.
    pub partner: Option<PartnerId>,
    /// The reseller's name.
    pub partner_name: Option<String>,
    /// The first administrator by name: whom a refusal sends people to.
    pub administrator: Option<String>,
    /// May the partner back up and promote?
    pub delegated: bool,
    /// Open or being restored.
    pub status: SiteStatus,
    /// The zone its dates are told in.
    pub zone: Zone,
    /// Manual backups it may keep.
    pub quota: u32,
    /// Its databases, accounting first.
    pub databases: Vec<Database>,
}

impl Site {
    /// One of its databases.
    #[must_use]
    pub fn database(&self, id: &DatabaseId) -> Option<&Database> {
        self.databases.iter().find(|database| database.id == *id)
    }

    /// The sum of its databases' sizes, when all are known, bytes.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.databases.iter().map(|database| database.bytes).sum()
    }
}

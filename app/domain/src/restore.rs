//! What a restore puts back, and the client's demand for one.

use serde::{Deserialize, Serialize};

use crate::ids::DatabaseId;

/// What is put back (R25).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Every database of the site.
    Site,
    /// One database; the others are not touched.
    Database(DatabaseId),
}

impl Scope {
    /// Does the scope cover this database?
    #[must_use]
    pub fn covers(&self, database: &DatabaseId) -> bool {
        match self {
            Self::Site => true,
            Self::Database(one) => one == database,
        }
    }
}

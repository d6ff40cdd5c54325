//! The one error inside this crate: an answer of the port, or a database that does not work. At the border the second
//! becomes [`StoreError::Broken`]; SQLite's messages name tables and columns, never values, so no secret leaves with them.

use control::ports::control_store::StoreError;
use domain::refusal::Refusal;

/// Why a transaction was not committed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The database's own error.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// An answer of the port.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault {
    /// Something is stored, or asked for, that cannot be.
    pub(crate) fn broken(detail: impl Into<String>) -> Self {
        Self::Store(StoreError::Broken(detail.into()))
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Store(StoreError::Refused(refusal))
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => Self::Broken(error.to_string()),
            Fault::Store(answer) => answer,
        }
    }
}

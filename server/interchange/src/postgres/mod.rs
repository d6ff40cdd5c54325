//! PostgreSQL databases to BACPAC and back. Both directions are one transaction: an export reads one instant, an import leaves
//! everything or nothing. It makes and drops no database.

mod catalog;
mod civil;
mod copy_text;
mod declared;
mod describe;
mod export;
mod expression;
mod fill;
mod foreign;
mod foreign_names;
mod import;
mod json;
mod kinds;
mod left_out;
mod literal;
mod look;
mod make_table;
mod questions;
mod row_size;
mod rules;
mod session;
mod source;
mod target_types;
mod tsql;
mod value_in;
mod value_out;

pub use export::export;
pub use import::import;

use crate::error::{ExportError, ImportError};

/// What a server says, without what it was asked: that may hold values.
fn message(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Source(message(&error))
    }
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Target(message(&error))
    }
}

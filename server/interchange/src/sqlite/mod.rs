//! SQLite databases to BACPAC and back.
//!
//! SQLite stores any class of value in any column. A column gets the type of its declaration only when every value comes back
//! through it with its class and its bytes; the rule is recorded in the file, with the texts of the schema, so that an import
//! into SQLite makes the same database again.

mod build;
mod choose;
mod ddl;
mod declared;
mod describe;
mod document;
mod export;
mod facts;
mod foreign;
mod foreign_rules;
mod foreign_schema;
mod foreign_table;
mod form;
mod import;
mod questions;
mod restore;
mod rows_in;
mod schema;

pub use export::export;
pub use import::import;

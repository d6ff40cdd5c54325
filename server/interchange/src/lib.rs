//! Databases to BACPAC and back. The format itself is `bacpac`'s; what is told to people is `domain::export_log`'s.
//!
//! An export plans first: every column gets a type that carries all its values, every name, key and rule is made into what
//! SQL Server takes, and whatever is changed, weakened or left out is written into the log. Then the rows are streamed.
#![doc = include_str!("../README.md")]

pub mod error;
mod forms;
mod options;
mod origin;
pub mod plan;
pub mod postgres;
pub mod sqlite;

pub use error::{ExportError, ImportError};
pub use options::{ExportOptions, PRODUCT, Progress};

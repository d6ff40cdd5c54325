//! The two database engines behind `control::ports::database_engine`: SQLite files and databases of PostgreSQL servers.
//!
//! Each copies consistently while people work, loads a stored copy beside the live database, checks it, and exchanges the
//! two in one step. They know nothing of sites, backups or repositories; what they leave on disk or on a server while a
//! restore is under way carries the restore's tag.

mod disk;
pub mod postgres;
pub mod sqlite;
mod stored;

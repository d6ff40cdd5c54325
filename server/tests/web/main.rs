//! The web over real adapters: SQLite control store, SQLite databases, a repository in a folder. No socket is opened.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod bacpac;
mod cancelling;
mod console;
mod downloads;
mod faults;
mod health;
mod metrics;
mod protection;
mod quota;
mod retention;
mod work;

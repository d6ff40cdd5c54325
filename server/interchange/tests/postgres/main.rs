//! PostgreSQL to BACPAC and back, against a real server. Where no server program exists each test says so on stderr.

#![allow(clippy::unwrap_used, reason = "the steps of a story are test code too")]

mod crossing;
mod exotic;
mod foreign;
mod forged;
mod generated;
mod names;
#[path = "../sqlite/oracle.rs"]
mod oracle;
mod round_trip;
mod server;

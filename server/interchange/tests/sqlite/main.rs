//! SQLite to BACPAC and back: whatever a database holds comes back with its storage class and its bytes, or the log counts it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod dump;
mod foreign;
mod forged;
mod generated;
mod joined;
mod oracle;
mod real;
mod round;
mod samples;

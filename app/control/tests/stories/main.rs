//! What people do, told over in-memory ports with a clock that is moved by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod alerts;
mod anomalies;
mod backups;
mod cancelling;
mod expiry;
mod keeping;
mod nights;
mod packages;
mod restores;
mod resumed;
mod retention;
mod sign_in;
mod world;

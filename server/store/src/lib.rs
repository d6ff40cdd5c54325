//! The control store on SQLite: sites, accounts, sessions, processes, backups, keys and the audit trail in one file.
//!
//! One method of the port is one transaction, and what must hold under two clicks is a constraint of `migrations/` as well
//! as a check here. SQL is written with `$n` so that it also runs on PostgreSQL; only the tables' text and the claim would
//! differ there. This crate decides nothing about who may do what, and never asks what time it is.

mod accounts;
mod alerts;
mod backups;
mod cancelling;
mod claims;
mod control_store;
mod expiry;
mod fault;
mod invariants;
mod judgements;
mod keeping;
mod keys_and_audit;
mod nights;
mod open;
mod packages;
mod policy;
mod processes;
mod readings;
mod rows;
mod sessions;
mod sites;
mod tally;

pub use open::{OpenError, SqliteStore};

//! Where the application meets the outside world: each port has a real adapter in `server/` and an in-memory one in
//! [`crate::testing`], and one contract suite that both pass.
//!
//! Errors of a port never mention an adapter's types: the adapter logs its own chain and answers in these words.

pub mod alert_channel;
pub mod clock;
pub mod control_store;
pub mod database_engine;
pub mod notifier;
pub mod outbox;
pub mod packages;
pub mod password_hasher;
pub mod records;
pub mod repository;
pub mod scratch;
pub mod shelf;
pub mod tally;

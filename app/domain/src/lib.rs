//! The rules and nouns of Coffre, pure: no I/O, no clock, no secrets, no async.
//!
//! This crate is compiled twice, for the server and for the browser, so that a button is greyed by the same function
//! that refuses the forged call behind it, and a date reads the same wherever it is written.
//! It knows nothing of how things are stored, sent or drawn.

pub mod account;
pub mod alert;
pub mod anomaly;
pub mod backup;
pub mod bacpac;
pub mod display;
pub mod expiry;
pub mod export_log;
pub mod failure;
pub mod ids;
pub mod judgement;
pub mod lang;
pub mod limits;
pub mod live;
pub mod names;
pub mod nights;
pub mod overview;
pub mod permission;
pub mod process;
pub mod range;
pub mod refusal;
pub mod restore;
pub mod retention;
pub mod schedule;
pub mod site;
pub mod time;

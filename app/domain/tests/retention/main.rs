//! Retention against the sentences of the fiche, against a second reading of the rule, and against its own preview.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod fiche;
mod history;
mod oracle;
mod preview;
#[path = "../zones/mod.rs"]
mod zones;

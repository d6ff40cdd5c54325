//! The demonstration world: company databases that look real, live, and can always be judged.
//!
//! Two kinds, accounting and payroll, each as an SQLite file or a PostgreSQL database. All content follows from a
//! seed; every business day adds to it ([`sqlite::advance`]), and a [`Writer`] enters single documents meanwhile. Each
//! entry keeps invariants (journals balance to the cent, payslips add up, control totals agree), so that
//! [`sqlite::balance`] tells a whole copy from a torn one.
//!
//! It knows nothing of sites or backups and never reads the machine's clock: dates are passed in. Every company and
//! person in it is invented.

mod accounting;
mod balance;
mod batch;
mod calendar;
mod content;
mod dice;
mod error;
mod payroll;
mod pdf;
pub mod postgres;
mod profile;
pub mod sqlite;
mod writer;

pub use balance::{Balance, Broken};
pub use error::DemoError;
pub use profile::{JournalMode, Kind, Profile};
pub use writer::{Counts, Target, Writer};

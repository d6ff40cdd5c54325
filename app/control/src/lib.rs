//! Use cases over ports: what Coffre does. It does no I/O itself; the adapters of `server/` do, behind [`ports`].
//!
//! Server functions call the concrete [`ControlPlane`]; traits point outward only.

mod accounts;
mod alerts;
mod backups;
mod control_plane;
pub mod downloads;
mod error;
mod expiry;
pub mod exports;
mod feed;
pub mod imports;
mod jobs;
mod judgements;
mod keeping;
mod nights;
pub mod ports;
mod processes;
mod random;
mod readings;
mod restores;
mod retention;
mod schedules;
mod sites;
mod tarball;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod worker;
pub mod zones;

pub use accounts::{NewAccount, NewSession, SignedIn, save_account};
pub use alerts::{Courier, Round};
pub use control_plane::{ControlPlane, Outside};
pub use error::ControlError;
pub use feed::Feed;
pub use nights::Scheduler;
pub use restores::RestoreOrder;

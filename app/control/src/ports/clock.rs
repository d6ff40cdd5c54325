//! The port to the time of day. Nothing else in the project asks what time it is (a lint forbids it), so that nights, leases
//! and retention can be tested on any date.

use domain::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

//! A clock that stands still until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::time::Timestamp;

use crate::ports::clock::Clock;

/// The clock of stories and of the demonstration's history.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this instant.
    #[must_use]
    pub const fn at(instant: Timestamp) -> Self {
        Self(AtomicI64::new(instant.millis()))
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Moves to an instant, earlier or later.
    pub fn set(&self, instant: Timestamp) {
        self.0.store(instant.millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

//! A clock that is moved through the demonstration's past, so that its history is made by the real backup and not by rows.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use control::ports::clock::Clock;
use domain::time::Timestamp;

/// Shows the instant it was last set to, plus the time that has passed since: a backup of the past takes as long as it takes.
#[derive(Debug)]
pub struct MovedClock(Mutex<(Timestamp, Instant)>);

impl MovedClock {
    /// A clock that shows this instant now.
    #[must_use]
    pub fn at(instant: Timestamp) -> Self {
        Self(Mutex::new((instant, Instant::now())))
    }

    /// Moves it.
    pub fn set(&self, instant: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (instant, Instant::now());
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        let (instant, since) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        instant.plus(since.elapsed())
    }
}

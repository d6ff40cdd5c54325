//! Power that can be cut before or after any effect, for stories of a server that is killed.
//!
//! The stores and repositories that share it take no effect any more once it is cut, exactly as if the process that calls
//! them were gone. Restored, they go on with what had taken effect.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It takes place and is answered.
    Answered,
    /// It takes place, and whoever asked for it is gone before the answer.
    Unanswered,
    /// It does not take place.
    None,
}

/// Shared by everything that one kill stops.
#[derive(Debug, Clone)]
pub struct Power(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    left: AtomicI64,
    last: Mutex<Effect>,
}

impl Default for Power {
    fn default() -> Self {
        Self(Arc::new(Inner {
            left: AtomicI64::new(i64::MAX),
            last: Mutex::new(Effect::None),
        }))
    }
}

impl Power {
    /// Cuts it after so many effects. The one that comes then is `last`: [`Effect::Unanswered`] or [`Effect::None`].
    pub fn cut_after(&self, effects: u32, last: Effect) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
        self.0.left.store(effects.into(), Ordering::SeqCst);
    }

    /// Restores it; `true` if it was cut.
    pub fn restore(&self) -> bool {
        self.0.left.swap(i64::MAX, Ordering::SeqCst) < 0
    }

    /// What becomes of the next effect.
    #[must_use]
    pub fn next(&self) -> Effect {
        match self.0.left.fetch_sub(1, Ordering::SeqCst) {
            1.. => Effect::Answered,
            0 => *self.0.last.lock().unwrap_or_else(PoisonError::into_inner),
            _ => Effect::None,
        }
    }
}

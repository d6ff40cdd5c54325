//! Time spent on the core by this thread alone, so that what else the machine does counts on neither side. Where the system does
//! not tell it, the time on the wall stands in. It measures nothing of other threads.
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub struct Clock {
    on_core: bool,
    started: Instant,
}

impl Clock {
    pub fn new() -> Self {
        Self {
            on_core: on_core().is_some(),
            started: Instant::now(),
        }
    }

    /// What the figures are, in words.
    pub fn kind(self) -> &'static str {
        if self.on_core {
            "time of this thread on its core"
        } else {
            "time on the wall"
        }
    }

    pub fn now(self) -> Duration {
        if self.on_core {
            return on_core().unwrap_or_default();
        }
        self.started.elapsed()
    }
}

fn on_core() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

//! Time that this process has spent on all cores, so that neither the disk nor what else the machine does counts.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

pub fn spent() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(spent.tv_sec)) + Duration::from_nanos(part(spent.tv_nsec))
}

/// Runs `work`, adding what it cost to `sum`.
pub async fn charge<T>(sum: &mut Duration, work: impl Future<Output = T>) -> T {
    let before = spent();
    let done = work.await;
    *sum += spent() - before;
    done
}

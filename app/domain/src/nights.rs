//! Which night of a site is to be made next, when, and whether it is late; and the alert for a site without a backup.
//!
//! The caller keeps [`Night::at`] in an index over all sites and asks again only when that moment has come or something of
//! the site has changed (its schedule, its zone, a night queued, completed or failed): a night costs each site a handful
//! of calls, each of constant cost, however many sites there are.
//!
//! **Several missed nights leave one late backup, of the youngest.** A backup holds the state of the moment it is made;
//! three of them after an outage of three days would be the same state under three dates, and would push three real
//! ones out of the history. The older nights stay missed, and [`Night::missed`] says how many.

use serde::{Deserialize, Serialize};

use crate::ids::SiteId;
use crate::limits::{BACKUP_SILENCE, MISSED_NIGHTS_COUNTED, NIGHT_FIRST_RETRY, NIGHT_LONGEST_RETRY};
use crate::schedule::Schedule;
use crate::time::{CivilDate, Timestamp, Zone};

/// What has been done of a site's nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nights {
    /// From here on the site has nights: when it was created. None is made up for an earlier one.
    pub since: Timestamp,
    /// The youngest business date that is settled: its backup is completed, running or queued, or a person cancelled it.
    /// A date later than tomorrow comes from a clock that was wrong; it does not count, and is best not selected.
    pub settled: Option<CivilDate>,
    /// The night that failed last, while it is not settled.
    pub failed: Option<FailedNight>,
}

/// A night whose backup failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedNight {
    /// The day it was to save.
    pub business_date: CivilDate,
    /// How many times it has failed, from 1.
    pub times: u32,
    /// When it failed last.
    pub ended_at: Timestamp,
}

/// The next automatic backup of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Night {
    /// The day that it saves.
    pub business_date: CivilDate,
    /// When it is to start; in the past for one that was missed.
    pub at: Timestamp,
    /// Started now, or at its moment if that is still to come, it would be late.
    pub late: bool,
    /// Earlier nights since the last settled one, which nothing can make up for; at most [`MISSED_NIGHTS_COUNTED`].
    pub missed: u32,
}

impl Night {
    /// Is it to be started now?
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.at <= now
    }
}

/// The next night of a site: the youngest whose moment has come and that is not settled, otherwise the next to come.
///
/// One that failed is tried again after [`NIGHT_FIRST_RETRY`], then twice as long each time up to
/// [`NIGHT_LONGEST_RETRY`], until the next night takes its place. `None` only while [`Nights::since`] lies more
/// than three days ahead.
#[must_use]
pub fn next(schedule: Schedule, zone: &Zone, site: &SiteId, nights: &Nights, now: Timestamp) -> Option<Night> {
    let today = zone.local(now).date;
    let settled = nights.settled.filter(|date| *date <= today.plus_days(1));
    // Yesterday's, this day's and the following nights, and one more on each side for a day that the zone skips.
    let wanted = |date: CivilDate| {
        let at = schedule.starts(zone, site, date)?;
        (at >= nights.since && settled.is_none_or(|settled| settled < date)).then_some((date, at))
    };
    let around: Vec<_> = (-3..=4).filter_map(|days| wanted(today.plus_days(days))).collect();
    let coming = around.partition_point(|(_, at)| *at <= now);
    let ahead = around.get(coming).copied();
    let due = coming.checked_sub(1).and_then(|last| around.get(last)).copied();
    let again = due.map(|(date, at)| match nights.failed {
        Some(failed) if failed.business_date == date => (date, at.max(retry(failed))),
        _ => (date, at),
    });
    let (business_date, at) = match (again, ahead) {
        (Some(again), Some(ahead)) if ahead.1 <= again.1 => ahead,
        (Some(again), _) => again,
        (None, ahead) => ahead?,
    };
    let missed = (1..)
        .map(|days| business_date.plus_days(-days))
        .filter(|date| zone.has_day(*date))
        .take_while(|date| wanted(*date).is_some())
        .take(MISSED_NIGHTS_COUNTED as usize)
        .count();
    Some(Night {
        business_date,
        at,
        late: schedule.is_late(zone, business_date, at.max(now)),
        missed: u32::try_from(missed).unwrap_or(MISSED_NIGHTS_COUNTED),
    })
}

fn retry(failed: FailedNight) -> Timestamp {
    let doubled = NIGHT_FIRST_RETRY.saturating_mul(1 << failed.times.saturating_sub(1).min(16));
    failed.ended_at.plus(doubled.min(NIGHT_LONGEST_RETRY))
}

/// A site that has had no completed backup for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its last completed backup of any kind; `None` when it never had one.
    pub last: Option<Timestamp>,
    /// When the alert was to be raised.
    pub from: Timestamp,
}

/// Has the site been without a completed backup for [`BACKUP_SILENCE`], counted from the last one of any kind, or from its
/// creation?
#[must_use]
pub fn silence(since: Timestamp, last_completed: Option<Timestamp>, now: Timestamp) -> Option<Silence> {
    let from = silent_from(since, last_completed);
    (now >= from).then_some(Silence {
        last: last_completed,
        from,
    })
}

/// When the alert will be raised unless a backup completes before: what a caller keeps in its index.
#[must_use]
pub fn silent_from(since: Timestamp, last_completed: Option<Timestamp>) -> Timestamp {
    last_completed
        .map_or(since, |last| last.max(since))
        .plus(BACKUP_SILENCE)
}

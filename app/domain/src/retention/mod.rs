//! What the policy keeps of a site's backups, and why: one pure function, run by the server for the truth and by the
//! browser for the preview.
//!
//! **Time alone removes no night.** Days, months and years are counted over nights that have a good backup, and "now" is the
//! day after the youngest of them: a night makes room for itself only once it is complete, and failures never shorten
//! history. Only complete backups come in at all; a failure is simply not there. Deleting is not done here, and neither is
//! asking whether a backup is in use.

mod calendar;
mod policy;
mod preview;
mod reasons;
mod standing;

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::anomaly::Review;
use crate::backup::{Backup, BackupKind};
use crate::ids::BackupId;
use crate::overview::BackupEntry;
use crate::schedule::business_date;
use crate::time::{CivilDate, Timestamp, Zone};

use calendar::Calendar;
pub use policy::{Policy, Terms};
pub use preview::{Becomes, Coming, End, Fate, Gone, NightAhead, Preview, Which, preview};
pub use reasons::{Expire, Keep};
pub use standing::{Standing, standing};

/// What the rule must know of a complete backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its id.
    pub id: BackupId,
    /// Manual, automatic or before a restore.
    pub kind: BackupKind,
    /// Kept among the manual ones. The night it stands for still has its backup.
    pub promoted: bool,
    /// For an automatic one, the day that ended.
    pub business_date: Option<CivilDate>,
    /// When it became complete.
    pub completed_at: Timestamp,
    /// What is thought of it.
    pub review: Review,
}

impl Facts {
    /// Of a stored backup.
    #[must_use]
    pub fn of(backup: &Backup) -> Self {
        Self {
            id: backup.id.clone(),
            kind: backup.kind,
            promoted: backup.promotion.is_some(),
            business_date: backup.business_date,
            completed_at: backup.completed_at,
            review: backup.judgement.review,
        }
    }

    /// Of a backup as pages know it.
    #[must_use]
    pub fn of_entry(entry: &BackupEntry) -> Self {
        Self {
            id: entry.id.clone(),
            kind: entry.kind,
            promoted: entry.promotion.is_some(),
            business_date: entry.business_date,
            completed_at: entry.completed_at,
            review: entry.judgement.review,
        }
    }

    /// Of the backup that is assumed for a coming night. No stored one has such an id.
    fn of_night(date: CivilDate, made: Timestamp) -> Self {
        Self {
            id: BackupId::parse(&format!("night-{}", date.days())).expect("a number spells an id"),
            kind: BackupKind::Automatic,
            promoted: false,
            business_date: Some(date),
            completed_at: made,
            review: Review::Usual,
        }
    }

    /// May the policy remove it at all?
    #[must_use]
    pub const fn is_under_policy(&self) -> bool {
        !self.promoted && !matches!(self.kind, BackupKind::Manual)
    }

    /// The night it stands for, if it is an automatic one, promoted or not.
    fn night(&self, zone: &Zone) -> Option<CivilDate> {
        matches!(self.kind, BackupKind::Automatic).then(|| {
            self.business_date
                .unwrap_or_else(|| business_date(zone, self.completed_at))
        })
    }

    fn age(&self) -> (Timestamp, &BackupId) {
        (self.completed_at, &self.id)
    }
}

/// A backup that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which one.
    pub id: BackupId,
    /// Every reason, at least one, in the order of [`Keep`].
    pub reasons: Vec<Keep>,
}

/// A backup that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    /// Which one.
    pub id: BackupId,
    /// Why.
    pub reason: Expire,
}

/// What stays and what goes. Every backup is in exactly one of the two, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What stays.
    pub kept: Vec<Kept>,
    /// What goes.
    pub expired: Vec<Expired>,
}

/// Applies a policy to the complete backups of one site, in any order. The same answer for the same input, O(n log n).
#[must_use]
pub fn plan(now: Timestamp, zone: &Zone, policy: Policy, backups: &[Facts]) -> Plan {
    let mut plan = Plan::default();
    decide(now, zone, policy, backups, |place, verdict| {
        let id = backups[place].id.clone();
        match verdict {
            Ok(reasons) => plan.kept.push(Kept { id, reasons }),
            Err(reason) => plan.expired.push(Expired { id, reason }),
        }
    });
    plan
}

/// The same, told backup by backup, oldest first, by its place among `backups`: every reason to stay, or the one to go. A
/// preview asks this some 400 times over hundreds of backups and needs no list of names each time.
fn decide(
    now: Timestamp,
    zone: &Zone,
    policy: Policy,
    backups: &[Facts],
    mut tell: impl FnMut(usize, Result<Vec<Keep>, Expire>),
) {
    let rule = Rule::new(now, zone, policy.terms(), backups);
    let mut oldest_first: Vec<usize> = (0..backups.len()).collect();
    oldest_first.sort_unstable_by(|a, b| backups[*a].age().cmp(&backups[*b].age()));
    for place in oldest_first {
        let backup = &backups[place];
        let night = backup.night(zone);
        let reasons = rule.keep(backup, night);
        tell(
            place,
            if reasons.is_empty() {
                Err(rule.expire(backup, night))
            } else {
                Ok(reasons)
            },
        );
    }
}

/// What each backup is measured by, gathered once over all of them.
struct Rule<'a> {
    now: Timestamp,
    /// The local day of `now`.
    today: CivilDate,
    terms: Terms,
    calendar: Calendar,
    last_good: Option<&'a BackupId>,
    /// Those about which nobody has decided, oldest first.
    undecided: Vec<(Timestamp, &'a BackupId)>,
}

impl<'a> Rule<'a> {
    fn new(now: Timestamp, zone: &Zone, terms: Terms, backups: &'a [Facts]) -> Self {
        let today = zone.local(now).date;
        let good = || backups.iter().filter(|backup| backup.review.is_good());
        let nights = good().filter_map(|backup| backup.night(zone));
        let mut undecided: Vec<_> = backups
            .iter()
            .filter(|backup| backup.review == Review::Undecided)
            .map(Facts::age)
            .collect();
        undecided.sort_unstable();
        Self {
            now,
            today,
            terms,
            calendar: Calendar::new(terms, nights.filter(|date| *date <= today)),
            last_good: good().map(Facts::age).max().map(|(_, id)| id),
            undecided,
        }
    }

    /// Every reason to keep a backup, in the order of [`Keep`].
    fn keep(&self, backup: &Facts, night: Option<CivilDate>) -> Vec<Keep> {
        let good = backup.review.is_good();
        let ahead = night.is_some_and(|date| date > self.today);
        let mut reasons = Vec::new();
        if backup.kind == BackupKind::Manual {
            reasons.push(Keep::Manual);
        } else if backup.promoted {
            reasons.push(Keep::Promoted);
        }
        if let Some(date) = night.filter(|_| good && !ahead) {
            reasons.extend(self.calendar.roles(date));
        }
        let until = backup.completed_at.plus(days(self.terms.safety_days));
        if backup.kind == BackupKind::Safety && self.now < until {
            reasons.push(Keep::Safety { until });
        }
        if self.last_good == Some(&backup.id) {
            reasons.push(Keep::LastGood);
        }
        if backup.review == Review::Undecided {
            reasons.push(Keep::Undecided);
        }
        let doubt = self.undecided.partition_point(|age| *age <= backup.age());
        if let Some((_, by)) = self.undecided.get(doubt).filter(|_| good && backup.is_under_policy()) {
            reasons.push(Keep::Frozen { by: (*by).clone() });
        }
        if let Some(date) = night.filter(|_| backup.review == Review::Rejected) {
            let (younger, of) = (self.calendar.younger_than(date), self.terms.days);
            if younger < of {
                reasons.push(Keep::SetAside { younger, of });
            }
        }
        if ahead {
            reasons.push(Keep::Ahead);
        }
        reasons
    }

    /// Why a backup without a reason to stay goes.
    fn expire(&self, backup: &Facts, night: Option<CivilDate>) -> Expire {
        match night {
            None => Expire::SafetyOver {
                days: self.terms.safety_days,
            },
            Some(date) if backup.review.is_good() => self.calendar.why_not(date),
            Some(_) => Expire::SetAside { days: self.terms.days },
        }
    }
}

/// Days of 24 hours.
fn days(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 86_400)
}

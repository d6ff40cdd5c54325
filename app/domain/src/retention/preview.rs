//! What a policy would do to a site's backups over the coming nights, before it is saved.
//!
//! **It assumes one good automatic backup each coming night, made at its moment**, that nobody adds, promotes, deletes or
//! decides anything, and that the policy is applied after every night. Then it is not an estimate: it runs the same
//! [`plan`](super::plan) night by night, as the server will.

use serde::{Deserialize, Serialize};

use super::{Expire, Facts, Keep, Policy, decide};
use crate::backup::BackupKind;
use crate::ids::{BackupId, SiteId};
use crate::nights::{Nights, next};
use crate::schedule::Schedule;
use crate::time::{CivilDate, Timestamp, Zone};

/// The nights that are assumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coming {
    /// The site: it decides on the place in the window.
    pub site: SiteId,
    /// When its nights start.
    pub schedule: Schedule,
    /// From when on it has nights.
    pub since: Timestamp,
    /// How many nights to look ahead.
    pub days: u32,
}

/// A backup of the preview.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// One that is stored today.
    Stored(BackupId),
    /// The assumed one of a coming night.
    Night(CivilDate),
}

/// A backup that would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Which one.
    pub which: Which,
    /// The day it saves.
    pub saved: CivilDate,
    /// Why.
    pub reason: Expire,
}

/// A backup that would come to stand for the end of a month or a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Becomes {
    /// Which one.
    pub which: Which,
    /// [`Keep::Monthly`] or [`Keep::Yearly`].
    pub role: Keep,
}

/// What a coming night would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightAhead {
    /// The day it saves.
    pub business_date: CivilDate,
    /// When it is to start; now for one that is overdue.
    pub at: Timestamp,
    /// What goes once it is complete, oldest first.
    pub gone: Vec<Gone>,
    /// What becomes a month-end or year-end by it.
    pub becomes: Vec<Becomes>,
}

/// The life of one backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// Which one.
    pub which: Which,
    /// The day it saves.
    pub saved: CivilDate,
    /// Why it is kept at first: today, or once its night is complete. Empty for one that goes at once.
    pub kept: Vec<Keep>,
    /// When it goes; `None` if that is not within the nights of the preview.
    pub end: Option<End>,
}

/// The end of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// The night that makes it go; `None` when it goes at once.
    pub night: Option<CivilDate>,
    /// Why.
    pub reason: Expire,
}

/// What a policy would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// What goes as soon as the policy is applied, oldest first.
    pub at_once: Vec<Gone>,
    /// The coming nights, in order, also those that change nothing.
    pub nights: Vec<NightAhead>,
    /// Every backup, stored ones first, each oldest first.
    pub fates: Vec<Fate>,
}

/// Looks ahead from `now`; see the file for what is assumed. Costs as many plans as nights.
#[must_use]
pub fn preview(now: Timestamp, zone: &Zone, policy: Policy, backups: &[Facts], coming: &Coming) -> Preview {
    let mut walk = Walk::new(zone, policy, backups);
    (walk.preview.at_once, _) = walk.apply(now, None);

    let newest = backups
        .iter()
        .filter(|backup| backup.kind == BackupKind::Automatic)
        .filter_map(|backup| backup.night(zone))
        .filter(|date| *date <= zone.local(now).date.plus_days(1))
        .max();
    let nights = Nights {
        since: coming.since,
        settled: newest,
        failed: None,
    };
    let Some(first) = next(coming.schedule, zone, &coming.site, &nights, now) else {
        return walk.preview;
    };
    let (mut date, mut left) = (first.business_date, coming.days);
    while left > 0 {
        // A day that the zone skips has no night.
        if let Some(at) = coming.schedule.starts(zone, &coming.site, date) {
            left -= 1;
            walk.pass(date, at.max(now));
        }
        date = date.plus_days(1);
    }
    walk.preview
}

/// The backups as they are after so many nights, and what was noted on the way.
struct Walk<'a> {
    zone: &'a Zone,
    policy: Policy,
    left: Vec<Facts>,
    /// The place of each one's fate.
    places: Vec<usize>,
    /// Month-ends and year-ends after the last night, by the place of their fate.
    roles: Vec<(usize, Keep)>,
    preview: Preview,
}

impl<'a> Walk<'a> {
    fn new(zone: &'a Zone, policy: Policy, backups: &[Facts]) -> Self {
        let mut oldest_first: Vec<&Facts> = backups.iter().collect();
        oldest_first.sort_unstable_by_key(|backup| backup.age());
        let mut walk = Self {
            zone,
            policy,
            left: Vec::new(),
            places: Vec::new(),
            roles: Vec::new(),
            preview: Preview::default(),
        };
        for backup in oldest_first {
            let saved = backup
                .night(zone)
                .unwrap_or_else(|| zone.local(backup.completed_at).date);
            walk.add(backup.clone(), Which::Stored(backup.id.clone()), saved);
        }
        walk
    }

    fn add(&mut self, backup: Facts, which: Which, saved: CivilDate) {
        self.places.push(self.preview.fates.len());
        self.preview.fates.push(Fate {
            which,
            saved,
            kept: Vec::new(),
            end: None,
        });
        self.left.push(backup);
    }

    /// One night: its backup is there, the policy is applied.
    fn pass(&mut self, date: CivilDate, at: Timestamp) {
        self.add(Facts::of_night(date, at), Which::Night(date), date);
        let (gone, becomes) = self.apply(at, Some(date));
        self.preview.nights.push(NightAhead {
            business_date: date,
            at,
            gone,
            becomes,
        });
    }

    /// Takes away what the policy expires, and notes the fates and what stands for a month or year that did not before.
    fn apply(&mut self, at: Timestamp, night: Option<CivilDate>) -> (Vec<Gone>, Vec<Becomes>) {
        let (mut gone, mut roles) = (Vec::new(), Vec::new());
        let (places, fates) = (&self.places, &mut self.preview.fates);
        decide(at, self.zone, self.policy, &self.left, |place, verdict| {
            let fate = &mut fates[places[place]];
            match verdict {
                Ok(reasons) => {
                    let ends = reasons.iter().filter(|keep| is_end(keep)).cloned();
                    roles.extend(ends.map(|role| (places[place], role)));
                    if fate.kept.is_empty() {
                        fate.kept = reasons;
                    }
                }
                Err(reason) => {
                    gone.push(Gone {
                        which: fate.which.clone(),
                        saved: fate.saved,
                        reason: reason.clone(),
                    });
                    fate.end = Some(End { at, night, reason });
                }
            }
        });
        let new = roles.iter().filter(|role| !self.roles.contains(role));
        let becomes = new.map(|(place, role)| Becomes {
            which: fates[*place].which.clone(),
            role: role.clone(),
        });
        let becomes = becomes.collect();
        self.roles = roles;
        let is_left: Vec<bool> = self.places.iter().map(|place| fates[*place].end.is_none()).collect();
        let mut left = is_left.iter();
        self.left.retain(|_| left.next().is_some_and(|left| *left));
        let mut left = is_left.iter();
        self.places.retain(|_| left.next().is_some_and(|left| *left));
        (gone, becomes)
    }
}

const fn is_end(keep: &Keep) -> bool {
    matches!(keep, Keep::Monthly { .. } | Keep::Yearly { .. })
}

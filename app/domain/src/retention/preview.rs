//! What a policy would do to a site's backups over the coming nights, before it is saved.
//!
//! **It assumes one good automatic backup each coming night, made at its moment**, that nobody adds, promotes, deletes or
//! decides anything, and that the policy is applied after every night. Then it is not an estimate: it runs the same
//! [`plan`] night by night, as the server will.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Expire, Facts, Keep, Plan, Policy, plan};
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
    let mut walk = Walk::new(zone, backups);
    let today = plan(now, zone, policy, &walk.left);
    walk.preview.at_once = walk.apply(&today, now, None);
    walk.roles = roles(&today);

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
            walk.pass(zone, policy, date, at.max(now));
        }
        date = date.plus_days(1);
    }
    walk.preview
}

/// The backups as they are after so many nights, and what was noted on the way.
struct Walk {
    left: Vec<Facts>,
    /// Where each backup's fate is.
    places: HashMap<BackupId, usize>,
    /// Month-ends and year-ends after the last night.
    roles: Vec<(BackupId, Keep)>,
    preview: Preview,
}

impl Walk {
    fn new(zone: &Zone, backups: &[Facts]) -> Self {
        let mut oldest_first: Vec<&Facts> = backups.iter().collect();
        oldest_first.sort_unstable_by_key(|backup| backup.age());
        let mut walk = Self {
            left: Vec::new(),
            places: HashMap::new(),
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
        self.places.insert(backup.id.clone(), self.preview.fates.len());
        self.preview.fates.push(Fate {
            which,
            saved,
            kept: Vec::new(),
            end: None,
        });
        self.left.push(backup);
    }

    /// One night: its backup is there, the policy is applied.
    fn pass(&mut self, zone: &Zone, policy: Policy, date: CivilDate, at: Timestamp) {
        let made = Facts::of_night(date, at);
        self.add(made, Which::Night(date), date);
        let plan = plan(at, zone, policy, &self.left);
        let gone = self.apply(&plan, at, Some(date));
        let roles = roles(&plan);
        let new = roles.iter().filter(|role| !self.roles.contains(role));
        let becomes = new
            .map(|(id, role)| Becomes {
                which: self.preview.fates[self.places[id]].which.clone(),
                role: role.clone(),
            })
            .collect();
        self.roles = roles;
        self.preview.nights.push(NightAhead {
            business_date: date,
            at,
            gone,
            becomes,
        });
    }

    /// Takes away what a plan expires, and notes the fates.
    fn apply(&mut self, plan: &Plan, at: Timestamp, night: Option<CivilDate>) -> Vec<Gone> {
        for kept in &plan.kept {
            let fate = &mut self.preview.fates[self.places[&kept.id]];
            if fate.kept.is_empty() {
                fate.kept.clone_from(&kept.reasons);
            }
        }
        let mut gone = Vec::new();
        for expired in &plan.expired {
            let fate = &mut self.preview.fates[self.places[&expired.id]];
            fate.end = Some(End {
                at,
                night,
                reason: expired.reason.clone(),
            });
            gone.push(Gone {
                which: fate.which.clone(),
                saved: fate.saved,
                reason: expired.reason.clone(),
            });
        }
        let places = &self.places;
        let fates = &self.preview.fates;
        self.left.retain(|backup| fates[places[&backup.id]].end.is_none());
        gone
    }
}

fn roles(plan: &Plan) -> Vec<(BackupId, Keep)> {
    let ends = |keep: &Keep| matches!(keep, Keep::Monthly { .. } | Keep::Yearly { .. });
    plan.kept
        .iter()
        .flat_map(|kept| {
            kept.reasons
                .iter()
                .filter(|keep| ends(keep))
                .map(|keep| (kept.id.clone(), keep.clone()))
        })
        .collect()
}

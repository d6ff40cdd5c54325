//! What would be there at a moment of the preview, and why: the answer to "and on 15 March?".
//!
//! A preview tells when each backup comes and goes; the reasons it has in between change from night to night. They are asked
//! of the same [`plan`], over what is there then.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{End, Facts, Fate, Keep, Policy, Preview, Which, plan};
use crate::ids::BackupId;
use crate::time::{CivilDate, Timestamp, Zone};

/// A backup that would be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which one.
    pub which: Which,
    /// The day it saves.
    pub saved: CivilDate,
    /// Why it is kept then, at least one reason.
    pub reasons: Vec<Keep>,
    /// When it goes; `None` if that is not within the nights of the preview.
    pub end: Option<End>,
}

impl Preview {
    /// Would this one be there at that moment? From a night's own moment on, until another makes it go.
    #[must_use]
    pub fn is_there(&self, fate: &Fate, at: Timestamp) -> bool {
        let made = match &fate.which {
            Which::Stored(_) => true,
            Which::Night(date) => self.night(*date).is_some_and(|moment| moment <= at),
        };
        made && fate.end.as_ref().is_none_or(|end| end.at > at)
    }

    /// When the night of a date is made.
    fn night(&self, date: CivilDate) -> Option<Timestamp> {
        let place = self.nights.binary_search_by_key(&date, |night| night.business_date);
        place.ok().map(|place| self.nights[place].at)
    }
}

/// What would be there at a moment between `now` and the last night of a preview of this policy over these backups, oldest
/// first.
#[must_use]
pub fn standing(at: Timestamp, zone: &Zone, policy: Policy, backups: &[Facts], preview: &Preview) -> Vec<Standing> {
    let stored: HashMap<&BackupId, &Facts> = backups.iter().map(|backup| (&backup.id, backup)).collect();
    let (mut there, mut facts) = (HashMap::new(), Vec::new());
    for fate in preview.fates.iter().filter(|fate| preview.is_there(fate, at)) {
        let found = match &fate.which {
            Which::Stored(id) => stored.get(id).map(|backup| (*backup).clone()),
            Which::Night(date) => preview.night(*date).map(|made| Facts::of_night(*date, made)),
        };
        if let Some(found) = found {
            there.insert(found.id.clone(), fate);
            facts.push(found);
        }
    }
    let kept = plan(at, zone, policy, &facts).kept.into_iter();
    kept.filter_map(|kept| {
        let fate = there.get(&kept.id)?;
        Some(Standing {
            which: fate.which.clone(),
            saved: fate.saved,
            reasons: kept.reasons,
            end: fate.end.clone(),
        })
    })
    .collect()
}

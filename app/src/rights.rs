//! Whether a button is greyed, and why: the domain's one table, asked with the person who looks.
//!
//! Greying is courtesy. The server asks the same table again for every call, and checks what changes under one's eyes
//! (the quota) where it is held.

use domain::overview::{BackupEntry, SiteOverview, SiteSummary, Slot};
use domain::permission::{self, Action};
use domain::refusal::{OldestManual, Refusal};
use domain::site::Site;

use crate::viewer::viewer;

/// Why the person who looks may not do this here; `None` when they may.
pub(crate) fn refusal(action: Action, site: &Site) -> Option<Refusal> {
    match viewer().actor {
        Some(actor) => permission::refusal(&actor, action, site),
        None => Some(Refusal::NotSignedIn),
    }
}

/// Why they may not back this site up now: the right, the status, then the quota as it was when the page was read.
pub(crate) fn backup_refusal(overview: &SiteOverview, site: &Site) -> Option<Refusal> {
    let kept = overview.slots.iter().filter_map(|slot| match slot {
        Slot::Kept(entry) => Some(entry),
        Slot::Reserved(_) | Slot::Free => None,
    });
    refusal(Action::BackUp, site).or_else(|| quota_reached(&overview.summary, kept))
}

/// Why a slot cannot be taken now, with the way out of the person who looks. `kept` holds what takes the slots, in any order.
pub(crate) fn quota_reached<'a>(summary: &SiteSummary, kept: impl Iterator<Item = &'a BackupEntry>) -> Option<Refusal> {
    let quota = summary.quota;
    if quota.free() > 0 {
        return None;
    }
    let oldest = kept.min_by_key(|entry| (entry.t0, &entry.id));
    let full = Refusal::QuotaReached {
        kept: quota.kept,
        reserved: quota.reserved,
        quota: quota.quota,
        oldest: oldest.map(|entry| OldestManual::new(entry.t0, entry.bytes, entry.business_date)),
    };
    Some(match viewer().actor {
        Some(actor) => permission::with_way_out(full, &actor, &summary.site),
        None => full,
    })
}

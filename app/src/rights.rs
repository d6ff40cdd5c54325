//! Whether a button is greyed, and why: the domain's one table, asked with the person who looks.
//!
//! Greying is courtesy. The server asks the same table again for every call, and checks what changes under one's eyes
//! (the quota) where it is held.

use domain::overview::{SiteOverview, Slot};
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
    refusal(Action::BackUp, site).or_else(|| quota_reached(overview))
}

fn quota_reached(overview: &SiteOverview) -> Option<Refusal> {
    let quota = overview.summary.quota;
    let oldest = overview.slots.iter().find_map(|slot| match slot {
        Slot::Kept(entry) => Some(OldestManual {
            t0: entry.t0,
            bytes: entry.bytes,
        }),
        Slot::Reserved(_) | Slot::Free => None,
    });
    (quota.free() == 0).then_some(Refusal::QuotaReached {
        kept: quota.kept,
        reserved: quota.reserved,
        quota: quota.quota,
        oldest,
    })
}

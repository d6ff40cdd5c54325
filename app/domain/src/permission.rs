//! The rights table: one function, compiled for the browser that greys the button and for the server that refuses the
//! call. Facts that change under one's eyes (the quota, a backup in use) are checked where they are held, in the store.

use serde::{Deserialize, Serialize};

use crate::account::{Actor, Role};
use crate::process::ProcessKind;
use crate::refusal::{FreedBy, Refusal};
use crate::site::Site;

/// What somebody wants to do with a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// See the site, its lists and processes.
    See,
    /// Back the site up.
    BackUp,
    /// Download a backup.
    Download,
    /// Make a backup of an uploaded file.
    Import,
    /// Keep an automatic backup among the manual ones, or no longer.
    Promote,
    /// Say of an unusual backup whether it is as it should be.
    Judge,
    /// Delete a manual backup, or put it back.
    DeleteManual,
    /// Ask for a restore, or record that the client asked by other means.
    RequestRestore,
    /// Approve or decline a request.
    DecideRequest,
    /// Run a restore.
    Restore,
    /// Undo a restore.
    UndoRestore,
    /// Let the partner back up and promote.
    Delegate,
    /// Retention, quota, sites, users.
    Administer,
}

impl Action {
    /// Every action, in the order of the rights table.
    pub const ALL: [Self; 13] = [
        Self::See,
        Self::BackUp,
        Self::Download,
        Self::Import,
        Self::Promote,
        Self::Judge,
        Self::DeleteManual,
        Self::RequestRestore,
        Self::DecideRequest,
        Self::Restore,
        Self::UndoRestore,
        Self::Delegate,
        Self::Administer,
    ];
}

/// The act that a process of this kind is: whoever may do it may stop it before it begins.
#[must_use]
pub const fn action_of(kind: &ProcessKind) -> Action {
    match kind {
        ProcessKind::ManualBackup | ProcessKind::NightlyBackup { .. } => Action::BackUp,
        ProcessKind::Restore { .. } => Action::Restore,
        ProcessKind::Export { .. } => Action::Download,
        ProcessKind::Import { .. } => Action::Import,
        ProcessKind::Expiry => Action::Administer,
    }
}

/// Is the site within what this person sees at all? A site outside gets the same answer as one that does not exist.
#[must_use]
pub fn sees(actor: &Actor, site: &Site) -> bool {
    match actor.role {
        Role::Operator => true,
        Role::Partner => actor.partner.is_some() && actor.partner == site.partner,
        Role::ClientAdmin | Role::ClientViewer => actor.sites.contains(&site.id),
    }
}

/// Why `actor` may not do `action` on `site`; `None` when they may.
///
/// The order of the answers matters: who may not even see the site learns nothing else, and a right that is missing is
/// told before a state that will pass.
#[must_use]
pub fn refusal(actor: &Actor, action: Action, site: &Site) -> Option<Refusal> {
    if !sees(actor, site) {
        return Some(Refusal::NotFound);
    }
    by_role(actor.role, action, site).or_else(|| by_status(action, site))
}

/// A full quota as it is told to this person: the way out it names is one they have, or names who has it.
#[must_use]
pub fn with_way_out(refusal: Refusal, actor: &Actor, site: &Site) -> Refusal {
    let Refusal::QuotaReached {
        kept,
        reserved,
        quota,
        oldest: Some(mut oldest),
    } = refusal
    else {
        return refusal;
    };
    let giving_up = match oldest.business_date {
        Some(_) => Action::Promote,
        None => Action::DeleteManual,
    };
    oldest.freed_by = match by_role(actor.role, giving_up, site) {
        None => FreedBy::You,
        Some(_) => FreedBy::Administrator(site.administrator.clone()),
    };
    Refusal::QuotaReached {
        kept,
        reserved,
        quota,
        oldest: Some(oldest),
    }
}

fn by_role(role: Role, action: Action, site: &Site) -> Option<Refusal> {
    let administrator = || site.administrator.clone();
    match (action, role) {
        (Action::See, _) => None,

        (Action::BackUp | Action::Promote | Action::Judge, Role::ClientAdmin | Role::Operator) => None,
        (Action::BackUp | Action::Promote | Action::Judge, Role::Partner) if site.delegated => None,
        (Action::BackUp | Action::Promote | Action::Judge, Role::Partner) => Some(Refusal::NotDelegated {
            administrator: administrator(),
        }),

        (Action::Download | Action::DeleteManual, Role::ClientAdmin | Role::Operator) => None,
        (Action::Download, Role::Partner) => Some(Refusal::NotForPartners {
            administrator: administrator(),
        }),
        (Action::DeleteManual, Role::Partner) => Some(Refusal::ClientOnly {
            administrator: administrator(),
        }),

        (Action::RequestRestore, Role::ClientAdmin | Role::Partner | Role::Operator) => None,
        (Action::DecideRequest, Role::Partner | Role::Operator) => None,
        (Action::DecideRequest, Role::ClientAdmin) => Some(Refusal::NotThisRole { role }),

        // An operator may break the glass with a written reason; a partner waits for the client's request.
        (Action::Restore, Role::Operator) => None,
        (Action::Restore, Role::Partner) => Some(Refusal::NeedsRequest {
            administrator: administrator(),
        }),
        (Action::Restore, Role::ClientAdmin | Role::ClientViewer) => Some(Refusal::RestoredByOthers {
            partner: site.partner_name.clone(),
        }),
        (Action::UndoRestore, Role::Partner | Role::Operator) => None,
        (Action::UndoRestore, Role::ClientAdmin) => Some(Refusal::RestoredByOthers {
            partner: site.partner_name.clone(),
        }),

        (Action::Delegate, Role::ClientAdmin) => None,
        (Action::Delegate, Role::Partner | Role::Operator) => Some(Refusal::ClientOnly {
            administrator: administrator(),
        }),

        (Action::Administer | Action::Import, Role::Operator) => None,
        (Action::Administer | Action::Import, _) => Some(Refusal::OperatorOnly),

        (_, Role::ClientViewer) => Some(Refusal::ReadOnly {
            administrator: administrator(),
        }),
    }
}

fn by_status(action: Action, site: &Site) -> Option<Refusal> {
    let closed = !site.status.is_ready();
    match action {
        Action::BackUp | Action::Import | Action::Restore | Action::UndoRestore if closed => {
            Some(Refusal::SiteRestoring)
        }
        _ => None,
    }
}

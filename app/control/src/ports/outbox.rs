//! The outbox of alerts: what of it the control store keeps, as [`super::control_store::ControlStore`] hands it out.
//!
//! An alert is kept in the transaction of what it tells, without a recipient: a store knows of no channels. A server that
//! delivers *addresses* it, once, to everybody that is then to be told; from then on each delivery lives alone, so that a
//! dead mail server holds up no webhook. A delivery is taken under a lease: after a crash it is sent again, and receivers
//! know it by the alert's id.

use domain::alert::Matter;
use domain::backup::Backup;
use domain::ids::{AlertId, SiteId};
use domain::process::{Process, ProcessKind, ProcessState};
use domain::time::{Timestamp, Zone};
use sha2::{Digest, Sha256};

use super::control_store::NewProcess;

/// Something people are to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Made of its occasion: the same occasion gives the same alert, however often it is met.
    pub id: AlertId,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The site concerned.
    pub site: Option<SiteId>,
    /// What it tells.
    pub matter: Matter,
}

impl Alert {
    /// An alert about a site, or about none.
    #[must_use]
    pub fn about(site: Option<SiteId>, matter: Matter, raised_at: Timestamp) -> Self {
        let site_text = site.as_ref().map_or("", SiteId::as_str);
        let occasion = format!("{} {site_text} {}", matter.word(), occasion(&matter, raised_at));
        let digest = Sha256::digest(occasion.as_bytes());
        let (short, _) = digest.split_first_chunk().expect("a digest has 32 bytes");
        Self {
            id: AlertId::from_random(*short),
            raised_at,
            site,
            matter,
        }
    }

    /// What is told when this is queued: a restore that has a written reason has no request.
    #[must_use]
    pub fn of_order(new: &NewProcess) -> Option<Self> {
        let reason = new.reason.clone().filter(|_| new.kind.is_restore())?;
        let matter = Matter::GlassBroken {
            process: new.id.clone(),
            by: new.requested_by.clone(),
            reason,
        };
        Some(Self::about(Some(new.site.clone()), matter, new.at))
    }

    /// What is told when this has ended: nights, restores and expiries that failed. Whoever started another process is looking at
    /// it.
    #[must_use]
    pub fn of_end(process: &Process) -> Option<Self> {
        let ProcessState::Failed { ended_at, failure, .. } = &process.state else {
            return None;
        };
        let (process_id, failure) = (process.id.clone(), failure.clone());
        let matter = match &process.kind {
            ProcessKind::NightlyBackup { business_date } => Matter::NightFailed {
                process: process_id,
                business_date: *business_date,
                failure,
            },
            ProcessKind::Restore { .. } => Matter::RestoreFailed {
                process: process_id,
                failure,
            },
            ProcessKind::Expiry => Matter::ExpiryFailed {
                process: process_id,
                failure,
            },
            ProcessKind::ManualBackup | ProcessKind::Export { .. } | ProcessKind::Import { .. } => return None,
        };
        Some(Self::about(Some(process.site.clone()), matter, *ended_at))
    }

    /// What is told when this is recorded: that it is unusual.
    #[must_use]
    pub fn of_backup(backup: &Backup) -> Option<Self> {
        let matter = backup.judgement.is_undecided().then(|| Matter::Unusual {
            backup: backup.id.clone(),
            t0: backup.t0,
            business_date: backup.business_date,
            facts: backup.judgement.unusual.clone(),
        })?;
        Some(Self::about(Some(backup.site.clone()), matter, backup.completed_at))
    }
}

/// What makes two alerts of one kind and site the same one.
fn occasion(matter: &Matter, raised_at: Timestamp) -> String {
    match matter {
        Matter::Silent { silence } => silence.from.millis().to_string(),
        Matter::NightFailed { business_date, .. } => business_date.to_string(),
        Matter::GlassBroken { process, .. } | Matter::RestoreFailed { process, .. } => process.to_string(),
        Matter::Unusual { backup, .. } => backup.to_string(),
        // It is tried again every hour: once a day is enough, by the calendar of UTC.
        Matter::ExpiryFailed { failure, .. } => format!("{} {:?}", Zone::utc().local(raised_at).date, failure.cause),
        Matter::SilenceOver | Matter::Test => raised_at.millis().to_string(),
    }
}

/// Where a delivery goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Recipient {
    /// Name of the channel: `mail`, `webhook`.
    pub channel: String,
    /// Whom it reaches there; what that is, is the channel's: an address, a name of an endpoint.
    pub to: String,
}

/// One alert on its way to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What is told.
    pub alert: Alert,
    /// To whom.
    pub recipient: Recipient,
    /// Which attempt this is, from 1: whoever has lost its lease settles nothing.
    pub attempt: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The recipient has it.
    Delivered,
    /// It is to be tried again.
    Again {
        /// From when on.
        due_at: Timestamp,
        /// Was it this very alert that was refused? Then later ones of its site need not wait for it.
        refused: bool,
    },
}

//! Restores: what one can go back to, and ordering one.

use domain::account::Actor;
use domain::ids::{BackupId, ProcessId, SiteId};
use domain::names::{Reason, confirms};
use domain::overview::RestoreChoices;
use domain::permission::Action;
use domain::process::{Process, ProcessKind};
use domain::refusal::{Field, Refusal};
use domain::restore::Scope;
use domain::site::SiteStatus;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::control_store::NewProcess;
use crate::ports::notifier::Notice;
use crate::random;
use crate::sites::entry;

/// A restore, as it is ordered on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreOrder {
    /// The site.
    pub site: SiteId,
    /// How much of it.
    pub scope: Scope,
    /// From which backup.
    pub backup: BackupId,
    /// The site's code, typed to confirm.
    pub confirmation: String,
    /// The written reason: a restore without a client's request (R22).
    pub reason: String,
}

impl ControlPlane {
    /// What the site can be restored from. Whoever sees the site may read this; running is another right.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when the site does not exist or is another customer's.
    pub async fn restore_choices(&self, actor: &Actor, site: &SiteId) -> Result<RestoreChoices, ControlError> {
        let site = self.allowed(actor, Action::See, site).await?;
        let backups = self.outside.store.backups(&site.id).await?.iter().map(entry).collect();
        Ok(RestoreChoices {
            summary: self.summary(site).await?,
            backups,
            now: self.now(),
        })
    }

    /// Queues a restore and closes the site, both or neither. The same order sent again while it is under way leads to it.
    ///
    /// # Errors
    /// The refusal of the right (audited); [`Refusal::Invalid`] for the confirmation, the reason, the scope;
    /// [`Refusal::SiteRestoring`]; [`Refusal::NotFound`] for a backup that is not this site's.
    pub async fn start_restore(&self, actor: &Actor, order: RestoreOrder) -> Result<Process, ControlError> {
        let asked = order.clone();
        let site = match self.allowed(actor, Action::Restore, &order.site).await {
            Err(ControlError::Refused(Refusal::SiteRestoring)) => {
                // A double click, or going back and sending again: the answer is the restore that closed the site.
                return self
                    .same_restore(actor, &order)
                    .await?
                    .ok_or(Refusal::SiteRestoring.into());
            }
            answer => answer?,
        };
        let reason = Reason::parse(&order.reason)?;
        if !confirms(&order.confirmation, &site.code) {
            return Err(Refusal::Invalid {
                field: Field::Confirmation,
            }
            .into());
        }
        let database_name = match &order.scope {
            Scope::Site => None,
            Scope::Database(id) => {
                let database = site.database(id).ok_or(Refusal::Invalid { field: Field::Scope })?;
                Some(database.name.clone())
            }
        };
        let store = &self.outside.store;
        let backup = store
            .backup(&order.backup)
            .await?
            .filter(|backup| backup.site == site.id);
        let backup = backup.ok_or(Refusal::Invalid { field: Field::Backup })?;
        let new = NewProcess {
            id: ProcessId::from_random(random::bytes()),
            site: site.id.clone(),
            kind: ProcessKind::Restore {
                backup: backup.id,
                t0: backup.t0,
                scope: order.scope,
                database_name,
            },
            requested_by: actor.name.clone(),
            reason: Some(reason.as_str().to_owned()),
            at: self.now(),
        };
        let process = match store.queue_restore(&new).await.map_err(ControlError::from) {
            // Two at once: the one that came second.
            Err(ControlError::Refused(Refusal::SiteRestoring)) => {
                return self
                    .same_restore(actor, &asked)
                    .await?
                    .ok_or(Refusal::SiteRestoring.into());
            }
            answer => answer?,
        };
        self.audit(
            Some(actor),
            Some(&site.id),
            "restore.start",
            "done",
            &format!("{} {}", process.id, reason.as_str()),
        )
        .await?;
        self.notify(Notice::GlassBroken {
            site: site.id.clone(),
            by: actor.name.clone(),
            reason: reason.as_str().to_owned(),
        });
        self.feed.site(
            &site.id,
            SiteStatus::Restoring {
                process: process.id.clone(),
            },
        );
        self.announce(&process);
        Ok(process)
    }

    /// The restore under way that this very order started.
    async fn same_restore(&self, actor: &Actor, order: &RestoreOrder) -> Result<Option<Process>, ControlError> {
        let under_way = self
            .outside
            .store
            .active(Some(std::slice::from_ref(&order.site)))
            .await?;
        let same = |process: &Process| {
            let asked = matches!(&process.kind, ProcessKind::Restore { backup, scope, .. }
                if *backup == order.backup && *scope == order.scope);
            asked && process.requested_by == actor.name
        };
        let Some(process) = under_way.into_iter().find(same) else {
            return Ok(None);
        };
        let reason = self.outside.store.reason(&process.id).await?;
        Ok((reason.as_deref() == Some(order.reason.trim())).then_some(process))
    }
}

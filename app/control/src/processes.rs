//! What people see of the work, and how they stop it.

use domain::account::Actor;
use domain::ids::{ProcessId, SiteId};
use domain::limits::PROCESSES_SHOWN;
use domain::overview::{ProcessDetail, ProcessList};
use domain::permission::{Action, action_of, refusal};
use domain::process::{Process, ProcessKind};
use domain::refusal::Refusal;
use domain::site::SiteStatus;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::control_store::StoreError;
use crate::sites::entry;

impl ControlPlane {
    /// The processes of one site, or of every site this person sees: queued and running first, then the youngest.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when the site does not exist or is another customer's.
    pub async fn process_list(&self, actor: &Actor, site: Option<&SiteId>) -> Result<ProcessList, ControlError> {
        let sites = match site {
            Some(site) => vec![self.allowed(actor, Action::See, site).await?],
            None => self.visible_sites(actor).await?,
        };
        let ids: Vec<_> = sites.iter().map(|site| site.id.clone()).collect();
        let mut processes = self.outside.store.active(Some(&ids)).await?;
        processes.reverse();
        processes.extend(self.outside.store.ended(&ids, PROCESSES_SHOWN).await?);
        Ok(ProcessList {
            sites,
            processes,
            now: self.now(),
        })
    }

    /// One process.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when it does not exist or is another customer's.
    pub async fn process_detail(&self, actor: &Actor, id: &ProcessId) -> Result<ProcessDetail, ControlError> {
        let process = self.outside.store.process(id).await?.ok_or(Refusal::NotFound)?;
        let site = self.allowed(actor, Action::See, &process.site).await?;
        let backup = match &process.backup {
            Some(backup) => self.outside.store.backup(backup).await?.as_ref().map(entry),
            None => None,
        };
        let reason = self.outside.store.reason(id).await?;
        let reads = refusal(actor, Action::Download, &site).is_none();
        let told = match process.kind {
            ProcessKind::Export { .. } | ProcessKind::Import { .. } if reads => self.outside.store.told(id).await?,
            ProcessKind::Expiry => self.outside.store.told(id).await?,
            _ => None,
        };
        Ok(ProcessDetail {
            process,
            site,
            backup,
            reason,
            told,
            now: self.now(),
        })
    }

    /// Stops a process: whoever may start such a process may stop it. A queued one is Cancelled at once. A running one stops at
    /// its next step and undoes what it began; until then everybody sees who wants it stopped.
    ///
    /// # Errors
    /// [`Refusal::TooLate`] once it has ended, or what it does becomes visible; [`Refusal::NotFound`]; the refusal of the
    /// act itself.
    pub async fn cancel(&self, actor: &Actor, id: &ProcessId) -> Result<Process, ControlError> {
        let process = self.outside.store.process(id).await?.ok_or(Refusal::NotFound)?;
        let action = action_of(&process.kind);
        let site = self.outside.store.site(&process.site).await?.ok_or(Refusal::NotFound)?;
        // A queued restore has closed the site itself: that is no reason against stopping it, and no refusal to write down.
        if !matches!(refusal(actor, action, &site), None | Some(Refusal::SiteRestoring)) {
            self.allowed(actor, action, &process.site).await?;
        }
        let answer = self.outside.store.cancel(id, &actor.name, self.now()).await;
        if let Err(StoreError::Refused(no)) = &answer {
            self.audit(
                Some(actor),
                Some(&process.site),
                "process.cancel",
                no.code(),
                id.as_str(),
            )
            .await?;
        }
        let process = answer?;
        let outcome = if process.state.is_over() { "done" } else { "asked" };
        self.audit(Some(actor), Some(&process.site), "process.cancel", outcome, id.as_str())
            .await?;
        self.at_work.stop(&process.id);
        self.feed.process(&process);
        if process.state.is_over() {
            self.night_watch.changed(&process.site);
            self.announce_queue().await;
            if process.kind.is_restore() {
                self.feed.site(&process.site, SiteStatus::Ready);
            }
        }
        Ok(process)
    }
}

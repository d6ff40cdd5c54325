//! Which backups are kept: a night kept among the manual ones and no longer (R18), a manual one deleted and put back (R10), and
//! what nobody has put back, given up for good.
//!
//! A kept night is never deleted directly. It is still the night's backup, which the policy may want for its month or its
//! year (R12–R14) or as the last good one: so it is no longer kept, which frees its slot, and the policy decides the rest.

use domain::account::Actor;
use domain::backup::{Backup, Binned, Deletion, Promotion};
use domain::ids::{BackupId, SiteId};
use domain::limits::BIN_DAYS;
use domain::overview::BackupEntry;
use domain::permission::{Action, with_way_out};
use domain::refusal::Refusal;
use domain::site::Site;
use std::time::Duration;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::control_store::StoreError;
use crate::ports::repository::Fence;
use crate::sites::entry;

impl ControlPlane {
    /// Keeps an automatic backup among the manual ones. Its data stay where they are; it takes a slot.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::QuotaReached`]; [`Refusal::NotAutomatic`]; [`Refusal::NotFound`].
    pub async fn promote(&self, actor: &Actor, backup: &BackupId) -> Result<BackupEntry, ControlError> {
        let site = self.site_of(actor, Action::Promote, backup).await?;
        let promotion = Promotion {
            at: self.now(),
            by: actor.name.clone(),
        };
        let answer = self.outside.store.promote(backup, &promotion).await;
        let kept = self.conclude(actor, &site, "backup.promote", backup, answer).await?;
        Ok(entry(&kept))
    }

    /// Puts a kept automatic backup back under the policy; its slot is free.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::NotAutomatic`]; [`Refusal::NotFound`].
    pub async fn demote(&self, actor: &Actor, backup: &BackupId) -> Result<BackupEntry, ControlError> {
        let site = self.site_of(actor, Action::Promote, backup).await?;
        let answer = self.outside.store.demote(backup).await;
        let back = self.conclude(actor, &site, "backup.demote", backup, answer).await?;
        Ok(entry(&back))
    }

    /// Puts a manual backup in the bin, from where it can be put back for [`BIN_DAYS`] days. Its slot is free at once.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::BackupInUse`]; [`Refusal::NotManual`]; [`Refusal::NotFound`].
    pub async fn delete_backup(&self, actor: &Actor, backup: &BackupId) -> Result<BackupEntry, ControlError> {
        let site = self.site_of(actor, Action::DeleteManual, backup).await?;
        let at = self.now();
        let deletion = Deletion {
            at,
            by: actor.name.clone(),
            until: at.plus(Duration::from_secs(u64::from(BIN_DAYS) * 24 * 60 * 60)),
        };
        let answer = self.outside.store.delete_backup(backup, &deletion).await;
        let binned = self.conclude(actor, &site, "backup.delete", backup, answer).await?;
        Ok(entry(&binned.backup))
    }

    /// Takes a manual backup out of the bin; it takes a slot again.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::QuotaReached`]; [`Refusal::NotFound`] once its time has come.
    pub async fn put_back(&self, actor: &Actor, backup: &BackupId) -> Result<BackupEntry, ControlError> {
        let site = self.site_of(actor, Action::DeleteManual, backup).await?;
        let answer = self.outside.store.put_back(backup, self.now()).await;
        let back = self.conclude(actor, &site, "backup.put-back", backup, answer).await?;
        Ok(entry(&back))
    }

    /// What of a site can be put back, youngest first. Whoever sees the site may read this.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when the site does not exist or is another customer's.
    pub async fn bin(&self, actor: &Actor, site: &SiteId) -> Result<Vec<Binned>, ControlError> {
        let site = self.allowed(actor, Action::See, site).await?;
        Ok(self.outside.store.bin(&site.id, self.now()).await?)
    }

    /// Gives up for good what has been in the bin for its time: marked first, invisible in the repository next, its rows last. A
    /// kill in between leaves the mark, by which the next sweep finds it and does the rest again. What the repository then
    /// holds for nobody is freed later, under an exclusive lease, and not here.
    ///
    /// # Errors
    /// A failure of the store. A repository that cannot be reached holds up its own backups alone, until the next sweep.
    pub(crate) async fn purge_bin(&self) -> Result<(), ControlError> {
        let store = &self.outside.store;
        for backup in store.begin_purge(self.now()).await? {
            if let Err(error) = self.forget(&backup).await {
                tracing::error!(backup = %backup.id, error, "a deleted backup could not be given up; the next sweep tries again");
                continue;
            }
            self.audit(None, Some(&backup.site), "backup.purge", "done", backup.id.as_str())
                .await?;
            store.end_purge(&backup.id).await?;
            tracing::info!(backup = %backup.id, "a deleted backup is past its time");
            self.feed.backups(&backup.site);
        }
        Ok(())
    }

    /// Makes the stored data of a backup invisible; doing so again is fine. An error is for the log.
    async fn forget(&self, backup: &Backup) -> Result<(), String> {
        let told = |error: &dyn std::fmt::Display| error.to_string();
        let store = &self.outside.store;
        let site = store.site(&backup.site).await.map_err(|error| told(&error))?;
        let customer = site.ok_or("its site is not declared")?.customer;
        let row = store.repository(&customer).await.map_err(|error| told(&error))?;
        let row = row.ok_or("its customer has no repository key")?;
        let (repositories, snapshot) = (self.outside.repositories.clone(), backup.snapshot.clone());
        let forgetting = move || {
            let repository = repositories.open(&customer, &row.key, true, Fence::open())?;
            repository.forget(&snapshot)
        };
        let forgotten = tokio::task::spawn_blocking(forgetting);
        let forgotten = forgotten.await.map_err(|error| told(&error))?;
        forgotten.map_err(|error| told(&error))
    }

    /// The site of a backup, deleted or not, if `actor` may do `action` there.
    async fn site_of(&self, actor: &Actor, action: Action, backup: &BackupId) -> Result<Site, ControlError> {
        let store = &self.outside.store;
        let site = match store.backup(backup).await? {
            Some(listed) => listed.site,
            None => {
                let binned = store.binned(backup, self.now()).await?;
                binned.ok_or(Refusal::NotFound)?.backup.site
            }
        };
        self.allowed(actor, action, &site).await
    }

    /// Writes the act down, done or refused, and tells open pages of it.
    async fn conclude<T>(
        &self,
        actor: &Actor,
        site: &Site,
        action: &str,
        backup: &BackupId,
        answer: Result<T, StoreError>,
    ) -> Result<T, ControlError> {
        match answer.map_err(ControlError::from) {
            Ok(done) => {
                self.audit(Some(actor), Some(&site.id), action, "done", backup.as_str())
                    .await?;
                self.feed.backups(&site.id);
                Ok(done)
            }
            Err(ControlError::Refused(no)) => {
                self.audit(Some(actor), Some(&site.id), action, no.code(), backup.as_str())
                    .await?;
                Err(with_way_out(no, actor, site).into())
            }
            Err(failed) => Err(failed),
        }
    }
}

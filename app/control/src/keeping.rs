//! Which backups are kept: a night kept among the manual ones and no longer (R18), and a manual one deleted and
//! put back (R10).
//!
//! A kept night is never deleted directly. It is still the night's backup, which the policy may want for its month or its
//! year (R12–R14) or as the last good one: so it is no longer kept, which frees its slot, and the policy decides the rest.

use domain::account::Actor;
use domain::backup::{Binned, Deletion, Promotion};
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
        self.expire_soon(&site.id).await;
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
        // It may have been the youngest: the site is silent sooner than was reckoned.
        self.night_watch.changed(&site.id);
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
    pub(crate) async fn conclude<T>(
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

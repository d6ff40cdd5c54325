//! What people see of their sites.

use domain::account::Actor;
use domain::backup::{Backup, BackupKind, Quota};
use domain::ids::{ProcessId, SiteId};
use domain::overview::{BackupEntry, SiteList, SiteOverview, SiteSummary, Slot};
use domain::permission::{Action, sees};
use domain::process::Process;
use domain::refusal::Refusal;
use domain::site::{Site, SiteStatus};

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::random;

impl ControlPlane {
    /// The sites this person sees, by name.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn site_list(&self, actor: &Actor) -> Result<SiteList, ControlError> {
        let mut sites = Vec::new();
        for site in self.visible_sites(actor).await? {
            sites.push(self.summary(site).await?);
        }
        Ok(SiteList { sites, now: self.now() })
    }

    /// The page of one site.
    ///
    /// # Errors
    /// [`domain::refusal::Refusal::NotFound`] when it does not exist or is another customer's.
    pub async fn site_overview(&self, actor: &Actor, site: &SiteId) -> Result<SiteOverview, ControlError> {
        let site = self.allowed(actor, Action::See, site).await?;
        let store = &self.outside.store;
        let backups = store.backups(&site.id).await?;
        let (quota, reserved) = store.quota(&site.id).await?;
        let slots = slots(quota, &backups, reserved);
        let last_ended = store.ended(std::slice::from_ref(&site.id), 1).await?.pop();
        let lasting = backups
            .iter()
            .filter(|backup| backup.kind != BackupKind::Safety)
            .count();
        let undecided = backups.iter().rev().filter(|backup| backup.judgement.is_undecided());
        let undecided = undecided.map(entry).collect();
        let restorable = u32::try_from(lasting).unwrap_or(u32::MAX);
        Ok(SiteOverview {
            summary: self.summary(site).await?,
            slots,
            last_ended,
            undecided,
            restorable,
            ticket: ProcessId::from_random(random::bytes()),
            now: self.now(),
        })
    }

    /// Is the site open? For the reverse proxy in front of it: no session, and nothing but the status is told.
    ///
    /// # Errors
    /// [`domain::refusal::Refusal::NotFound`] when there is no such site.
    pub async fn gate(&self, site: &SiteId) -> Result<SiteStatus, ControlError> {
        let site = self
            .outside
            .store
            .site(site)
            .await?
            .ok_or(domain::refusal::Refusal::NotFound)?;
        Ok(site.status)
    }

    /// The sites this person sees, by name.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn visible_sites(&self, actor: &Actor) -> Result<Vec<Site>, ControlError> {
        let sites = self.outside.store.sites().await?;
        Ok(sites.into_iter().filter(|site| sees(actor, site)).collect())
    }

    pub(crate) async fn summary(&self, site: Site) -> Result<SiteSummary, ControlError> {
        let store = &self.outside.store;
        let nights = store.nights_of(&site.id, self.now()).await?;
        let nights = self.plan(&nights.ok_or(Refusal::NotFound)?);
        let (quota, _) = store.quota(&site.id).await?;
        let last = store.last_backup(&site.id).await?.as_ref().map(entry);
        let undecided = store.undecided(&site.id).await?;
        let active: Vec<Process> = store.active(Some(std::slice::from_ref(&site.id))).await?;
        Ok(SiteSummary {
            site,
            quota,
            last,
            active,
            nights,
            undecided,
        })
    }
}

/// A backup as lists show it.
pub(crate) fn entry(backup: &Backup) -> BackupEntry {
    BackupEntry {
        id: backup.id.clone(),
        kind: backup.kind,
        t0: backup.t0,
        skew_ms: backup.skew_ms,
        completed_at: backup.completed_at,
        business_date: backup.business_date,
        late: backup.late,
        requested_by: backup.requested_by.clone(),
        promotion: backup.promotion.clone(),
        imported_from: backup.imported_from.clone(),
        bytes: backup.bytes(),
        judgement: backup.judgement.clone(),
    }
}

/// One compartment per slot: kept ones first, oldest first, then those held, then the free ones.
fn slots(quota: Quota, backups: &[Backup], reserved: Vec<ProcessId>) -> Vec<Slot> {
    let mut kept: Vec<_> = backups
        .iter()
        .filter(|backup| backup.takes_a_slot())
        .map(entry)
        .collect();
    kept.sort_by_key(|entry| entry.t0);
    let free = std::iter::repeat_n(Slot::Free, quota.free() as usize);
    kept.into_iter()
        .map(Slot::Kept)
        .chain(reserved.into_iter().map(Slot::Reserved))
        .chain(free)
        .collect()
}

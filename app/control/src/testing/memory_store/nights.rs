//! The nights of sites in memory.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::SiteId;
use domain::nights::{FailedNight, Nights};
use domain::process::{ProcessKind, ProcessState};
use domain::refusal::Refusal;
use domain::retention::Policy;
use domain::schedule::Schedule;
use domain::time::{CivilDate, Timestamp};

use super::world::{Planned, World};
use crate::ports::control_store::{Declaration, SiteNights, StoreError};
use crate::ports::outbox::Alert;

impl World {
    /// A new site has nights from now on, as they are declared; one that is known keeps its own.
    pub(super) fn begin_nights(&mut self, site: &SiteId, declaration: &Declaration, now: Timestamp) {
        if self.planned.contains_key(site) {
            return;
        }
        let declared = declaration.nights.iter().rfind(|(of, _)| of == site);
        let planned = Planned {
            schedule: declared.map(|(_, schedule)| *schedule).unwrap_or_default(),
            revision: self.next_revision(),
            created_at: now,
            silence_told: None,
            policy: Policy::default(),
        };
        self.planned.insert(site.clone(), planned);
    }

    pub(super) fn nights(&self, now: Timestamp) -> Vec<SiteNights> {
        self.sites.keys().filter_map(|site| self.nights_of(site, now)).collect()
    }

    pub(super) fn changed_since(&self, revision: u64) -> (u64, Vec<SiteId>) {
        let worked = self.processes.values().map(|work| &work.process);
        let worked = worked.map(|process| (process.revision, &process.site));
        let planned = self.planned.iter().map(|(site, planned)| (planned.revision, site));
        let changed = worked.chain(planned).filter(|(at, _)| *at > revision);
        let sites: BTreeSet<_> = changed.map(|(_, site)| site.clone()).collect();
        (self.revision, sites.into_iter().collect())
    }

    pub(super) fn nights_of(&self, id: &SiteId, now: Timestamp) -> Option<SiteNights> {
        let (site, planned) = (self.sites.get(id)?, self.planned.get(id)?);
        let tomorrow = site.zone.local(now).date.plus_days(1);
        let (mut settled, mut failed) = (None, BTreeMap::<CivilDate, FailedNight>::new());
        for work in self.processes.values().filter(|work| work.process.site == *id) {
            let ProcessKind::NightlyBackup { business_date } = work.process.kind else {
                continue;
            };
            match work.process.state {
                _ if business_date > tomorrow => {}
                ProcessState::Failed { ended_at, .. } => {
                    let night = failed.entry(business_date).or_insert(FailedNight {
                        business_date,
                        times: 0,
                        ended_at,
                    });
                    night.times += 1;
                    night.ended_at = night.ended_at.max(ended_at);
                }
                _ => settled = settled.max(Some(business_date)),
            }
        }
        let own = || self.backups.values().filter(|backup| backup.site == *id);
        let made = own().filter_map(|backup| backup.business_date);
        let settled = made.filter(|date| *date <= tomorrow).max().max(settled);
        Some(SiteNights {
            site: id.clone(),
            zone: site.zone.clone(),
            schedule: planned.schedule,
            nights: Nights {
                since: planned.created_at,
                settled,
                failed: failed
                    .into_values()
                    .next_back()
                    .filter(|failed| settled.is_none_or(|settled| settled < failed.business_date)),
            },
            open: site.status.is_ready(),
            last_completed: own()
                .filter(|backup| backup.imported_from.is_none())
                .map(|backup| backup.completed_at)
                .max(),
            silence_told: planned.silence_told,
        })
    }

    pub(super) fn set_schedule(&mut self, site: &SiteId, schedule: Schedule) -> Result<(), StoreError> {
        if self.planned.get(site).ok_or(Refusal::NotFound)?.schedule == schedule {
            return Ok(());
        }
        let revision = self.next_revision();
        let planned = self.planned.get_mut(site).ok_or(Refusal::NotFound)?;
        (planned.schedule, planned.revision) = (schedule, revision);
        Ok(())
    }

    pub(super) fn policy(&self, site: &SiteId) -> Result<Policy, StoreError> {
        Ok(self.planned.get(site).ok_or(Refusal::NotFound)?.policy)
    }

    pub(super) fn set_policy(&mut self, site: &SiteId, policy: Policy) -> Result<(), StoreError> {
        self.planned.get_mut(site).ok_or(Refusal::NotFound)?.policy = policy;
        Ok(())
    }

    pub(super) fn tell_silence(
        &mut self,
        site: &SiteId,
        from: Option<Timestamp>,
        alert: &Alert,
    ) -> Result<bool, StoreError> {
        let planned = self.planned.get_mut(site).ok_or(Refusal::NotFound)?;
        if planned.silence_told == from {
            return Ok(false);
        }
        planned.silence_told = from;
        self.raise(alert)?;
        Ok(true)
    }
}

//! What leaves for good, and who is reading, in memory.

use std::collections::BTreeSet;

use domain::backup::{Backup, Binned, Deletion};
use domain::bacpac::Told;
use domain::expiry::{ExpiryLog, Leaving, Why};
use domain::ids::{BackupId, CustomerId, ReadingId, SiteId};
use domain::limits::{EXPIRY_RETRY, EXPIRY_WAITS};
use domain::process::{Process, ProcessKind, ProcessState, StateName};
use domain::refusal::Refusal;
use domain::retention::{Expired, Facts, plan};
use domain::time::Timestamp;

use super::world::{Away, Work, World, broken};
use crate::ports::control_store::{Claim, Expiring, NewProcess, StoreError};

impl World {
    pub(super) fn expiry_due(&self, only: Option<&SiteId>, now: Timestamp) -> Vec<SiteId> {
        let mut sites: Vec<_> = self
            .sites
            .values()
            .filter(|site| only.is_none_or(|only| site.id == *only))
            .collect();
        sites.sort_by_key(|site| (&site.customer, &site.id));
        let (mut due, mut freed) = (Vec::new(), None);
        for site in sites {
            let waits = |work: &Work| {
                let of_this = work.process.site == site.id && work.process.kind == ProcessKind::Expiry;
                of_this
                    && match &work.process.state {
                        ProcessState::Queued | ProcessState::Running { .. } => true,
                        ProcessState::Failed { ended_at, .. } | ProcessState::Cancelled { ended_at, .. } => {
                            *ended_at > now.minus(EXPIRY_RETRY)
                        }
                        _ => false,
                    }
            };
            let stored = self.repositories.get(&site.customer).is_some_and(|row| row.exists);
            if !stored || self.processes.values().any(waits) {
                continue;
            }
            let free_at = self.free_at.get(&site.customer);
            let frees = free_at.is_some_and(|at| *at <= now) && freed != Some(&site.customer);
            let leaves =
                |away: &Away| away.binned.backup.site == site.id && (away.purging || away.binned.deletion.until <= now);
            if frees || self.bin.values().any(leaves) || !self.expired(&site.id, now).is_empty() {
                freed = Some(&site.customer);
                due.push(site.id.clone());
            }
        }
        due.sort();
        due
    }

    pub(super) fn queue_expiry(&mut self, new: &NewProcess) -> Result<Process, StoreError> {
        if new.kind != ProcessKind::Expiry {
            return Err(broken("only an expiry is queued as one"));
        }
        if !self.sites.contains_key(&new.site) {
            return Err(Refusal::NotFound.into());
        }
        let same = |work: &&Work| {
            work.process.site == new.site && work.process.kind == new.kind && !work.process.state.is_over()
        };
        if let Some(open) = self.processes.values().find(same) {
            return Ok(self.follow(open));
        }
        self.insert(new)?;
        self.snapshot(&new.id)
    }

    pub(super) fn hasten_expiries(&mut self, now: Timestamp) {
        for work in self.processes.values_mut() {
            let Process {
                kind,
                state,
                requested_at,
                ..
            } = &work.process;
            work.hastened |= (kind, state) == (&ProcessKind::Expiry, &ProcessState::Queued)
                && now.since(*requested_at) >= EXPIRY_WAITS;
        }
    }

    pub(super) fn begin_expiry(&mut self, claim: &Claim, now: Timestamp) -> Result<Expiring, StoreError> {
        let work = self.wanted(claim)?;
        if work.process.kind != ProcessKind::Expiry {
            return Err(broken("only an expiry marks"));
        }
        work.no_return = true;
        let process = work.process.clone();
        self.put(&claim.process, process.state.clone(), now);
        let site = process.site;
        let over = |away: &&mut Away| away.binned.backup.site == site && away.binned.deletion.until <= now;
        self.bin.values_mut().filter(over).for_each(|away| away.purging = true);
        for Expired { id, reason } in self.expired(&site, now) {
            let backup = self
                .backups
                .remove(&id)
                .ok_or_else(|| broken("a backup that is not there"))?;
            let deletion = Deletion {
                at: now,
                by: String::new(),
                until: now,
            };
            let away = Away {
                binned: Binned { backup, deletion },
                purging: true,
                expired: Some(reason),
            };
            self.bin.insert(id, away);
        }
        let marked = self
            .bin
            .values()
            .filter(|away| away.purging && away.binned.backup.site == site);
        let mut leaving: Vec<_> = marked
            .map(|away| Leaving {
                backup: away.binned.backup.clone(),
                why: match &away.expired {
                    Some(reason) => Why::Policy(reason.clone()),
                    None => Why::Bin(away.binned.deletion.clone()),
                },
            })
            .collect();
        leaving.sort_by(|a, b| (a.backup.t0, &a.backup.id).cmp(&(b.backup.t0, &b.backup.id)));
        let customer = self.customer_of(&site)?;
        if !leaving.is_empty() && self.repositories.contains_key(&customer) {
            let free_at = self.free_at.entry(customer.clone()).or_insert(now);
            *free_at = now.min(*free_at);
        }
        let others = self.processes.values().any(|work| {
            work.process.kind == ProcessKind::Expiry
                && work.process.state == ProcessState::Queued
                && self.customer_of(&work.process.site).is_ok_and(|of| of == customer)
        });
        Ok(Expiring {
            leaving,
            frees: !others,
        })
    }

    pub(super) fn remove_backup(&mut self, claim: &Claim, id: &BackupId) -> Result<(), StoreError> {
        let site = self.held(claim)?.process.site.clone();
        let marked = |away: &Away| away.purging && away.binned.backup.site == site;
        if self.bin.get(id).is_some_and(marked) {
            self.bin.remove(id);
            self.exports.retain(|(of, _), _| of != id);
            self.readings.retain(|_, (of, _)| of != id);
        }
        Ok(())
    }

    pub(super) fn snapshots(&self, customer: &CustomerId) -> BTreeSet<String> {
        let binned = self.bin.values().map(|away| &away.binned.backup);
        let of_the_customer = |backup: &&Backup| self.customer_of(&backup.site).is_ok_and(|of| of == *customer);
        let all = self.backups.values().chain(binned).filter(of_the_customer);
        all.map(|backup| backup.snapshot.clone()).collect()
    }

    pub(super) fn complete_expiry(
        &mut self,
        claim: &Claim,
        log: &ExpiryLog,
        free_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        let process = self.held(claim)?.process.clone();
        if process.kind != ProcessKind::Expiry {
            return Err(broken("only an expiry is completed as one"));
        }
        self.told.insert(process.id, Told::Expired(log.clone()));
        if log.space.is_some() {
            let customer = self.customer_of(&process.site)?;
            match free_at {
                Some(at) => self.free_at.insert(customer, at),
                None => self.free_at.remove(&customer),
            };
        }
        self.complete(claim, now)
    }

    pub(super) fn begin_reading(
        &mut self,
        reading: &ReadingId,
        backup: &BackupId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        if !self.backups.contains_key(backup) {
            return Err(Refusal::NotFound.into());
        }
        self.readings.insert(reading.clone(), (backup.clone(), until));
        Ok(())
    }

    pub(super) fn go_on_reading(&mut self, reading: &ReadingId, now: Timestamp, until: Timestamp) -> bool {
        let held = self.readings.get_mut(reading).filter(|(_, held)| *held > now);
        held.map(|(_, held)| *held = until).is_some()
    }

    pub(super) fn end_reading(&mut self, reading: &ReadingId, now: Timestamp) {
        self.readings.retain(|id, (_, until)| id != reading && *until > now);
    }

    /// Is it being read?
    pub(super) fn is_read(&self, backup: &BackupId, now: Timestamp) -> bool {
        self.readings.values().any(|(of, until)| of == backup && *until > now)
    }

    /// Is it restored, exported or read?
    pub(super) fn is_used(&self, backup: &BackupId, now: Timestamp) -> bool {
        let uses = |work: &Work| {
            let of = match &work.process.kind {
                ProcessKind::Restore { backup, .. } | ProcessKind::Export { backup, .. } => Some(backup),
                _ => None,
            };
            of == Some(backup) && !work.process.state.is_over()
        };
        self.is_read(backup, now) || self.processes.values().any(uses)
    }

    /// Must it wait because it or another needs the customer's repository for itself?
    pub(super) fn waits_for_the_repository(&self, process: &Process, now: Timestamp) -> bool {
        let Ok(customer) = self.customer_of(&process.site) else {
            return false;
        };
        let of_the_customer = |site: &SiteId| self.customer_of(site).is_ok_and(|of| of == customer);
        let alone = process.kind.is_alone_in_the_repository();
        let beside = |work: &Work| {
            work.process.state.name() == StateName::Running
                && of_the_customer(&work.process.site)
                && (alone || work.process.kind.is_alone_in_the_repository())
        };
        let read = || {
            let read: BTreeSet<_> = self.readings.values().filter(|(_, until)| *until > now).collect();
            read.iter().any(|(backup, _)| {
                let found = self
                    .backups
                    .get(backup)
                    .or_else(|| Some(&self.bin.get(backup)?.binned.backup));
                found.is_some_and(|backup| of_the_customer(&backup.site))
            })
        };
        self.processes.values().any(beside) || (alone && read())
    }

    fn customer_of(&self, site: &SiteId) -> Result<CustomerId, StoreError> {
        let site = self.sites.get(site).ok_or(Refusal::NotFound)?;
        Ok(site.customer.clone())
    }

    /// What of a site the policy no longer keeps and nobody uses.
    fn expired(&self, site: &SiteId, now: Timestamp) -> Vec<Expired> {
        let (Some(of), Ok(policy)) = (self.sites.get(site), self.policy(site)) else {
            return Vec::new();
        };
        let backups = self.backups.values().filter(|backup| backup.site == *site);
        let facts: Vec<_> = backups.map(Facts::of).collect();
        let mut expired = plan(now, &of.zone, policy, &facts).expired;
        expired.retain(|expired| !self.is_used(&expired.id, now));
        expired
    }
}

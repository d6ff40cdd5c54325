//! The control store in memory, for tests of what stands on the port: it keeps the same promises as the one on a database,
//! which the contract suite proves ([`crate::testing::store_contract`]). Nothing survives it.
//!
//! One method is one transaction here too: it works on a copy, which replaces the world only when all went well.

mod alerts;
mod declared;
mod expiry;
mod keeping;
mod nights;
mod people;
mod queue;
mod tally;
mod work;
mod world;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use domain::account::Actor;
use domain::backup::{Backup, Binned, Deletion, Promotion, Quota};
use domain::bacpac::{Export, Told, Upload};
use domain::expiry::ExpiryLog;
use domain::failure::Failure;
use domain::ids::{AccountId, AlertId, BackupId, CustomerId, DatabaseId, ProcessId, ReadingId, SiteId, UploadId};
use domain::judgement::{Decision, Verdict};
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, Progress};
use domain::refusal::Refusal;
use domain::retention::Policy;
use domain::schedule::Schedule;
use domain::site::Site;
use domain::time::Timestamp;

use self::world::World;
use crate::ports::control_store::{
    Account, AuditEntry, Claim, Claimed, ControlStore, Declaration, Expiring, Failures, NewProcess, RepositoryRow,
    Session, SiteNights, StoreError,
};
use crate::ports::database_engine::DatabaseSource;
use crate::ports::outbox::{Alert, Delivery, Recipient, Settlement};
use crate::ports::repository::SealedKey;
use crate::ports::tally::Tally;
use crate::testing::power::{Effect, Power};

/// A control store behind a mutex.
#[derive(Default)]
pub struct MemoryStore {
    world: Mutex<World>,
    power: Power,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one that stops when this power is cut.
    #[must_use]
    pub fn powered_by(power: Power) -> Self {
        Self {
            power,
            ..Self::default()
        }
    }

    fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, work: impl FnOnce(&mut World) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = world.clone();
        let gone = || StoreError::Broken("whoever asked is gone".to_owned());
        let effect = self.power.next();
        if effect == Effect::None {
            return Err(gone());
        }
        let answer = work(&mut next)?;
        *world = next;
        match effect {
            Effect::Answered => Ok(answer),
            Effect::Unanswered | Effect::None => Err(gone()),
        }
    }
}

#[async_trait]
impl ControlStore for MemoryStore {
    async fn declare(&self, declaration: &Declaration, now: Timestamp) -> Result<(), StoreError> {
        self.change(|world| world.declare(declaration, now))
    }

    async fn save_account(&self, account: &Account) -> Result<(), StoreError> {
        self.change(|world| world.save_account(account))
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        Ok(self.read(World::all_sites))
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        Ok(self.read(|world| world.sites.get(id).map(|site| world.shown(site))))
    }

    async fn sources(&self, site: &SiteId) -> Result<Vec<DatabaseSource>, StoreError> {
        Ok(self.read(|world| world.sources(site)))
    }

    async fn measured(&self, database: &DatabaseId, bytes: u64) -> Result<(), StoreError> {
        self.change(|world| world.measured(database, bytes))
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        Ok(self.read(|world| world.accounts.values().find(|account| account.email == email).cloned()))
    }

    async fn actor(&self, account: &AccountId) -> Result<Option<Actor>, StoreError> {
        Ok(self.read(|world| world.accounts.get(account).map(|account| account.actor.clone())))
    }

    async fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        self.change(|world| world.open_session(session))
    }

    async fn session(&self, token: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        Ok(self.read(|world| world.sessions.get(token).cloned()))
    }

    async fn renew_session(&self, old_token: &[u8; 32], session: &Session) -> Result<bool, StoreError> {
        self.change(|world| world.renew_session(old_token, session))
    }

    async fn close_session(&self, token: &[u8; 32]) -> Result<(), StoreError> {
        self.change(|world| {
            world.sessions.remove(token);
            Ok(())
        })
    }

    async fn expire_sessions(&self, idle_before: Timestamp, signed_in_before: Timestamp) -> Result<u64, StoreError> {
        self.change(|world| Ok(world.expire_sessions(idle_before, signed_in_before)))
    }

    async fn failures(&self, key: &str) -> Result<Failures, StoreError> {
        Ok(self.read(|world| world.failures.get(key).copied().unwrap_or_default()))
    }

    async fn count_sign_in(&self, key: &str, right: bool, at: Timestamp) -> Result<(), StoreError> {
        self.change(|world| {
            world.count_sign_in(key, right, at);
            Ok(())
        })
    }

    async fn queue_backup(&self, new: &NewProcess) -> Result<Process, StoreError> {
        self.change(|world| world.queue_backup(new))
    }

    async fn queue_nights(&self, new: &[NewProcess]) -> Result<Vec<Result<(), Refusal>>, StoreError> {
        self.change(|world| {
            let nights = |new: &NewProcess| matches!(new.kind, ProcessKind::NightlyBackup { .. });
            if !new.iter().all(nights) {
                return Err(StoreError::Broken("only a night is queued as one".to_owned()));
            }
            let answers = new.iter().map(|new| match world.queue_backup(new) {
                Ok(_) => Ok(Ok(())),
                Err(StoreError::Refused(no)) => Ok(Err(no)),
                Err(broken) => Err(broken),
            });
            answers.collect()
        })
    }

    async fn queue_restore(&self, new: &NewProcess) -> Result<Process, StoreError> {
        self.change(|world| world.queue_restore(new))
    }

    async fn queue_export(&self, new: &NewProcess) -> Result<Process, StoreError> {
        self.change(|world| world.queue_export(new))
    }

    async fn queue_import(&self, new: &NewProcess) -> Result<Process, StoreError> {
        self.change(|world| world.queue_import(new))
    }

    async fn claim(
        &self,
        worker: &str,
        now: Timestamp,
        lease_until: Timestamp,
        max_running: u32,
    ) -> Result<Option<Claimed>, StoreError> {
        self.change(|world| world.claim(worker, now, lease_until, max_running))
    }

    async fn end_silent(&self, now: Timestamp) -> Result<Vec<Process>, StoreError> {
        self.change(|world| {
            let ended = world.end_silent(now);
            ended.iter().map(|id| world.snapshot(id)).collect()
        })
    }

    async fn end_leases(&self) -> Result<u64, StoreError> {
        self.change(|world| Ok(world.end_leases()))
    }

    async fn heartbeat(&self, claim: &Claim, lease_until: Timestamp) -> Result<(), StoreError> {
        self.change(|world| {
            world.held(claim)?.lease_until = lease_until;
            Ok(())
        })
    }

    async fn report(
        &self,
        claim: &Claim,
        progress: Progress,
        t0: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        self.change(|world| world.report(claim, progress, t0, now))
    }

    async fn asked_to_stop(&self, claim: &Claim) -> Result<bool, StoreError> {
        self.change(|world| {
            let cancelling = &world.held(claim)?.process.cancelling;
            Ok(matches!(cancelling, Cancelling::Asked { .. }))
        })
    }

    async fn pass_no_return(
        &self,
        claim: &Claim,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        self.change(|world| world.pass_no_return(claim, lease_until, now))
    }

    async fn complete_backup(&self, claim: &Claim, backup: &Backup, now: Timestamp) -> Result<Process, StoreError> {
        self.change(|world| world.complete_backup(claim, backup, now))
    }

    async fn record_safety(&self, claim: &Claim, backup: &Backup, now: Timestamp) -> Result<(), StoreError> {
        self.change(|world| world.record_safety(claim, backup, now))
    }

    async fn complete_export(&self, claim: &Claim, export: &Export, now: Timestamp) -> Result<Process, StoreError> {
        self.change(|world| world.complete_export(claim, export, now))
    }

    async fn tell(&self, claim: &Claim, told: &Told) -> Result<(), StoreError> {
        self.change(|world| {
            world.held(claim)?;
            world.told.insert(claim.process.clone(), told.clone());
            Ok(())
        })
    }

    async fn told(&self, process: &ProcessId) -> Result<Option<Told>, StoreError> {
        Ok(self.read(|world| world.told.get(process).cloned()))
    }

    async fn decide_restore(&self, claim: &Claim) -> Result<(), StoreError> {
        self.change(|world| world.decide_restore(claim))
    }

    async fn complete_restore(&self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError> {
        self.change(|world| world.complete_restore(claim, now))
    }

    async fn fail(&self, claim: &Claim, failure: &Failure, now: Timestamp) -> Result<Process, StoreError> {
        self.change(|world| {
            world.wanted(claim)?;
            world.end_failed(&claim.process, failure.clone(), now);
            world.snapshot(&claim.process)
        })
    }

    async fn cancel(&self, process: &ProcessId, by: &str, now: Timestamp) -> Result<Process, StoreError> {
        self.change(|world| world.cancel(process, by, now))
    }

    async fn end_cancelled(&self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError> {
        self.change(|world| world.end_cancelled(claim, now))
    }

    async fn process(&self, id: &ProcessId) -> Result<Option<Process>, StoreError> {
        Ok(self.read(|world| world.processes.get(id).map(|work| world.follow(work))))
    }

    async fn reason(&self, id: &ProcessId) -> Result<Option<String>, StoreError> {
        Ok(self.read(|world| world.processes.get(id).and_then(|work| work.reason.clone())))
    }

    async fn active(&self, sites: Option<&[SiteId]>) -> Result<Vec<Process>, StoreError> {
        Ok(self.read(|world| world.active(sites)))
    }

    async fn ended(&self, sites: &[SiteId], limit: usize) -> Result<Vec<Process>, StoreError> {
        Ok(self.read(|world| world.ended(sites, limit)))
    }

    async fn backups(&self, site: &SiteId) -> Result<Vec<Backup>, StoreError> {
        Ok(self.read(|world| world.backups_of(site)))
    }

    async fn last_backup(&self, site: &SiteId) -> Result<Option<Backup>, StoreError> {
        Ok(self.read(|world| {
            world
                .backups_of(site)
                .into_iter()
                .find(|backup| backup.kind != domain::backup::BackupKind::Safety && backup.imported_from.is_none())
        }))
    }

    async fn backup(&self, id: &BackupId) -> Result<Option<Backup>, StoreError> {
        Ok(self.read(|world| world.backups.get(id).cloned()))
    }

    async fn quota(&self, site: &SiteId) -> Result<(Quota, Vec<ProcessId>), StoreError> {
        self.read(|world| world.quota(site))
    }

    async fn promote(&self, backup: &BackupId, promotion: &Promotion) -> Result<Backup, StoreError> {
        self.change(|world| world.promote(backup, promotion))
    }

    async fn demote(&self, backup: &BackupId) -> Result<Backup, StoreError> {
        self.change(|world| world.demote(backup))
    }

    async fn decide(&self, backup: &BackupId, verdict: Verdict, decision: &Decision) -> Result<Backup, StoreError> {
        self.change(|world| world.decide(backup, verdict, decision))
    }

    async fn undecided(&self, site: &SiteId) -> Result<u32, StoreError> {
        self.read(|world| Ok(world.undecided(site)))
    }

    async fn delete_backup(&self, backup: &BackupId, deletion: &Deletion) -> Result<Binned, StoreError> {
        self.change(|world| world.delete_backup(backup, deletion))
    }

    async fn put_back(&self, backup: &BackupId, now: Timestamp) -> Result<Backup, StoreError> {
        self.change(|world| world.put_back(backup, now))
    }

    async fn bin(&self, site: &SiteId, now: Timestamp) -> Result<Vec<Binned>, StoreError> {
        Ok(self.read(|world| world.bin_of(site, now)))
    }

    async fn binned(&self, backup: &BackupId, now: Timestamp) -> Result<Option<Binned>, StoreError> {
        Ok(self.read(|world| world.binned(backup, now).cloned()))
    }

    async fn expiry_due(&self, site: Option<&SiteId>, now: Timestamp) -> Result<Vec<SiteId>, StoreError> {
        Ok(self.read(|world| world.expiry_due(site, now)))
    }

    async fn queue_expiry(&self, new: &NewProcess) -> Result<Process, StoreError> {
        self.change(|world| world.queue_expiry(new))
    }

    async fn hasten_expiries(&self, now: Timestamp) -> Result<(), StoreError> {
        self.change(|world| {
            world.hasten_expiries(now);
            Ok(())
        })
    }

    async fn begin_expiry(&self, claim: &Claim, now: Timestamp) -> Result<Expiring, StoreError> {
        self.change(|world| world.begin_expiry(claim, now))
    }

    async fn remove_backup(&self, claim: &Claim, backup: &BackupId) -> Result<(), StoreError> {
        self.change(|world| world.remove_backup(claim, backup))
    }

    async fn snapshots(&self, customer: &CustomerId) -> Result<BTreeSet<String>, StoreError> {
        Ok(self.read(|world| world.snapshots(customer)))
    }

    async fn complete_expiry(
        &self,
        claim: &Claim,
        log: &ExpiryLog,
        free_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        self.change(|world| world.complete_expiry(claim, log, free_at, now))
    }

    async fn begin_reading(&self, reading: &ReadingId, backup: &BackupId, until: Timestamp) -> Result<(), StoreError> {
        self.change(|world| world.begin_reading(reading, backup, until))
    }

    async fn go_on_reading(&self, reading: &ReadingId, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.change(|world| Ok(world.go_on_reading(reading, now, until)))
    }

    async fn end_reading(&self, reading: &ReadingId, now: Timestamp) -> Result<(), StoreError> {
        self.change(|world| {
            world.end_reading(reading, now);
            Ok(())
        })
    }

    async fn nights_waiting(&self) -> Result<usize, StoreError> {
        let waits = |process: &Process| {
            matches!(process.kind, ProcessKind::NightlyBackup { .. }) && process.state == ProcessState::Queued
        };
        Ok(self.read(|world| world.processes.values().filter(|work| waits(&work.process)).count()))
    }

    async fn changed_since(&self, revision: u64) -> Result<(u64, Vec<SiteId>), StoreError> {
        Ok(self.read(|world| world.changed_since(revision)))
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        Ok(self.read(World::tally))
    }

    async fn nights(&self, now: Timestamp) -> Result<Vec<SiteNights>, StoreError> {
        Ok(self.read(|world| world.nights(now)))
    }

    async fn nights_of(&self, site: &SiteId, now: Timestamp) -> Result<Option<SiteNights>, StoreError> {
        Ok(self.read(|world| world.nights_of(site, now)))
    }

    async fn nights_of_each(&self, sites: &[SiteId], now: Timestamp) -> Result<Vec<SiteNights>, StoreError> {
        let mut sites = sites.to_vec();
        sites.sort();
        sites.dedup();
        Ok(self.read(|world| sites.iter().filter_map(|site| world.nights_of(site, now)).collect()))
    }

    async fn set_schedule(&self, site: &SiteId, schedule: Schedule) -> Result<(), StoreError> {
        self.change(|world| world.set_schedule(site, schedule))
    }

    async fn policy(&self, site: &SiteId) -> Result<Policy, StoreError> {
        self.read(|world| world.policy(site))
    }

    async fn set_policy(&self, site: &SiteId, policy: Policy) -> Result<(), StoreError> {
        self.change(|world| world.set_policy(site, policy))
    }

    async fn tell_silence(&self, site: &SiteId, from: Option<Timestamp>, alert: &Alert) -> Result<bool, StoreError> {
        self.change(|world| world.tell_silence(site, from, alert))
    }

    async fn raise_alert(&self, alert: &Alert) -> Result<bool, StoreError> {
        self.change(|world| world.raise(alert))
    }

    async fn unaddressed_alerts(&self) -> Result<Vec<Alert>, StoreError> {
        Ok(self.read(World::unaddressed))
    }

    async fn administrators(&self, site: &SiteId) -> Result<Vec<String>, StoreError> {
        Ok(self.read(|world| world.administrators(site)))
    }

    async fn address_alert(&self, alert: &AlertId, to: &[Recipient], now: Timestamp) -> Result<bool, StoreError> {
        self.change(|world| Ok(world.address(alert, to, now)))
    }

    async fn due_recipients(&self, now: Timestamp) -> Result<Vec<Recipient>, StoreError> {
        Ok(self.read(|world| world.due_recipients(now)))
    }

    async fn take_delivery(
        &self,
        to: &Recipient,
        now: Timestamp,
        held_until: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        self.change(|world| Ok(world.take_delivery(to, now, held_until)))
    }

    async fn settle_delivery(
        &self,
        delivery: &Delivery,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(|world| world.settle_delivery(delivery, settlement, now))
    }

    async fn sweep_alerts(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        self.change(|world| Ok(world.sweep_alerts(now)))
    }

    async fn export(&self, backup: &BackupId, database: &DatabaseId) -> Result<Option<Export>, StoreError> {
        Ok(self.read(|world| world.exports.get(&(backup.clone(), database.clone())).cloned()))
    }

    async fn exports(&self) -> Result<Vec<Export>, StoreError> {
        Ok(self.read(|world| world.exports.values().cloned().collect()))
    }

    async fn expire_exports(&self, now: Timestamp) -> Result<Vec<Export>, StoreError> {
        self.change(|world| Ok(world.expire_exports(now)))
    }

    async fn open_upload(&self, upload: &Upload) -> Result<(), StoreError> {
        self.change(|world| {
            world.uploads.insert(upload.id.clone(), upload.clone());
            Ok(())
        })
    }

    async fn upload(&self, id: &UploadId) -> Result<Option<Upload>, StoreError> {
        Ok(self.read(|world| world.uploads.get(id).cloned()))
    }

    async fn uploads(&self) -> Result<Vec<Upload>, StoreError> {
        Ok(self.read(|world| world.uploads.values().cloned().collect()))
    }

    async fn touch_upload(&self, id: &UploadId, at: Timestamp) -> Result<(), StoreError> {
        self.change(|world| {
            if let Some(upload) = world.uploads.get_mut(id) {
                upload.touched_at = at;
            }
            Ok(())
        })
    }

    async fn close_upload(&self, id: &UploadId) -> Result<bool, StoreError> {
        self.change(|world| Ok(world.close_upload(id)))
    }

    async fn repository(&self, customer: &CustomerId) -> Result<Option<RepositoryRow>, StoreError> {
        Ok(self.read(|world| world.repositories.get(customer).cloned()))
    }

    async fn save_key(&self, customer: &CustomerId, key: &SealedKey) -> Result<RepositoryRow, StoreError> {
        self.change(|world| world.save_key(customer, key))
    }

    async fn repository_exists(&self, customer: &CustomerId) -> Result<(), StoreError> {
        self.change(|world| world.repository_exists(customer))
    }

    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.change(|world| {
            world.trail.push(entry.clone());
            Ok(())
        })
    }

    async fn audit_trail(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(self.read(|world| world.trail.iter().rev().take(limit).cloned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::store_contract::Opened;

    async fn open() -> Opened {
        Opened {
            store: Arc::new(MemoryStore::new()),
            examine: Arc::new(|| Box::pin(async { Vec::new() })),
        }
    }

    crate::store_contract!(open);
}

//! Processes in memory: queued, reported, ended. Which one is next and how one is stopped is in [`super::queue`].

use std::collections::BTreeSet;

use domain::backup::{Backup, BackupKind};
use domain::bacpac::{Export, Upload};
use domain::failure::Failure;
use domain::ids::{ProcessId, SiteId, UploadId};
use domain::judgement::is_judged;
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, Progress, StateName};
use domain::refusal::{OldestManual, Refusal};
use domain::restore::Scope;
use domain::site::SiteStatus;
use domain::time::Timestamp;

use super::world::{Holder, Work, World, broken};
use crate::ports::control_store::{Claim, NewProcess, RestoreProgress, StoreError};
use crate::ports::outbox::Alert;

impl World {
    pub(super) fn queue_backup(&mut self, new: &NewProcess) -> Result<Process, StoreError> {
        self.refuse_closed(&new.site)?;
        match &new.kind {
            ProcessKind::ManualBackup => self.insert_with_slot(new)?,
            ProcessKind::NightlyBackup { business_date } => {
                let live = |work: &Work| {
                    work.process.site == new.site
                        && work.process.kind == new.kind
                        && !matches!(work.process.state.name(), StateName::Failed | StateName::Cancelled)
                };
                let kept = |backup: &Backup| backup.site == new.site && backup.business_date == Some(*business_date);
                if self.processes.values().any(live) || self.backups.values().any(kept) {
                    return Err(Refusal::TooLate.into());
                }
                self.insert(new)?;
            }
            _ => return Err(broken("only a backup is queued as one")),
        }
        self.snapshot(&new.id)
    }

    pub(super) fn queue_restore(&mut self, new: &NewProcess) -> Result<Process, StoreError> {
        let ProcessKind::Restore { backup, scope, .. } = &new.kind else {
            return Err(broken("only a restore is queued as one"));
        };
        self.refuse_closed(&new.site)?;
        let held = self.backups.get(backup).is_some_and(|backup| {
            let covered = match scope {
                Scope::Site => true,
                Scope::Database(database) => backup.artifact(database).is_some(),
            };
            backup.site == new.site && covered
        });
        if !held {
            return Err(Refusal::NotFound.into());
        }
        self.insert(new)?;
        let site = self.sites.get_mut(&new.site).ok_or(Refusal::NotFound)?;
        site.status = SiteStatus::Restoring {
            process: new.id.clone(),
        };
        if let Some(alert) = Alert::of_order(new) {
            self.raise(&alert)?;
        }
        self.snapshot(&new.id)
    }

    pub(super) fn queue_export(&mut self, new: &NewProcess) -> Result<Process, StoreError> {
        let ProcessKind::Export { backup, database, .. } = &new.kind else {
            return Err(broken("only an export is queued as one"));
        };
        let held = |found: &&Backup| found.site == new.site && found.artifact(database).is_some();
        if self.backups.get(backup).filter(held).is_none() {
            return Err(Refusal::NotFound.into());
        }
        let same = |work: &&Work| !work.process.state.is_over() && work.process.kind == new.kind;
        if let Some(open) = self.processes.values().find(same) {
            return Ok(self.follow(open));
        }
        self.insert(new)?;
        self.snapshot(&new.id)
    }

    pub(super) fn queue_import(&mut self, new: &NewProcess) -> Result<Process, StoreError> {
        let ProcessKind::Import { upload, database, .. } = &new.kind else {
            return Err(broken("only an import is queued as one"));
        };
        self.refuse_closed(&new.site)?;
        let there = |found: &&Upload| found.site == new.site && found.database == *database;
        let used = |work: &Work| {
            let same = matches!(&work.process.kind, ProcessKind::Import { upload: of, .. } if of == upload);
            same && !matches!(work.process.state.name(), StateName::Failed | StateName::Cancelled)
        };
        if self.uploads.get(upload).filter(there).is_none() || self.processes.values().any(used) {
            return Err(Refusal::NotFound.into());
        }
        self.insert_with_slot(new)?;
        self.snapshot(&new.id)
    }

    pub(super) fn complete_export(
        &mut self,
        claim: &Claim,
        export: &Export,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        let process = &self.wanted(claim)?.process;
        let asked = matches!(&process.kind, ProcessKind::Export { backup, database, .. }
            if *backup == export.backup && *database == export.database);
        if !asked || export.process != process.id {
            return Err(broken("the file is not the one that was asked for"));
        }
        self.exports
            .insert((export.backup.clone(), export.database.clone()), export.clone());
        self.complete(claim, now)
    }

    pub(super) fn expire_exports(&mut self, now: Timestamp) -> Vec<Export> {
        self.exports
            .extract_if(.., |_, export| export.keep_until < now)
            .map(|(_, export)| export)
            .collect()
    }

    pub(super) fn close_upload(&mut self, id: &UploadId) -> bool {
        let needs = |work: &Work| {
            let same = matches!(&work.process.kind, ProcessKind::Import { upload, .. } if upload == id);
            same && !work.process.state.is_over()
        };
        !self.processes.values().any(needs) && self.uploads.remove(id).is_some()
    }

    pub(super) fn end_leases(&mut self) -> u64 {
        self.alerts
            .iter_mut()
            .flat_map(|raised| raised.deliveries.values_mut())
            .for_each(|way| way.held_until = None);
        let running = self
            .processes
            .values_mut()
            .filter(|work| work.process.state.name() == StateName::Running);
        running.map(|work| work.lease_until = Timestamp(i64::MIN)).count() as u64
    }

    /// The process, if this claim still gives the right to work on it.
    pub(super) fn held(&mut self, claim: &Claim) -> Result<&mut Work, StoreError> {
        let mine =
            |work: &&mut Work| work.process.attempt == claim.attempt && work.process.state.name() == StateName::Running;
        self.processes
            .get_mut(&claim.process)
            .filter(mine)
            .ok_or(StoreError::Fenced)
    }

    pub(super) fn report(
        &mut self,
        claim: &Claim,
        progress: Progress,
        t0: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        let work = self.held(claim)?;
        let percent = work.process.state.percent().max(progress.percent.min(99));
        if let ProcessState::Running { started_at, .. } = work.process.state {
            let state = ProcessState::Running {
                started_at,
                progress: Progress { percent, ..progress },
            };
            work.process.t0 = t0.or(work.process.t0);
            self.put(&claim.process, state, now);
        }
        self.snapshot(&claim.process)
    }

    pub(super) fn complete_backup(
        &mut self,
        claim: &Claim,
        backup: &Backup,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        let expected = match &self.wanted(claim)?.process.kind {
            ProcessKind::ManualBackup | ProcessKind::Import { .. } => (BackupKind::Manual, None),
            ProcessKind::NightlyBackup { business_date } => (BackupKind::Automatic, Some(*business_date)),
            ProcessKind::Restore { .. } | ProcessKind::Export { .. } | ProcessKind::Expiry => {
                return Err(broken("this does not end as a backup"));
            }
        };
        if (backup.kind, backup.business_date) != expected {
            return Err(broken("the backup is not of the kind that was asked for"));
        }
        self.record(claim, backup)?;
        for holder in self
            .slots
            .values_mut()
            .filter(|holder| **holder == Holder::Reserved(claim.process.clone()))
        {
            *holder = Holder::Kept(backup.id.clone());
        }
        self.held(claim)?.process.t0 = Some(backup.t0);
        if let Some(alert) = Alert::of_backup(backup) {
            self.raise(&alert)?;
        }
        self.complete(claim, now)
    }

    pub(super) fn record_safety(&mut self, claim: &Claim, backup: &Backup, now: Timestamp) -> Result<(), StoreError> {
        let work = self.held(claim)?;
        if !work.process.kind.is_restore() || backup.kind != BackupKind::Safety || backup.business_date.is_some() {
            return Err(broken("only a restore takes a safety backup"));
        }
        match &work.restore.safety {
            Some(recorded) if *recorded == backup.id => return Ok(()),
            Some(_) => return Err(broken("the restore has its safety backup already")),
            None => work.restore.safety = Some(backup.id.clone()),
        }
        self.record(claim, backup)?;
        let revision = self.next_revision();
        let process = &mut self.held(claim)?.process;
        (process.revision, process.updated_at) = (revision, now);
        Ok(())
    }

    pub(super) fn decide_restore(&mut self, claim: &Claim) -> Result<(), StoreError> {
        let work = self.wanted(claim)?;
        if !work.process.kind.is_restore() {
            return Err(broken("only a restore is decided"));
        }
        work.restore.swapped = true;
        Ok(())
    }

    pub(super) fn complete_restore(&mut self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError> {
        let RestoreProgress { swapped, .. } = self.wanted(claim)?.restore;
        if !swapped {
            return Err(broken("only a decided restore is completed"));
        }
        self.complete(claim, now)
    }

    pub(super) fn end_failed(&mut self, id: &ProcessId, failure: Failure, now: Timestamp) {
        self.let_go(id);
        let percent = self.processes.get(id).map_or(0, |work| work.process.state.percent());
        self.put(
            id,
            ProcessState::Failed {
                ended_at: now,
                percent,
                failure,
            },
            now,
        );
        let raised = self.snapshot(id).ok().as_ref().and_then(Alert::of_end);
        // Its site is known: the process is one of it.
        let _ = raised.map(|alert| self.raise(&alert));
    }

    pub(super) fn complete(&mut self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError> {
        if let ProcessState::Running { started_at, .. } = self.held(claim)?.process.state {
            self.let_go(&claim.process);
            self.put(
                &claim.process,
                ProcessState::Completed {
                    started_at,
                    ended_at: now,
                },
                now,
            );
        }
        self.snapshot(&claim.process)
    }

    fn record(&mut self, claim: &Claim, backup: &Backup) -> Result<(), StoreError> {
        let known: BTreeSet<_> = backup.artifacts.iter().map(|artifact| &artifact.database).collect();
        let sound = !known.is_empty()
            && known.len() == backup.artifacts.len()
            && known.into_iter().all(|database| self.databases.contains_key(database))
            && backup.promotion.is_none()
            && !self.backups.contains_key(&backup.id)
            && !self.bin.contains_key(&backup.id)
            && backup.judgement.decision.is_none()
            && backup.judgement.is_usual() == backup.judgement.unusual.is_empty()
            && (backup.judgement.is_usual() || is_judged(backup))
            && (!backup.late || backup.kind == BackupKind::Automatic);
        let work = self.held(claim)?;
        if !sound || backup.process != work.process.id || backup.site != work.process.site {
            return Err(broken("a backup that cannot be, or of another process or site"));
        }
        work.made = Some(backup.id.clone());
        self.backups.insert(backup.id.clone(), backup.clone());
        let stored = self.stored.entry(backup.kind.code()).or_default();
        stored.0 += 1;
        stored.1 += backup.bytes();
        Ok(())
    }

    fn refuse_closed(&self, site: &SiteId) -> Result<(), StoreError> {
        let open = self.sites.get(site).ok_or(Refusal::NotFound)?.status.is_ready();
        if open {
            Ok(())
        } else {
            Err(Refusal::SiteRestoring.into())
        }
    }

    pub(super) fn free_slot(&self, site: &SiteId) -> Result<u32, StoreError> {
        let (fill, _) = self.quota(site)?;
        if let Some(slot) = (1..=fill.quota).find(|slot| !self.slots.contains_key(&(site.clone(), *slot))) {
            return Ok(slot);
        }
        let kept = self
            .slots
            .iter()
            .filter(|((of, _), _)| of == site)
            .filter_map(|(_, holder)| match holder {
                Holder::Kept(backup) => self.backups.get(backup),
                Holder::Reserved(_) => None,
            });
        let oldest = kept.min_by_key(|backup| (backup.t0, &backup.id));
        Err(StoreError::Refused(Refusal::QuotaReached {
            kept: fill.kept,
            reserved: fill.reserved,
            quota: fill.quota,
            oldest: oldest.map(|backup| OldestManual::new(backup.t0, backup.bytes(), backup.business_date)),
        }))
    }

    /// A process that makes a manual backup holds a slot from the beginning.
    fn insert_with_slot(&mut self, new: &NewProcess) -> Result<(), StoreError> {
        let slot = self.free_slot(&new.site)?;
        self.insert(new)?;
        self.slots
            .insert((new.site.clone(), slot), Holder::Reserved(new.id.clone()));
        Ok(())
    }

    pub(super) fn insert(&mut self, new: &NewProcess) -> Result<(), StoreError> {
        if self.processes.contains_key(&new.id) {
            return Err(broken("a process id twice"));
        }
        let process = Process {
            id: new.id.clone(),
            site: new.site.clone(),
            site_name: String::new(),
            kind: new.kind.clone(),
            state: ProcessState::Queued,
            requested_by: new.requested_by.clone(),
            requested_at: new.at,
            attempt: 0,
            ahead: None,
            cancelling: Cancelling::Possible,
            t0: None,
            backup: None,
            revision: self.next_revision(),
            updated_at: new.at,
        };
        let work = Work {
            process,
            reason: new.reason.clone(),
            worker: String::new(),
            lease_until: new.at,
            no_return: false,
            restore: RestoreProgress::default(),
            made: None,
            hastened: false,
        };
        self.processes.insert(new.id.clone(), work);
        Ok(())
    }

    pub(super) fn let_go(&mut self, id: &ProcessId) {
        self.slots.retain(|_, holder| *holder != Holder::Reserved(id.clone()));
        for site in self
            .sites
            .values_mut()
            .filter(|site| site.status == SiteStatus::Restoring { process: id.clone() })
        {
            site.status = SiteStatus::Ready;
        }
    }

    pub(super) fn put(&mut self, id: &ProcessId, state: ProcessState, now: Timestamp) {
        let revision = self.next_revision();
        if let Some(work) = self.processes.get_mut(id) {
            work.process.state = state;
            work.process.revision = revision;
            work.process.updated_at = now;
        }
    }
}

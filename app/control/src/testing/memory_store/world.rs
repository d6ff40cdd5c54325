//! What a store in memory holds, and the looks that several methods share.

use std::collections::BTreeMap;

use domain::backup::{Backup, Binned, Quota};
use domain::bacpac::{Export, Told, Upload};
use domain::ids::{AccountId, BackupId, CustomerId, DatabaseId, PartnerId, ProcessId, ReadingId, SiteId, UploadId};
use domain::process::{Cancelling, Process, ProcessState, StateName};
use domain::refusal::Refusal;
use domain::retention::{Expire, Policy};
use domain::schedule::Schedule;
use domain::site::{Database, Site};
use domain::time::Timestamp;

use crate::ports::control_store::{Account, AuditEntry, Failures, RepositoryRow, RestoreProgress, Session, StoreError};
use crate::ports::database_engine::Address;
use crate::ports::outbox::{Alert, Recipient};

/// Everything.
#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) customers: BTreeMap<CustomerId, String>,
    pub(super) partners: BTreeMap<PartnerId, String>,
    /// `databases` in them is empty: see `databases` here.
    pub(super) sites: BTreeMap<SiteId, Site>,
    /// When the nights of each start, and what people were told of them.
    pub(super) planned: BTreeMap<SiteId, Planned>,
    pub(super) databases: BTreeMap<DatabaseId, Declared>,
    pub(super) accounts: BTreeMap<AccountId, Account>,
    pub(super) sessions: BTreeMap<[u8; 32], Session>,
    pub(super) failures: BTreeMap<String, Failures>,
    pub(super) processes: BTreeMap<ProcessId, Work>,
    pub(super) slots: BTreeMap<(SiteId, u32), Holder>,
    pub(super) backups: BTreeMap<BackupId, Backup>,
    /// Deleted ones, which are not in `backups`.
    pub(super) bin: BTreeMap<BackupId, Away>,
    /// Who reads which backup, and until when without a sign of life.
    pub(super) readings: BTreeMap<ReadingId, (BackupId, Timestamp)>,
    pub(super) exports: BTreeMap<(BackupId, DatabaseId), Export>,
    pub(super) uploads: BTreeMap<UploadId, Upload>,
    pub(super) told: BTreeMap<ProcessId, Told>,
    pub(super) repositories: BTreeMap<CustomerId, RepositoryRow>,
    /// From when on space of a repository waits to be freed.
    pub(super) free_at: BTreeMap<CustomerId, Timestamp>,
    /// Oldest first.
    pub(super) alerts: Vec<Raised>,
    pub(super) trail: Vec<AuditEntry>,
    /// The revision of the youngest claim of a process of each customer.
    pub(super) served: BTreeMap<CustomerId, u64>,
    pub(super) revision: u64,
    /// Backups that became complete, by the code of their kind: how many, and their bytes.
    pub(super) stored: BTreeMap<&'static str, (u64, u64)>,
}

/// A database and where it belongs.
#[derive(Clone)]
pub(super) struct Declared {
    pub(super) site: SiteId,
    /// `None`: its site is declared without it by now.
    pub(super) position: Option<usize>,
    pub(super) database: Database,
    pub(super) address: Address,
}

/// What a site keeps for its nights.
#[derive(Clone)]
pub(super) struct Planned {
    pub(super) schedule: Schedule,
    /// When schedule or zone were last set.
    pub(super) revision: u64,
    pub(super) created_at: Timestamp,
    pub(super) silence_told: Option<Timestamp>,
    pub(super) policy: Policy,
}

/// A process with what only workers see.
#[derive(Clone)]
pub(super) struct Work {
    /// `ahead`, `backup` and whether it is too late to cancel it are filled in when it is read.
    pub(super) process: Process,
    pub(super) reason: Option<String>,
    pub(super) worker: String,
    /// It can no longer be cancelled, until its next attempt.
    pub(super) no_return: bool,
    pub(super) lease_until: Timestamp,
    pub(super) restore: RestoreProgress,
    pub(super) made: Option<BackupId>,
    /// An expiry that has waited for so long that it goes among the nights.
    pub(super) hastened: bool,
}

/// A deleted backup.
#[derive(Clone)]
pub(super) struct Away {
    pub(super) binned: Binned,
    /// It cannot be put back: its data are being forgotten.
    pub(super) purging: bool,
    /// Why the policy no longer keeps it; `None` for one out of the bin.
    pub(super) expired: Option<Expire>,
}

/// A kept alert.
#[derive(Clone)]
pub(super) struct Raised {
    pub(super) alert: Alert,
    pub(super) addressed: bool,
    pub(super) deliveries: BTreeMap<Recipient, OnItsWay>,
}

/// A delivery.
#[derive(Clone)]
pub(super) struct OnItsWay {
    pub(super) over: bool,
    pub(super) attempts: u32,
    pub(super) due_at: Timestamp,
    pub(super) held_until: Option<Timestamp>,
    pub(super) refused: bool,
}

/// Who holds a slot.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Holder {
    Reserved(ProcessId),
    Kept(BackupId),
}

/// What a database's constraints would say.
pub(super) fn broken(detail: impl Into<String>) -> StoreError {
    StoreError::Broken(detail.into())
}

impl World {
    pub(super) fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    pub(super) fn snapshot(&self, id: &ProcessId) -> Result<Process, StoreError> {
        self.processes
            .get(id)
            .map(|work| self.follow(work))
            .ok_or_else(|| broken("no such process"))
    }

    /// A process as people follow it.
    pub(super) fn follow(&self, work: &Work) -> Process {
        let mut process = work.process.clone();
        if let Some(site) = self.sites.get(&process.site) {
            process.site_name.clone_from(&site.name);
        }
        match process.state {
            ProcessState::Queued => {
                let place = self.line().iter().position(|id| *id == process.id);
                let in_the_way = |other: &&Work| {
                    let other = &other.process;
                    let runs = other.site == process.site && other.state.name() == StateName::Running;
                    runs && other.kind.is_exclusive() && process.kind.is_exclusive()
                };
                let in_the_way = self.processes.values().filter(in_the_way).count();
                process.ahead = place.and_then(|place| u32::try_from(place + in_the_way).ok());
                process.revision = self.revision;
            }
            ProcessState::Completed { .. } => process.backup.clone_from(&work.made),
            _ => {}
        }
        if process.state.is_over() || work.no_return || work.restore.swapped {
            process.cancelling = Cancelling::TooLate;
        }
        process
    }

    /// Queued and running processes, oldest first.
    pub(super) fn active(&self, sites: Option<&[SiteId]>) -> Vec<Process> {
        let wanted = |process: &Process| sites.is_none_or(|sites| sites.contains(&process.site));
        let mut found: Vec<_> = self
            .processes
            .values()
            .filter(|work| !work.process.state.is_over() && wanted(&work.process))
            .map(|work| self.follow(work))
            .collect();
        found.sort_by(|a, b| (a.requested_at, &a.id).cmp(&(b.requested_at, &b.id)));
        found
    }

    /// Processes that have ended, youngest first.
    pub(super) fn ended(&self, sites: &[SiteId], limit: usize) -> Vec<Process> {
        let mut found: Vec<_> = self
            .processes
            .values()
            .filter(|work| work.process.state.is_over() && sites.contains(&work.process.site))
            .map(|work| self.follow(work))
            .collect();
        found.sort_by_key(|process| std::cmp::Reverse((process.state.ended_at(), process.revision)));
        found.truncate(limit);
        found
    }

    /// The backups of a site, youngest T0 first.
    pub(super) fn backups_of(&self, site: &SiteId) -> Vec<Backup> {
        let mut found: Vec<_> = self
            .backups
            .values()
            .filter(|backup| backup.site == *site)
            .cloned()
            .collect();
        found.sort_by(|a, b| (b.t0, b.completed_at, &b.id).cmp(&(a.t0, a.completed_at, &a.id)));
        found
    }

    /// How full the compartments of a site are, and who reserves.
    pub(super) fn quota(&self, site: &SiteId) -> Result<(Quota, Vec<ProcessId>), StoreError> {
        let quota = self.sites.get(site).ok_or(Refusal::NotFound)?.quota;
        let mut kept = 0;
        let mut reserving = Vec::new();
        for ((of, _), holder) in &self.slots {
            match holder {
                _ if of != site => {}
                Holder::Kept(_) => kept += 1,
                Holder::Reserved(process) => reserving.push(process.clone()),
            }
        }
        reserving.sort_by_key(|id| (self.processes.get(id).map(|work| work.process.requested_at), id.clone()));
        let reserved = u32::try_from(reserving.len()).unwrap_or(u32::MAX);
        Ok((Quota { kept, reserved, quota }, reserving))
    }
}

//! Backups: asking for one, and the lists of those that are kept.

use std::collections::HashMap;

use domain::account::Actor;
use domain::backup::{Backup, BackupKind, Binned};
use domain::ids::{BackupId, DatabaseId, ProcessId, SiteId};
use domain::overview::{BinEntry, DatabaseBackups, DatabaseEntry};
use domain::permission::{Action, with_way_out};
use domain::process::{Process, ProcessKind};
use domain::refusal::Refusal;
use domain::retention::{Facts, Keep, Policy, plan};
use domain::site::Site;
use domain::time::{CivilDate, Timestamp, Zone};

use crate::control_plane::ControlPlane;
use crate::downloads::file_name;
use crate::error::ControlError;
use crate::ports::control_store::NewProcess;
use crate::random;
use crate::sites::entry;

impl ControlPlane {
    /// Queues a manual backup of the site. It takes a slot of the quota at once, and waits for its turn when the site is
    /// already being worked on.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::QuotaReached`]; [`Refusal::SiteRestoring`].
    pub async fn start_backup(&self, actor: &Actor, site: &SiteId) -> Result<Process, ControlError> {
        self.start_backup_once(actor, site, ProcessId::from_random(random::bytes()))
            .await
    }

    /// The same under an id that the page was given when it was drawn: a form that is sent twice, by a double click or by
    /// going back, starts one backup and leads to it both times.
    ///
    /// # Errors
    /// As [`Self::start_backup`]; [`Refusal::NotFound`] when the id is already that of other work.
    pub async fn start_backup_once(
        &self,
        actor: &Actor,
        site: &SiteId,
        ticket: ProcessId,
    ) -> Result<Process, ControlError> {
        let site = self.allowed(actor, Action::BackUp, site).await?;
        let new = NewProcess {
            id: ticket,
            site: site.id.clone(),
            kind: ProcessKind::ManualBackup,
            requested_by: actor.name.clone(),
            reason: None,
            at: self.now(),
        };
        let queued = self.outside.store.queue_backup(&new).await;
        // Whatever the store says of the second one: if the first one is there, it is the answer.
        if queued.is_err()
            && let Some(first) = self.outside.store.process(&new.id).await?
        {
            let same = first.site == new.site && first.kind == new.kind && first.requested_by == new.requested_by;
            return if same { Ok(first) } else { Err(Refusal::NotFound.into()) };
        }
        match queued.map_err(ControlError::from) {
            Ok(process) => {
                self.audit(Some(actor), Some(&site.id), "backup.start", "done", process.id.as_str())
                    .await?;
                self.announce(&process);
                Ok(process)
            }
            Err(ControlError::Refused(no)) => {
                self.audit(Some(actor), Some(&site.id), "backup.start", no.code(), "")
                    .await?;
                Err(with_way_out(no, actor, &site).into())
            }
            Err(failed) => Err(failed),
        }
    }

    /// Queues the backup of a night; the second one for the same site and date is refused.
    ///
    /// # Errors
    /// [`Refusal::TooLate`] when the night has its backup; [`Refusal::SiteRestoring`]; [`Refusal::NotFound`].
    pub async fn start_nightly_backup(&self, site: &SiteId, business_date: CivilDate) -> Result<Process, ControlError> {
        let new = self.new_night(site, business_date);
        let process = self.outside.store.queue_backup(&new).await?;
        self.announce(&process);
        Ok(process)
    }

    /// The same for several, in one transaction: the process of each or why there is none, in their order.
    ///
    /// # Errors
    /// A failure of the store: then none is queued.
    pub(crate) async fn start_nights(
        &self,
        nights: impl IntoIterator<Item = (&SiteId, CivilDate)>,
    ) -> Result<Vec<Result<ProcessId, Refusal>>, ControlError> {
        let nights = nights.into_iter();
        let new: Vec<_> = nights.map(|(site, date)| self.new_night(site, date)).collect();
        let answers = self.outside.store.queue_nights(&new).await?;
        if answers.iter().any(Result::is_ok) {
            self.announce_queue().await;
            self.wake.notify_one();
        }
        let ids = new.into_iter().map(|new| new.id);
        Ok(ids.zip(answers).map(|(id, answer)| answer.map(|()| id)).collect())
    }

    fn new_night(&self, site: &SiteId, business_date: CivilDate) -> NewProcess {
        NewProcess {
            id: ProcessId::from_random(random::bytes()),
            site: site.clone(),
            kind: ProcessKind::NightlyBackup { business_date },
            requested_by: String::new(),
            reason: None,
            at: self.now(),
        }
    }

    /// The backups of one database: automatic first, manual second, those before a restore third (R15, R16).
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when site or database do not exist or are another customer's.
    pub async fn database_backups(
        &self,
        actor: &Actor,
        site: &SiteId,
        database: &DatabaseId,
    ) -> Result<DatabaseBackups, ControlError> {
        let site = self.allowed(actor, Action::See, site).await?;
        let database = site.database(database).cloned().ok_or(Refusal::NotFound)?;
        let (mut automatic, mut manual, mut safety) = (Vec::new(), Vec::new(), Vec::new());
        let backups = self.outside.store.backups(&site.id).await?;
        let kept = Kept {
            policy: self.outside.store.policy(&site.id).await?,
            facts: backups.iter().map(Facts::of).collect(),
            now: self.now(),
        };
        let under_policy = kept.reasons(&site.zone, &kept.facts);
        for backup in backups {
            let Some(entry) = database_entry(&site, &backup, &database.id) else {
                continue;
            };
            let reasons = match backup.promotion {
                Some(_) => kept.released(&site.zone, &backup.id),
                None => under_policy.get(&backup.id).cloned().unwrap_or_default(),
            };
            let entry = DatabaseEntry { kept: reasons, ..entry };
            match backup.kind {
                _ if backup.takes_a_slot() => manual.push(entry),
                BackupKind::Safety => safety.push(entry),
                BackupKind::Automatic | BackupKind::Manual => automatic.push(entry),
            }
        }
        let bin = self.bin(actor, &site.id).await?;
        let bin = bin.into_iter().filter_map(|Binned { backup, deletion }| {
            Some(BinEntry {
                backup: entry(&backup),
                bytes: backup.artifact(&database.id)?.download_bytes,
                deletion,
            })
        });
        let bin = bin.collect();
        let summary = self.summary(site).await?;
        Ok(DatabaseBackups {
            summary,
            database,
            automatic,
            manual,
            safety,
            bin,
            now: self.now(),
        })
    }

    /// Tells open pages and the worker of a process that was queued.
    pub(crate) fn announce(&self, process: &Process) {
        self.feed.process(process);
        self.wake.notify_one();
    }
}

/// What the policy of a site says of its backups.
struct Kept {
    policy: Policy,
    facts: Vec<Facts>,
    now: Timestamp,
}

impl Kept {
    fn reasons(&self, zone: &Zone, facts: &[Facts]) -> HashMap<BackupId, Vec<Keep>> {
        let kept = plan(self.now, zone, self.policy, facts).kept;
        kept.into_iter().map(|kept| (kept.id, kept.reasons)).collect()
    }

    /// Why the policy would keep a night that is no longer kept among the manual ones.
    fn released(&self, zone: &Zone, backup: &BackupId) -> Vec<Keep> {
        let mut facts = self.facts.clone();
        facts
            .iter_mut()
            .filter(|facts| facts.id == *backup)
            .for_each(|facts| facts.promoted = false);
        self.reasons(zone, &facts).remove(backup).unwrap_or_default()
    }
}

fn database_entry(site: &Site, backup: &Backup, database: &DatabaseId) -> Option<DatabaseEntry> {
    let artifact = backup.artifact(database)?;
    Some(DatabaseEntry {
        backup: entry(backup),
        file_name: file_name(site, artifact),
        bytes: artifact.download_bytes,
        sha256: artifact.download_sha256.clone(),
        engine: artifact.engine,
        engine_version: artifact.engine_version.clone(),
        rows: artifact.rows.as_ref().map(|rows| rows.values().sum()),
        kept: Vec::new(),
    })
}

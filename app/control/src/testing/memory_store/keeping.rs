//! Which backups are kept, in memory.

use domain::backup::{Backup, BackupKind, Binned, Deletion, Promotion};
use domain::ids::{BackupId, SiteId};
use domain::process::ProcessKind;
use domain::refusal::Refusal;
use domain::time::Timestamp;

use super::world::{Away, Holder, Work, World};
use crate::ports::control_store::StoreError;

impl World {
    pub(super) fn promote(&mut self, id: &BackupId, promotion: &Promotion) -> Result<Backup, StoreError> {
        let mut backup = self.automatic(id)?;
        if backup.promotion.is_none() {
            let slot = self.free_slot(&backup.site)?;
            self.slots.insert((backup.site.clone(), slot), Holder::Kept(id.clone()));
            backup.promotion = Some(promotion.clone());
            self.backups.insert(id.clone(), backup.clone());
        }
        Ok(backup)
    }

    pub(super) fn demote(&mut self, id: &BackupId) -> Result<Backup, StoreError> {
        let mut backup = self.automatic(id)?;
        backup.promotion = None;
        self.slots.retain(|_, holder| *holder != Holder::Kept(id.clone()));
        self.backups.insert(id.clone(), backup.clone());
        Ok(backup)
    }

    pub(super) fn delete_backup(&mut self, id: &BackupId, deletion: &Deletion) -> Result<Binned, StoreError> {
        let Some(backup) = self.backups.get(id).cloned() else {
            let there = self.binned(id, deletion.at).cloned();
            return there.ok_or_else(|| Refusal::NotFound.into());
        };
        if backup.kind != BackupKind::Manual {
            return Err(Refusal::NotManual.into());
        }
        let uses = |work: &Work| {
            let of = match &work.process.kind {
                ProcessKind::Restore { backup, .. } | ProcessKind::Export { backup, .. } => Some(backup),
                _ => None,
            };
            of == Some(id) && !work.process.state.is_over()
        };
        if self.processes.values().any(uses) {
            return Err(Refusal::BackupInUse.into());
        }
        self.slots.retain(|_, holder| *holder != Holder::Kept(id.clone()));
        self.backups.remove(id);
        let binned = Binned {
            backup,
            deletion: deletion.clone(),
        };
        let away = Away {
            binned: binned.clone(),
            purging: false,
        };
        self.bin.insert(id.clone(), away);
        Ok(binned)
    }

    pub(super) fn put_back(&mut self, id: &BackupId, now: Timestamp) -> Result<Backup, StoreError> {
        let Some(Binned { backup, .. }) = self.binned(id, now).cloned() else {
            return self.backups.get(id).cloned().ok_or_else(|| Refusal::NotFound.into());
        };
        let slot = self.free_slot(&backup.site)?;
        self.slots.insert((backup.site.clone(), slot), Holder::Kept(id.clone()));
        self.bin.remove(id);
        self.backups.insert(id.clone(), backup.clone());
        Ok(backup)
    }

    pub(super) fn binned(&self, id: &BackupId, now: Timestamp) -> Option<&Binned> {
        let away = self.bin.get(id).filter(|away| !away.purging)?;
        (away.binned.deletion.until > now).then_some(&away.binned)
    }

    pub(super) fn bin_of(&self, site: &SiteId, now: Timestamp) -> Vec<Binned> {
        let mut found: Vec<_> = self
            .bin
            .keys()
            .filter_map(|id| self.binned(id, now))
            .filter(|binned| binned.backup.site == *site)
            .cloned()
            .collect();
        found.sort_by(|Binned { backup: a, .. }, Binned { backup: b, .. }| {
            (b.t0, b.completed_at, &b.id).cmp(&(a.t0, a.completed_at, &a.id))
        });
        found
    }

    pub(super) fn begin_purge(&mut self, now: Timestamp) -> Vec<Backup> {
        let due = |away: &&mut Away| away.binned.deletion.until <= now;
        self.bin.values_mut().filter(due).for_each(|away| away.purging = true);
        let marked = self.bin.values().filter(|away| away.purging);
        marked.map(|away| away.binned.backup.clone()).collect()
    }

    pub(super) fn end_purge(&mut self, id: &BackupId) {
        if self.bin.get(id).is_some_and(|away| away.purging) {
            self.bin.remove(id);
            self.exports.retain(|(of, _), _| of != id);
        }
    }

    fn automatic(&self, id: &BackupId) -> Result<Backup, StoreError> {
        let backup = self.backups.get(id).ok_or(Refusal::NotFound)?;
        if backup.kind == BackupKind::Automatic {
            Ok(backup.clone())
        } else {
            Err(Refusal::NotAutomatic.into())
        }
    }
}

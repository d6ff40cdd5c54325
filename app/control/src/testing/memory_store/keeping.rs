//! Which backups are kept, in memory.

use domain::backup::{Backup, BackupKind, Binned, Deletion, Promotion};
use domain::ids::{BackupId, SiteId};
use domain::judgement::{Decision, Verdict};
use domain::refusal::Refusal;
use domain::time::Timestamp;

use super::world::{Away, Holder, World};
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

    pub(super) fn decide(
        &mut self,
        id: &BackupId,
        verdict: Verdict,
        decision: &Decision,
    ) -> Result<Backup, StoreError> {
        let backup = self.backups.get_mut(id).ok_or(Refusal::NotFound)?;
        if backup.judgement.is_usual() {
            return Err(Refusal::NotUnusual.into());
        }
        if backup.judgement.review != verdict.review() {
            backup.judgement = std::mem::take(&mut backup.judgement).decided(verdict, decision.clone());
        }
        Ok(backup.clone())
    }

    pub(super) fn undecided(&self, site: &SiteId) -> u32 {
        let waits = |backup: &&Backup| backup.site == *site && backup.judgement.is_undecided();
        u32::try_from(self.backups.values().filter(waits).count()).unwrap_or(u32::MAX)
    }

    pub(super) fn delete_backup(&mut self, id: &BackupId, deletion: &Deletion) -> Result<Binned, StoreError> {
        let Some(backup) = self.backups.get(id).cloned() else {
            let there = self.binned(id, deletion.at).cloned();
            return there.ok_or_else(|| Refusal::NotFound.into());
        };
        if backup.kind != BackupKind::Manual {
            return Err(Refusal::NotManual.into());
        }
        if self.is_used(id, deletion.at) {
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
            expired: None,
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

    fn automatic(&self, id: &BackupId) -> Result<Backup, StoreError> {
        let backup = self.backups.get(id).ok_or(Refusal::NotFound)?;
        if backup.kind == BackupKind::Automatic {
            Ok(backup.clone())
        } else {
            Err(Refusal::NotAutomatic.into())
        }
    }
}

//! Unusual backups: what is shown of one, and what somebody says of it.
//!
//! Whether a backup is unusual is found when it completes ([`crate::jobs`]); what an undecided one freezes is the domain's
//! ([`domain::retention`]). Nothing is copied, deleted or restored here.

use domain::account::Actor;
use domain::anomaly::Thresholds;
use domain::backup::Backup;
use domain::ids::BackupId;
use domain::judgement::{Decision, Verdict, judge};
use domain::names::Reason;
use domain::overview::{BackupEntry, MeasuredEntry, ReviewPage};
use domain::permission::Action;
use domain::refusal::Refusal;
use domain::site::Site;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::sites::entry;

impl ControlPlane {
    /// Says of an unusual backup whether it is as it should be. A later decision replaces an earlier one.
    ///
    /// Accepting one accepts the later ones that are undecided and no longer unusual beside it: they are at the level that
    /// was just said to be normal, and nobody has to say so for each night that passed.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::NotUnusual`]; [`Refusal::NotFound`]; [`Refusal::Invalid`] for a reason that is too
    /// long.
    pub async fn decide(
        &self,
        actor: &Actor,
        backup: &BackupId,
        verdict: Verdict,
        reason: Option<&str>,
    ) -> Result<BackupEntry, ControlError> {
        let found = self.outside.store.backup(backup).await?.ok_or(Refusal::NotFound)?;
        let site = self.allowed(actor, Action::Judge, &found.site).await?;
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        let decision = Decision {
            at: self.now(),
            by: actor.name.clone(),
            reason: reason.map(Reason::parse).transpose()?.map(String::from),
        };
        let decided = self.say(actor, &site, backup, verdict, &decision).await?;
        if verdict == Verdict::Accept {
            self.accept_what_follows(actor, &site, &decided, &decision).await?;
        }
        self.expire_soon(&site.id).await;
        Ok(entry(&decided))
    }

    /// What was measured of a backup, and what was decided. Whoever sees the site may read this.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when it does not exist, is deleted, or is another customer's.
    pub async fn review_page(&self, actor: &Actor, backup: &BackupId) -> Result<ReviewPage, ControlError> {
        let backup = self.outside.store.backup(backup).await?.ok_or(Refusal::NotFound)?;
        let site = self.allowed(actor, Action::See, &backup.site).await?;
        let undecided = self.outside.store.undecided(&site.id).await?;
        let measured = backup.artifacts.iter().map(|artifact| MeasuredEntry {
            database: artifact.database.clone(),
            name: artifact.database_name.clone(),
            bytes: artifact.download_bytes,
            rows: artifact.rows.clone(),
        });
        Ok(ReviewPage {
            backup: entry(&backup),
            measured: measured.collect(),
            undecided,
            site,
            now: self.now(),
        })
    }

    async fn accept_what_follows(
        &self,
        actor: &Actor,
        site: &Site,
        accepted: &Backup,
        decision: &Decision,
    ) -> Result<(), ControlError> {
        let backups = self.outside.store.backups(&site.id).await?;
        let later = |backup: &&Backup| backup.judgement.is_undecided() && backup.t0 > accepted.t0;
        for backup in backups.iter().rev().filter(later) {
            if judge(Thresholds::default(), &backups, backup).is_usual() {
                self.say(actor, site, &backup.id, Verdict::Accept, decision).await?;
            }
        }
        Ok(())
    }

    async fn say(
        &self,
        actor: &Actor,
        site: &Site,
        backup: &BackupId,
        verdict: Verdict,
        decision: &Decision,
    ) -> Result<Backup, ControlError> {
        let answer = self.outside.store.decide(backup, verdict, decision).await;
        let action = match verdict {
            Verdict::Accept => "backup.accept",
            Verdict::Reject => "backup.reject",
        };
        self.conclude(actor, site, action, backup, answer).await
    }
}

//! A restore: back the present state up, prove the chosen one, load it aside, check it, exchange.
//!
//! The live data are not touched before the last stage. Until the restore is *decided* in the control store, every
//! failure and every interruption leads back to the old data; after it, forward to the new ones. It can be cancelled until the
//! exchange begins, which the store decides.

use std::sync::Arc;

use domain::backup::{Backup, BackupKind, Sha256Hex};
use domain::failure::Cause;
use domain::ids::BackupId;
use domain::limits::MAX_ATTEMPTS;
use domain::process::Stage;
use domain::restore::Scope;
use domain::site::Site;
use sha2::{Digest, Sha256};

use super::backup::{Shown, take};
use super::kept::Kept;
use super::{Attempt, JobError, Outcome, Reached, path};
use crate::ports::database_engine::{DatabaseEngine, DatabaseSource, Settlement, ShadowDatabase, StoredFiles};
use crate::ports::repository::Repository;

/// A database to be restored, with what it is restored from.
struct Target {
    source: DatabaseSource,
    engine: Arc<dyn DatabaseEngine>,
    files: Kept,
}

/// Restores and ends the process.
pub(super) fn run(attempt: &Attempt, backup: &BackupId, scope: &Scope) -> Result<Outcome, JobError> {
    let store = &attempt.plane.outside.store;
    let tag = attempt.process.id.to_string();
    let databases = in_scope(attempt, scope)?;

    // What an interrupted attempt left behind comes first: the rest starts from one known state.
    if attempt.reached.swapped {
        keep(databases.iter().map(|(source, engine)| (source, engine)), &tag);
        return Ok(Outcome::Restored);
    }
    roll_back(databases.iter().map(|(source, engine)| (source, engine)), &tag)?;
    if attempt.claim.attempt > MAX_ATTEMPTS {
        return Err(JobError::new(
            Cause::Interrupted,
            "interrupted too often; the old data are in place",
        ));
    }

    let site = attempt.site()?;
    let chosen = attempt.wait(store.backup(backup))?;
    let chosen = chosen.ok_or_else(|| JobError::new(Cause::StoredDataDamaged, "the backup is no longer recorded"))?;
    let repository: Arc<dyn Repository> = Arc::from(attempt.repository(&site)?);
    let targets = targets(databases, &chosen, &repository)?;

    if attempt.reached.safety.is_none()
        && let Some(safety) = take(attempt, &site, repository.as_ref(), BackupKind::Safety, Shown::Safety)?
    {
        attempt.wait(store.record_safety(&attempt.claim, &safety, attempt.plane.now()))?;
    }
    prove(attempt, &targets)?;
    if let Err(error) = exchange(attempt, &targets, &tag) {
        // Whoever lost the claim leaves the settling to the attempt that holds it.
        if matches!(error, JobError::Lost) || attempt.halt.is_lost() {
            return Err(JobError::Lost);
        }
        // Until the old data are back everywhere the site must not open: what it holds is a mixture.
        roll_back(targets.iter().map(|target| (&target.source, &target.engine)), &tag)?;
        return Err(error);
    }
    // Decided: nothing below may turn the restore into a failure.
    keep(targets.iter().map(|target| (&target.source, &target.engine)), &tag);
    measure(attempt, &site, &targets);
    Ok(Outcome::Restored)
}

fn in_scope(attempt: &Attempt, scope: &Scope) -> Result<Vec<Reached>, JobError> {
    let covered = |(source, _): &Reached| scope.covers(&source.id);
    Ok(attempt.sources()?.into_iter().filter(covered).collect())
}

/// Puts the old data back where an earlier attempt left something else.
///
/// # Errors
/// [`JobError::Unsettled`] when that did not work everywhere.
pub(super) fn put_back(attempt: &Attempt, scope: &Scope) -> Result<(), JobError> {
    let databases = in_scope(attempt, scope)?;
    let tag = attempt.process.id.to_string();
    roll_back(databases.iter().map(|(source, engine)| (source, engine)), &tag)
}

fn targets(
    databases: Vec<Reached>,
    chosen: &Backup,
    repository: &Arc<dyn Repository>,
) -> Result<Vec<Target>, JobError> {
    let mut targets = Vec::new();
    for (source, engine) in databases {
        // A database that was added after the backup has no part in it: a whole-site restore leaves it as it is.
        let Some(artifact) = chosen.artifact(&source.id) else {
            continue;
        };
        let files = Kept::new(repository, &chosen.snapshot, artifact);
        targets.push(Target { source, engine, files });
    }
    if targets.is_empty() {
        return Err(JobError::new(
            Cause::StoredDataDamaged,
            "the backup holds none of the databases in scope",
        ));
    }
    Ok(targets)
}

/// Reads every byte that is about to be loaded and compares the hashes recorded when it was stored.
fn prove(attempt: &Attempt, targets: &[Target]) -> Result<(), JobError> {
    let total: u64 = targets.iter().map(|target| target.files.bytes()).sum();
    let mut done = 0;
    let mut buffer = vec![0; 1 << 20];
    for target in targets {
        for file in target.files.files() {
            let damaged = |detail: String| JobError::Failed {
                cause: Cause::StoredDataDamaged,
                database: Some(target.source.name.clone()),
                detail: format!("{}: {detail}", file.name),
            };
            let mut content = target.files.open(&file.name).map_err(|e| damaged(e.to_string()))?;
            let mut hash = Sha256::new();
            loop {
                let read = content.read(&mut buffer).map_err(|e| damaged(e.to_string()))?;
                if read == 0 {
                    break;
                }
                hash.update(&buffer[..read]);
                done += read as u64;
                if !attempt.report(Stage::Prove, done, Some(total)) {
                    return Err(attempt.halted());
                }
            }
            if Sha256Hex::from_bytes(&hash.finalize().into()) != file.sha256 {
                return Err(damaged("its hash is not the recorded one".to_owned()));
            }
        }
    }
    Ok(())
}

/// Loads and checks every copy before the first one goes live, then exchanges them and decides the restore.
fn exchange(attempt: &Attempt, targets: &[Target], tag: &str) -> Result<(), JobError> {
    let total: u64 = targets.iter().map(|target| target.files.bytes()).sum();
    let mut shadows: Vec<(&Target, Box<dyn ShadowDatabase>)> = Vec::new();
    let mut rooms = Vec::new();
    let mut before = 0;
    for target in targets {
        let room = attempt.scratch(&format!("load-{}", target.source.id))?;
        let progress = |done: u64| attempt.report(Stage::Load, before + done, Some(total));
        let shadow = target
            .engine
            .load(&target.source, tag, &target.files, path(room.as_ref()), &progress)
            .map_err(JobError::of(&target.source))?;
        before += target.files.bytes();
        shadows.push((target, shadow));
        rooms.push(room);
    }
    drop(rooms);

    before = 0;
    for (target, shadow) in &mut shadows {
        let progress = |done: u64| attempt.report(Stage::Check, before + done, Some(total));
        shadow.check(&progress).map_err(JobError::of(&target.source))?;
        before += target.files.bytes();
    }

    attempt.report(Stage::Swap, 0, None);
    attempt.pass_no_return()?;
    for (target, shadow) in shadows {
        shadow.swap().map_err(JobError::of(&target.source))?;
    }
    attempt.wait(attempt.plane.outside.store.decide_restore(&attempt.claim))
}

type Settled<'a> = (&'a DatabaseSource, &'a Arc<dyn DatabaseEngine>);

/// Puts the old data back everywhere.
///
/// # Errors
/// [`JobError::Unsettled`] when one could not be put back; every one was tried.
fn roll_back<'a>(databases: impl Iterator<Item = Settled<'a>>, tag: &str) -> Result<(), JobError> {
    let mut unsettled = None;
    for (source, engine) in databases {
        if let Err(error) = engine.settle(source, tag, Settlement::RollBack) {
            tracing::error!(database = %source.id, %error, "the old data are not back yet; the site stays closed until they are");
            unsettled = Some(JobError::Unsettled);
        }
    }
    unsettled.map_or(Ok(()), Err)
}

/// Lets go of the old data; what cannot be removed now only takes room.
fn keep<'a>(databases: impl Iterator<Item = Settled<'a>>, tag: &str) {
    for (source, engine) in databases {
        if let Err(error) = engine.settle(source, tag, Settlement::Keep) {
            tracing::error!(database = %source.id, %error, "the old data of a restored database could not be removed");
        }
    }
}

fn measure(attempt: &Attempt, site: &Site, targets: &[Target]) {
    for Target { source, engine, .. } in targets {
        let kept = engine
            .measure(source, &|| !attempt.halt.must_stop())
            .map_err(JobError::of(source))
            .and_then(|measure| attempt.wait(attempt.plane.outside.store.measured(&source.id, measure.bytes)));
        if let Err(error) = kept {
            tracing::warn!(site = %site.id, database = %source.id, ?error, "restored but not measured");
        }
    }
}

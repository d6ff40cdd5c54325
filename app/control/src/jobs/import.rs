//! Making a backup of an uploaded BACPAC: read it from end to end, build a database of it aside, keep that as a manual backup
//! from which one can restore. The live database has no part in it.

use std::path::Path;

use domain::backup::BackupKind;
use domain::bacpac::Told;
use domain::failure::Cause;
use domain::ids::{DatabaseId, UploadId};
use domain::process::Stage;

use super::backup::{Copied, Shown, keep};
use super::export::failed;
use super::resumed::unrecorded;
use super::{Attempt, JobError, Outcome, Reached, path};
use crate::ports::packages::{PackageError, StepFn};
use crate::ports::shelf::Place;

/// Makes the backup and ends the process.
pub(super) fn run(attempt: &Attempt, upload: &UploadId, database: &DatabaseId) -> Result<Outcome, JobError> {
    let outside = &attempt.plane.outside;
    let site = attempt.site()?;
    let reached = attempt.source(database)?;
    let source = &reached.0;
    let repository = attempt.repository(&site)?;
    if let Some(backup) = unrecorded(attempt, &site, repository.as_ref(), BackupKind::Manual)? {
        return Ok(Outcome::Backup(Box::new(backup)));
    }
    let row = attempt.wait(outside.store.upload(upload))?;
    let row = row.ok_or_else(|| JobError::new(Cause::FileGone, "the upload is no longer recorded"))?;
    let file = outside.shelf.path(&Place::Upload(upload.clone()));
    match std::fs::metadata(&file) {
        Ok(found) if found.len() == row.bytes => {}
        Ok(found) => {
            let detail = format!("the upload has {} of {} bytes", found.len(), row.bytes);
            return Err(JobError::new(Cause::FileGone, detail));
        }
        Err(error) => return Err(JobError::new(Cause::FileGone, error)),
    }

    let share = |stage: Stage| {
        move |done: u64, total: Option<u64>| {
            let share = u128::from(done) * 1_000 / u128::from(total.unwrap_or(done).max(1));
            attempt.report_share(stage, u64::try_from(share).unwrap_or(1_000))
        }
    };
    let packages = &outside.packages;
    let taken_or = |error| refused(attempt, error, &source.name);
    packages.check(&file, &share(Stage::Inspect)).map_err(taken_or)?;

    let copied = attempt.aside(&reached, |tag| {
        build(attempt, &reached, tag, &file, &share(Stage::Convert))
    })?;
    let backup = keep(
        attempt,
        &site,
        repository.as_ref(),
        vec![copied],
        BackupKind::Manual,
        Shown::Keep,
    )?;
    attempt.report(Stage::Record, 0, None);
    Ok(Outcome::Backup(Box::new(backup)))
}

/// Turns the file into a database aside, and copies that as a backup would.
fn build(
    attempt: &Attempt,
    (source, engine): &Reached,
    tag: &str,
    file: &Path,
    progress: StepFn<'_>,
) -> Result<Copied, JobError> {
    let outside = &attempt.plane.outside;
    let room = attempt.scratch("import")?;
    let aside = engine
        .aside(source, tag, None, path(room.as_ref()), &|_| true)
        .map_err(JobError::of(source))?;
    let taken = outside
        .packages
        .import(file, aside.address(), progress)
        .map_err(|error| refused(attempt, error, &source.name))?;
    let told = Told::Imported(Box::new(taken.report));
    attempt.wait(outside.store.tell(&attempt.claim, &told))?;

    // What the file says of its instant is believed unless it lies ahead.
    let now = attempt.plane.now();
    let t0 = taken.made_at.filter(|made| *made <= now).unwrap_or(now);
    attempt.fixed_at(t0);
    let measure = aside.measure().map_err(JobError::of(source))?;
    let copy_room = attempt.scratch("import-copy")?;
    let copy = aside
        .freeze(path(copy_room.as_ref()))
        .and_then(|view| view.copy(&|_| !attempt.halt.must_stop()))
        .map_err(JobError::of(source))?;
    Ok(Copied {
        source: source.clone(),
        measure,
        frozen_at: t0,
        copy,
        _room: copy_room,
    })
}

/// Whoever brought the file is told what is wrong with it, on the page of the process.
fn refused(attempt: &Attempt, error: PackageError, database: &str) -> JobError {
    if let PackageError::Refused(detail) = &error {
        let told = Told::Refused(detail.clone());
        if let Err(error) = attempt.wait(attempt.plane.outside.store.tell(&attempt.claim, &told)) {
            return error;
        }
    }
    failed(error, database)
}

//! Making a backup of an uploaded BACPAC: read it from end to end, build a database of it aside, keep that as a manual backup
//! from which one can restore. The live database has no part in it.

use domain::backup::BackupKind;
use domain::bacpac::Told;
use domain::failure::Cause;
use domain::ids::{DatabaseId, UploadId};
use domain::process::Stage;

use super::backup::{Copied, Shown, keep};
use super::export::failed;
use super::{Attempt, JobError, Outcome, path};
use crate::ports::packages::PackageError;
use crate::ports::shelf::Place;

/// Makes the backup and ends the process.
pub(super) fn run(attempt: &Attempt, upload: &UploadId, database: &DatabaseId) -> Result<Outcome, JobError> {
    let outside = &attempt.plane.outside;
    let site = attempt.site()?;
    let reached = attempt.source(database)?;
    attempt.begin_aside(&reached)?;
    let (source, engine) = reached;
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

    let room = attempt.scratch("import")?;
    let aside = engine
        .aside(&source, attempt.process.id.as_str(), None, path(room.as_ref()), &|_| {
            true
        })
        .map_err(JobError::of(&source))?;
    let taken = packages
        .import(&file, aside.address(), &share(Stage::Convert))
        .map_err(taken_or)?;
    attempt.wait(
        outside
            .store
            .tell(&attempt.claim, &Told::Imported(Box::new(taken.report))),
    )?;

    // What the file says of its instant is believed unless it lies ahead.
    let now = attempt.plane.now();
    let t0 = taken.made_at.filter(|made| *made <= now).unwrap_or(now);
    attempt.fixed_at(t0);
    let measure = aside.measure().map_err(JobError::of(&source))?;
    let copy_room = attempt.scratch("import-copy")?;
    let copy = aside
        .freeze(path(copy_room.as_ref()))
        .and_then(|view| view.copy(&|_| !attempt.fence.is_closed()))
        .map_err(JobError::of(&source))?;
    drop(aside);
    let copies = vec![Copied {
        source,
        measure,
        frozen_at: t0,
        copy,
        _room: copy_room,
    }];
    let repository = attempt.repository(&site)?;
    let backup = keep(
        attempt,
        &site,
        repository.as_ref(),
        copies,
        BackupKind::Manual,
        Shown::Keep,
    )?;
    attempt.report(Stage::Record, 0, None);
    Ok(Outcome::Backup(Box::new(backup)))
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

//! Making a BACPAC: load the stored copy aside, write the file, have it read back by the strict reader, record it.
//!
//! It is made of what is stored, never of the live database, and keeps no other work of its site waiting.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::bacpac::{Export, Told};
use domain::failure::Cause;
use domain::ids::{BackupId, DatabaseId};
use domain::limits::EXPORT_KEPT_DAYS;
use domain::process::Stage;
use sha2::{Digest, Sha256};

use super::kept::Kept;
use super::{Attempt, JobError, Outcome, Reached, path};
use crate::imports::ROOM_LEFT;
use crate::ports::packages::{Made, PackageError, PackageFacts};
use crate::ports::repository::Repository;
use crate::ports::shelf::Place;

/// Makes the file and ends the process.
pub(super) fn run(attempt: &Attempt, backup: &BackupId, database: &DatabaseId) -> Result<Outcome, JobError> {
    let outside = &attempt.plane.outside;
    let site = attempt.site()?;
    let gone = || JobError::new(Cause::StoredDataDamaged, "the backup is no longer recorded");
    let chosen = attempt.wait(outside.store.backup(backup))?.ok_or_else(gone)?;
    let artifact = chosen.artifact(database).ok_or_else(gone)?;
    let repository: Arc<dyn Repository> = Arc::from(attempt.repository(&site)?);
    let files = Kept::new(&repository, &chosen.snapshot, artifact);

    // Beside the control store: what does not fit must fail here, not there.
    let free = outside
        .shelf
        .room()
        .map_err(|error| JobError::new(Cause::Unexpected, error))?;
    if free < files.bytes().saturating_add(ROOM_LEFT) {
        return Err(JobError::new(
            Cause::ScratchFull,
            format!("{free} bytes are left for the file"),
        ));
    }
    let reached = attempt.source(database)?;
    let facts = PackageFacts {
        database: artifact.database_name.clone(),
        t0: chosen.t0,
        identity: identity(backup, database),
    };
    let target = target(attempt, backup, database);
    let unfinished = unfinished(&target, attempt.claim.attempt);
    let made = attempt.aside(&reached, |tag| {
        write(attempt, &reached, tag, &files, &facts, &unfinished)
    });
    // Whoever lost the claim must not put its file in the place of the next attempt's.
    let made = made.and_then(|made| attempt.pass_no_return().map(|()| made));
    if made.is_err() {
        // Its name is this attempt's own. It may not even have been begun.
        let _gone = std::fs::remove_file(&unfinished);
    }
    let Made { bytes, sha256, log } = made?;
    std::fs::rename(&unfinished, &target).map_err(|error| JobError::new(Cause::Unexpected, error))?;
    attempt.wait(outside.store.tell(&attempt.claim, &Told::Exported(Box::new(log))))?;
    let now = attempt.plane.now();
    Ok(Outcome::Exported(Box::new(Export {
        backup: backup.clone(),
        database: database.clone(),
        process: attempt.process.id.clone(),
        bytes,
        sha256,
        made_at: now,
        keep_until: now.plus(std::time::Duration::from_secs(
            u64::from(EXPORT_KEPT_DAYS) * 24 * 60 * 60,
        )),
    })))
}

fn target(attempt: &Attempt, backup: &BackupId, database: &DatabaseId) -> PathBuf {
    let place = Place::Export(backup.clone(), database.clone(), attempt.process.id.clone());
    attempt.plane.outside.shelf.path(&place)
}

/// The file while an attempt writes it.
fn unfinished(target: &Path, attempt: u32) -> PathBuf {
    target.with_added_extension(attempt.to_string())
}

/// Removes what earlier attempts were writing.
pub(super) fn remove_unfinished(attempt: &Attempt, backup: &BackupId, database: &DatabaseId) {
    let target = target(attempt, backup, database);
    for earlier in 1..attempt.claim.attempt {
        // Most attempts leave none.
        let _gone = std::fs::remove_file(unfinished(&target, earlier));
    }
}

/// Loads the stored copy aside and writes the file of it.
fn write(
    attempt: &Attempt,
    (source, engine): &Reached,
    tag: &str,
    files: &Kept,
    facts: &PackageFacts,
    target: &Path,
) -> Result<Made, JobError> {
    let room = attempt.scratch("export")?;
    let total = files.bytes();
    let progress = |done: u64| attempt.report(Stage::Extract, done, Some(total));
    let aside = engine
        .aside(source, tag, Some(files), path(room.as_ref()), &progress)
        .map_err(JobError::of(source))?;
    // Rows mean something to people here no more than bytes do: a table of few long ones takes as long as one of many.
    let rows = |done: u64, total: Option<u64>| {
        let share = u128::from(done) * 1_000 / u128::from(total.unwrap_or(done).max(1));
        attempt.report_share(Stage::Encode, u64::try_from(share).unwrap_or(1_000))
    };
    let packages = &attempt.plane.outside.packages;
    packages
        .export(aside.address(), target, facts, &rows)
        .map_err(|error| failed(error, &source.name))
}

/// The same for the same content, whoever asks and whenever: the file comes out the same to the byte.
fn identity(backup: &BackupId, database: &DatabaseId) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::digest(format!("{backup}/{database}")).into();
    let mut identity = [0; 16];
    identity.copy_from_slice(&hash[..16]);
    identity
}

/// A file that does not come out is ours to mend, whatever it is.
pub(super) fn failed(error: PackageError, database: &str) -> JobError {
    let (cause, detail) = match error {
        PackageError::Refused(detail) => (Cause::FileRefused, detail),
        PackageError::Failed { cause, detail } => (cause, detail),
    };
    JobError::Failed {
        cause,
        database: Some(database.to_owned()),
        detail,
    }
}

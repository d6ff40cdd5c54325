//! A stored copy, loaded beside the live SQLite file.
//!
//! It lies in the live file's folder from the first byte, so that putting it in place is a rename; it gets the live file's
//! owner and permissions before that, so that the programs of the site can open it. Access lists and other attributes
//! beyond those are not carried.

use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;
use std::time::Duration;

use control::ports::database_engine::{EngineError, ProgressFn, ShadowDatabase, StoredFiles};
use domain::backup::StoredFile;
use domain::failure::Cause;

use super::check::{self, Verdict};
use super::exchange;
use super::freeze::FILE_NAME;
use super::location::{Beside, Location};
use crate::{disk, stored};

/// Loads. Nothing but files with the tag's names is touched.
pub(crate) fn load(
    location: Location,
    beside: Beside,
    busy_timeout: Duration,
    files: &dyn StoredFiles,
    progress: ProgressFn<'_>,
) -> Result<Shadow, EngineError> {
    if beside.old.exists() || beside.absent.exists() {
        return Err(EngineError::new(
            Cause::Unexpected,
            "an earlier exchange with this tag was not settled",
        ));
    }
    let file = only_file(files)?;
    exchange::discard_copy(&beside)?;
    disk::require_room(location.folder(), file.bytes)?;
    let target = disk::create_private(&beside.new)?;
    // From here on dropping the shadow removes the file.
    let shadow = Shadow {
        location,
        beside,
        busy_timeout,
        bytes: file.bytes,
        in_place: false,
    };
    let new = &shadow.beside.new;
    stored::write(file, files, &target, new, progress)?;
    take_over_ownership(&target, &shadow.location, new)?;
    target
        .sync_all()
        .map_err(|error| disk::failed("cannot make durable", new, &error))?;
    disk::sync_folder(shadow.location.folder())?;
    Ok(shadow)
}

/// The one file that a stored copy consists of.
pub(crate) fn only_file(files: &dyn StoredFiles) -> Result<&StoredFile, EngineError> {
    match files.files() {
        [file] if file.name == FILE_NAME => Ok(file),
        others => {
            let names: Vec<&str> = others.iter().map(|file| file.name.as_str()).collect();
            Err(EngineError::new(
                Cause::StoredDataDamaged,
                format_args!("a SQLite copy is one {FILE_NAME}, not {names:?}"),
            ))
        }
    }
}

/// The live file's, or, when there is none, those of its folder without the right to enter.
fn take_over_ownership(target: &File, location: &Location, path: &Path) -> Result<(), EngineError> {
    let failed = |error: std::io::Error| disk::failed("cannot give owner and permissions to", path, &error);
    let model = std::fs::metadata(location.path())
        .or_else(|_| std::fs::metadata(location.folder()))
        .map_err(failed)?;
    let own = target.metadata().map_err(failed)?;
    if (own.uid(), own.gid()) != (model.uid(), model.gid()) {
        fchown(target, Some(model.uid()), Some(model.gid())).map_err(failed)?;
    }
    target
        .set_permissions(Permissions::from_mode(model.mode() & 0o666))
        .map_err(failed)
}

/// A loaded copy. Dropping it removes it, unless it was put in place.
pub(crate) struct Shadow {
    location: Location,
    beside: Beside,
    busy_timeout: Duration,
    bytes: u64,
    in_place: bool,
}

impl Shadow {
    /// [`ShadowDatabase::swap`], told after each durable step.
    pub(crate) fn swap_in_steps(&mut self, after: exchange::AfterStep<'_>) -> Result<(), EngineError> {
        let in_place = &mut self.in_place;
        exchange::put_in_place(&self.location, &self.beside, self.busy_timeout, &mut |step| {
            *in_place |= step == exchange::Step::NewInPlace;
            after(step)
        })
    }
}

impl ShadowDatabase for Shadow {
    fn check(&mut self, progress: ProgressFn<'_>) -> Result<(), EngineError> {
        match check::integrity(&self.beside.new, 0, progress)? {
            Verdict::Sound => {}
            Verdict::Damaged(found) => return Err(EngineError::new(Cause::CheckFailed, found)),
            Verdict::Unverifiable(reason) => tracing::warn!(%reason, "SQLite cannot check this copy in full"),
        }
        match check::dangling_references(&self.beside.new) {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "the stored data hold rows that refer to nothing"),
            Err(error) => tracing::warn!(%error, "references cannot be checked"),
        }
        progress(self.bytes);
        Ok(())
    }

    fn swap(mut self: Box<Self>) -> Result<(), EngineError> {
        self.swap_in_steps(&mut |_| Ok(()))
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        if self.in_place {
            return;
        }
        if let Err(error) = exchange::discard_copy(&self.beside) {
            tracing::warn!(%error, "a loaded copy stays behind until it is settled");
        }
    }
}

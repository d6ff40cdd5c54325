//! A stored copy, loaded into a database beside the live one.
//!
//! The copy is made like the live database (owner, encoding, locale), filled by `pg_restore`, which ends at the first error,
//! and given the live database's rights and settings. Roles belong to the server and are there already.

use std::ffi::OsString;
use std::path::Path;

use control::ports::database_engine::{EngineError, ProgressFn, ShadowDatabase, StoredFiles};
use domain::failure::Cause;

use super::error::failed;
use super::exchange::{self, Found};
use super::freeze::{CONTENTS, FolderRemovedOnDrop};
use super::names::Names;
use super::session::{Server, Session};
use super::settings::Properties;
use super::tools::{Run, Tools};
use super::{check, tools};
use crate::{disk, stored};

/// Loads. Nothing but the tag's databases is touched.
pub(crate) fn load(
    server: Server,
    found_tools: Vec<Tools>,
    names: Names,
    files: &dyn StoredFiles,
    scratch: &Path,
    progress: ProgressFn<'_>,
) -> Result<Shadow, EngineError> {
    let mut maintenance = server.connect_for_maintenance()?;
    let (major, _) = maintenance.version()?;
    let tools = tools::choose(found_tools, major)?;
    if Found::look(&mut maintenance, &names)?.old {
        return Err(EngineError::new(
            Cause::Unexpected,
            "an earlier exchange with this tag was not settled",
        ));
    }
    let bytes = files.files().iter().map(|file| file.bytes).sum();

    // The first half of the way is the copy on disk, the second the database filled from it.
    let folder = FolderRemovedOnDrop(scratch.join("load"));
    receive(files, &folder.0, bytes, &|done| progress(done / 2))?;
    let (mut shadow, live) = make(server, maintenance, names, bytes)?;
    shadow.fill(&tools, &folder.0, progress)?;
    for statement in live.take_over(&mut shadow.maintenance, &shadow.names.live, &shadow.names.new)? {
        shadow.maintenance.execute(&statement).map_err(|error| {
            failed(
                "cannot give the live database's rights and settings to the copy",
                &error,
            )
        })?;
    }
    Ok(shadow)
}

/// Makes an empty database beside the live one and like it.
pub(crate) fn empty(server: Server, names: Names) -> Result<Shadow, EngineError> {
    let maintenance = server.connect_for_maintenance()?;
    Ok(make(server, maintenance, names, 0)?.0)
}

fn make(
    server: Server,
    mut maintenance: Session,
    names: Names,
    bytes: u64,
) -> Result<(Shadow, Properties), EngineError> {
    let live = Properties::of(&mut maintenance, &names.live)?;
    exchange::drop_copy(&mut maintenance, &names.new)?;
    maintenance
        .execute(&live.create(&names.new))
        .map_err(|error| failed("cannot make a database beside the live one", &error))?;
    let shadow = Shadow {
        server,
        names,
        maintenance,
        bytes,
        in_place: false,
    };
    Ok((shadow, live))
}

/// The stored files as a folder that `pg_restore` reads.
fn receive(files: &dyn StoredFiles, folder: &Path, bytes: u64, go_on: &dyn Fn(u64) -> bool) -> Result<(), EngineError> {
    let damaged = |detail: String| EngineError::new(Cause::StoredDataDamaged, detail);
    if !files.files().iter().any(|file| file.name == CONTENTS) {
        return Err(damaged(format!("the copy has no {CONTENTS}")));
    }
    let within = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0']);
    if let Some(file) = files.files().iter().find(|file| !within(&file.name)) {
        return Err(damaged(format!("{:?} is no name of a dump's file", file.name)));
    }
    let parent = folder.parent().unwrap_or(folder);
    disk::require_room(parent, bytes)?;
    std::fs::create_dir(folder).map_err(|error| disk::failed("cannot create", folder, &error))?;
    let mut before = 0;
    for file in files.files() {
        let path = folder.join(&file.name);
        let target = disk::create_private(&path)?;
        stored::write(file, files, &target, &path, |done| go_on(before + done))?;
        before += file.bytes;
    }
    Ok(())
}

/// A loaded copy. Dropping it drops its database, unless it was put in place.
pub(crate) struct Shadow {
    server: Server,
    names: Names,
    maintenance: Session,
    bytes: u64,
    in_place: bool,
}

impl Shadow {
    /// The name of its database.
    pub(crate) fn database(&self) -> &str {
        &self.names.new
    }

    fn fill(&mut self, tools: &Tools, folder: &Path, progress: ProgressFn<'_>) -> Result<(), EngineError> {
        let server = self.server.with_database(&self.names.new);
        let arguments: Vec<OsString> = vec![
            "--format=directory".into(),
            "--jobs=2".into(),
            "--exit-on-error".into(),
            format!("--dbname=dbname={}", quoted_for_libpq(&server.database)).into(),
            folder.into(),
        ];
        let half = self.bytes / 2;
        let mut told = half;
        Run {
            tools,
            program: "pg_restore",
            server: &server,
            arguments,
        }
        .watched(|| {
            let size = self
                .maintenance
                .number("SELECT pg_database_size($1::name)::text", &[&self.names.new]);
            told = (half + size.unwrap_or(0) / 2).min(self.bytes / 100 * 99).max(told);
            progress(told)
        })?;
        // A dump carries no statistics: without them the first day after a restore is slow.
        let mut session = server.connect()?;
        session
            .execute("ANALYZE")
            .map_err(|error| failed("cannot gather statistics", &error))?;
        if progress(self.bytes) {
            return Ok(());
        }
        Err(EngineError::new(Cause::Interrupted, "the load was asked to stop"))
    }

    /// Swaps, but stops dead after so many steps, cleaning nothing; `false` when there are fewer steps.
    #[cfg(test)]
    pub(crate) fn killed_after(mut self, steps: usize) -> bool {
        let mut done = 0;
        let Names { live, new, old } = self.names.clone();
        let result = exchange::close_and_rename(&mut self.maintenance, &live, &old, &new, &mut |_| {
            done += 1;
            if done < steps {
                Ok(())
            } else {
                Err(EngineError::new(Cause::Unexpected, "killed"))
            }
        });
        std::mem::forget(self);
        result.is_err()
    }
}

/// A value of a connection string: `\` and `'` are escaped.
fn quoted_for_libpq(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

impl ShadowDatabase for Shadow {
    fn check(&mut self, progress: ProgressFn<'_>) -> Result<(), EngineError> {
        let server = self.server.with_database(&self.names.new);
        let bytes = u128::from(self.bytes);
        check::run(&mut server.connect()?, |done, total| {
            let share = bytes * u128::from(done) / u128::from(total.max(1));
            progress(u64::try_from(share).unwrap_or(self.bytes))
        })
    }

    fn swap(mut self: Box<Self>) -> Result<(), EngineError> {
        exchange::put_in_place(&mut self.maintenance, &self.names)?;
        self.in_place = true;
        Ok(())
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        if self.in_place {
            return;
        }
        if let Err(error) = exchange::drop_copy(&mut self.maintenance, &self.names.new) {
            tracing::warn!(%error, "a loaded copy stays behind until it is settled");
        }
    }
}

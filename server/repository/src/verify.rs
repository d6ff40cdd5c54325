//! Looking for damage.
//!
//! Two questions. *Is this backup sound?* reads every byte of one snapshot. *Is this repository sound?* looks at every
//! file in it, and knows the two kinds of damage that a repository cannot see by itself: a snapshot file that is
//! gone (the caller says which ones there should be), and a key file that no longer opens (the password is tried).

use std::collections::HashSet;

use rustic_core::{CheckOptions, FileType, Id};

use crate::{
    backend::describe,
    error::Error,
    index::{BlobKind, Index},
    keys,
    pack::is_intact,
    reader::{Blobs, open_blob},
    repository::Repository,
    seal::BlobOpener,
    snapshot::{self, SnapshotId},
    tree,
    writer::StoredFile,
};

/// What [`Repository::check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// One sentence for each damage. Empty if the repository is sound.
    pub findings: Vec<String>,
    /// Packs that belong to no backup: left by interrupted writers, or being written now. No damage.
    pub unreferenced_packs: usize,
    /// Bytes of packs that were read.
    pub read_bytes: u64,
}

impl CheckReport {
    /// Whether no damage was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Keeps damage as a finding; anything else (the store does not answer) ends the check.
    fn note<T>(&mut self, result: Result<T, Error>) -> Result<Option<T>, Error> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error @ (Error::Damaged(_) | Error::WrongKey)) => {
                self.findings.push(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Repository {
    /// Reads every byte of every file of a snapshot, through the same checks as any reader, and returns the files as
    /// read. With `expected`, the result must be exactly these. `progress` gets the bytes of each step.
    ///
    /// # Errors
    /// [`Error::Damaged`] at the first difference, [`Error::UnknownSnapshot`], or a failure of the store.
    pub fn verify_snapshot(
        &self,
        id: SnapshotId,
        expected: Option<&[StoredFile]>,
        progress: &dyn Fn(u64),
    ) -> Result<Vec<StoredFile>, Error> {
        // A fresh look: verifying from memory what the disk no longer has would be no verification.
        self.inner.forget_index();
        let mut files = Vec::new();
        for file in self.open_files(id)? {
            files.push(file.copy_to(&mut std::io::sink(), progress)?);
        }
        if let Some(expected) = expected {
            let mut expected: Vec<&StoredFile> = expected.iter().collect();
            expected.sort_by(|a, b| a.path.cmp(&b.path));
            let mut found: Vec<&StoredFile> = files.iter().collect();
            found.sort_by(|a, b| a.path.cmp(&b.path));
            if let Some((want, _)) = expected.iter().zip(&found).find(|(want, have)| want != have) {
                return Err(Error::Damaged(format!("{:?} is not what was backed up", want.path)));
            }
            if expected.len() != found.len() {
                let (want, have) = (expected.len(), found.len());
                return Err(Error::Damaged(format!(
                    "the snapshot has {have} files instead of {want}"
                )));
            }
        }
        Ok(files)
    }

    /// Looks at the whole repository. `known` are the snapshots that should be there. Without `read_data`, the content
    /// of packs is taken on trust (bit flips there go unseen: 2 of 206 were found that way). Costs one opening by
    /// password. `progress` gets the bytes of packs read.
    ///
    /// # Errors
    /// Only what kept the check from being done. Damage is in the report.
    pub fn check(&self, read_data: bool, known: &[SnapshotId], progress: &dyn Fn(u64)) -> Result<CheckReport, Error> {
        let mut report = CheckReport::default();
        let inner = &*self.inner;
        report.note(inner.verify_config())?;
        self.check_keys(&mut report)?;

        let index = Index::load(&inner.backend, &inner.sealer)?;
        report.findings.extend(index.problems.iter().cloned());
        report.unreferenced_packs = index.unreferenced_packs;
        self.check_snapshots(&index, known, &mut report)?;
        if read_data {
            self.check_packs(&index, &mut report, progress)?;
        }
        // A second opinion on structure, by code that shares nothing with our writer. Only asked about a repository that
        // looks sound: on damage its threads may panic.
        if report.is_sound() {
            match inner.format.check(CheckOptions::default()) {
                Ok(results) if results.is_ok().is_ok() => {}
                Ok(results) => report
                    .findings
                    .extend(results.0.iter().map(|(_, error)| error.to_string())),
                Err(error) => report.findings.push(error.display_log()),
            }
        }
        Ok(report)
    }

    fn check_keys(&self, report: &mut CheckReport) -> Result<(), Error> {
        let tried = keys::try_password(&self.inner.backend, self.key().password());
        let Some(tried) = report.note(tried)? else {
            return Ok(());
        };
        report.findings.extend(
            tried
                .damaged
                .iter()
                .map(|file| format!("{file} is not what was written")),
        );
        match tried.master {
            Some(master) if Some(&master) == self.key().master() => {}
            Some(_) => report.findings.push("the password leads to another master key".into()),
            None => report.findings.push("no key file opens with the password".into()),
        }
        Ok(())
    }

    fn check_snapshots(&self, index: &Index, known: &[SnapshotId], report: &mut CheckReport) -> Result<(), Error> {
        let inner = &*self.inner;
        let blobs = Blobs {
            backend: &inner.backend,
            sealer: &inner.sealer,
            index,
        };
        let present = self.snapshot_ids()?;
        for gone in known.iter().filter(|id| !present.contains(id)) {
            report
                .findings
                .push(format!("{} is missing", describe(FileType::Snapshot, &gone.id())));
        }
        let mut seen = HashSet::new();
        for id in present {
            let read = snapshot::read(&inner.backend, &inner.sealer, id.id());
            let Some((_, root)) = report.note(read)? else { continue };
            let walked = tree::walk(&blobs, root, "", &mut |tree| seen.insert(tree), &mut |path, content| {
                let without = |found: &dyn Fn(&Id) -> bool| content.blobs.iter().filter(|id| !found(id)).count();
                let lost = without(&|id| index.find(BlobKind::Data, id).is_some());
                let marked = without(&|id| index.has(BlobKind::Data, id)) - lost;
                for (parts, where_to) in [
                    (lost, "in no readable pack"),
                    (marked, "only in packs marked for removal"),
                ] {
                    if parts > 0 {
                        report
                            .findings
                            .push(format!("{parts} parts of {path:?} in {id} are {where_to}"));
                    }
                }
                Ok(())
            });
            report.note(walked)?;
        }
        Ok(())
    }

    /// Reads all packs: each must be the bytes it is named after, and hold the blobs that the index says.
    fn check_packs(&self, index: &Index, report: &mut CheckReport, progress: &dyn Fn(u64)) -> Result<(), Error> {
        let inner = &*self.inner;
        let mut opener = BlobOpener::new(&inner.sealer)?;
        for (pack, blobs) in index.by_pack() {
            let Some(bytes) = report.note(inner.backend.read_file(FileType::Pack, &pack))? else {
                continue;
            };
            let intact = is_intact(&bytes, &pack);
            let opened = blobs
                .iter()
                .all(|(id, place)| open_blob(&mut opener, &bytes, 0, *place, id).is_ok());
            if !(intact && opened) {
                report
                    .findings
                    .push(format!("{} is not what was written", describe(FileType::Pack, &pack)));
            }
            report.read_bytes += bytes.len() as u64;
            progress(bytes.len() as u64);
        }
        Ok(())
    }
}

//! BACPAC files in tests of what stands on the port: the rows of a [`crate::testing::fake_engine::FakeEngine`] behind a first
//! line. A file without that line is refused. And a shelf that is a temporary folder.

use std::io;
use std::path::{Path, PathBuf};

use domain::backup::Sha256Hex;
use domain::export_log::{ExportLog, ExportSource, FileLog, ImportReport, ImportSource, ImportedTable, SourceEngine};
use domain::failure::Cause;
use domain::ids::{BackupId, DatabaseId, ProcessId, UploadId};
use sha2::{Digest, Sha256};

use crate::ports::database_engine::Address;
use crate::ports::packages::{Made, PackageError, PackageFacts, Packages, StepFn, Taken};
use crate::ports::shelf::{Place, Shelf};
use crate::testing::plain::StepHook;

/// What a file begins with.
const MAGIC: &[u8] = b"bacpac\n";

/// Makes and reads such files.
#[derive(Debug, Default)]
pub struct FakePackages {
    /// Called before a file is made, is checked, is read, and after it was written.
    pub steps: StepHook,
}

fn io_failed(error: io::Error) -> PackageError {
    PackageError::failed(Cause::ScratchFull, error)
}

fn path_of(address: &Address) -> Result<&Path, PackageError> {
    match address {
        Address::Sqlite { path } => Ok(path),
        Address::Postgres { .. } => Err(PackageError::failed(Cause::Unexpected, "no file")),
    }
}

fn content(file: &Path) -> Result<Vec<u8>, PackageError> {
    let bytes = std::fs::read(file).map_err(io_failed)?;
    let content = bytes.strip_prefix(MAGIC);
    content
        .map(<[u8]>::to_vec)
        .ok_or_else(|| PackageError::Refused("no BACPAC".to_owned()))
}

fn go_on(progress: StepFn<'_>) -> Result<(), PackageError> {
    if progress(1, Some(1)) {
        return Ok(());
    }
    Err(PackageError::failed(Cause::Interrupted, "asked to stop"))
}

impl Packages for FakePackages {
    fn export(
        &self,
        from: &Address,
        target: &Path,
        facts: &PackageFacts,
        progress: StepFn<'_>,
    ) -> Result<Made, PackageError> {
        self.steps.reach("export");
        go_on(progress)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(std::fs::read(path_of(from)?).map_err(io_failed)?);
        std::fs::write(target, &bytes).map_err(io_failed)?;
        self.steps.reach("exported");
        let sha256 = Sha256Hex::from_bytes(&Sha256::digest(&bytes).into());
        let log = ExportLog {
            source: ExportSource {
                engine: SourceEngine::Sqlite,
                version: "0.0".to_owned(),
                database: facts.database.clone(),
                snapshot_at: facts.t0,
                bytes: bytes.len() as u64,
            },
            tables: Vec::new(),
            renamed: Vec::new(),
            weakened: Vec::new(),
            not_carried: Vec::new(),
            file: FileLog {
                bytes: bytes.len() as u64,
                sha256: sha256.as_str().to_owned(),
                rows_checked: 0,
                findings: Vec::new(),
            },
        };
        Ok(Made {
            bytes: bytes.len() as u64,
            sha256,
            log,
        })
    }

    fn check(&self, file: &Path, progress: StepFn<'_>) -> Result<(), PackageError> {
        self.steps.reach("check");
        go_on(progress)?;
        content(file).map(drop)
    }

    fn import(&self, file: &Path, to: &Address, progress: StepFn<'_>) -> Result<Taken, PackageError> {
        self.steps.reach("import");
        go_on(progress)?;
        let content = content(file)?;
        let rows = content.iter().filter(|byte| **byte == b'\n').count() as u64;
        std::fs::write(path_of(to)?, &content).map_err(io_failed)?;
        Ok(Taken {
            made_at: None,
            report: ImportReport {
                source: ImportSource {
                    product: None,
                    product_version: None,
                    server_version: None,
                    exported_at: None,
                },
                restored: true,
                tables: vec![ImportedTable {
                    source_name: "dbo.rows".to_owned(),
                    name: "rows".to_owned(),
                    rows: rows.saturating_sub(1),
                    columns: Vec::new(),
                }],
                renamed: Vec::new(),
                weakened: Vec::new(),
                not_carried: Vec::new(),
                warnings: Vec::new(),
            },
        })
    }
}

/// A shelf in a folder that somebody else removes.
#[derive(Debug)]
pub struct FolderShelf(pub PathBuf);

impl Shelf for FolderShelf {
    fn path(&self, place: &Place) -> PathBuf {
        self.0.join(match place {
            Place::Export(backup, database, process) => format!("{backup}~{database}~{process}"),
            Place::Upload(upload) => upload.to_string(),
        })
    }

    fn places(&self) -> io::Result<Vec<Place>> {
        let mut places = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            let parts: Vec<_> = name.split('~').collect();
            places.extend(match parts.as_slice() {
                [backup, database, process] => BackupId::parse(backup)
                    .and_then(|backup| {
                        Ok(Place::Export(
                            backup,
                            DatabaseId::parse(database)?,
                            ProcessId::parse(process)?,
                        ))
                    })
                    .ok(),
                _ => UploadId::parse(&name).map(Place::Upload).ok(),
            });
        }
        Ok(places)
    }

    fn remove(&self, place: &Place) -> io::Result<()> {
        match std::fs::remove_file(self.path(place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn room(&self) -> io::Result<u64> {
        Ok(1 << 40)
    }
}

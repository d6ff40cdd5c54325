//! BACPAC files of the databases that engines understand: `interchange` does the work, this gives it addresses and words.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use bacpac::{Limits, Package};
use control::ports::database_engine::{Address, DatabaseSource, EngineError};
use control::ports::packages::{Made, PackageError, PackageFacts, Packages, StepFn, Taken};
use domain::backup::Sha256Hex;
use domain::export_log::{ExportLog, ImportReport};
use domain::failure::Cause;
use domain::ids::DatabaseId;
use engines::postgres::Postgres;
use interchange::{ExportError, ExportOptions, ImportError};
use sqlx::postgres::PgConnectOptions;

/// The quickest level: the file is made while somebody waits for it.
const LEVEL: u32 = 1;

/// Threads that compress, at most: a file must not take the machine from the nights.
const THREADS: usize = 4;

/// Bytes read of an uploaded file at once.
const READ_AT_ONCE: usize = 1 << 20;

/// How many times its own length an uploaded file may inflate to. It bounds the time of a check.
const INFLATED_MOST: u64 = 100;

/// Makes and reads BACPAC files.
#[derive(Clone)]
pub struct BacpacPackages {
    postgres: Postgres,
}

impl BacpacPackages {
    /// Reaches PostgreSQL servers as `postgres` does.
    #[must_use]
    pub fn new(postgres: Postgres) -> Self {
        Self { postgres }
    }

    fn server(&self, address: &Address) -> Result<PgConnectOptions, PackageError> {
        // Only the address counts.
        let id = DatabaseId::from_random([0; 10]);
        let source = DatabaseSource {
            id,
            name: String::new(),
            address: address.clone(),
        };
        self.postgres.connect_options(&source).map_err(unreachable)
    }
}

impl Packages for BacpacPackages {
    fn export(
        &self,
        from: &Address,
        target: &Path,
        facts: &PackageFacts,
        progress: StepFn<'_>,
    ) -> Result<Made, PackageError> {
        let since = Duration::from_millis(u64::try_from(facts.t0.millis()).unwrap_or(0));
        let options = ExportOptions {
            database: facts.database.clone(),
            product_version: env!("CARGO_PKG_VERSION").to_owned(),
            identity: facts.identity,
            started: UNIX_EPOCH + since,
            level: LEVEL,
            threads: std::thread::available_parallelism().map_or(1, |all| all.get().min(THREADS)),
        };
        let log: ExportLog = match from {
            Address::Sqlite { path } => interchange::sqlite::export(path, target, &options, progress),
            Address::Postgres { .. } => {
                let server = self.server(from)?;
                interchange::postgres::export(&server, target, &options, progress)
            }
        }
        .map_err(not_made)?;
        let sha256 = Sha256Hex::try_from(log.file.sha256.clone());
        Ok(Made {
            bytes: log.file.bytes,
            sha256: sha256.map_err(|error| PackageError::failed(Cause::Unexpected, error))?,
            log,
        })
    }

    fn check(&self, file: &Path, progress: StepFn<'_>) -> Result<(), PackageError> {
        let gone = |error: io::Error| PackageError::failed(Cause::FileGone, error);
        let open = File::open(file).map_err(gone)?;
        let bytes = open.metadata().map_err(gone)?.len();
        let stopped = Cell::new(false);
        let watched = Watched {
            file: open,
            read: 0,
            bytes,
            progress,
            stopped: &stopped,
        };
        let checked = Package::open(BufReader::with_capacity(READ_AT_ONCE, watched), &limits(bytes))
            .and_then(|mut package| package.check());
        match checked {
            _ if stopped.get() => Err(PackageError::failed(Cause::Interrupted, "asked to stop")),
            Ok(_) => Ok(()),
            Err(error) => Err(PackageError::Refused(error.to_string())),
        }
    }

    fn import(&self, file: &Path, to: &Address, progress: StepFn<'_>) -> Result<Taken, PackageError> {
        let bytes = std::fs::metadata(file)
            .map_err(|error| PackageError::failed(Cause::FileGone, error))?
            .len();
        let limits = limits(bytes);
        let report: ImportReport = match to {
            Address::Sqlite { path } => interchange::sqlite::import(file, path, &limits, progress),
            Address::Postgres { .. } => {
                let server = self.server(to)?;
                interchange::postgres::import(file, &server, &limits, progress)
            }
        }
        .map_err(not_taken)?;
        Ok(Taken {
            made_at: report.source.exported_at,
            report,
        })
    }
}

/// What a file of this length may claim. Real ones inflate to some ten times their length, rarely to thirty.
fn limits(bytes: u64) -> Limits {
    Limits {
        total_bytes: bytes.saturating_mul(INFLATED_MOST).saturating_add(1 << 30),
        ..Limits::default()
    }
}

/// Tells how far a file has been read, and breaks the reading off when that is asked for.
struct Watched<'a> {
    file: File,
    read: u64,
    bytes: u64,
    progress: StepFn<'a>,
    stopped: &'a Cell<bool>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stopped.get() {
            return Err(io::Error::other("asked to stop"));
        }
        let read = self.file.read(buffer)?;
        // The directory at the end is read twice.
        self.read = (self.read + read as u64).min(self.bytes);
        self.stopped.set(!(self.progress)(self.read, Some(self.bytes)));
        Ok(read)
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

fn unreachable(error: EngineError) -> PackageError {
    PackageError::Failed {
        cause: error.cause,
        detail: error.detail,
    }
}

fn not_made(error: ExportError) -> PackageError {
    let full = |error: &std::io::Error| {
        matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        )
    };
    let cause = match &error {
        ExportError::Stopped => Cause::Interrupted,
        ExportError::Source(_) => Cause::DatabaseUnreadable,
        ExportError::File(bacpac::FileError::Io { source, .. }) if full(source) => Cause::ScratchFull,
        ExportError::File(bacpac::FileError::Write(bacpac::WriteError::Io(source))) if full(source) => {
            Cause::ScratchFull
        }
        _ => Cause::Unexpected,
    };
    PackageError::failed(cause, error)
}

fn not_taken(error: ImportError) -> PackageError {
    match error {
        ImportError::Stopped => PackageError::failed(Cause::Interrupted, error),
        ImportError::Open(_) => PackageError::failed(Cause::FileGone, error),
        ImportError::TargetExists(_) | ImportError::Target(_) => PackageError::failed(Cause::Unexpected, error),
        refused => PackageError::Refused(refused.to_string()),
    }
}

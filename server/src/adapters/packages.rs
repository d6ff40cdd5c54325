//! BACPAC files of the databases that engines understand: `interchange` does the work, this gives it addresses and words.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use bacpac::{Limits, Package};
use control::ports::database_engine::{Address, DatabaseSource, EngineError};
use control::ports::packages::{Made, PackageError, PackageFacts, Packages, RowsFn, Taken};
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
        progress: RowsFn<'_>,
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

    fn check(&self, file: &Path, progress: RowsFn<'_>) -> Result<(), PackageError> {
        let open = File::open(file).map_err(|error| PackageError::failed(Cause::FileGone, error))?;
        let refused = |error: bacpac::Error| PackageError::Refused(error.to_string());
        let limits = Limits::default();
        let mut package = Package::open(BufReader::with_capacity(1 << 20, open), &limits).map_err(refused)?;
        let promised = package.origin().rows;
        let (mut rows, mut stopped) = (0_u64, false);
        let report = package.verify(|_, _| {
            rows += 1;
            stopped = stopped || (rows.is_multiple_of(4_096) && !progress(rows, promised));
        });
        let report = report.map_err(refused)?;
        if stopped || !progress(report.rows, Some(report.rows)) {
            return Err(PackageError::failed(Cause::Interrupted, "asked to stop"));
        }
        Ok(())
    }

    fn import(&self, file: &Path, to: &Address, progress: RowsFn<'_>) -> Result<Taken, PackageError> {
        let limits = Limits::default();
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

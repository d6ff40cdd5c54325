//! A BACPAC into a new SQLite database: as the database that it was made from when the file tells it, else by the counterparts
//! of SQL Server's types. One transaction; on any error nothing is left.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use bacpac::{Limits, Package};
use domain::export_log::{ImportReport, ImportWarning};

use super::build::Making;
use super::document::Document;
use super::restore::restore;
use super::rows_in::Pace;
use super::{foreign, foreign_schema};
use crate::origin::{source, warning};
use crate::{ImportError, Progress};

/// Reads `package` into a new database at `target`, which must not exist.
///
/// # Errors
/// [`ImportError`]; then there is no database.
pub fn import(
    package: &Path,
    target: &Path,
    limits: &Limits,
    progress: Progress<'_>,
) -> Result<ImportReport, ImportError> {
    let file = File::open(package).map_err(ImportError::Open)?;
    let mut package = Package::open(BufReader::with_capacity(1 << 16, file), limits)?;
    let mut report = ImportReport {
        source: source(&mut package)?,
        restored: false,
        tables: Vec::new(),
        renamed: Vec::new(),
        weakened: Vec::new(),
        not_carried: Vec::new(),
        warnings: package.findings().iter().map(warning).collect(),
    };
    let mut pace = Pace {
        progress,
        done: 0,
        all: package.origin().rows,
    };
    pace.tell()?;
    let document = Document::find(package.model());
    let places = document.as_ref().and_then(|document| document.matches(package.model()));
    let encoding = document.as_ref().map_or("UTF-8", |document| document.encoding.as_str());
    let making = Making::begin(target, encoding)?;
    let nulls = match (&document, places) {
        (Some(document), Some(places)) => {
            let restored = restore(&mut package, document, &places, &making, &mut pace)?;
            report.restored = true;
            report.tables = restored.tables;
            report.not_carried = restored.not_carried;
            restored.nulls
        }
        (document, _) => {
            if document.is_some() {
                report.warnings.push(ImportWarning::SourceSchemaIgnored);
            }
            let plan = foreign_schema::plan(package.model(), &mut report)?;
            foreign::fill(&mut package, &plan, &making, &mut pace, &mut report)?
        }
    };
    report.warnings.extend(
        nulls
            .into_iter()
            .map(|(table, count)| ImportWarning::UnexpectedNulls { table, count }),
    );
    let found = report.tables.iter().map(|table| table.rows).sum();
    if let Some(promised) = package.origin().rows.filter(|promised| *promised != found) {
        report.warnings.push(ImportWarning::RowTotal { found, promised });
    }
    let unknown = making.unknown_collations()?.into_iter();
    report.warnings.extend(unknown.map(ImportWarning::UnknownCollation));
    pace.tell()?;
    making.finish()?;
    Ok(report)
}

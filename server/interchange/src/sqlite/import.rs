//! A BACPAC into a new SQLite database: as the database that it was made from when the file tells it, else by the counterparts
//! of SQL Server's types. One transaction; on any error nothing is left.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use bacpac::{Finding, Limits, Package};
use domain::export_log::{ImportReport, ImportSource, ImportWarning};
use domain::time::Timestamp;

use super::build::Making;
use super::document::Document;
use super::restore::restore;
use super::rows_in::Pace;
use super::{foreign, foreign_schema};
use crate::forms::calendar;
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
    pace.tell()?;
    making.finish()?;
    Ok(report)
}

fn warning(finding: &Finding) -> ImportWarning {
    match finding {
        Finding::ContentTypes => ImportWarning::ContentTypes,
        Finding::NoTable(entry) => ImportWarning::DataWithoutTable(entry.clone()),
        Finding::NotAPart(entry) => ImportWarning::NotAPart(entry.clone()),
        Finding::UnexpectedNulls { table, count } => ImportWarning::UnexpectedNulls {
            table: table.clone(),
            count: *count,
        },
        Finding::RowTotal { found, promised } => ImportWarning::RowTotal {
            found: *found,
            promised: *promised,
        },
    }
}

fn source<R: Read + Seek>(package: &mut Package<R>) -> Result<ImportSource, ImportError> {
    let entry = package
        .entries()
        .iter()
        .find(|entry| entry.name.eq_ignore_ascii_case("Origin.xml"))
        .cloned();
    let mut text = String::new();
    if let Some(entry) = entry {
        // It was read whole when the file was opened; what is not UTF-8 now tells no date.
        let mut bytes = Vec::new();
        if package.bytes(&entry)?.take(1 << 20).read_to_end(&mut bytes).is_ok() {
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    let origin = package.origin();
    Ok(ImportSource {
        product: origin.product.clone(),
        product_version: origin.product_version.clone(),
        server_version: origin.server_version.clone(),
        exported_at: started(&text),
    })
}

/// `<Start>2026-01-02T03:04:05.0000000+00:00</Start>`.
fn started(origin: &str) -> Option<Timestamp> {
    let (_, rest) = origin.split_once("<Start>")?;
    let (text, _) = rest.split_once("</Start>")?;
    let (_, instant) = calendar::parse_moment(text.trim())?;
    Some(Timestamp(calendar::epoch_millis(instant)))
}

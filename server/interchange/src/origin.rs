//! What a package says of itself, and what a reader found odd in it, in the terms of a report. It judges nothing.

use std::io::{Read, Seek};

use bacpac::{Finding, Package};
use domain::export_log::{ImportSource, ImportWarning};
use domain::time::Timestamp;

use crate::ImportError;
use crate::forms::calendar;

/// A finding as a warning.
pub(crate) fn warning(finding: &Finding) -> ImportWarning {
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

/// Program, server and time of the export.
///
/// # Errors
/// [`ImportError::Package`] when the entry cannot be opened.
pub(crate) fn source<R: Read + Seek>(package: &mut Package<R>) -> Result<ImportSource, ImportError> {
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

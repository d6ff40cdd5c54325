//! Real files: every table decodes, row counts equal the origin's, every part encodes again to the same bytes. The two
//! files of `testdata` are always read, those beside the project when they are there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod files;
use bacpac::{Finding, Limits, MaxForm, Package, RowEncoder, Table};
use files::{own, shared};
use std::fs::File;
use std::io::Read;
use std::path::Path;

fn open(path: &Path) -> Package<File> {
    Package::open(File::open(path).unwrap(), &Limits::default()).unwrap()
}

/// Tables, parts and rows of a file that holds every check.
fn prove(path: &Path) -> (usize, usize, u64) {
    let mut package = open(path);
    let report = package.verify(|_, _| {}).unwrap();
    assert_eq!(report.findings, [], "{}", path.display());
    if let Some(promised) = package.origin().rows {
        assert_eq!(report.rows, promised);
    }
    let tables: Vec<Table> = package.model().tables.clone();
    let (mut parts, mut bytes) = (0, 0);
    for (index, table) in tables.iter().enumerate() {
        for part in package.parts(index).to_vec() {
            let mut original = Vec::new();
            package.bytes(&part.entry).unwrap().read_to_end(&mut original).unwrap();
            let encoder = RowEncoder::new(&table.fields(), MaxForm::Vendor);
            let mut again = Vec::new();
            for row in package.rows(table, &part).unwrap() {
                encoder.encode(&row.unwrap(), &mut again).unwrap();
            }
            assert!(
                again == original,
                "{} is not the same when encoded again",
                part.entry.name
            );
            parts += 1;
            bytes += original.len();
        }
    }
    eprintln!(
        "{}: {} tables, {parts} parts, {} rows, {bytes} bytes, {} promised; {} programmable, {} sequences, {} properties, skipped {:?}",
        path.file_name().unwrap().display(),
        tables.len(),
        report.rows,
        package
            .origin()
            .rows
            .map_or("no count".to_owned(), |rows| rows.to_string()),
        package.model().programmable.len(),
        package.model().sequences.len(),
        package.model().extended_properties.len(),
        package.model().skipped,
    );
    (tables.len(), parts, report.rows)
}

#[test]
fn the_newest_writers_file_is_read_and_encoded_again_to_the_byte() {
    let (tables, _, rows) = prove(&own("aw-lt-2025.bacpac"));
    assert_eq!((tables, rows), (12, 4_277));
}

#[test]
fn the_oldest_writers_file_is_read_and_encoded_again_to_the_byte() {
    let (_, parts, rows) = prove(&own("nsaga.bacpac"));
    assert!(parts > 0 && rows > 0);
}

#[test]
fn the_model_tells_keys_constraints_and_texts() {
    let package = open(&own("aw-lt-2025.bacpac"));
    let model = package.model();
    let count = |of: fn(&Table) -> usize| model.tables.iter().map(of).sum::<usize>();
    eprintln!(
        "keys {} unique {} foreign {} checks {} defaults {} indexes {} computed {}",
        count(|table| usize::from(table.primary_key.is_some())),
        count(|table| table.unique.len()),
        count(|table| table.foreign_keys.len()),
        count(|table| table.checks.len()),
        count(|table| table.defaults.len()),
        count(|table| table.indexes.len()),
        count(|table| table.computed.len()),
    );
    let header = model
        .tables
        .iter()
        .find(|table| table.name == "SalesOrderHeader")
        .unwrap();
    assert_eq!(header.primary_key.as_ref().unwrap().columns[0].name, "SalesOrderID");
    assert!(
        header
            .foreign_keys
            .iter()
            .any(|key| key.foreign_table.to_string() == "[SalesLT].[Customer]")
    );
    assert!(
        header
            .checks
            .iter()
            .all(|check| !check.expression.is_empty() && !check.name.is_empty())
    );
    assert!(
        header
            .defaults
            .iter()
            .all(|default| !default.expression.is_empty() && !default.column.is_empty())
    );
    assert!(!header.computed.is_empty());
    assert!(
        model
            .programmable
            .iter()
            .all(|found| found.text.to_uppercase().contains("CREATE"))
    );
    assert!(model.programmable.iter().any(|found| found.kind == "SqlView"));
}

#[test]
fn percent_encoded_folders_and_many_parts_are_read() {
    let Some(path) = shared("northwind.bacpac") else { return };
    assert_eq!(prove(&path).2, 3_308);
}

#[test]
fn alias_types_and_images_are_read() {
    let Some(path) = shared("pubs.bacpac") else { return };
    assert_eq!(prove(&path).2, 255);
}

#[test]
fn a_big_model_without_its_data_is_read_and_the_missing_rows_are_told() {
    let Some(path) = shared("wwi-model-only.bacpac") else {
        return;
    };
    let mut package = open(&path);
    let report = package.verify(|_, _| {}).unwrap();
    let sequences = &package.model().sequences;
    assert!(
        sequences.iter().any(|found| found.current.is_some()) && sequences.iter().all(|found| found.name.0.len() == 2)
    );
    let generated = package
        .model()
        .tables
        .iter()
        .flat_map(|table| &table.columns)
        .filter(|found| found.generated_always);
    eprintln!("{} sequences, {} generated columns", sequences.len(), generated.count());
    eprintln!(
        "{} tables, findings {:?}, skipped {:?}",
        report.tables.len(),
        report.findings,
        package.model().skipped
    );
    assert!(report.tables.len() > 40);
    assert!(matches!(
        report.findings.as_slice(),
        [Finding::RowTotal { found: 0, .. }]
    ));
}

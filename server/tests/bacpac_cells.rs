//! Real BACPAC files, imported by `coffre bacpac import` and asked for, cell by cell, through the engine's own client: every
//! cell is that of `coffre bacpac dump`.
//!
//! The files beside the project are taken where they are; without them the two that are kept here are compared, and it is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::{Path, PathBuf};
use std::process::Command;

use domain::export_log::{ImportReport, ImportedTable};
use postgres_cluster::{Availability, ClusterOptions, PrivateCluster};

/// Between columns and rows of the clients' output: no text of these files holds them.
const COLUMN: char = '\u{1f}';
const ROW: char = '\u{1e}';
const NULL: &str = "\\N";

fn files() -> Vec<PathBuf> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("bacpac/testdata");
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    let mut files: Vec<_> = ["aw-lt-2025.bacpac", "nsaga.bacpac"]
        .map(|name| kept.join(name))
        .to_vec();
    for name in ["northwind.bacpac", "pubs.bacpac", "wwi-model-only.bacpac"] {
        let path = beside.join(name);
        if path.exists() {
            files.push(path);
        } else {
            eprintln!("NOT COMPARED: {name} is not beside the project");
        }
    }
    files
}

fn coffre(arguments: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_coffre"))
        .arg("bacpac")
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{arguments:?}: {told}");
    String::from_utf8(out.stdout).unwrap()
}

/// Imports a file; its report.
fn import(file: &Path, to: &str, folder: &Path) -> ImportReport {
    let report = folder.join("report.json");
    coffre(&[
        "import",
        file.to_str().unwrap(),
        "--to",
        to,
        "--report",
        report.to_str().unwrap(),
    ]);
    serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap()
}

/// A column's type in the file, without length.
fn bare(sql_type: &str) -> &str {
    sql_type.split('(').next().unwrap_or(sql_type)
}

fn is_binary(sql_type: &str) -> bool {
    matches!(
        bare(sql_type),
        "binary" | "varbinary" | "image" | "rowversion" | "timestamp" | "geography" | "geometry" | "hierarchyid"
    )
}

/// Both sides in one form: what is the same number, instant or text compares equal, nothing else does. `digits` are those after
/// the second that the engine keeps.
fn settled(sql_type: &str, text: &str, digits: usize) -> String {
    let without_zeros = |text: &str| match text.split_once('.') {
        Some((whole, fraction)) => {
            let kept: String = fraction.chars().take(digits).collect();
            format!("{whole}.{kept}")
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        }
        None => text.to_owned(),
    };
    match bare(sql_type) {
        _ if text == NULL => text.to_owned(),
        "decimal" | "numeric" | "money" | "smallmoney" => match text.split_once('.') {
            Some((whole, fraction)) => format!("{whole}.{fraction}")
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned(),
            None => text.to_owned(),
        },
        "float" => text.parse::<f64>().unwrap().to_string(),
        "real" => text.parse::<f32>().unwrap().to_string(),
        "date" | "time" | "datetime" | "datetime2" | "smalldatetime" => without_zeros(text),
        "bit" => text.replace('t', "1").replace('f', "0"),
        // One engine does not tell blanks at the end of such a column.
        "char" | "nchar" => text.trim_end().to_owned(),
        _ => text.to_owned(),
    }
}

/// The rows of a table as `coffre bacpac dump` tells them.
fn dumped(file: &Path, table: &ImportedTable, digits: usize) -> Vec<Vec<String>> {
    let text = coffre(&["dump", file.to_str().unwrap(), &table.source_name, "--csv"]);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let places: Vec<_> = table
        .columns
        .iter()
        .map(|column| heads.iter().position(|head| head == column.source_name).unwrap())
        .collect();
    let row = |record: csv::StringRecord| {
        let cell = |(place, column): (&usize, &domain::export_log::ImportedColumn)| {
            settled(&column.sql_type, &record[*place], digits)
        };
        places.iter().zip(&table.columns).map(cell).collect()
    };
    let mut rows: Vec<Vec<String>> = reader.records().map(|record| row(record.unwrap())).collect();
    rows.sort();
    rows
}

/// The rows that a client told.
fn told(text: &str, table: &ImportedTable, digits: usize) -> Vec<Vec<String>> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix(ROW).unwrap_or(text);
    if text.is_empty() {
        return Vec::new();
    }
    let row = |row: &str| {
        let cells = row.split(COLUMN).zip(&table.columns);
        cells
            .map(|(cell, column)| settled(&column.sql_type, cell, digits))
            .collect()
    };
    let mut rows: Vec<Vec<String>> = text.split(ROW).map(row).collect();
    rows.sort();
    rows
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn compare(
    file: &Path,
    report: &ImportReport,
    digits: usize,
    ask: impl Fn(&ImportedTable) -> String,
) -> (usize, usize) {
    let (mut rows, mut cells) = (0, 0);
    for table in &report.tables {
        let found = told(&ask(table), table, digits);
        let meant = dumped(file, table, digits);
        assert_eq!(found.len(), meant.len(), "{}: {}", file.display(), table.source_name);
        for (found, meant) in found.iter().zip(&meant) {
            assert_eq!(found, meant, "{}: {}", file.display(), table.source_name);
            cells += meant.len();
        }
        rows += meant.len();
    }
    (rows, cells)
}

#[test]
fn every_cell_imported_into_sqlite_is_told_by_its_own_client() {
    let folder = tempfile::tempdir().unwrap();
    let mut cells = 0;
    for file in files() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let target = folder.path().join(format!("{name}.sqlite"));
        let report = import(&file, &format!("sqlite:{}", target.display()), folder.path());
        cells += compare(&file, &report, 7, |table| {
            let columns: Vec<_> = table
                .columns
                .iter()
                .map(|column| {
                    let name = quoted(&column.name);
                    match is_binary(&column.sql_type) {
                        true => format!("CASE WHEN {name} IS NOT NULL THEN '0x' || lower(hex({name})) END"),
                        false => name,
                    }
                })
                .collect();
            let query = format!("SELECT {} FROM {}", columns.join(", "), quoted(&table.name));
            let out = Command::new("sqlite3")
                .args(["-readonly", "-ascii", "-nullvalue", NULL])
                .arg(&target)
                .arg(query)
                .output()
                .unwrap();
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            String::from_utf8(out.stdout).unwrap()
        })
        .1;
    }
    assert!(cells > 30_000, "{cells} cells were compared");
}

#[test]
fn every_cell_imported_into_postgresql_is_told_by_its_own_client() {
    let programs = match Availability::find() {
        Ok(programs) => programs,
        Err(missing) => {
            eprintln!("NOT RUN: {missing}");
            return;
        }
    };
    let cluster = PrivateCluster::start(ClusterOptions::ephemeral().programs(programs)).unwrap();
    let psql = |database: &str, options: &[&str], query: &str| {
        let out = Command::new(cluster.programs().path("psql"))
            .args([
                "--no-psqlrc",
                "--dbname",
                &cluster.url(database),
                "--set",
                "ON_ERROR_STOP=1",
            ])
            .args(options)
            .args(["--command", query])
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{query}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut cells = 0;
    for (number, file) in files().iter().enumerate() {
        let database = format!("imported_{number}");
        psql("postgres", &[], &format!("CREATE DATABASE {database}"));
        let report = import(file, &format!("postgres:{}", cluster.url(&database)), folder.path());
        cells += compare(file, &report, 6, |table| {
            let columns: Vec<_> = table
                .columns
                .iter()
                .map(|column| {
                    let name = quoted(&column.name);
                    match is_binary(&column.sql_type) {
                        true => format!("'0x' || encode({name}, 'hex')"),
                        false => name,
                    }
                })
                .collect();
            let (schema, name) = table.name.split_once('.').unwrap_or(("public", &table.name));
            let query = format!("SELECT {} FROM {}.{}", columns.join(", "), quoted(schema), quoted(name));
            let null = format!("null={NULL}");
            let (column, row) = (COLUMN.to_string(), ROW.to_string());
            let options = [
                "--no-align",
                "--tuples-only",
                "--pset",
                &null,
                "-F",
                &column,
                "-R",
                &row,
            ];
            psql(&database, &options, &query)
        })
        .1;
    }
    assert!(cells > 30_000, "{cells} cells were compared");
}

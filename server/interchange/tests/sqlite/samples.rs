//! Files that SQL Server's own tools wrote, into SQLite: every cell is compared with what the file says, and what cannot be
//! there is told.

use std::fs::File;
use std::path::{Path, PathBuf};

use bacpac::{Limits, Package, SqlType, Value};
use domain::export_log::{ImportReport, ObjectKind};
use interchange::sqlite;
use jiff::ToSpan;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::dump::{exact, go_on, open};

/// The files that may be here, and those that must be.
fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for name in ["northwind.bacpac", "pubs.bacpac"] {
        let path = root.join("../../../shared/samples").join(name);
        if path.exists() {
            found.push(path);
        } else {
            eprintln!("NOT RUN: {} is not here", path.display());
        }
    }
    for name in ["aw-lt-2025.bacpac", "nsaga.bacpac"] {
        found.push(root.join("../bacpac/testdata").join(name));
    }
    found
}

/// What SQLite must hold for a value, worked out apart from the import.
fn expected(value: &Value, sql_type: &SqlType) -> String {
    let integer = |number: i64| exact(ValueRef::Integer(number));
    let real = |number: f64| exact(ValueRef::Real(number));
    let text = |text: &str| exact(ValueRef::Text(text.as_bytes()));
    let day = |days: i64| (jiff::civil::date(1, 1, 1) + days.days()).to_string();
    let clock = |ticks: u64, scale: usize| {
        let seconds = ticks / 10_000_000;
        let fraction = format!(".{:07}", ticks % 10_000_000);
        let end = if scale == 0 { 0 } else { scale + 1 };
        format!(
            "{:02}:{:02}:{:02}{}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            &fraction[..end]
        )
    };
    let scale = match sql_type {
        SqlType::Time { scale } | SqlType::DateTime2 { scale } | SqlType::DateTimeOffset { scale } => {
            usize::from(*scale)
        }
        _ => 7,
    };
    let decimal = |negative: bool, magnitude: u128, scale: usize| {
        let digits = format!("{magnitude:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale == 0 { "" } else { "." };
        format!("{}{whole}{point}{fraction}", if negative { "-" } else { "" })
    };
    let number = |digits: String| {
        let found: f64 = digits.parse().unwrap();
        if found.fract() == 0.0 {
            integer(found as i64)
        } else {
            real(found)
        }
    };
    match value {
        Value::Null => exact(ValueRef::Null),
        Value::TinyInt(number) => integer(i64::from(*number)),
        Value::SmallInt(number) => integer(i64::from(*number)),
        Value::Int(number) => integer(i64::from(*number)),
        Value::BigInt(number) => integer(*number),
        Value::Bit(yes) => integer(i64::from(*yes)),
        Value::Real(number) => real(f64::from(*number)),
        Value::Float(number) => real(*number),
        Value::SmallMoney(units) => number(decimal(*units < 0, u128::from(units.unsigned_abs()), 4)),
        Value::Money(units) => text(&decimal(*units < 0, u128::from(units.unsigned_abs()), 4)),
        Value::Decimal(found) => {
            let digits = decimal(found.negative, found.magnitude, usize::from(found.scale));
            if found.precision > 15 {
                text(&digits)
            } else {
                number(digits)
            }
        }
        Value::Date(days) => text(&day(i64::from(*days))),
        Value::Time(ticks) => text(&clock(*ticks, scale)),
        Value::DateTime2 { days, ticks } => text(&format!("{} {}", day(i64::from(*days)), clock(*ticks, scale))),
        Value::DateTimeOffset { days, ticks, offset } => {
            let utc = jiff::civil::date(1, 1, 1).at(0, 0, 0, 0)
                + i64::from(*days).days()
                + i64::try_from(*ticks * 100).unwrap().nanoseconds();
            let local = utc + i64::from(*offset).minutes();
            let of_day = local.time().duration_since(jiff::civil::Time::midnight());
            let ticks = u64::try_from(of_day.as_nanos() / 100).unwrap();
            let (sign, away) = if *offset < 0 { ('-', -offset) } else { ('+', *offset) };
            text(&format!(
                "{} {} {sign}{:02}:{:02}",
                local.date(),
                clock(ticks, scale),
                away / 60,
                away % 60
            ))
        }
        Value::DateTime { days, ticks } => {
            let millis = (u64::from(*ticks) * 10 + 1) / 3;
            text(&format!(
                "{} {}",
                day(i64::from(*days) + 693_595),
                clock(millis * 10_000, 3)
            ))
        }
        Value::SmallDateTime { days, minutes } => {
            let ticks = u64::from(*minutes) * 600_000_000;
            text(&format!("{} {}", day(i64::from(*days) + 693_595), clock(ticks, 0)))
        }
        Value::Uuid(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            text(&format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            ))
        }
        Value::Text(found) => text(found),
        Value::Binary(bytes) => exact(ValueRef::Blob(bytes)),
        other => panic!("no sample has {}", other.kind()),
    }
}

fn compare(package: &Path, back: &Path, report: &ImportReport) -> u64 {
    let mut package = Package::open(File::open(package).unwrap(), &Limits::default()).unwrap();
    let connection = open(back);
    let mut cells = 0;
    for (at, table) in package.model().tables.clone().iter().enumerate() {
        let imported = &report.tables[at];
        let columns: Vec<_> = imported
            .columns
            .iter()
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let sql = format!("SELECT {} FROM \"{}\" NOT INDEXED", columns.join(", "), imported.name);
        let mut statement = connection.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut held = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            held.push(
                (0..columns.len())
                    .map(|at| exact(row.get_ref(at).unwrap()))
                    .collect::<Vec<_>>(),
            );
        }
        let mut said = Vec::new();
        for part in package.parts(at).to_vec() {
            for row in package.rows(table, &part).unwrap() {
                let row = row.unwrap();
                let texts = row
                    .iter()
                    .zip(&table.columns)
                    .map(|(value, column)| expected(value, &column.field.sql_type));
                said.push(texts.collect::<Vec<_>>());
            }
        }
        cells += said.iter().map(|row| row.len() as u64).sum::<u64>();
        // A table with a row number of its own is read in that order.
        held.sort();
        said.sort();
        assert_eq!(held.len(), said.len(), "{}", table.full_name());
        for (held, said) in held.iter().zip(&said) {
            assert_eq!(held, said, "{}", table.full_name());
        }
    }
    cells
}

fn count(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn every_cell_of_real_files_arrives() {
    let folder = tempfile::tempdir().unwrap();
    for package in samples() {
        let name = package.file_stem().unwrap().to_string_lossy().into_owned();
        let back = folder.path().join(format!("{name}.sqlite"));
        let report = sqlite::import(&package, &back, &Limits::default(), &go_on).unwrap();
        assert!(!report.restored);
        let cells = compare(&package, &back, &report);
        let connection = open(&back);
        assert_eq!(
            connection
                .query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))
                .unwrap(),
            "ok"
        );
        assert_eq!(count(&connection, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
        eprintln!(
            "{name}: {} tables, {} rows, {cells} cells, {} values changed; {} indexes; weakened {}, left out {}, warnings {:?}",
            report.tables.len(),
            report.tables.iter().map(|table| table.rows).sum::<u64>(),
            report.values_changed(),
            count(&connection, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'"),
            report.weakened.len(),
            report.not_carried.len(),
            report.warnings
        );
        for told in &report.weakened {
            eprintln!(
                "  {:?} {} {} {:?}: {}",
                told.kind, told.table, told.name, told.what, told.text
            );
        }
        if name.starts_with("aw-lt") {
            assert!(
                report
                    .not_carried
                    .iter()
                    .any(|told| told.kind == ObjectKind::View && told.text.contains("SELECT"))
            );
            assert!(
                report
                    .not_carried
                    .iter()
                    .any(|told| told.kind == ObjectKind::GeneratedColumn)
            );
        }
    }
}

#[test]
fn a_real_file_goes_through_sqlite_into_a_file_again() {
    let folder = tempfile::tempdir().unwrap();
    for package in samples() {
        let (one, file, two) = (
            folder.path().join("1"),
            folder.path().join("2.bacpac"),
            folder.path().join("3"),
        );
        sqlite::import(&package, &one, &Limits::default(), &go_on).unwrap();
        let (log, report) = crate::dump::there_and_back(&one, &file, &two);
        assert!(log.is_lossless() && report.restored);
        crate::dump::assert_same(&crate::dump::dump(&one), &crate::dump::dump(&two));
        for path in [one, file, two] {
            std::fs::remove_file(path).unwrap();
        }
    }
}

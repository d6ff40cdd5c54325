//! Files of SQL Server in PostgreSQL: every cell.

use crate::server::{Server, shared};
use bacpac::{Decimal, Limits, Package, Value};
use domain::export_log::ImportReport;
use interchange::{ImportError, postgres};
use std::fs::File;
use std::path::{Path, PathBuf};

fn samples() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bacpac/testdata");
    let mut found: Vec<PathBuf> = std::fs::read_dir(own)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bacpac"))
        .collect();
    found.extend(
        ["northwind", "pubs", "wwi-model-only"]
            .iter()
            .filter_map(|name| shared(&format!("samples/{name}.bacpac"))),
    );
    found.sort();
    found
}

#[test]
fn every_cell_of_a_file_of_sql_server_is_in_the_database() {
    let Some(server) = Server::start() else { return };
    for (number, path) in samples().iter().enumerate() {
        let database = format!("foreign{number}");
        let settings = server.create(&database);
        let report = postgres::import(path, &settings, &Limits::default(), &|_, _| true)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        compare(&server, &database, path, &report);
        assert!(!report.restored);
        let again = postgres::import(path, &settings, &Limits::default(), &|_, _| true);
        assert!(matches!(again, Err(ImportError::TargetExists(_))), "{again:?}");
        eprintln!(
            "{}: {} tables, {} rows, {} rules hold less",
            path.file_name().unwrap().display(),
            report.tables.len(),
            report.tables.iter().map(|table| table.rows).sum::<u64>(),
            report.weakened.len()
        );
    }
}

fn compare(server: &Server, database: &str, path: &Path, report: &ImportReport) {
    let mut package = Package::open(File::open(path).unwrap(), &Limits::default()).unwrap();
    let mut expected: Vec<Vec<Vec<Option<String>>>> = vec![Vec::new(); package.model().tables.len()];
    package
        .verify(|table, row| {
            let cells = row.iter().zip(&report.tables[table].columns);
            expected[table].push(cells.map(|(value, column)| printed(value, &column.declared)).collect());
        })
        .unwrap();
    for (table, mut rows) in report.tables.iter().zip(expected) {
        rows.sort_unstable();
        let (schema, name) = table.name.split_once('.').unwrap();
        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| format!("\"{}\"", column.name.replace('"', "\"\"")))
            .collect();
        let found = server.table_rows(database, &format!("\"{schema}\".\"{name}\""), &columns.join(","));
        assert_eq!(found.len() as u64, table.rows, "{}", table.name);
        for (found, row) in found.iter().zip(&rows) {
            for ((found, expected), column) in found.iter().zip(row).zip(&table.columns) {
                assert_eq!(found, expected, "{}.{} {}", table.name, column.name, column.declared);
            }
        }
    }
}

/// A value as COPY prints it, said anew.
fn printed(value: &Value, declared: &str) -> Option<String> {
    let date = |days: i64| {
        let epoch = jiff::civil::date(1, 1, 1);
        epoch.checked_add(jiff::Span::new().days(days)).unwrap().to_string()
    };
    let clock = |microseconds: u64| {
        let seconds = microseconds / 1_000_000;
        let text = format!(
            "{:02}:{:02}:{:02}.{:06}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            microseconds % 1_000_000
        );
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let scaled = |negative: bool, magnitude: u128, scale: usize| {
        let digits = format!("{magnitude:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if negative && magnitude > 0 { "-" } else { "" };
        if scale == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Some(match value {
        Value::Null => return None,
        Value::TinyInt(number) => number.to_string(),
        Value::SmallInt(number) => number.to_string(),
        Value::Int(number) => number.to_string(),
        Value::BigInt(number) => number.to_string(),
        Value::Bit(yes) => if *yes { "t" } else { "f" }.to_owned(),
        Value::Real(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::SmallMoney(number) => scaled(*number < 0, u128::from(number.unsigned_abs()), 4),
        Value::Money(number) => scaled(*number < 0, u128::from(number.unsigned_abs()), 4),
        Value::Decimal(Decimal {
            negative,
            magnitude,
            scale,
            ..
        }) => scaled(*negative, *magnitude, usize::from(*scale)),
        Value::Date(days) => date(i64::from(*days)),
        Value::Time(ticks) => clock(ticks / 10),
        Value::DateTime2 { days, ticks } => format!("{} {}", date(i64::from(*days)), clock(ticks / 10)),
        Value::DateTimeOffset { days, ticks, .. } => format!("{} {}+00", date(i64::from(*days)), clock(ticks / 10)),
        Value::DateTime { days, ticks } => {
            let milliseconds = (u64::from(*ticks) * 10 + 1) / 3;
            format!("{} {}", date(i64::from(*days) + 693_595), clock(milliseconds * 1000))
        }
        Value::SmallDateTime { days, minutes } => {
            format!(
                "{} {}",
                date(i64::from(*days) + 693_595),
                clock(u64::from(*minutes) * 60_000_000)
            )
        }
        Value::Uuid(bytes) => {
            let hex = hex(bytes);
            format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            )
        }
        Value::Text(text) => {
            let text = text
                .replace('\\', "\\\\")
                .replace('\t', "\\t")
                .replace('\n', "\\n")
                .replace('\r', "\\r");
            match declared.strip_prefix("character(") {
                Some(length) => {
                    let length: usize = length.trim_end_matches(')').parse().unwrap();
                    format!("{text:<length$}")
                }
                None => text,
            }
        }
        Value::BrokenText(_) | Value::Variant(_) => panic!("no sample has {value:?}"),
        Value::Binary(bytes) => format!("\\\\x{}", hex(bytes)),
    })
}

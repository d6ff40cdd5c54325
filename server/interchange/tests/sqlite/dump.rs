//! A whole SQLite database as text, and the trip there and back that the tests share.

use std::hash::{Hash, Hasher};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use domain::export_log::{ExportLog, ImportReport};
use interchange::{ExportOptions, sqlite};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

pub fn options() -> ExportOptions {
    ExportOptions {
        database: "proof".into(),
        product_version: "1.2.3".into(),
        identity: [7; 16],
        started: UNIX_EPOCH + Duration::from_secs(1_767_323_045),
        level: 1,
        threads: 1,
    }
}

pub fn go_on(_: u64, _: Option<u64>) -> bool {
    true
}

/// Makes a database from statements.
pub fn make(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF;").unwrap();
    connection.execute_batch(sql).unwrap();
}

pub fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Exports, imports, and gives both accounts.
pub fn there_and_back(source: &Path, package: &Path, back: &Path) -> (ExportLog, ImportReport) {
    let log = sqlite::export(source, package, &options(), &go_on).unwrap();
    let report = sqlite::import(package, back, &bacpac::Limits::default(), &go_on).unwrap();
    (log, report)
}

/// A value with its class and its exact bytes.
pub fn exact(value: ValueRef<'_>) -> String {
    let hex = |bytes: &[u8]| {
        if bytes.len() > 1_000 {
            // Long ones are compared by length and hash.
            let mut hasher = std::hash::DefaultHasher::new();
            bytes.hash(&mut hasher);
            return format!("{} bytes, {:016x}", bytes.len(), hasher.finish());
        }
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => format!("integer {number}"),
        ValueRef::Real(number) => format!("real {:016x} {number:?}", number.to_bits()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.len() < 200 => format!("text {text:?}"),
            _ => format!("text {}", hex(bytes)),
        },
        ValueRef::Blob(bytes) => format!("blob {}", hex(bytes)),
    }
}

/// The schema and every row, in an order that does not depend on how the file came to be.
pub fn dump(path: &Path) -> Vec<String> {
    let connection = open(path);
    let mut lines = Vec::new();
    for pragma in ["user_version", "application_id", "encoding"] {
        let value: String = connection
            .query_row(
                &format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"),
                [],
                |row| row.get(0),
            )
            .unwrap();
        lines.push(format!("{pragma} {value}"));
    }
    let mut tables = Vec::new();
    let mut statement = connection
        .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (kind, name): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        let (table, sql): (String, Option<String>) = (row.get(2).unwrap(), row.get(3).unwrap());
        lines.push(format!("{kind} {name:?} {table:?} {sql:?}"));
        if kind == "table" {
            tables.push(name);
        }
    }
    for table in tables {
        lines.extend(rows_of(&connection, &table));
    }
    lines
}

/// Reads the table itself, in the order of its row numbers or of its key.
pub fn scan(connection: &Connection, table: &str) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let own = "SELECT i.name FROM pragma_table_list(?1) AS t, pragma_index_list(?1) AS i
               WHERE t.schema = 'main' AND t.wr AND i.origin = 'pk'";
    let path = match connection.query_row(own, [table], |row| row.get::<_, String>(0)) {
        Ok(index) => format!("INDEXED BY {}", quoted(&index)),
        Err(_) => "NOT INDEXED".to_owned(),
    };
    format!("SELECT * FROM {} {path}", quoted(table))
}

pub fn rows_of(connection: &Connection, table: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let Ok(mut statement) = connection.prepare(&scan(connection, table)) else {
        return vec![format!("{table}: cannot be read")];
    };
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let values: Vec<_> = (0..width).map(|at| exact(row.get_ref(at).unwrap())).collect();
        lines.push(format!("{table}: {}", values.join(" | ")));
    }
    // Counters lie in any order.
    if table == "sqlite_sequence" {
        lines.sort();
    }
    lines
}

/// Compares line by line, so that a difference is readable.
pub fn assert_same(before: &[String], after: &[String]) {
    for (at, (one, other)) in before.iter().zip(after).enumerate() {
        assert_eq!(one, other, "line {at}");
    }
    assert_eq!(before.len(), after.len());
}

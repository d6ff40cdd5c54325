//! Generated schemas with every class of value in every declared type: each value comes back, or the log counts it.

use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use crate::dump::{dump, exact, open, scan, there_and_back};
use crate::oracle::loads;

#[derive(Debug, Clone)]
enum Cell {
    Plain(Value),
    /// Text of any bytes.
    Bytes(Vec<u8>),
}

impl Cell {
    fn borrowed(&self) -> ValueRef<'_> {
        match self {
            Self::Plain(value) => ValueRef::from(value),
            Self::Bytes(bytes) => ValueRef::Text(bytes),
        }
    }
}

fn cell() -> impl Strategy<Value = Cell> {
    let integer = prop_oneof![
        Just(0),
        Just(1),
        -3_i64..3,
        any::<i64>(),
        Just(i64::MAX),
        Just(i64::MIN),
        Just(1 << 53),
        Just((1 << 53) + 1)
    ];
    let special = prop_oneof![
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-0.0),
        Just(0.1),
        Just(1.0),
        Just(1e15),
        Just(1e19),
        Just(12.34),
        Just(f64::MIN_POSITIVE),
        Just(5e-324)
    ];
    let real = prop_oneof![
        special,
        any::<f64>().prop_filter("SQLite has no NaN", |number| !number.is_nan())
    ];
    let word = prop_oneof![
        Just("2024-02-29"),
        Just("2024-02-29 10:11:12"),
        Just("2024-02-29T10:11:12.5Z"),
        Just("2024-02-29 10:11:12+02:00"),
        Just("10:11:12"),
        Just("23:59"),
        Just("0000-01-01"),
        Just("00112233-4455-6677-8899-aabbccddeeff"),
        Just("00112233-4455-6677-8899-AABBCCDDEEFF"),
        Just("123456789012345678901234567890123456.78"),
        Just("1.50"),
        Just("a"),
        Just("a "),
        Just("A"),
        Just("É"),
        Just("0x00"),
        Just("'"),
        Just("Inf"),
        Just("")
    ];
    prop_oneof![
        2 => Just(Cell::Plain(Value::Null)),
        4 => integer.prop_map(|number| Cell::Plain(Value::Integer(number))),
        3 => real.prop_map(|number| Cell::Plain(Value::Real(number))),
        6 => word.prop_map(|text| Cell::Plain(Value::Text(text.to_owned()))),
        2 => ".{0,12}".prop_map(|text: String| Cell::Plain(Value::Text(text))),
        1 => prop::collection::vec(any::<u8>(), 0..6).prop_map(Cell::Bytes),
        2 => prop::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| Cell::Plain(Value::Blob(bytes))),
    ]
}

#[derive(Debug, Clone)]
struct Spec {
    columns: Vec<(String, String, String, u8)>,
    without_rowid: bool,
    key: Option<(usize, bool)>,
    indexes: Vec<(usize, usize, bool)>,
    /// Rows, and for each column whether only its first value is used: so that columns of one class come up.
    rows: Vec<Vec<Cell>>,
}

fn spec() -> impl Strategy<Value = Spec> {
    let declared = prop::sample::select(vec![
        "",
        "INTEGER",
        "INT",
        "BOOLEAN",
        "REAL",
        "DECIMAL(10,2)",
        "NUMERIC",
        "DECIMAL(38,10)",
        "DATE",
        "DATETIME",
        "TIMESTAMP",
        "TIME",
        "UUID",
        "VARCHAR(8)",
        "TEXT",
        "BLOB",
        "JSON",
        "DECIMAL_TEXT(38,2)",
        "ANY",
    ]);
    let name = prop_oneof![4 => "[a-c]{1,2}", 2 => "[A-Za-z0-9 _/.%'\\[\\]\"é-]{0,6}", 1 => "\\PC{0,5}"];
    let collation = prop::sample::select(vec!["", "", " COLLATE NOCASE", " COLLATE RTRIM"]);
    let class = 0_u8..9;
    let column = (
        name,
        declared.prop_map(str::to_owned),
        collation.prop_map(str::to_owned),
        class,
    );
    (
        prop::collection::vec(column, 1..6),
        any::<bool>(),
        prop::option::of((0_usize..6, any::<bool>())),
        prop::collection::vec((0_usize..6, 0_usize..6, any::<bool>()), 0..4),
    )
        .prop_flat_map(|(mut columns, without_rowid, key, indexes)| {
            let mut seen = std::collections::BTreeSet::new();
            for (at, column) in columns.iter_mut().enumerate() {
                column.0.retain(|letter| letter != '\0');
                if !seen.insert(column.0.to_ascii_lowercase()) {
                    column.0 = format!("{}{at}·", column.0);
                    seen.insert(column.0.to_ascii_lowercase());
                }
            }
            let width = columns.len();
            prop::collection::vec(prop::collection::vec(cell(), width), 0..12).prop_map(move |rows| Spec {
                columns: columns.clone(),
                without_rowid: without_rowid && key.is_some(),
                key,
                indexes: indexes.clone(),
                rows,
            })
        })
}

/// Of each column only the values of some classes are taken, so that uniform columns are as likely as mixed ones.
fn taken(class: u8, cell: &Cell) -> bool {
    matches!(
        (class, cell.borrowed()),
        (_, ValueRef::Null)
            | (0..=2, _)
            | (3 | 8, ValueRef::Integer(_))
            | (4 | 8, ValueRef::Real(_))
            | (5 | 6, ValueRef::Text(_))
            | (7, ValueRef::Blob(_))
    )
}

fn build(spec: &Spec, connection: &Connection) {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let width = spec.columns.len();
    let mut parts: Vec<String> = spec
        .columns
        .iter()
        .map(|(name, declared, collation, _)| format!("{} {declared}{collation}", quoted(name)))
        .collect();
    if let Some((at, descending)) = spec.key {
        let order = if descending { " DESC" } else { "" };
        parts.push(format!("PRIMARY KEY ({}{order})", quoted(&spec.columns[at % width].0)));
    }
    let tail = if spec.without_rowid { " WITHOUT ROWID" } else { "" };
    connection
        .execute_batch(&format!("CREATE TABLE \"t ]'/é\" ({}){tail}", parts.join(", ")))
        .unwrap();
    for (number, (one, other, unique)) in spec.indexes.iter().enumerate() {
        let word = if *unique { "UNIQUE " } else { "" };
        let (one, other) = (
            quoted(&spec.columns[one % width].0),
            quoted(&spec.columns[other % width].0),
        );
        let sql = format!("CREATE {word}INDEX \"i{number}\" ON \"t ]'/é\" ({one}, {other} DESC)");
        connection.execute_batch(&sql).unwrap();
    }
    let sql = format!(
        "INSERT OR IGNORE INTO \"t ]'/é\" VALUES ({})",
        vec!["?"; width].join(", ")
    );
    let mut statement = connection.prepare(&sql).unwrap();
    for row in &spec.rows {
        for (at, (cell, column)) in row.iter().zip(&spec.columns).enumerate() {
            let value = if taken(column.3, cell) {
                cell.borrowed()
            } else {
                ValueRef::Null
            };
            statement
                .raw_bind_parameter(at + 1, ToSqlOutput::Borrowed(value))
                .unwrap();
        }
        // Rows that the generated schema refuses are not in the database, and so no matter.
        let _ = statement.raw_execute();
    }
}

/// All cells of the one table.
fn cells(connection: &Connection) -> Vec<Vec<String>> {
    let mut statement = connection.prepare(&scan(connection, "t ]'/é")).unwrap();
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        found.push((0..width).map(|at| exact(row.get_ref(at).unwrap())).collect());
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_of_every_schema_comes_back_or_is_counted(spec in spec()) {
        let folder = tempfile::tempdir().unwrap();
        let (source, back) = (folder.path().join("source.sqlite"), folder.path().join("back.sqlite"));
        let connection = Connection::open(&source).unwrap();
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").unwrap();
        build(&spec, &connection);
        drop(connection);
        let (log, report) = there_and_back(&source, &folder.path().join("file.bacpac"), &back);
        prop_assert!(report.restored);
        loads(&folder.path().join("file.bacpac"));
        prop_assert_eq!(&report.warnings, &[]);
        let (before, after) = (cells(&open(&source)), cells(&open(&back)));
        prop_assert_eq!(before.len(), after.len());
        let differing = before.iter().flatten().zip(after.iter().flatten()).filter(|(one, other)| one != other);
        let mut count = 0;
        for (one, other) in differing {
            count += 1;
            let infinity = one.ends_with("inf") && other == "null";
            let replaced = one.starts_with("text ") && !one.contains('"') && other.contains("\u{fffd}");
            prop_assert!(infinity || replaced, "{} became {}", one, other);
        }
        prop_assert_eq!(log.values_changed(), count);
        let schema = |path| dump(path).into_iter().filter(|line| !line.starts_with("t ]")).collect::<Vec<_>>();
        prop_assert_eq!(schema(&source), schema(&back));
    }
}

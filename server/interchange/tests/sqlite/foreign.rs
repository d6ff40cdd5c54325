//! A made file with everything that real samples lack, into SQLite.

use bacpac::{
    Check, Column, Decimal, DefaultConstraint, Field, FileWriter, ForeignKey, ForeignKeyAction, Identity, Index, Key,
    KeyColumn, Limits, Model, ObjectName, SqlType, Table, Value, Variant, WriterOptions,
};
use domain::export_log::{ChangeKind, DropReason, ImportReport, ObjectKind, Weakening};
use interchange::sqlite;

use crate::dump::{go_on, open, rows_of};

fn column(name: &str, sql_type: SqlType, nullable: bool) -> Column {
    Column {
        field: Field::new(name, sql_type, nullable),
        declared: String::new(),
        collation: None,
        identity: None,
        generated_always: false,
    }
}

fn key(name: &str, columns: &[&str]) -> Key {
    let one = |name: &&str| KeyColumn {
        name: (*name).to_owned(),
        descending: false,
    };
    Key {
        name: name.to_owned(),
        columns: columns.iter().map(one).collect(),
        clustered: false,
    }
}

fn model() -> Model {
    let mut ledger = Table {
        schema: "app".into(),
        name: "ledger".into(),
        columns: vec![
            column("id", SqlType::Int, false),
            column("money", SqlType::Money, true),
            column("small", SqlType::SmallMoney, true),
            column(
                "exact",
                SqlType::Decimal {
                    precision: 38,
                    scale: 2,
                },
                true,
            ),
            column("rate", SqlType::Float, true),
            column("single", SqlType::Real, true),
            column("any", SqlType::SqlVariant, true),
            column("text", SqlType::NVarCharMax, true),
            column("code", SqlType::NChar(4), true),
            column("at", SqlType::DateTimeOffset { scale: 2 }, true),
            column("quantity", SqlType::Int, true),
        ],
        primary_key: Some(key("PK_ledger", &["id"])),
        ..Table::default()
    };
    ledger.columns[0].identity = Some(Identity {
        seed: 1,
        increment: 1,
        last_value: Some(500),
    });
    let default = |name: &str, column: &str, expression: &str| DefaultConstraint {
        name: name.to_owned(),
        column: column.to_owned(),
        expression: expression.to_owned(),
    };
    ledger.defaults = vec![
        default("DF_1", "money", "((1.5))"),
        default("DF_2", "code", "('ab')"),
        default("DF_3", "at", "(getdate())"),
    ];
    let check = |name: &str, expression: &str, not_trusted| Check {
        name: name.to_owned(),
        expression: expression.to_owned(),
        not_trusted,
    };
    ledger.checks = vec![
        check("CK_1", "([quantity]>(0))", true),
        check("CK_2", "([quantity]%(2)=(0))", false),
        check("CK_3", "([text]='x')", false),
    ];
    ledger.indexes.push(Index {
        name: "IX".into(),
        columns: key("", &["quantity"]).columns,
        included: Vec::new(),
        unique: true,
        clustered: false,
        filter: Some("([quantity] IS NOT NULL)".into()),
    });
    let mut line = Table {
        schema: "dbo".into(),
        name: "app_ledger".into(),
        columns: vec![column("ledger", SqlType::Int, true)],
        ..Table::default()
    };
    line.foreign_keys.push(ForeignKey {
        name: "FK_1".into(),
        columns: vec!["ledger".into()],
        foreign_table: ObjectName(vec!["app".into(), "ledger".into()]),
        foreign_columns: vec!["id".into()],
        on_delete: ForeignKeyAction::Cascade,
        on_update: ForeignKeyAction::NoAction,
        not_trusted: true,
    });
    Model {
        schemas: vec!["app".into()],
        tables: vec![ledger, line],
        ..Model::default()
    }
}

fn rows() -> Vec<Vec<Value>> {
    let exact = |negative, magnitude| {
        Value::Decimal(Decimal {
            precision: 38,
            scale: 2,
            negative,
            magnitude,
        })
    };
    let variant = |base, properties: &[u8], payload: &[u8]| {
        Value::Variant(Variant {
            base,
            properties: properties.to_vec(),
            payload: payload.to_vec(),
        })
    };
    let at = Value::DateTimeOffset {
        days: 738_944,
        ticks: 863_999_900_000,
        offset: 90,
    };
    let full = vec![
        Value::Int(7),
        Value::Money(-1),
        Value::SmallMoney(12_500),
        exact(true, 10u128.pow(37)),
        Value::Float(-0.0),
        Value::Real(0.1),
        variant(0x38, &[], &[5, 0, 0, 0]),
        Value::BrokenText(vec![0x61, 0xd800]),
        Value::Text("ab  ".into()),
        at,
        Value::Int(-3),
    ];
    let mut empty = vec![Value::Null; full.len()];
    empty[0] = Value::Int(9);
    empty[6] = variant(0xa5, &[2, 0], &[1, 2]);
    empty[7] = Value::Text("a\0b".into());
    vec![full, empty]
}

fn imported(path: &std::path::Path) -> ImportReport {
    let package = path.with_extension("bacpac");
    let mut file = FileWriter::create(&package, &model(), WriterOptions::default()).unwrap();
    for row in rows() {
        file.row(0, &row).unwrap();
    }
    for number in [7, 8] {
        file.row(1, &[Value::Int(number)]).unwrap();
    }
    file.finish().unwrap();
    sqlite::import(&package, path, &Limits::default(), &go_on).unwrap()
}

#[test]
fn every_kind_of_value_and_rule_arrives_or_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.sqlite");
    let report = imported(&path);
    let connection = open(&path);
    let names: Vec<_> = report.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["app_ledger_2", "app_ledger"], "the name that dbo has stays");
    assert_eq!(
        rows_of(&connection, "app_ledger_2"),
        [
            "app_ledger_2: integer 7 | text \"-0.0001\" | real 3ff4000000000000 1.25 | \
             text \"-100000000000000000000000000000000000.00\" | real 0000000000000000 0.0 | real 3fb99999a0000000 0.10000000149011612 | \
             integer 5 | text \"a\u{fffd}\" | text \"ab  \" | text \"2024-03-01 01:29:59.99 +01:30\" | integer -3",
            "app_ledger_2: integer 9 | null | null | null | null | null | blob 0102 | text \"a\\0b\" | null | null | null",
        ]
    );
    let changes: Vec<_> = report.tables[0]
        .columns
        .iter()
        .flat_map(|column| &column.changes)
        .collect();
    let kinds: Vec<_> = changes
        .iter()
        .map(|change| (change.kind, change.first_rows.as_slice()))
        .collect();
    assert_eq!(
        kinds,
        [
            (ChangeKind::Rounded, &["1".to_owned()][..]),
            (ChangeKind::SurrogateReplaced, &["1".to_owned()][..])
        ]
    );
    let told: Vec<_> = report
        .weakened
        .iter()
        .map(|told| (told.name.as_str(), told.what))
        .collect();
    for expected in [
        ("CK_1", Weakening::NotTrusted(1)),
        ("CK_2", Weakening::Dropped(DropReason::NotTranslated)),
        ("CK_3", Weakening::Dropped(DropReason::NotTranslated)),
        ("DF_3", Weakening::Dropped(DropReason::NotTranslated)),
    ] {
        assert!(told.contains(&expected), "{expected:?} is not in {told:?}");
    }
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(
        report
            .renamed
            .iter()
            .any(|told| told.kind == ObjectKind::Table && told.after == "app_ledger_2")
    );
    let dangling = report
        .warnings
        .iter()
        .any(|warning| format!("{warning:?}").contains("DanglingRows"));
    assert!(dangling, "{:?}", report.warnings);
}

#[test]
fn an_identity_counts_on_and_defaults_give_what_the_server_would() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.sqlite");
    imported(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute("INSERT INTO app_ledger_2(quantity) VALUES (1)", [])
        .unwrap();
    let row: (i64, String, String) = connection
        .query_row(
            "SELECT id, money, code FROM app_ledger_2 WHERE quantity = 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!(row, (501, "1.5000".to_owned(), "ab  ".to_owned()));
    assert!(
        connection
            .execute("INSERT INTO app_ledger_2(quantity) VALUES (1)", [])
            .is_err(),
        "unique"
    );
    assert!(
        connection
            .execute("INSERT INTO app_ledger_2(quantity) VALUES (0)", [])
            .is_err(),
        "check"
    );
}

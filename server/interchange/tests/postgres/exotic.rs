//! A database with everything that the two servers do not share, written by hand: what is changed is told, everything else
//! comes back.

use crate::round_trip::{assert_same, carry, rules};
use crate::server::Server;
use bacpac::{Decimal, Limits, Package, SqlType, Value};
use domain::export_log::{ChangeKind, ExportLog, LeftOut, ObjectKind, TypeReason, Weakening};
use std::fs::File;
use std::io::Read;

fn changes(log: &ExportLog) -> Vec<(String, ChangeKind, u64, Vec<String>)> {
    let mut found = Vec::new();
    for table in &log.tables {
        for column in &table.columns {
            for change in &column.changes {
                let name = format!("{}.{}", table.name, column.name);
                found.push((name, change.kind, change.count, change.first_rows.clone()));
            }
        }
    }
    found
}

#[test]
fn what_the_servers_do_not_share_is_told_and_the_rest_comes_back() {
    let Some(server) = Server::start() else { return };
    server.create("exotic");
    server.run("exotic", include_str!("exotic.sql"));
    let (log, report) = carry(&server, "exotic", "exotic_back");
    let told = changes(&log);
    let one = |column: &str, kind, key: &str| (format!("everything.{column}"), kind, 1, vec![key.to_owned()]);
    assert_eq!(
        told,
        [
            one("free", ChangeKind::NanToNull, "110"),
            one("single", ChangeKind::NanToNull, "110"),
            one("double", ChangeKind::InfinityToNull, "110"),
            one("day", ChangeKind::DateToNull, "110"),
            one("clock", ChangeKind::EndOfDayMoved, "110"),
            one("clock3", ChangeKind::EndOfDayMoved, "110"),
            one("moment", ChangeKind::DateToNull, "110"),
            one("moment0", ChangeKind::DateToNull, "110"),
            one("instant", ChangeKind::DateToNull, "110"),
            (
                "keyless.until".to_owned(),
                ChangeKind::DateToNull,
                7,
                (1..6).map(|row| format!("(0,{row})")).collect()
            ),
        ]
    );
    // What became NULL is NULL; then nothing else differs.
    for column in ["free", "single", "double", "day", "moment", "moment0", "instant"] {
        server.run(
            "exotic",
            &format!("UPDATE everything SET {column} = NULL WHERE id = 110"),
        );
    }
    server.run("exotic", "UPDATE keyless SET until = NULL");
    // A range of somebody's own is text afterwards.
    server.run("exotic", "ALTER TABLE ranged ALTER r TYPE text");
    assert_same(&server, "exotic", "exotic_back");
    let (before, after) = (rules(&server, "exotic"), rules(&server, "exotic_back"));
    let only = |one: &[Vec<Option<String>>], other: &[Vec<Option<String>>]| -> Vec<String> {
        one.iter()
            .filter(|rule| !other.contains(rule))
            .map(|rule| format!("{rule:?}"))
            .collect()
    };
    // An index on an expression, one of another method, a child of its own, what calls a function that may not be called.
    let lost: Vec<_> = only(&before, &after);
    for rule in &lost {
        let told = [
            "hashed",
            "lowered",
            "child",
            "evil",
            "\"ex\"",
            "owned_who_check",
            "alike",
        ];
        assert!(told.iter().any(|name| rule.contains(name)), "{rule}");
    }
    assert_eq!(
        only(&after, &before).len(),
        2,
        "a column without its default, one without its collation"
    );
    let weakened: Vec<_> = report
        .weakened
        .iter()
        .map(|told| (told.kind, told.name.as_str()))
        .collect();
    assert_eq!(
        weakened,
        [
            (ObjectKind::Collation, "name"),
            (ObjectKind::Default, "evil"),
            (ObjectKind::Check, "owned_who_check")
        ]
    );
    let types: Vec<_> = report
        .not_carried
        .iter()
        .filter(|object| object.reason == LeftOut::Refused)
        .collect();
    assert!(
        matches!(types.as_slice(), [range] if range.name == "public.floats"),
        "{types:?}"
    );
    let kept = log
        .not_carried
        .iter()
        .filter(|object| object.reason == LeftOut::KeptAsText)
        .count();
    assert_eq!(report.not_carried.len(), log.not_carried.len() - kept + types.len());
    let reasons = |column: &str| {
        let columns = log.tables.iter().flat_map(|table| &table.columns);
        columns
            .filter(|found| found.source_name == column)
            .map(|found| (found.sql_type.as_str(), found.reason.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(reasons("at").first(), Some(&("date", TypeReason::Declared)));
    assert_eq!(reasons("rate"), [("nvarchar(max)", TypeReason::Infinities)]);
    assert_eq!(reasons("huge"), [("nvarchar(max)", TypeReason::ValuesKept)]);
    assert_eq!(reasons("free"), [("decimal(38,6)", TypeReason::Observed)]);
    assert_eq!(reasons("cash"), [("decimal(19,2)", TypeReason::Declared)]);
    assert_eq!(reasons("numbers"), [("nvarchar(max)", TypeReason::JsonForm)]);
    assert_eq!(reasons("clock"), [("time(7)", TypeReason::Declared)]);
    let file = server.file("exotic_back.bacpac");
    let mut package = Package::open(File::open(file).unwrap(), &Limits::default()).unwrap();
    let script = package
        .entries()
        .iter()
        .find(|entry| entry.name == "SourceSchema/source.sql")
        .unwrap()
        .clone();
    let mut text = String::new();
    package.bytes(&script).unwrap().read_to_string(&mut text).unwrap();
    for part in [
        "SELECT everything.id",
        "RETURNS trigger",
        "CREATE RULE ruled",
        "USING hash",
        "PARTITION BY LIST (region)",
    ] {
        assert!(text.contains(part), "{part}");
    }
    // Without regard to case in both servers, or only in one: then the rows are not held to it there.
    let collation = |table: &str| {
        let model = package.model();
        let found = model.tables.iter().find(|found| found.name == table).unwrap();
        (
            found.columns[0].collation.clone().unwrap(),
            found.foreign_keys[0].not_trusted,
        )
    };
    assert_eq!(collation("folk"), ("Latin1_General_100_CI_AS".to_owned(), false));
    assert_eq!(collation("gens"), ("Latin1_General_100_BIN2".to_owned(), true));
    let case: Vec<_> = log
        .weakened
        .iter()
        .filter(|told| told.what == Weakening::CaseSensitivity)
        .map(|told| told.table.as_str())
        .collect();
    assert!(
        case.contains(&"gens") && case.contains(&"alikes") && !case.contains(&"folk"),
        "{case:?}"
    );
    cells_are_what_sql_server_reads(&mut package);
    let left = |kind| log.not_carried.iter().filter(|object| object.kind == kind).count();
    for (kind, count) in [
        (ObjectKind::View, 1),
        (ObjectKind::MaterializedView, 1),
        (ObjectKind::Function, 2),
        (ObjectKind::Procedure, 1),
        (ObjectKind::Trigger, 1),
        (ObjectKind::Rule, 1),
        (ObjectKind::Policy, 1),
        (ObjectKind::ExpressionIndex, 1),
        (ObjectKind::MethodIndex, 1),
        (ObjectKind::ExclusionConstraint, 1),
        (ObjectKind::Extension, 2),
        (ObjectKind::Statistics, 1),
        (ObjectKind::LargeObject, 1),
        (ObjectKind::Comment, 1),
        (ObjectKind::Domain, 3),
    ] {
        assert_eq!(left(kind), count, "{kind:?}");
    }
}

/// The first row of the widest table, cell by cell, in the file itself.
fn cells_are_what_sql_server_reads(package: &mut Package<File>) {
    let at = package
        .model()
        .tables
        .iter()
        .position(|table| table.name == "everything")
        .unwrap();
    let table = package.model().tables[at].clone();
    let mut first = Vec::new();
    package
        .verify(|found, row| {
            if found == at && first.is_empty() {
                first = row.to_vec();
            }
        })
        .unwrap();
    let cell = |name: &str| {
        let place = table
            .columns
            .iter()
            .position(|column| column.field.name == name)
            .unwrap();
        (&table.columns[place].field.sql_type, &first[place])
    };
    let decimal = |precision, scale, negative, magnitude| {
        Value::Decimal(Decimal {
            precision,
            scale,
            negative,
            magnitude,
        })
    };
    for (name, sql_type, value) in [
        ("id", SqlType::BigInt, Value::BigInt(100)),
        ("small", SqlType::SmallInt, Value::SmallInt(i16::MIN)),
        ("object", SqlType::BigInt, Value::BigInt(4_294_967_295)),
        ("yes", SqlType::Bit, Value::Bit(true)),
        (
            "exact",
            SqlType::Decimal {
                precision: 10,
                scale: 2,
            },
            decimal(10, 2, true, 1_234_567_890),
        ),
        (
            "odd",
            SqlType::Decimal {
                precision: 38,
                scale: 0,
            },
            decimal(38, 0, false, 12_300),
        ),
        (
            "cash",
            SqlType::Decimal {
                precision: 19,
                scale: 2,
            },
            decimal(19, 2, true, 123_456),
        ),
        ("double", SqlType::Float, Value::Float(5e-324)),
        ("day", SqlType::Date, Value::Date(0)),
        ("clock", SqlType::Time { scale: 7 }, Value::Time(863_999_999_990)),
        (
            "moment",
            SqlType::DateTime2 { scale: 6 },
            Value::DateTime2 {
                days: 3_652_058,
                ticks: 863_999_999_990,
            },
        ),
        (
            "instant",
            SqlType::DateTimeOffset { scale: 6 },
            Value::DateTimeOffset {
                days: 0,
                ticks: 0,
                offset: 0,
            },
        ),
        ("bytes", SqlType::VarBinaryMax, Value::Binary(vec![0, 255, 10, 92])),
        (
            "price",
            SqlType::Decimal { precision: 8, scale: 3 },
            decimal(8, 3, false, 1),
        ),
    ] {
        assert_eq!(cell(name), (&sql_type, &value), "{name}");
    }
    for (name, sql_type, text) in [
        ("short", SqlType::NVarChar(5), "é€😀"),
        ("fixed", SqlType::NChar(4), "ab  "),
        ("mood", SqlType::NVarChar(5), "it's"),
        ("plain", SqlType::NVarChar(4), "down"),
        ("zoned", SqlType::NVarChar(21), "12:00:00.123456+05:30"),
        ("span", SqlType::NVarChar(64), "P-10M-3DT4H5M6.789S"),
        ("list", SqlType::NVarCharMax, r#"["a b",null,"NULL","\"q\\"]"#),
        ("numbers", SqlType::NVarCharMax, "[1,null,-3]"),
        ("grid", SqlType::NVarCharMax, r#"[["a","b c"],[null,"{}"]]"#),
        ("flags", SqlType::NVarCharMax, "[true,false,null]"),
        (
            "decimals",
            SqlType::NVarCharMax,
            r#"[1.50,"NaN",123456789012345678901234567890]"#,
        ),
        (
            "duo",
            SqlType::NVarCharMax,
            r#"{"name":"a \"b\", c","the value":"12.50","at":"2024-01-01 00:00:00+00"}"#,
        ),
        ("range", SqlType::NVarCharMax, "[1,5)"),
        ("odd ]\"name", SqlType::NVarCharMax, ""),
    ] {
        assert_eq!(cell(name), (&sql_type, &Value::Text(text.to_owned())), "{name}");
    }
    let checks: Vec<_> = table.checks.iter().map(|check| check.expression.as_str()).collect();
    assert_eq!(checks, ["([plain] IN (N'up', N'down'))"]);
}

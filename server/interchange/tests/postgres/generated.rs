//! Schemas and values nobody thought of: what comes back is what was there, but for what the log says became NULL.

use crate::round_trip::{options, rules};
use crate::server::Server;
use bacpac::{Limits, Package};
use domain::export_log::ChangeKind;
use interchange::postgres;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fs::File;

/// A type and the texts of its values, made of a number.
struct Type(&'static str, fn(u64) -> String);

fn text(seed: u64) -> String {
    const LETTERS: [&str; 16] = [
        "a", "B", " ", "é", "€", "😀", "\\", "\t", "\n", "\r", "'", "\"", "{}", ",", "\u{1}", "N",
    ];
    (0..seed % 7)
        .map(|at| LETTERS[(seed >> (at * 4) & 15) as usize])
        .collect()
}

fn whole(seed: u64, bits: u32) -> String {
    match seed % 5 {
        0 => (i64::MIN >> (64 - bits)).to_string(),
        1 => (i64::MAX >> (64 - bits)).to_string(),
        _ => ((seed as i64) >> (64 - bits)).to_string(),
    }
}

fn date(seed: u64) -> String {
    match seed % 12 {
        0 => "infinity".to_owned(),
        1 => "0044-03-15 BC".to_owned(),
        2 => "12024-02-29".to_owned(),
        _ => format!(
            "{:04}-{:02}-{:02}",
            seed % 9_999 + 1,
            seed / 7 % 12 + 1,
            seed / 11 % 28 + 1
        ),
    }
}

fn clock(seed: u64) -> String {
    match seed % 9 {
        0 => "24:00:00".to_owned(),
        _ => format!(
            "{:02}:{:02}:{:02}.{:06}",
            seed % 24,
            seed / 3 % 60,
            seed / 5 % 60,
            seed / 7 % 1_000_000
        ),
    }
}

fn moment(seed: u64) -> String {
    match date(seed) {
        day if day.contains("infinity") => day,
        day => match day.strip_suffix(" BC") {
            Some(day) => format!("{day} {} BC", clock(seed | 1).replace("24:00:00", "00:00:00")),
            None => format!("{day} {}", clock(seed | 1).replace("24:00:00", "00:00:00")),
        },
    }
}

fn float(seed: u64) -> String {
    match seed % 9 {
        0 => "NaN".to_owned(),
        1 => "-Infinity".to_owned(),
        2 => "-0".to_owned(),
        _ => match f64::from_bits(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
            number if number.is_finite() => format!("{number:e}"),
            _ => "1.5".to_owned(),
        },
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

const TYPES: [Type; 27] = [
    Type("smallint", |seed| whole(seed, 16)),
    Type("integer", |seed| whole(seed, 32)),
    Type("bigint", |seed| whole(seed, 64)),
    Type("boolean", |seed| (seed % 2 == 0).to_string()),
    Type("numeric(12,4)", |seed| {
        format!(
            "{}{}.{:04}",
            if seed % 3 == 0 { "-" } else { "" },
            seed % 100_000_000,
            seed % 10_000
        )
    }),
    Type("numeric", |seed| {
        if seed % 7 == 0 {
            "NaN".to_owned()
        } else {
            format!("{}.25", seed as i64)
        }
    }),
    Type("numeric(60,20)", |seed| {
        format!(
            "{}{}",
            seed,
            "7".repeat((seed % 39) as usize).replace("77777777777777777777", "")
        )
    }),
    Type("real", |seed| {
        if seed % 5 == 0 {
            "Infinity".to_owned()
        } else {
            format!("{:e}", f32::from_bits(seed as u32 & 0xbf7f_ffff))
        }
    }),
    Type("double precision", float),
    Type("text", text),
    Type("varchar(12)", text),
    Type("char(8)", |seed| text(seed).replace(' ', "")),
    Type("bytea", |seed| {
        format!("\\x{:x}00", seed).replace("\\x", if seed.ilog2() / 4 % 2 == 0 { "\\x0" } else { "\\x" })
    }),
    Type("date", date),
    Type("time", clock),
    Type("time(2) with time zone", |seed| {
        format!("{}+{:02}:30", clock(seed), seed % 14)
    }),
    Type("timestamp", moment),
    Type("timestamp(3)", moment),
    Type("timestamptz", moment),
    Type("interval", |seed| {
        format!("{} mons {} days {}", seed as i16, seed as i8, clock(seed | 1))
    }),
    Type("uuid", |seed| format!("{seed:016x}{seed:016x}")),
    Type("jsonb", |seed| format!("{{\"a\": [{}, null, \"b\"]}}", seed as i32)),
    Type("integer[]", |seed| format!("{{{},NULL,{}}}", seed as i32, seed as i8)),
    Type("text[]", |seed| format!("{{{},NULL,\"\"}}", quoted(&text(seed)))),
    Type("app.mood", |seed| ["up", "it's", "Été"][(seed % 3) as usize].to_owned()),
    Type("app.pair", |seed| format!("({},{})", quoted(&text(seed)), seed as i32)),
    Type("inet", |seed| {
        format!("10.{}.{}.1/{}", seed as u8, (seed >> 8) as u8, seed % 33)
    }),
];

#[derive(Debug, Clone)]
struct Column {
    of: usize,
    not_null: bool,
    unique: bool,
}

#[derive(Debug, Clone)]
struct Table {
    columns: Vec<Column>,
    keyed: bool,
    /// Seeds by row and column; none is NULL.
    rows: Vec<Vec<Option<u64>>>,
}

fn table() -> impl Strategy<Value = Table> {
    let column = (0..TYPES.len(), any::<bool>(), prop::bool::weighted(0.2));
    let column = column.prop_map(|(of, not_null, unique)| Column { of, not_null, unique });
    (prop::collection::vec(column, 1..9), any::<bool>()).prop_flat_map(|(columns, keyed)| {
        // Small numbers make equal and almost equal values.
        let cell = prop::option::weighted(0.8, prop_oneof![0..600u64, any::<u64>()]);
        let row = prop::collection::vec(cell, columns.len());
        prop::collection::vec(row, 0..12).prop_map(move |rows| Table {
            columns: columns.clone(),
            keyed,
            rows,
        })
    })
}

fn script(tables: &[Table]) -> String {
    let mut sql = "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('up', 'it''s', 'Été');
        CREATE TYPE app.pair AS (\"a b\" text, n integer);"
        .to_owned();
    for (number, table) in tables.iter().enumerate() {
        let name = format!("app.\"T é{number}\"");
        let columns = table.columns.iter().enumerate().map(|(at, column)| {
            let not_null = if column.not_null { " NOT NULL" } else { "" };
            let unique = if column.unique { " UNIQUE" } else { "" };
            format!("\"c {at}\" {}{not_null}{unique}", TYPES[column.of].0)
        });
        let key = table
            .keyed
            .then(|| "id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY".to_owned());
        let columns: Vec<_> = key.into_iter().chain(columns).collect();
        sql.push_str(&format!("CREATE TABLE {name} ({});\n", columns.join(", ")));
        let names: Vec<_> = (0..table.columns.len()).map(|at| format!("\"c {at}\"")).collect();
        for row in &table.rows {
            let values = row.iter().zip(&table.columns).map(|(seed, column)| match seed {
                None if !column.not_null => "NULL".to_owned(),
                seed => {
                    let text = TYPES[column.of].1(seed.unwrap_or(3).max(1));
                    format!("'{}'::{}", text.replace('\'', "''"), TYPES[column.of].0)
                }
            });
            let values: Vec<_> = values.collect();
            let names = names.join(", ");
            let values = values.join(", ");
            sql.push_str(&format!(
                "INSERT INTO {name} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING;\n"
            ));
        }
    }
    // Rules that rows may break, and indexes of what there is.
    for (number, table) in tables.iter().enumerate() {
        for (at, column) in table.columns.iter().enumerate() {
            let name = format!("app.\"T é{number}\"");
            if column.of < 3 && tables[0].keyed && number > 0 {
                sql.push_str(&format!(
                    "ALTER TABLE {name} ADD FOREIGN KEY (\"c {at}\") REFERENCES app.\"T é0\" ON DELETE CASCADE NOT VALID;\n\
                     ALTER TABLE {name} ADD CHECK (\"c {at}\" <> 0 OR \"c {at}\" IS NULL) NOT VALID;\n"
                ));
            } else if at % 3 == 0 {
                let filter = if column.not_null {
                    ""
                } else {
                    "WHERE \"c 0\" IS NOT NULL"
                };
                sql.push_str(&format!("CREATE INDEX ON {name} (\"c {at}\" DESC) {filter};\n"));
            }
        }
    }
    sql
}

/// Becomes NULL in the file, and so it comes back.
fn to_null(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::NanToNull | ChangeKind::InfinityToNull | ChangeKind::DateToNull
    )
}

fn round_trip(server: &Server, tables: &[Table], number: usize) {
    let (from, into) = ("generated", "generated_back");
    for database in [from, into] {
        if number == 1 {
            server.create(database);
        }
        server.run(database, "DROP SCHEMA IF EXISTS app CASCADE");
    }
    server.run(from, &script(tables));
    let file = server.file("generated.bacpac");
    let log = postgres::export(&server.settings(from), &file, &options(), &|_, _| true).unwrap();
    let mut package = Package::open(File::open(&file).unwrap(), &Limits::default()).unwrap();
    assert!(package.verify(|_, _| {}).unwrap().findings.is_empty());
    crate::oracle::loads(&file);
    let report = postgres::import(&file, &server.settings(into), &Limits::default(), &|_, _| true).unwrap();
    assert!(report.restored && report.is_lossless(), "{report:?}");
    let (before, after) = (server.content(from), server.content(into));
    assert_eq!(before.len(), after.len());
    for ((before, after), log) in before.iter().zip(&after).zip(&log.tables) {
        assert_eq!(
            (&before.0, &before.1, before.2.len()),
            (&after.0, &after.1, after.2.len())
        );
        let changed = log
            .columns
            .iter()
            .any(|column| column.changes.iter().any(|change| to_null(change.kind)));
        if !changed && !before.1.iter().any(|column| column.ends_with(" numeric")) {
            assert_eq!(before.2, after.2);
        }
        // Sorted columns are compared one by one: a NULL moves its row.
        for (at, column) in log.columns.iter().enumerate() {
            let nulls: u64 = column
                .changes
                .iter()
                .filter(|change| to_null(change.kind))
                .map(|change| change.count)
                .sum();
            let sorted = |rows: &Vec<Vec<Option<String>>>| {
                let mut cells: Vec<_> = rows.iter().map(|row| row[at].clone()).collect();
                cells.sort_unstable();
                cells
            };
            let (before, mut after) = (sorted(&before.2), sorted(&after.2));
            if nulls == 0 && column.source_type != "numeric" {
                assert_eq!(before, after, "{column:?}");
                continue;
            }
            let mut lost = 0;
            for cell in before {
                let same = |found: &Option<String>| {
                    // The same number, if not the same digits.
                    let number = |text: &Option<String>| {
                        text.as_ref()
                            .map(|text| text.trim_end_matches('0').trim_end_matches('.').to_owned())
                    };
                    *found == cell || column.source_type == "numeric" && number(found) == number(&cell)
                };
                match after.iter().position(same) {
                    Some(at) => drop(after.swap_remove(at)),
                    None => lost += 1,
                }
            }
            assert_eq!(lost, nulls, "{column:?}");
            assert!(after.iter().all(Option::is_none), "{after:?}");
        }
    }
    assert!(report.weakened.is_empty(), "{:?}", report.weakened);
    assert_eq!(rules(server, from), rules(server, into));
}

#[test]
fn generated_databases_come_back() {
    let Some(server) = Server::start() else { return };
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    let server = &server;
    let mut runner = TestRunner::new(config);
    let count = std::cell::Cell::new(0);
    runner
        .run(&prop::collection::vec(table(), 1..4), |tables| {
            count.set(count.get() + 1);
            round_trip(server, &tables, count.get());
            Ok(())
        })
        .unwrap();
}

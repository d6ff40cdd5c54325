//! From PostgreSQL into a file and back into another database: what comes back is what was there.

use crate::server::{Server, shared};
use bacpac::{Limits, Package};
use demo::{JournalMode, Kind, Profile};
use domain::export_log::{ExportLog, ImportReport};
use interchange::{ExportOptions, postgres};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

pub fn options() -> ExportOptions {
    ExportOptions {
        database: "books".to_owned(),
        product_version: "1.0".to_owned(),
        identity: [7; 16],
        started: UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        level: 1,
        threads: 1,
    }
}

/// Exports `from`, checks the file, imports it as `into`.
pub fn carry(server: &Server, from: &str, into: &str) -> (ExportLog, ImportReport) {
    let file = server.file(&format!("{into}.bacpac"));
    let log = postgres::export(&server.settings(from), &file, &options(), &|_, _| true)
        .unwrap_or_else(|error| panic!("{from}: {error}"));
    let mut package = Package::open(File::open(&file).unwrap(), &Limits::default()).unwrap();
    let verified = package.verify(|_, _| {}).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    assert!(package.model().violations(false).is_empty());
    crate::oracle::loads(&file);
    let settings = server.create(into);
    let report = postgres::import(&file, &settings, &Limits::default(), &|_, _| true)
        .unwrap_or_else(|error| panic!("{into}: {error}"));
    assert!(report.restored, "{:?}", report.warnings);
    (log, report)
}

pub fn assert_same(server: &Server, from: &str, into: &str) {
    let (before, after) = (server.content(from), server.content(into));
    let names = |content: &crate::server::Content| content.iter().map(|table| table.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.1, after.1, "columns of {}", before.0);
        assert_eq!(before.2.len(), after.2.len(), "rows of {}", before.0);
        for (one, other) in before.2.iter().zip(&after.2) {
            for ((one, other), column) in one.iter().zip(other).zip(&before.1) {
                if one != other {
                    let short =
                        |text: &Option<String>| text.as_ref().map(|text| text.chars().take(200).collect::<String>());
                    panic!("{}.{column}: {:?} became {:?}", before.0, short(one), short(other));
                }
            }
        }
    }
}

/// Rules as the server says them, by table and name.
pub fn rules(server: &Server, database: &str) -> Vec<Vec<Option<String>>> {
    server.rows(
        database,
        "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') AND contype <> 't'
           AND conparentid = 0 AND NOT EXISTS (SELECT FROM pg_class WHERE oid = conrelid AND relispartition)
         UNION ALL
         SELECT indrelid::regclass::text, indexrelid::regclass::text,
                replace(replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON '), '_old', '') FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
         WHERE relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT relispartition
         UNION ALL
         SELECT attrelid::regclass::text, attname::text,
                concat_ws(' ', attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid), collname)
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum LEFT JOIN pg_collation ON pg_collation.oid = attcollation
         WHERE relkind IN ('r', 'p') AND NOT relispartition AND attnum > 0 AND NOT attisdropped
           AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
         UNION ALL
         SELECT sequencename::text, schemaname::text, concat_ws(' ', data_type, start_value, min_value, max_value, increment_by,
                cycle, cache_size, last_value) FROM pg_sequences
         ORDER BY 1, 2, 3",
    )
}

#[test]
fn the_books_of_the_demonstration_come_back() {
    let Some(server) = Server::start() else { return };
    for (kind, name) in [(Kind::Accounting, "accounting"), (Kind::Payroll, "payroll")] {
        server.create(name);
        let profile = Profile {
            seed: 11,
            company: "Forêt & Fils".to_owned(),
            kind,
            megabytes: 2,
            journal_mode: JournalMode::Wal,
        };
        let mut connection = server.connect(name);
        let (from, to) = (jiff::civil::date(2025, 1, 1), jiff::civil::date(2025, 6, 30));
        server
            .wait(demo::postgres::create(&mut connection, &profile, from, to))
            .unwrap();
        let back = format!("{name}_back");
        let (log, report) = carry(&server, name, &back);
        assert!(log.is_lossless() && report.is_lossless());
        assert_same(&server, name, &back);
        assert_eq!(rules(&server, name), rules(&server, &back));
        assert!(report.weakened.is_empty(), "{:?}", report.weakened);
        let left: Vec<_> = log
            .not_carried
            .iter()
            .map(|object| format!("{:?} {}", object.kind, object.name))
            .collect();
        eprintln!(
            "{name}: {} rows, {} bytes, left out {left:?}",
            log.file.rows_checked, log.file.bytes
        );
    }
}

#[test]
fn a_real_database_comes_back() {
    let Some(path) = shared("data/chinook_postgresql.sql") else {
        return;
    };
    let Some(server) = Server::start() else { return };
    server.create("chinook");
    let script = std::fs::read_to_string(path).unwrap();
    let (_, script) = script.split_once("\\c chinook;").unwrap();
    server.run("chinook", script);
    let (log, report) = carry(&server, "chinook", "chinook_back");
    assert!(log.is_lossless() && report.is_lossless());
    assert_same(&server, "chinook", "chinook_back");
    assert_eq!(rules(&server, "chinook"), rules(&server, "chinook_back"));
    assert!(
        report.weakened.is_empty() && report.not_carried.is_empty(),
        "{report:?}"
    );
    eprintln!("chinook: {} tables, {} rows", log.tables.len(), log.file.rows_checked);
}

#[test]
fn the_same_state_gives_the_same_file() {
    let Some(server) = Server::start() else { return };
    server.create("steady");
    server.run(
        "steady",
        "CREATE TABLE t AS SELECT number, md5(number::text) FROM generate_series(1, 1000) AS number",
    );
    let write = |name: &str, threads| {
        let file = server.file(name);
        let options = ExportOptions { threads, ..options() };
        postgres::export(&server.settings("steady"), &file, &options, &|_, _| true).unwrap();
        std::fs::read(file).unwrap()
    };
    assert!(write("one", 1) == write("other", 2));
}

#[test]
fn who_asks_to_stop_leaves_nothing() {
    let Some(server) = Server::start() else { return };
    server.create("stopped");
    server.run(
        "stopped",
        "CREATE TABLE t AS SELECT number FROM generate_series(1, 300000) AS number",
    );
    let file = server.file("stopped.bacpac");
    let settings = server.settings("stopped");
    let stopped = postgres::export(&settings, &file, &options(), &|done, _| done < 2_000);
    assert!(matches!(stopped, Err(interchange::ExportError::Stopped)), "{stopped:?}");
    let left: Vec<_> = std::fs::read_dir(file.parent().unwrap()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    postgres::export(&settings, &file, &options(), &|_, _| true).unwrap();
    let target = server.create("empty");
    let stopped = postgres::import(&file, &target, &Limits::default(), &|done, _| done < 2_000);
    assert!(matches!(stopped, Err(interchange::ImportError::Stopped)), "{stopped:?}");
    assert!(server.content("empty").is_empty());
    damaged(&server, &file);
}

/// A file that ends too early fills nothing.
fn damaged(server: &Server, file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    let cut = server.file("cut.bacpac");
    let mut broken = bytes.clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 40].iter_mut().for_each(|byte| *byte ^= 0x55);
    std::fs::write(&cut, broken).unwrap();
    let refused = postgres::import(&cut, &server.settings("empty"), &Limits::default(), &|_, _| true);
    assert!(
        matches!(refused, Err(interchange::ImportError::Package(_))),
        "{refused:?}"
    );
    assert!(server.content("empty").is_empty());
    postgres::import(file, &server.settings("empty"), &Limits::default(), &|_, _| true).unwrap();
}

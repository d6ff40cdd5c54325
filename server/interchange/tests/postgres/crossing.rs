//! Between the two engines: the same books in SQLite and in PostgreSQL, each from the other's file.

use crate::round_trip::options;
use crate::server::Server;
use bacpac::Limits;
use demo::{JournalMode, Kind, Profile};
use interchange::{postgres, sqlite};

fn profile(kind: Kind) -> Profile {
    Profile {
        seed: 11,
        company: "Forêt & Fils".to_owned(),
        kind,
        megabytes: 1,
        journal_mode: JournalMode::Delete,
    }
}

const FROM: jiff::civil::Date = jiff::civil::date(2025, 1, 1);
const TO: jiff::civil::Date = jiff::civil::date(2025, 6, 30);

#[test]
fn books_kept_in_postgresql_balance_in_sqlite() {
    let Some(server) = Server::start() else { return };
    for (kind, name) in [(Kind::Accounting, "accounting"), (Kind::Payroll, "payroll")] {
        server.create(name);
        let mut connection = server.connect(name);
        server
            .wait(demo::postgres::create(&mut connection, &profile(kind), FROM, TO))
            .unwrap();
        let before = server.wait(demo::postgres::balance(&mut connection)).unwrap();
        let (file, target) = (
            server.file(&format!("{name}.bacpac")),
            server.file(&format!("{name}.sqlite")),
        );
        postgres::export(&server.settings(name), &file, &options(), &|_, _| true).unwrap();
        let report = sqlite::import(&file, &target, &Limits::default(), &|_, _| true).unwrap();
        assert!(!report.restored && report.is_lossless(), "{report:?}");
        let after = demo::sqlite::balance(&demo::sqlite::open(&target).unwrap()).unwrap();
        assert_eq!(format!("{before:?}"), format!("{after:?}"));
    }
}

#[test]
fn books_kept_in_sqlite_balance_in_postgresql() {
    let Some(server) = Server::start() else { return };
    for (kind, name) in [(Kind::Accounting, "accounting"), (Kind::Payroll, "payroll")] {
        let (source, file) = (
            server.file(&format!("{name}.sqlite")),
            server.file(&format!("{name}.bacpac")),
        );
        demo::sqlite::create(&source, &profile(kind), FROM, TO).unwrap();
        let before = demo::sqlite::balance(&demo::sqlite::open(&source).unwrap()).unwrap();
        let log = sqlite::export(&source, &file, &options(), &|_, _| true).unwrap();
        let report = postgres::import(&file, &server.create(name), &Limits::default(), &|_, _| true).unwrap();
        assert!(!report.restored && report.is_lossless(), "{report:?}");
        let rows: u64 = report.tables.iter().map(|table| table.rows).sum();
        assert_eq!(rows, log.file.rows_checked);
        // The books in PostgreSQL have a large object besides, which a file cannot bring.
        if kind == Kind::Payroll {
            let after = server.wait(demo::postgres::balance(&mut server.connect(name))).unwrap();
            assert_eq!(format!("{before:?}"), format!("{after:?}"));
        }
    }
}

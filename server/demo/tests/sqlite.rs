//! Stories of one SQLite demonstration database: it follows from its seed, lives day by day, and tells when it is torn.

#![allow(clippy::unwrap_used, reason = "the steps of a story are test code too")]

use std::path::{Path, PathBuf};

use demo::{Broken, DemoError, JournalMode, Kind, Profile, sqlite};
use jiff::civil::{Date, date};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

const FROM: Date = date(2025, 1, 1);
const TO: Date = date(2025, 6, 30);

fn profile(kind: Kind, seed: u64) -> Profile {
    Profile {
        seed,
        company: "Ateliers d'Été SARL".to_owned(),
        kind,
        megabytes: 2,
        journal_mode: JournalMode::Wal,
    }
}

fn created(directory: &Path, profile: &Profile, up_to: Date) -> (PathBuf, Connection) {
    let path = directory.join("database.sqlite");
    sqlite::create(&path, profile, FROM, up_to).unwrap();
    let connection = sqlite::open(&path).unwrap();
    (path, connection)
}

/// Of every cell of every table, in the order of the keys.
fn content_digest(connection: &Connection) -> Vec<u8> {
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(tables.len() > 7, "{tables:?}");
    let mut digest = Sha256::new();
    for table in tables {
        digest.update(&table);
        let mut rows = connection
            .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
            .unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    ValueRef::Blob(bytes) | ValueRef::Text(bytes) => digest.update(bytes),
                    other => digest.update(format!("{other:?}")),
                }
                digest.update([0xff]);
            }
        }
    }
    digest.finalize().to_vec()
}

fn digest_of(profile: &Profile) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    content_digest(&created(directory.path(), profile, TO).1)
}

#[test]
fn the_same_seed_makes_the_same_content_and_another_seed_another() {
    for kind in [Kind::Accounting, Kind::Payroll] {
        assert_eq!(digest_of(&profile(kind, 1)), digest_of(&profile(kind, 1)));
        assert_ne!(digest_of(&profile(kind, 1)), digest_of(&profile(kind, 2)));
    }
}

#[test]
fn advancing_in_one_step_equals_advancing_day_by_day() {
    for kind in [Kind::Accounting, Kind::Payroll] {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (_, mut leap) = created(first.path(), &profile(kind, 3), TO);
        let (_, mut walk) = created(second.path(), &profile(kind, 3), TO);
        let end = date(2025, 8, 17);
        let leapt = sqlite::advance(&mut leap, end).unwrap();
        let (mut day, mut walked) = (TO, 0);
        while day < end {
            day = day.tomorrow().unwrap();
            walked += sqlite::advance(&mut walk, day).unwrap();
        }
        assert_eq!((leapt, walked), (32, 32));
        assert_eq!(content_digest(&leap), content_digest(&walk));
        assert_eq!(sqlite::balance(&leap).unwrap().entered_through, end);
        assert_eq!(sqlite::advance(&mut leap, TO).unwrap(), 0);
    }
}

#[test]
fn a_database_has_about_the_wanted_size_and_grows_by_less_than_one_percent_a_day() {
    for (kind, megabytes) in [(Kind::Accounting, 5), (Kind::Payroll, 5), (Kind::Accounting, 24)] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("database.sqlite");
        let profile = Profile {
            megabytes,
            journal_mode: JournalMode::Delete,
            ..profile(kind, 4)
        };
        sqlite::create(&path, &profile, date(2024, 7, 1), TO).unwrap();
        let size = std::fs::metadata(&path).unwrap().len();
        let wanted = u64::from(megabytes) * 1_000_000;
        assert!(size.abs_diff(wanted) < wanted / 10, "{kind:?}: {size}");
        let mut connection = sqlite::open(&path).unwrap();
        let before = sqlite::balance(&connection).unwrap();
        let days = sqlite::advance(&mut connection, date(2025, 7, 31)).unwrap();
        let after = sqlite::balance(&connection).unwrap();
        let daily = (after.documents - before.documents) as f64 / before.documents as f64 / days as f64;
        assert!((0.003..0.005).contains(&daily), "{kind:?}: {daily}");
    }
}

#[test]
fn a_day_changes_old_rows_too() {
    let directory = tempfile::tempdir().unwrap();
    let (_, mut connection) = created(directory.path(), &profile(Kind::Accounting, 5), TO);
    let paid = |connection: &Connection| -> i64 {
        connection
            .query_row("SELECT COUNT(*) FROM invoice WHERE paid_on IS NOT NULL", [], |row| {
                row.get(0)
            })
            .unwrap()
    };
    let before = paid(&connection);
    assert!(before > 0);
    sqlite::advance(&mut connection, date(2025, 7, 4)).unwrap();
    assert!(paid(&connection) > before);
}

#[test]
fn the_writer_s_single_documents_keep_every_invariant() {
    for kind in [Kind::Accounting, Kind::Payroll] {
        let directory = tempfile::tempdir().unwrap();
        let (_, mut connection) = created(directory.path(), &profile(kind, 6), TO);
        let before = sqlite::balance(&connection).unwrap();
        for counter in 0..10 {
            let number = sqlite::enter_one(&mut connection, date(2025, 7, 1).at(10, 0, 0, 0), counter).unwrap();
            assert_eq!(number, before.documents + 1 + i64::try_from(counter).unwrap());
        }
        sqlite::advance(&mut connection, date(2025, 7, 10)).unwrap();
        let after = sqlite::balance(&connection).unwrap();
        assert!(after.documents > before.documents + 10);
        assert!(after.last_entry > before.last_entry + 10);
    }
}

#[test]
fn the_journal_mode_is_the_profile_s_and_an_existing_file_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    for (mode, word) in [(JournalMode::Wal, "wal"), (JournalMode::Delete, "delete")] {
        let path = directory.path().join(word);
        let profile = Profile {
            journal_mode: mode,
            ..profile(Kind::Payroll, 7)
        };
        sqlite::create(&path, &profile, FROM, TO).unwrap();
        let connection = sqlite::open(&path).unwrap();
        let found: String = connection
            .query_row("PRAGMA journal_mode", [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, word);
        assert!(matches!(
            sqlite::create(&path, &profile, FROM, TO),
            Err(DemoError::Exists(_))
        ));
    }
    assert!(matches!(
        sqlite::open(&directory.path().join("missing")),
        Err(DemoError::Sqlite(_))
    ));
}

#[test]
fn the_balance_finds_every_kind_of_damage() {
    let accounting: [(&str, &str); 12] = [
        (
            "DELETE FROM entry_line WHERE entry = 100 AND position = 1",
            "entries that do not balance",
        ),
        (
            "UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE entry = 9 AND position = 1",
            "entries that do not",
        ),
        (
            "INSERT INTO entry SELECT MAX(number) + 1, 'VE', date, 'half', entered_at FROM entry",
            "fewer than two lines",
        ),
        (
            "DELETE FROM entry WHERE number = 50; DELETE FROM entry_line WHERE entry = 50",
            "gaps in the entry numbers",
        ),
        (
            "DELETE FROM invoice_line WHERE invoice = 7 AND position = 1",
            "not the sum of their lines",
        ),
        (
            "UPDATE invoice_line SET unit_cents = unit_cents - 1 WHERE invoice = 7",
            "not the sum of their lines",
        ),
        (
            "UPDATE invoice SET vat_cents = vat_cents + 1 WHERE number = 7",
            "carries another total",
        ),
        ("DELETE FROM attachment WHERE document = 7", "without a whole PDF"),
        (
            "UPDATE attachment SET content = zeroblob(bytes) WHERE document = 7",
            "without a whole PDF",
        ),
        ("DELETE FROM purchase WHERE id = 3", "control total purchase"),
        (
            "UPDATE control_total SET value = value - 1 WHERE name = 'bank_movement'",
            "control total bank_movement",
        ),
        ("DELETE FROM customer WHERE id = 2", "dangling references"),
    ];
    let payroll: [(&str, &str); 4] = [
        (
            "DELETE FROM payslip_line WHERE payslip = 7 AND position = 2",
            "not the sum of their lines",
        ),
        (
            "UPDATE payslip SET gross_cents = gross_cents + 1, net_cents = net_cents + 1 WHERE number = 7",
            "not the sum",
        ),
        ("DELETE FROM payslip WHERE number = 7", "gaps in the payslip numbers"),
        ("DELETE FROM absence WHERE id = 3", "control total absence"),
    ];
    for (kind, damages) in [(Kind::Accounting, &accounting[..]), (Kind::Payroll, &payroll[..])] {
        let directory = tempfile::tempdir().unwrap();
        let (path, connection) = created(directory.path(), &profile(kind, 8), TO);
        drop(connection);
        for (damage, expected) in damages {
            let copy = directory.path().join("copy.sqlite");
            std::fs::copy(&path, &copy).unwrap();
            let connection = sqlite::open(&copy).unwrap();
            assert!(sqlite::balance(&connection).is_ok());
            connection
                .execute_batch(&format!("PRAGMA foreign_keys = OFF; {damage}"))
                .unwrap();
            let verdict = sqlite::balance(&connection);
            let Err(Broken::Violated { what, .. }) = &verdict else {
                panic!("{damage}: {verdict:?}")
            };
            assert!(what.contains(expected), "{damage}: {what}");
        }
    }
}

#[test]
fn a_file_copy_torn_between_two_moments_does_not_pass() {
    for kind in [Kind::Accounting, Kind::Payroll] {
        let directory = tempfile::tempdir().unwrap();
        let profile = Profile {
            journal_mode: JournalMode::Delete,
            ..profile(kind, 9)
        };
        let (path, mut connection) = created(directory.path(), &profile, TO);
        let early = std::fs::read(&path).unwrap();
        sqlite::enter_one(&mut connection, date(2025, 7, 1).at(10, 0, 0, 0), 0).unwrap();
        let late = std::fs::read(&path).unwrap();
        let verdict_on = |name: &str, bytes: &[u8]| {
            let copy = directory.path().join(name);
            std::fs::write(&copy, bytes).unwrap();
            sqlite::open(&copy)
                .map(|connection| sqlite::balance(&connection))
                .unwrap()
        };
        assert!(verdict_on("early", &early).is_ok());
        assert!(verdict_on("late", &late).is_ok());
        for tenth in 1..10 {
            let page = early.len() * tenth / 10 / 4_096 * 4_096;
            let torn = [&early[..page], &late[page..]].concat();
            assert!(verdict_on("torn", &torn).is_err(), "{kind:?} torn at {tenth}/10 passed");
        }
        assert!(matches!(
            verdict_on("short", &early[..early.len() / 2]),
            Err(Broken::Unreadable(_) | Broken::Violated { .. })
        ));
        assert!(matches!(verdict_on("nothing", &[]), Err(Broken::Unreadable(_))));
    }
}

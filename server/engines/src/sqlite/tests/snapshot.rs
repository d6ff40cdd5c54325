//! What a frozen view holds while others write, and what a digest sees.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use control::ports::database_engine::{DatabaseEngine, DatabaseSource};
use control::testing::engine_contract::EngineHarness;
use domain::failure::Cause;
use rusqlite::Connection;

use super::harness::{Harness, cause_of};

#[test]
fn a_copy_of_many_steps_under_a_writer_without_pause_is_the_state_at_the_freeze() {
    let harness = Harness::new();
    let source = harness.create_large("busy", 6000);
    let before = harness.sqlite().content_digest(&source).unwrap();
    let frozen = harness.sqlite().freeze(&source, &harness.scratch(), &|| true).unwrap();
    let (stop, written, steps) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let copied = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut connection = harness.connect("busy");
            while !stop.load(Ordering::Relaxed) {
                let transaction = connection.transaction().unwrap();
                transaction
                    .execute("INSERT INTO entry (line) VALUES ('later')", [])
                    .unwrap();
                transaction
                    .execute(
                        "UPDATE attachment SET content = randomblob(4000) WHERE rowid % 97 = ?1",
                        [written.load(Ordering::Relaxed) % 97],
                    )
                    .unwrap();
                transaction.commit().unwrap();
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
        let copied = frozen.copy(&|_| {
            // Between any two steps the writer gets at least one transaction through.
            let seen = written.load(Ordering::Relaxed);
            while written.load(Ordering::Relaxed) == seen {
                std::thread::yield_now();
            }
            // A copy that starts over with every write would never end.
            steps.fetch_add(1, Ordering::Relaxed) < 100
        });
        stop.store(true, Ordering::Relaxed);
        copied.unwrap()
    });
    assert!(steps.load(Ordering::Relaxed) >= 6, "the copy had several steps");
    assert!(
        written.load(Ordering::Relaxed) >= steps.load(Ordering::Relaxed),
        "writers went on"
    );
    assert_ne!(harness.sqlite().content_digest(&source).unwrap(), before);

    let mut content = Vec::new();
    copied
        .open("database.sqlite")
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    std::fs::write(harness.path("restored"), content).unwrap();
    for (table, rows) in copied.rows().unwrap() {
        let query = format!("SELECT count(*) FROM {table}");
        let stored: i64 = harness
            .connect("restored")
            .query_row(&query, [], |row| row.get(0))
            .unwrap();
        assert_eq!(stored.unsigned_abs(), *rows, "{table}");
    }
    assert_eq!(copied.rows().unwrap().len(), 3);
    assert_eq!(
        harness.sqlite().content_digest(&harness.source("restored")).unwrap(),
        before
    );
}

#[test]
fn in_rollback_mode_a_writer_waits_for_the_local_copy_only() {
    let harness = Harness::new();
    let source = harness.create("old-style", &["one"]);
    let writer = harness.connect("old-style");
    writer.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    writer.busy_timeout(Duration::ZERO).unwrap();
    let write = || writer.execute("INSERT INTO entry (line) VALUES ('two')", []);
    let frozen = harness.sqlite().freeze(&source, &harness.scratch(), &|| true).unwrap();
    assert!(write().is_err(), "a shared lock is held");
    let copied = frozen.copy(&|_| true).unwrap();
    assert!(
        write().is_ok(),
        "the view was let go with the copy, before anything is stored"
    );
    assert_eq!(
        copied.files()[0].bytes,
        harness.sqlite().measure(&source, &|| true).unwrap().bytes
    );
}

#[test]
fn every_page_size_and_encoding_is_copied_as_it_is() {
    let harness = Harness::new();
    for page_bytes in [512, 1024, 8192, 65536] {
        let name = format!("pages-{page_bytes}");
        let connection = harness.connect(&name);
        connection
            .execute_batch(&format!(
                "PRAGMA page_size = {page_bytes}; PRAGMA encoding = 'UTF-16le'; CREATE TABLE first (a)"
            ))
            .unwrap();
        drop(connection);
        let source = harness.create(&name, &["één"]);
        let before = harness.sqlite().content_digest(&source).unwrap();
        let files = harness.stored(&source);
        harness.write(&source, "later");
        harness.swap(&source, "tag", &files).unwrap();
        assert_eq!(harness.sqlite().content_digest(&source).unwrap(), before);
        let found: u32 = harness
            .connect(&name)
            .query_row("PRAGMA page_size", [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, page_bytes);
    }
}

/// A database, and a program that nobody can read it beside.
fn held_alone(harness: &Harness) -> (DatabaseSource, Connection) {
    let source = harness.create("held", &[]);
    let holder = harness.connect("held");
    holder
        .execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE")
        .unwrap();
    (source, holder)
}

#[test]
fn whoever_waits_for_a_lock_goes_on_when_it_is_let_go_and_stops_when_told_to() {
    let harness = Harness::new();
    let (source, holder) = held_alone(&harness);
    let engine = harness.patient();
    let asked = std::cell::Cell::new(0);
    let twice = || {
        asked.set(asked.get() + 1);
        asked.get() < 2
    };
    assert_eq!(cause_of(engine.measure(&source, &twice)), Some(Cause::Interrupted));
    assert_eq!(
        cause_of(engine.freeze(&source, &harness.scratch(), &|| false)),
        Some(Cause::Interrupted)
    );
    assert_eq!(asked.get(), 2);
    let let_go = || holder.execute_batch("COMMIT").is_ok();
    assert!(engine.freeze(&source, &harness.scratch(), &let_go).is_ok());
}

#[test]
fn a_transaction_that_holds_the_database_alone_is_told_as_locked() {
    let harness = Harness::new();
    let (source, holder) = held_alone(&harness);
    assert_eq!(
        cause_of(harness.sqlite().freeze(&source, &harness.scratch(), &|| true)),
        Some(Cause::DatabaseLocked)
    );
    holder.execute_batch("COMMIT").unwrap();
    assert!(harness.sqlite().freeze(&source, &harness.scratch(), &|| true).is_ok());
}

#[test]
fn damage_deep_in_the_file_is_found_by_the_backup_not_by_the_restore() {
    let harness = Harness::new();
    let source = harness.create_large("rotten", 200);
    harness
        .connect("rotten")
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    let mut content = std::fs::read(harness.path("rotten")).unwrap();
    let root: u32 = harness
        .connect("rotten")
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'attachment'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    content[(root as usize - 1) * 4096..][..64].fill(0xaa);
    std::fs::write(harness.path("rotten"), content).unwrap();
    let frozen = harness.sqlite().freeze(&source, &harness.scratch(), &|| true).unwrap();
    assert_eq!(cause_of(frozen.copy(&|_| true)), Some(Cause::DatabaseCorrupt));
}

#[test]
fn an_index_that_lacks_a_row_is_damage_a_row_that_refers_to_nothing_is_not() {
    let harness = Harness::new();
    let source = harness.create("customer-data", &["one"]);
    let connection = harness.connect("customer-data");
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
             CREATE TABLE line (entry REFERENCES entry (id), amount INTEGER CHECK (amount > 0));
             INSERT INTO line VALUES (4711, -5);",
        )
        .unwrap();
    let files = harness.stored(&source);
    harness.load(&source, "tag", &files).check(&|_| true).unwrap();

    connection
        .execute_batch(
            "PRAGMA writable_schema = ON;
             CREATE INDEX partial ON entry (line) WHERE id > 100;
             UPDATE sqlite_schema SET sql = 'CREATE INDEX partial ON entry (line)' WHERE name = 'partial';",
        )
        .unwrap();
    drop(connection);
    let frozen = harness.sqlite().freeze(&source, &harness.scratch(), &|| true).unwrap();
    assert_eq!(cause_of(frozen.copy(&|_| true)), Some(Cause::DatabaseCorrupt));
}

#[test]
fn a_database_with_a_collation_of_its_own_program_is_backed_up_all_the_same() {
    let harness = Harness::new();
    let source = harness.create("collated", &["one"]);
    let connection = harness.connect("collated");
    connection
        .create_collation("MINE", |one, other| one.len().cmp(&other.len()))
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE word (text TEXT COLLATE MINE PRIMARY KEY) WITHOUT ROWID;
             INSERT INTO word VALUES ('longest'), ('short'), ('a');",
        )
        .unwrap();
    let before = harness.sqlite().content_digest(&source).unwrap();
    let files = harness.stored(&source);
    drop(connection);
    harness.write(&source, "later");
    harness.swap(&source, "tag", &files).unwrap();
    assert_eq!(harness.sqlite().content_digest(&source).unwrap(), before);
}

#[test]
fn a_digest_sees_content_and_not_layout() {
    let harness = Harness::new();
    let source = harness.create("digested", &["one", "two", "three"]);
    let digest = || harness.sqlite().content_digest(&source).unwrap();
    let change = |sql: &str| harness.connect("digested").execute_batch(sql).unwrap();
    change(
        "CREATE TABLE made (a INTEGER, b TEXT, c AS (a * 2) VIRTUAL, rowid TEXT);
            CREATE TABLE rate (code TEXT PRIMARY KEY, percent REAL) WITHOUT ROWID;
            CREATE INDEX rate_percent ON rate (percent, code);
            INSERT INTO rate VALUES ('normal', 20.0), ('reduced', 5.5), ('none', 0.0);
            CREATE VIRTUAL TABLE note USING fts5(text);
            INSERT INTO note VALUES ('facture impayée');
            INSERT INTO made (a, b) VALUES (1, '1'), (NULL, '');",
    );
    let before = digest();
    change("DELETE FROM entry WHERE line = 'two'; INSERT INTO entry (id, line) VALUES (2, 'two')");
    assert_eq!(digest(), before, "the same rows, written another way");
    change("VACUUM; ANALYZE; PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM; REINDEX");
    assert_eq!(digest(), before, "another layout");
    change("INSERT INTO sqlite_stat1 VALUES ('rate', 'rate', '3 1 sz=8'), ('rate', 'rate_percent', '3 1 1 sz=800')");
    assert_eq!(digest(), before, "another way to the rows");

    let mut seen = vec![before];
    for sql in [
        "UPDATE made SET a = '1' WHERE a IS NULL",
        "UPDATE made SET b = x'31' WHERE b = '1'",
        "UPDATE account SET balance = 12.25 WHERE code = '512'",
        "INSERT INTO note VALUES ('payée')",
        "CREATE INDEX made_b ON made (b)",
        "PRAGMA user_version = 7",
        "INSERT INTO entry (line) VALUES ('x'); DELETE FROM entry WHERE line = 'x'",
    ] {
        change(sql);
        let now = digest();
        assert!(!seen.contains(&now), "{sql}");
        seen.push(now);
    }
}

#[test]
fn another_program_sees_a_frozen_database_as_if_nobody_were_there() {
    let harness = Harness::new();
    let source = harness.create("visited", &["one"]);
    let before: Vec<_> = std::fs::read_dir(harness.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let frozen = harness.sqlite().freeze(&source, &harness.scratch(), &|| true).unwrap();
    let writer: Connection = harness.connect("visited");
    writer.busy_timeout(Duration::ZERO).unwrap();
    writer
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO entry (line) VALUES ('two'); COMMIT")
        .unwrap();
    drop(writer);
    drop(frozen);
    let after: Vec<_> = std::fs::read_dir(harness.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(before, after);
}

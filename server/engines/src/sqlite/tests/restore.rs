//! An exchange under the eyes of other programs, and restores of databases that are in no good state.

use std::time::Duration;

use control::ports::database_engine::{DatabaseEngine, Settlement};
use control::testing::engine_contract::EngineHarness;
use domain::failure::Cause;
use rusqlite::Connection;

use super::harness::{Harness, cause_of};
use crate::sqlite::location::{SIDE_ENDINGS, side_file};

fn journal_mode(connection: &Connection) -> String {
    connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn no_log_of_the_old_file_survives_the_exchange() {
    let harness = Harness::new();
    let source = harness.create("logged", &["one"]);
    let files = harness.stored(&source);
    // A program that dies leaves its log behind: the rows are in the log only.
    let dying = harness.connect("logged");
    dying
        .execute_batch("PRAGMA wal_autocheckpoint = 0; INSERT INTO entry (line) VALUES ('only in the log')")
        .unwrap();
    let left: Vec<_> = SIDE_ENDINGS
        .iter()
        .filter_map(|ending| Some((*ending, std::fs::read(side_file(&harness.path("logged"), ending)).ok()?)))
        .collect();
    assert!(
        left.iter()
            .any(|(ending, content)| *ending == "-wal" && !content.is_empty())
    );
    let main = std::fs::read(harness.path("logged")).unwrap();
    drop(dying);
    std::fs::write(harness.path("logged"), main).unwrap();
    for (ending, content) in &left {
        std::fs::write(side_file(&harness.path("logged"), ending), content).unwrap();
    }

    harness.swap(&source, "tag", &files).unwrap();
    assert!(
        SIDE_ENDINGS
            .iter()
            .all(|ending| !side_file(&harness.path("logged"), ending).exists())
    );
    assert_eq!(harness.rows(&source), ["one"]);
    harness.sqlite().settle(&source, "tag", Settlement::RollBack).unwrap();
    assert_eq!(
        harness.rows(&source),
        ["one", "only in the log"],
        "the log went into the old data before"
    );
    assert_eq!(journal_mode(&harness.connect("logged")), "wal");
}

#[test]
fn in_wal_mode_any_open_program_refuses_the_exchange() {
    let harness = Harness::new();
    let source = harness.create("open", &["one"]);
    let files = harness.stored(&source);
    let idle = harness.connect("open");
    assert_eq!(
        idle.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, u32>(0))
            .unwrap(),
        1
    );
    assert_eq!(
        cause_of(harness.swap(&source, "tag", &files)),
        Some(Cause::DatabaseLocked)
    );
    idle.execute("INSERT INTO entry (line) VALUES ('two')", []).unwrap();
    drop(idle);
    harness.swap(&source, "tag", &files).unwrap();
}

#[test]
fn in_rollback_mode_a_program_that_kept_the_old_file_open_cannot_write_into_the_new_one() {
    let harness = Harness::new();
    let source = harness.create("kept-open", &["one"]);
    let idle = harness.connect("kept-open");
    idle.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    let files = harness.stored(&source);
    idle.execute("INSERT INTO entry (line) VALUES ('two')", []).unwrap();
    harness.swap(&source, "tag", &files).unwrap();
    let error = idle
        .execute("INSERT INTO entry (line) VALUES ('lost?')", [])
        .unwrap_err();
    assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly));
    drop(idle);
    assert_eq!(harness.rows(&source), ["one"]);
    harness.sqlite().settle(&source, "tag", Settlement::Keep).unwrap();
    assert_eq!(harness.rows(&source), ["one"]);
}

#[test]
fn a_roll_back_waits_for_programs_that_already_work_on_the_new_data() {
    let harness = Harness::new();
    let source = harness.create("eager", &["old"]);
    let files = harness.stored(&source);
    harness.write(&source, "newer");
    harness.swap(&source, "tag", &files).unwrap();
    let eager = harness.connect("eager");
    eager
        .execute("INSERT INTO entry (line) VALUES ('too early')", [])
        .unwrap();
    let roll_back = || harness.sqlite().settle(&source, "tag", Settlement::RollBack);
    assert_eq!(cause_of(roll_back()), Some(Cause::DatabaseLocked));
    drop(eager);
    roll_back().unwrap();
    assert_eq!(harness.rows(&source), ["newer", "old"]);
    assert_eq!(harness.remains(&source), Vec::<String>::new());
}

#[test]
fn a_live_file_that_is_no_longer_a_database_is_replaced_and_comes_back_as_it_was() {
    let harness = Harness::new();
    let source = harness.create("ruined", &["one"]);
    let files = harness.stored(&source);
    let ruin = vec![0x5a; 4096];
    std::fs::write(harness.path("ruined"), &ruin).unwrap();
    std::fs::write(side_file(&harness.path("ruined"), "-wal"), b"a log nobody can read").unwrap();
    harness.swap(&source, "tag", &files).unwrap();
    assert_eq!(harness.rows(&source), ["one"]);
    harness.sqlite().settle(&source, "tag", Settlement::RollBack).unwrap();
    assert_eq!(std::fs::read(harness.path("ruined")).unwrap(), ruin);
    assert_eq!(
        std::fs::read(side_file(&harness.path("ruined"), "-wal")).unwrap(),
        b"a log nobody can read"
    );
    assert_eq!(harness.remains(&source), Vec::<String>::new());
}

#[test]
fn a_live_file_that_is_gone_comes_back_and_goes_again_when_rolled_back() {
    let harness = Harness::new();
    let source = harness.create("gone", &["one"]);
    let files = harness.stored(&source);
    for settlement in [Settlement::RollBack, Settlement::Keep] {
        std::fs::remove_file(harness.path("gone")).unwrap();
        harness.swap(&source, "tag", &files).unwrap();
        assert_eq!(harness.rows(&source), ["one"]);
        harness.sqlite().settle(&source, "tag", settlement).unwrap();
        assert_eq!(harness.path("gone").exists(), settlement == Settlement::Keep);
        assert_eq!(harness.remains(&source), Vec::<String>::new());
        if settlement == Settlement::RollBack {
            std::fs::write(harness.path("gone"), b"").unwrap();
        }
    }
}

#[test]
fn a_copy_that_does_not_pass_its_check_is_not_put_in_place() {
    let harness = Harness::new();
    let source = harness.create_large("checked", 50);
    let files = harness.stored(&source);
    let mut shadow = harness.load(&source, "tag", &files);
    let [copy] = &harness.remains(&source)[..] else {
        panic!("one copy is loaded")
    };
    let copy = harness.path(copy);
    let mut content = std::fs::read(&copy).unwrap();
    content[4096..8192].fill(0x55);
    std::fs::write(&copy, content).unwrap();
    assert_eq!(cause_of(shadow.check(&|_| true)), Some(Cause::CheckFailed));
    drop(shadow);
    assert_eq!(harness.remains(&source), Vec::<String>::new());
}

#[test]
fn keeping_what_was_never_put_in_place_is_refused_and_removes_nothing() {
    let harness = Harness::new();
    let source = harness.create("contradiction", &["one"]);
    let files = harness.stored(&source);
    assert!(harness.killed_after(&source, "tag", &files, 2));
    assert!(harness.sqlite().settle(&source, "tag", Settlement::Keep).is_err());
    assert_eq!(harness.remains(&source).len(), 2);
    harness.sqlite().settle(&source, "tag", Settlement::RollBack).unwrap();
    assert_eq!(harness.remains(&source), Vec::<String>::new());
}

#[test]
fn while_the_files_are_exchanged_no_other_program_gets_in() {
    let harness = Harness::new();
    let source = harness.create("alone", &["one"]);
    let files = harness.stored(&source);
    let mut shadow = harness.sqlite().load_shadow(&source, "tag", &files, &|_| true).unwrap();
    let mut tried = 0;
    shadow
        .swap_in_steps(&mut |step| {
            if step != crate::sqlite::exchange::Step::NewInPlace {
                let other = Connection::open(harness.path("alone")).unwrap();
                other.busy_timeout(Duration::ZERO).unwrap();
                assert!(other.query_row("SELECT count(*) FROM entry", [], |_| Ok(())).is_err());
                tried += 1;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(tried, 2);
}

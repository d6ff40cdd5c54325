//! Tools that fail, hang or are missing, and what they are told on their command line.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use control::ports::database_engine::DatabaseEngine;
use control::testing::engine_contract::{EngineHarness, MemoryFiles};
use domain::failure::Cause;

use super::harness::{Harness, cause_of};
use crate::postgres::{Postgres, PostgresOptions, ToolFinding, tool_report};

fn engine_with(tools: &Path) -> Postgres {
    Postgres::new(PostgresOptions {
        tools: Some(tools.to_owned()),
        connect_timeout: Duration::from_secs(30),
        lock_timeout: Duration::from_secs(5),
    })
    .unwrap()
}

/// Tools that say their true version, and otherwise do as the script says; `$REAL` is the true tool, `$HERE` the folder.
fn tools(harness: &Harness, script: &str) -> PathBuf {
    let folder = harness.scratch();
    for program in ["pg_dump", "pg_restore"] {
        let real = harness.bin().join(program);
        let text = format!(
            "#!/bin/sh\nREAL={}\nHERE={}\n[ \"$1\" = --version ] && exec $REAL --version\n{script}\n",
            real.display(),
            folder.display()
        );
        let path = folder.join(program);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

#[test]
fn a_password_stands_on_no_command_line_and_in_no_error() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create("secret", &["one"]);
    let spies = tools(&harness, "echo \"$@\" >>$HERE/seen; exec $REAL \"$@\"");
    let engine = engine_with(&spies);
    let copied = engine
        .freeze(&source, &harness.scratch(), &|| true)
        .unwrap()
        .copy(&|_| true)
        .unwrap();
    let files = MemoryFiles::of(copied.as_ref());
    engine
        .load(&source, "tag", &files, &harness.scratch(), &|_| true)
        .unwrap();
    let seen = std::fs::read_to_string(spies.join("seen")).unwrap();
    assert_eq!(seen.lines().count(), 2);
    assert!(!seen.contains(harness.password()));
    let refused = engine
        .measure(&harness.source_as("postgres", "nobody", "password"), &|| true)
        .unwrap_err();
    assert!(!format!("{source:?} {refused:?}").contains(harness.password()));
}

/// The tools lift these limits themselves, but not before their first statement.
#[test]
fn what_a_tool_asks_first_is_not_cut_off_by_the_databases_own_limits() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create_empty("hurried");
    let hurry = "ALTER DATABASE hurried SET statement_timeout = '1ms'";
    harness.run(&harness.source("postgres"), hurry);
    let slow_at_first = "$(dirname $REAL)/psql -qXc 'SELECT pg_sleep(0.1)' >/dev/null && exec $REAL \"$@\"";
    let engine = engine_with(&tools(&harness, slow_at_first));
    let frozen = engine.freeze(&source, &harness.scratch(), &|| true).unwrap();
    let copied = frozen.copy(&|_| true).unwrap();
    let files = MemoryFiles::of(copied.as_ref());
    engine
        .load(&source, "tag", &files, &harness.scratch(), &|_| true)
        .unwrap();
}

#[test]
fn a_dump_whose_tool_ends_with_an_error_is_no_copy_however_complete_it_looks() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create("failing", &["one"]);
    let engine = engine_with(&tools(
        &harness,
        "$REAL \"$@\"; echo 'pg_dump: error: the last word' >&2; exit 3",
    ));
    let scratch = harness.scratch();
    let error = engine
        .freeze(&source, &scratch, &|| true)
        .unwrap()
        .copy(&|_| true)
        .err()
        .unwrap();
    assert_eq!(error.cause, Cause::ToolFailed);
    assert!(error.detail.contains("the last word"));
    assert!(scratch.read_dir().unwrap().next().is_none());

    let files = harness.stored(&source);
    let result = engine.load(&source, "tag", &files, &harness.scratch(), &|_| true);
    assert_eq!(cause_of(result), Some(Cause::ToolFailed));
    assert_eq!(harness.remains(&source), Vec::<String>::new());
}

#[test]
fn a_dump_under_way_is_ended_with_all_it_started() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create("hanging", &["one"]);
    let hanging = tools(&harness, "sleep 600 & echo \"$$ $!\" >$HERE/started; wait");
    let engine = engine_with(&hanging);
    let scratch = harness.scratch();
    let asked = AtomicU32::new(0);
    let started = || std::fs::read_to_string(hanging.join("started")).unwrap_or_default();
    let result = engine
        .freeze(&source, &scratch, &|| true)
        .unwrap()
        .copy(&|_| asked.fetch_add(1, Ordering::Relaxed) == 0 || !started().ends_with('\n'));
    assert_eq!(cause_of(result), Some(Cause::Interrupted));
    for pid in started().split_whitespace() {
        let status = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // A dead process that nobody has asked after yet is a zombie: it does nothing any more. One that was killed must still
        // be given the processor once to die.
        let dead = |status: &str| status.is_empty() || status.contains(") Z ");
        let patience = std::time::Instant::now();
        while !dead(&status()) && patience.elapsed().as_secs() < 30 {
            std::thread::yield_now();
        }
        assert!(dead(&status()), "{pid} goes on: {}", status());
    }
    assert!(scratch.read_dir().unwrap().next().is_none());
    harness.run(&source, "DROP TABLE public.entry CASCADE");
}

#[test]
fn without_tools_a_backup_says_so_and_the_doctor_too() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create("toolless", &["one"]);
    let nowhere = PathBuf::from("/nonexistent");
    let engine = engine_with(&nowhere);
    assert!(engine.measure(&source, &|| true).is_ok());
    assert_eq!(
        cause_of(engine.freeze(&source, &harness.scratch(), &|| true)),
        Some(Cause::ToolMissing)
    );
    assert_eq!(tool_report(Some(&nowhere)), [ToolFinding::Missing]);
    assert_eq!(tool_report(Some(harness.bin())).len(), 1);
}

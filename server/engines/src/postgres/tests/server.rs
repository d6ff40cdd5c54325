//! An exchange under the eyes of other programs, and what is told when the server or the tools are not as they should be.

use control::ports::database_engine::{Address, DatabaseEngine, Settlement};
use control::testing::engine_contract::EngineHarness;
use domain::failure::Cause;

use super::harness::{Harness, cause_of};

#[test]
fn who_is_connected_is_turned_away_and_finds_the_new_data_on_coming_back() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create("connected", &["old"]);
    let files = harness.stored(&source);
    harness.write(&source, "newer");
    let mut connected = harness.connect(&source);
    connected
        .execute("BEGIN; INSERT INTO public.entry (line) VALUES ('not committed')")
        .unwrap();
    harness.swap(&source, "tag", &files);
    assert!(connected.execute("COMMIT").is_err());
    assert_eq!(harness.rows(&source), ["old"]);
    let mut connected = harness.connect(&source);
    harness.postgres().settle(&source, "tag", Settlement::RollBack).unwrap();
    assert!(connected.execute("SELECT 1").is_err());
    assert_eq!(harness.rows(&source), ["newer", "old"]);
}

#[test]
fn a_prepared_transaction_holds_the_database_and_nothing_is_changed() {
    let Some(harness) = Harness::start_with(&[("max_prepared_transactions", "2")]) else {
        return;
    };
    let source = harness.create("prepared", &["old"]);
    let files = harness.stored(&source);
    harness.run(
        &source,
        "BEGIN; INSERT INTO public.entry (line) VALUES ('in doubt'); PREPARE TRANSACTION 'held'",
    );
    let mut shadow = harness
        .postgres()
        .load(&source, "tag", &files, &harness.scratch(), &|_| true)
        .unwrap();
    shadow.check(&|_| true).unwrap();
    assert_eq!(cause_of(shadow.swap()), Some(Cause::DatabaseLocked));
    assert_eq!(harness.remains(&source), Vec::<String>::new());
    harness.run(&source, "COMMIT PREPARED 'held'");
    assert_eq!(harness.rows(&source), ["in doubt", "old"]);
}

#[test]
fn a_table_held_exclusively_is_told_as_locked_and_a_frozen_one_cannot_be_emptied() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create("locked", &["one"]);
    let mut other = harness.connect(&source);
    other.execute("BEGIN; LOCK TABLE public.entry").unwrap();
    assert_eq!(
        cause_of(harness.postgres().freeze(&source, &harness.scratch(), &|| true)),
        Some(Cause::DatabaseLocked)
    );
    other.execute("ROLLBACK").unwrap();

    let frozen = harness
        .postgres()
        .freeze(&source, &harness.scratch(), &|| true)
        .unwrap();
    other.execute("SET lock_timeout = '50ms'").unwrap();
    assert!(
        other.execute("TRUNCATE public.entry").is_err(),
        "a snapshot does not cover it, so a lock does"
    );
    other
        .execute("CREATE TABLE public.later (a int); INSERT INTO public.entry (line) VALUES ('two')")
        .unwrap();
    drop(frozen);
    other.execute("TRUNCATE public.entry").unwrap();
}

#[test]
fn what_is_damaged_on_the_servers_disk_does_not_become_a_backup() {
    let Some(harness) = Harness::start_with(&[("shared_buffers", "1MB")]) else {
        return;
    };
    let source = harness.create("rotten", &["one"]);
    harness.run(
        &source,
        "CREATE TABLE public.big AS SELECT n, repeat('x', 500) AS t FROM generate_series(1, 20000) n; CHECKPOINT",
    );
    let path = harness
        .connect(&source)
        .text("SELECT pg_relation_filepath('public.big')", &[])
        .unwrap();
    harness.damage(&path);
    let scratch = harness.scratch();
    let frozen = harness.postgres().freeze(&source, &scratch, &|| true).unwrap();
    assert_eq!(cause_of(frozen.copy(&|_| true)), Some(Cause::DatabaseCorrupt));
    assert!(scratch.read_dir().unwrap().next().is_none());
}

#[test]
fn an_index_that_lacks_a_row_of_the_copy_keeps_it_from_going_live() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create("checked", &["one", "two"]);
    let files = harness.stored(&source);
    let mut shadow = harness
        .postgres()
        .load(&source, "tag", &files, &harness.scratch(), &|_| true)
        .unwrap();
    let [copy] = &harness.remains(&source)[..] else {
        panic!("one copy is loaded")
    };
    // An index over a function that answers differently afterwards: what a broken index looks like to a query.
    for statement in [
        "CREATE FUNCTION public.f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
        "CREATE INDEX broken ON public.entry (public.f(line))",
        "CREATE OR REPLACE FUNCTION public.f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''x'' || $1'",
    ] {
        harness.run(&harness.source(copy), statement);
    }
    assert_eq!(cause_of(shadow.check(&|_| true)), Some(Cause::CheckFailed));
    let extensions = "SELECT count(*)::text FROM pg_extension WHERE extname <> 'plpgsql'";
    assert_eq!(
        harness.connect(&harness.source(copy)).text(extensions, &[]).unwrap(),
        "0",
        "the check leaves nothing"
    );
    drop(shadow);
    assert_eq!(harness.remains(&source), Vec::<String>::new());
}

#[test]
fn an_owner_who_is_no_superuser_backs_up_and_restores() {
    let Some(harness) = Harness::start() else { return };
    let maintenance = harness.source("postgres");
    harness.run(&maintenance, "CREATE ROLE shop LOGIN CREATEDB PASSWORD 'shop'");
    harness.run(&maintenance, "CREATE DATABASE shop OWNER shop");
    harness.write_password("shop-password", "shop");
    let source = harness.source_as("shop", "shop", "shop-password");
    harness.run(
        &source,
        "CREATE EXTENSION pg_trgm SCHEMA public;
         CREATE TABLE public.entry (id serial PRIMARY KEY, line text);
         INSERT INTO public.entry (line) VALUES ('old');
         SELECT lo_from_bytea(9001, 'facture');",
    );
    let before = harness.postgres().content_digest(&source).unwrap();
    let files = harness.stored(&source);
    harness.run(&source, "INSERT INTO public.entry (line) VALUES ('newer')");
    harness.swap(&source, "tag", &files);
    assert_eq!(harness.postgres().content_digest(&source).unwrap(), before);
    harness.postgres().settle(&source, "tag", Settlement::RollBack).unwrap();
    assert_eq!(harness.rows(&source), ["newer", "old"]);
    harness.swap(&source, "tag", &files);
    harness.postgres().settle(&source, "tag", Settlement::Keep).unwrap();
    assert_eq!(harness.rows(&source), ["old"]);
    assert_eq!(harness.remains(&source), Vec::<String>::new());
}

#[tokio::test]
async fn the_engine_works_and_is_dropped_inside_a_runtime_too() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create("inside", &["one"]);
    assert!(harness.postgres().measure(&source, &|| true).is_ok());
    let frozen = harness
        .postgres()
        .freeze(&source, &harness.scratch(), &|| true)
        .unwrap();
    drop(frozen);
    drop(harness);
}

#[test]
fn a_name_as_long_as_a_name_can_be_is_restored_too() {
    let Some(harness) = Harness::start() else { return };
    let source = harness.create_empty(&"n".repeat(63));
    harness.run(
        &source,
        "CREATE TABLE public.entry (line text); INSERT INTO public.entry VALUES ('old')",
    );
    let Address::Postgres { .. } = &source.address else {
        unreachable!("made above")
    };
    let files = harness.stored(&source);
    harness.run(&source, "INSERT INTO public.entry VALUES ('newer')");
    let tag = "t".repeat(40);
    harness.swap(&source, &tag, &files);
    assert_eq!(harness.rows(&source), ["old"]);
    harness.postgres().settle(&source, &tag, Settlement::RollBack).unwrap();
    assert_eq!(harness.rows(&source), ["newer", "old"]);
}

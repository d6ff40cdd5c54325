//! The constraints of the queue stop a hand-written statement, and the audit sees what slipped past them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::Path;
use std::sync::Arc;

use control::ports::control_store::ControlStore;
use control::testing::store_contract::story::{Story, at};
use domain::process::Process;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use store::SqliteStore;

/// One statement in one transaction, as a person at a prompt would write it.
async fn by_hand(path: &Path, statement: &str) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(AssertSqlSafe(statement.to_owned()))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Three backups: one that is to be cancelled, one that has gone too far, one that waits.
async fn furnished(store: &SqliteStore) -> [Process; 3] {
    let story = Story::begin(Arc::new(store.clone())).await;
    let asked = story.queue_manual("dupont", at(0)).await;
    let past = story.queue_manual("martin", at(1)).await;
    let waiting = story.queue_manual("arnaud", at(2)).await;
    story.claim(at(3)).await;
    let claim = story.claim(at(3)).await.claim;
    assert_eq!(claim.process, past.id);
    store.cancel(&asked.id, "Paul", at(4)).await.unwrap();
    store.pass_no_return(&claim, at(99), at(4)).await.unwrap();
    [asked, past, waiting]
}

#[tokio::test]
async fn the_constraints_refuse_a_wish_that_cannot_be_and_an_end_against_it() {
    const ENDED: &str =
        "ended_at = 9, worker = NULL, lease_until = NULL, stage = NULL, done_bytes = NULL, total_bytes = NULL";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let [asked, past, waiting] = furnished(&store).await.map(|process| process.id);
    // What slots hold is another rule's matter.
    by_hand(&path, "DELETE FROM manual_slots").await.unwrap();
    let before = store.active(None).await.unwrap();
    for (wrong, change, of) in [
        (
            "a wish while it waits",
            "cancel_asked_at = 5, cancel_asked_by = 'x'",
            &waiting,
        ),
        (
            "a wish when it is too late",
            "cancel_asked_at = 5, cancel_asked_by = 'x'",
            &past,
        ),
        ("a wish of nobody", "cancel_asked_at = 5", &past),
        (
            "a wish taken back",
            "cancel_asked_at = NULL, cancel_asked_by = NULL",
            &asked,
        ),
        ("a wish of somebody else", "cancel_asked_by = 'x'", &asked),
        ("too far in spite of a wish", "no_return = 1", &asked),
        (
            "completed in spite of a wish",
            &format!("state = 'completed', percent = 100, made_backup = 'b', {ENDED}"),
            &asked,
        ),
        (
            "failed in spite of a wish",
            &format!("state = 'failed', failure_cause = 'unexpected', failure_reference = 'x', {ENDED}"),
            &asked,
        ),
        (
            "cancelled by another than who wished it",
            &format!("state = 'cancelled', cancelled_by = 'x', {ENDED}"),
            &asked,
        ),
        (
            "cancelled without a wish",
            &format!("state = 'cancelled', cancelled_by = 'x', {ENDED}"),
            &past,
        ),
    ] {
        let statement = format!("UPDATE processes SET {change} WHERE id = '{of}'");
        let refused = by_hand(&path, &statement).await.expect_err(wrong);
        let code = refused.as_database_error().and_then(|error| error.code());
        assert_eq!(
            code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff),
            Some(19),
            "{wrong}: {refused}"
        );
        assert_eq!(store.active(None).await.unwrap(), before, "{wrong}");
    }
    let end = format!("UPDATE processes SET state = 'cancelled', cancelled_by = 'Paul', {ENDED} WHERE id = '{asked}'");
    by_hand(&path, &end).await.expect("whoever wished it");
}

#[tokio::test]
async fn the_audit_sees_a_wish_that_was_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let [asked, ..] = furnished(&store).await;
    assert_eq!(store.audit_invariants().await.unwrap(), Vec::<String>::new());
    by_hand(&path, "DROP TRIGGER what_is_asked_to_stop_goes_no_further")
        .await
        .unwrap();
    let statement = format!("UPDATE processes SET no_return = 1 WHERE id = '{}'", asked.id);
    by_hand(&path, &statement).await.unwrap();
    let found = store.audit_invariants().await.unwrap();
    assert_eq!(
        found,
        [format!("a process to be cancelled that has gone too far: {}", asked.id)]
    );
}

//! The guards of what was counted and judged, tried by hand: whatever a program with a mistake would write is refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::Path;
use std::sync::Arc;

use control::ports::control_store::ControlStore;
use control::testing::store_contract::story::{Story, at, backup_by};
use domain::anomaly::{Unusual, What};
use domain::backup::{Backup, BackupKind};
use domain::judgement::{Decision, Judgement, Verdict};
use sqlx::{AssertSqlSafe, Connection};
use store::SqliteStore;

async fn by_hand(path: &Path, statement: &str) -> Result<(), sqlx::Error> {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await?;
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

#[tokio::test]
async fn what_was_found_stays_and_only_what_is_unusual_is_decided_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let story = Story::begin(Arc::new(store.clone())).await;
    let usual = story.manual_backup("martin", at(0)).await;
    story.queue_manual("dupont", at(10)).await;
    let claimed = story.claim(at(10)).await;
    let plain = backup_by(&claimed.process, BackupKind::Manual, at(10));
    let fact = Unusual {
        what: What::Bytes {
            database: plain.artifacts[0].database.clone(),
        },
        before: 2,
        now: 1,
    };
    let unusual = Backup {
        judgement: Judgement::of(vec![fact]),
        ..plain
    };
    store.complete_backup(&claimed.claim, &unusual, at(11)).await.unwrap();

    let wrong = async |statements: &[(&str, &str)]| {
        for (wrong, statement) in statements {
            let refused = by_hand(&path, statement).await.expect_err(wrong);
            assert!(refused.as_database_error().is_some(), "{wrong}: {refused}");
        }
    };
    let before = store.backups(&unusual.site).await.unwrap();
    wrong(&[
        ("other counts", "UPDATE artifacts SET row_counts = '{}'"),
        ("no counts any more", "UPDATE artifacts SET row_counts = NULL"),
        ("other facts", "UPDATE backups SET unusual = '[]' WHERE site = 'dupont'"),
        (
            "a usual one marked",
            "UPDATE backups SET review = 'undecided', unusual = '[]' WHERE site = 'martin'",
        ),
        (
            "a usual one accepted",
            "UPDATE backups SET review = 'accepted', decided_at = 1, decided_by = 'x' WHERE site = 'martin'",
        ),
        (
            "an unusual one made usual",
            "UPDATE backups SET review = 'usual', unusual = NULL WHERE site = 'dupont'",
        ),
        (
            "no such review",
            "UPDATE backups SET review = 'good', decided_at = 1, decided_by = 'x' WHERE site = 'dupont'",
        ),
        (
            "accepted by nobody",
            "UPDATE backups SET review = 'accepted', decided_at = 1 WHERE site = 'dupont'",
        ),
        (
            "accepted at no time",
            "UPDATE backups SET review = 'accepted', decided_by = 'x' WHERE site = 'dupont'",
        ),
        (
            "decided and undecided",
            "UPDATE backups SET decided_at = 1, decided_by = 'x' WHERE site = 'dupont'",
        ),
    ])
    .await;
    assert_eq!(store.backups(&unusual.site).await.unwrap(), before);

    let decision = Decision {
        at: at(20),
        by: "Claire".to_owned(),
        reason: None,
    };
    store.decide(&unusual.id, Verdict::Accept, &decision).await.unwrap();
    let before = store.backups(&unusual.site).await.unwrap();
    wrong(&[
        (
            "undecided again",
            "UPDATE backups SET review = 'undecided', decided_at = NULL, decided_by = NULL WHERE site = 'dupont'",
        ),
        (
            "another time of the same verdict",
            "UPDATE backups SET decided_at = 1 WHERE site = 'dupont'",
        ),
        (
            "another name for the same verdict",
            "UPDATE backups SET decided_by = 'x' WHERE site = 'dupont'",
        ),
    ])
    .await;
    assert_eq!(store.backups(&unusual.site).await.unwrap(), before);
    assert_eq!(store.backup(&usual.id).await.unwrap(), Some(usual));
    assert_eq!(store.audit_invariants().await.unwrap(), Vec::<String>::new());
}

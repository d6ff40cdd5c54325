//! Kept alerts on a file: what another version has written holds up nothing, and what is on its way cannot be lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::time::Duration;

use control::ports::control_store::ControlStore;
use control::ports::outbox::{Alert, Recipient};
use control::testing::store_contract::story::{Story, at, id};
use domain::alert::Matter;
use sqlx::{Connection, SqliteConnection};
use store::SqliteStore;

#[tokio::test]
async fn an_alert_that_this_version_cannot_read_is_given_up_and_the_next_one_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    Story::begin(std::sync::Arc::new(store.clone())).await;
    let to = Recipient {
        channel: "mail".to_owned(),
        to: "anna".to_owned(),
    };
    let alert = |seconds| Alert::about(Some(id("dupont")), Matter::Test, at(seconds));
    for seconds in [0, 1, 2] {
        assert!(store.raise_alert(&alert(seconds)).await.unwrap());
    }
    for seconds in [1, 2] {
        store
            .address_alert(&alert(seconds).id, std::slice::from_ref(&to), at(2))
            .await
            .unwrap();
    }
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let kept = sqlx::raw_sql("UPDATE alerts SET matter = '{}' WHERE number = 2")
        .execute(&mut other)
        .await;
    assert!(kept.unwrap_err().to_string().contains("keeps what it tells"));
    sqlx::raw_sql(
        "DROP TRIGGER an_alert_keeps_what_it_tells; UPDATE alerts SET matter = '{\"matter\":\"later\"}' WHERE number < 3",
    )
    .execute(&mut other)
    .await
    .unwrap();

    assert_eq!(store.unaddressed_alerts().await.unwrap(), []);
    let until = at(2).plus(Duration::from_secs(60));
    let taken = store.take_delivery(&to, at(2), until).await.unwrap().unwrap();
    assert_eq!(taken.alert, alert(2), "the one that can be read");
    assert_eq!(store.audit_invariants().await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn an_alert_on_its_way_cannot_be_deleted_nor_a_settled_delivery_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    Story::begin(std::sync::Arc::new(store.clone())).await;
    store
        .raise_alert(&Alert::about(None, Matter::Test, at(0)))
        .await
        .unwrap();
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let gone = sqlx::raw_sql("DELETE FROM alerts").execute(&mut other).await;
    assert!(gone.unwrap_err().to_string().contains("on its way stays"));
    for change in [
        "INSERT INTO alert_deliveries (alert, channel, recipient, due_at) VALUES (1, 'mail', 'anna', 0)",
        "UPDATE alerts SET addressed = 1",
        "UPDATE alert_deliveries SET state = 'delivered', settled_at = 1, attempts = 1",
    ] {
        sqlx::raw_sql(change).execute(&mut other).await.unwrap();
    }
    let again = sqlx::raw_sql("UPDATE alert_deliveries SET state = 'pending', settled_at = NULL")
        .execute(&mut other)
        .await;
    assert!(again.unwrap_err().to_string().contains("ends once"));
    let again = sqlx::raw_sql("UPDATE alerts SET addressed = 0")
        .execute(&mut other)
        .await;
    assert!(again.unwrap_err().to_string().contains("addressed once"));
}

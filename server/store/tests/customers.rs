//! A site and the customer whose repository holds its backups.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::sync::Arc;

use control::ports::control_store::{ControlStore, StoreError};
use control::testing::store_contract::story::{Story, at, declaration, id};
use store::SqliteStore;

/// Its backups would be looked for in the wrong repository; without any, nothing is lost by a correction.
#[tokio::test]
async fn a_site_that_has_backups_stays_with_its_customer() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("control.sqlite")).await.unwrap();
    let story = Story::begin(Arc::new(store.clone())).await;
    story.manual_backup("dupont", at(0)).await;
    let moved = |site: &str| {
        let mut declared = declaration();
        let found = declared.sites.iter_mut().find(|of| of.id == id(site)).unwrap();
        found.customer = id(if site == "dupont" { "martin-sarl" } else { "dupont-sa" });
        declared
    };
    let refused = store.declare(&moved("dupont"), at(100)).await;
    assert!(
        matches!(&refused, Err(StoreError::Broken(detail)) if detail.contains("another customer")),
        "{refused:?}"
    );
    store.declare(&moved("arnaud"), at(101)).await.unwrap();
    assert_eq!(
        store.site(&id("dupont")).await.unwrap().unwrap().customer,
        id("dupont-sa")
    );
    assert_eq!(
        store.site(&id("arnaud")).await.unwrap().unwrap().customer,
        id("dupont-sa")
    );
}

//! A control store on a file in a folder of its own.

use std::sync::Arc;

use control::testing::store_contract::Opened;
use store::SqliteStore;

/// A fresh store. Its folder lives as long as what is returned.
pub async fn open() -> Opened {
    let folder = Arc::new(tempfile::tempdir().expect("a folder for the test"));
    let store = SqliteStore::open(&folder.path().join("control.sqlite"))
        .await
        .expect("a fresh file opens");
    let examined = store.clone();
    let examine = Arc::new(move || {
        let (store, folder) = (examined.clone(), Arc::clone(&folder));
        Box::pin(async move {
            let _stays = folder;
            store.audit_invariants().await.expect("the file can be read")
        }) as futures::future::BoxFuture<'static, Vec<String>>
    });
    Opened {
        store: Arc::new(store),
        examine,
    }
}

//! The audit trail and the sealed keys.

use tokio::task::JoinSet;

use super::story::{Story, at, broken, id};
use crate::ports::control_store::{AuditEntry, RepositoryRow};
use crate::ports::repository::SealedKey;

/// In the order of writing, whatever the clock said.
pub async fn the_trail_is_read_from_its_youngest_line(story: Story) {
    let line = |n: i64, second: i64| AuditEntry {
        at: at(second),
        account: (n > 0).then(|| id("claire")),
        name: "Claire".to_owned(),
        // A refused request may name what does not exist.
        site: (n > 1).then(|| id("nowhere")),
        action: "backup.start".to_owned(),
        outcome: "done".to_owned(),
        detail: format!("line {n}"),
    };
    let lines: Vec<_> = [(0, 50), (1, 10), (2, 10), (3, 99)]
        .into_iter()
        .map(|(n, second)| line(n, second))
        .collect();
    for line in &lines {
        story.store.audit(line).await.expect("the store works");
    }
    let read = story.store.audit_trail(3).await.expect("the store works");
    assert_eq!(read, lines.iter().rev().take(3).cloned().collect::<Vec<_>>());
    assert_eq!(story.store.audit_trail(99).await.expect("the store works").len(), 4);
}

/// Two first backups at once make two keys: one is kept, and both are told which.
pub async fn a_customer_keeps_its_first_key(story: Story) {
    let store = &story.store;
    assert_eq!(store.repository(&id("dupont-sa")).await.expect("the store works"), None);
    broken(store.repository_exists(&id("dupont-sa")).await);
    broken(store.save_key(&id("nobody"), &SealedKey(vec![1])).await);
    let mut first_backups = JoinSet::new();
    for n in 0..10 {
        let story = story.clone();
        first_backups.spawn(async move { story.store.save_key(&id("dupont-sa"), &SealedKey(vec![n; 48])).await });
    }
    let told: Vec<_> = first_backups
        .join_all()
        .await
        .into_iter()
        .map(|row| row.expect("the store works"))
        .collect();
    let kept = store
        .repository(&id("dupont-sa"))
        .await
        .expect("the store works")
        .expect("there is a key");
    assert!(told.iter().all(|row| *row == kept) && !kept.exists);
    store.repository_exists(&id("dupont-sa")).await.expect("there is a key");
    let again = store
        .save_key(&id("dupont-sa"), &SealedKey(vec![99]))
        .await
        .expect("the store works");
    assert_eq!(again, RepositoryRow { exists: true, ..kept });
    assert_eq!(
        store.repository(&id("martin-sarl")).await.expect("the store works"),
        None
    );
}

//! Five manual backups, and never one more (R9).

use domain::backup::BackupKind;
use domain::process::ProcessKind;
use domain::refusal::{OldestManual, Refusal};
use tokio::task::JoinSet;

use super::story::{Story, at, backup_by, declaration, id, november, refusal};
use crate::ports::control_store::StoreError;

/// At 4 of 5, fifty browsers click at the same moment.
pub async fn fifty_clicks_at_once_on_the_last_slot_give_one_backup(story: Story) {
    for n in 0..4 {
        story.manual_backup("dupont", at(n * 100)).await;
    }
    let mut clicks = JoinSet::new();
    for _ in 0..50 {
        let story = story.clone();
        clicks.spawn(async move { story.store.queue_backup(&story.new_manual("dupont", at(1_000))).await });
    }
    let (mut queued, mut refused) = (0, 0);
    for answer in clicks.join_all().await {
        match answer {
            Ok(_) => queued += 1,
            Err(StoreError::Refused(refusal)) => {
                let oldest = Some(OldestManual::new(at(0), 1_400, None));
                assert_eq!(
                    refusal,
                    Refusal::QuotaReached {
                        kept: 4,
                        reserved: 1,
                        quota: 5,
                        oldest
                    }
                );
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((queued, refused), (1, 49));
    assert_eq!(story.meter("dupont").await, (4, 1, 5));
    let claimed = story.claim(at(1_001)).await;
    story.complete(&claimed, at(1_001)).await;
    assert_eq!(story.meter("dupont").await, (5, 0, 5));
    assert_eq!(story.backups(&id("dupont")).await.len(), 5);
    assert_eq!(
        story.meter("martin").await,
        (0, 0, 5),
        "another site's slots are its own"
    );
}

/// Whatever way a backup ends without a result, its slot is free again.
pub async fn a_failed_or_cancelled_backup_gives_its_slot_back(story: Story) {
    for round in 0..3_i64 {
        let at = |second| at(round * 100 + second);
        let first = story.queue_manual("arnaud", at(0)).await;
        let second = story.queue_manual("arnaud", at(1)).await;
        assert_eq!(story.meter("arnaud").await, (0, 2, 2));
        let full = refusal(story.store.queue_backup(&story.new_manual("arnaud", at(2))).await);
        assert_eq!(
            full,
            Refusal::QuotaReached {
                kept: 0,
                reserved: 2,
                quota: 2,
                oldest: None
            }
        );

        let claimed = story.claim(at(3)).await;
        assert_eq!(claimed.claim.process, first.id);
        let failed = story.fail(&claimed.claim, at(4)).await;
        assert_eq!(failed.backup, None);
        story
            .store
            .cancel(&second.id, "Paul", at(5))
            .await
            .expect("it is still queued");
        assert_eq!(story.meter("arnaud").await, (0, 0, 2));
    }
    assert!(story.backups(&id("arnaud")).await.is_empty());
}

/// The refusal tells what could be given up.
pub async fn a_completed_backup_keeps_its_slot_and_a_refusal_names_the_oldest(story: Story) {
    let younger = story.manual_backup("arnaud", at(500)).await;
    // A clock that was set back: the oldest is the one with the oldest T0, not the one made first.
    let older = story.manual_backup("arnaud", at(100)).await;
    let oldest = Some(OldestManual::new(at(100), 700, None));
    let full = refusal(story.store.queue_backup(&story.new_manual("arnaud", at(900))).await);
    assert_eq!(
        full,
        Refusal::QuotaReached {
            kept: 2,
            reserved: 0,
            quota: 2,
            oldest
        }
    );
    assert_eq!(
        story.backups(&id("arnaud")).await,
        [younger.id.clone(), older.id.clone()],
        "youngest T0 first"
    );
    assert_eq!(
        story.store.last_backup(&id("arnaud")).await.expect("it works"),
        Some(younger.clone())
    );
    assert_eq!(
        story.store.backup(&older.id).await.expect("it works"),
        Some(older.clone()),
        "every fact comes back"
    );
    assert_eq!(story.process(&younger.process).await.backup, Some(younger.id));
}

/// A quota that the operator lowers below what is held never makes the meter lie.
pub async fn a_lowered_quota_waits_for_the_slots_that_are_held(story: Story) {
    let mut lowered = declaration();
    lowered.sites[0].quota = 1;
    let first = story.queue_manual("dupont", at(0)).await;
    story.queue_manual("dupont", at(1)).await;
    let third = story.queue_manual("dupont", at(2)).await;
    story
        .store
        .cancel(&first.id, "Paul", at(3))
        .await
        .expect("it is queued");
    story
        .store
        .declare(&lowered, at(0))
        .await
        .expect("a quota may be lowered");
    assert_eq!(story.meter("dupont").await, (0, 2, 3), "as far as it can");
    story
        .store
        .cancel(&third.id, "Paul", at(4))
        .await
        .expect("it is queued");
    story
        .store
        .declare(&lowered, at(0))
        .await
        .expect("a quota may be lowered");
    assert_eq!(story.meter("dupont").await, (0, 1, 2));
    story.fail(&story.claim(at(5)).await.claim, at(6)).await;
    story
        .store
        .declare(&lowered, at(0))
        .await
        .expect("a quota may be lowered");
    assert_eq!(story.meter("dupont").await, (0, 0, 1));
}

/// Only what people ask for counts.
pub async fn nights_and_safety_backups_take_no_slot(story: Story) {
    for n in 0..2 {
        story.manual_backup("arnaud", at(n * 100)).await;
    }
    let night = story.new_process(
        "arnaud",
        ProcessKind::NightlyBackup {
            business_date: november(23),
        },
        at(300),
    );
    story.store.queue_backup(&night).await.expect("a night needs no slot");
    let automatic = story.complete(&story.claim(at(301)).await, at(301)).await;
    assert_eq!(
        (automatic.kind, automatic.business_date),
        (BackupKind::Automatic, Some(november(23)))
    );
    story.queue_restore("arnaud", &automatic, at(400)).await;
    let claimed = story.claim(at(401)).await;
    let safety = backup_by(&claimed.process, BackupKind::Safety, at(402));
    story
        .store
        .record_safety(&claimed.claim, &safety, at(403))
        .await
        .expect("the claim is held");
    assert_eq!(story.meter("arnaud").await, (2, 0, 2));
    assert_eq!(story.backups(&id("arnaud")).await.len(), 4);
}

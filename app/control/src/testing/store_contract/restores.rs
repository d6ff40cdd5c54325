//! A restore closes its site, and the site never stays closed behind it (R23, R24).

use domain::backup::BackupKind;
use domain::limits::MAX_ATTEMPTS;
use domain::refusal::Refusal;
use domain::restore::Scope;
use domain::site::SiteStatus;
use tokio::task::JoinSet;

use super::story::{LEASE_SECS, Story, at, backup_by, broken, id, refusal};
use crate::ports::control_store::RestoreProgress;

/// Completed, failed, cancelled, failed after interruptions: Ready again, each time.
pub async fn a_restore_closes_the_site_and_every_end_opens_it(story: Story) {
    let kept = story.manual_backup("dupont", at(0)).await;
    for (round, end) in (1..).zip(["complete", "fail", "cancel", "interrupted"]) {
        let start = round * 1_000;
        let queued = story.queue_restore("dupont", &kept, at(start)).await;
        let closed = SiteStatus::Restoring {
            process: queued.id.clone(),
        };
        assert_eq!(story.status("dupont").await, closed, "before anything is written");
        assert_eq!(story.status("martin").await, SiteStatus::Ready);
        if end == "cancel" {
            story
                .store
                .cancel(&queued.id, "Paul", at(start + 1))
                .await
                .expect("it is queued");
            assert_eq!(story.status("dupont").await, SiteStatus::Ready);
            continue;
        }
        let claimed = story.claim(at(start + 1)).await;
        assert_eq!(claimed.restore, RestoreProgress::default());
        assert_eq!(story.status("dupont").await, closed);
        match end {
            "complete" => {
                broken(story.store.complete_restore(&claimed.claim, at(start + 2)).await);
                story
                    .store
                    .decide_restore(&claimed.claim)
                    .await
                    .expect("the claim is held");
                assert_eq!(story.status("dupont").await, closed, "decided is not yet completed");
                let done = story
                    .store
                    .complete_restore(&claimed.claim, at(start + 3))
                    .await
                    .expect("it is decided");
                assert_eq!((done.state.percent(), done.kind), (100, queued.kind.clone()));
            }
            "fail" => drop(story.fail(&claimed.claim, at(start + 2)).await),
            _ => {
                let again = story.claim(at(start + 1 + LEASE_SECS)).await;
                assert_eq!(
                    story.status("dupont").await,
                    closed,
                    "between two attempts it stays closed"
                );
                story.fail(&again.claim, at(start + 30)).await;
            }
        }
        assert_eq!(story.status("dupont").await, SiteStatus::Ready, "{end}");
    }
}

/// What is asked of a closed site is refused with the reason.
pub async fn a_closed_site_takes_neither_backup_nor_restore(story: Story) {
    let kept = story.manual_backup("dupont", at(0)).await;
    let waiting = story.queue_manual("dupont", at(50)).await;
    let restore = story.queue_restore("dupont", &kept, at(100)).await;
    let backup = story.new_manual("dupont", at(101));
    assert_eq!(refusal(story.store.queue_backup(&backup).await), Refusal::SiteRestoring);
    let second = story.new_restore("dupont", &kept, Scope::Site, at(102));
    assert_eq!(
        refusal(story.store.queue_restore(&second).await),
        Refusal::SiteRestoring
    );
    assert_eq!(story.store.process(&second.id).await.expect("the store works"), None);
    let other = story.queue_manual("martin", at(103)).await;
    let claimed = story.claim(at(104)).await;
    assert_eq!(
        claimed.claim.process, other.id,
        "a customer that has had nothing comes before one that has"
    );
    let claimed = story.claim(at(104)).await;
    assert_eq!(
        claimed.claim.process, waiting.id,
        "what was queued before the restore goes before it"
    );
    story.complete(&claimed, at(104)).await;
    assert_eq!(story.claim(at(105)).await.claim.process, restore.id);
}

/// Two operators click at once.
pub async fn two_restores_at_once_leave_one(story: Story) {
    let kept = story.manual_backup("dupont", at(0)).await;
    let mut clicks = JoinSet::new();
    for _ in 0..10 {
        let (story, kept) = (story.clone(), kept.clone());
        clicks.spawn(async move {
            let new = story.new_restore("dupont", &kept, Scope::Site, at(100));
            story.store.queue_restore(&new).await
        });
    }
    let (queued, refused): (Vec<_>, Vec<_>) = clicks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(queued.len(), 1);
    for answer in refused {
        assert_eq!(refusal(answer), Refusal::SiteRestoring);
    }
}

/// Nothing is given away about what others have.
pub async fn another_sites_backup_or_an_absent_database_is_not_found(story: Story) {
    let foreign = story.manual_backup("martin", at(0)).await;
    let own = story.manual_backup("dupont", at(100)).await;
    let mut missing = own.clone();
    missing.id = id("never-made");
    let martins = foreign.artifacts[0].database.clone();
    for (backup, scope) in [
        (&foreign, Scope::Site),
        (&foreign, Scope::Database(martins.clone())),
        (&missing, Scope::Site),
        (&own, Scope::Database(martins)),
        (&own, Scope::Database(id("nowhere"))),
    ] {
        let new = story.new_restore("dupont", backup, scope, at(200));
        assert_eq!(refusal(story.store.queue_restore(&new).await), Refusal::NotFound);
        assert_eq!(story.status("dupont").await, SiteStatus::Ready);
    }
    let one = own.artifacts[1].database.clone();
    let new = story.new_restore("dupont", &own, Scope::Database(one), at(300));
    let queued = story
        .store
        .queue_restore(&new)
        .await
        .expect("the backup is its own and holds it");
    assert_eq!(queued.kind, new.kind);
}

/// What an interrupted attempt reached is handed to the next.
pub async fn a_later_attempt_knows_the_safety_backup_and_the_decision(story: Story) {
    let kept = story.manual_backup("dupont", at(0)).await;
    let queued = story.queue_restore("dupont", &kept, at(100)).await;
    let first = story.claim(at(100)).await;
    let safety = backup_by(&first.process, BackupKind::Safety, at(101));
    story
        .store
        .record_safety(&first.claim, &safety, at(102))
        .await
        .expect("the claim is held");
    story
        .store
        .record_safety(&first.claim, &safety, at(103))
        .await
        .expect("recording it again is fine");
    let mut other = safety.clone();
    other.id = id("another");
    broken(story.store.record_safety(&first.claim, &other, at(104)).await);
    assert_eq!(
        story.process(&queued.id).await.backup,
        None,
        "shown once the restore is completed"
    );

    let second = story.claim(at(100 + LEASE_SECS)).await;
    let reached = RestoreProgress {
        safety: Some(safety.id.clone()),
        swapped: false,
    };
    assert_eq!((second.claim.attempt, second.restore), (2, reached));
    story
        .store
        .decide_restore(&second.claim)
        .await
        .expect("the claim is held");
    story
        .store
        .decide_restore(&second.claim)
        .await
        .expect("deciding again is fine");

    let third = story.claim(at(100 + 2 * LEASE_SECS)).await;
    let reached = RestoreProgress {
        safety: Some(safety.id.clone()),
        swapped: true,
    };
    assert_eq!((third.claim.attempt, third.restore), (3, reached));
    let done = story
        .store
        .complete_restore(&third.claim, at(150))
        .await
        .expect("it is decided");
    assert_eq!(done.backup, Some(safety.id.clone()));
    assert_eq!(story.backups(&id("dupont")).await, [safety.id, kept.id]);
}

/// Its databases may be half exchanged: a worker must settle that, so there is always one more attempt.
pub async fn a_restore_is_handed_out_however_often_it_was_interrupted(story: Story) {
    let kept = story.manual_backup("dupont", at(0)).await;
    for decided in [false, true] {
        let start = if decided { 1_000 } else { 100 };
        let queued = story.queue_restore("dupont", &kept, at(start)).await;
        let mut last = story.claim(at(start)).await;
        if decided {
            story
                .store
                .decide_restore(&last.claim)
                .await
                .expect("the claim is held");
        }
        for n in 1..=3 * i64::from(MAX_ATTEMPTS) {
            last = story.claim(at(start + n * LEASE_SECS)).await;
            assert_eq!(last.restore.swapped, decided);
            assert_eq!(
                story.status("dupont").await,
                SiteStatus::Restoring {
                    process: queued.id.clone()
                }
            );
        }
        assert!(last.claim.attempt > MAX_ATTEMPTS);
        if decided {
            story
                .store
                .complete_restore(&last.claim, at(start + 900))
                .await
                .expect("it is decided");
        } else {
            story.fail(&last.claim, at(start + 900)).await;
        }
        assert_eq!(story.status("dupont").await, SiteStatus::Ready);
    }
}

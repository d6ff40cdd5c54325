//! What is counted in a backup and thought of it: kept as it was found, decided about by people, and never of what is not judged.

#![allow(clippy::unwrap_used, reason = "a story stops at the first thing that is not as told")]

use std::slice::from_ref;

use domain::anomaly::{Review, Unusual, What};
use domain::backup::{Backup, BackupKind, Deletion};
use domain::ids::DatabaseId;
use domain::judgement::{Decision, Judgement, Verdict};
use domain::refusal::Refusal;
use domain::time::Timestamp;

use super::story::{Story, at, backup_by, broken, id, refusal};
use crate::ports::control_store::Claimed;

fn facts() -> Vec<Unusual> {
    let database: DatabaseId = id("martin-compta");
    let fact = |what| Unusual {
        what,
        before: 4_200,
        now: 120,
    };
    vec![
        fact(What::Bytes {
            database: database.clone(),
        }),
        fact(What::TableGone {
            database,
            table: "L'\"écriture\"".to_owned(),
        }),
    ]
}

fn by(name: &str, when: Timestamp, reason: Option<&str>) -> Decision {
    Decision {
        at: when,
        by: name.to_owned(),
        reason: reason.map(str::to_owned),
    }
}

async fn claimed(story: &Story, when: Timestamp) -> Claimed {
    story.queue_manual("martin", when).await;
    story.claim(when).await
}

/// A manual backup of Martin that half its rows are missing from.
async fn unusual(story: &Story, when: Timestamp) -> Backup {
    let claimed = claimed(story, when).await;
    let backup = Backup {
        judgement: Judgement::of(facts()),
        ..backup_by(&claimed.process, BackupKind::Manual, when)
    };
    story
        .store
        .complete_backup(&claimed.claim, &backup, when)
        .await
        .unwrap();
    backup
}

/// Facts and counts come back as they were given, whatever is decided.
pub async fn an_unusual_backup_keeps_its_facts_whatever_is_decided(story: Story) {
    let backup = unusual(&story, at(0)).await;
    let store = &story.store;
    assert_eq!(store.backup(&backup.id).await.unwrap(), Some(backup.clone()));
    assert_eq!(store.backups(&backup.site).await.unwrap(), from_ref(&backup));

    assert_eq!(store.undecided(&backup.site).await.unwrap(), 1);
    assert_eq!(store.undecided(&id("dupont")).await.unwrap(), 0);
    let first = by("Claire", at(10), Some("archivage de l'exercice 2019"));
    let accepted = store.decide(&backup.id, Verdict::Accept, &first).await.unwrap();
    let expected = |review, decision: &Decision| Judgement {
        review,
        unusual: facts(),
        decision: Some(decision.clone()),
    };
    assert_eq!(accepted.judgement, expected(Review::Accepted, &first));
    assert_eq!(store.backup(&backup.id).await.unwrap(), Some(accepted.clone()));
    assert_eq!(store.undecided(&backup.site).await.unwrap(), 0);
    let again = store
        .decide(&backup.id, Verdict::Accept, &by("Karim", at(20), None))
        .await;
    assert_eq!(again.unwrap(), accepted, "the same verdict leaves the first");

    let second = by("Inès", at(30), None);
    let rejected = store.decide(&backup.id, Verdict::Reject, &second).await.unwrap();
    assert_eq!(
        rejected.judgement,
        expected(Review::Rejected, &second),
        "a mind is changed"
    );
    assert_eq!(store.backups(&backup.site).await.unwrap(), from_ref(&rejected));
    assert_eq!(
        rejected,
        Backup {
            judgement: rejected.judgement.clone(),
            ..backup
        },
        "nothing else changed"
    );
}

/// There is nothing to decide about a usual backup, and none that is deleted.
pub async fn only_an_unusual_backup_in_the_lists_is_decided_about(story: Story) {
    let usual = story.manual_backup("martin", at(0)).await;
    let deleted = unusual(&story, at(100)).await;
    let deletion = Deletion {
        at: at(150),
        by: "Claire".to_owned(),
        until: at(10_000),
    };
    story.store.delete_backup(&deleted.id, &deletion).await.unwrap();
    for verdict in Verdict::ALL {
        let decision = by("Claire", at(200), None);
        let decide = async |backup| refusal(story.store.decide(backup, verdict, &decision).await);
        assert_eq!(decide(&usual.id).await, Refusal::NotUnusual);
        assert_eq!(decide(&deleted.id).await, Refusal::NotFound);
        assert_eq!(decide(&id("nowhere")).await, Refusal::NotFound);
    }
    assert_eq!(
        story.store.undecided(&usual.site).await.unwrap(),
        0,
        "what is deleted waits for nobody"
    );
    let back = story.store.put_back(&deleted.id, at(300)).await.unwrap();
    assert_eq!(back, deleted, "put back, it waits as before");
}

/// A judgement belongs to what is judged, and begins without a decision.
pub async fn a_judgement_that_cannot_be_is_not_recorded(story: Story) {
    let claimed = claimed(&story, at(0)).await;
    let backup = backup_by(&claimed.process, BackupKind::Manual, at(0));
    let usual = Judgement::default();
    let wrong = [
        Judgement::of(facts()).decided(Verdict::Accept, by("Claire", at(0), None)),
        Judgement {
            review: Review::Undecided,
            ..usual.clone()
        },
        Judgement {
            unusual: facts(),
            ..usual
        },
    ];
    for judgement in wrong {
        let backup = Backup {
            judgement,
            ..backup.clone()
        };
        broken(story.store.complete_backup(&claimed.claim, &backup, at(1)).await);
    }
    let mut uncounted = backup;
    uncounted.artifacts.iter_mut().for_each(|artifact| artifact.rows = None);
    story
        .store
        .complete_backup(&claimed.claim, &uncounted, at(1))
        .await
        .unwrap();
    assert_eq!(
        story.store.backup(&uncounted.id).await.unwrap(),
        Some(uncounted.clone())
    );

    story.queue_restore("martin", &uncounted, at(10)).await;
    let restore = story.claim(at(10)).await;
    let safety = Backup {
        judgement: Judgement::of(facts()),
        ..backup_by(&restore.process, BackupKind::Safety, at(10))
    };
    broken(story.store.record_safety(&restore.claim, &safety, at(11)).await);
}

/// Of two people at once one has the last word, with their own name.
pub async fn two_decisions_at_once_leave_one_of_the_two(story: Story) {
    let backup = unusual(&story, at(0)).await;
    let (yes, no) = (by("Claire", at(10), None), by("Inès", at(11), None));
    let (accepted, rejected) = tokio::join!(
        story.store.decide(&backup.id, Verdict::Accept, &yes),
        story.store.decide(&backup.id, Verdict::Reject, &no),
    );
    let known = [accepted.unwrap().judgement, rejected.unwrap().judgement];
    let kept = story.store.backup(&backup.id).await.unwrap().unwrap().judgement;
    assert!(known.contains(&kept), "{kept:?}");
    let of = if kept.review == Review::Accepted { yes } else { no };
    assert_eq!(kept.decision, Some(of));
}

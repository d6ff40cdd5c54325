//! Who works on what: exclusive, fenced, in turn, and never for ever.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::backup::{BackupKind, Deletion};
use domain::failure::{Cause, Failure};
use domain::ids::ProcessId;
use domain::limits::MAX_ATTEMPTS;
use domain::process::{ProcessKind, ProcessState, Progress, Stage, StateName};
use domain::refusal::Refusal;
use tokio::task::JoinSet;

use super::story::{LEASE_SECS, MANY, Story, at, backup_by, broken, failure, fenced, id, november, progress, refusal};
use crate::ports::control_store::Claim;
use crate::ports::tally::{DURATION_BOUNDS_SECS, Ended, Stored, Tally, duration_class};

/// Twenty workers look at the same moment, again and again, until nothing is left.
pub async fn twenty_workers_never_get_the_same_process(story: Story) {
    let mut queued = BTreeSet::new();
    for n in 0..2 {
        for site in ["dupont", "martin", "arnaud"] {
            queued.insert(story.queue_manual(site, at(n)).await.id);
        }
    }
    let mut done: Vec<ProcessId> = Vec::new();
    while done.len() < queued.len() {
        let mut workers = JoinSet::new();
        for _ in 0..20 {
            let story = story.clone();
            workers.spawn(async move { story.look(at(10), MANY).await });
        }
        let claimed: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
        let sites: BTreeSet<_> = claimed.iter().map(|claimed| claimed.process.site.clone()).collect();
        assert_eq!((claimed.len(), sites.len()), (3, 3), "one per site and round");
        for claimed in claimed {
            assert_eq!((claimed.claim.attempt, claimed.process.attempt), (1, 1));
            story.complete(&claimed, at(10)).await;
            done.push(claimed.claim.process);
        }
    }
    assert_eq!(done.iter().cloned().collect::<BTreeSet<_>>(), queued);
    assert!(story.look(at(11), MANY).await.is_none());
}

/// A second backup of a site waits for the first, even when workers are idle.
pub async fn a_site_runs_one_process_at_a_time(story: Story) {
    let first = story.queue_manual("dupont", at(0)).await;
    let second = story.queue_manual("dupont", at(1)).await;
    let claimed = story.claim(at(2)).await;
    assert_eq!(claimed.claim.process, first.id);
    assert!(story.look(at(3), MANY).await.is_none(), "the site is busy");
    story.fail(&claimed.claim, at(4)).await;
    assert_eq!(story.claim(at(5)).await.claim.process, second.id);
}

/// The limit counts over all workers of a node; one whose lease has run out does not count.
pub async fn no_more_run_at_once_than_allowed(story: Story) {
    let mut workers = JoinSet::new();
    for site in ["dupont", "martin", "arnaud"] {
        story.queue_manual(site, at(0)).await;
    }
    for _ in 0..20 {
        let story = story.clone();
        workers.spawn(async move { story.look(at(1), 2).await });
    }
    assert_eq!(workers.join_all().await.into_iter().flatten().count(), 2);
    assert!(story.look(at(2), 2).await.is_none());
    assert!(story.look(at(2), 0).await.is_none());
    let later = at(1 + LEASE_SECS);
    let first = story.look(later, 2).await.expect("an interrupted one is taken over");
    let second = story.look(later, 2).await.expect("and the other");
    assert_eq!(
        (first.claim.attempt, second.claim.attempt),
        (2, 2),
        "interrupted work comes before new work"
    );
    assert!(story.look(later, 2).await.is_none());
    assert_eq!(story.look(later, 3).await.expect("a third may run").claim.attempt, 1);
}

/// Between customers that were served alike the queue is by the time of the click, then by id; what is ahead is what will be
/// claimed before.
pub async fn the_oldest_goes_first_and_each_knows_what_is_ahead(story: Story) {
    let late = story.queue_manual("dupont", at(30)).await;
    let early = story.queue_manual("martin", at(10)).await;
    let middle = story.queue_manual("dupont", at(20)).await;
    let twin = story.queue_manual("arnaud", at(20)).await;
    let ahead = async || {
        let active = story.store.active(None).await.expect("the store works");
        active
            .into_iter()
            .map(|process| (process.id, process.ahead))
            .collect::<Vec<_>>()
    };
    let order = [early.id.clone(), middle.id.clone(), twin.id.clone(), late.id.clone()];
    assert_eq!(
        ahead().await,
        order.iter().cloned().zip([0, 1, 2, 3].map(Some)).collect::<Vec<_>>()
    );
    let before = story.process(&late.id).await;

    let first = story.claim(at(40)).await;
    assert_eq!(first.claim.process, early.id);
    assert_eq!(first.process.ahead, None, "a running one waits for nothing");
    // Martin's customer has one running now, so what else it waits for goes last.
    let waiting = order[1..].iter().cloned().zip([0, 2, 1].map(Some));
    assert_eq!(
        ahead().await,
        std::iter::once((early.id.clone(), None))
            .chain(waiting)
            .collect::<Vec<_>>()
    );
    let after = story.process(&late.id).await;
    assert!(
        after.revision > before.revision,
        "a queue that moved gives a younger snapshot"
    );

    let second = story.claim(at(41)).await;
    assert_eq!(second.claim.process, middle.id);
    assert_eq!(
        story.process(&late.id).await.ahead,
        Some(2),
        "the queued one before it, and the running one of its site"
    );
    let only = story
        .store
        .active(Some(&[id("dupont")]))
        .await
        .expect("the store works");
    assert_eq!(
        only.into_iter().map(|process| process.id).collect::<Vec<_>>(),
        [middle.id, late.id]
    );
    assert!(story.store.active(Some(&[])).await.expect("the store works").is_empty());
}

/// The worker that was silent comes back and finds every door closed.
pub async fn an_expired_lease_is_taken_over_and_the_old_claim_is_fenced_everywhere(story: Story) {
    let kept = story.manual_backup("dupont", at(0)).await;
    for restoring in [false, true] {
        let start = if restoring { 1_000 } else { 100 };
        let queued = if restoring {
            story.queue_restore("dupont", &kept, at(start)).await
        } else {
            story.queue_manual("dupont", at(start)).await
        };
        let old = story.claim(at(start)).await;
        let t0 = at(start + 1);
        story
            .store
            .report(&old.claim, progress(60), Some(t0), at(start + 2))
            .await
            .expect("the claim is held");
        assert!(
            story.look(at(start + LEASE_SECS - 1), MANY).await.is_none(),
            "the lease still holds"
        );

        let new = story.claim(at(start + LEASE_SECS)).await;
        assert_eq!(
            new.claim,
            Claim {
                process: queued.id.clone(),
                attempt: 2
            }
        );
        assert_eq!(new.process.t0, None, "each attempt fixes its own T0");
        let started_at = at(start + LEASE_SECS);
        assert_eq!(
            new.process.state,
            ProcessState::Running {
                started_at,
                progress: Progress::start()
            }
        );

        let before = story.process(&queued.id).await;
        let now = at(start + LEASE_SECS + 1);
        let kind = if restoring {
            BackupKind::Safety
        } else {
            BackupKind::Manual
        };
        let backup = backup_by(&old.process, kind, t0);
        fenced(story.store.heartbeat(&old.claim, at(start + 999)).await);
        fenced(story.store.report(&old.claim, progress(70), None, now).await);
        fenced(story.store.complete_backup(&old.claim, &backup, now).await);
        fenced(story.store.record_safety(&old.claim, &backup, now).await);
        fenced(story.store.decide_restore(&old.claim).await);
        fenced(story.store.complete_restore(&old.claim, now).await);
        fenced(story.store.fail(&old.claim, &failure(), now).await);
        assert_eq!(story.process(&queued.id).await, before, "and nothing was changed");
        assert_eq!(story.store.backup(&backup.id).await.expect("the store works"), None);
        story.fail(&new.claim, now).await;
    }
    let unknown = Claim {
        process: id("nobody"),
        attempt: 1,
    };
    fenced(story.store.heartbeat(&unknown, at(9_999)).await);
}

/// Ended is ended, for its worker and for everybody else.
pub async fn an_ended_process_accepts_nothing_more(story: Story) {
    story.queue_manual("dupont", at(0)).await;
    let claimed = story.claim(at(1)).await;
    let backup = story.complete(&claimed, at(3)).await;
    let ended = story.process(&backup.process).await;
    assert_eq!(
        ended.state,
        ProcessState::Completed {
            started_at: at(1),
            ended_at: at(33)
        }
    );
    assert_eq!(
        (ended.state.percent(), ended.t0, ended.backup.clone()),
        (100, Some(at(3)), Some(backup.id.clone()))
    );
    fenced(story.store.heartbeat(&claimed.claim, at(99)).await);
    fenced(story.store.complete_backup(&claimed.claim, &backup, at(99)).await);
    fenced(story.store.fail(&claimed.claim, &failure(), at(99)).await);
    assert_eq!(
        refusal(story.store.cancel(&backup.process, "Paul", at(99)).await),
        Refusal::TooLate
    );
    assert!(story.look(at(9_999), MANY).await.is_none());
    assert_eq!(story.process(&backup.process).await, ended);

    let queued = story.queue_manual("dupont", at(100)).await;
    let cancelled = story
        .store
        .cancel(&queued.id, "Paul", at(101))
        .await
        .expect("it is queued");
    assert_eq!(
        cancelled.state,
        ProcessState::Cancelled {
            ended_at: at(101),
            percent: 0,
            by: "Paul".to_owned()
        }
    );
    assert!(story.look(at(9_999), MANY).await.is_none());
    let history = story.store.ended(&[id("dupont")], 9).await.expect("the store works");
    assert_eq!(
        history.into_iter().map(|process| process.id).collect::<Vec<_>>(),
        [queued.id.clone(), backup.process]
    );
    let youngest = story.store.ended(&[id("dupont")], 1).await.expect("the store works");
    assert_eq!(
        youngest.into_iter().map(|process| process.id).collect::<Vec<_>>(),
        [queued.id]
    );
    assert!(
        story
            .store
            .ended(&[id("martin")], 9)
            .await
            .expect("the store works")
            .is_empty()
    );
}

/// A backup that takes the server down with it does not do so for ever, and others get their turn in the same look.
pub async fn a_backup_interrupted_too_often_fails_with_its_cause(story: Story) {
    let doomed = story.queue_manual("arnaud", at(0)).await;
    let next = story.queue_manual("arnaud", at(1)).await;
    let mut now = 10;
    for attempt in 1..=MAX_ATTEMPTS {
        let claimed = story.claim(at(now)).await;
        assert_eq!(
            claimed.claim,
            Claim {
                process: doomed.id.clone(),
                attempt
            }
        );
        story
            .store
            .report(&claimed.claim, progress(40), None, at(now + 1))
            .await
            .expect("the claim is held");
        now += LEASE_SECS;
    }
    assert_eq!(
        story.claim(at(now)).await.claim.process,
        next.id,
        "the next candidate is taken"
    );
    let failed = story.process(&doomed.id).await;
    let ProcessState::Failed {
        ended_at,
        percent,
        failure: Failure { cause, reference, .. },
    } = failed.state
    else {
        panic!("{failed:?}")
    };
    assert_eq!((ended_at, percent, cause), (at(now), 40, Cause::Interrupted));
    assert!(!reference.is_empty());
    assert_eq!(story.meter("arnaud").await, (0, 1, 2), "its slot is free");
}

/// Lower percentages are ignored within an attempt, and 100 is for Completed alone.
pub async fn a_percentage_never_goes_back_within_an_attempt(story: Story) {
    let process = story.queue_manual("dupont", at(0)).await;
    let mut claimed = story.claim(at(0)).await;
    let mut revision = claimed.process.revision;
    for (now, reported, shown) in [
        (1, 30, 30),
        (2, 10, 30),
        (3, 30, 30),
        (4, 64, 64),
        (5, 255, 99),
        (6, 0, 99),
    ] {
        let told = Progress {
            stage: Stage::Verify,
            ..progress(reported)
        };
        let after = story
            .store
            .report(&claimed.claim, told, None, at(now))
            .await
            .expect("the claim is held");
        assert!(after.revision > revision, "every report is a younger snapshot");
        revision = after.revision;
        let progress = Progress { percent: shown, ..told };
        assert_eq!(
            after.state,
            ProcessState::Running {
                started_at: at(0),
                progress
            }
        );
        assert_eq!(after, story.process(&process.id).await);
        assert_eq!(after.updated_at, at(now));
    }
    claimed = story.claim(at(LEASE_SECS)).await;
    assert_eq!(claimed.process.state.percent(), 0, "a new attempt starts anew");
    assert!(claimed.process.revision > revision);
    let t0 = Some(at(LEASE_SECS + 1));
    story
        .store
        .report(&claimed.claim, progress(5), t0, at(LEASE_SECS + 1))
        .await
        .expect("the claim is held");
    let after = story
        .store
        .report(&claimed.claim, progress(6), None, at(LEASE_SECS + 2))
        .await
        .expect("held");
    assert_eq!(after.t0, t0, "T0 stays once told");
    let failed = story.fail(&claimed.claim, at(LEASE_SECS + 3)).await;
    let ended_at = at(LEASE_SECS + 3);
    assert_eq!(
        failed.state,
        ProcessState::Failed {
            ended_at,
            percent: 6,
            failure: failure()
        }
    );
}

/// Whoever says in time that it is alive keeps its work.
pub async fn a_heartbeat_keeps_the_process(story: Story) {
    let process = story.queue_manual("dupont", at(0)).await;
    let claimed = story.claim(at(0)).await;
    for now in [10, 20, 30] {
        story
            .store
            .heartbeat(&claimed.claim, at(now + LEASE_SECS))
            .await
            .expect("the claim is held");
        assert!(story.look(at(now + LEASE_SECS - 1), MANY).await.is_none());
    }
    assert_eq!(
        story.process(&process.id).await,
        claimed.process,
        "a heartbeat is no change that people see"
    );
    assert_eq!(story.claim(at(30 + LEASE_SECS)).await.claim.attempt, 2);
}

/// Nobody is alive, so nobody needs to be waited for; the leases given afterwards hold again.
pub async fn a_server_that_starts_alone_takes_over_at_once(story: Story) {
    assert_eq!(story.store.end_leases().await.expect("the store works"), 0);
    let first = story.queue_manual("dupont", at(0)).await;
    let second = story.queue_manual("martin", at(1)).await;
    let waiting = story.queue_manual("dupont", at(2)).await;
    for _ in 0..2 {
        story.claim(at(3)).await;
    }
    assert!(story.look(at(3), MANY).await.is_none());
    assert_eq!(story.store.end_leases().await.expect("the store works"), 2);
    for process in [first, second] {
        assert_eq!(
            story.claim(at(3)).await.claim,
            Claim {
                process: process.id,
                attempt: 2
            }
        );
    }
    assert!(story.look(at(3), MANY).await.is_none());
    assert_eq!(story.process(&waiting.id).await.state, ProcessState::Queued);
}

/// A worker that mixes things up is told so, and nothing is half-recorded.
pub async fn a_backup_of_another_kind_site_or_process_is_not_recorded(story: Story) {
    let process = story.queue_manual("dupont", at(0)).await;
    let claimed = story.claim(at(1)).await;
    let sound = backup_by(&claimed.process, BackupKind::Manual, at(2));
    let mut empty = sound.clone();
    empty.artifacts.clear();
    let mut twice = sound.clone();
    twice.artifacts.push(twice.artifacts[0].clone());
    let mut foreign = sound.clone();
    foreign.site = id("martin");
    let mut stolen = sound.clone();
    stolen.process = id("p-9999");
    let mut automatic = sound.clone();
    automatic.kind = BackupKind::Automatic;
    let mut unknown = sound.clone();
    unknown.artifacts[0].database = id("nowhere");
    for wrong in [empty, twice, foreign, stolen, automatic, unknown] {
        broken(story.store.complete_backup(&claimed.claim, &wrong, at(3)).await);
        assert_eq!(story.process(&process.id).await, claimed.process);
        assert!(story.backups(&id("dupont")).await.is_empty());
    }
    broken(story.store.decide_restore(&claimed.claim).await);
    broken(story.store.complete_restore(&claimed.claim, at(3)).await);
    let safety = backup_by(&claimed.process, BackupKind::Safety, at(2));
    broken(story.store.record_safety(&claimed.claim, &safety, at(3)).await);
    story
        .store
        .complete_backup(&claimed.claim, &sound, at(3))
        .await
        .expect("the sound one is");

    let again = story.new_manual("dupont", at(10));
    story.store.queue_backup(&again).await.expect("a slot is free");
    broken(story.store.queue_backup(&again).await);
    assert_eq!(
        story.meter("dupont").await,
        (1, 1, 5),
        "an id twice takes no second slot"
    );
}

/// Nobody waits for a night: it goes after everything else that is queued, and its place is told so. One that was
/// interrupted goes on before anything new begins, like all work.
pub async fn nights_yield_to_what_a_person_asked_for(story: Story) {
    let business_date = november(23);
    let mut nights = Vec::new();
    for (n, site) in ["dupont", "arnaud"].into_iter().enumerate() {
        let when = at(i64::try_from(n).expect("there are two"));
        let new = story.new_process(site, ProcessKind::NightlyBackup { business_date }, when);
        nights.push(
            story
                .store
                .queue_backup(&new)
                .await
                .expect("the night is to be made")
                .id,
        );
    }
    let by_hand = story.queue_manual("dupont", at(10)).await;
    let ahead = async |process: &ProcessId| story.process(process).await.ahead;
    assert_eq!(ahead(&by_hand.id).await, Some(0));
    assert_eq!(
        (ahead(&nights[0]).await, ahead(&nights[1]).await),
        (Some(2), Some(1)),
        "by then the first one's customer has been served"
    );

    assert_eq!(story.claim(at(20)).await.claim.process, by_hand.id);
    let night = story.claim(at(20)).await;
    assert_eq!(night.claim.process, nights[1], "the first one's site is busy");
    let later = story.queue_manual("martin", at(21)).await;
    for interrupted in [&nights[1], &by_hand.id] {
        let again = story.claim(at(20 + LEASE_SECS)).await;
        assert_eq!((&again.claim.process, again.claim.attempt), (interrupted, 2));
    }
    assert_eq!(story.claim(at(20 + LEASE_SECS)).await.claim.process, later.id);
    assert!(
        story.look(at(21 + LEASE_SECS), MANY).await.is_none(),
        "and the first night waits for its site"
    );
}

/// Whoever watches the server asks for sums: they grow by what ends, by its kind and the class of its duration, and removing
/// a backup later takes nothing off them.
pub async fn what_ends_is_counted_and_stays_counted(story: Story) {
    let store = &story.store;
    assert_eq!(store.tally().await.expect("the store works"), Tally::default());
    // Completed after 30 s (twice), failed, cancelled.
    let first = story.manual_backup("dupont", at(0)).await;
    let second = story.manual_backup("martin", at(1)).await;
    story.queue_manual("dupont", at(2)).await;
    story.fail(&story.claim(at(2)).await.claim, at(3)).await;
    let waiting = story.queue_manual("dupont", at(4)).await;
    let cancelled = store.cancel(&waiting.id, "Paul", at(5)).await;
    cancelled.expect("it is queued");
    story.queue_manual("arnaud", at(6)).await;
    story.claim(at(6)).await;

    let class = duration_class(Duration::from_secs(30));
    let mut durations = [0; DURATION_BOUNDS_SECS.len() + 1];
    durations[class] = 2;
    let ended = |state, count, durations, took| Ended {
        kind: "manual".to_owned(),
        state,
        count,
        durations,
        took: Duration::from_secs(took),
    };
    let none = Default::default();
    let expected = Tally {
        ended: vec![
            ended(StateName::Cancelled, 1, none, 0),
            ended(StateName::Completed, 2, durations, 60),
            ended(StateName::Failed, 1, none, 0),
        ],
        stored: vec![Stored {
            kind: BackupKind::Manual,
            count: 2,
            bytes: first.bytes() + second.bytes(),
        }],
    };
    assert_eq!(store.tally().await.expect("the store works"), expected);

    let deletion = Deletion {
        by: "Paul".to_owned(),
        at: at(7),
        until: at(8),
    };
    let deleted = store.delete_backup(&first.id, &deletion).await;
    deleted.expect("it is a manual one");
    let expiry = story.new_process("dupont", ProcessKind::Expiry, at(9));
    store.queue_expiry(&expiry).await.expect("the site exists");
    let claim = story.claim(at(9)).await.claim;
    let begun = store.begin_expiry(&claim, at(9)).await.expect("the claim is held");
    assert_eq!(begun.leaving.len(), 1);
    let removed = store.remove_backup(&claim, &first.id).await;
    removed.expect("it is marked");
    assert_eq!(store.tally().await.expect("the store works"), expected);
}

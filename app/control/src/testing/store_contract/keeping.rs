//! Which backups are kept: nights kept among the manual ones, manual ones deleted and put back
//! (R9, R10, R18). Races are run several times; [`ROUNDS`] asks for more.

#![allow(clippy::unwrap_used, reason = "a story stops at the first thing that is not as told")]

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::time::Duration;

use domain::backup::{Backup, BackupKind, Deletion, Promotion};
use domain::ids::BackupId;
use domain::process::{Process, ProcessKind};
use domain::refusal::{OldestManual, Refusal};
use domain::time::{CivilDate, Timestamp};
use tokio::task::JoinSet;

use super::packages::{complete, database_of, export_of};
use super::story::{Story, at, backup_by, id, november, refusal};
use crate::ports::control_store::StoreError;

/// The variable of the environment that says how often a race is run.
pub const ROUNDS: &str = "COFFRE_RACE_ROUNDS";

/// Enough to see a store that decides in two steps fail most of the time, few enough for every day.
const FEW: u32 = 6;

/// Rounds on one store: the more it remembers, the longer its audit takes.
const ON_ONE_STORE: u32 = 100;

fn wanted() -> u32 {
    let asked = std::env::var(ROUNDS).ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(FEW)
}

/// Rounds of a race on one store.
pub(super) fn rounds() -> u32 {
    wanted().min(ON_ONE_STORE)
}

/// How many stores a story is told to, so that all rounds are run.
#[must_use]
pub fn lives() -> u32 {
    wanted().div_ceil(ON_ONE_STORE)
}

pub(super) fn kept_by_claire(at: Timestamp) -> Promotion {
    Promotion {
        at,
        by: "Claire".to_owned(),
    }
}

/// For a hundred seconds.
pub(super) fn deleted_by_claire(at: Timestamp) -> Deletion {
    Deletion {
        at,
        by: "Claire".to_owned(),
        until: at.plus(Duration::from_secs(100)),
    }
}

/// The backup of a night, from its queue to its end.
pub(super) async fn night(story: &Story, site: &str, day: u8, when: Timestamp) -> Backup {
    night_of(story, site, november(day), when).await
}

/// The same of any date.
pub(super) async fn night_of(story: &Story, site: &str, business_date: CivilDate, when: Timestamp) -> Backup {
    let kind = ProcessKind::NightlyBackup { business_date };
    let new = story.new_process(site, kind, when);
    story.store.queue_backup(&new).await.unwrap();
    story.complete(&story.claim(when).await, when).await
}

pub(super) async fn promote(story: &Story, backup: &Backup, when: Timestamp) -> Result<Backup, StoreError> {
    story.store.promote(&backup.id, &kept_by_claire(when)).await
}

pub(super) async fn delete(story: &Story, backup: &Backup, when: Timestamp) {
    let deletion = deleted_by_claire(when);
    let binned = story.store.delete_backup(&backup.id, &deletion).await.unwrap();
    assert_eq!((&binned.backup, binned.deletion), (backup, deletion));
}

pub(super) async fn is_listed(story: &Story, backup: &Backup) -> bool {
    let one = story.store.backup(&backup.id).await.unwrap().is_some();
    assert_eq!(one, story.backups(&backup.site).await.contains(&backup.id));
    one
}

/// What a click on the last slot won.
enum Won {
    Process(Box<Process>),
    Night(BackupId),
}

/// At 4 of 5, fifty browsers click at the same moment: half of them back up, half of them keep a night each. Whatever wins gives its
/// slot back in one of the ways there are, and they click again.
pub async fn fifty_backups_and_promotions_at_once_on_the_last_slot_leave_exactly_five(story: Story) {
    let mut nights = Vec::new();
    for day in 1..=25 {
        nights.push(night(&story, "dupont", day, at(i64::from(day) * 10)).await.id);
    }
    for n in 0..4 {
        story.manual_backup("dupont", at(1_000 + n * 100)).await;
    }
    let mut won = [0_u32; 2];
    for round in 0..rounds() {
        let now = at(2_000 + i64::from(round) * 10);
        let mut clicks = JoinSet::new();
        for night in nights.clone() {
            let (one, other) = (story.clone(), story.clone());
            let back_up = async move {
                let queued = one.store.queue_backup(&one.new_manual("dupont", now)).await;
                queued.map(|process| Won::Process(Box::new(process)))
            };
            let keep = async move {
                let kept = other.store.promote(&night, &kept_by_claire(now)).await;
                kept.map(|night| Won::Night(night.id))
            };
            // Whoever comes first usually wins: they take turns.
            if round % 2 == 0 {
                clicks.spawn(back_up);
                clicks.spawn(keep);
            } else {
                clicks.spawn(keep);
                clicks.spawn(back_up);
            }
        }
        let (winners, refused): (Vec<_>, Vec<_>) = clicks.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((winners.len(), refused.len()), (1, 49), "round {round}");
        for answer in refused {
            let Err(StoreError::Refused(Refusal::QuotaReached {
                kept, reserved, quota, ..
            })) = answer
            else {
                panic!("round {round}: a typed refusal was expected");
            };
            assert_eq!((kept + reserved, quota), (5, 5));
        }
        let (kept, reserved, quota) = story.meter("dupont").await;
        assert_eq!((kept + reserved, quota), (5, 5), "round {round}");
        for winner in winners {
            match winner.unwrap() {
                Won::Process(process) => {
                    won[0] += 1;
                    give_back(&story, &process, round, now).await;
                }
                Won::Night(night) => {
                    won[1] += 1;
                    story.store.demote(&night).await.unwrap();
                }
            }
        }
        assert_eq!(story.meter("dupont").await, (4, 0, 5), "round {round}");
    }
    eprintln!("{} rounds: {} backups and {} promotions won", rounds(), won[0], won[1]);
}

/// Cancelled, failed, or completed and deleted.
async fn give_back(story: &Story, process: &Process, round: u32, now: Timestamp) {
    match round / 2 % 3 {
        0 => {
            story.store.cancel(&process.id, "Paul", now).await.unwrap();
        }
        1 => {
            story.fail(&story.claim(now).await.claim, now).await;
        }
        _ => {
            let made = story.complete(&story.claim(now).await, now).await;
            delete(story, &made, now).await;
        }
    }
}

/// R18: the same data, the same hash; only where it stands and what it counts for changes.
pub async fn a_kept_night_takes_a_slot_and_keeps_its_content(story: Story) {
    let made = night(&story, "arnaud", 3, at(0)).await;
    assert_eq!(story.meter("arnaud").await, (0, 0, 2));
    let kept = promote(&story, &made, at(50)).await.unwrap();
    let wanted = Backup {
        promotion: Some(kept_by_claire(at(50))),
        ..made.clone()
    };
    assert_eq!(kept, wanted);
    assert_eq!(story.store.backup(&made.id).await.unwrap(), Some(kept.clone()));
    assert_eq!(story.meter("arnaud").await, (1, 0, 2));
    story.queue_manual("arnaud", at(60)).await;
    // The oldest is a night: the refusal says which, because it is not deleted.
    let full = refusal(story.store.queue_backup(&story.new_manual("arnaud", at(61))).await);
    let wanted = Refusal::QuotaReached {
        kept: 1,
        reserved: 1,
        quota: 2,
        oldest: Some(OldestManual::new(at(0), 700, Some(november(3)))),
    };
    assert_eq!(full, wanted);
    assert_eq!(story.store.demote(&made.id).await.unwrap(), made);
    assert_eq!(story.store.backups(&id("arnaud")).await.unwrap(), [made]);
    assert_eq!(story.meter("arnaud").await, (0, 1, 2));
}

/// R10: it is out of everybody's way at once, and whole in the bin.
pub async fn a_deleted_backup_frees_its_slot_and_is_nowhere_but_in_the_bin(story: Story) {
    let first = story.manual_backup("dupont", at(0)).await;
    let second = story.manual_backup("dupont", at(100)).await;
    delete(&story, &second, at(200)).await;
    assert_eq!(story.meter("dupont").await, (1, 0, 5));
    assert_eq!(story.store.backups(&first.site).await.unwrap(), from_ref(&first));
    assert_eq!(story.store.last_backup(&first.site).await.unwrap(), Some(first.clone()));
    assert_eq!(story.store.backup(&second.id).await.unwrap(), None);
    let restore = story.new_restore("dupont", &second, domain::restore::Scope::Site, at(201));
    assert_eq!(refusal(story.store.queue_restore(&restore).await), Refusal::NotFound);
    let export = story.store.queue_export(&export_of(&story, &second, 0, at(202))).await;
    assert_eq!(refusal(export), Refusal::NotFound);
    let bin = story.store.bin(&first.site, at(299)).await.unwrap();
    assert_eq!(bin.len(), 1);
    assert_eq!(
        (&bin[0].backup, &bin[0].deletion),
        (&second, &deleted_by_claire(at(200)))
    );
    assert_eq!(
        story.store.binned(&second.id, at(299)).await.unwrap(),
        bin.first().cloned()
    );
    assert!(story.store.bin(&id("martin"), at(201)).await.unwrap().is_empty());
    assert_eq!(
        story.process(&second.process).await.backup,
        Some(second.id),
        "the process remembers what it made"
    );
}

/// By these an attempt knows which snapshots lack a row: deleted or marked, one is not gone yet.
pub async fn every_snapshot_that_a_row_names_is_told(story: Story) {
    let listed = story.manual_backup("dupont", at(0)).await;
    let deleted = story.manual_backup("dupont", at(10)).await;
    let neighbours = story.manual_backup("martin", at(20)).await;
    delete(&story, &deleted, at(30)).await;
    let named = async |customer| story.store.snapshots(&id(customer)).await.unwrap();
    let both = BTreeSet::from([listed.snapshot.clone(), deleted.snapshot.clone()]);
    assert_eq!(both.len(), 2);
    assert_eq!(named("dupont-sa").await, both);
    let over = at(130);
    let expiry = story.new_process("dupont", ProcessKind::Expiry, over);
    story.store.queue_expiry(&expiry).await.unwrap();
    let claim = story.claim(over).await.claim;
    assert_eq!(story.store.begin_expiry(&claim, over).await.unwrap().leaving.len(), 1);
    assert_eq!(named("dupont-sa").await, both, "marked, it is not gone");
    story.store.remove_backup(&claim, &deleted.id).await.unwrap();
    assert_eq!(named("dupont-sa").await, BTreeSet::from([listed.snapshot]));
    assert_eq!(named("martin-sarl").await, BTreeSet::from([neighbours.snapshot]));
    assert!(named("nobody").await.is_empty());
}

/// Every fact comes back, and the slot is asked for again.
pub async fn put_back_it_is_as_before_if_a_slot_is_free(story: Story) {
    let first = story.manual_backup("arnaud", at(0)).await;
    delete(&story, &first, at(100)).await;
    assert_eq!(story.store.put_back(&first.id, at(150)).await.unwrap(), first);
    assert_eq!(story.store.backups(&first.site).await.unwrap(), from_ref(&first));
    assert!(story.store.bin(&first.site, at(150)).await.unwrap().is_empty());
    assert_eq!(story.meter("arnaud").await, (1, 0, 2));
    delete(&story, &first, at(160)).await;
    story.manual_backup("arnaud", at(170)).await;
    story.queue_manual("arnaud", at(180)).await;
    let full = refusal(story.store.put_back(&first.id, at(190)).await);
    let wanted = Refusal::QuotaReached {
        kept: 1,
        reserved: 1,
        quota: 2,
        oldest: Some(OldestManual::new(at(170), 700, None)),
    };
    assert_eq!(full, wanted);
    assert!(
        story.store.binned(&first.id, at(190)).await.unwrap().is_some(),
        "it is still in the bin"
    );
}

/// A kept night is no longer kept, rather than deleted: the policy may want it still.
pub async fn only_manual_ones_are_deleted_and_only_nights_are_kept(story: Story) {
    let manual = story.manual_backup("dupont", at(0)).await;
    let automatic = night(&story, "dupont", 3, at(100)).await;
    story.queue_restore("dupont", &manual, at(200)).await;
    let claimed = story.claim(at(201)).await;
    let safety = backup_by(&claimed.process, BackupKind::Safety, at(202));
    story
        .store
        .record_safety(&claimed.claim, &safety, at(203))
        .await
        .unwrap();
    for backup in [&automatic, &safety] {
        let answer = story.store.delete_backup(&backup.id, &deleted_by_claire(at(210))).await;
        assert_eq!(refusal(answer), Refusal::NotManual);
    }
    promote(&story, &automatic, at(220)).await.unwrap();
    let answer = story
        .store
        .delete_backup(&automatic.id, &deleted_by_claire(at(221)))
        .await;
    assert_eq!(refusal(answer), Refusal::NotManual);
    for backup in [&manual, &safety] {
        assert_eq!(refusal(promote(&story, backup, at(230)).await), Refusal::NotAutomatic);
        assert_eq!(refusal(story.store.demote(&backup.id).await), Refusal::NotAutomatic);
    }
    let nothing: BackupId = id("nothing");
    let store = &story.store;
    assert_eq!(
        refusal(store.promote(&nothing, &kept_by_claire(at(240))).await),
        Refusal::NotFound
    );
    assert_eq!(refusal(store.demote(&nothing).await), Refusal::NotFound);
    let answer = store.delete_backup(&nothing, &deleted_by_claire(at(240))).await;
    assert_eq!(refusal(answer), Refusal::NotFound);
    assert_eq!(refusal(store.put_back(&nothing, at(240)).await), Refusal::NotFound);
    assert_eq!(story.meter("dupont").await, (2, 0, 5));
}

/// A double click, two tabs, a form sent again.
pub async fn the_same_click_twice_changes_nothing_more(story: Story) {
    let made = night(&story, "dupont", 3, at(0)).await;
    let kept = promote(&story, &made, at(50)).await.unwrap();
    assert_eq!(
        promote(&story, &made, at(60)).await.unwrap(),
        kept,
        "the first promotion stands"
    );
    assert_eq!(story.meter("dupont").await.0, 1);
    for _ in 0..2 {
        assert_eq!(story.store.demote(&made.id).await.unwrap(), made);
    }
    let manual = story.manual_backup("dupont", at(100)).await;
    delete(&story, &manual, at(200)).await;
    let again = story
        .store
        .delete_backup(&manual.id, &deleted_by_claire(at(250)))
        .await
        .unwrap();
    assert_eq!(again.deletion, deleted_by_claire(at(200)), "the first deletion stands");
    for _ in 0..2 {
        assert_eq!(story.store.put_back(&manual.id, at(299)).await.unwrap(), manual);
    }
    assert_eq!(story.meter("dupont").await, (1, 0, 5));
}

/// Queued or running, a restore or an export: it must find what it was promised.
pub async fn a_backup_in_use_is_not_deleted(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    let refused = async |when| {
        let answer = story.store.delete_backup(&backup.id, &deleted_by_claire(when)).await;
        assert_eq!(refusal(answer), Refusal::BackupInUse);
    };
    story
        .store
        .queue_export(&export_of(&story, &backup, 0, at(60)))
        .await
        .unwrap();
    refused(at(61)).await;
    let export = story.claim(at(62)).await;
    refused(at(63)).await;
    complete(&story, &export, at(70)).await;
    story.queue_restore("dupont", &backup, at(80)).await;
    refused(at(81)).await;
    let restore = story.claim(at(82)).await;
    refused(at(83)).await;
    story.fail(&restore.claim, at(84)).await;
    // What is over uses nothing any more.
    delete(&story, &backup, at(90)).await;
    assert!(
        story
            .store
            .export(&backup.id, &database_of(&backup, 0))
            .await
            .unwrap()
            .is_some()
    );
}

/// Whoever is last, the slot and the mark agree.
pub async fn keeping_and_no_longer_keeping_at_once_leave_one_of_the_two(story: Story) {
    let made = night(&story, "dupont", 3, at(0)).await;
    for round in 0..rounds() {
        let mut clicks = JoinSet::new();
        for click in 0..16 {
            let (story, made) = (story.clone(), made.clone());
            clicks.spawn(async move {
                match (click + round) % 2 {
                    0 => promote(&story, &made, at(100)).await,
                    _ => story.store.demote(&made.id).await,
                }
            });
        }
        for answer in clicks.join_all().await {
            let kept = answer.unwrap();
            assert_eq!(kept.artifacts, made.artifacts);
        }
        let now = story.store.backup(&made.id).await.unwrap().unwrap();
        assert_eq!(story.meter("dupont").await.0, u32::from(now.promotion.is_some()));
    }
}

/// A restore that has begun finds its backup; a deleted one is restored by nobody.
pub async fn deleting_and_restoring_at_once_leave_one_of_the_two(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    for round in 0..rounds() {
        let now = at(100 + i64::from(round));
        let new = story.new_restore("dupont", &backup, domain::restore::Scope::Site, now);
        let deletion = deleted_by_claire(now);
        let (one, other, id) = (story.store.clone(), story.store.clone(), backup.id.clone());
        let (queued, deleted) = tokio::join!(
            spawned(round, async move { one.queue_restore(&new).await }),
            spawned(round + 1, async move { other.delete_backup(&id, &deletion).await }),
        );
        decided(&story, &backup, queued, deleted.map(|_| ()), now).await;
    }
}

/// The same for the making of a BACPAC.
pub async fn deleting_and_exporting_at_once_leave_one_of_the_two(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    for round in 0..rounds() {
        let now = at(100 + i64::from(round));
        let new = export_of(&story, &backup, 0, now);
        let deletion = deleted_by_claire(now);
        let (one, other, id) = (story.store.clone(), story.store.clone(), backup.id.clone());
        let (queued, deleted) = tokio::join!(
            spawned(round, async move { one.queue_export(&new).await }),
            spawned(round + 1, async move { other.delete_backup(&id, &deletion).await }),
        );
        decided(&story, &backup, queued, deleted.map(|_| ()), now).await;
    }
}

/// On a thread of its own, one of the two a little later.
pub(super) async fn spawned<T: Send + 'static>(
    turn: u32,
    act: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let task = tokio::spawn(async move {
        if turn.is_multiple_of(2) {
            tokio::task::yield_now().await;
        }
        act.await
    });
    task.await.unwrap()
}

/// Exactly one has won, and the world says so; then all is as before.
async fn decided(
    story: &Story,
    backup: &Backup,
    queued: Result<Process, StoreError>,
    deleted: Result<(), StoreError>,
    now: Timestamp,
) {
    match (queued, deleted) {
        (Ok(process), Err(StoreError::Refused(no))) => {
            assert_eq!(no, Refusal::BackupInUse);
            assert!(is_listed(story, backup).await);
            story.store.cancel(&process.id, "Paul", now).await.unwrap();
        }
        (Err(StoreError::Refused(no)), Ok(())) => {
            assert_eq!(no, Refusal::NotFound);
            assert!(!is_listed(story, backup).await);
            story.store.put_back(&backup.id, now).await.unwrap();
        }
        other => panic!("one of the two, not {other:?}"),
    }
    assert_eq!(story.meter("dupont").await, (1, 0, 5));
    assert!(story.store.active(None).await.unwrap().is_empty());
}

/// Both want the same slot.
pub async fn putting_back_and_backing_up_at_once_share_the_last_slot(story: Story) {
    let first = story.manual_backup("arnaud", at(0)).await;
    story.manual_backup("arnaud", at(50)).await;
    for round in 0..rounds() {
        let now = at(100 + i64::from(round));
        delete(&story, &first, now).await;
        let new = story.new_manual("arnaud", now);
        let (one, other, id) = (story.store.clone(), story.store.clone(), first.id.clone());
        let (queued, back) = tokio::join!(
            spawned(round, async move { one.queue_backup(&new).await }),
            spawned(round + 1, async move { other.put_back(&id, now).await }),
        );
        let (kept, reserved, _) = story.meter("arnaud").await;
        assert_eq!(kept + reserved, 2);
        match (queued, back) {
            (Ok(process), Err(StoreError::Refused(Refusal::QuotaReached { .. }))) => {
                assert!(!is_listed(&story, &first).await);
                story.store.cancel(&process.id, "Paul", now).await.unwrap();
                story.store.put_back(&first.id, now).await.unwrap();
            }
            (Err(StoreError::Refused(Refusal::QuotaReached { .. })), Ok(_)) => assert!(is_listed(&story, &first).await),
            other => panic!("one of the two, not {other:?}"),
        }
    }
}

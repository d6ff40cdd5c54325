//! What leaves for good: by the policy (R12) or out of the bin (R10), never under anybody's hands, and found again after
//! every interruption. Races are run as often as those of [`super::keeping`].

#![allow(clippy::unwrap_used, reason = "a story stops at the first thing that is not as told")]

use std::time::Duration;

use domain::backup::{Backup, BackupKind};
use domain::bacpac::Told;
use domain::expiry::{ExpiryLog, Leaving, Space, Why};
use domain::ids::{BackupId, ReadingId, SiteId};
use domain::limits::EXPIRY_RETRY;
use domain::process::{ProcessKind, StateName};
use domain::refusal::Refusal;
use domain::restore::Scope;
use domain::retention::{Expire, Policy, Terms};
use domain::time::Timestamp;

use super::keeping::{delete, deleted_by_claire, is_listed, kept_by_claire, night, night_of, promote, rounds, spawned};
use super::packages::{complete, database_of, export_of};
use super::story::{LEASE_SECS, MANY, Story, at, backup_by, broken, fenced, id, november, refusal};
use crate::ports::control_store::{Claim, Claimed, Expiring, StoreError};
use crate::ports::repository::SealedKey;

const BY_DAYS: Why = Why::Policy(Expire::OlderThanDays { days: 1 });

/// From now on the site keeps its last night, and copies before restores for a day.
async fn keep_one_night(story: &Story, site: &str) {
    let terms = Terms {
        days: 1,
        months: 0,
        years: 0,
        safety_days: 1,
    };
    let policy = Policy::new(terms).unwrap();
    story.store.set_policy(&id(site), policy).await.unwrap();
}

async fn due(story: &Story, now: Timestamp) -> Vec<SiteId> {
    let all = story.store.expiry_due(None, now).await.unwrap();
    for site in ["arnaud", "dupont", "martin"] {
        let one = story.store.expiry_due(Some(&id(site)), now).await.unwrap();
        if one == [id(site)] {
            continue;
        }
        assert!(one.is_empty() && !all.contains(&id(site)), "{site} alone and among all");
    }
    all
}

async fn queue(story: &Story, site: &str, now: Timestamp) -> domain::process::Process {
    let new = story.new_process(site, ProcessKind::Expiry, now);
    story.store.queue_expiry(&new).await.unwrap()
}

/// Queued and handed out.
async fn start(story: &Story, site: &str, now: Timestamp) -> Claimed {
    let queued = queue(story, site, now).await;
    let claimed = story.claim(now).await;
    assert_eq!(claimed.process.id, queued.id);
    claimed
}

async fn begin(story: &Story, claim: &Claim, now: Timestamp) -> Vec<(BackupId, Why)> {
    let Expiring { leaving, .. } = story.store.begin_expiry(claim, now).await.unwrap();
    let told = |Leaving { backup, why }: Leaving| (backup.id, why);
    leaving.into_iter().map(told).collect()
}

/// Removes everything that is marked, and completes.
async fn finish(story: &Story, claim: &Claim, now: Timestamp) -> Vec<(BackupId, Why)> {
    let Expiring { leaving, frees } = story.store.begin_expiry(claim, now).await.unwrap();
    let mut log = ExpiryLog::default();
    log.add(&leaving);
    for leaving in &leaving {
        story.store.remove_backup(claim, &leaving.backup.id).await.unwrap();
    }
    log.space = frees.then(Space::default);
    let process = story.store.complete_expiry(claim, &log, None, now).await.unwrap();
    assert_eq!((process.state.name(), process.backup), (StateName::Completed, None));
    let told = story.store.told(&claim.process).await.unwrap();
    assert_eq!(told, Some(Told::Expired(log)));
    let gone = |Leaving { backup, why }: Leaving| (backup.id, why);
    leaving.into_iter().map(gone).collect()
}

/// R12, R18: the older night goes, with its reason; a manual one, a kept one and the last one stay.
pub async fn what_the_policy_lets_go_of_leaves_and_nothing_else(story: Story) {
    let manual = story.manual_backup("dupont", at(0)).await;
    let kept = night(&story, "dupont", 20, at(100)).await;
    let older = night(&story, "dupont", 21, at(200)).await;
    let last = night(&story, "dupont", 22, at(300)).await;
    promote(&story, &kept, at(310)).await.unwrap();
    assert!(due(&story, at(400)).await.is_empty(), "seven nights are kept");
    keep_one_night(&story, "dupont").await;
    assert_eq!(due(&story, at(400)).await, [id("dupont")]);
    let queued = queue(&story, "dupont", at(400)).await;
    assert_eq!(queue(&story, "dupont", at(401)).await.id, queued.id, "one is enough");
    assert!(due(&story, at(401)).await.is_empty(), "it is queued");
    let Claimed { claim, .. } = story.claim(at(402)).await;
    assert_eq!(finish(&story, &claim, at(403)).await, [(older.id.clone(), BY_DAYS)]);
    for (backup, stays) in [(&manual, true), (&kept, true), (&older, false), (&last, true)] {
        assert_eq!(is_listed(&story, backup).await, stays, "{}", backup.id);
    }
    assert!(due(&story, at(404)).await.is_empty());
    let again = story.new_process(
        "dupont",
        ProcessKind::NightlyBackup {
            business_date: older.business_date.unwrap(),
        },
        at(500),
    );
    assert_eq!(
        refusal(story.store.queue_backup(&again).await),
        Refusal::TooLate,
        "the night was made"
    );
    let nowhere = story
        .store
        .queue_expiry(&story.new_process("nowhere", ProcessKind::Expiry, at(500)))
        .await;
    assert_eq!(refusal(nowhere), Refusal::NotFound);
}

/// It goes when nobody uses it any more.
pub async fn what_is_restored_made_or_read_does_not_expire(story: Story) {
    let first = night(&story, "dupont", 20, at(100)).await;
    let second = night(&story, "dupont", 21, at(200)).await;
    let third = night(&story, "dupont", 22, at(300)).await;
    night(&story, "dupont", 23, at(400)).await;
    keep_one_night(&story, "dupont").await;
    let store = &story.store;
    let reading: ReadingId = id("r-1");
    store.begin_reading(&reading, &first.id, at(600)).await.unwrap();
    store
        .queue_export(&export_of(&story, &second, 0, at(500)))
        .await
        .unwrap();
    let export = story.claim(at(500)).await;
    let restore = story.queue_restore("dupont", &third, at(501)).await;
    assert!(due(&story, at(502)).await.is_empty(), "all are used");
    complete(&story, &export, at(503)).await;
    assert_eq!(due(&story, at(504)).await, [id("dupont")]);
    store.cancel(&restore.id, "Paul", at(505)).await.unwrap();
    store.end_reading(&id("r-2"), at(506)).await.unwrap();
    queue(&story, "dupont", at(507)).await;
    assert_eq!(
        story.look(at(508), MANY).await,
        None,
        "somebody reads in its repository"
    );
    let claimed = story.claim(at(600)).await;
    let gone: Vec<_> = finish(&story, &claimed.claim, at(601))
        .await
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(gone, [first.id, second.id, third.id], "oldest first");
}

/// R10: marked, it cannot be put back; removed, nothing names it any more.
pub async fn after_its_time_in_the_bin_it_is_gone(story: Story) {
    let (backup, other) = (
        story.manual_backup("dupont", at(0)).await,
        story.manual_backup("dupont", at(50)).await,
    );
    let store = &story.store;
    store
        .queue_export(&export_of(&story, &backup, 0, at(60)))
        .await
        .unwrap();
    complete(&story, &story.claim(at(61)).await, at(70)).await;
    delete(&story, &backup, at(100)).await;
    assert!(due(&story, at(199)).await.is_empty(), "its time has not come");
    let early = start(&story, "dupont", at(199)).await;
    assert_eq!(begin(&story, &early.claim, at(199)).await, []);
    store.remove_backup(&early.claim, &backup.id).await.unwrap();
    assert!(
        store.binned(&backup.id, at(199)).await.unwrap().is_some(),
        "nor was it removed early"
    );
    finish(&story, &early.claim, at(199)).await;
    assert_eq!(refusal(store.put_back(&backup.id, at(200)).await), Refusal::NotFound);

    assert_eq!(due(&story, at(200)).await, [id("dupont")]);
    let Claimed { claim, .. } = start(&story, "dupont", at(200)).await;
    let marked = [(backup.id.clone(), Why::Bin(deleted_by_claire(at(100))))];
    assert_eq!(begin(&story, &claim, at(200)).await, marked);
    assert_eq!(refusal(store.put_back(&backup.id, at(150)).await), Refusal::NotFound);
    assert!(store.bin(&backup.site, at(150)).await.unwrap().is_empty());
    let answer = store.delete_backup(&backup.id, &deleted_by_claire(at(201))).await;
    assert_eq!(refusal(answer), Refusal::NotFound);
    // One that was never deleted is not removed by whoever names it.
    store.remove_backup(&claim, &other.id).await.unwrap();
    assert_eq!(finish(&story, &claim, at(202)).await, marked);
    assert!(is_listed(&story, &other).await);
    assert_eq!(store.export(&backup.id, &database_of(&backup, 0)).await.unwrap(), None);
    assert_eq!(story.process(&backup.process).await.state.name(), StateName::Completed);
}

/// Marked, forgotten, removed: at each step somebody may be killed; the late one changes nothing more.
pub async fn an_expiry_that_was_interrupted_anywhere_is_taken_up_again(story: Story) {
    let older = night(&story, "dupont", 21, at(100)).await;
    let old = night(&story, "dupont", 22, at(200)).await;
    night(&story, "dupont", 23, at(300)).await;
    keep_one_night(&story, "dupont").await;
    let store = &story.store;
    let both = [(older.id.clone(), BY_DAYS), (old.id.clone(), BY_DAYS)];
    let first = start(&story, "dupont", at(400)).await.claim;
    assert_eq!(begin(&story, &first, at(400)).await, both);
    let second = story.claim(at(401 + LEASE_SECS)).await.claim;
    fenced(store.begin_expiry(&first, at(420)).await);
    fenced(store.remove_backup(&first, &old.id).await);
    fenced(
        store
            .complete_expiry(&first, &ExpiryLog::default(), None, at(420))
            .await,
    );
    assert_eq!(begin(&story, &second, at(421)).await, both, "the mark stays");
    store.remove_backup(&second, &older.id).await.unwrap();
    story.fail(&second, at(430)).await;
    assert!(!is_listed(&story, &old).await);
    let later = at(430).plus(EXPIRY_RETRY);
    assert_eq!(due(&story, later).await, [id("dupont")]);
    let third = start(&story, "dupont", later).await.claim;
    assert_eq!(finish(&story, &third, later).await, both[1..]);
    fenced(store.begin_expiry(&third, later).await);
    let other = story.queue_manual("dupont", later).await;
    let backup = story.claim(later).await;
    assert_eq!(backup.process.id, other.id);
    broken(store.begin_expiry(&backup.claim, later).await);
    broken(
        store
            .complete_expiry(&backup.claim, &ExpiryLog::default(), None, later)
            .await,
    );
}

/// A repository that cannot be reached gives one failed process an hour, not one with every look.
pub async fn a_failed_expiry_is_not_tried_again_at_once(story: Story) {
    let old = night(&story, "dupont", 22, at(200)).await;
    night(&story, "dupont", 23, at(300)).await;
    keep_one_night(&story, "dupont").await;
    let claimed = start(&story, "dupont", at(400)).await;
    begin(&story, &claimed.claim, at(400)).await;
    story.fail(&claimed.claim, at(500)).await;
    assert!(due(&story, at(501)).await.is_empty());
    let again = at(500).plus(EXPIRY_RETRY);
    assert!(due(&story, again.minus(Duration::from_millis(1))).await.is_empty());
    assert_eq!(due(&story, again).await, [id("dupont")]);
    // Nor is one that an operator has stopped.
    let stopped = queue(&story, "dupont", again).await;
    story.store.cancel(&stopped.id, "Paul", again).await.unwrap();
    assert!(due(&story, again.plus(Duration::from_secs(1))).await.is_empty());
    let again = again.plus(EXPIRY_RETRY);
    assert_eq!(due(&story, again).await, [id("dupont")]);
    for attempt in 1..=3 {
        let now = again.plus(Duration::from_secs(attempt * 100));
        let claimed = match attempt {
            1 => start(&story, "dupont", now).await,
            _ => story.claim(now).await,
        };
        assert_eq!(u64::from(claimed.claim.attempt), attempt);
    }
    let given_up = again.plus(Duration::from_secs(400));
    assert_eq!(story.look(given_up, MANY).await, None, "interrupted too often");
    let later = given_up.plus(EXPIRY_RETRY);
    let claimed = start(&story, "dupont", later).await;
    assert_eq!(finish(&story, &claimed.claim, later).await, [(old.id, BY_DAYS)]);
}

/// A prune beside a backup would take away what the backup builds on; two sites of one customer share a repository.
pub async fn an_expiry_has_its_customers_repository_for_itself(story: Story) {
    let store = &story.store;
    let backup = story.queue_manual("martin", at(0)).await;
    let working = story.claim(at(1)).await;
    queue(&story, "arnaud", at(2)).await;
    queue(&story, "dupont", at(3)).await;
    let elsewhere = story.claim(at(4)).await;
    assert_eq!(
        elsewhere.process.site,
        id::<SiteId>("dupont"),
        "another customer's goes"
    );
    finish(&story, &elsewhere.claim, at(5)).await;
    assert_eq!(story.look(at(5), MANY).await, None);
    let made = story.complete(&working, at(6)).await;
    assert_eq!(made.process, backup.id);
    let alone = story.claim(at(40)).await;
    assert_eq!(alone.process.kind, ProcessKind::Expiry);
    // Everything of its customer waits, also what reads only.
    story.queue_manual("martin", at(41)).await;
    store.queue_export(&export_of(&story, &made, 0, at(42))).await.unwrap();
    queue(&story, "martin", at(43)).await;
    assert_eq!(story.look(at(44), MANY).await, None);
    finish(&story, &alone.claim, at(45)).await;
    for _ in 0..2 {
        let next = story.claim(at(46)).await;
        assert_ne!(next.process.kind, ProcessKind::Expiry);
    }
    assert_eq!(story.look(at(47), MANY).await, None);
}

/// Not even a night.
pub async fn nobody_waits_for_an_expiry(story: Story) {
    let expiry = queue(&story, "dupont", at(0)).await;
    let kind = ProcessKind::NightlyBackup {
        business_date: november(23),
    };
    let night = story
        .store
        .queue_backup(&story.new_process("martin", kind, at(10)))
        .await
        .unwrap();
    let manual = story.queue_manual("arnaud", at(20)).await;
    for (process, ahead) in [(&manual, 0), (&night, 1), (&expiry, 2)] {
        assert_eq!(story.process(&process.id).await.ahead, Some(ahead));
    }
    for expected in [&manual, &night, &expiry] {
        assert_eq!(story.claim(at(30)).await.process.id, expected.id);
    }
}

/// Whoever is killed after marking leaves the wait behind, so that somebody frees; what was marked is removed later.
pub async fn the_last_expiry_of_a_customer_frees_the_space_and_a_day_later_the_rest(story: Story) {
    let store = &story.store;
    for site in ["martin", "arnaud"] {
        night(&story, site, 22, at(100)).await;
        night(&story, site, 23, at(200)).await;
        keep_one_night(&story, site).await;
        queue(&story, site, at(300)).await;
    }
    let first = story.claim(at(301)).await;
    let begun = store.begin_expiry(&first.claim, at(301)).await.unwrap();
    assert!(!begun.frees, "the other one will");
    finish(&story, &first.claim, at(302)).await;
    let last = story.claim(at(303)).await;
    let begun = store.begin_expiry(&last.claim, at(303)).await.unwrap();
    assert!(begun.frees);
    for leaving in &begun.leaving {
        store.remove_backup(&last.claim, &leaving.backup.id).await.unwrap();
    }
    // It removes everything and is killed before it has freed anything.
    story.fail(&last.claim, at(310)).await;
    assert_eq!(due(&story, at(311)).await.len(), 1, "one of the customer is enough");
    let again = due(&story, at(311)).await;
    let freeing = start(&story, again[0].as_str(), at(312)).await;
    let space = Some(Space {
        marked: 7,
        removed: 0,
        stored: 9,
    });
    let log = ExpiryLog {
        gone: Vec::new(),
        space,
    };
    store
        .complete_expiry(&freeing.claim, &log, Some(at(9_000)), at(313))
        .await
        .unwrap();
    assert!(due(&story, at(8_999)).await.is_empty());
    let rest = due(&story, at(9_000)).await;
    assert_eq!(rest.len(), 1);
    let freeing = start(&story, rest[0].as_str(), at(9_000)).await;
    finish(&story, &freeing.claim, at(9_001)).await;
    assert!(due(&story, at(99_000)).await.is_empty());
}

/// Rows without the repository that they tell of, such as those of a store brought back from elsewhere: an expiry could do nothing,
/// and would be queued again with every look.
pub async fn without_a_repository_nothing_expires(story: Story) {
    let store = &story.store;
    let queued = story.queue_manual("dupont", at(0)).await;
    let claimed = story.claim(at(0)).await;
    let backup = backup_by(&claimed.process, BackupKind::Manual, at(0));
    store.complete_backup(&claimed.claim, &backup, at(30)).await.unwrap();
    assert_eq!(backup.process, queued.id);
    delete(&story, &backup, at(100)).await;
    let over = at(1_000_000);
    assert!(due(&story, over).await.is_empty(), "there is no key");
    let key = SealedKey(vec![1]);
    store.save_key(&id("dupont-sa"), &key).await.unwrap();
    assert!(due(&story, over).await.is_empty(), "it was never created");
    store.repository_exists(&id("dupont-sa")).await.unwrap();
    assert_eq!(due(&story, over).await, [id("dupont")]);
}

/// One that comes too late is told so, because the backup may be gone.
pub async fn a_reading_goes_on_as_long_as_it_gives_a_sign_of_life(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    let store = &story.store;
    let (one, other): (ReadingId, ReadingId) = (id("r-1"), id("r-2"));
    store.begin_reading(&one, &backup.id, at(160)).await.unwrap();
    store.begin_reading(&other, &backup.id, at(150)).await.unwrap();
    let refused = async |when| refusal(store.delete_backup(&backup.id, &deleted_by_claire(when)).await);
    assert_eq!(refused(at(149)).await, Refusal::BackupInUse);
    assert!(store.go_on_reading(&one, at(159), at(200)).await.unwrap());
    assert!(!store.go_on_reading(&other, at(159), at(200)).await.unwrap());
    assert_eq!(refused(at(199)).await, Refusal::BackupInUse);
    store.end_reading(&one, at(199)).await.unwrap();
    store.end_reading(&one, at(199)).await.unwrap();
    delete(&story, &backup, at(199)).await;
    assert_eq!(
        refusal(store.begin_reading(&one, &backup.id, at(260)).await),
        Refusal::NotFound
    );
    let absent = store.begin_reading(&one, &id("absent"), at(260)).await;
    assert_eq!(refusal(absent), Refusal::NotFound);
    assert!(!store.go_on_reading(&one, at(200), at(260)).await.unwrap());
}

/// Round after round, a night that its policy lets go of and an expiry that is about to mark it.
struct Race<'a> {
    story: &'a Story,
    round: u32,
}

/// What a round begins with.
struct Start {
    old: Backup,
    claim: Claim,
    now: Timestamp,
}

impl<'a> Race<'a> {
    async fn prepare(story: &'a Story) -> Self {
        night(story, "dupont", 23, at(0)).await;
        keep_one_night(story, "dupont").await;
        // Younger than everything of the race: none of its nights is the last good backup.
        story.manual_backup("dupont", at(1_000_000)).await;
        Self { story, round: 0 }
    }

    async fn round(&mut self) -> Start {
        self.round += 1;
        let start_at = i64::from(self.round) * 1_000;
        let date = november(22).plus_days(-i64::from(self.round));
        let old = night_of(self.story, "dupont", date, at(start_at)).await;
        let claim = start(self.story, "dupont", at(start_at + 100)).await.claim;
        let now = at(start_at + 200);
        Start { old, claim, now }
    }

    /// Somebody does this while the expiry marks: what they were answered, and what was marked.
    async fn against<T: Send + 'static>(
        &self,
        Start { claim, now, .. }: &Start,
        act: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> (Result<T, StoreError>, Vec<BackupId>) {
        let (store, claim, now) = (self.story.store.clone(), claim.clone(), *now);
        let (acted, begun) = tokio::join!(
            spawned(self.round, act),
            spawned(self.round + 1, async move { store.begin_expiry(&claim, now).await }),
        );
        self.story.audit().await;
        let marked = begun.unwrap().leaving.into_iter().map(|leaving| leaving.backup.id);
        (acted, marked.collect())
    }

    /// Nobody uses it any more: it goes.
    async fn clear(&self, Start { old, claim, now }: &Start) {
        finish(self.story, claim, *now).await;
        assert!(!is_listed(self.story, old).await);
        assert!(self.story.store.active(None).await.unwrap().is_empty());
        self.story.audit().await;
    }
}

/// Exactly one has won: the act with nothing marked, or the mark with the act told that nothing is there.
fn won<T: std::fmt::Debug>(acted: Result<T, StoreError>, marked: &[BackupId], old: &Backup) -> Option<T> {
    match (acted, marked) {
        (Ok(done), []) => Some(done),
        (Err(StoreError::Refused(Refusal::NotFound)), [one]) if *one == old.id => None,
        other => panic!("one of the two, not {other:?}"),
    }
}

/// Promotion beats expiry, if it comes first.
pub async fn promoting_and_expiring_at_once_leave_one_of_the_two(story: Story) {
    let mut race = Race::prepare(&story).await;
    for _ in 0..rounds() {
        let begun = race.round().await;
        let (store, id, promotion) = (story.store.clone(), begun.old.id.clone(), kept_by_claire(begun.now));
        let (acted, marked) = race
            .against(&begun, async move { store.promote(&id, &promotion).await })
            .await;
        if let Some(kept) = won(acted, &marked, &begun.old) {
            assert_eq!(story.meter("dupont").await.0, 2);
            story.store.demote(&kept.id).await.unwrap();
        }
        race.clear(&begun).await;
        assert_eq!(story.meter("dupont").await, (1, 0, 5));
    }
}

/// A restore that has begun finds its backup; one that expires is restored by nobody.
pub async fn restoring_and_expiring_at_once_leave_one_of_the_two(story: Story) {
    let mut race = Race::prepare(&story).await;
    for _ in 0..rounds() {
        let begun = race.round().await;
        let new = story.new_restore("dupont", &begun.old, Scope::Site, begun.now);
        let store = story.store.clone();
        let (acted, marked) = race
            .against(&begun, async move { store.queue_restore(&new).await })
            .await;
        if let Some(process) = won(acted, &marked, &begun.old) {
            story.store.cancel(&process.id, "Paul", begun.now).await.unwrap();
        }
        race.clear(&begun).await;
    }
}

/// So does a download.
pub async fn reading_and_expiring_at_once_leave_one_of_the_two(story: Story) {
    let mut race = Race::prepare(&story).await;
    let reading: ReadingId = id("r-1");
    for _ in 0..rounds() {
        let begun = race.round().await;
        let (store, id, mine) = (story.store.clone(), begun.old.id.clone(), reading.clone());
        let until = begun.now.plus(Duration::from_secs(60));
        let (acted, marked) = race
            .against(&begun, async move { store.begin_reading(&mine, &id, until).await })
            .await;
        if won(acted, &marked, &begun.old).is_some() {
            story.store.end_reading(&reading, begun.now).await.unwrap();
        }
        race.clear(&begun).await;
    }
}

/// In the last second: it is back, or it is gone, and never both or neither.
pub async fn putting_back_and_expiring_at_once_leave_one_of_the_two(story: Story) {
    for round in 0..rounds() {
        let start_at = i64::from(round) * 1_000;
        let backup = story.manual_backup("arnaud", at(start_at)).await;
        delete(&story, &backup, at(start_at + 100)).await;
        let claim = start(&story, "arnaud", at(start_at + 150)).await.claim;
        let (one, other, id, mine) = (
            story.store.clone(),
            story.store.clone(),
            backup.id.clone(),
            claim.clone(),
        );
        let (back, begun) = tokio::join!(
            spawned(round, async move { one.put_back(&id, at(start_at + 199)).await }),
            spawned(
                round + 1,
                async move { other.begin_expiry(&mine, at(start_at + 200)).await }
            ),
        );
        story.audit().await;
        let marked: Vec<_> = begun
            .unwrap()
            .leaving
            .into_iter()
            .map(|leaving| leaving.backup.id)
            .collect();
        if won(back, &marked, &backup).is_some() {
            assert!(is_listed(&story, &backup).await);
            delete(&story, &backup, at(start_at + 300)).await;
        }
        finish(&story, &claim, at(start_at + 400)).await;
        assert_eq!(story.meter("arnaud").await, (0, 0, 2));
        assert!(!is_listed(&story, &backup).await);
    }
}

/// Whoever downloads has it to the end; a deleted one is downloaded by nobody.
pub async fn reading_and_deleting_at_once_leave_one_of_the_two(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    let reading: ReadingId = id("r-1");
    for round in 0..rounds() {
        let now = at(100 + i64::from(round));
        let deletion = deleted_by_claire(now);
        let (one, other, mine) = (story.store.clone(), story.store.clone(), reading.clone());
        let (read_id, deleted_id) = (backup.id.clone(), backup.id.clone());
        let until = now.plus(Duration::from_secs(60));
        let (read, deleted) = tokio::join!(
            spawned(round, async move { one.begin_reading(&mine, &read_id, until).await }),
            spawned(
                round + 1,
                async move { other.delete_backup(&deleted_id, &deletion).await }
            ),
        );
        story.audit().await;
        match (read, deleted) {
            (Ok(()), Err(StoreError::Refused(Refusal::BackupInUse))) => {
                assert!(is_listed(&story, &backup).await);
                story.store.end_reading(&reading, now).await.unwrap();
            }
            (Err(StoreError::Refused(Refusal::NotFound)), Ok(_)) => {
                assert!(!is_listed(&story, &backup).await);
                story.store.put_back(&backup.id, now).await.unwrap();
            }
            other => panic!("one of the two, not {other:?}"),
        }
        assert_eq!(story.meter("dupont").await, (1, 0, 5));
    }
}

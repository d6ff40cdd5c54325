//! The queue: whose turn it is, what place each is told, how many run on a node, and what becomes of what a person wants
//! stopped.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::backup::BackupKind;
use domain::ids::ProcessId;
use domain::limits::{EXPIRY_WAITS, MAX_ATTEMPTS};
use domain::process::{Cancelling, Process, ProcessKind, ProcessState};
use domain::refusal::Refusal;
use domain::restore::Scope;
use domain::time::Timestamp;
use fastrand::Rng;
use tokio::task::JoinSet;

use super::story::{
    LEASE_SECS, MANY, Story, at, backup_by, broken, declaration, failure, fenced, id, november, progress, refusal,
};
use crate::ports::control_store::{Claim, Claimed, Declaration, StoreError};

/// A process as it ends by the wish of Paul.
fn cancelled(percent: u8, ended_at: Timestamp) -> ProcessState {
    ProcessState::Cancelled {
        ended_at,
        percent,
        by: "Paul".to_owned(),
    }
}

#[track_caller]
fn stopping<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Stopping)), "{answer:?}");
}

/// The wish is seen by all, obeyed by the worker, and frees what the process held. It is nobody else's afterwards.
pub async fn a_running_backup_that_is_cancelled_leaves_nothing(story: Story) {
    let (store, process) = (&story.store, story.queue_manual("dupont", at(0)).await);
    assert_eq!(process.cancelling, Cancelling::Possible);
    let claimed = story.claim(at(1)).await;
    store
        .report(&claimed.claim, progress(40), None, at(2))
        .await
        .expect("the claim is held");
    broken(store.end_cancelled(&claimed.claim, at(3)).await);
    assert!(!store.asked_to_stop(&claimed.claim).await.expect("the claim is held"));

    let asked = store
        .cancel(&process.id, "Paul", at(4))
        .await
        .expect("it can be stopped");
    let wish = Cancelling::Asked {
        by: "Paul".to_owned(),
        at: at(4),
    };
    assert_eq!((&asked.cancelling, asked.state.percent()), (&wish, 40));
    assert!(asked.revision > claimed.process.revision);
    let again = store
        .cancel(&process.id, "Claire", at(5))
        .await
        .expect("a second wish is fine");
    assert_eq!(again, asked, "and changes nothing");
    assert!(store.asked_to_stop(&claimed.claim).await.expect("the claim is held"));
    assert_eq!(
        story.meter("dupont").await,
        (0, 1, 5),
        "until it has stopped it holds its slot"
    );

    let lease = at(6 + LEASE_SECS);
    let backup = backup_by(&claimed.process, BackupKind::Manual, at(6));
    stopping(store.pass_no_return(&claimed.claim, lease, at(6)).await);
    stopping(store.complete_backup(&claimed.claim, &backup, at(6)).await);
    stopping(store.fail(&claimed.claim, &failure(), at(6)).await);
    store
        .heartbeat(&claimed.claim, lease)
        .await
        .expect("stopping takes its time");
    let later = store.report(&claimed.claim, progress(44), None, at(6)).await;
    assert_eq!(later.expect("the claim is held").cancelling, wish);

    let ended = store
        .end_cancelled(&claimed.claim, at(7))
        .await
        .expect("it was asked for");
    assert_eq!(
        (&ended.state, &ended.cancelling),
        (&cancelled(44, at(7)), &Cancelling::TooLate)
    );
    assert_eq!(story.meter("dupont").await, (0, 0, 5));
    assert!(story.backups(&id("dupont")).await.is_empty());
    fenced(store.asked_to_stop(&claimed.claim).await);
    fenced(store.end_cancelled(&claimed.claim, at(8)).await);
    assert_eq!(
        refusal(store.cancel(&process.id, "Paul", at(8)).await),
        Refusal::TooLate
    );
    story.manual_backup("dupont", at(9)).await;
}

/// A server that is never idle would otherwise never free anything.
pub async fn an_expiry_that_has_waited_for_a_day_goes_among_the_nights(story: Story) {
    const DAY: i64 = 24 * 3_600;
    let queue = async |site, date, when| {
        let business_date = november(date);
        let new = story.new_process(site, ProcessKind::NightlyBackup { business_date }, at(when));
        story.store.queue_backup(&new).await.expect("the night is free")
    };
    let expire = async |site, when| {
        let new = story.new_process(site, ProcessKind::Expiry, at(when));
        story.store.queue_expiry(&new).await.expect("the site exists")
    };
    let (expiry, later) = (expire("dupont", 0).await, expire("martin", 10).await);
    let (before, night, next) = (
        queue("dupont", 21, -10).await,
        queue("martin", 22, DAY).await,
        queue("dupont", 22, DAY).await,
    );
    let manual = story.queue_manual("arnaud", at(DAY)).await;
    let line = async |expected: [&Process; 6]| {
        assert_eq!(by_place(&story).await, expected.map(|process| process.id.clone()));
    };
    story.store.hasten_expiries(at(DAY - 1)).await.expect("the store works");
    line([&manual, &before, &night, &next, &later, &expiry]).await;
    story.store.hasten_expiries(at(DAY)).await.expect("the store works");
    line([&manual, &before, &night, &expiry, &next, &later]).await;
    for expected in [&manual, &before, &night, &expiry, &next, &later] {
        let claimed = story.claim(at(DAY + 1)).await;
        assert_eq!(claimed.process.id, expected.id);
        story.fail(&claimed.claim, at(DAY + 2)).await;
    }
}

/// The old data are live and the site opens; the copy that was taken before stays.
pub async fn a_running_restore_that_is_cancelled_opens_the_site(story: Story) {
    let store = &story.store;
    let kept = story.manual_backup("dupont", at(0)).await;
    let process = story.queue_restore("dupont", &kept, at(100)).await;
    let claimed = story.claim(at(101)).await;
    store
        .cancel(&process.id, "Paul", at(102))
        .await
        .expect("it can be stopped");
    let safety = backup_by(&claimed.process, BackupKind::Safety, at(103));
    store
        .record_safety(&claimed.claim, &safety, at(104))
        .await
        .expect("what is durable already may be kept");
    stopping(store.decide_restore(&claimed.claim).await);
    assert!(!story.status("dupont").await.is_ready());
    store
        .end_cancelled(&claimed.claim, at(105))
        .await
        .expect("it was asked for");
    assert!(story.status("dupont").await.is_ready());
    assert_eq!(story.backups(&id("dupont")).await, [safety.id, kept.id]);
}

/// Cancelling and going on at once, of every kind: exactly one of the two is accepted, whoever is first.
pub async fn of_cancelling_and_becoming_visible_exactly_one_happens(story: Story) {
    let kept = story.manual_backup("dupont", at(0)).await;
    for round in 0..20 {
        let now = 100 * (round + 1);
        let restoring = round % 2 == 0;
        let process = if restoring {
            story.queue_restore("dupont", &kept, at(now)).await
        } else {
            story.queue_manual("dupont", at(now)).await
        };
        let claimed = story.claim(at(now + 1)).await;
        let (one, other, claim) = (story.clone(), story.clone(), claimed.claim.clone());
        let passing = tokio::spawn(async move { one.store.pass_no_return(&claim, at(now + 20), at(now + 2)).await });
        let cancelling = tokio::spawn(async move { other.store.cancel(&process.id, "Paul", at(now + 2)).await });
        let passed = passing.await.expect("no panic");
        match cancelling.await.expect("no panic") {
            Ok(asked) => {
                stopping(passed);
                assert!(matches!(asked.cancelling, Cancelling::Asked { .. }), "{asked:?}");
                story
                    .store
                    .end_cancelled(&claimed.claim, at(now + 3))
                    .await
                    .expect("it was asked for");
            }
            refused => {
                assert_eq!(refusal(refused), Refusal::TooLate);
                assert_eq!(
                    passed.expect("one of the two is accepted").cancelling,
                    Cancelling::TooLate
                );
                story.fail(&claimed.claim, at(now + 3)).await;
            }
        }
    }
}

/// Until the next attempt: that one begins anew, and what it does is not visible yet. A decided restore only goes forward.
pub async fn from_the_point_of_no_return_on_it_is_too_late_until_the_next_attempt(story: Story) {
    let (store, kept) = (&story.store, story.manual_backup("dupont", at(0)).await);
    let process = story.queue_restore("dupont", &kept, at(100)).await;
    let cancel = async |seconds| store.cancel(&process.id, "Paul", at(seconds)).await;
    let first = story.claim(at(100)).await;
    store
        .pass_no_return(&first.claim, at(120), at(105))
        .await
        .expect("nobody wants it stopped");
    assert_eq!(story.process(&process.id).await.cancelling, Cancelling::TooLate);
    assert_eq!(refusal(cancel(106).await), Refusal::TooLate);
    assert!(story.look(at(119), MANY).await.is_none(), "it prolonged the lease");

    let second = story.claim(at(120)).await;
    assert_eq!(second.process.cancelling, Cancelling::Possible);
    fenced(store.pass_no_return(&first.claim, at(140), at(121)).await);
    store.decide_restore(&second.claim).await.expect("the claim is held");
    assert_eq!(refusal(cancel(122).await), Refusal::TooLate);

    let third = story.claim(at(120 + LEASE_SECS)).await;
    assert_eq!(third.process.cancelling, Cancelling::TooLate, "decided");
    assert_eq!(refusal(cancel(200).await), Refusal::TooLate);
    store
        .complete_restore(&third.claim, at(201))
        .await
        .expect("it is decided");
}

/// Its worker will not come back to stop it, and nothing of it needs to be tidied up: the next look ends it, even where no
/// worker has room.
pub async fn a_backup_to_be_cancelled_whose_worker_died_is_not_begun_again(story: Story) {
    let process = story.queue_manual("dupont", at(0)).await;
    let night = ProcessKind::NightlyBackup {
        business_date: november(23),
    };
    let night = story.new_process("martin", night, at(0));
    story.store.queue_backup(&night).await.expect("the night is to be made");
    let claims = [story.claim(at(0)).await.claim, story.claim(at(0)).await.claim];
    for claim in &claims {
        story
            .store
            .cancel(&claim.process, "Paul", at(2))
            .await
            .expect("it can be stopped");
    }
    assert!(
        story.look(at(LEASE_SECS - 1), MANY).await.is_none(),
        "its worker may be at it"
    );
    let early = story.store.end_silent(at(LEASE_SECS - 1)).await;
    assert_eq!(early.expect("the store works"), []);
    // Whoever looks ends them as well; who asks for it is told which they are.
    let ended = story.store.end_silent(at(LEASE_SECS)).await.expect("the store works");
    let told: Vec<_> = ended.iter().map(|process| process.id.clone()).collect();
    assert_eq!(told, claims.each_ref().map(|claim| claim.process.clone()));
    for process in ended {
        assert_eq!(process, story.process(&process.id).await);
    }
    assert!(story.look(at(LEASE_SECS), 0).await.is_none());
    for claim in claims {
        let ended = story.process(&claim.process).await;
        assert_eq!((ended.state, ended.attempt), (cancelled(0, at(LEASE_SECS)), 1));
        fenced(story.store.end_cancelled(&claim, at(99)).await);
    }
    assert_eq!(story.meter("dupont").await, (0, 0, 5));
    assert_eq!(
        refusal(story.store.cancel(&process.id, "Paul", at(99)).await),
        Refusal::TooLate
    );
}

/// What may have left remains must be put in order first, however often: it is handed out, and the worker is told why.
pub async fn a_restore_to_be_cancelled_whose_worker_died_is_handed_out_to_be_settled(story: Story) {
    let kept = story.manual_backup("dupont", at(0)).await;
    let process = story.queue_restore("dupont", &kept, at(100)).await;
    story.claim(at(100)).await;
    story
        .store
        .cancel(&process.id, "Paul", at(101))
        .await
        .expect("it can be stopped");
    let mut last = None;
    for attempt in 2..=MAX_ATTEMPTS + 2 {
        let claimed = story.claim(at(100 + LEASE_SECS * i64::from(attempt - 1))).await;
        assert_eq!(claimed.claim.attempt, attempt);
        assert!(matches!(claimed.process.cancelling, Cancelling::Asked { .. }));
        assert!(!story.status("dupont").await.is_ready());
        last = Some(claimed.claim);
    }
    let last = last.expect("there were attempts");
    let ended = story
        .store
        .end_cancelled(&last, at(999))
        .await
        .expect("it was asked for");
    assert_eq!(ended.state, cancelled(0, at(999)));
    assert!(story.status("dupont").await.is_ready());
}

/// Each node may run as many as its configuration says, whatever others do; what a node lost by its lease does not count.
pub async fn each_node_runs_as_many_as_its_own_limit(story: Story) {
    for site in ["dupont", "martin", "arnaud"] {
        story.queue_manual(site, at(0)).await;
    }
    let look = async |node: &str, seconds: i64, most: u32| {
        let claimed = story
            .store
            .claim(node, at(seconds), at(seconds + LEASE_SECS), most)
            .await;
        claimed.expect("looking for work is never refused")
    };
    let mut looks = JoinSet::new();
    for n in 0..20 {
        let (store, node) = (story.store.clone(), ["one", "two"][n % 2]);
        looks.spawn(async move { (node, store.claim(node, at(1), at(1 + LEASE_SECS), 1).await) });
    }
    let mut busy = BTreeSet::new();
    for (node, answer) in looks.join_all().await {
        if answer.expect("looking for work is never refused").is_some() {
            assert!(busy.insert(node), "two at once on {node}");
        }
    }
    assert_eq!(busy, BTreeSet::from(["one", "two"]));
    assert!(look("one", 2, 1).await.is_none());
    let third = look("one", 2, 2).await.expect("there is room with another limit");
    assert_eq!(third.claim.attempt, 1);
    let taken_over = look("three", 1 + LEASE_SECS, 1)
        .await
        .expect("the first two are silent");
    assert_eq!(taken_over.claim.attempt, 2);
    assert!(look("three", 1 + LEASE_SECS, 1).await.is_none());
    assert!(look("one", 1 + LEASE_SECS, 2).await.is_some(), "it lost one of its two");
}

/// Seven customers with up to three sites each, room for nine backups by hand.
async fn seven_customers(story: &Story) -> Vec<String> {
    let pattern = declaration().sites[1].clone();
    let mut declared = Declaration::default();
    for customer in 0..7 {
        declared
            .customers
            .push((id(&format!("c{customer}")), format!("C{customer}")));
        for site in 0..=customer % 3 {
            let mut site_of = pattern.clone();
            site_of.id = id(&format!("c{customer}-s{site}"));
            site_of.customer = id(&format!("c{customer}"));
            site_of.quota = 9;
            site_of.databases[0].id = id(&format!("c{customer}-s{site}-d"));
            let address = declaration().addresses[2].1.clone();
            declared.addresses.push((site_of.databases[0].id.clone(), address));
            declared.sites.push(site_of);
        }
    }
    story.store.declare(&declared, at(0)).await.expect("the world is sound");
    declared.sites.iter().map(|site| site.id.to_string()).collect()
}

/// Whoever asked for ten does not make the next one wait for ten. Within a site the oldest goes first.
pub async fn ten_backups_of_one_customer_do_not_starve_the_next(story: Story) {
    seven_customers(&story).await;
    let mut many = Vec::new();
    for n in 0..9 {
        many.push(story.queue_manual(&format!("c2-s{}", n % 3), at(n)).await.id);
    }
    let single = story.queue_manual("c0-s0", at(50)).await;
    let pair = [
        story.queue_manual("c1-s0", at(51)).await,
        story.queue_manual("c1-s1", at(52)).await,
    ];
    assert_eq!(single.ahead, Some(1));
    let order = [&many[0], &single.id, &pair[0].id, &many[1], &pair[1].id, &many[2]];
    for (n, expected) in order.into_iter().enumerate() {
        let claimed = story.look(at(60), 1).await.expect("there is something to do");
        assert_eq!(claimed.claim.process, *expected, "{n}");
        story.fail(&claimed.claim, at(60)).await;
    }

    // With two workers the one with nothing running goes before the one served least recently.
    let first = story.claim(at(70)).await;
    assert_eq!(first.claim.process, many[3]);
    let late = [
        story.queue_manual("c0-s0", at(71)).await,
        story.queue_manual("c0-s0", at(72)).await,
    ];
    for expected in &late {
        let claimed = story.claim(at(73)).await;
        assert_eq!(claimed.claim.process, expected.id, "c2 has one running");
        story.fail(&claimed.claim, at(73)).await;
    }
    assert_eq!(story.claim(at(74)).await.claim.process, many[4], "nobody else waits");
}

/// Random queues, with some processes running and some customers served before: what each is told is what one worker
/// then does.
pub async fn the_place_in_the_queue_is_the_order_of_the_claims(story: Story) {
    let sites = seven_customers(&story).await;
    let mut now = 10;
    for seed in 0..12 {
        let mut rng = Rng::with_seed(seed);
        let (running, free) = sites.split_at(usize::try_from(seed % 4).expect("it is small"));
        let mut beside = Vec::new();
        for site in running {
            story.queue_manual(site, at(now)).await;
            let claimed = story.store.claim("beside", at(now), at(now + 90_000), MANY).await;
            beside.push(claimed.expect("looking is never refused").expect("it was just queued"));
        }
        for n in 0..rng.u8(10..40) {
            let kind = ProcessKind::NightlyBackup {
                business_date: november(1 + n % 28),
            };
            let site = &free[rng.usize(0..free.len())];
            let asked_at = at(now + rng.i64(0..12));
            // A full site or a second night of one date is refused; the queue is as random without it.
            let _queued = match rng.u8(0..6) {
                0 | 1 => story.store.queue_backup(&story.new_process(site, kind, asked_at)).await,
                2 => {
                    story
                        .store
                        .queue_expiry(&story.new_process(site, ProcessKind::Expiry, asked_at))
                        .await
                }
                _ => story.store.queue_backup(&story.new_manual(site, asked_at)).await,
            };
        }
        let hastened = at(now + rng.i64(0..12)).plus(EXPIRY_WAITS);
        story.store.hasten_expiries(hastened).await.expect("the store works");
        let told = by_place(&story).await;
        let mut done = Vec::new();
        while let Some(claimed) = story.look(at(now + 20), 1).await {
            done.push(claimed.claim.process.clone());
            end(&story, &claimed, now + 20, rng.bool()).await;
            assert_eq!(
                by_place(&story).await,
                told[done.len()..],
                "seed {seed}: places move up"
            );
        }
        assert_eq!(done, told, "seed {seed}");
        for claimed in beside {
            story.fail(&claimed.claim, at(now + 30)).await;
        }
        now += 100;
    }
}

/// The queued processes, by the place each is told.
async fn by_place(story: &Story) -> Vec<ProcessId> {
    let active = story.store.active(None).await.expect("the store works");
    let mut places: Vec<(u32, ProcessId)> = active
        .into_iter()
        .filter_map(|Process { id, ahead, .. }| Some((ahead?, id)))
        .collect();
    places.sort();
    let told: Vec<_> = places.iter().map(|(place, _)| *place).collect();
    let expected: Vec<_> = (0..).take(told.len()).collect();
    assert_eq!(told, expected, "each place is told once");
    places.into_iter().map(|(_, id)| id).collect()
}

async fn end(story: &Story, claimed: &Claimed, seconds: i64, fails: bool) {
    if fails {
        story.fail(&claimed.claim, at(seconds)).await;
        return;
    }
    let cancelled = story.store.cancel(&claimed.claim.process, "Paul", at(seconds)).await;
    cancelled.expect("it can be stopped");
    let ended = story.store.end_cancelled(&claimed.claim, at(seconds)).await;
    ended.expect("it was asked for");
}

/// A claim of nobody, and a process of nobody, are told so.
pub async fn what_does_not_exist_cannot_be_stopped(story: Story) {
    let nobody = Claim {
        process: id("nobody"),
        attempt: 1,
    };
    let lease = at(0).plus(Duration::from_secs(15));
    fenced(story.store.asked_to_stop(&nobody).await);
    fenced(story.store.pass_no_return(&nobody, lease, at(0)).await);
    fenced(story.store.end_cancelled(&nobody, at(0)).await);
    assert_eq!(
        refusal(story.store.cancel(&nobody.process, "Paul", at(0)).await),
        Refusal::NotFound
    );
    let kept = story.manual_backup("dupont", at(0)).await;
    let restore = story.new_restore("dupont", &kept, Scope::Site, at(100));
    story.store.queue_restore(&restore).await.expect("the site is open");
    story
        .store
        .cancel(&restore.id, "Paul", at(101))
        .await
        .expect("it waits");
    assert!(story.status("dupont").await.is_ready());
}

/// However many customers have something to expire, a worker is left for what people and nights ask for.
pub async fn expiries_leave_half_of_the_workers(story: Story) {
    for site in ["dupont", "martin"] {
        let new = story.new_process(site, ProcessKind::Expiry, at(0));
        story.store.queue_expiry(&new).await.expect("the site is there");
    }
    let (two, four) = (2, 4);
    let first = story.look(at(1), two).await.expect("nothing goes before it");
    assert_eq!(first.process.kind, ProcessKind::Expiry);
    assert!(
        story.look(at(2), two).await.is_none(),
        "the other one waits for the first"
    );
    story.queue_manual("arnaud", at(3)).await;
    let backup = story.look(at(4), two).await.expect("a worker was left");
    assert_eq!(backup.process.kind, ProcessKind::ManualBackup);
    story.complete(&backup, at(5)).await;
    let second = story.look(at(6), four).await.expect("there are more workers");
    assert_eq!(second.process.kind, ProcessKind::Expiry);
    story.fail(&second.claim, at(7)).await;
    let again = story.new_process("martin", ProcessKind::Expiry, at(8));
    story.store.queue_expiry(&again).await.expect("the site is there");
    let elsewhere = story.store.claim("elsewhere", at(9), at(20), two).await;
    let elsewhere = elsewhere
        .expect("looking is never refused")
        .expect("another node has room");
    assert_eq!(elsewhere.process.id, again.id);
}

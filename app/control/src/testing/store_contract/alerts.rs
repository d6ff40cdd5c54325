//! The outbox: told once, delivered until it arrives, in order, by one courier at a time.

use std::time::Duration;

use domain::account::Role;
use domain::alert::Matter;
use domain::limits::{ALERT_KEPT, ALERT_LONGEST_RETRY, ALERT_TRIED_FOR};
use domain::process::ProcessKind;
use domain::time::Timestamp;
use tokio::task::JoinSet;

use super::story::{LEASE_SECS, MANY, Story, account, at, fenced, id, november};
use crate::ports::outbox::{Alert, Delivery, Recipient, Settlement};

const LEASE: Duration = Duration::from_secs(60);

/// Of several servers one decides whom it reaches, and the same occasion is told once.
pub async fn an_alert_is_raised_once_and_addressed_once(story: Story) {
    let alert = test_alert("dupont", 0);
    let mut raising = JoinSet::new();
    for _ in 0..10 {
        let (story, alert) = (story.clone(), alert.clone());
        raising.spawn(async move { story.store.raise_alert(&alert).await.expect("the site exists") });
    }
    let raised = raising.join_all().await.into_iter().filter(|raised| *raised).count();
    assert_eq!(raised, 1);
    assert_eq!(unaddressed(&story).await, std::slice::from_ref(&alert));

    let mut addressing = JoinSet::new();
    for _ in 0..10 {
        let (story, alert) = (story.clone(), alert.clone());
        addressing.spawn(async move { address(&story, &alert, &["anna"]).await });
    }
    let addressed = addressing.join_all().await.into_iter().filter(|done| *done).count();
    assert_eq!((addressed, unaddressed(&story).await.len()), (1, 0));
    let nobody = test_alert("martin", 1);
    story.store.raise_alert(&nobody).await.expect("the site exists");
    assert!(address(&story, &nobody, &[]).await, "with nobody to tell it is done");
    assert_eq!(unaddressed(&story).await, []);
    assert_eq!(due(&story, at(1)).await, ["anna"]);
}

/// Twenty couriers, one letter; and whoever was too slow settles nothing.
pub async fn a_delivery_is_one_couriers_until_its_lease_ends(story: Story) {
    raise(&story, "dupont", 0, &["anna"]).await;
    let mut couriers = JoinSet::new();
    for _ in 0..20 {
        let story = story.clone();
        couriers.spawn(async move { take(&story, "anna", at(1)).await });
    }
    let taken: Vec<_> = couriers.join_all().await.into_iter().flatten().collect();
    let [first] = &taken[..] else {
        panic!("{} have it", taken.len());
    };
    assert_eq!(first.attempt, 1);
    assert_eq!(due(&story, at(2)).await, [""; 0]);

    let second = take(&story, "anna", at(61)).await.expect("its lease ended");
    assert_eq!(second.attempt, 2);
    fenced(story.store.settle_delivery(first, Settlement::Delivered, at(62)).await);
    settle(&story, &second, Settlement::Delivered, at(62)).await;
    fenced(
        story
            .store
            .settle_delivery(&second, Settlement::Delivered, at(63))
            .await,
    );
    assert_eq!(take(&story, "anna", at(10_000)).await, None);
}

/// A server that starts alone does not wait for the leases of its predecessor.
pub async fn a_server_that_starts_alone_delivers_at_once(story: Story) {
    raise(&story, "dupont", 0, &["anna"]).await;
    take(&story, "anna", at(1)).await.expect("it is due");
    assert_eq!(take(&story, "anna", at(2)).await, None);
    story.store.end_leases().await.expect("the store works");
    assert_eq!(take(&story, "anna", at(3)).await.expect("nobody holds it").attempt, 2);
}

/// "It is over" does not come before "it has begun", unless that was refused; other sites and people do not wait.
pub async fn the_alerts_of_a_site_go_in_order_and_a_refused_one_steps_aside(story: Story) {
    let first = raise(&story, "dupont", 0, &["anna", "bert"]).await;
    let second = raise(&story, "dupont", 1, &["anna", "bert"]).await;
    let other = raise(&story, "martin", 2, &["anna"]).await;
    let taken = take(&story, "anna", at(10)).await.expect("the first");
    assert_eq!(taken.alert, first);
    assert_eq!(
        take(&story, "anna", at(10)).await.expect("the other site's").alert,
        other
    );
    assert_eq!(take(&story, "anna", at(10)).await, None, "while it is on its way");
    assert_eq!(take(&story, "bert", at(10)).await.expect("it is due").alert, first);

    settle(&story, &taken, again(at(100), false), at(11)).await;
    assert_eq!(take(&story, "anna", at(50)).await, None, "while it waits");
    let taken = take(&story, "anna", at(100)).await.expect("its wait is over");
    settle(&story, &taken, again(at(500), true), at(101)).await;
    assert_eq!(
        take(&story, "anna", at(101)).await.expect("it need not wait").alert,
        second
    );
}

/// The waits of a dead recipient end with the first letter that arrives; what was refused keeps its own.
pub async fn a_recipient_that_is_well_again_gets_what_waits_at_once(story: Story) {
    for (site, seconds) in [("dupont", 0), ("martin", 1), ("arnaud", 2)] {
        raise(&story, site, seconds, &["anna"]).await;
    }
    let mut taken = Vec::new();
    for (due_at, refused) in [(20, false), (3_000, false), (3_000, true)] {
        let delivery = take(&story, "anna", at(10)).await.expect("it is due");
        settle(&story, &delivery, again(at(due_at), refused), at(11)).await;
        taken.push(delivery);
    }
    let first = take(&story, "anna", at(20)).await.expect("its wait is over");
    assert_eq!(take(&story, "anna", at(20)).await, None);
    settle(&story, &first, Settlement::Delivered, at(21)).await;
    let second = take(&story, "anna", at(21)).await.expect("anna is well");
    assert_eq!(second.alert, taken[1].alert);
    assert_eq!(take(&story, "anna", at(22)).await, None, "the refused one waits");
    assert_eq!(due(&story, at(3_000)).await, ["anna"]);
}

/// A clock that was put back does not make an alert wait for the hour it had shown.
pub async fn a_wait_of_another_clock_does_not_count(story: Story) {
    raise(&story, "dupont", 0, &["anna"]).await;
    let delivery = take(&story, "anna", at(1)).await.expect("it is due");
    let far = at(2).plus(ALERT_LONGEST_RETRY).plus(Duration::from_secs(1));
    settle(&story, &delivery, again(far, false), at(1)).await;
    assert!(take(&story, "anna", at(2)).await.is_some());
}

/// Restores without a request and failed nights, restores and expiries are told, each once, by whatever way they come about.
pub async fn an_order_or_an_end_raises_its_alert_with_it(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    story.queue_manual("martin", at(1)).await;
    story.fail(&story.claim(at(1)).await.claim, at(2)).await;
    assert_eq!(
        unaddressed(&story).await,
        [],
        "whoever asked for a backup is looking at it"
    );

    story.queue_restore("dupont", &backup, at(10)).await;
    let claimed = story.claim(at(11)).await;
    story.fail(&claimed.claim, at(12)).await;
    for seconds in [20, 30] {
        queue_night(&story, "martin", at(seconds)).await;
        story.fail(&story.claim(at(seconds)).await.claim, at(seconds + 1)).await;
    }
    // Tried again every hour: one that fails all day is told once, the next day again.
    const DAY: i64 = 24 * 3_600;
    for seconds in [40, 50, DAY] {
        let expiry = story.new_process("dupont", ProcessKind::Expiry, at(seconds));
        story.store.queue_expiry(&expiry).await.expect("the site exists");
        story.fail(&story.claim(at(seconds)).await.claim, at(seconds + 1)).await;
    }
    const NEXT: i64 = DAY + 100;
    queue_night(&story, "arnaud", at(NEXT)).await;
    let mut moment = NEXT;
    while story.look(at(moment), MANY).await.is_some() {
        moment += LEASE_SECS;
    }
    let told = unaddressed(&story).await;
    let told: Vec<_> = told
        .iter()
        .map(|alert| (site_of(alert), alert.matter.word(), alert.raised_at))
        .collect();
    assert_eq!(
        told,
        [
            ("dupont", "restore.without-request", at(10)),
            ("dupont", "restore.failed", at(12)),
            ("martin", "backup.night-failed", at(21)),
            ("dupont", "expiry.failed", at(41)),
            ("dupont", "expiry.failed", at(DAY + 1)),
            ("arnaud", "backup.night-failed", at(moment)),
        ]
    );
}

/// Three days for whoever mends the mail server; thirty to look it up.
pub async fn what_was_tried_for_too_long_is_given_up_and_later_forgotten(story: Story) {
    let lost = raise(&story, "dupont", 0, &["anna", "bert"]).await;
    let unread = test_alert("martin", 0);
    story.store.raise_alert(&unread).await.expect("the site exists");
    let arrived = take(&story, "bert", at(1)).await.expect("it is due");
    settle(&story, &arrived, Settlement::Delivered, at(2)).await;
    let late = at(0).plus(ALERT_TRIED_FOR);
    assert_eq!(sweep(&story, late.minus(Duration::from_secs(1))).await, []);
    let held = take(&story, "anna", late).await.expect("it is due");
    assert_eq!(sweep(&story, late).await, [], "it may arrive yet");
    settle(&story, &held, again(late.plus(LEASE), false), late).await;
    let given_up = sweep(&story, late).await;
    assert_eq!(
        given_up,
        [Delivery {
            alert: lost.clone(),
            ..held
        }]
    );
    assert_eq!(sweep(&story, late.plus(LEASE)).await, [], "said once");
    assert_eq!(take(&story, "anna", late.plus(LEASE)).await, None);

    assert!(
        !story.store.raise_alert(&lost).await.expect("the store works"),
        "it is still known"
    );
    sweep(&story, at(0).plus(ALERT_KEPT)).await;
    assert!(
        story.store.raise_alert(&lost).await.expect("the store works"),
        "forgotten"
    );
    assert_eq!(unaddressed(&story).await, [unread, lost], "nothing goes unread");
}

/// Those of this site alone, and administrators alone.
pub async fn the_administrators_of_a_site_are_found(story: Story) {
    for (name, role, sites) in [
        ("zoe", Role::ClientAdmin, &["dupont"][..]),
        ("anna", Role::ClientAdmin, &["dupont", "arnaud"]),
        ("hugo", Role::ClientViewer, &["dupont"]),
        ("ines", Role::Operator, &[]),
        ("marc", Role::ClientAdmin, &["martin"]),
    ] {
        let saved = story.store.save_account(&account(name, role, sites)).await;
        saved.expect("the account is sound");
    }
    let of = async |site| story.store.administrators(&id(site)).await.expect("the store works");
    assert_eq!(
        of("dupont").await,
        [
            account("anna", Role::Operator, &[]).email,
            account("zoe", Role::Operator, &[]).email
        ]
    );
    assert_eq!(of("martin").await.len(), 1);
    assert!(of("nowhere").await.is_empty());
}

fn test_alert(site: &str, seconds: i64) -> Alert {
    Alert::about(Some(id(site)), Matter::Test, at(seconds))
}

async fn raise(story: &Story, site: &str, seconds: i64, to: &[&str]) -> Alert {
    let alert = test_alert(site, seconds);
    assert!(story.store.raise_alert(&alert).await.expect("the site exists"));
    assert!(address(story, &alert, to).await);
    alert
}

async fn address(story: &Story, alert: &Alert, to: &[&str]) -> bool {
    let to: Vec<_> = to.iter().map(|to| recipient(to)).collect();
    let done = story.store.address_alert(&alert.id, &to, alert.raised_at).await;
    done.expect("the store works")
}

fn recipient(to: &str) -> Recipient {
    Recipient {
        channel: "mail".to_owned(),
        to: to.to_owned(),
    }
}

fn again(due_at: Timestamp, refused: bool) -> Settlement {
    Settlement::Again { due_at, refused }
}

async fn take(story: &Story, to: &str, now: Timestamp) -> Option<Delivery> {
    let taken = story.store.take_delivery(&recipient(to), now, now.plus(LEASE)).await;
    taken.expect("the store works")
}

async fn settle(story: &Story, delivery: &Delivery, settlement: Settlement, now: Timestamp) {
    let settled = story.store.settle_delivery(delivery, settlement, now).await;
    settled.expect("the delivery is held");
}

async fn due(story: &Story, now: Timestamp) -> Vec<String> {
    let due = story.store.due_recipients(now).await.expect("the store works");
    due.into_iter().map(|recipient| recipient.to).collect()
}

async fn unaddressed(story: &Story) -> Vec<Alert> {
    story.store.unaddressed_alerts().await.expect("the store works")
}

async fn sweep(story: &Story, now: Timestamp) -> Vec<Delivery> {
    story.store.sweep_alerts(now).await.expect("the store works")
}

fn site_of(alert: &Alert) -> &str {
    alert.site.as_ref().map_or("", |site| site.as_str())
}

async fn queue_night(story: &Story, site: &str, now: Timestamp) {
    let business_date = november(23);
    let new = story.new_process(site, ProcessKind::NightlyBackup { business_date }, now);
    story
        .store
        .queue_backup(&new)
        .await
        .expect("the night is still to be made");
}

//! From what happens to whoever is to know it: through the outbox, past failures, to real servers.

use std::time::Duration;

use control::Scheduler;
use control::ports::control_store::ControlStore;
use control::testing::store_contract::story::{account, at, id};
use domain::account::Role;
use domain::alert::Matter;
use domain::limits::{ALERT_LONGEST_RETRY, ALERT_TRIED_FOR};

use crate::hook::Answer;
use crate::smtp::Mood;
use crate::world::{HOST, World};

const HOURS: u64 = 3_600;

#[tokio::test]
async fn a_site_without_a_backup_for_26_hours_is_told_once_through_both_channels_and_so_is_the_end() {
    let world = World::new().await;
    let backup = world.story.manual_backup("dupont", at(0)).await;
    let (mut scheduler, courier) = (Scheduler::new(world.plane.clone()), world.courier());
    world.clock.set(backup.completed_at);
    world.advance(26 * HOURS - 1);
    scheduler.look().await.unwrap();
    courier.deliver_once().await.unwrap();
    let about = |text: &str| {
        let mails = world
            .smtp
            .taken()
            .into_iter()
            .filter(|mail| mail.subject().contains(text))
            .count();
        let calls = world.hook.calls().into_iter();
        let calls = calls
            .filter(|call| call.body["data"]["summary"].to_string().contains(text))
            .count();
        (mails, calls)
    };
    assert_eq!(about("Dupont"), (0, 0));

    world.advance(1);
    for _ in 0..3 {
        scheduler.look().await.unwrap();
        courier.deliver_once().await.unwrap();
        world.courier().deliver_once().await.unwrap();
        world.advance(600);
    }
    assert_eq!(about("Dupont"), (1, 1));
    let taken = world.smtp.taken();
    let mail = taken.iter().find(|mail| mail.subject().contains("Dupont")).unwrap();
    assert_eq!(mail.subject(), "Coffre : Dupont & Fils est sans sauvegarde depuis 26 h");
    assert_eq!((mail.header("To").as_str(), mail.to.len()), (HOST, 1));
    let text = mail.text();
    for part in [
        "Dupont & Fils (DUPONT) n’a aucune sauvegarde complète depuis le 24 novembre 2026 à 11 h 00.",
        "À faire :\nRegardez les derniers processus du site",
        "https://coffre.example/sites/dupont",
        "Europe/Paris",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let calls = world.hook.calls();
    let call = calls
        .iter()
        .find(|call| call.body["data"]["site"]["id"] == "dupont")
        .unwrap();
    assert_eq!(call.body["type"], "site.silent");
    assert_eq!(call.body["data"]["severity"], "critical");
    assert_eq!(call.body["data"]["last_backup_at"], "2026-11-24T10:00:30+00:00");
    assert_eq!(call.body["data"]["link"], "https://coffre.example/sites/dupont");

    // The nights that were queued meanwhile are made.
    loop {
        let claimed = world.story.claim(world.plane.now()).await;
        world.story.complete(&claimed, world.plane.now()).await;
        if claimed.process.site == id("dupont") {
            break;
        }
    }
    world.advance(60);
    for _ in 0..2 {
        Scheduler::new(world.plane.clone()).look().await.unwrap();
        courier.deliver_once().await.unwrap();
    }
    assert_eq!(about("Dupont & Fils a de nouveau une sauvegarde"), (1, 1));
    assert_eq!(about("Dupont"), (2, 2));
}

#[tokio::test]
async fn a_dead_mail_server_gets_it_when_it_is_back_and_the_webhook_at_once() {
    let world = World::new().await;
    let courier = world.courier();
    world.smtp.set(Mood::HangsUp("MAIL"));
    for site in ["dupont", "martin"] {
        world.raise(site, Matter::SilenceOver).await;
    }
    let round = courier.deliver_once().await.unwrap();
    assert_eq!(
        (round.delivered, round.failed),
        (2, 1),
        "one try shows that nobody is there"
    );
    assert_eq!((world.smtp.taken().len(), world.hook.calls().len()), (0, 2));

    world.raise("dupont", Matter::Test).await;
    for _ in 0..10 {
        world.advance(20 * 60);
        courier.deliver_once().await.unwrap();
    }
    assert_eq!((world.smtp.taken().len(), world.hook.calls().len()), (0, 3));
    world.smtp.set(Mood::Well);
    world.advance(ALERT_LONGEST_RETRY.as_secs());
    courier.deliver_once().await.unwrap();
    let subjects: Vec<_> = world.smtp.taken().iter().map(|mail| mail.subject()).collect();
    assert_eq!(subjects.len(), 3, "what waited longer comes with it: {subjects:?}");
    let of_dupont = |of: &str| subjects.iter().position(|subject| subject.contains(of)).unwrap();
    assert!(of_dupont("Dupont") < of_dupont("essai"), "{subjects:?}");
    assert_eq!(courier.deliver_once().await.unwrap().delivered, 0);
}

#[tokio::test]
async fn a_dead_receiver_gets_it_when_it_is_back_with_the_same_id_and_the_mail_goes_at_once() {
    let world = World::new().await;
    let courier = world.courier();
    world.hook.set(Answer::Status(503));
    let alert = world.raise("dupont", Matter::SilenceOver).await;
    courier.deliver_once().await.unwrap();
    assert_eq!((world.smtp.taken().len(), world.hook.calls().len()), (1, 1));
    courier.deliver_once().await.unwrap();
    assert_eq!(world.hook.calls().len(), 1, "not before its wait is over");
    // Ten minutes later: the receiver believes no old timestamp, and gets a new one.
    world.hook.set(Answer::Status(200));
    world.advance(600);
    courier.deliver_once().await.unwrap();
    let ids: Vec<_> = world.hook.calls().into_iter().map(|call| call.id).collect();
    assert_eq!(ids, [alert.id.as_str(), alert.id.as_str()]);
    world.advance(600);
    assert_eq!(world.courier().deliver_once().await.unwrap().delivered, 0);
    assert_eq!(world.smtp.taken().len(), 1);
}

#[tokio::test]
async fn several_couriers_at_once_send_once() {
    let world = World::new().await;
    for site in ["dupont", "martin", "arnaud"] {
        world.raise(site, Matter::SilenceOver).await;
    }
    let couriers: Vec<_> = (0..5).map(|_| world.courier()).collect();
    let rounds = futures::future::join_all(couriers.iter().map(|courier| courier.deliver_once())).await;
    let delivered: usize = rounds.into_iter().map(|round| round.unwrap().delivered).sum();
    // Who came while another held the first letter of a site leaves the rest to the next look.
    let rest = couriers[0].deliver_once().await.unwrap().delivered;
    assert_eq!(delivered + rest, 6);
    assert_eq!((world.smtp.taken().len(), world.hook.calls().len()), (3, 3));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_the_next_start() {
    let world = World::new().await;
    let courier = world.courier();
    world.hook.set(Answer::Status(410));
    world.raise("dupont", Matter::SilenceOver).await;
    courier.deliver_once().await.unwrap();
    world.hook.set(Answer::Status(200));
    world.advance(2 * HOURS);
    courier.deliver_once().await.unwrap();
    assert_eq!((world.smtp.taken().len(), world.hook.calls().len()), (1, 1));
    world.courier().deliver_once().await.unwrap();
    assert_eq!(world.hook.calls().len(), 2);
}

#[tokio::test]
async fn a_restore_without_a_request_is_told_to_the_client_too_and_nobody_reads_whom_else() {
    let world = World::new().await;
    for (name, role, sites) in [
        ("claire", Role::ClientAdmin, &["dupont"][..]),
        ("hugo", Role::ClientViewer, &["dupont"]),
        ("marc", Role::ClientAdmin, &["martin"]),
    ] {
        world.store.save_account(&account(name, role, sites)).await.unwrap();
    }
    let backup = world.story.manual_backup("dupont", at(0)).await;
    world.story.queue_restore("dupont", &backup, at(60)).await;
    world.courier().deliver_once().await.unwrap();
    let taken = world.smtp.taken();
    let mut to: Vec<_> = taken.iter().map(|mail| mail.header("To")).collect();
    to.sort();
    assert_eq!(to, ["claire@coffre.example", HOST]);
    for mail in &taken {
        assert_eq!(mail.to, [format!("RCPT TO:<{}>", mail.header("To"))]);
        assert_eq!(
            mail.subject(),
            "Coffre : restauration de Dupont & Fils sans demande du client"
        );
        assert!(mail.text().contains("« asked by telephone »"), "{}", mail.text());
    }
    assert_ne!(taken[0].header("Message-ID"), taken[1].header("Message-ID"));
    assert_eq!(world.hook.calls().len(), 1);
    assert_eq!(world.hook.calls()[0].body["data"]["reason"], "asked by telephone");
}

#[tokio::test]
async fn what_nobody_takes_for_three_days_is_given_up() {
    let world = World::new().await;
    let courier = world.courier();
    world.smtp.set(Mood::Answers("RCPT", "550 no such mailbox"));
    world.raise("dupont", Matter::SilenceOver).await;
    let mut given_up = 0;
    let mut tries = 0;
    while world.plane.now() < at(0).plus(ALERT_TRIED_FOR).plus(Duration::from_secs(HOURS)) {
        let round = courier.deliver_once().await.unwrap();
        given_up += round.given_up;
        tries += round.failed;
        world.advance(20 * 60);
    }
    assert_eq!(given_up, 1);
    assert!((72..90).contains(&tries), "{tries} tries in three days");
    world.smtp.set(Mood::Well);
    assert_eq!(world.courier().deliver_once().await.unwrap().delivered, 0);
}

#[tokio::test]
async fn a_refused_alert_does_not_hold_up_the_next_one_of_its_site() {
    let world = World::new().await;
    let courier = world.courier();
    world.hook.set(Answer::Status(422));
    world.raise("dupont", Matter::SilenceOver).await;
    courier.deliver_once().await.unwrap();
    world.hook.set(Answer::Status(200));
    let second = world.raise("dupont", Matter::Test).await;
    courier.deliver_once().await.unwrap();
    assert_eq!(world.hook.calls().last().unwrap().id, second.id.as_str());
}

//! A night that lost half its rows: marked, told, and nothing older expires until somebody has decided.

use std::time::Duration;

use control::ports::notifier::Notice;
use control::{ControlError, RestoreOrder};
use domain::account::Role;
use domain::anomaly::{Review, Unusual, What};
use domain::backup::{Backup, BackupKind};
use domain::ids::BackupId;
use domain::judgement::Verdict;
use domain::live::LiveEvent;
use domain::refusal::{Field, Refusal};
use domain::restore::Scope;
use domain::retention::{Expire, Facts, Keep, Plan, Policy, Terms, plan};
use domain::time::{CivilDate, Zone};

use crate::world::{World, actor, database, site};

const FULL: usize = 4_200;
const HALF: usize = 2_100;

/// Gives the accounting so many rows.
fn fill(world: &World, rows: usize) {
    world.engine.create(&database("compta"), &vec!["entry"; rows]);
}

async fn night(world: &World, day: u8) -> BackupId {
    world.clock.advance(Duration::from_secs(60));
    let date = CivilDate {
        year: 2026,
        month: 11,
        day,
    };
    let process = world.plane.start_nightly_backup(&site("dupont"), date).await.unwrap();
    world.work().await;
    world.process(&process).await.backup.unwrap()
}

async fn backup(world: &World, id: &BackupId) -> Backup {
    world.plane.store().backup(id).await.unwrap().unwrap()
}

/// Ten good nights, 10 to 19 November, and one that lost half its rows. The site keeps them all: what another policy would let
/// go of is asked for by [`planned`].
async fn lost_half() -> (World, Vec<BackupId>, BackupId) {
    let world = World::new().await;
    let all = Terms {
        days: 60,
        ..Policy::default().terms()
    };
    let policy = Policy::new(all).unwrap();
    world.plane.store().set_policy(&site("dupont"), policy).await.unwrap();
    fill(&world, FULL);
    let mut good = Vec::new();
    for day in 10..20 {
        good.push(night(&world, day).await);
    }
    fill(&world, HALF);
    let unusual = night(&world, 20).await;
    (world, good, unusual)
}

async fn planned(world: &World) -> Plan {
    let backups = world.plane.store().backups(&site("dupont")).await.unwrap();
    let facts: Vec<Facts> = backups.iter().map(Facts::of).collect();
    plan(world.now(), &Zone::utc(), Policy::default(), &facts)
}

fn reasons<'a>(plan: &'a Plan, id: &BackupId) -> &'a [Keep] {
    plan.kept
        .iter()
        .find(|kept| kept.id == *id)
        .map_or(&[], |kept| &kept.reasons)
}

fn expired(plan: &Plan) -> Vec<BackupId> {
    plan.expired.iter().map(|gone| gone.id.clone()).collect()
}

async fn decide(world: &World, role: Role, backup: &BackupId, verdict: Verdict) -> Result<Review, ControlError> {
    let decided = world.plane.decide(&actor(role), backup, verdict, None).await?;
    Ok(decided.judgement.review)
}

#[track_caller]
fn refused<T>(answer: Result<T, ControlError>) -> Refusal {
    match answer {
        Err(ControlError::Refused(no)) => no,
        Err(ControlError::Failed { reference }) => panic!("failed: {reference}"),
        Ok(_) => panic!("not refused"),
    }
}

#[tokio::test]
async fn half_the_rows_vanish_and_nothing_older_expires_before_somebody_decides() {
    let (world, good, unusual) = lost_half().await;
    let fact = Unusual {
        what: What::Rows {
            database: database("compta"),
            table: "rows".to_owned(),
        },
        before: FULL as u64,
        now: HALF as u64,
    };
    let marked = backup(&world, &unusual).await.judgement;
    assert_eq!(
        (marked.review, &marked.unusual),
        (Review::Undecided, &vec![fact.clone()])
    );
    for id in &good {
        assert!(backup(&world, id).await.judgement.is_usual());
    }
    let told = world
        .notices
        .all()
        .into_iter()
        .filter(|notice| matches!(notice, Notice::Unusual { .. }));
    let expected = Notice::Unusual {
        site: site("dupont"),
        backup: unusual.clone(),
        facts: vec![fact],
    };
    assert_eq!(told.collect::<Vec<_>>(), [expected]);
    let overview = world
        .plane
        .site_overview(&actor(Role::ClientViewer), &site("dupont"))
        .await
        .unwrap();
    assert_eq!(
        overview.undecided.iter().map(|entry| &entry.id).collect::<Vec<_>>(),
        [&unusual]
    );

    let plan = planned(&world).await;
    assert_eq!(plan.expired, []);
    assert_eq!(reasons(&plan, &unusual), [Keep::Undecided]);
    assert_eq!(reasons(&plan, &good[0]), [Keep::Frozen { by: unusual }]);
}

#[tokio::test]
async fn accepted_its_level_is_the_normal_one_and_the_policy_goes_on() {
    let (world, good, unusual) = lost_half().await;
    let next = night(&world, 21).await;
    let manual = world.backed_up().await.backup.unwrap();
    for id in [&next, &manual] {
        assert!(
            backup(&world, id).await.judgement.is_undecided(),
            "still beside the old level"
        );
    }
    fill(&world, HALF / 2 - 100);
    let worse = night(&world, 22).await;

    let mut feed = world.plane.feed().listen();
    let reason = Some("  archivage 2019\n");
    let decided = world
        .plane
        .decide(&actor(Role::ClientAdmin), &unusual, Verdict::Accept, reason)
        .await
        .unwrap();
    let decision = decided.judgement.decision.unwrap();
    assert_eq!((decision.by.as_str(), decision.at), ("Claire Morel", world.now()));
    assert_eq!(decision.reason.as_deref(), Some("archivage 2019"));
    let event = feed.try_recv().unwrap();
    assert!(event == LiveEvent::Backups { site: site("dupont") }, "{event:?}");
    for id in [&next, &manual] {
        assert_eq!(
            backup(&world, id).await.judgement.review,
            Review::Accepted,
            "the same level"
        );
    }
    assert!(
        backup(&world, &worse).await.judgement.is_undecided(),
        "another loss is another question"
    );
    let accepts = world
        .audited()
        .await
        .into_iter()
        .filter(|(act, _)| act == "backup.accept");
    assert_eq!(accepts.count(), 3);

    decide(&world, Role::Operator, &worse, Verdict::Reject).await.unwrap();
    fill(&world, HALF);
    let usual = night(&world, 23).await;
    assert!(backup(&world, &usual).await.judgement.is_usual());
    let plan = planned(&world).await;
    assert_eq!(expired(&plan), good[..6], "seven good nights: 16 to 21 and 23");
}

#[tokio::test]
async fn rejected_it_stands_for_no_night_and_stays_as_evidence() {
    let (world, good, unusual) = lost_half().await;
    assert_eq!(
        decide(&world, Role::ClientAdmin, &unusual, Verdict::Reject)
            .await
            .unwrap(),
        Review::Rejected
    );
    let plan = planned(&world).await;
    assert_eq!(reasons(&plan, &unusual), [Keep::SetAside { younger: 0, of: 7 }]);
    assert_eq!(expired(&plan), good[..3]);

    // The same loss the night after is another question; with the rows back there is none.
    let again = night(&world, 21).await;
    assert!(backup(&world, &again).await.judgement.is_undecided());
    decide(&world, Role::Operator, &again, Verdict::Reject).await.unwrap();
    fill(&world, FULL + 10);
    for day in 22..25 {
        let usual = night(&world, day).await;
        assert!(backup(&world, &usual).await.judgement.is_usual());
    }
    assert_eq!(
        decide(&world, Role::Operator, &again, Verdict::Accept).await.unwrap(),
        Review::Accepted
    );
    let of_rejected = planned(&world).await.expired;
    assert!(
        of_rejected
            .iter()
            .all(|gone| !matches!(gone.reason, Expire::SetAside { .. })),
        "still evidence"
    );
}

#[tokio::test]
async fn whoever_may_not_decide_is_refused_and_that_is_written_down() {
    let (world, good, unusual) = lost_half().await;
    for (role, code) in [(Role::ClientViewer, "read-only"), (Role::Partner, "not-delegated")] {
        let no = refused(decide(&world, role, &unusual, Verdict::Accept).await);
        assert_eq!(no.code(), code);
        assert_eq!(
            world.audited().await.last().unwrap(),
            &("Judge".to_owned(), code.to_owned())
        );
    }
    let mut stranger = actor(Role::ClientAdmin);
    stranger.sites = vec![site("martin")];
    let answer = world.plane.decide(&stranger, &unusual, Verdict::Accept, None).await;
    assert_eq!(refused(answer), Refusal::NotFound);
    assert_eq!(
        refused(world.plane.review_page(&stranger, &unusual).await),
        Refusal::NotFound
    );
    assert!(backup(&world, &unusual).await.judgement.is_undecided());

    let usual = refused(decide(&world, Role::ClientAdmin, &good[3], Verdict::Reject).await);
    assert_eq!(usual, Refusal::NotUnusual);
    let endless = "x".repeat(501);
    let long = world
        .plane
        .decide(&actor(Role::ClientAdmin), &unusual, Verdict::Accept, Some(&endless))
        .await;
    assert_eq!(refused(long), Refusal::Invalid { field: Field::Reason });

    let mut open = world.plane.store().site(&site("dupont")).await.unwrap().unwrap();
    open.delegated = true;
    world.declare(open).await;
    assert_eq!(
        decide(&world, Role::Partner, &unusual, Verdict::Accept).await.unwrap(),
        Review::Accepted
    );
}

/// The copy of the damaged state is what undoes the restore: it is neither a question nor a level.
#[tokio::test]
async fn a_backup_before_a_restore_is_not_judged_and_nothing_is_compared_with_it() {
    let (world, good, unusual) = lost_half().await;
    for _ in 0..3 {
        fill(&world, HALF);
        world.clock.advance(Duration::from_secs(60));
        let order = RestoreOrder {
            site: site("dupont"),
            scope: Scope::Site,
            backup: good[9].clone(),
            confirmation: "DUPONT".to_owned(),
            reason: "half the entries are gone".to_owned(),
        };
        world.plane.start_restore(&actor(Role::Operator), order).await.unwrap();
        world.work().await;
    }
    let all = world.plane.store().backups(&site("dupont")).await.unwrap();
    let safety: Vec<_> = all.iter().filter(|backup| backup.kind == BackupKind::Safety).collect();
    assert_eq!(safety.len(), 3);
    assert!(safety.iter().all(|backup| backup.judgement.is_usual()));
    assert_eq!(safety[0].artifacts[0].rows.as_ref().unwrap()["rows"], HALF as u64);
    let usual = night(&world, 21).await;
    assert!(
        backup(&world, &usual).await.judgement.is_usual(),
        "the restored rows are the usual ones"
    );
    fill(&world, HALF);
    let lost_again = night(&world, 22).await;
    assert!(
        backup(&world, &lost_again).await.judgement.is_undecided(),
        "and half of them are still unusual"
    );
    assert!(backup(&world, &unusual).await.judgement.is_undecided());
}

#[tokio::test]
async fn two_backups_are_too_few_to_judge_a_third() {
    let world = World::new().await;
    fill(&world, FULL);
    night(&world, 20).await;
    night(&world, 21).await;
    fill(&world, HALF);
    let third = night(&world, 22).await;
    assert!(backup(&world, &third).await.judgement.is_usual());
}

//! Nights kept among the manual backups, manual ones deleted and put back, and what is gone for good.

use std::time::Duration;

use control::testing::fake_engine::Point;
use control::{ControlError, RestoreOrder};
use domain::account::{Actor, Role};
use domain::backup::BackupKind;
use domain::ids::{BackupId, CustomerId};
use domain::limits::BIN_DAYS;
use domain::live::LiveEvent;
use domain::overview::DatabaseBackups;
use domain::process::ProcessState;
use domain::refusal::{FreedBy, Refusal};
use domain::restore::Scope;
use domain::time::CivilDate;

use crate::world::{World, actor, database, site};

const WEEK: Duration = Duration::from_secs(BIN_DAYS as u64 * 24 * 60 * 60);

async fn night(world: &World, day: u8) -> BackupId {
    let date = CivilDate {
        year: 2026,
        month: 11,
        day,
    };
    let process = world.plane.start_nightly_backup(&site("dupont"), date).await.unwrap();
    world.work().await;
    world.process(&process).await.backup.unwrap()
}

async fn manual(world: &World) -> BackupId {
    world.clock.advance(Duration::from_secs(60));
    world.backed_up().await.backup.unwrap()
}

async fn page(world: &World, who: Role) -> DatabaseBackups {
    world
        .plane
        .database_backups(&actor(who), &site("dupont"), &database("compta"))
        .await
        .unwrap()
}

fn snapshots(world: &World) -> usize {
    world.repositories.count(&CustomerId::parse("dupont").unwrap())
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
async fn a_kept_night_moves_to_the_manual_ones_with_the_same_hash_and_without_a_byte_stored() {
    let world = World::new().await;
    let backup = night(&world, 23).await;
    let before = page(&world, Role::ClientAdmin).await;
    world
        .engine
        .on_point(|point, _| panic!("{point:?}: nothing is read or written"));
    let kept = world.plane.promote(&actor(Role::ClientAdmin), &backup).await.unwrap();
    assert_eq!(kept.promotion.unwrap().by, "Claire Morel");
    let after = page(&world, Role::ClientAdmin).await;
    assert_eq!((after.automatic.len(), after.manual.len()), (0, 1));
    assert_eq!(after.manual[0].sha256, before.automatic[0].sha256);
    assert_eq!((after.summary.quota.kept, snapshots(&world)), (1, 1));
    world.plane.demote(&actor(Role::ClientAdmin), &backup).await.unwrap();
    assert_eq!(page(&world, Role::ClientAdmin).await.automatic, before.automatic);
    let wanted = [("backup.promote", "done"), ("backup.demote", "done")];
    assert_eq!(
        world.audited().await,
        wanted.map(|(act, end)| (act.to_owned(), end.to_owned()))
    );
}

#[tokio::test]
async fn a_deleted_backup_is_nowhere_and_put_back_it_restores() {
    let world = World::new().await;
    let backup = manual(&world).await;
    world.engine.write(&database("compta"), "later");
    let (admin, operator) = (actor(Role::ClientAdmin), actor(Role::Operator));
    let compta = database("compta");
    world.plane.delete_backup(&admin, &backup).await.unwrap();
    let shown = page(&world, Role::ClientAdmin).await;
    assert_eq!(
        (shown.manual.len(), shown.summary.quota.kept, shown.summary.last),
        (0, 0, None)
    );
    assert_eq!(shown.bin.len(), 1);
    assert_eq!(shown.bin[0].deletion.until, world.now().plus(WEEK));
    assert_eq!(shown.bin[0].deletion.by, "Claire Morel");
    let order = RestoreOrder {
        site: site("dupont"),
        scope: Scope::Site,
        backup: backup.clone(),
        confirmation: "DUPONT".to_owned(),
        reason: "asked".to_owned(),
    };
    assert_eq!(
        refused(world.plane.start_restore(&operator, order.clone()).await).status(),
        422
    );
    assert!(
        world
            .plane
            .restore_choices(&operator, &site("dupont"))
            .await
            .unwrap()
            .backups
            .is_empty()
    );
    assert_eq!(
        refused(world.plane.download(&admin, &backup, &compta, "whole").await),
        Refusal::NotFound
    );
    assert_eq!(
        refused(world.plane.start_export(&admin, &backup, &compta).await),
        Refusal::NotFound
    );
    assert_eq!(
        refused(world.plane.export_page(&admin, &backup, &compta).await),
        Refusal::NotFound
    );

    world.plane.put_back(&admin, &backup).await.unwrap();
    let shown = page(&world, Role::ClientAdmin).await;
    assert_eq!((shown.manual.len(), shown.bin.len()), (1, 0));
    let process = world.plane.start_restore(&operator, order).await.unwrap();
    world.work().await;
    let done = world.process(&process).await;
    assert!(matches!(done.state, ProcessState::Completed { .. }), "{:?}", done.state);
    assert_eq!(world.engine.rows(&compta), ["opening"]);
}

#[tokio::test]
async fn every_open_page_learns_of_it() {
    let world = World::new().await;
    let (night, manual) = (night(&world, 23).await, manual(&world).await);
    let mut feed = world.plane.feed().listen();
    let admin = actor(Role::ClientAdmin);
    world.plane.promote(&admin, &night).await.unwrap();
    world.plane.demote(&admin, &night).await.unwrap();
    world.plane.delete_backup(&admin, &manual).await.unwrap();
    world.plane.put_back(&admin, &manual).await.unwrap();
    for _ in 0..4 {
        assert_eq!(feed.try_recv().unwrap(), LiveEvent::Backups { site: site("dupont") });
    }
    assert!(feed.try_recv().is_err());
    world.plane.delete_backup(&admin, &manual).await.unwrap();
    feed.try_recv().unwrap();
    world.clock.advance(WEEK);
    world.plane.sweep().await.unwrap();
    world.work().await;
    let told = LiveEvent::Backups { site: site("dupont") };
    while feed.try_recv().expect("the event is among those of the expiry") != told {}
}

#[tokio::test]
async fn who_may_not_is_refused_and_it_is_written_down() {
    let world = World::new().await;
    let (night, manual) = (night(&world, 23).await, manual(&world).await);
    let administrator = Some("Claire Morel".to_owned());
    let stranger = Actor {
        sites: vec![site("martin")],
        ..actor(Role::ClientAdmin)
    };
    let who = [
        (actor(Role::ClientViewer), "read-only", "read-only"),
        (actor(Role::Partner), "not-delegated", "client-only"),
        (stranger, "not-found", "not-found"),
    ];
    for (who, keeping, deleting) in who {
        let answers = [
            (refused(world.plane.promote(&who, &night).await), keeping),
            (refused(world.plane.demote(&who, &night).await), keeping),
            (refused(world.plane.delete_backup(&who, &manual).await), deleting),
            (refused(world.plane.put_back(&who, &manual).await), deleting),
        ];
        for (no, code) in answers {
            assert_eq!(no.code(), code, "{:?}", who.role);
            if let Refusal::ClientOnly { administrator: who } = no {
                assert_eq!(who, administrator);
            }
        }
        let audited = world.audited().await;
        let last: Vec<_> = audited[audited.len() - 4..]
            .iter()
            .map(|(_, code)| code.as_str())
            .collect();
        assert_eq!(last, [keeping, keeping, deleting, deleting]);
    }
    assert_eq!(page(&world, Role::Operator).await.summary.quota.kept, 1);
    let nothing = BackupId::parse("nothing").unwrap();
    assert_eq!(
        refused(world.plane.promote(&actor(Role::Operator), &nothing).await),
        Refusal::NotFound
    );
}

#[tokio::test]
async fn at_five_of_five_the_refusal_names_the_way_out_of_the_one_who_asks() {
    let world = World::new().await;
    let night = night(&world, 23).await;
    let mut kept = Vec::new();
    for _ in 0..5 {
        kept.push(manual(&world).await);
    }
    let mut declared = world.plane.store().site(&site("dupont")).await.unwrap().unwrap();
    declared.delegated = true;
    world.declare(declared).await;
    let way_out = async |who: Role| match refused(world.plane.promote(&actor(who), &night).await) {
        Refusal::QuotaReached {
            oldest: Some(oldest), ..
        } => (oldest.business_date, oldest.freed_by),
        other => panic!("{other:?}"),
    };
    assert_eq!(way_out(Role::ClientAdmin).await, (None, FreedBy::You));
    let administrator = FreedBy::Administrator(Some("Claire Morel".to_owned()));
    assert_eq!(way_out(Role::Partner).await, (None, administrator.clone()));
    let no = refused(world.plane.start_backup(&actor(Role::Partner), &site("dupont")).await);
    assert!(matches!(no, Refusal::QuotaReached { oldest: Some(oldest), .. } if oldest.freed_by == administrator));

    let admin = actor(Role::ClientAdmin);
    world.plane.delete_backup(&admin, &kept[0]).await.unwrap();
    world.plane.promote(&actor(Role::Partner), &night).await.unwrap();
    let no = refused(world.plane.put_back(&admin, &kept[0]).await);
    let Refusal::QuotaReached {
        kept: 5,
        oldest: Some(oldest),
        ..
    } = no
    else {
        panic!("{no:?}")
    };
    assert!(oldest.business_date.is_some(), "the kept night is the oldest by now");
    // What the partner has kept it may keep no longer.
    let no = refused(world.plane.start_backup(&actor(Role::Partner), &site("dupont")).await);
    assert!(matches!(no, Refusal::QuotaReached { oldest: Some(oldest), .. } if oldest.freed_by == FreedBy::You));
    world.plane.demote(&actor(Role::Partner), &night).await.unwrap();
    world.plane.put_back(&admin, &kept[0]).await.unwrap();
}

#[tokio::test]
async fn a_backup_that_is_being_exported_or_restored_is_not_deleted() {
    let world = World::new().await;
    let backup = manual(&world).await;
    let admin = actor(Role::ClientAdmin);
    world
        .plane
        .start_export(&admin, &backup, &database("compta"))
        .await
        .unwrap();
    assert_eq!(
        refused(world.plane.delete_backup(&admin, &backup).await),
        Refusal::BackupInUse
    );
    assert_eq!(
        world.audited().await.last().unwrap(),
        &("backup.delete".to_owned(), "backup-in-use".to_owned())
    );
    world.work().await;
    world.plane.delete_backup(&admin, &backup).await.unwrap();
}

#[tokio::test]
async fn a_copy_taken_before_a_restore_is_neither_deleted_nor_kept() {
    let world = World::new().await;
    let backup = manual(&world).await;
    let order = RestoreOrder {
        site: site("dupont"),
        scope: Scope::Database(database("compta")),
        backup,
        confirmation: "DUPONT".to_owned(),
        reason: "asked".to_owned(),
    };
    let operator = actor(Role::Operator);
    world.plane.start_restore(&operator, order).await.unwrap();
    world.work().await;
    let safety = page(&world, Role::Operator).await.safety[0].backup.clone();
    assert_eq!(safety.kind, BackupKind::Safety);
    assert_eq!(
        refused(world.plane.delete_backup(&operator, &safety.id).await),
        Refusal::NotManual
    );
    assert_eq!(
        refused(world.plane.promote(&operator, &safety.id).await),
        Refusal::NotAutomatic
    );
    assert!(!world.engine.reached().iter().any(|(point, _)| *point == Point::Aside));
}

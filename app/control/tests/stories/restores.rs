//! Restoring: the site closes first, the old data stay until the new ones are checked, and every way out opens it again.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use control::ports::notifier::Notice;
use control::testing::fake_engine::Point;
use control::{ControlError, RestoreOrder};
use domain::account::Role;
use domain::failure::Cause;
use domain::ids::BackupId;
use domain::limits::LEASE;
use domain::process::{Process, ProcessState, StateName};
use domain::refusal::{Field, Refusal};
use domain::restore::Scope;
use domain::site::SiteStatus;

use crate::world::{World, actor, database, site};

pub(crate) fn order(backup: &BackupId, scope: Scope) -> RestoreOrder {
    RestoreOrder {
        site: site("dupont"),
        scope,
        backup: backup.clone(),
        confirmation: "dupont".to_owned(),
        reason: "Asked by telephone".to_owned(),
    }
}

/// A backup of the opening state, after which both books went on.
pub(crate) async fn went_on() -> (World, BackupId) {
    let world = World::new().await;
    let backup = world.backed_up().await.backup.unwrap();
    for id in ["compta", "paie"] {
        world.engine.write(&database(id), "later");
    }
    (world, backup)
}

async fn restore(world: &World, backup: &BackupId, scope: Scope) -> Process {
    let process = world
        .plane
        .start_restore(&actor(Role::Operator), order(backup, scope))
        .await
        .unwrap();
    world.work().await;
    world.process(&process).await
}

pub(crate) fn rows(world: &World, id: &str) -> Vec<String> {
    world.engine.rows(&database(id))
}

#[tokio::test]
async fn one_database_comes_back_and_the_other_is_not_touched() {
    let (world, backup) = went_on().await;
    let done = restore(&world, &backup, Scope::Database(database("paie"))).await;
    assert!(matches!(done.state, ProcessState::Completed { .. }), "{:?}", done.state);
    assert_eq!(rows(&world, "paie"), ["opening"]);
    assert_eq!(rows(&world, "compta"), ["opening", "later"]);
    assert!(world.status().await.is_ready());
    assert!(world.engine.remains(&database("paie")).is_empty());
}

#[tokio::test]
async fn the_site_is_closed_before_anything_happens_and_open_when_it_ends() {
    let (world, backup) = went_on().await;
    let process = world
        .plane
        .start_restore(&actor(Role::Operator), order(&backup, Scope::Site))
        .await
        .unwrap();
    assert_eq!(
        world.status().await,
        SiteStatus::Restoring {
            process: process.id.clone()
        }
    );
    let refused = world
        .plane
        .start_backup(&actor(Role::ClientAdmin), &site("dupont"))
        .await;
    assert_eq!(refused, Err(ControlError::Refused(Refusal::SiteRestoring)));
    let second = world
        .plane
        .start_restore(&actor(Role::Operator), order(&backup, Scope::Site))
        .await;
    assert_eq!(
        second.unwrap().id,
        process.id,
        "the same order sent twice is one restore"
    );
    let other = world
        .plane
        .start_restore(
            &actor(Role::Operator),
            order(&backup, Scope::Database(database("paie"))),
        )
        .await;
    assert_eq!(other, Err(ControlError::Refused(Refusal::SiteRestoring)));
    world.work().await;
    assert!(world.status().await.is_ready());
    assert_eq!(
        (rows(&world, "compta"), rows(&world, "paie")),
        (vec!["opening".into()], vec!["opening".into()])
    );
}

#[tokio::test]
async fn the_present_state_is_backed_up_first_so_that_a_restore_can_be_undone() {
    let (world, backup) = went_on().await;
    restore(&world, &backup, Scope::Site).await;
    let page = world
        .plane
        .database_backups(&actor(Role::Operator), &site("dupont"), &database("compta"))
        .await
        .unwrap();
    let safety = page.safety[0].backup.id.clone();
    assert_eq!(page.summary.quota.kept, 1, "it takes no slot");
    restore(&world, &safety, Scope::Site).await;
    assert_eq!(rows(&world, "compta"), ["opening", "later"]);
}

#[tokio::test]
async fn a_failure_at_any_stage_leaves_the_old_data_live_and_the_site_ready() {
    let faults = [
        Point::Freeze,
        Point::Copy,
        Point::Load,
        Point::Check,
        Point::Swap,
        Point::Swapped,
    ];
    for point in faults {
        for struck in ["compta", "paie"] {
            let (world, backup) = went_on().await;
            world.engine.fail_always(point, &database(struck), Cause::ToolFailed);
            let process = restore(&world, &backup, Scope::Site).await;
            let told = format!("{point:?} on {struck}");
            let ProcessState::Failed { failure, .. } = &process.state else {
                panic!("{told}: {:?}", process.state)
            };
            assert_eq!(
                (failure.cause, failure.database.as_deref()),
                (Cause::ToolFailed, Some(struck)),
                "{told}"
            );
            for id in ["compta", "paie"] {
                assert_eq!(rows(&world, id), ["opening", "later"], "{told}: {id}");
                assert!(
                    world.engine.remains(&database(id)).is_empty(),
                    "{told}: {:?}",
                    world.engine.remains(&database(id))
                );
            }
            assert!(world.status().await.is_ready(), "{told}");
        }
    }
}

#[tokio::test]
async fn a_damaged_backup_is_found_before_anything_is_loaded() {
    let (world, backup) = went_on().await;
    let artifact = world.plane.store().backup(&backup).await.unwrap().unwrap().artifacts[1].clone();
    world
        .repositories
        .damage(&format!("{}/{}", artifact.database, artifact.files[0].name));
    let process = restore(&world, &backup, Scope::Site).await;
    let ProcessState::Failed { failure, .. } = process.state else {
        panic!("{:?}", process.state)
    };
    assert_eq!(
        (failure.cause, failure.database.as_deref()),
        (Cause::StoredDataDamaged, Some("paie"))
    );
    assert!(!world.engine.reached().iter().any(|(point, _)| *point == Point::Load));
    assert_eq!(rows(&world, "paie"), ["opening", "later"]);
}

#[tokio::test]
async fn an_order_that_is_not_right_closes_nothing() {
    let (world, backup) = went_on().await;
    let operator = actor(Role::Operator);
    let invalid = |field| ControlError::Refused(Refusal::Invalid { field });
    let cases = [
        (
            RestoreOrder {
                confirmation: "DUPOND".into(),
                ..order(&backup, Scope::Site)
            },
            invalid(Field::Confirmation),
        ),
        (
            RestoreOrder {
                reason: " ".into(),
                ..order(&backup, Scope::Site)
            },
            invalid(Field::Reason),
        ),
        (
            order(&backup, Scope::Database(database("martin-compta"))),
            invalid(Field::Scope),
        ),
        (
            order(&BackupId::parse("nothing").unwrap(), Scope::Site),
            invalid(Field::Backup),
        ),
    ];
    for (order, expected) in cases {
        assert_eq!(world.plane.start_restore(&operator, order).await, Err(expected));
        assert!(world.status().await.is_ready());
    }
}

#[tokio::test]
async fn neither_client_nor_partner_restores_and_each_try_is_audited() {
    let (world, backup) = went_on().await;
    for (role, code) in [
        (Role::ClientAdmin, "restored-by-others"),
        (Role::ClientViewer, "restored-by-others"),
        (Role::Partner, "needs-request"),
    ] {
        let no = world
            .plane
            .start_restore(&actor(role), order(&backup, Scope::Site))
            .await
            .unwrap_err();
        assert!(
            matches!(&no, ControlError::Refused(refusal) if refusal.code() == code),
            "{no:?}"
        );
        assert_eq!(world.audited().await.last().unwrap(), &("Restore".into(), code.into()));
    }
    assert!(world.status().await.is_ready());
}

#[tokio::test]
async fn the_client_is_told_at_once_that_the_glass_was_broken_and_why() {
    let (world, backup) = went_on().await;
    world
        .plane
        .start_restore(&actor(Role::Operator), order(&backup, Scope::Site))
        .await
        .unwrap();
    let told = Notice::GlassBroken {
        site: site("dupont"),
        by: "Inès Caron".into(),
        reason: "Asked by telephone".into(),
    };
    assert!(world.notices.all().contains(&told));
}

#[tokio::test]
async fn a_queued_restore_that_is_stopped_opens_the_site() {
    let (world, backup) = went_on().await;
    let process = world
        .plane
        .start_restore(&actor(Role::Operator), order(&backup, Scope::Site))
        .await
        .unwrap();
    world.plane.cancel(&actor(Role::Operator), &process.id).await.unwrap();
    assert!(world.status().await.is_ready());
    world.work().await;
    assert_eq!(rows(&world, "compta"), ["opening", "later"]);
}

/// A worker that dies: it claims, does the work up to a point, and is never heard of again. The store is then asked as a
/// second worker would, after the lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_at_any_point_is_followed_by_one_that_ends_the_restore() {
    let points = [
        Point::Freeze,
        Point::Copy,
        Point::Load,
        Point::Check,
        Point::Swap,
        Point::Swapped,
        Point::Settle,
    ];
    for point in points {
        let (world, backup) = went_on().await;
        let process = world
            .plane
            .start_restore(&actor(Role::Operator), order(&backup, Scope::Site))
            .await
            .unwrap();
        let grave = die_at(&world, point).await;
        world.clock.advance(LEASE + Duration::from_secs(1));
        world.work().await;
        let ended = world.process(&process).await;
        assert_eq!(ended.state.name(), StateName::Completed, "{point:?}: {:?}", ended.state);
        assert_eq!(ended.attempt, 2, "{point:?}");
        for id in ["compta", "paie"] {
            assert_eq!(rows(&world, id), ["opening"], "{point:?}");
            assert!(world.engine.remains(&database(id)).is_empty(), "{point:?}");
        }
        assert!(world.status().await.is_ready(), "{point:?}");
        let page = world
            .plane
            .database_backups(&actor(Role::Operator), &site("dupont"), &database("compta"))
            .await
            .unwrap();
        drop(grave);
        let undone = restore(&world, &page.safety[0].backup.id, Scope::Site).await;
        assert_eq!(undone.state.name(), StateName::Completed);
        assert_eq!(
            rows(&world, "paie"),
            ["opening", "later"],
            "{point:?}: the safety backup holds the state before"
        );
    }
}

/// Runs one claim until the engine reaches `point`, then stops attending to it and holds its thread: what a `kill -9`
/// leaves behind in the store and in the engine. Dropping the answer lets the dead worker's thread stumble on, late.
pub(crate) async fn die_at(world: &World, point: Point) -> mpsc::Sender<()> {
    let (reached, died) = tokio::sync::oneshot::channel();
    let (grave, held) = mpsc::channel::<()>();
    let once = Mutex::new(Some((reached, held)));
    world.engine.on_point(move |at, _| {
        let first = if at == point { once.lock().unwrap().take() } else { None };
        if let Some((reached, held)) = first {
            reached.send(()).unwrap();
            let _ = held.recv();
        }
    });
    let plane = world.plane.clone();
    let work = tokio::spawn(async move { plane.work_once().await });
    died.await.unwrap();
    work.abort();
    let _ = work.await;
    grave
}

#[tokio::test]
async fn a_database_that_is_gone_comes_back_although_it_could_not_be_kept_first() {
    let (world, backup) = went_on().await;
    world.engine.remove(&database("compta"));
    let process = restore(&world, &backup, Scope::Site).await;
    assert_eq!(process.state.name(), StateName::Completed, "{:?}", process.state);
    assert_eq!(
        (rows(&world, "compta"), rows(&world, "paie")),
        (vec!["opening".into()], vec!["opening".into()])
    );
    let trail = world.audited().await;
    assert!(
        trail.contains(&("restore.without-safety-copy".into(), "done".into())),
        "{trail:?}"
    );
    let operator = actor(Role::Operator);
    let page = async |id| {
        world
            .plane
            .database_backups(&operator, &site("dupont"), &database(id))
            .await
            .unwrap()
    };
    assert!(page("compta").await.safety.is_empty());
    assert_eq!(page("paie").await.safety.len(), 1, "what could be kept was kept");
}

#[tokio::test]
async fn a_site_whose_old_data_cannot_be_put_back_yet_stays_closed_until_they_are() {
    let (world, backup) = went_on().await;
    let engine = world.engine.clone();
    world
        .engine
        .fail_always(Point::Swap, &database("paie"), Cause::DatabaseLocked);
    // Somebody opens the exchanged database at the worst moment: it cannot be exchanged back.
    world.engine.on_point(move |point, id| {
        if point == Point::Swap && *id == database("paie") {
            engine.fail_always(Point::Settle, &database("compta"), Cause::DatabaseLocked);
        }
    });
    let process = restore(&world, &backup, Scope::Site).await;
    assert_eq!(
        process.state.name(),
        StateName::Running,
        "it has not ended: {:?}",
        process.state
    );
    assert_eq!(
        world.status().await,
        SiteStatus::Restoring {
            process: process.id.clone()
        }
    );

    world.engine.heal();
    world.engine.on_point(|_, _| {});
    world.clock.advance(LEASE + Duration::from_secs(1));
    world.work().await;
    let ended = world.process(&process).await;
    assert_eq!(
        (ended.state.name(), ended.attempt),
        (StateName::Completed, 2),
        "{:?}",
        ended.state
    );
    for id in ["compta", "paie"] {
        assert_eq!(rows(&world, id), ["opening"]);
        assert!(world.engine.remains(&database(id)).is_empty());
    }
    assert!(world.status().await.is_ready());
}

#[tokio::test]
async fn the_client_reads_on_the_process_why_it_was_restored() {
    let (world, backup) = went_on().await;
    let process = restore(&world, &backup, Scope::Site).await;
    let detail = world
        .plane
        .process_detail(&actor(Role::ClientAdmin), &process.id)
        .await
        .unwrap();
    assert_eq!(detail.reason.as_deref(), Some("Asked by telephone"));
}

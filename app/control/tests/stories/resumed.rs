//! Killed between the snapshot and its row: the backup is whole and nobody knows of it. The next attempt finds it.

use control::ports::repository::{Fence, Repositories, SnapshotFacts};
use control::testing::fake_engine::Point;
use domain::account::Role;
use domain::backup::Backup;
use domain::failure::Cause;
use domain::ids::CustomerId;
use domain::process::{ProcessKind, StateName};
use domain::restore::Scope;
use domain::time::CivilDate;

use crate::restores::{order, rows, went_on};
use crate::world::{World, actor, database, site};

fn customer() -> CustomerId {
    CustomerId::parse("dupont").unwrap()
}

/// What this program stores with a backup's snapshot.
fn facts_of(backup: &Backup) -> SnapshotFacts {
    let tags = [
        ("kind", backup.kind.code()),
        ("backup", backup.id.as_str()),
        ("site", backup.site.as_str()),
    ];
    SnapshotFacts {
        time: backup.t0,
        tags: tags.map(|(name, value)| format!("{name}={value}")).to_vec(),
        manifest: serde_json::to_vec(backup).unwrap(),
    }
}

/// Makes a snapshot visible that no row names.
async fn commit(world: &World, facts: SnapshotFacts) {
    let row = world.plane.store().repository(&customer()).await.unwrap().unwrap();
    let opened = world.repositories.open(&customer(), &row.key, true, Fence::open());
    let writer = opened.unwrap().writer().unwrap();
    writer.commit(facts, &|_| (), &|_| true, &|| true).unwrap();
}

/// What was entered since is not in it: it is the state of the first attempt, not another of the second.
#[tokio::test]
async fn a_backup_that_was_killed_in_its_last_moment_is_not_made_a_second_time() {
    let night = ProcessKind::NightlyBackup {
        business_date: CivilDate::parse("2026-11-23").unwrap(),
    };
    for kind in [ProcessKind::ManualBackup, night] {
        let world = World::new().await;
        let admin = actor(Role::ClientAdmin);
        let queued = match &kind {
            ProcessKind::NightlyBackup { business_date } => {
                world.plane.start_nightly_backup(&site("dupont"), *business_date).await
            }
            _ => world.plane.start_backup(&admin, &site("dupont")).await,
        };
        let queued = queued.unwrap();
        world.killed_once_visible().await;
        let t0 = world.now();
        world.clock.advance(std::time::Duration::from_secs(60));
        world.work().await;
        let done = world.process(&queued).await;
        assert_eq!(
            (done.state.name(), done.attempt, done.t0),
            (StateName::Completed, 2, Some(t0))
        );
        assert_eq!(world.repositories.count(&customer()), 1, "{kind:?}");
        let backups = world.plane.store().backups(&site("dupont")).await.unwrap();
        assert_eq!(backups.len(), 1);
        assert_eq!(Some(&backups[0].id), done.backup.as_ref());
        assert_eq!((backups[0].t0, backups[0].completed_at), (t0, world.now()));
        let of_compta = |(point, id): &(Point, _)| *point == Point::Copy && *id == database("compta");
        assert_eq!(
            world
                .engine
                .reached()
                .iter()
                .filter(|reached| of_compta(reached))
                .count(),
            1
        );
    }
}

/// Another process's, another site's, another kind, one of another program, one that says something else of itself.
#[tokio::test]
async fn only_what_the_very_process_had_stored_is_taken_for_its_own() {
    let world = World::new().await;
    let admin = actor(Role::ClientAdmin);
    let first = world.backed_up().await.backup.unwrap();
    let first = world.plane.store().backup(&first).await.unwrap().unwrap();
    let queued = world.plane.start_backup(&admin, &site("dupont")).await.unwrap();
    let own = Backup {
        id: "b-own".parse().unwrap(),
        process: queued.id.clone(),
        ..first.clone()
    };
    let others = [
        facts_of(&Backup {
            process: "p-of-tomorrow".parse().unwrap(),
            ..own.clone()
        }),
        facts_of(&Backup {
            site: site("martin"),
            ..own.clone()
        }),
        facts_of(&Backup {
            kind: domain::backup::BackupKind::Safety,
            ..own.clone()
        }),
        SnapshotFacts {
            tags: vec!["mine".to_owned()],
            ..facts_of(&own)
        },
        SnapshotFacts {
            time: world.now().plus(std::time::Duration::from_secs(1)),
            ..facts_of(&own)
        },
        SnapshotFacts {
            manifest: b"{}".to_vec(),
            ..facts_of(&own)
        },
    ];
    for facts in others {
        commit(&world, facts).await;
    }
    world.killed_once(Point::Copy).await;
    world.work().await;
    let done = world.process(&queued).await;
    assert_eq!((done.state.name(), done.attempt), (StateName::Completed, 2));
    assert_ne!(done.backup, Some(own.id));
    assert_eq!(
        world.repositories.count(&customer()),
        1 + 6 + 1,
        "and nothing was removed"
    );
}

/// What struck the server may have struck the database: the copy of its last state is the one that was just made.
#[tokio::test]
async fn the_copy_before_a_restore_is_found_again_though_its_database_is_ruined_by_now() {
    let (world, backup) = went_on().await;
    let operator = actor(Role::Operator);
    let queued = world
        .plane
        .start_restore(&operator, order(&backup, Scope::Site))
        .await
        .unwrap();
    world.killed_once_visible().await;
    world
        .engine
        .fail_always(Point::Measure, &database("compta"), Cause::DatabaseCorrupt);
    world.work().await;
    let done = world.process(&queued).await;
    assert_eq!((done.state.name(), done.attempt), (StateName::Completed, 2));
    assert_eq!(rows(&world, "compta"), ["opening"]);
    assert_eq!(world.repositories.count(&customer()), 2);
    let safety = done.backup.unwrap();
    world.engine.heal();
    let back = world
        .plane
        .start_restore(&operator, order(&safety, Scope::Site))
        .await
        .unwrap();
    world.work().await;
    assert_eq!(world.process(&back).await.state.name(), StateName::Completed);
    assert_eq!(rows(&world, "compta"), ["opening", "later"]);
}

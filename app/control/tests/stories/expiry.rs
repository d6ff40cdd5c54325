//! Backups that leave for good, by the policy or out of the bin: when, with what trace, and after a kill at any step.

use std::io::Read;
use std::time::Duration;

use control::ControlError;
use control::ports::repository::{Fence, Repositories};
use control::testing::power::Effect;
use domain::account::Role;
use domain::bacpac::Told;
use domain::expiry::{ExpiryLog, Why};
use domain::failure::Cause;
use domain::ids::{BackupId, CustomerId};
use domain::limits::{BIN_DAYS, EXPIRY_RETRY, KEPT_MARKED, READING_HEARTBEAT};
use domain::process::{Process, ProcessKind, StateName};
use domain::refusal::Refusal;
use domain::retention::{Expire, Policy, Terms};
use domain::time::CivilDate;
use sha2::{Digest, Sha256};

use crate::world::{World, actor, database, site};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const WEEK: Duration = Duration::from_secs(BIN_DAYS as u64 * 24 * 60 * 60);

fn customer() -> CustomerId {
    CustomerId::parse("dupont").unwrap()
}

fn date(days: i64) -> CivilDate {
    CivilDate::parse("2026-11-23").unwrap().plus_days(days)
}

/// The night that ends so many days after the story begins, and everything that is then to do.
async fn night(world: &World, days: i64) -> BackupId {
    world.engine.write(&database("compta"), &format!("night {days}"));
    let process = world
        .plane
        .start_nightly_backup(&site("dupont"), date(days))
        .await
        .unwrap();
    world.work().await;
    world.process(&process).await.backup.unwrap()
}

async fn manual(world: &World) -> BackupId {
    world.clock.advance(Duration::from_secs(60));
    world.backed_up().await.backup.unwrap()
}

async fn listed(world: &World) -> Vec<BackupId> {
    let mut backups = world.plane.store().backups(&site("dupont")).await.unwrap();
    backups.reverse();
    backups.into_iter().map(|backup| backup.id).collect()
}

async fn expiries(world: &World) -> Vec<Process> {
    let mut ended = world.plane.store().ended(&[site("dupont")], usize::MAX).await.unwrap();
    ended.retain(|process| process.kind == ProcessKind::Expiry);
    ended.reverse();
    ended
}

async fn log_of(world: &World, process: &Process) -> ExpiryLog {
    let operator = actor(Role::Operator);
    match world.plane.process_detail(&operator, &process.id).await.unwrap().told {
        Some(Told::Expired(log)) => log,
        other => panic!("{other:?}"),
    }
}

async fn keep_one_night(world: &World) {
    let terms = Terms {
        days: 1,
        months: 0,
        years: 0,
        safety_days: 1,
    };
    let policy = Policy::new(terms).unwrap();
    world.plane.store().set_policy(&site("dupont"), policy).await.unwrap();
}

/// What is listed is there, to the byte.
async fn everything_listed_reads_back(world: &World) {
    let store = world.plane.store();
    let Some(row) = store.repository(&customer()).await.unwrap() else {
        return;
    };
    let repository = world
        .repositories
        .open(&customer(), &row.key, row.exists, Fence::open())
        .unwrap();
    for backup in store.backups(&site("dupont")).await.unwrap() {
        for artifact in &backup.artifacts {
            for file in &artifact.files {
                let path = format!("{}/{}", artifact.database, file.name);
                let mut content = Vec::new();
                let mut reader = repository.reader(&backup.snapshot, &path).unwrap();
                reader.read_to_end(&mut content).unwrap();
                let hash: [u8; 32] = Sha256::digest(&content).into();
                assert_eq!(
                    domain::backup::Sha256Hex::from_bytes(&hash),
                    file.sha256,
                    "{}",
                    backup.id
                );
            }
        }
    }
}

/// R12: on the morning after the eighth night the first is gone, and it is told why; a day later its space is free.
#[tokio::test]
async fn the_eighth_night_removes_the_first_and_says_so() {
    let world = World::new().await;
    let mut nights = Vec::new();
    for days in 0..8 {
        nights.push(night(&world, days).await);
        let kept = nights.len().min(7);
        assert_eq!(listed(&world).await, nights[nights.len() - kept..], "night {days}");
        world.clock.advance(DAY);
    }
    let expiries = expiries(&world).await;
    assert_eq!(expiries.len(), 1, "only when there is something to do");
    assert_eq!(expiries[0].state.name(), StateName::Completed);
    let log = log_of(&world, &expiries[0]).await;
    assert_eq!(log.gone.len(), 1);
    let gone = &log.gone[0];
    assert_eq!((&gone.backup, gone.business_date), (&nights[0], Some(date(0))));
    assert_eq!(gone.why, Why::Policy(Expire::OlderThanDays { days: 7 }));
    let trail = world.audited().await;
    assert_eq!(trail.iter().filter(|(action, _)| action == "backup.expire").count(), 1);
    let (held, stored) = world.repositories.bytes(&customer());
    assert!(stored > held, "marked, not yet removed");
    world.plane.sweep().await.unwrap();
    world.work().await;
    let (held, stored) = world.repositories.bytes(&customer());
    assert_eq!(stored, held, "a day has passed");
    everything_listed_reads_back(&world).await;
}

/// R10, as the bin promises.
#[tokio::test]
async fn seven_days_after_the_bin_the_data_and_the_rows_are_gone() {
    let world = World::new().await;
    let (first, second) = (manual(&world).await, manual(&world).await);
    let admin = actor(Role::ClientAdmin);
    world
        .plane
        .start_export(&admin, &first, &database("compta"))
        .await
        .unwrap();
    world.work().await;
    world.plane.delete_backup(&admin, &first).await.unwrap();
    world.clock.advance(WEEK - Duration::from_millis(1));
    world.plane.sweep().await.unwrap();
    world.work().await;
    assert_eq!(world.plane.bin(&admin, &site("dupont")).await.unwrap().len(), 1);
    assert_eq!(world.repositories.count(&customer()), 2);
    world.clock.advance(Duration::from_millis(1));
    let bin = world.plane.bin(&admin, &site("dupont")).await.unwrap();
    assert!(bin.is_empty(), "whether or not it has been swept");
    let late = world.plane.put_back(&admin, &first).await;
    assert_eq!(late.unwrap_err(), ControlError::Refused(Refusal::NotFound));
    world.plane.sweep().await.unwrap();
    world.work().await;
    assert_eq!(world.repositories.count(&customer()), 1);
    assert_eq!(listed(&world).await, [second]);
    let expiries = expiries(&world).await;
    let log = log_of(&world, &expiries[0]).await;
    assert!(matches!(&log.gone[0].why, Why::Bin(deletion) if deletion.by == "Claire Morel"));
    assert!(log.space.unwrap().marked > 0);
    world.plane.sweep().await.unwrap();
    let shelf = std::fs::read_dir(world.folder.path().join("shelf")).unwrap();
    assert_eq!(shelf.count(), 0, "the BACPAC of it is gone with it");
}

/// Every effect that an expiry has on the store or the repository is a place where it may be killed, before it or after it;
/// the story goes on to the next until none is left.
#[tokio::test]
async fn killed_at_any_step_it_loses_nothing_that_is_listed_and_no_space_for_ever() {
    for last in [Effect::None, Effect::Unanswered] {
        let mut killed = 0;
        for step in 0.. {
            let world = World::new().await;
            let admin = actor(Role::ClientAdmin);
            let (gone, kept) = (manual(&world).await, manual(&world).await);
            world.plane.delete_backup(&admin, &gone).await.unwrap();
            world.clock.advance(WEEK);
            for days in 0..3 {
                night(&world, days).await;
                world.clock.advance(DAY);
            }
            let last_night = night(&world, 3).await;
            keep_one_night(&world).await;
            world.plane.sweep().await.unwrap();
            world.power.cut_after(step, last);
            // Killed while it claims, it is simply still queued.
            let _ = world.plane.work_once().await;
            if !world.power.restore() {
                assert!(killed > 10, "an expiry of four backups has more steps than {killed}");
                break;
            }
            killed += 1;
            everything_listed_reads_back(&world).await;
            world.plane.store().end_leases().await.unwrap();
            world.work().await;
            assert_eq!(listed(&world).await, [kept, last_night], "step {step}");
            assert_eq!(world.repositories.count(&customer()), 2, "step {step}");
            everything_listed_reads_back(&world).await;
            for _ in 0..2 {
                world.clock.advance(KEPT_MARKED.max(EXPIRY_RETRY));
                world.plane.sweep().await.unwrap();
                world.work().await;
            }
            let (held, stored) = world.repositories.bytes(&customer());
            assert_eq!(held, stored, "step {step}: space is lost for ever");
            let mut told: Vec<_> = Vec::new();
            for expiry in expiries(&world).await {
                told.extend(log_of(&world, &expiry).await.gone.into_iter().map(|gone| gone.backup));
            }
            told.sort();
            told.dedup();
            assert_eq!(told.len(), 4, "step {step}: every one that left is told of");
        }
        eprintln!("killed at {killed} steps");
    }
}

/// One failed process an hour tells of it, and nothing else is held up.
#[tokio::test]
async fn a_repository_that_is_away_is_tried_again_and_nothing_is_lost() {
    let world = World::new().await;
    let admin = actor(Role::ClientAdmin);
    let backup = manual(&world).await;
    world.plane.delete_backup(&admin, &backup).await.unwrap();
    world.clock.advance(WEEK);
    world.repositories.fail_with(Some(Cause::RepositoryReadOnly));
    for _ in 0..3 {
        world.plane.sweep().await.unwrap();
        world.work().await;
    }
    let failed = expiries(&world).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].state.name(), StateName::Failed);
    assert_eq!(world.repositories.count(&customer()), 1);
    world.repositories.fail_with(None);
    world.clock.advance(EXPIRY_RETRY);
    world.plane.sweep().await.unwrap();
    world.work().await;
    assert_eq!(world.repositories.count(&customer()), 0);
    assert_eq!(expiries(&world).await.len(), 2);
}

/// The person has it to the end, and then it goes.
#[tokio::test(start_paused = true)]
async fn a_night_that_is_being_downloaded_goes_when_the_download_is_over() {
    let world = World::new().await;
    let admin = actor(Role::ClientAdmin);
    let (first, second) = (night(&world, 0).await, {
        world.clock.advance(DAY);
        night(&world, 1).await
    });
    let download = world
        .plane
        .download(&admin, &first, &database("compta"), "whole")
        .await
        .unwrap();
    keep_one_night(&world).await;
    for _ in 0..6 {
        // The download is slower than the lease of its reading.
        world.clock.advance(READING_HEARTBEAT);
        tokio::time::sleep(READING_HEARTBEAT).await;
        world.plane.sweep().await.unwrap();
        world.work().await;
    }
    assert_eq!(listed(&world).await, [first.clone(), second.clone()]);
    let mut content = Vec::new();
    download.reader(0..download.bytes).read_to_end(&mut content).unwrap();
    assert_eq!(content.len() as u64, download.bytes);
    drop(download);
    tokio::time::sleep(READING_HEARTBEAT).await;
    world.plane.sweep().await.unwrap();
    world.work().await;
    assert_eq!(listed(&world).await, [second]);
}

/// R18: no longer kept, it is under the policy again, which acts at once.
#[tokio::test]
async fn a_night_that_is_no_longer_kept_goes_if_the_policy_does_not_want_it() {
    let world = World::new().await;
    let admin = actor(Role::ClientAdmin);
    let first = night(&world, 0).await;
    world.plane.promote(&admin, &first).await.unwrap();
    for days in 1..9 {
        world.clock.advance(DAY);
        night(&world, days).await;
    }
    assert!(listed(&world).await.contains(&first), "it has survived its seven days");
    world.plane.demote(&admin, &first).await.unwrap();
    world.work().await;
    assert!(!listed(&world).await.contains(&first));
    assert_eq!(listed(&world).await.len(), 7);
}

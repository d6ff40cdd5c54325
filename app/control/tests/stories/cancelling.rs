//! Cancelling what runs: at every step of every kind of work. Either nothing of it is there afterwards, or it was too late and
//! all of it is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use control::ports::notifier::Notice;
use control::testing::fake_engine::Point;
use control::{ControlError, ControlPlane};
use domain::account::Role;
use domain::ids::{BackupId, CustomerId, UploadId};
use domain::limits::LEASE;
use domain::process::{Cancelling, Process, ProcessState, StateName};
use domain::refusal::Refusal;
use domain::restore::Scope;
use domain::time::CivilDate;

use crate::packages::{shelf, upload};
use crate::restores::{die_at, order, rows, went_on};
use crate::world::{World, actor, database, site};

/// What became of a wish at one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Asked,
    TooLate,
    /// The work has fewer steps than that.
    NeverReached,
}

/// Works on `process` with a wish at its n-th step, which this server hears at once, or another one (`elsewhere`) keeps for it
/// in the store.
async fn cancelled_at(world: &World, process: &Process, n: usize, elsewhere: bool) -> Answer {
    let plane = match elsewhere {
        true => ControlPlane::new(world.outside.clone()),
        false => world.plane.clone(),
    };
    let answer = Arc::new(Mutex::new(Answer::NeverReached));
    let (step, id, runtime) = (
        AtomicUsize::new(0),
        process.id.clone(),
        tokio::runtime::Handle::current(),
    );
    let told = answer.clone();
    let reach = Arc::new(move || {
        if step.fetch_add(1, Ordering::SeqCst) != n {
            return;
        }
        *told.lock().unwrap() = match runtime.block_on(plane.cancel(&actor(Role::Operator), &id)) {
            Ok(asked) => {
                assert!(matches!(asked.cancelling, Cancelling::Asked { .. }), "{asked:?}");
                Answer::Asked
            }
            Err(ControlError::Refused(Refusal::TooLate)) => Answer::TooLate,
            other => panic!("{other:?}"),
        };
    });
    let (engine, repository, packages) = (reach.clone(), reach.clone(), reach);
    world.engine.on_point(move |_, _| engine());
    world.repositories.steps().set(move |_| repository());
    world.packages.steps.set(move |_| packages());
    world.work().await;
    world.engine.on_point(|_, _| {});
    world.repositories.steps().set(|_| {});
    world.packages.steps.set(|_| {});
    *answer.lock().unwrap()
}

/// Everything that work may leave: folders, copies beside the live data, snapshots without a backup, a slot, a closed site.
async fn nothing_is_left_over(world: &World, told: &str) {
    let scratch = std::fs::read_dir(world.folder.path().join("scratch"));
    assert_eq!(scratch.map_or(0, Iterator::count), 0, "{told}: a folder is left");
    for id in ["compta", "paie"] {
        let remains = world.engine.remains(&database(id));
        assert!(remains.is_empty(), "{told}: {remains:?}");
    }
    let backups = world.plane.store().backups(&site("dupont")).await.unwrap();
    let snapshots = world.repositories.count(&CustomerId::parse("dupont").unwrap());
    assert_eq!(snapshots, backups.len(), "{told}: a snapshot without a backup");
    let (quota, reserving) = world.plane.store().quota(&site("dupont")).await.unwrap();
    assert_eq!((quota.reserved, reserving), (0, vec![]), "{told}");
    assert!(world.status().await.is_ready(), "{told}");
    assert!(world.plane.store().active(None).await.unwrap().is_empty(), "{told}");
}

/// Checks one try, and says whether there is a next step.
async fn ended_as_answered(world: &World, process: &Process, answer: Answer, told: &str) -> bool {
    let ended = world.process(process).await;
    match (&ended.state, answer) {
        (ProcessState::Cancelled { by, .. }, Answer::Asked) => assert_eq!(by, "Inès Caron", "{told}"),
        (ProcessState::Completed { .. }, Answer::TooLate | Answer::NeverReached) => {}
        other => panic!("{told}: {other:?}"),
    }
    nothing_is_left_over(world, told).await;
    answer != Answer::NeverReached
}

/// Once it is too late it stays so, and there was a step of each sort.
fn in_order(kind: &str, answers: &[Answer]) {
    let asked = answers.iter().take_while(|answer| **answer == Answer::Asked).count();
    let late = answers[asked..]
        .iter()
        .take_while(|answer| **answer == Answer::TooLate)
        .count();
    eprintln!("{kind}: {asked} steps at which it stops, {late} at which it is too late");
    assert_eq!(asked + late, answers.len(), "{kind}: {answers:?}");
    assert!(asked > 0, "{kind}: {answers:?}");
}

async fn backup_ordered() -> (World, Process) {
    let world = World::new().await;
    let process = world
        .plane
        .start_backup(&actor(Role::ClientAdmin), &site("dupont"))
        .await
        .unwrap();
    (world, process)
}

async fn restore_ordered() -> (World, Process) {
    let (world, backup) = went_on().await;
    let operator = actor(Role::Operator);
    let process = world.plane.start_restore(&operator, order(&backup, Scope::Site)).await;
    (world, process.unwrap())
}

async fn export_ordered() -> (World, BackupId, Process) {
    let world = World::new().await;
    let backup = world.backed_up().await.backup.unwrap();
    let operator = actor(Role::Operator);
    let process = world.plane.start_export(&operator, &backup, &database("compta")).await;
    (world, backup, process.unwrap())
}

async fn import_ordered() -> (World, UploadId, Process) {
    let world = World::new().await;
    let id = upload(&world, b"bacpac\nrows\nbrought\n").await;
    let process = world.plane.start_import(&actor(Role::Operator), &id).await.unwrap();
    (world, id, process)
}

#[tokio::test]
async fn a_backup_cancelled_at_any_step_was_never_made_or_is_whole() {
    for elsewhere in [false, true] {
        let mut answers = Vec::new();
        for n in 0.. {
            let (world, process) = backup_ordered().await;
            let answer = cancelled_at(&world, &process, n, elsewhere).await;
            let told = format!("step {n}, {answer:?}, elsewhere {elsewhere}");
            let more = ended_as_answered(&world, &process, answer, &told).await;
            let made = usize::from(answer != Answer::Asked);
            let kept = world.plane.store().backups(&site("dupont")).await.unwrap();
            assert_eq!(kept.len(), made, "{told}");
            world.backed_up().await;
            if !more {
                break;
            }
            answers.push(answer);
        }
        in_order("a backup", &answers);
        assert!(answers.contains(&Answer::TooLate), "{answers:?}");
    }
}

#[tokio::test]
async fn a_restore_cancelled_before_the_exchange_leaves_the_old_data_and_after_it_goes_on() {
    for elsewhere in [false, true] {
        let mut answers = Vec::new();
        for n in 0.. {
            let (world, process) = restore_ordered().await;
            let answer = cancelled_at(&world, &process, n, elsewhere).await;
            let told = format!("step {n}, {answer:?}, elsewhere {elsewhere}");
            let more = ended_as_answered(&world, &process, answer, &told).await;
            let swapped = world.engine.reached().iter().any(|(point, _)| *point == Point::Swap);
            assert_eq!(swapped, answer != Answer::Asked, "{told}");
            for id in ["compta", "paie"] {
                let expected: &[&str] = if swapped { &["opening"] } else { &["opening", "later"] };
                assert_eq!(rows(&world, id), expected, "{told}: {id}");
            }
            if !more {
                break;
            }
            answers.push(answer);
        }
        in_order("a restore", &answers);
        assert!(answers.contains(&Answer::TooLate), "{answers:?}");
    }
}

#[tokio::test]
async fn an_export_cancelled_at_any_step_leaves_no_file() {
    let mut answers = Vec::new();
    for n in 0.. {
        let (world, backup, process) = export_ordered().await;
        let answer = cancelled_at(&world, &process, n, n % 2 == 1).await;
        let told = format!("step {n}, {answer:?}");
        let more = ended_as_answered(&world, &process, answer, &told).await;
        let row = world.plane.store().export(&backup, &database("compta")).await.unwrap();
        let made = usize::from(answer != Answer::Asked);
        assert_eq!((shelf(&world).len(), row.iter().count()), (made, made), "{told}");
        if !more {
            break;
        }
        answers.push(answer);
    }
    in_order("an export", &answers);
}

#[tokio::test]
async fn an_import_cancelled_at_any_step_keeps_the_file_for_another_try() {
    let mut answers = Vec::new();
    for n in 0.. {
        let (world, id, process) = import_ordered().await;
        let answer = cancelled_at(&world, &process, n, n % 2 == 1).await;
        let told = format!("step {n}, {answer:?}");
        let more = ended_as_answered(&world, &process, answer, &told).await;
        let waits = world.plane.store().upload(&id).await.unwrap().is_some();
        assert_eq!(waits, answer == Answer::Asked, "{told}");
        if waits {
            let again = world.plane.start_import(&actor(Role::Operator), &id).await.unwrap();
            world.work().await;
            assert_eq!(world.process(&again).await.state.name(), StateName::Completed, "{told}");
        }
        if !more {
            break;
        }
        answers.push(answer);
    }
    in_order("an import", &answers);
    assert!(answers.contains(&Answer::TooLate), "{answers:?}");
}

/// The worker died after the wish, or before it: the next one puts the old data back and begins nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_cancelled_and_whose_worker_dies_is_settled_by_the_next() {
    for point in [Point::Freeze, Point::Copy, Point::Load, Point::Check, Point::Swap] {
        let (world, process) = restore_ordered().await;
        let grave = die_at(&world, point).await;
        let asked = world.plane.cancel(&actor(Role::Operator), &process.id).await;
        world.engine.on_point(|_, _| {});
        let before = world.engine.reached().len();
        world.clock.advance(LEASE + Duration::from_secs(1));
        world.work().await;
        let ended = world.process(&process).await;
        let reached: Vec<_> = world.engine.reached()[before..]
            .iter()
            .map(|(point, _)| *point)
            .collect();
        if point == Point::Swap {
            assert_eq!(asked, Err(ControlError::Refused(Refusal::TooLate)), "{point:?}");
            assert_eq!(ended.state.name(), StateName::Completed, "{point:?}");
        } else {
            assert!(
                matches!(asked.unwrap().cancelling, Cancelling::Asked { .. }),
                "{point:?}"
            );
            assert!(
                matches!(ended.state, ProcessState::Cancelled { .. }),
                "{point:?}: {:?}",
                ended.state
            );
            assert_eq!(reached, [Point::Settle, Point::Settle], "{point:?}");
            assert_eq!(rows(&world, "compta"), ["opening", "later"], "{point:?}");
            assert!(world.engine.remains(&database("compta")).is_empty(), "{point:?}");
        }
        assert_eq!(ended.attempt, 2, "{point:?}");
        assert!(world.status().await.is_ready(), "{point:?}");
        drop(grave);
    }
}

/// As long as the old data are not back the site must not open, whoever wants it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_restore_that_cannot_be_settled_keeps_the_site_closed_until_it_can() {
    let (world, process) = restore_ordered().await;
    let grave = die_at(&world, Point::Check).await;
    world.plane.cancel(&actor(Role::Operator), &process.id).await.unwrap();
    world.engine.on_point(|_, _| {});
    let locked = domain::failure::Cause::DatabaseLocked;
    world.engine.fail_always(Point::Settle, &database("paie"), locked);
    world.clock.advance(LEASE + Duration::from_secs(1));
    world.work().await;
    assert_eq!(world.process(&process).await.state.name(), StateName::Running);
    assert!(!world.status().await.is_ready());

    world.engine.heal();
    world.clock.advance(LEASE + Duration::from_secs(1));
    world.work().await;
    let ended = world.process(&process).await;
    assert_eq!((ended.state.name(), ended.attempt), (StateName::Cancelled, 3));
    assert!(world.status().await.is_ready());
    drop(grave);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_is_cancelled_and_whose_worker_dies_is_tidied_up() {
    let (world, backup, process) = export_ordered().await;
    let grave = die_at(&world, Point::Aside).await;
    let unfinished = format!("shelf/{backup}~compta~{}.1", process.id);
    std::fs::write(world.folder.path().join(unfinished), "half").unwrap();
    world.plane.cancel(&actor(Role::Operator), &process.id).await.unwrap();
    world.engine.on_point(|_, _| {});
    let before = world.engine.reached().len();
    world.clock.advance(LEASE + Duration::from_secs(1));
    world.work().await;
    let ended = world.process(&process).await;
    assert_eq!((ended.state.name(), ended.attempt), (StateName::Cancelled, 2));
    assert!(shelf(&world).is_empty(), "{:?}", shelf(&world));
    let reached = world.engine.reached()[before..].to_vec();
    assert_eq!(reached, [(Point::ClearAside, database("compta"))]);
    drop(grave);
}

/// Nobody comes back to stop it: the next look of any worker ends it, and tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_cancelled_and_whose_worker_dies_is_not_begun_again_and_is_told() {
    let (world, process) = backup_ordered().await;
    let grave = die_at(&world, Point::Copy).await;
    world.plane.cancel(&actor(Role::Operator), &process.id).await.unwrap();
    world.engine.on_point(|_, _| {});
    let before = world.engine.reached().len();
    world.clock.advance(LEASE + Duration::from_secs(1));
    world.work().await;
    let ended = world.process(&process).await;
    assert_eq!((ended.state.name(), ended.attempt), (StateName::Cancelled, 1));
    assert_eq!(world.engine.reached().len(), before, "nothing was begun");
    assert!(world.notices.all().contains(&Notice::Ended(ended)));
    drop(grave);
}

/// Whoever stops a night wants none: its date is settled.
#[tokio::test]
async fn a_running_night_that_is_cancelled_is_settled() {
    let world = World::new().await;
    let night = CivilDate::parse("2026-11-23").unwrap();
    let process = world.plane.start_nightly_backup(&site("dupont"), night).await.unwrap();
    let answer = cancelled_at(&world, &process, 4, false).await;
    ended_as_answered(&world, &process, answer, "a night").await;
    assert_eq!(answer, Answer::Asked);
    let nights = world
        .plane
        .store()
        .nights_of(&site("dupont"), world.now())
        .await
        .unwrap();
    assert_eq!(nights.unwrap().nights.settled, Some(night));
}

#[tokio::test]
async fn who_may_not_start_it_may_not_stop_it_and_every_try_is_written_down() {
    let (world, process) = backup_ordered().await;
    for (role, code) in [(Role::ClientViewer, "read-only"), (Role::Partner, "not-delegated")] {
        let no = world.plane.cancel(&actor(role), &process.id).await.unwrap_err();
        assert!(matches!(&no, ControlError::Refused(no) if no.code() == code), "{no:?}");
        assert_eq!(world.audited().await.last().unwrap(), &("BackUp".into(), code.into()));
    }
    let answer = cancelled_at(&world, &process, 3, false).await;
    assert_eq!(answer, Answer::Asked);
    assert_eq!(
        world.audited().await.last().unwrap(),
        &("process.cancel".into(), "asked".into())
    );
    let late = world.plane.cancel(&actor(Role::ClientAdmin), &process.id).await;
    assert_eq!(late, Err(ControlError::Refused(Refusal::TooLate)));
    assert_eq!(
        world.audited().await.last().unwrap(),
        &("process.cancel".into(), "too-late".into())
    );
}

//! Backing up: what a backup holds, who may make one, what is left when it fails.

use std::time::Duration;

use control::ControlError;
use control::ports::notifier::Notice;
use control::testing::fake_engine::Point;
use domain::account::Role;
use domain::failure::Cause;
use domain::process::{ProcessState, StateName};
use domain::refusal::Refusal;
use domain::time::CivilDate;

use crate::world::{World, actor, database, site};

#[tokio::test]
async fn what_is_entered_after_t0_is_not_in_the_backup_and_the_site_stays_ready() {
    let world = World::new().await;
    let engine = world.engine.clone();
    // Somebody goes on working as soon as the second view is fixed.
    world.engine.on_point(move |point, id| {
        if point == Point::Copy {
            engine.write(id, "entered meanwhile");
        }
    });
    world.backed_up().await;
    assert!(world.status().await.is_ready());
    assert_eq!(world.engine.rows(&database("compta")), ["opening", "entered meanwhile"]);

    let operator = actor(Role::Operator);
    let backup = world
        .plane
        .restore_choices(&operator, &site("dupont"))
        .await
        .unwrap()
        .backups[0]
        .clone();
    let download = world
        .plane
        .download(&operator, &backup.id, &database("compta"), "")
        .await
        .unwrap();
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut download.reader(0..download.bytes), &mut content).unwrap();
    let text = String::from_utf8_lossy(&content);
    assert!(text.contains("opening") && !text.contains("meanwhile"), "{text}");
}

#[tokio::test]
async fn all_views_are_fixed_before_the_first_byte_is_copied() {
    let world = World::new().await;
    world.backed_up().await;
    let reached: Vec<_> = world.engine.reached().into_iter().map(|(point, _)| point).collect();
    let last_freeze = reached.iter().rposition(|point| *point == Point::Freeze).unwrap();
    let first_copy = reached.iter().position(|point| *point == Point::Copy).unwrap();
    assert!(last_freeze < first_copy, "{reached:?}");
}

#[tokio::test]
async fn a_finished_backup_is_listed_for_each_database_with_its_hash() {
    let world = World::new().await;
    let process = world.backed_up().await;
    assert_eq!(process.state.percent(), 100);
    assert!(process.t0.is_some());
    let admin = actor(Role::ClientAdmin);
    for id in ["compta", "paie"] {
        let page = world
            .plane
            .database_backups(&admin, &site("dupont"), &database(id))
            .await
            .unwrap();
        assert_eq!((page.automatic.len(), page.manual.len(), page.safety.len()), (0, 1, 0));
        let entry = &page.manual[0];
        let download = world
            .plane
            .download(&admin, &entry.backup.id, &database(id), "")
            .await
            .unwrap();
        assert_eq!((&download.sha256, download.bytes), (&entry.sha256, entry.bytes));
        assert_eq!(download.file_name, format!("DUPONT_{id}_2026-11-24_1000.sqlite"));
    }
    let overview = world.plane.site_overview(&admin, &site("dupont")).await.unwrap();
    assert_eq!(
        (
            overview.summary.quota.kept,
            overview.summary.quota.reserved,
            overview.slots.len()
        ),
        (1, 0, 5)
    );
}

#[tokio::test]
async fn any_range_of_a_download_is_that_part_of_the_whole() {
    let world = World::new().await;
    world.engine.create(
        &database("compta"),
        &["a row that is long enough to be cut", "and another one"],
    );
    world.backed_up().await;
    let admin = actor(Role::ClientAdmin);
    let page = world
        .plane
        .database_backups(&admin, &site("dupont"), &database("compta"))
        .await
        .unwrap();
    let download = world
        .plane
        .download(&admin, &page.manual[0].backup.id, &database("compta"), "")
        .await
        .unwrap();
    let read = |range: std::ops::Range<u64>| {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut download.reader(range), &mut bytes).unwrap();
        bytes
    };
    let whole = read(0..download.bytes);
    assert_eq!(whole.len() as u64, download.bytes);
    for start in 0..whole.len() {
        for end in start..=whole.len() {
            assert_eq!(read(start as u64..end as u64), whole[start..end], "{start}..{end}");
        }
    }
}

#[tokio::test]
async fn the_sixth_backup_is_refused_with_the_oldest_and_a_failed_one_gives_its_slot_back() {
    let world = World::new().await;
    let first = world.backed_up().await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(3_600));
        world.backed_up().await;
    }
    world.engine.fail_once(Point::Copy, Cause::DatabaseCorrupt);
    let admin = actor(Role::ClientAdmin);
    let failing = world.plane.start_backup(&admin, &site("dupont")).await.unwrap();
    let overview = world.plane.site_overview(&admin, &site("dupont")).await.unwrap();
    assert_eq!((overview.summary.quota.kept, overview.summary.quota.reserved), (4, 1));
    world.work().await;
    assert_eq!(world.process(&failing).await.state.name(), StateName::Failed);

    world.backed_up().await;
    let no = world.plane.start_backup(&admin, &site("dupont")).await.unwrap_err();
    let ControlError::Refused(Refusal::QuotaReached {
        kept: 5,
        reserved: 0,
        quota: 5,
        oldest: Some(oldest),
    }) = no
    else {
        panic!("{no:?}")
    };
    assert_eq!(Some(oldest.t0), first.t0);
    assert_eq!(
        world.audited().await.last().unwrap(),
        &("backup.start".into(), "quota-reached".into())
    );
}

#[tokio::test]
async fn a_failure_names_its_cause_and_database_and_leaves_nothing_visible() {
    let world = World::new().await;
    world
        .engine
        .fail_always(Point::Freeze, &database("paie"), Cause::DatabaseLocked);
    let process = world
        .plane
        .start_backup(&actor(Role::ClientAdmin), &site("dupont"))
        .await
        .unwrap();
    world.work().await;
    let ProcessState::Failed { failure, percent, .. } = world.process(&process).await.state else {
        panic!("not failed")
    };
    assert_eq!(
        (failure.cause, failure.database.as_deref()),
        (Cause::DatabaseLocked, Some("paie"))
    );
    assert!(percent < 100);
    assert_eq!(failure.reference.len(), 9, "{}", failure.reference);
    let choices = world
        .plane
        .restore_choices(&actor(Role::Operator), &site("dupont"))
        .await
        .unwrap();
    assert!(choices.backups.is_empty());
    assert!(matches!(&world.notices.all()[..], [Notice::Ended(ended)] if ended.id == process.id));
}

#[tokio::test]
async fn a_full_storage_fails_the_backup_with_its_cause_and_the_next_one_is_well() {
    let world = World::new().await;
    world.backed_up().await;
    world.repositories.fail_with(Some(Cause::StorageFull));
    let process = world
        .plane
        .start_backup(&actor(Role::ClientAdmin), &site("dupont"))
        .await
        .unwrap();
    world.work().await;
    let ProcessState::Failed { failure, .. } = world.process(&process).await.state else {
        panic!("not failed")
    };
    assert_eq!(failure.cause, Cause::StorageFull);
    world.repositories.fail_with(None);
    world.backed_up().await;
}

#[tokio::test]
async fn a_night_has_one_backup_and_it_takes_no_slot() {
    let world = World::new().await;
    let night = CivilDate::parse("2026-11-23").unwrap();
    world.plane.start_nightly_backup(&site("dupont"), night).await.unwrap();
    let second = world.plane.start_nightly_backup(&site("dupont"), night).await;
    assert_eq!(second.unwrap_err(), ControlError::Refused(Refusal::TooLate));
    world.work().await;
    let again = world.plane.start_nightly_backup(&site("dupont"), night).await;
    assert_eq!(again.unwrap_err(), ControlError::Refused(Refusal::TooLate));
    let page = world
        .plane
        .database_backups(&actor(Role::ClientAdmin), &site("dupont"), &database("paie"))
        .await
        .unwrap();
    assert_eq!(page.automatic[0].backup.business_date, Some(night));
    assert_eq!(page.summary.quota.kept, 0);
}

#[tokio::test]
async fn who_may_not_is_refused_audited_and_starts_nothing() {
    let world = World::new().await;
    for (role, code) in [(Role::ClientViewer, "read-only"), (Role::Partner, "not-delegated")] {
        let no = world
            .plane
            .start_backup(&actor(role), &site("dupont"))
            .await
            .unwrap_err();
        assert!(
            matches!(&no, ControlError::Refused(refusal) if refusal.code() == code),
            "{no:?}"
        );
        assert_eq!(world.audited().await.last().unwrap(), &("BackUp".into(), code.into()));
    }
    let foreign = world
        .plane
        .start_backup(&actor(Role::ClientAdmin), &site("martin"))
        .await
        .unwrap_err();
    let missing = world
        .plane
        .start_backup(&actor(Role::ClientAdmin), &site("nobody"))
        .await
        .unwrap_err();
    assert_eq!(foreign, missing);
    assert!(world.plane.store().active(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_partner_may_not_download_and_that_is_audited() {
    let world = World::new().await;
    world.backed_up().await;
    let backup = world.plane.store().last_backup(&site("dupont")).await.unwrap().unwrap();
    let no = world
        .plane
        .download(&actor(Role::Partner), &backup.id, &database("compta"), "")
        .await;
    assert!(matches!(
        no.err(),
        Some(ControlError::Refused(Refusal::NotForPartners { .. }))
    ));
    assert_eq!(
        world.audited().await.last().unwrap(),
        &("Download".into(), "not-for-partners".into())
    );
}

#[tokio::test]
async fn a_queued_backup_can_be_stopped_and_a_finished_one_cannot() {
    let world = World::new().await;
    let admin = actor(Role::ClientAdmin);
    let process = world.plane.start_backup(&admin, &site("dupont")).await.unwrap();
    let viewer = world.plane.cancel(&actor(Role::ClientViewer), &process.id).await;
    assert!(matches!(viewer, Err(ControlError::Refused(Refusal::ReadOnly { .. }))));
    let stopped = world.plane.cancel(&admin, &process.id).await.unwrap();
    assert!(matches!(stopped.state, ProcessState::Cancelled { ref by, .. } if by == "Claire Morel"));
    world.work().await;
    assert_eq!(world.process(&process).await.state.name(), StateName::Cancelled);
    assert_eq!(
        world.plane.cancel(&admin, &process.id).await,
        Err(ControlError::Refused(Refusal::TooLate))
    );
}

#[tokio::test]
async fn a_form_sent_twice_starts_one_backup_even_on_the_last_slot() {
    let world = World::new().await;
    for _ in 0..4 {
        world.backed_up().await;
    }
    let admin = actor(Role::ClientAdmin);
    let ticket = world.plane.site_overview(&admin, &site("dupont")).await.unwrap().ticket;
    let first = world
        .plane
        .start_backup_once(&admin, &site("dupont"), ticket.clone())
        .await
        .unwrap();
    let second = world
        .plane
        .start_backup_once(&admin, &site("dupont"), ticket.clone())
        .await
        .unwrap();
    assert_eq!(first.id, second.id);
    world.work().await;
    let late = world
        .plane
        .start_backup_once(&admin, &site("dupont"), ticket.clone())
        .await
        .unwrap();
    assert_eq!(
        (late.id, late.state.name()),
        (first.id, StateName::Completed),
        "going back leads to what was done"
    );
    let operator = world
        .plane
        .start_backup_once(&actor(Role::Operator), &site("dupont"), ticket)
        .await;
    assert_eq!(
        operator,
        Err(ControlError::Refused(Refusal::NotFound)),
        "an id of somebody else's work gives nothing away"
    );
}

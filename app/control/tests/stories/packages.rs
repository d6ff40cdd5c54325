//! BACPAC files: made of a backup, uploaded piece by piece, turned into a backup from which one restores.

use std::io::Read;
use std::time::Duration;

use control::testing::fake_engine::Point;
use control::{ControlError, RestoreOrder};
use domain::account::Role;
use domain::backup::BackupKind;
use domain::bacpac::Told;
use domain::failure::Cause;
use domain::ids::{BackupId, UploadId};
use domain::limits::{EXPORT_KEPT_DAYS, LEASE, MAX_ATTEMPTS, UPLOAD_IDLE};
use domain::process::{Process, ProcessState, StateName};
use domain::refusal::{Field, Refusal};
use domain::restore::Scope;

use crate::world::{World, actor, database, site};

/// A backup of Dupont, and the order of the BACPAC of its accounting, not worked on yet.
async fn ordered() -> (World, BackupId, Process) {
    let world = World::new().await;
    let backup = world.backed_up().await.backup.unwrap();
    let admin = actor(Role::ClientAdmin);
    let process = world
        .plane
        .start_export(&admin, &backup, &database("compta"))
        .await
        .unwrap();
    (world, backup, process)
}

/// Somebody claims the next process and is never heard of again.
async fn abandoned(world: &World) {
    let now = world.now();
    let claimed = world
        .plane
        .store()
        .claim("gone", now, now.plus(LEASE), 2)
        .await
        .unwrap();
    assert!(claimed.is_some(), "there was something to claim");
    world.clock.advance(LEASE);
}

async fn exported(world: &World, backup: &BackupId) -> Vec<u8> {
    let process = world
        .plane
        .start_export(&actor(Role::ClientAdmin), backup, &database("compta"))
        .await
        .unwrap();
    world.work().await;
    let done = world.process(&process).await;
    assert!(matches!(done.state, ProcessState::Completed { .. }), "{:?}", done.state);
    downloaded(world, backup).await
}

async fn downloaded(world: &World, backup: &BackupId) -> Vec<u8> {
    let download = world
        .plane
        .download_export(&actor(Role::ClientAdmin), backup, &database("compta"), "whole")
        .await
        .unwrap();
    let mut bytes = Vec::new();
    download
        .reader(0..download.bytes)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    assert_eq!(bytes.len() as u64, download.bytes);
    let mut tail = Vec::new();
    download.reader(3..7).unwrap().read_to_end(&mut tail).unwrap();
    assert_eq!(tail, bytes[3..7]);
    bytes
}

pub(crate) async fn upload(world: &World, content: &[u8]) -> UploadId {
    let upload = world
        .plane
        .open_upload(
            &actor(Role::Operator),
            &site("dupont"),
            &database("compta"),
            "C:\\Mes documents\\livres.bacpac",
            content.len() as u64,
        )
        .await
        .unwrap();
    assert_eq!(upload.file_name, "livres.bacpac");
    for (offset, piece) in content.chunks(4).enumerate() {
        send(world, &upload.id, offset as u64 * 4, piece).await.unwrap();
    }
    upload.id
}

/// How much is there afterwards; `None` when the offset is not where it stands.
async fn send(world: &World, id: &UploadId, offset: u64, piece: &[u8]) -> Option<u64> {
    let mut arriving = world
        .plane
        .continue_upload(&actor(Role::Operator), id, offset)
        .await
        .unwrap()?;
    arriving.write(piece).unwrap();
    Some(arriving.settle().unwrap())
}

async fn import(world: &World, id: &UploadId) -> Process {
    let process = world.plane.start_import(&actor(Role::Operator), id).await.unwrap();
    world.work().await;
    world.process(&process).await
}

pub(crate) fn shelf(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.folder.path().join("shelf")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
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
async fn a_file_is_made_of_the_stored_backup_and_not_of_the_live_database() {
    let world = World::new().await;
    let backup = world.backed_up().await.backup.unwrap();
    world.engine.write(&database("compta"), "later");
    world
        .engine
        .on_point(|point, _| assert!(!matches!(point, Point::Freeze | Point::Load), "{point:?}"));
    assert_eq!(exported(&world, &backup).await, b"bacpac\nrows\nopening\n");
    // Made again it is the same to the byte, and the live rows are as they were.
    assert_eq!(exported(&world, &backup).await, b"bacpac\nrows\nopening\n");
    assert_eq!(world.engine.rows(&database("compta")), ["opening", "later"]);
    let page = world
        .plane
        .export_page(&actor(Role::ClientAdmin), &backup, &database("compta"))
        .await
        .unwrap();
    assert!(page.ready.is_some_and(|ready| ready.file_name.ends_with(".bacpac")));
}

#[tokio::test]
async fn an_interrupted_export_is_made_by_the_next_attempt() {
    let (world, backup, process) = ordered().await;
    abandoned(&world).await;
    world.work().await;
    let done = world.process(&process).await;
    assert_eq!((done.state.name(), done.attempt), (StateName::Completed, 2));
    assert_eq!(downloaded(&world, &backup).await, b"bacpac\nrows\nopening\n");
}

#[tokio::test]
async fn an_export_interrupted_too_often_tidies_up_and_fails_with_its_cause() {
    let (world, _, process) = ordered().await;
    for _ in 0..MAX_ATTEMPTS {
        abandoned(&world).await;
    }
    world.work().await;
    let failed = world.process(&process).await;
    assert!(
        matches!(&failed.state, ProcessState::Failed { failure, .. } if failure.cause == Cause::Interrupted),
        "{:?}",
        failed.state
    );
    let cleared = (Point::ClearAside, database("compta"));
    assert!(
        world.engine.reached().contains(&cleared),
        "what was left aside is looked for"
    );
}

#[tokio::test]
async fn a_stored_copy_that_does_not_read_back_makes_no_file() {
    let world = World::new().await;
    let backup = world.backed_up().await.backup.unwrap();
    world.engine.fail_once(Point::Aside, Cause::StoredDataDamaged);
    let admin = actor(Role::ClientAdmin);
    let process = world
        .plane
        .start_export(&admin, &backup, &database("compta"))
        .await
        .unwrap();
    world.work().await;
    assert_eq!(world.process(&process).await.state.name(), StateName::Failed);
    let page = world
        .plane
        .export_page(&admin, &backup, &database("compta"))
        .await
        .unwrap();
    assert_eq!(page.ready, None);
    assert_eq!(page.last_ended.unwrap().id, process.id);
    assert_eq!(shelf(&world), Vec::<String>::new());
}

#[tokio::test]
async fn who_may_not_download_is_told_so_at_each_door_and_it_is_written_down() {
    let world = World::new().await;
    let backup = world.backed_up().await.backup.unwrap();
    exported(&world, &backup).await;
    let compta = database("compta");
    for role in [Role::Partner, Role::ClientViewer] {
        let who = actor(role);
        let no = refused(world.plane.start_export(&who, &backup, &compta).await);
        assert_eq!(no.status(), 403, "{no:?}");
        assert_eq!(
            refused(world.plane.download_export(&who, &backup, &compta, "whole").await),
            no
        );
        assert_eq!(refused(world.plane.export_log(&who, &backup, &compta).await), no);
        let page = world.plane.export_page(&who, &backup, &compta).await.unwrap();
        assert_eq!(page.ready, None, "neither the file nor its log");
        let audited = world.audited().await;
        let last = audited.iter().rev().take(3);
        assert!(
            last.clone()
                .all(|(action, code)| action == "Download" && code == no.code()),
            "{audited:?}"
        );
        let no = refused(world.plane.open_upload(&who, &site("dupont"), &compta, "a", 1).await);
        assert_eq!(no, Refusal::OperatorOnly);
    }
    let admin = actor(Role::ClientAdmin);
    let stranger = world
        .plane
        .start_export(&admin, &backup, &database("martin-compta"))
        .await;
    assert_eq!(refused(stranger), Refusal::NotFound);
}

#[tokio::test]
async fn an_uploaded_file_becomes_a_manual_backup_that_restores_what_it_holds() {
    let world = World::new().await;
    let id = upload(&world, b"bacpac\nrows\nfrom elsewhere\n").await;
    let done = import(&world, &id).await;
    assert!(matches!(done.state, ProcessState::Completed { .. }), "{:?}", done.state);
    assert_eq!(
        world.engine.rows(&database("compta")),
        ["opening"],
        "the live rows have no part in it"
    );
    let backup = world
        .plane
        .store()
        .backup(&done.backup.unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((backup.kind, backup.artifacts.len()), (BackupKind::Manual, 1));
    assert_eq!(backup.imported_from.as_deref(), Some("livres.bacpac"));
    let told = world.plane.store().told(&done.id).await.unwrap();
    assert!(matches!(told, Some(Told::Imported(report)) if report.tables[0].rows == 1));
    assert_eq!(
        shelf(&world),
        Vec::<String>::new(),
        "what was uploaded is not kept twice"
    );

    let order = RestoreOrder {
        site: site("dupont"),
        scope: Scope::Database(database("compta")),
        backup: backup.id,
        confirmation: "DUPONT".to_owned(),
        reason: "The file that the client sent".to_owned(),
    };
    world.plane.start_restore(&actor(Role::Operator), order).await.unwrap();
    world.work().await;
    assert_eq!(world.engine.rows(&database("compta")), ["from elsewhere"]);
}

#[tokio::test]
async fn an_import_ordered_in_two_tabs_is_one() {
    let world = World::new().await;
    let id = upload(&world, b"bacpac\nrows\n").await;
    let operator = actor(Role::Operator);
    let first = world.plane.start_import(&operator, &id).await.unwrap();
    let second = world.plane.start_import(&operator, &id).await.unwrap();
    assert_eq!(second.id, first.id);
    let (quota, _) = world.plane.store().quota(&site("dupont")).await.unwrap();
    assert_eq!(quota.reserved, 1);
}

#[tokio::test]
async fn a_file_that_is_refused_says_why_and_gives_its_slot_back() {
    let world = World::new().await;
    let id = upload(&world, b"a letter to the accountant").await;
    let failed = import(&world, &id).await;
    let ProcessState::Failed { failure, .. } = &failed.state else {
        panic!("{:?}", failed.state);
    };
    assert_eq!(failure.cause, Cause::FileRefused);
    let told = world.plane.store().told(&failed.id).await.unwrap();
    assert_eq!(told, Some(Told::Refused("no BACPAC".to_owned())));
    let (quota, _) = world.plane.store().quota(&site("dupont")).await.unwrap();
    assert_eq!(quota.free(), 5);
    assert_eq!(world.plane.store().upload(&id).await.unwrap(), None);
}

#[tokio::test]
async fn an_import_that_was_killed_in_its_last_moment_is_not_made_a_second_time() {
    let world = World::new().await;
    let id = upload(&world, b"bacpac\nrows\n").await;
    let queued = world.plane.start_import(&actor(Role::Operator), &id).await.unwrap();
    world.killed_once_visible().await;
    world.work().await;
    let done = world.process(&queued).await;
    assert_eq!((done.state.name(), done.attempt), (StateName::Completed, 2));
    assert_eq!(world.repositories.count(&"dupont".parse().unwrap()), 1);
    let backup = world.plane.store().backup(&done.backup.unwrap()).await.unwrap();
    assert!(backup.is_some_and(|backup| backup.imported_from.is_some()));
}

#[tokio::test]
async fn a_failure_of_ours_does_not_cost_the_upload() {
    let world = World::new().await;
    let id = upload(&world, b"bacpac\nrows\n").await;
    world.engine.fail_once(Point::Aside, Cause::ScratchFull);
    let failed = import(&world, &id).await;
    assert_eq!(failed.state.name(), StateName::Failed);
    let done = import(&world, &id).await;
    assert_eq!(
        done.state.name(),
        StateName::Completed,
        "tried again without being sent again"
    );
}

#[tokio::test]
async fn an_import_is_no_backup_of_what_is_live() {
    let world = World::new().await;
    let id = upload(&world, b"bacpac\nrows\n").await;
    import(&world, &id).await;
    let overview = world
        .plane
        .site_overview(&actor(Role::Operator), &site("dupont"))
        .await
        .unwrap();
    assert_eq!((overview.summary.last, overview.summary.quota.kept), (None, 1));
}

#[tokio::test]
async fn a_cut_upload_goes_on_where_it_stands_and_nowhere_else() {
    let world = World::new().await;
    let operator = actor(Role::Operator);
    let opened = world
        .plane
        .open_upload(&operator, &site("dupont"), &database("compta"), "a.bacpac", 12)
        .await;
    let id = opened.unwrap().id;
    assert_eq!(send(&world, &id, 0, b"bacpac\n").await, Some(7));
    assert_eq!(send(&world, &id, 9, b"!").await, None, "a gap");
    assert_eq!(send(&world, &id, 0, b"!").await, None, "an overwriting");
    let early = world.plane.start_import(&operator, &id).await;
    assert_eq!(refused(early), Refusal::Invalid { field: Field::File });
    let held = world.plane.continue_upload(&operator, &id, 7).await.unwrap().unwrap();
    let second = world.plane.continue_upload(&operator, &id, 7).await;
    assert_eq!(refused(second.map(|_| ())), Refusal::UploadBusy);
    drop(held);
    let mut arriving = world.plane.continue_upload(&operator, &id, 7).await.unwrap().unwrap();
    arriving.write(b"rows\nand more").unwrap_err();
    drop(arriving);
    assert_eq!(send(&world, &id, 7, b"rows\n").await, Some(12));
    let state = world.plane.upload_state(&operator, &id).await.unwrap();
    assert_eq!((state.received, state.upload.bytes), (12, 12));
}

#[tokio::test]
async fn a_file_beyond_the_limit_or_without_a_name_is_not_begun() {
    let world = World::new().await;
    let (operator, dupont, compta) = (actor(Role::Operator), site("dupont"), database("compta"));
    let too_large = world.plane.open_upload(&operator, &dupont, &compta, "a", 1_001).await;
    assert_eq!(refused(too_large), Refusal::FileTooLarge { most: 1_000 });
    for (name, bytes) in [("", 1), ("dir/", 1), ("a", 0)] {
        let answer = world.plane.open_upload(&operator, &dupont, &compta, name, bytes).await;
        assert_eq!(
            refused(answer),
            Refusal::Invalid { field: Field::File },
            "{name:?} {bytes}"
        );
    }
    let elsewhere = world
        .plane
        .open_upload(&operator, &dupont, &database("martin-compta"), "a", 1)
        .await;
    assert_eq!(refused(elsewhere), Refusal::NotFound);
}

#[tokio::test]
async fn what_is_kept_for_nobody_is_swept_and_nothing_else() {
    let world = World::new().await;
    let backup = world.backed_up().await.backup.unwrap();
    exported(&world, &backup).await;
    let operator = actor(Role::Operator);
    let opened = world
        .plane
        .open_upload(&operator, &site("dupont"), &database("compta"), "a.bacpac", 12)
        .await;
    let id = opened.unwrap().id;
    send(&world, &id, 0, b"bacpac\n").await.unwrap();
    std::fs::write(world.folder.path().join("shelf/left-by-a-crash"), b"?").unwrap();
    world.plane.sweep().await.unwrap();
    assert_eq!(shelf(&world).len(), 2, "{:?}", shelf(&world));
    world.clock.advance(UPLOAD_IDLE + Duration::from_secs(1));
    world.plane.sweep().await.unwrap();
    assert_eq!(shelf(&world).len(), 1, "the upload is gone");
    world
        .clock
        .advance(Duration::from_secs(u64::from(EXPORT_KEPT_DAYS) * 24 * 60 * 60));
    world.plane.sweep().await.unwrap();
    assert_eq!(shelf(&world), Vec::<String>::new());
    let gone = world
        .plane
        .download_export(&actor(Role::ClientAdmin), &backup, &database("compta"), "whole")
        .await;
    assert_eq!(refused(gone.map(|_| ())), Refusal::NotFound);
}

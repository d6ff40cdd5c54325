//! BACPAC files beside the backups: made once however many ask, uploaded ones used once.

use std::time::Duration;

use domain::backup::{Backup, Sha256Hex};
use domain::bacpac::{Export, Told, Upload};
use domain::ids::{DatabaseId, UploadId};
use domain::process::{Process, ProcessKind, StateName};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use tokio::task::JoinSet;

use super::story::{Story, at, id, refusal};
use crate::ports::control_store::{Claimed, NewProcess};

/// A double click, two people, two tabs: one file is made.
pub async fn ten_who_want_the_same_file_are_led_to_one_process(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    let mut clicks = JoinSet::new();
    for _ in 0..10 {
        let (story, new) = (story.clone(), export_of(&story, &backup, 0, at(60)));
        clicks.spawn(async move { story.store.queue_export(&new).await });
    }
    let answers: Vec<Process> = clicks
        .join_all()
        .await
        .into_iter()
        .map(|answer| answer.expect("the store works"))
        .collect();
    assert!(answers.iter().all(|process| process.id == answers[0].id));
    let claimed = story.claim(at(61)).await;
    let while_made = story.store.queue_export(&export_of(&story, &backup, 0, at(62))).await;
    assert_eq!(while_made.expect("the store works").id, claimed.process.id);
    let done = complete(&story, &claimed, at(70)).await;
    assert_eq!(done.state.name(), StateName::Completed);
    assert_eq!(done.backup, None);
    // Afterwards it can be made again, and the younger file takes the place of the older.
    let again = story
        .store
        .queue_export(&export_of(&story, &backup, 0, at(80)))
        .await
        .expect("the store works");
    assert_ne!(again.id, done.id);
    complete(&story, &story.claim(at(81)).await, at(90)).await;
    let kept = story
        .store
        .export(&backup.id, &database_of(&backup, 0))
        .await
        .expect("the store works")
        .expect("the store works");
    assert_eq!(
        (
            kept.process,
            story.store.exports().await.expect("the store works").len()
        ),
        (again.id, 1)
    );
}

/// It reads only what is stored: neither a backup nor a restore of its site stands in its way, nor it in theirs.
pub async fn an_export_waits_for_nobody_and_nobody_waits_for_it(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    story.queue_manual("dupont", at(60)).await;
    let running = story.claim(at(61)).await;
    story
        .store
        .queue_export(&export_of(&story, &backup, 0, at(62)))
        .await
        .expect("the store works");
    story
        .store
        .queue_export(&export_of(&story, &backup, 1, at(63)))
        .await
        .expect("the store works");
    let first = story.claim(at(64)).await;
    assert!(matches!(first.process.kind, ProcessKind::Export { .. }));
    let second = story.claim(at(65)).await;
    story.queue_restore("dupont", &backup, at(66)).await;
    assert!(
        story.look(at(67), super::story::MANY).await.is_none(),
        "a restore waits for the backup"
    );
    story.complete(&running, at(68)).await;
    assert!(story.claim(at(69)).await.process.kind.is_restore());
    for claimed in [first, second] {
        complete(&story, &claimed, at(70)).await;
    }
}

/// However many files are asked for, a worker is left for what keeps data safe.
pub async fn exports_leave_a_worker_for_backups(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    for position in [0, 1] {
        let new = export_of(&story, &backup, position, at(60));
        story.store.queue_export(&new).await.expect("the store works");
    }
    story.queue_manual("dupont", at(70)).await;
    let two = 2;
    let first = story.look(at(71), two).await.expect("an export is first in line");
    assert!(matches!(first.process.kind, ProcessKind::Export { .. }));
    let second = story
        .look(at(72), two)
        .await
        .expect("the other worker has something to do");
    assert_eq!(second.process.kind, ProcessKind::ManualBackup);
    story.complete(&second, at(73)).await;
    assert!(
        story.look(at(74), two).await.is_none(),
        "the other export waits for the first"
    );
    let elsewhere = story.store.claim("elsewhere", at(74), at(90), two).await;
    let elsewhere = elsewhere
        .expect("looking is never refused")
        .expect("another node has room");
    assert!(matches!(elsewhere.process.kind, ProcessKind::Export { .. }));
    story.fail(&elsewhere.claim, at(75)).await;
    let again = export_of(&story, &backup, 1, at(75));
    story.store.queue_export(&again).await.expect("the store works");
    assert!(story.look(at(75), two).await.is_none());
    complete(&story, &first, at(75)).await;
    assert!(story.look(at(76), two).await.is_some());
}

/// Another site's backup and an absent database are the same answer.
pub async fn only_what_a_backup_holds_is_made(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    let mut elsewhere = export_of(&story, &backup, 0, at(60));
    elsewhere.site = id("martin");
    let mut absent = export_of(&story, &backup, 0, at(60));
    if let ProcessKind::Export { database, .. } = &mut absent.kind {
        *database = id("martin-compta");
    }
    for new in [elsewhere, absent] {
        assert_eq!(refusal(story.store.queue_export(&new).await), Refusal::NotFound);
    }
}

/// The file goes, the process that made it is remembered.
pub async fn a_file_is_forgotten_after_its_time(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    story
        .store
        .queue_export(&export_of(&story, &backup, 0, at(60)))
        .await
        .expect("the store works");
    let done = complete(&story, &story.claim(at(61)).await, at(70)).await;
    let which = database_of(&backup, 0);
    assert!(
        story
            .store
            .expire_exports(at(170))
            .await
            .expect("the store works")
            .is_empty()
    );
    assert_eq!(
        story
            .store
            .expire_exports(at(171))
            .await
            .expect("the store works")
            .len(),
        1
    );
    assert_eq!(
        story.store.export(&backup.id, &which).await.expect("the store works"),
        None
    );
    assert_eq!(story.process(&done.id).await.state.name(), StateName::Completed);
    assert!(story.store.told(&done.id).await.expect("the store works").is_some());
}

/// It becomes a manual backup like any other, and names its file.
pub async fn an_import_takes_a_slot_and_ends_as_a_manual_backup(story: Story) {
    let new = import_of(&story, "u-1", at(0)).await;
    story.store.queue_import(&new).await.expect("the store works");
    assert_eq!(story.meter("dupont").await.1, 1);
    let claimed = story.claim(at(1)).await;
    assert!(
        !story.store.close_upload(&id("u-1")).await.expect("the store works"),
        "its file is needed"
    );
    let mut made = super::story::backup_by(&claimed.process, domain::backup::BackupKind::Manual, at(1));
    made.imported_from = Some("books.bacpac".to_owned());
    made.artifacts.truncate(1);
    story
        .store
        .complete_backup(&claimed.claim, &made, at(9))
        .await
        .expect("the store works");
    assert_eq!(story.store.backup(&made.id).await.expect("the store works"), Some(made));
    let (kept, reserved, _) = story.meter("dupont").await;
    assert_eq!((kept, reserved), (1, 0));
    assert!(story.store.close_upload(&id("u-1")).await.expect("the store works"));
    assert_eq!(story.store.upload(&id("u-1")).await.expect("the store works"), None);
}

/// Two tabs order the import of one file; a failed one may be ordered again.
pub async fn an_upload_is_used_once(story: Story) {
    let first = import_of(&story, "u-1", at(0)).await;
    story.store.queue_import(&first).await.expect("the store works");
    let mut second = first.clone();
    second.id = id("p-second");
    assert_eq!(refusal(story.store.queue_import(&second).await), Refusal::NotFound);
    let claimed = story.claim(at(1)).await;
    story.fail(&claimed.claim, at(2)).await;
    assert_eq!(story.meter("dupont").await.1, 0, "the slot is free again");
    assert_eq!(
        story.store.queue_import(&second).await.expect("the store works").id,
        second.id
    );
}

/// The quota and a closed site stand before an import as before a backup.
pub async fn an_import_is_refused_where_a_backup_is(story: Story) {
    let backup = story.manual_backup("dupont", at(0)).await;
    let new = import_of(&story, "u-1", at(10)).await;
    let (_, _, quota) = story.meter("dupont").await;
    for n in 1..quota {
        story.manual_backup("dupont", at(i64::from(n) * 100)).await;
    }
    assert!(matches!(
        refusal(story.store.queue_import(&new).await),
        Refusal::QuotaReached { .. }
    ));
    story.queue_restore("dupont", &backup, at(2_000)).await;
    assert_eq!(refusal(story.store.queue_import(&new).await), Refusal::SiteRestoring);
}

pub(super) fn database_of(backup: &Backup, position: usize) -> DatabaseId {
    backup.artifacts[position].database.clone()
}

pub(super) fn export_of(story: &Story, backup: &Backup, position: usize, at: Timestamp) -> NewProcess {
    let artifact = &backup.artifacts[position];
    let kind = ProcessKind::Export {
        backup: backup.id.clone(),
        t0: backup.t0,
        database: artifact.database.clone(),
        database_name: artifact.database_name.clone(),
    };
    story.new_process(backup.site.as_str(), kind, at)
}

pub(super) async fn complete(story: &Story, claimed: &Claimed, now: Timestamp) -> Process {
    let ProcessKind::Export { backup, database, .. } = claimed.process.kind.clone() else {
        panic!("{:?} makes no file", claimed.process.kind);
    };
    let told = Told::Refused("stands for a log".to_owned());
    story.store.tell(&claimed.claim, &told).await.expect("the store works");
    assert_eq!(
        story.store.told(&claimed.process.id).await.expect("the store works"),
        Some(told)
    );
    let export = Export {
        backup,
        database,
        process: claimed.process.id.clone(),
        bytes: 9,
        sha256: Sha256Hex::from_bytes(&[9; 32]),
        made_at: now,
        keep_until: now.plus(Duration::from_secs(100)),
    };
    story
        .store
        .complete_export(&claimed.claim, &export, now)
        .await
        .expect("the store works")
}

async fn import_of(story: &Story, upload: &str, at: Timestamp) -> NewProcess {
    let site = story
        .store
        .site(&id("dupont"))
        .await
        .expect("the store works")
        .expect("the store works");
    let database = &site.databases[0];
    let upload: UploadId = id(upload);
    let row = Upload {
        id: upload.clone(),
        site: site.id.clone(),
        database: database.id.clone(),
        file_name: "books.bacpac".to_owned(),
        bytes: 9,
        by: "Odile".to_owned(),
        opened_at: at,
        touched_at: at,
    };
    story.store.open_upload(&row).await.expect("the store works");
    let later = at.plus(Duration::from_secs(5));
    story.store.touch_upload(&upload, later).await.expect("the store works");
    let kept = story
        .store
        .upload(&upload)
        .await
        .expect("the store works")
        .expect("the store works");
    assert_eq!(
        kept,
        Upload {
            touched_at: later,
            ..row
        }
    );
    let kind = ProcessKind::Import {
        upload,
        file_name: "books.bacpac".to_owned(),
        database: database.id.clone(),
        database_name: database.name.clone(),
    };
    story.new_process("dupont", kind, at)
}

//! `kill -9` of the whole server at random moments of a backup and of a restore, and at every step of a backup and of an expiry.
//! After the restart no backup is half visible, the site is Ready on old or on new data and never on a mixture, and the process
//! has ended.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

#[cfg(target_os = "linux")]
mod backup;
mod books;
mod console;
#[cfg(target_os = "linux")]
mod expiry;
#[cfg(target_os = "linux")]
mod steps;

use std::time::Duration;

use control::ports::control_store::ControlStore;
use control::ports::repository::Fence;
use domain::process::{Process, ProcessState, StateName};
use sha2::{Digest, Sha256};

use books::{Books, GENERATION_0};
use console::{Console, Dice};

/// Moments tried of each.
const KILLS: u32 = 20;

/// The requirement: an interrupted process has ended this long after the restart.
const ENDED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_server_killed_while_backing_up_leaves_no_half_visible_backup() {
    let books = Books::new();
    let mut console = Console::new(&books);
    let mut dice = Dice::new(1);
    console.start();
    let whole = books.refreshed_then(|| console.back_up_to_the_end());

    let (mut completed, mut resumed) = (1, 0);
    for round in 0..KILLS {
        books.refresh();
        let process = console.order_backup();
        console.kill_after(dice.part_of(whole));
        console.start();
        let ended = console.wait_for(&process, ENDED_WITHIN).await;
        assert!(console.status().await.is_ready(), "round {round}");
        completed += u32::from(ended.state.name() == StateName::Completed);
        resumed += u32::from(ended.attempt > 1);
        assert_eq!(
            console.store().await.backups(&console.site()).await.unwrap().len() as u32,
            completed,
            "round {round}"
        );
        assert!(
            matches!(ended.state, ProcessState::Completed { .. }),
            "round {round}: {:?}",
            ended.state
        );
    }
    eprintln!("{KILLS} kills during backups: {resumed} were resumed as a later attempt");
    assert!(
        resumed > 0,
        "no kill struck while a backup was running: the moments are wrong"
    );
    every_listed_backup_reads_back(&console).await;
    console.scratch_is_empty();
}

#[tokio::test]
async fn a_server_killed_while_restoring_leaves_old_or_new_data_and_an_open_site() {
    let books = Books::new();
    let mut console = Console::new(&books);
    let mut dice = Dice::new(2);
    console.start();
    let backup = console.back_up_to_the_end_and_name().await;
    books.next_generation();
    let whole = console.restore_to_the_end(&backup).await;
    assert_eq!(books.generation(), GENERATION_0);

    let (mut resumed, mut old) = (0, 0);
    for round in 0..KILLS {
        books.next_generation();
        let process = console.order_restore(&backup);
        console.kill_after(dice.part_of(whole));
        // The gate of a dead server cannot answer; that of the next one must know at once.
        console.start();
        let ended: Process = console.wait_for(&process, ENDED_WITHIN).await;
        assert!(console.status().await.is_ready(), "round {round}");
        let now = books.generation();
        match ended.state {
            ProcessState::Completed { .. } => assert_eq!(now, GENERATION_0, "round {round}"),
            ProcessState::Failed { .. } => {
                assert_ne!(now, GENERATION_0, "round {round}");
                old += 1;
            }
            other => panic!("round {round}: {other:?}"),
        }
        books.nothing_left_beside_them();
        resumed += u32::from(ended.attempt > 1);
    }
    eprintln!("{KILLS} kills during restores: {resumed} were resumed, {old} ended on the old data");
    assert!(
        resumed > 0,
        "no kill struck while a restore was running: the moments are wrong"
    );
    every_listed_backup_reads_back(&console).await;
    console.scratch_is_empty();
}

async fn every_listed_backup_reads_back(console: &Console) {
    let store = console.store().await;
    let repositories = console.repositories();
    let customer = domain::ids::CustomerId::parse("dupont").unwrap();
    let row = store.repository(&customer).await.unwrap().unwrap();
    let backups = store.backups(&console.site()).await.unwrap();
    tokio::task::spawn_blocking(move || {
        let repository = repositories.open(&customer, &row.key, true, Fence::open()).unwrap();
        let visible = repository.snapshots().unwrap();
        for backup in backups {
            assert!(
                visible.contains(&backup.snapshot),
                "backup {} is listed and not there",
                backup.id
            );
            for artifact in &backup.artifacts {
                for file in &artifact.files {
                    let path = format!("{}/{}", artifact.database, file.name);
                    let mut content = Vec::new();
                    std::io::Read::read_to_end(&mut repository.reader(&backup.snapshot, &path).unwrap(), &mut content)
                        .unwrap();
                    let hash: String = Sha256::digest(&content)
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect();
                    assert_eq!(hash, file.sha256.as_str(), "{path} of {}", backup.id);
                }
            }
        }
    })
    .await
    .unwrap();
}

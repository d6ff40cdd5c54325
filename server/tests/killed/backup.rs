//! `kill -9` of the whole server at every change that a backup makes to the files of its repository, none of them chosen. Whatever
//! the step, one backup comes of it after the restart, and nothing is stored of which no row tells.

use std::time::Instant;

use control::ports::control_store::ControlStore;
use control::ports::repository::Fence;
use domain::ids::CustomerId;
use domain::process::StateName;

use crate::books::Books;
use crate::console::{Console, LOOK};
use crate::steps::{Step, Steps};
use crate::{ENDED_WITHIN, every_listed_backup_reads_back};

/// Rows of a database, a kilobyte each.
const ROWS: i64 = 300;

#[tokio::test]
async fn a_server_killed_at_any_change_of_a_repositorys_files_makes_one_backup_and_leaves_nothing_beside_it() {
    let books = Books::of(ROWS);
    let mut console = Console::new(&books);
    console.start();
    console.back_up_to_the_end_and_name().await;
    let over = books.folder.path().join("over");
    let (mut step, mut resumed) = (0, 0);
    loop {
        books.refresh();
        std::fs::create_dir(&over).unwrap();
        let places = console.places();
        let steps = Steps::watch(Step::File, &places.repositories, &places.control_store(), &over);
        let pid = console.pid();
        let watching = std::thread::spawn(move || steps.kill_at(step, pid));
        console.order_backup_of_whoever_answers();
        let store = console.store().await;
        let deadline = Instant::now() + ENDED_WITHIN;
        while !watching.is_finished() && !store.active(None).await.unwrap().is_empty() {
            assert!(Instant::now() < deadline, "step {step}: neither reached nor passed");
            tokio::time::sleep(LOOK).await;
        }
        std::fs::write(over.join("over"), "").unwrap();
        let killed = watching.join().unwrap();
        std::fs::remove_dir_all(&over).unwrap();
        if killed {
            console.kill();
            console.start();
        }
        let ordered = match &store.active(None).await.unwrap()[..] {
            [running] => running.clone(),
            _ => store.ended(&[console.site()], 1).await.unwrap().remove(0),
        };
        let ended = console.wait_for(&ordered, ENDED_WITHIN).await;
        assert_eq!(
            ended.state.name(),
            StateName::Completed,
            "step {step}: {:?}",
            ended.state
        );
        assert_eq!(
            store.backups(&console.site()).await.unwrap().len(),
            step + 2,
            "step {step}"
        );
        nothing_is_stored_beside_what_is_listed(&console, step).await;
        if !killed {
            break;
        }
        resumed += u32::from(ended.attempt > 1);
        step += 1;
    }
    every_listed_backup_reads_back(&console).await;
    eprintln!("a backup was killed at each of its {step} steps, and resumed after {resumed} of them");
    assert!(step > 5 && resumed > 0, "{step} steps are too few for a backup");
}

async fn nothing_is_stored_beside_what_is_listed(console: &Console, step: usize) {
    let store = console.store().await;
    let customer = CustomerId::parse("dupont").unwrap();
    let row = store.repository(&customer).await.unwrap().unwrap();
    let mut listed = Vec::from_iter(store.snapshots(&customer).await.unwrap());
    let repositories = console.repositories();
    let mut visible = tokio::task::spawn_blocking(move || {
        let repository = repositories.open(&customer, &row.key, true, Fence::open()).unwrap();
        repository.snapshots().unwrap()
    })
    .await
    .unwrap();
    listed.sort();
    visible.sort();
    assert_eq!(visible, listed, "step {step}: a snapshot of which no row tells");
}

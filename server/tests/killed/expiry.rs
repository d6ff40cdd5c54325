//! `kill -9` of the whole server at every step of an expiry, none of them chosen: an undisturbed one shows how many there are.
//! Whatever the step, nothing that is listed is lost, after the restart the expiry ends, and what left takes no space for ever.

use std::path::{Path, PathBuf};
use std::time::Duration;

use control::ports::clock::Clock;
use control::ports::control_store::{ControlStore, NewProcess};
use control::ports::repository::{Fence, Freed, Repository};
use domain::backup::Deletion;
use domain::expiry::{ExpiryLog, Space};
use domain::ids::{BackupId, CustomerId, ProcessId};
use domain::limits::{KEPT_MARKED, LEASE};
use domain::process::{ProcessKind, StateName};
use domain::time::Timestamp;
use server::adapters::SystemClock;

use crate::books::Books;
use crate::console::Console;
use crate::every_listed_backup_reads_back;
use crate::steps::{Step, Steps};

/// Rows of a database; with a kilobyte each, less than a second of work.
const ROWS: i64 = 300;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An expiry that has everything to do: backups to forget, packs of them to mark, packs that are needed in part to write anew,
/// and packs that were marked two days ago to remove.
struct World {
    books: Books,
    console: Console,
    leaving: Vec<BackupId>,
    kept: Vec<BackupId>,
}

impl World {
    async fn new() -> Self {
        let books = Books::of(ROWS);
        let mut console = Console::new(&books);
        console.start();
        let mut backups = Vec::new();
        for round in 0..5 {
            match round {
                // Its packs hold also what the next one needs.
                3 => books.refresh_part(),
                _ => books.refresh(),
            }
            backups.push(console.back_up_to_the_end_and_name().await);
        }
        console.kill();
        let world = Self {
            kept: backups.split_off(3),
            leaving: backups.split_off(1),
            books,
            console,
        };
        world.expired(&backups[0], SystemClock.now().minus(2 * DAY)).await;
        copy(&world.console.data(), &world.template());
        world
    }

    fn template(&self) -> PathBuf {
        self.books.folder.path().join("template")
    }

    /// Everything as it was before the expiry.
    fn rewind(&self) {
        std::fs::remove_dir_all(self.console.data()).unwrap();
        copy(&self.template(), &self.console.data());
    }

    async fn delete(&self, backup: &BackupId, at: Timestamp) {
        let by = "Op".to_owned();
        let deletion = Deletion { at, by, until: at };
        self.console
            .store()
            .await
            .delete_backup(backup, &deletion)
            .await
            .unwrap();
    }

    /// A whole expiry of one backup at another time than this.
    async fn expired(&self, backup: &BackupId, at: Timestamp) {
        self.delete(backup, at).await;
        let store = self.console.store().await;
        let new = NewProcess {
            id: ProcessId::parse("e-earlier").unwrap(),
            site: self.console.site(),
            kind: ProcessKind::Expiry,
            requested_by: String::new(),
            reason: None,
            at,
        };
        store.queue_expiry(&new).await.unwrap();
        let claimed = store.claim("earlier", at, at.plus(LEASE), 1).await.unwrap().unwrap();
        let begun = store.begin_expiry(&claimed.claim, at).await.unwrap();
        let mut log = ExpiryLog::default();
        log.add(&begun.leaving);
        let snapshot = begun.leaving[0].backup.snapshot.clone();
        let freed = self
            .with_repository(move |repository| {
                repository.forget(&snapshot).unwrap();
                free(repository, at)
            })
            .await;
        assert!(freed.marked > 0);
        store.remove_backup(&claimed.claim, backup).await.unwrap();
        log.space = Some(Space {
            marked: freed.marked,
            removed: freed.removed,
            stored: freed.stored,
        });
        // So late that a server does not begin with it: what leaves by then moves it forward.
        store
            .complete_expiry(&claimed.claim, &log, Some(at.plus(3 * DAY)), at)
            .await
            .unwrap();
    }

    async fn with_repository<T: Send + 'static>(&self, act: impl FnOnce(&dyn Repository) -> T + Send + 'static) -> T {
        let customer = CustomerId::parse("dupont").unwrap();
        let store = self.console.store().await;
        let row = store.repository(&customer).await.unwrap().unwrap();
        let repositories = self.console.repositories();
        tokio::task::spawn_blocking(move || {
            let open = repositories.open(&customer, &row.key, true, Fence::open()).unwrap();
            act(open.as_ref())
        })
        .await
        .unwrap()
    }

    /// One expiry, killed at this step; `false` when it has ended before.
    async fn killed_at(&mut self, of: Step, step: usize) -> bool {
        self.rewind();
        self.console.start();
        for leaving in &self.leaving {
            self.delete(leaving, SystemClock.now().minus(DAY)).await;
        }
        let over = self.books.folder.path().join("over");
        let _ = std::fs::remove_dir_all(&over);
        std::fs::create_dir(&over).unwrap();
        let places = self.console.places();
        let steps = Steps::watch(of, &places.repositories, &places.control_store(), &over);
        let pid = self.console.pid();
        let watching = std::thread::spawn(move || steps.kill_at(step, pid));
        self.console.expire_to_the_end(|| watching.is_finished()).await;
        std::fs::write(over.join("over"), "").unwrap();
        let killed = watching.join().unwrap();
        self.console.kill();
        killed
    }

    /// Nothing that is listed is lost, by what the store lists now.
    async fn nothing_listed_is_lost(&self) {
        every_listed_backup_reads_back(&self.console).await;
    }

    /// After the restart: the expiry ends, the kept backups are all there is, and no space is lost for ever. Returns the bytes that
    /// are left in the end.
    async fn it_ends_and_frees(&mut self) -> u64 {
        self.console.start();
        self.console.wait_for_expiries().await;
        self.console.kill();
        let store = self.console.store().await;
        let ended = store.ended(&[self.console.site()], 1).await.unwrap();
        assert_eq!(ended[0].kind, ProcessKind::Expiry);
        assert_eq!(ended[0].state.name(), StateName::Completed, "{:?}", ended[0].state);
        let mut listed: Vec<_> = store.backups(&self.console.site()).await.unwrap();
        listed.reverse();
        let ids: Vec<_> = listed.iter().map(|backup| backup.id.clone()).collect();
        assert_eq!(ids, self.kept);
        assert_eq!(store.audit_invariants().await.unwrap(), Vec::<String>::new());
        self.nothing_listed_is_lost().await;

        let later = SystemClock.now().plus(KEPT_MARKED + Duration::from_secs(60));
        let due = store.expiry_due(None, later).await.unwrap();
        assert_eq!(due, [self.console.site()], "somebody removes what is marked");
        let mut visible: Vec<_> = listed.iter().map(|backup| backup.snapshot.clone()).collect();
        visible.sort();
        let last = self
            .with_repository(move |repository| {
                let mut snapshots = repository.snapshots().unwrap();
                snapshots.sort();
                assert_eq!(snapshots, visible, "a snapshot that nobody knows");
                free(repository, later);
                free(repository, later.plus(2 * DAY))
            })
            .await;
        assert_eq!((last.marked, last.removed, last.still_marked), (0, 0, 0));
        let packs = bytes_below(&self.console.places().repositories.join("dupont/data"));
        assert_eq!(packs, last.stored, "a pack that nobody knows");
        self.nothing_listed_is_lost().await;
        packs
    }

    async fn killed_at_every(of: Step) {
        let mut world = Self::new().await;
        assert!(!world.killed_at(of, usize::MAX).await);
        let undisturbed = world.it_ends_and_frees().await;
        let mut killed = 0;
        while world.killed_at(of, killed).await {
            world.nothing_listed_is_lost().await;
            let left = world.it_ends_and_frees().await;
            assert_eq!(left, undisturbed, "step {killed}: space is lost for ever");
            killed += 1;
        }
        eprintln!("an expiry was killed at each of its {killed} steps ({of:?}); {undisturbed} bytes are left");
        assert!(
            killed > 10,
            "{killed} steps are too few for an expiry that has everything to do"
        );
    }
}

#[tokio::test]
async fn a_server_killed_at_any_change_of_a_repositorys_files_loses_nothing_and_no_space() {
    World::killed_at_every(Step::File).await;
}

#[tokio::test]
async fn a_server_killed_at_any_commit_of_an_expiry_loses_nothing_and_no_space() {
    World::killed_at_every(Step::Commit).await;
}

fn free(repository: &dyn Repository, at: Timestamp) -> Freed {
    repository.free(at, KEPT_MARKED, &|| true, &|_| ()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => drop(std::fs::copy(entry.path(), place).unwrap()),
        }
    }
}

fn bytes_below(folder: &Path) -> u64 {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => bytes_below(&entry.path()),
                // What a killed write left is swept a day later, when the server starts.
                false if entry.file_name().to_string_lossy().contains('#') => 0,
                false => entry.metadata().unwrap().len(),
            }
        })
        .sum()
}

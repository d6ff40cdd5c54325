//! What goes wrong outside: each fault fails the process with its cause, leaves no backup and an open site, and is over
//! when it is put right.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::StatusCode;
use domain::account::Role;
use domain::failure::Cause;
use domain::ids::SiteId;
use domain::process::{ProcessState, StateName};

use crate::console::{Browser, Console};

/// Backs up under a fault; returns the cause after checking that nothing else happened.
async fn cause(console: &Console, browser: &Browser) -> Cause {
    let site = SiteId::parse("dupont").unwrap();
    let before = console.plane.store().backups(&site).await.unwrap().len();
    let answer = console.call(browser.function("start_backup", "site=dupont")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let queued: domain::process::Process = serde_json::from_slice(&answer.body).unwrap();
    console.work().await;
    let ended = console.plane.store().process(&queued.id).await.unwrap().unwrap();
    let ProcessState::Failed { failure, .. } = &ended.state else {
        panic!("{:?}", ended.state)
    };
    assert_eq!(
        console.plane.store().backups(&site).await.unwrap().len(),
        before,
        "nothing half visible"
    );
    assert!(console.plane.gate(&site).await.unwrap().is_ready());
    let page = console.call(browser.get(&format!("/processes/{}", ended.id))).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text().contains(&failure.reference),
        "the page gives the reference to quote"
    );
    failure.cause
}

async fn completes(console: &Console, browser: &Browser) {
    assert_eq!(console.back_up(browser).await.state.name(), StateName::Completed);
}

#[tokio::test]
async fn a_database_that_is_missing_or_no_database_is_told_as_such() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    let book = console.database("dupont-paie");
    let aside = console.folder.path().join("aside.sqlite");
    std::fs::rename(&book, &aside).unwrap();
    assert_eq!(cause(&console, &browser).await, Cause::DatabaseMissing);
    assert!(!book.exists(), "no empty database was made in its place");
    std::fs::write(
        &book,
        "not a database, but longer than a header of one hundred bytes ".repeat(9),
    )
    .unwrap();
    assert_eq!(cause(&console, &browser).await, Cause::DatabaseUnreadable);
    std::fs::rename(&aside, &book).unwrap();
    completes(&console, &browser).await;
}

#[tokio::test]
async fn a_database_that_was_led_outside_the_allowed_folders_is_not_read() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    let book = console.database("dupont-paie");
    let outside = console.folder.path().join("outside.sqlite");
    std::fs::rename(&book, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &book).unwrap();
    assert_eq!(cause(&console, &browser).await, Cause::PathNotAllowed);
}

#[tokio::test]
async fn a_repository_that_is_gone_is_missed_and_one_of_somebody_else_is_not_written_to() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    completes(&console, &browser).await;
    let answer = console.call(browser.function("start_backup", "site=martin")).await;
    assert_eq!(answer.status, StatusCode::OK);
    console.work().await;

    let repositories = console.folder.path().join("data/repositories");
    let (own, aside, other) = (
        repositories.join("dupont"),
        repositories.join("aside"),
        repositories.join("martin"),
    );
    std::fs::rename(&own, &aside).unwrap();
    assert_eq!(cause(&console, &browser).await, Cause::RepositoryMissing);
    assert!(
        !own.exists(),
        "a disk that is not mounted is not taken for an empty one"
    );
    let files = count(&other);
    std::os::unix::fs::symlink(&other, &own).unwrap();
    assert_eq!(cause(&console, &browser).await, Cause::RepositoryKeyWrong);
    assert_eq!(count(&other), files, "nothing was written with the wrong key");
    std::fs::remove_file(&own).unwrap();
    std::fs::rename(&aside, &own).unwrap();
    completes(&console, &browser).await;
}

#[tokio::test]
async fn a_full_disk_fails_the_backup_and_room_made_lets_the_next_one_pass() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    completes(&console, &browser).await;
    let data = console.folder.path().join("data");
    for (folder, expected) in [
        (data.join("scratch"), Cause::ScratchFull),
        (data.join("repositories/dupont"), Cause::StorageFull),
    ] {
        grow(&console.database("dupont-paie"));
        let Some(small) = SmallDisk::over(&folder) else {
            eprintln!("NOT RUN: no small disk can be mounted here, so a full one was not met");
            return;
        };
        small.fill();
        assert_eq!(cause(&console, &browser).await, expected);
        small.make_room();
        completes(&console, &browser).await;
    }
}

/// New content that must be stored.
fn grow(book: &Path) {
    let connection = rusqlite::Connection::open(book).unwrap();
    connection
        .execute("UPDATE entry SET text = hex(randomblob(100))", [])
        .unwrap();
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|e| if e.path().is_dir() { count(&e.path()) } else { 1 })
        .sum()
}

/// A disk of a few megabytes, mounted over a folder with a copy of what was in it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn over(folder: &Path) -> Option<Self> {
        let keep = folder.with_extension("keep");
        run("cp", &["-a".as_ref(), folder, &keep])?;
        run(
            "mount",
            &[
                "-t".as_ref(),
                "tmpfs".as_ref(),
                "-o".as_ref(),
                "size=8m".as_ref(),
                "coffre".as_ref(),
                folder,
            ],
        )?;
        let disk = Self(folder.to_owned());
        run("cp", &["-a".as_ref(), &keep.join("."), folder])?;
        Some(disk)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves some tens of kilobytes: enough to begin, not enough to end.
    fn fill(&self) {
        let block = vec![0; 64 * 1_024];
        let mut file = std::fs::File::create(self.filler()).unwrap();
        let mut written = 0_u64;
        while std::io::Write::write_all(&mut file, &block).is_ok() {
            written += block.len() as u64;
        }
        file.set_len(written.saturating_sub(64 * 1_024)).unwrap();
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = run("umount", &[self.0.as_path()]);
    }
}

fn run(program: &str, arguments: &[&Path]) -> Option<()> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then_some(())
}

#[tokio::test]
async fn a_ruined_or_missing_database_is_mended_by_a_restore() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    let backup = console.back_up(&browser).await.backup.unwrap();
    let book = console.database("dupont-compta");
    for ruin in [true, false] {
        std::fs::remove_file(&book).unwrap();
        if ruin {
            std::fs::write(&book, vec![0x5A; 100_000]).unwrap();
        }
        let form = format!("site=dupont&scope=dupont-compta&backup={backup}&confirmation=dupont&reason=ruined");
        let answer = console.call(browser.function("start_restore", &form)).await;
        let queued: domain::process::Process = serde_json::from_slice(&answer.body).unwrap();
        console.work().await;
        let ended = console.plane.store().process(&queued.id).await.unwrap().unwrap();
        assert_eq!(ended.state.name(), StateName::Completed, "{:?}", ended.state);
        let mended = rusqlite::Connection::open(&book).unwrap();
        let first: String = mended
            .query_row("SELECT text FROM entry WHERE number = 1", [], |row| row.get(0))
            .unwrap();
        assert_eq!(first, "opening of dupont-compta");
    }
}

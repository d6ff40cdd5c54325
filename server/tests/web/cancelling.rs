//! Cancelling over real adapters, earlier and later in the work: whatever the moment, the repository holds one snapshot for
//! each backup, no copy stays anywhere, and the live databases are untouched or restored.

use std::path::Path;
use std::sync::Arc;

use axum::http::StatusCode;
use domain::account::Role;
use domain::process::{Process, StateName};

use crate::console::{Browser, Console};
use crate::work::{content, enter};

/// How often the process is read before the wish comes: from its first step to about its end.
const MOMENTS: [u32; 7] = [0, 5, 20, 60, 120, 240, 480];

/// Orders it, lets a worker begin, and cancels it a little later. Returns how it ended.
async fn cancelled_after(console: &Console, browser: &Browser, function: &str, form: &str, reads: u32) -> Process {
    let answer = console.call(browser.function(function, form)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let process: Process = serde_json::from_slice(&answer.body).unwrap();
    let plane = Arc::clone(&console.plane);
    let working = tokio::spawn(async move { plane.work_once().await });
    let read = async || console.plane.store().process(&process.id).await.unwrap().unwrap();
    while read().await.state.name() == StateName::Queued {}
    for _ in 0..reads {
        read().await;
    }
    let answer = console
        .call(browser.function("cancel_process", &format!("process={}", process.id)))
        .await;
    assert!(working.await.unwrap().unwrap());
    let ended = read().await;
    match answer.status {
        StatusCode::OK => assert_eq!(ended.state.name(), StateName::Cancelled, "{:?}", ended.state),
        StatusCode::CONFLICT => assert_eq!(ended.state.name(), StateName::Completed, "{:?}", ended.state),
        other => panic!("{other}: {}", answer.text()),
    }
    ended
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

/// Nothing of any work is left, except one snapshot for each backup there is.
async fn is_tidy(console: &Console, told: &str) {
    let data = console.folder.path().join("data");
    assert_eq!(files(&data.join("scratch")), [""; 0], "{told}");
    let backups = console.plane.store().backups(&"dupont".parse().unwrap()).await.unwrap();
    assert_eq!(
        files(&data.join("repositories/dupont/snapshots")).len(),
        backups.len(),
        "{told}"
    );
    let books = files(&console.folder.path().join("books"));
    let strange: Vec<_> = books.iter().filter(|name| name.contains("coffre")).collect();
    assert!(strange.is_empty(), "{told}: {strange:?}");
    assert!(console.plane.store().active(None).await.unwrap().is_empty(), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_cancelled_at_any_moment_leaves_no_snapshot_and_no_copy() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::ClientAdmin).await;
    let mut made = 0;
    for reads in MOMENTS.into_iter().take(5) {
        let ended = cancelled_after(&console, &browser, "start_backup", "site=dupont", reads).await;
        made += usize::from(ended.state.name() == StateName::Completed);
        is_tidy(&console, &format!("after {reads} reads")).await;
        let backups = console.plane.store().backups(&ended.site).await.unwrap();
        assert_eq!(backups.len(), made);
    }
    eprintln!("backups: {made} of 5 were complete before the wish");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_cancelled_at_any_moment_leaves_the_old_data_or_the_new_ones() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::Operator).await;
    let backup = console.back_up(&browser).await.backup.unwrap();
    let names = ["dupont-compta", "dupont-paie"];
    let stored = names.map(|name| content(&console, name));
    let (mut done, before) = (0, MOMENTS.len());
    for reads in MOMENTS {
        names.iter().for_each(|name| enter(&console, name));
        let live = names.map(|name| content(&console, name));
        let form = format!("site=dupont&scope=*&backup={backup}&confirmation=dupont&reason=Asked+by+telephone");
        let ended = cancelled_after(&console, &browser, "start_restore", &form, reads).await;
        let expected = match ended.state.name() {
            StateName::Completed => &stored,
            _ => &live,
        };
        done += usize::from(ended.state.name() == StateName::Completed);
        assert_eq!(
            names.map(|name| content(&console, name)),
            *expected,
            "after {reads} reads"
        );
        is_tidy(&console, &format!("after {reads} reads")).await;
        let gate = console.call(Browser::default().get("/gate/dupont")).await;
        assert_eq!(gate.status, StatusCode::OK, "after {reads} reads");
    }
    eprintln!("restores: {done} of {before} had gone too far before the wish");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_cancelled_at_any_moment_leaves_no_file() {
    let console = Console::open().await;
    let browser = console.sign_in(Role::ClientAdmin).await;
    let backup = console.back_up(&browser).await.backup.unwrap();
    let mut made = false;
    for reads in MOMENTS {
        let form = format!("backup={backup}&database=dupont-compta");
        let ended = cancelled_after(&console, &browser, "start_export", &form, reads).await;
        made |= ended.state.name() == StateName::Completed;
        is_tidy(&console, &format!("after {reads} reads")).await;
        let row = console.plane.store().exports().await.unwrap().len();
        assert_eq!(row, usize::from(made), "after {reads} reads");
        let half: Vec<_> = files(&console.folder.path().join("data/exports"))
            .into_iter()
            .filter(|name| name.contains(".partial") || name.ends_with(".1"))
            .collect();
        assert!(half.is_empty(), "after {reads} reads: {half:?}");
    }
}

//! Cancelling and completing at the same moment, pair after pair from a fixed seed, by two servers on one file: exactly one of
//! the two happens, and nothing of the other is left. The store examines itself after every pair.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::ports::control_store::{Claimed, ControlStore, StoreError};
use control::testing::store_contract::keeping::ROUNDS;
use control::testing::store_contract::story::{Story, at, backup_by, id, refusal};
use domain::backup::{Backup, BackupKind, Deletion, Sha256Hex};
use domain::bacpac::Export;
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, StateName};
use domain::refusal::Refusal;
use domain::restore::Scope;
use domain::time::{CivilDate, Timestamp};
use fastrand::Rng;
use store::SqliteStore;

/// Pairs on every day. `COFFRE_RACE_ROUNDS=10000` runs as many as the release does.
const EVERY_DAY: u32 = 200;

/// Pairs on one file: few enough for examining all of it after each.
const PER_FILE: u32 = 50;

/// Which of the two was accepted, how often.
#[derive(Debug, Default)]
struct Tally {
    completed: u32,
    cancelled: u32,
    examining: Duration,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_cancelling_and_completing_at_once_exactly_one_happens_and_nothing_dangles() {
    let asked = std::env::var(ROUNDS).ok().and_then(|text| text.parse().ok());
    let pairs: u32 = asked.unwrap_or(EVERY_DAY);
    let (mut rng, mut tally, begun) = (Rng::with_seed(9), Tally::default(), Instant::now());
    let mut pair = 0;
    while pair < pairs {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sqlite");
        let servers = [opened_at(&path).await, opened_at(&path).await];
        let story = Story::begin(servers[0].clone()).await;
        let kept = story.manual_backup("dupont", at(0)).await;
        for _ in 0..PER_FILE.min(pairs - pair) {
            one_pair(&story, &servers, &kept, pair, &mut rng, &mut tally).await;
            pair += 1;
        }
    }
    eprintln!("{pairs} pairs in {:?}: {tally:?}", begun.elapsed());
    let least = pairs / 20;
    assert!(
        tally.completed > least && tally.cancelled > least,
        "a race that one side always wins is none: {tally:?}"
    );
}

async fn opened_at(path: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(path).await.unwrap())
}

async fn one_pair(
    story: &Story,
    servers: &[Arc<SqliteStore>; 2],
    kept: &Backup,
    pair: u32,
    rng: &mut Rng,
    tally: &mut Tally,
) {
    let now = at(1_000 + 10 * i64::from(pair));
    let process = queue(story, kept, pair, now, rng).await;
    let claimed = story.claim(now).await;
    assert_eq!(
        claimed.claim.process, process.id,
        "pair {pair}: nothing of an earlier pair waits or runs"
    );
    let (worker, person) = (servers[rng.usize(0..2)].clone(), servers[rng.usize(0..2)].clone());
    let (passes, first, waits) = (rng.bool(), rng.bool(), [rng.u8(0..6), rng.u8(0..6)]);
    let work = {
        let claimed = claimed.clone();
        async move {
            pause(waits[0]).await;
            complete(worker.as_ref(), &claimed, now, passes).await
        }
    };
    let id = process.id.clone();
    let wish = async move {
        pause(waits[1]).await;
        person.cancel(&id, "Paul", now).await
    };
    // Whoever comes first usually wins: they take turns.
    let (work, wish) = match first {
        true => (tokio::spawn(work), tokio::spawn(wish)),
        false => {
            let wish = tokio::spawn(wish);
            (tokio::spawn(work), wish)
        }
    };
    let (completed, cancelled) = (work.await.unwrap(), wish.await.unwrap());

    let ended = match (completed, cancelled) {
        (Ok(()), cancelled) => {
            assert_eq!(refusal(cancelled), Refusal::TooLate, "pair {pair}");
            tally.completed += 1;
            story.process(&process.id).await
        }
        (Err(StoreError::Stopping), Ok(asked)) => {
            assert!(
                matches!(asked.cancelling, Cancelling::Asked { .. }),
                "pair {pair}: {asked:?}"
            );
            tally.cancelled += 1;
            let server = &servers[rng.usize(0..2)];
            server.end_cancelled(&claimed.claim, now).await.unwrap()
        }
        other => panic!("pair {pair}: both, or neither: {other:?}"),
    };
    nothing_dangles(story, &ended, kept, pair).await;
    let examined = Instant::now();
    assert_eq!(
        servers[1].audit_invariants().await.unwrap(),
        Vec::<String>::new(),
        "pair {pair}"
    );
    tally.examining += examined.elapsed();
    make_room(story, &ended, now).await;
}

/// A little later, not by the clock.
async fn pause(turns: u8) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

/// A process of any kind.
async fn queue(story: &Story, kept: &Backup, pair: u32, now: Timestamp, rng: &mut Rng) -> Process {
    let store = &story.store;
    let queued = match rng.u8(0..4) {
        0 => store.queue_backup(&story.new_manual("dupont", now)).await,
        1 => {
            let business_date = CivilDate::from_days(20_000 + i64::from(pair));
            let kind = ProcessKind::NightlyBackup { business_date };
            store.queue_backup(&story.new_process("dupont", kind, now)).await
        }
        2 => {
            let new = story.new_restore("dupont", kept, Scope::Site, now);
            store.queue_restore(&new).await
        }
        _ => {
            let artifact = &kept.artifacts[0];
            let kind = ProcessKind::Export {
                backup: kept.id.clone(),
                t0: kept.t0,
                database: artifact.database.clone(),
                database_name: artifact.database_name.clone(),
            };
            store.queue_export(&story.new_process("dupont", kind, now)).await
        }
    };
    queued.unwrap()
}

/// What a worker does at the end, with or without the step that makes cancelling impossible.
async fn complete(store: &SqliteStore, claimed: &Claimed, now: Timestamp, passes: bool) -> Result<(), StoreError> {
    let Claimed { claim, process, .. } = claimed;
    if passes {
        store
            .pass_no_return(claim, now.plus(Duration::from_secs(15)), now)
            .await?;
    }
    match &process.kind {
        ProcessKind::Restore { .. } => {
            store.decide_restore(claim).await?;
            store.complete_restore(claim, now).await?;
        }
        ProcessKind::Export { backup, database, .. } => {
            let export = Export {
                backup: backup.clone(),
                database: database.clone(),
                process: process.id.clone(),
                bytes: 9,
                sha256: Sha256Hex::from_bytes(&[9; 32]),
                made_at: now,
                keep_until: now,
            };
            store.complete_export(claim, &export, now).await?;
        }
        kind => {
            let kind = match kind {
                ProcessKind::NightlyBackup { .. } => BackupKind::Automatic,
                _ => BackupKind::Manual,
            };
            store
                .complete_backup(claim, &backup_by(process, kind, now), now)
                .await?;
        }
    }
    Ok(())
}

/// Either all of it is there, or nothing is; and nothing is held in either case.
async fn nothing_dangles(story: &Story, ended: &Process, kept: &Backup, pair: u32) {
    let completed = match &ended.state {
        ProcessState::Completed { .. } => true,
        ProcessState::Cancelled { by, .. } if by == "Paul" => false,
        other => panic!("pair {pair}: {other:?}"),
    };
    assert!(
        story.status("dupont").await.is_ready(),
        "pair {pair}: the site is closed"
    );
    let (kept_slots, reserved, _) = story.meter("dupont").await;
    let made_manual = completed && ended.kind == ProcessKind::ManualBackup;
    assert_eq!((kept_slots, reserved), (1 + u32::from(made_manual), 0), "pair {pair}");
    assert!(story.store.active(None).await.unwrap().is_empty(), "pair {pair}");

    let backups = story.store.backups(&id("dupont")).await.unwrap();
    let visible = backups.iter().any(|backup| backup.process == ended.id);
    let makes_backup = matches!(
        ended.kind,
        ProcessKind::ManualBackup | ProcessKind::NightlyBackup { .. }
    );
    assert_eq!(visible, completed && makes_backup, "pair {pair}");
    if matches!(ended.kind, ProcessKind::Export { .. }) {
        let export = story.store.export(&kept.id, &kept.artifacts[0].database).await.unwrap();
        let mine = export.is_some_and(|export| export.process == ended.id);
        assert_eq!(mine, completed, "pair {pair}");
    }
}

/// A completed manual backup is deleted, so that the next pair finds a slot.
async fn make_room(story: &Story, ended: &Process, now: Timestamp) {
    if ended.state.name() == StateName::Completed && ended.kind == ProcessKind::ManualBackup {
        let deletion = Deletion {
            at: now,
            by: "Claire".to_owned(),
            until: now,
        };
        let made = ended.backup.as_ref().expect("a completed backup names it");
        story.store.delete_backup(made, &deletion).await.unwrap();
    }
}

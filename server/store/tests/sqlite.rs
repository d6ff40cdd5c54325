//! What only the store on SQLite promises: it answers as the one in memory does, its file keeps everything, and its
//! constraints stop a hand-written statement.

mod opened;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use control::ports::control_store::{AuditEntry, ControlStore, Session};
use control::ports::repository::SealedKey;
use control::testing::memory_store::MemoryStore;
use control::testing::store_contract::history;
use control::testing::store_contract::story::{Story, account, at, backup_by, id, november, progress, refusal};
use domain::account::Role;
use domain::backup::{BackupKind, Deletion};
use domain::process::ProcessKind;
use domain::refusal::Refusal;
use domain::restore::Scope;
use domain::schedule::Schedule;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use store::{OpenError, SqliteStore};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_are_answered_word_for_word_as_in_memory() {
    for seed in 1_000..1_006 {
        let opened = opened::open().await;
        let on_disk = history::tell(&Story::begin(Arc::clone(&opened.store)).await, seed, 250).await;
        let memory = Arc::new(MemoryStore::new());
        let in_memory = history::tell(&Story::begin(memory.clone()).await, seed, 250).await;
        for (step, (disk, memory)) in on_disk.iter().zip(&in_memory).enumerate() {
            assert_eq!(disk, memory, "seed {seed}, step {}", step / 2);
        }
        let tally = opened.store.tally().await.expect("the store works");
        assert!(!tally.ended.is_empty() && !tally.stored.is_empty());
        assert_eq!(Ok(tally), memory.tally().await.map_err(|error| error.to_string()));
        assert_eq!((opened.examine)().await, Vec::<String>::new());
    }
}

/// Everything the port shows of a world with one thing of each sort.
async fn everything(store: &dyn ControlStore) -> String {
    let sites = [id("dupont"), id("martin"), id("arnaud")];
    let mut told = format!("{:?}", store.sites().await.expect("the store works"));
    for site in &sites {
        told.push_str(&format!("{:?}", store.sources(site).await.expect("the store works")));
        told.push_str(&format!("{:?}", store.backups(site).await.expect("the store works")));
        told.push_str(&format!("{:?}", store.quota(site).await.expect("the store works")));
        told.push_str(&format!(
            "{:?}",
            store.bin(site, at(60)).await.expect("the store works")
        ));
    }
    told.push_str(&format!("{:?}", store.active(None).await.expect("the store works")));
    told.push_str(&format!(
        "{:?}",
        store.ended(&sites, 99).await.expect("the store works")
    ));
    told.push_str(&format!(
        "{:?}",
        store.actor(&id("claire")).await.expect("the store works")
    ));
    told.push_str(&format!(
        "{:?}",
        store.session(&[1; 32]).await.expect("the store works")
    ));
    told.push_str(&format!("{:?}", store.failures("a@b").await.expect("the store works")));
    told.push_str(&format!(
        "{:?}",
        store
            .repository(&id("dupont-sa"))
            .await
            .expect("the store works")
            .map(|row| row.key.0)
    ));
    told.push_str(&format!("{:?}", store.audit_trail(9).await.expect("the store works")));
    told
}

/// One thing of each sort.
async fn furnish(story: &Story) {
    let store = &story.store;
    store
        .save_account(&account("Claire", Role::ClientAdmin, &["dupont"]))
        .await
        .expect("the store works");
    let session = Session {
        token: [1; 32],
        account: id("claire"),
        signed_in_at: at(0),
        issued_at: at(0),
        seen_at: at(1),
    };
    store.open_session(&session).await.expect("the store works");
    store.count_sign_in("a@b", false, at(2)).await.expect("the store works");
    store
        .save_key(&id("dupont-sa"), &SealedKey(vec![3; 48]))
        .await
        .expect("the store works");
    let line = AuditEntry {
        at: at(4),
        account: Some(id("claire")),
        name: "Claire".into(),
        site: Some(id("dupont")),
        action: "sign-in".into(),
        outcome: "done".into(),
        detail: String::new(),
    };
    store.audit(&line).await.expect("the store works");
    let kept = story.manual_backup("dupont", at(10)).await;
    let deleted = story.manual_backup("martin", at(45)).await;
    let deletion = Deletion {
        at: at(46),
        by: "Claire".into(),
        until: at(600),
    };
    store
        .delete_backup(&deleted.id, &deletion)
        .await
        .expect("the store works");
    let night = story.new_process(
        "martin",
        ProcessKind::NightlyBackup {
            business_date: november(23),
        },
        at(50),
    );
    store.queue_backup(&night).await.expect("the store works");
    story.fail(&story.claim(at(51)).await.claim, at(52)).await;
    story.queue_restore("dupont", &kept, at(100)).await;
    let claimed = story.claim(at(101)).await;
    let safety = backup_by(&claimed.process, BackupKind::Safety, at(102));
    store
        .record_safety(&claimed.claim, &safety, at(103))
        .await
        .expect("the store works");
    store
        .report(&claimed.claim, progress(46), Some(at(102)), at(104))
        .await
        .expect("the store works");
    story.queue_manual("arnaud", at(105)).await;
}

/// Two servers on one file: the transactions themselves must keep them apart, not the one writer within a server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_on_one_file_sell_the_last_slot_once_and_share_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let stores = [
        SqliteStore::open(&path).await.unwrap(),
        SqliteStore::open(&path).await.unwrap(),
    ];
    let story = Story::begin(Arc::new(stores[0].clone())).await;
    story.manual_backup("arnaud", at(0)).await;
    let mut clicks = JoinSet::new();
    for n in 0..50 {
        let (store, new) = (stores[n % 2].clone(), story.new_manual("arnaud", at(100)));
        clicks.spawn(async move { store.queue_backup(&new).await });
    }
    let (queued, refused): (Vec<_>, Vec<_>) = clicks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(queued.len(), 1);
    for answer in refused {
        assert!(matches!(
            refusal(answer),
            Refusal::QuotaReached {
                kept: 1,
                reserved: 1,
                quota: 2,
                ..
            }
        ));
    }
    story.queue_manual("dupont", at(101)).await;
    story.queue_manual("martin", at(101)).await;
    let mut workers = JoinSet::new();
    for n in 0..20 {
        let store = stores[n % 2].clone();
        workers.spawn(async move { store.claim("worker", at(102), at(120), 99).await.unwrap() });
    }
    let claimed: Vec<_> = workers
        .join_all()
        .await
        .into_iter()
        .flatten()
        .map(|claimed| claimed.claim.process)
        .collect();
    assert_eq!(claimed.len(), 3);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(stores[1].audit_invariants().await.unwrap(), Vec::<String>::new());
}

/// The same for a backup that one deletes while another restores it: the servers do not know of each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_on_one_file_delete_a_backup_or_restore_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let stores = [
        SqliteStore::open(&path).await.unwrap(),
        SqliteStore::open(&path).await.unwrap(),
    ];
    let story = Story::begin(Arc::new(stores[0].clone())).await;
    let backup = story.manual_backup("dupont", at(0)).await;
    for round in 0..10 {
        let now = at(100 + round);
        let restore = story.new_restore("dupont", &backup, Scope::Site, now);
        let deletion = Deletion {
            at: now,
            by: "Claire".into(),
            until: at(9_000),
        };
        let (one, other, id) = (stores[0].clone(), stores[1].clone(), backup.id.clone());
        let queued = tokio::spawn(async move { one.queue_restore(&restore).await });
        let deleted = tokio::spawn(async move { other.delete_backup(&id, &deletion).await });
        match (queued.await.unwrap(), deleted.await.unwrap()) {
            (Ok(process), deleted) => {
                assert_eq!(refusal(deleted), Refusal::BackupInUse);
                stores[1].cancel(&process.id, "Paul", now).await.unwrap();
            }
            (queued, Ok(_)) => {
                assert_eq!(refusal(queued), Refusal::NotFound);
                stores[1].put_back(&backup.id, now).await.unwrap();
            }
            other => panic!("neither of the two: {other:?}"),
        }
        assert_eq!(stores[1].audit_invariants().await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_file_that_is_opened_again_has_kept_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let first = SqliteStore::open(&path).await.unwrap();
    furnish(&Story::begin(Arc::new(first.clone())).await).await;
    let before = everything(&first).await;
    // Not closed first: a server that is killed does not close its file either.
    let second = SqliteStore::open(&path).await.unwrap();
    assert_eq!(everything(&second).await, before);
    second.close().await;
    first.close().await;
    let third = SqliteStore::open(&path).await.unwrap();
    assert_eq!(everything(&third).await, before);
    assert_eq!(third.audit_invariants().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn the_file_is_private_durable_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let mut other = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path))
        .await
        .unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
    #[cfg(unix)]
    for name in ["control.sqlite", "control.sqlite-wal"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_file_that_is_no_control_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let notes = "shopping list, and nothing else ".repeat(40);
    std::fs::write(&path, &notes).unwrap();
    assert!(matches!(
        SqliteStore::open(&path).await,
        Err(OpenError::Unusable { .. } | OpenError::Migration { .. })
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), notes);
    let nowhere = folder.path().join("no such folder").join("control.sqlite");
    assert!(matches!(
        SqliteStore::open(&nowhere).await,
        Err(OpenError::Unusable { .. })
    ));
}

#[tokio::test]
async fn a_file_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    SqliteStore::open(&path).await.unwrap().close().await;
    by_hand(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'later', 1, x'00', 0)",
    )
    .await
    .unwrap();
    assert!(matches!(
        SqliteStore::open(&path).await,
        Err(OpenError::Migration { .. })
    ));
}

#[tokio::test]
async fn the_constraints_refuse_what_the_code_would_never_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let story = Story::begin(Arc::new(store.clone())).await;
    furnish(&story).await;
    story.queue_manual("arnaud", at(200)).await;
    let before = everything(&store).await;
    for (wrong, statement) in [
        (
            "two running on a site",
            "UPDATE processes SET state = 'running', attempt = 1, worker = 'w', lease_until = 1, stage = 'copy', done_bytes = 0, started_at = 1 WHERE site = 'arnaud'",
        ),
        (
            "100 % while running",
            "UPDATE processes SET percent = 100 WHERE state = 'running'",
        ),
        (
            "completed at 99 %",
            "UPDATE processes SET state = 'completed', percent = 99 WHERE state = 'running'",
        ),
        (
            "a lower percentage",
            "UPDATE processes SET percent = 3 WHERE state = 'running'",
        ),
        (
            "an older attempt",
            "UPDATE processes SET attempt = 0 WHERE state = 'running'",
        ),
        (
            "an unknown state",
            "UPDATE processes SET state = 'paused' WHERE state = 'queued'",
        ),
        (
            "an ended process changed",
            "UPDATE processes SET requested_by = 'x' WHERE state = 'completed'",
        ),
        (
            "a failed one queued again",
            "UPDATE processes SET state = 'queued' WHERE state = 'failed'",
        ),
        (
            "an ended restore behind a closed site",
            "UPDATE processes SET state = 'failed', ended_at = 1, failure_cause = 'unexpected', failure_reference = 'x', worker = NULL, lease_until = NULL, stage = NULL, done_bytes = NULL, total_bytes = NULL WHERE state = 'running'",
        ),
        (
            "a restore completed undecided",
            "UPDATE processes SET state = 'completed', percent = 100, ended_at = 1, worker = NULL, lease_until = NULL, stage = NULL, done_bytes = NULL, total_bytes = NULL WHERE state = 'running'",
        ),
        (
            "a site closed by a backup",
            "UPDATE sites SET restoring = (SELECT id FROM processes WHERE site = 'arnaud' LIMIT 1) WHERE id = 'arnaud'",
        ),
        (
            "a site closed by another's restore",
            "UPDATE sites SET restoring = (SELECT id FROM processes WHERE state = 'running') WHERE id = 'arnaud'",
        ),
        (
            "a site closed by nothing",
            "UPDATE sites SET restoring = 'nobody' WHERE id = 'arnaud'",
        ),
        (
            "a third slot of two",
            "INSERT INTO manual_slots (site, slot, process) SELECT 'arnaud', 3, id FROM processes WHERE state = 'running'",
        ),
        (
            "a slot twice",
            "INSERT INTO manual_slots (site, slot, process) SELECT 'arnaud', 1, id FROM processes WHERE state = 'running'",
        ),
        (
            "a slot of nobody",
            "INSERT INTO manual_slots (site, slot) VALUES ('martin', 1)",
        ),
        (
            "a slot for a restore",
            "INSERT INTO manual_slots (site, slot, process) SELECT 'dupont', 4, id FROM processes WHERE state = 'running'",
        ),
        (
            "a slot with two holders",
            "UPDATE manual_slots SET process = (SELECT id FROM processes WHERE state = 'running') WHERE site = 'dupont'",
        ),
        (
            "a quota below its slots",
            "UPDATE sites SET quota = 1 WHERE id = 'arnaud'",
        ),
        ("a quota above 99", "UPDATE sites SET quota = 100 WHERE id = 'arnaud'"),
        (
            "a second nightly backup",
            "INSERT INTO processes (id, site, kind, business_date, requested_by, requested_at, state, attempt, percent, revision, updated_at) SELECT 'n' || value, 'martin', 'nightly', '2026-11-22', '', 1, 'queued', 0, 0, 9000 + value, 1 FROM (SELECT 1 AS value UNION ALL SELECT 2)",
        ),
        (
            "a backup without artifacts",
            "INSERT INTO backups (id, site, kind, process, t0, skew_ms, completed_at, requested_by, snapshot) SELECT 'empty', 'arnaud', 'manual', id, 1, 0, 1, '', 's' FROM processes WHERE site = 'arnaud' LIMIT 1",
        ),
        (
            "a backup of a process of another site",
            "INSERT INTO backups (id, site, kind, process, t0, skew_ms, completed_at, requested_by, snapshot) SELECT 'x', 'martin', 'manual', id, 1, 0, 1, '', 's' FROM processes WHERE site = 'arnaud' LIMIT 1",
        ),
        (
            "the last artifact taken away",
            "DELETE FROM artifacts WHERE backup IN (SELECT id FROM backups WHERE kind = 'manual')",
        ),
        ("a backup promoted by nobody", "UPDATE backups SET promoted_at = 1"),
        (
            "a short token",
            "INSERT INTO sessions (token, account, signed_in_at, issued_at, seen_at) VALUES (x'00', 'claire', 1, 1, 1)",
        ),
        ("a partner of no firm", "UPDATE accounts SET role = 'partner'"),
        ("a trail rewritten", "UPDATE audit_trail SET outcome = 'refused'"),
        ("a trail shortened", "DELETE FROM audit_trail"),
        (
            "a text in the place of an instant",
            "UPDATE processes SET t0 = 'noon' WHERE state = 'running'",
        ),
        (
            "a deletion by nobody",
            "UPDATE backups SET deleted_by = NULL WHERE site = 'martin'",
        ),
        (
            "a deletion without an end",
            "UPDATE backups SET gone_at = NULL WHERE site = 'martin'",
        ),
        (
            "a backup in use deleted",
            "UPDATE backups SET deleted_at = 1, deleted_by = 'x', gone_at = 2 WHERE site = 'dupont' AND kind = 'manual'",
        ),
        (
            "a copy taken before a restore deleted",
            "UPDATE backups SET deleted_at = 1, deleted_by = 'x', gone_at = 2 WHERE kind = 'safety'",
        ),
        (
            "a slot for a deleted backup",
            "INSERT INTO manual_slots (site, slot, backup) SELECT 'martin', 1, id FROM backups WHERE site = 'martin'",
        ),
        (
            "a slot for a copy taken before a restore",
            "INSERT INTO manual_slots (site, slot, backup) SELECT 'dupont', 4, id FROM backups WHERE kind = 'safety'",
        ),
        (
            "a restore of a deleted backup",
            "INSERT INTO processes (id, site, kind, exclusive, restore_backup, restore_t0, requested_by, requested_at, state, attempt, percent, revision, updated_at) SELECT 'r', 'martin', 'restore', 1, id, 1, 'x', 1, 'queued', 0, 0, 9000, 1 FROM backups WHERE site = 'martin'",
        ),
        (
            "a backup of another kind",
            "UPDATE backups SET kind = 'manual' WHERE kind = 'safety'",
        ),
        ("another snapshot", "UPDATE backups SET snapshot = 'other'"),
        (
            "another hash",
            "UPDATE artifacts SET download_sha256 = printf('%064d', 1)",
        ),
        (
            "a listed backup given up",
            "UPDATE backups SET purging = 1 WHERE site = 'dupont'",
        ),
        (
            "a backup gone that was not given up",
            "DELETE FROM backups WHERE site = 'martin'",
        ),
        ("a second counter", "INSERT INTO revisions (one, value) VALUES (2, 0)"),
    ] {
        let refused = by_hand(&path, statement).await.expect_err(wrong);
        assert!(is_constraint(&refused), "{wrong}: {refused}");
        assert_eq!(everything(&store).await, before, "{wrong}");
    }
    assert_eq!(store.audit_invariants().await.unwrap(), Vec::<String>::new());
}

/// The audit is worth something only if it sees what is wrong.
#[tokio::test]
async fn the_audit_of_invariants_sees_what_slipped_past_the_constraints() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    furnish(&Story::begin(Arc::new(store.clone())).await).await;
    by_hand(&path, "DELETE FROM manual_slots").await.unwrap();
    by_hand(&path, "UPDATE sites SET restoring = NULL").await.unwrap();
    let found = store.audit_invariants().await.unwrap();
    for sentence in [
        "what makes a manual backup under way without a slot",
        "a manual or promoted backup without a slot",
        "a restore under way that does not close its site",
    ] {
        assert_eq!(
            found.iter().filter(|line| line.starts_with(sentence)).count(),
            1,
            "{found:?}"
        );
    }
    assert_eq!(found.len(), 3, "{found:?}");
}

/// Was it a rule of the tables that refused, and not a slip in the statement?
fn is_constraint(error: &sqlx::Error) -> bool {
    const SQLITE_CONSTRAINT: i32 = 19;
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_CONSTRAINT)
}

/// One statement in one transaction, with foreign keys, as a person at a prompt would write it.
async fn by_hand(path: &Path, statement: &str) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(AssertSqlSafe(statement.to_owned()))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// What an earlier version left behind: a kept backup with its slot, and a restore under way that closes the site.
const BEFORE_BACPAC: &str = "
    BEGIN;
    INSERT INTO customers VALUES ('c', 'C');
    INSERT INTO sites VALUES ('s', 'S', 'S', 'c', NULL, 0, 'UTC', '[[-9223372036854775808,0]]', 5, NULL);
    INSERT INTO databases VALUES ('d', 's', 0, 'D', 'Sage', 'sqlite', '{\"engine\":\"sqlite\",\"path\":\"/d\"}', NULL);
    INSERT INTO processes (id, site, kind, requested_by, requested_at, state, attempt, percent, started_at, ended_at, made_backup,
        revision, updated_at) VALUES ('p1', 's', 'manual', 'Claire', 1, 'completed', 1, 100, 2, 3, 'b', 1, 3);
    INSERT INTO backups (id, site, kind, process, t0, skew_ms, completed_at, requested_by, snapshot)
        VALUES ('b', 's', 'manual', 'p1', 2, 0, 3, 'Claire', 'snap');
    INSERT INTO artifacts VALUES ('b', 0, 'd', 'D', 'sqlite', 'SQLite', 2, '[]', 7, printf('%064d', 7));
    INSERT INTO manual_slots VALUES ('s', 1, NULL, 'b');
    INSERT INTO processes (id, site, kind, restore_backup, restore_t0, requested_by, requested_at, state, attempt, percent,
        revision, updated_at) VALUES ('p2', 's', 'restore', 'b', 2, 'Ines', 4, 'queued', 0, 0, 2, 4);
    UPDATE sites SET restoring = 'p2';
    UPDATE revisions SET value = 2;
    COMMIT;";

#[tokio::test]
async fn a_store_of_an_earlier_version_keeps_everything_and_its_guards() {
    use sqlx::SqlSafeStr;
    use sqlx::migrate::{Migration, MigrationType, Migrator};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .foreign_keys(true);
    let mut old = SqliteConnection::connect_with(&options).await.unwrap();
    let migration = |version, description: &'static str, text: &'static str| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(vec![
        migration(1, "control store", include_str!("../migrations/0001_control_store.sql")),
        migration(2, "guards", include_str!("../migrations/0002_guards.sql")),
    ])
    .run_direct(None, &mut old, false)
    .await
    .unwrap();
    sqlx::raw_sql(BEFORE_BACPAC).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.audit_invariants().await.unwrap(), Vec::<String>::new());
    let done = store.process(&id("p1")).await.unwrap().unwrap();
    assert_eq!((done.kind, done.backup), (ProcessKind::ManualBackup, Some(id("b"))));
    let backup = store.backup(&id("b")).await.unwrap().unwrap();
    assert_eq!((backup.imported_from, backup.artifacts.len()), (None, 1));
    assert_eq!(store.quota(&id("s")).await.unwrap().0.kept, 1);
    let site = store.site(&id("s")).await.unwrap().unwrap();
    assert!(!site.status.is_ready());
    let nights = store.nights_of(&id("s"), at(0)).await.unwrap().unwrap();
    assert_eq!((nights.schedule, nights.open), (Schedule::default(), false));
    assert!(
        nights.nights.since > at(-1_000_000_000),
        "from now on, not from the first day on"
    );
    for statement in [
        "UPDATE sites SET night_start = 1440 WHERE id = 's'",
        "UPDATE sites SET night_start = 660 WHERE id = 's'",
        "UPDATE sites SET night_window = 14 WHERE id = 's'",
        "UPDATE backups SET late = 1 WHERE id = 'b'",
        "UPDATE processes SET requested_by = 'x' WHERE id = 'p1'",
        "UPDATE processes SET state = 'cancelled', ended_at = 9, cancelled_by = 'x' WHERE id = 'p2'",
        "UPDATE processes SET kind = 'unheard-of' WHERE id = 'p2'",
    ] {
        let error = by_hand(&path, statement).await.unwrap_err();
        assert!(is_constraint(&error), "{statement}: {error}");
    }
}

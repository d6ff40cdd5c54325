//! What workers do with processes: claim, heartbeat, report, end. Every method that takes a claim first asks whether it is
//! still held, in the same transaction as its change, so that a late attempt changes nothing.

use control::ports::control_store::{Claim, Claimed, RestoreProgress, StoreError};
use control::ports::outbox::Alert;
use domain::backup::{Backup, BackupKind};
use domain::failure::{Cause, Failure};
use domain::ids::ProcessId;
use domain::limits::{MAX_ATTEMPTS, expiries_at_once, exports_at_once};
use domain::process::{Process, ProcessKind, Progress};
use domain::time::Timestamp;
use sqlx::{Row, SqliteConnection};

use crate::alerts;
use crate::backups;
use crate::cancelling::{self, still_wanted};
use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::processes::{let_go, next_revision, snapshot, turn_sql};
use crate::rows;

/// Hands the next process to a worker: an interrupted one before a queued one.
pub(crate) async fn claim(
    store: &SqliteStore,
    worker: &str,
    now: Timestamp,
    lease_until: Timestamp,
    max_running: u32,
) -> Result<Option<Claimed>, Fault> {
    let mut tx = store.begin().await?;
    end_given_up(&mut tx, now).await?;
    let next = match has_room(&mut tx, worker, now, max_running).await? {
        false => None,
        true => match interrupted(&mut tx, now).await? {
            Some(id) => Some(id),
            None => next_queued(&mut tx, worker, now, max_running).await?,
        },
    };
    let claimed = match next {
        Some(id) => Some(begin_attempt(&mut tx, &id, worker, now, lease_until).await?),
        None => None,
    };
    tx.commit().await?;
    Ok(claimed)
}

/// Ends the backups that are not tried again although their worker is silent.
pub(crate) async fn end_silent(store: &SqliteStore, now: Timestamp) -> Result<Vec<Process>, Fault> {
    let mut tx = store.begin().await?;
    let mut ended = Vec::new();
    for id in end_given_up(&mut tx, now).await? {
        ended.push(snapshot(&mut tx, &id).await?);
    }
    tx.commit().await?;
    Ok(ended)
}

/// Ends every lease at once.
pub(crate) async fn end_leases(store: &SqliteStore) -> Result<u64, Fault> {
    let mut tx = store.begin().await?;
    let ended = sqlx::query("UPDATE processes SET lease_until = $1 WHERE state = 'running'")
        .bind(i64::MIN)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    alerts::end_leases(&mut tx).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Prolongs the lease.
pub(crate) async fn heartbeat(store: &SqliteStore, claim: &Claim, lease_until: Timestamp) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    held(&mut tx, claim).await?;
    sqlx::query("UPDATE processes SET lease_until = $2 WHERE id = $1")
        .bind(claim.process.as_str())
        .bind(lease_until.millis())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Keeps the progress, and T0 once it is fixed.
pub(crate) async fn report(
    store: &SqliteStore,
    claim: &Claim,
    progress: Progress,
    t0: Option<Timestamp>,
    now: Timestamp,
) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    let percent = held(&mut tx, claim)
        .await?
        .state
        .percent()
        .max(progress.percent.min(99));
    sqlx::query(
        "UPDATE processes SET percent = $2, stage = $3, done_bytes = $4, total_bytes = $5, t0 = COALESCE($6, t0), \
         revision = $7, updated_at = $8 WHERE id = $1",
    )
    .bind(claim.process.as_str())
    .bind(i64::from(percent))
    .bind(rows::word(&progress.stage)?)
    .bind(rows::stored(progress.done_bytes)?)
    .bind(progress.total_bytes.map(rows::stored).transpose()?)
    .bind(t0.map(Timestamp::millis))
    .bind(next_revision(&mut tx).await?)
    .bind(now.millis())
    .execute(&mut *tx)
    .await?;
    let process = snapshot(&mut tx, &claim.process).await?;
    tx.commit().await?;
    Ok(process)
}

/// Records the backup and completes its process.
pub(crate) async fn complete_backup(
    store: &SqliteStore,
    claim: &Claim,
    backup: &Backup,
    now: Timestamp,
) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    let process = still_wanted(held(&mut tx, claim).await?)?;
    let expected = match &process.kind {
        ProcessKind::ManualBackup | ProcessKind::Import { .. } => (BackupKind::Manual, None),
        ProcessKind::NightlyBackup { business_date } => (BackupKind::Automatic, Some(*business_date)),
        ProcessKind::Restore { .. } | ProcessKind::Export { .. } | ProcessKind::Expiry => {
            return Err(Fault::broken("this does not end as a backup"));
        }
    };
    if (backup.kind, backup.business_date) != expected {
        return Err(Fault::broken("the backup is not of the kind that was asked for"));
    }
    record(&mut tx, &process, backup).await?;
    if let Some(alert) = Alert::of_backup(backup) {
        alerts::raise_with(&mut tx, &alert).await?;
    }
    if backup.kind == BackupKind::Manual {
        let moved = sqlx::query("UPDATE manual_slots SET process = NULL, backup = $2 WHERE process = $1")
            .bind(process.id.as_str())
            .bind(backup.id.as_str())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if moved != 1 {
            return Err(Fault::broken("a manual backup without a slot"));
        }
    }
    sqlx::query("UPDATE processes SET t0 = $2 WHERE id = $1")
        .bind(process.id.as_str())
        .bind(backup.t0.millis())
        .execute(&mut *tx)
        .await?;
    complete(&mut tx, &process.id, now).await?;
    let process = snapshot(&mut tx, &process.id).await?;
    tx.commit().await?;
    Ok(process)
}

/// Records the backup taken before a restore. Recording the same one again is fine.
pub(crate) async fn record_safety(
    store: &SqliteStore,
    claim: &Claim,
    backup: &Backup,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let process = held(&mut tx, claim).await?;
    if !process.kind.is_restore() || backup.kind != BackupKind::Safety {
        return Err(Fault::broken("only a restore takes a safety backup"));
    }
    match restore_progress(&mut tx, &process.id).await?.safety {
        Some(recorded) if recorded == backup.id => return Ok(()),
        Some(_) => return Err(Fault::broken("the restore has its safety backup already")),
        None => record(&mut tx, &process, backup).await?,
    }
    sqlx::query("UPDATE processes SET revision = $2, updated_at = $3 WHERE id = $1")
        .bind(process.id.as_str())
        .bind(next_revision(&mut tx).await?)
        .bind(now.millis())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Decides a restore.
pub(crate) async fn decide_restore(store: &SqliteStore, claim: &Claim) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    if !still_wanted(held(&mut tx, claim).await?)?.kind.is_restore() {
        return Err(Fault::broken("only a restore is decided"));
    }
    sqlx::query("UPDATE processes SET decided = 1 WHERE id = $1")
        .bind(claim.process.as_str())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Completes a restore and opens the site.
pub(crate) async fn complete_restore(store: &SqliteStore, claim: &Claim, now: Timestamp) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    let process = still_wanted(held(&mut tx, claim).await?)?;
    if !process.kind.is_restore() || !restore_progress(&mut tx, &process.id).await?.swapped {
        return Err(Fault::broken("only a decided restore is completed"));
    }
    let_go(&mut tx, &process.id).await?;
    complete(&mut tx, &process.id, now).await?;
    let process = snapshot(&mut tx, &process.id).await?;
    tx.commit().await?;
    Ok(process)
}

/// Fails a process; what it held is free again.
pub(crate) async fn fail(
    store: &SqliteStore,
    claim: &Claim,
    failure: &Failure,
    now: Timestamp,
) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    still_wanted(held(&mut tx, claim).await?)?;
    end_failed(&mut tx, &claim.process, failure, now).await?;
    let process = snapshot(&mut tx, &claim.process).await?;
    tx.commit().await?;
    Ok(process)
}

/// The process, if this claim still gives the right to work on it.
pub(crate) async fn held(tx: &mut SqliteConnection, claim: &Claim) -> Result<Process, Fault> {
    let running: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM processes WHERE id = $1 AND state = 'running' AND attempt = $2)",
    )
    .bind(claim.process.as_str())
    .bind(i64::from(claim.attempt))
    .fetch_one(&mut *tx)
    .await?;
    if running {
        snapshot(tx, &claim.process).await
    } else {
        Err(StoreError::Fenced.into())
    }
}

/// Ends the backups and expiries that are not tried again, whether or not a worker is free for another attempt. What may have left remains
/// is not among them ([`ProcessKind::leaves_remains`]): a worker must first put the old data back, or tidy up.
async fn end_given_up(tx: &mut SqliteConnection, now: Timestamp) -> Result<Vec<ProcessId>, Fault> {
    let silent = sqlx::query(
        "SELECT id, cancel_asked_by FROM processes WHERE state = 'running' AND lease_until <= $1 \
         AND (attempt >= $2 OR cancel_asked_at IS NOT NULL) AND kind IN ('manual', 'nightly', 'expiry') \
         ORDER BY requested_at, id",
    )
    .bind(now.millis())
    .bind(i64::from(MAX_ATTEMPTS))
    .fetch_all(&mut *tx)
    .await?;
    let mut ended = Vec::new();
    for row in silent {
        let id: ProcessId = rows::id(&row, "id")?;
        match row.try_get::<Option<String>, _>("cancel_asked_by")? {
            Some(by) => cancelling::end(tx, &id, &by, now).await?,
            None => give_up(tx, &id, now).await?,
        }
        ended.push(id);
    }
    Ok(ended)
}

async fn give_up(tx: &mut SqliteConnection, id: &ProcessId, now: Timestamp) -> Result<(), Fault> {
    // The process's own id is the reference: the lines its attempts left in the log carry it.
    let failure = Failure {
        cause: Cause::Interrupted,
        database: None,
        reference: id.to_string(),
    };
    tracing::error!(process = %id, attempts = MAX_ATTEMPTS, "given up: interrupted too often");
    end_failed(tx, id, &failure, now).await
}

/// May this node begin another one? What it lost by its lease does not count.
async fn has_room(tx: &mut SqliteConnection, worker: &str, now: Timestamp, max_running: u32) -> Result<bool, Fault> {
    let alive: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM processes WHERE state = 'running' AND worker = $1 AND lease_until > $2",
    )
    .bind(worker)
    .bind(now.millis())
    .fetch_one(tx)
    .await?;
    Ok(alive < i64::from(max_running))
}

/// The oldest one whose worker is silent, on whatever node that was.
async fn interrupted(tx: &mut SqliteConnection, now: Timestamp) -> Result<Option<ProcessId>, Fault> {
    let row = sqlx::query(
        "SELECT id FROM processes WHERE state = 'running' AND lease_until <= $1 ORDER BY requested_at, id LIMIT 1",
    )
    .bind(now.millis())
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(|row| rows::id(row, "id")).transpose()
}

/// The queued one whose turn it is, of those that need not wait. `line_sql!` in [`crate::processes`] tells the same order.
async fn next_queued(
    tx: &mut SqliteConnection,
    worker: &str,
    now: Timestamp,
    max_running: u32,
) -> Result<Option<ProcessId>, Fault> {
    let row = sqlx::query(concat!(
        "WITH \
         busy AS (SELECT o.customer, count(*) AS running, sum(r.kind = 'expiry') AS alone \
                  FROM processes r JOIN sites o ON o.id = r.site WHERE r.state = 'running' GROUP BY o.customer), \
         here AS (SELECT count(*) FILTER (WHERE kind = 'export') AS exports, count(*) FILTER (WHERE kind = 'expiry') AS expiries \
                  FROM processes WHERE state = 'running' AND worker = $1), \
         readers AS (SELECT o.customer FROM readings d JOIN backups u ON u.id = d.backup JOIN sites o ON o.id = u.site \
                     WHERE d.until > $3) \
         SELECT p.id FROM processes p JOIN sites s ON s.id = p.site JOIN customers c ON c.id = s.customer \
         LEFT JOIN busy b ON b.customer = s.customer \
         WHERE p.state = 'queued' \
         AND (NOT p.exclusive OR NOT EXISTS \
              (SELECT 1 FROM processes r WHERE r.site = p.site AND r.state = 'running' AND r.exclusive)) \
         AND (p.kind <> 'export' OR $2 > (SELECT exports FROM here)) \
         AND (p.kind <> 'expiry' OR $4 > (SELECT expiries FROM here)) \
         AND COALESCE(b.alone, 0) = 0 \
         AND (p.kind <> 'expiry' OR (b.running IS NULL AND s.customer NOT IN (SELECT customer FROM readers))) \
         ORDER BY ",
        turn_sql!("p"),
        ", COALESCE(b.running, 0), c.served, p.requested_at, p.id LIMIT 1",
    ))
    .bind(worker)
    .bind(i64::from(exports_at_once(max_running)))
    .bind(now.millis())
    .bind(i64::from(expiries_at_once(max_running)))
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(|row| rows::id(row, "id")).transpose()
}

/// Starts the next attempt; its customer is served. T0 is fixed anew by each, unless the safety backup that holds it is
/// recorded. It can be cancelled like the first, unless it is decided.
async fn begin_attempt(
    tx: &mut SqliteConnection,
    id: &ProcessId,
    worker: &str,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Claimed, Fault> {
    sqlx::query(
        "UPDATE processes SET state = 'running', attempt = attempt + 1, percent = 0, stage = $2, done_bytes = 0, \
         total_bytes = NULL, worker = $3, lease_until = $4, started_at = $5, \
         t0 = CASE WHEN made_backup IS NULL THEN NULL ELSE t0 END, no_return = decided, revision = $6, updated_at = $5 WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(rows::word(&Progress::start().stage)?)
    .bind(worker)
    .bind(lease_until.millis())
    .bind(now.millis())
    .bind(next_revision(tx).await?)
    .execute(&mut *tx)
    .await?;
    let process = snapshot(tx, id).await?;
    sqlx::query("UPDATE customers SET served = $2 WHERE id = (SELECT customer FROM sites WHERE id = $1)")
        .bind(process.site.as_str())
        .bind(rows::stored(process.revision)?)
        .execute(&mut *tx)
        .await?;
    let restore = restore_progress(tx, id).await?;
    Ok(Claimed {
        claim: Claim {
            process: id.clone(),
            attempt: process.attempt,
        },
        process,
        restore,
    })
}

async fn restore_progress(tx: &mut SqliteConnection, id: &ProcessId) -> Result<RestoreProgress, Fault> {
    let row = sqlx::query("SELECT made_backup, decided FROM processes WHERE id = $1")
        .bind(id.as_str())
        .fetch_one(tx)
        .await?;
    Ok(RestoreProgress {
        safety: rows::optional_id(&row, "made_backup")?,
        swapped: row.try_get::<i64, _>("decided")? == 1,
    })
}

/// The backup of a process, with its artifacts.
async fn record(tx: &mut SqliteConnection, process: &Process, backup: &Backup) -> Result<(), Fault> {
    if backup.process != process.id || backup.site != process.site {
        return Err(Fault::broken("the backup is another process's or another site's"));
    }
    if backup.promotion.is_some() {
        return Err(Fault::broken("a backup is promoted after it was recorded"));
    }
    if backup.judgement.decision.is_some() {
        return Err(Fault::broken("a backup is decided about after it was recorded"));
    }
    backups::insert(tx, backup).await?;
    sqlx::query("UPDATE processes SET made_backup = $2 WHERE id = $1")
        .bind(process.id.as_str())
        .bind(backup.id.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn complete(tx: &mut SqliteConnection, id: &ProcessId, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE processes SET state = 'completed', percent = 100, ended_at = $2, stage = NULL, done_bytes = NULL, \
         total_bytes = NULL, worker = NULL, lease_until = NULL, revision = $3, updated_at = $2 WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(now.millis())
    .bind(next_revision(tx).await?)
    .execute(tx)
    .await?;
    Ok(())
}

async fn end_failed(tx: &mut SqliteConnection, id: &ProcessId, failure: &Failure, now: Timestamp) -> Result<(), Fault> {
    let_go(tx, id).await?;
    sqlx::query(
        "UPDATE processes SET state = 'failed', ended_at = $2, failure_cause = $3, failure_database = $4, \
         failure_reference = $5, stage = NULL, done_bytes = NULL, total_bytes = NULL, worker = NULL, \
         lease_until = NULL, revision = $6, updated_at = $2 WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(now.millis())
    .bind(rows::word(&failure.cause)?)
    .bind(failure.database.as_deref())
    .bind(&failure.reference)
    .bind(next_revision(tx).await?)
    .execute(&mut *tx)
    .await?;
    if let Some(alert) = Alert::of_end(&snapshot(tx, id).await?) {
        alerts::raise_with(tx, &alert).await?;
    }
    Ok(())
}

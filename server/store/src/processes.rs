//! Processes as people follow them: queued, read. What workers do with them is in [`crate::claims`], how they are stopped in
//! [`crate::cancelling`].

use std::collections::{HashMap, HashSet};

use control::ports::control_store::NewProcess;
use control::ports::outbox::Alert;
use domain::backup::Quota;
use domain::ids::{BackupId, ProcessId, SiteId, UploadId};
use domain::process::{Process, ProcessKind};
use domain::refusal::Refusal;
use domain::restore::Scope;
use serde::Serialize;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::alerts;
use crate::backups;
use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// [`ProcessKind::turn`] of a queued process.
macro_rules! turn_sql {
    ($process:literal) => {
        concat!(
            "CASE ",
            $process,
            ".kind WHEN 'nightly' THEN 1 WHEN 'expiry' THEN 2 - ",
            $process,
            ".hastened ELSE 0 END"
        )
    };
}
pub(crate) use turn_sql;

/// The queue as [`crate::claims`] would take it with one worker, as if every site were free: `place` counts from 0.
///
/// Each claim makes its customer the last one served, so the customers of a class are taken in turn: first the oldest process of
/// each, then the second of each, and so on. `round` is that number. When the nights begin, whoever had processes asked for by
/// people has been served since, the later the more there were of them (`asked`). Customers never served before are
/// equal; their first processes tell them apart.
macro_rules! line_sql {
    () => {
        concat!(
            "WITH busy AS (SELECT o.customer, count(*) AS running FROM processes r JOIN sites o ON o.id = r.site ",
            "WHERE r.state = 'running' GROUP BY o.customer), ",
            "waiting AS (SELECT q.id, q.requested_at, ",
            turn_sql!("q"),
            " AS turn, s.customer, c.served, ",
            "COALESCE(b.running, 0) AS running FROM processes q JOIN sites s ON s.id = q.site ",
            "JOIN customers c ON c.id = s.customer LEFT JOIN busy b ON b.customer = s.customer WHERE q.state = 'queued'), ",
            "ranked AS (SELECT id, turn, served, running, ",
            "row_number() OVER (PARTITION BY customer, turn ORDER BY requested_at, id) AS round, ",
            "sum(turn = 0) OVER (PARTITION BY customer) AS asked, ",
            "sum(turn = 1) OVER (PARTITION BY customer) AS nights, ",
            "first_value(requested_at) OVER (PARTITION BY customer ORDER BY turn, requested_at, id) AS first_at, ",
            "first_value(id) OVER (PARTITION BY customer ORDER BY turn, requested_at, id) AS first_id FROM waiting), ",
            "line AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY turn, running, round, ",
            "CASE WHEN turn > 1 THEN nights ELSE 0 END, CASE WHEN turn > 0 THEN asked ELSE 0 END, ",
            "served, first_at, first_id) - 1 AS place FROM ranked) "
        )
    };
}

/// A whole snapshot. What is ahead of a queued process changes without it, so its revision is that of the whole table:
/// a later reading is never older, and the next change of its own is always younger.
macro_rules! process_sql {
    ($tail:literal) => {
        concat!(
            line_sql!(),
            "SELECT p.*, s.name AS site_name, ",
            "CASE p.state WHEN 'queued' THEN (SELECT value FROM revisions) ELSE p.revision END AS snapshot_revision, ",
            "CASE p.state WHEN 'queued' THEN (SELECT place FROM line WHERE line.id = p.id) ",
            "+ (SELECT count(*) FROM processes r WHERE r.state = 'running' AND r.site = p.site AND r.exclusive AND p.exclusive) ",
            "END AS ahead ",
            "FROM processes p JOIN sites s ON s.id = p.site ",
            $tail
        )
    };
}

/// Queues a backup, by hand or by night.
pub(crate) async fn queue_backup(store: &SqliteStore, new: &NewProcess) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    match &new.kind {
        ProcessKind::ManualBackup => {
            refuse_closed(&mut tx, &new.site).await?;
            insert_with_slot(&mut tx, new).await?;
        }
        ProcessKind::NightlyBackup { .. } => {
            let asked = [Night::of(new)?];
            if let Some(no) = insert_nights(&mut tx, &asked).await?.remove(new.id.as_str()) {
                return Err(no.into());
            }
        }
        _ => return Err(Fault::broken("only a backup is queued as one")),
    }
    let process = snapshot(&mut tx, &new.id).await?;
    tx.commit().await?;
    Ok(process)
}

/// Queues the backups of several nights: a handful of statements however many they are.
pub(crate) async fn queue_nights(store: &SqliteStore, new: &[NewProcess]) -> Result<Vec<Result<(), Refusal>>, Fault> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Vec<_> = new.iter().map(Night::of).collect::<Result<_, _>>()?;
    let mut tx = store.begin().await?;
    let mut refused = insert_nights(&mut tx, &asked).await?;
    tx.commit().await?;
    Ok(asked
        .iter()
        .map(|night| refused.remove(night.id).map_or(Ok(()), Err))
        .collect())
}

/// A night that is asked for, as a statement takes many.
#[derive(Serialize)]
struct Night<'a> {
    id: &'a str,
    site: &'a str,
    date: String,
    by: &'a str,
    at: i64,
}

impl<'a> Night<'a> {
    fn of(new: &'a NewProcess) -> Result<Self, Fault> {
        let ProcessKind::NightlyBackup { business_date } = &new.kind else {
            return Err(Fault::broken("only a night is queued as one"));
        };
        Ok(Self {
            id: new.id.as_str(),
            site: new.site.as_str(),
            date: business_date.to_string(),
            by: &new.requested_by,
            at: new.at.millis(),
        })
    }
}

/// Inserts those of these nights that can be. Answers why each of the others is not, by the id it was to have.
async fn insert_nights<'a>(tx: &mut SqliteConnection, asked: &[Night<'a>]) -> Result<HashMap<&'a str, Refusal>, Fault> {
    let mut seen = HashSet::new();
    let once: Vec<_> = asked
        .iter()
        .filter(|night| seen.insert((night.site, &night.date)))
        .collect();
    let count = i64::try_from(once.len()).map_err(|_| Fault::broken("more nights than numbers"))?;
    let last: i64 = sqlx::query_scalar("UPDATE revisions SET value = value + $1 RETURNING value")
        .bind(count)
        .fetch_one(&mut *tx)
        .await?;
    let inserted = sqlx::query(
        "INSERT INTO processes (id, site, kind, business_date, requested_by, requested_at, state, attempt, percent, \
         revision, updated_at, exclusive) \
         SELECT value ->> 'id', s.id, 'nightly', value ->> 'date', value ->> 'by', value ->> 'at', 'queued', 0, 0, \
         $2 + key + 1, value ->> 'at', 1 FROM json_each($1) JOIN sites s ON s.id = value ->> 'site' \
         WHERE s.restoring IS NULL \
         AND NOT EXISTS (SELECT 1 FROM processes p WHERE p.site = s.id AND p.business_date = value ->> 'date' \
         AND p.kind = 'nightly' AND p.state IN ('queued', 'running', 'completed')) \
         AND NOT EXISTS (SELECT 1 FROM backups b WHERE b.site = s.id AND b.business_date = value ->> 'date' \
         AND b.kind = 'automatic')",
    )
    .bind(rows::json(&once)?)
    .bind(last - count)
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if inserted == asked.len() as u64 {
        return Ok(HashMap::new());
    }
    let row = sqlx::query(
        "SELECT json_group_array(json_array(made, known, closed)) AS answers FROM (SELECT \
         EXISTS (SELECT 1 FROM processes WHERE id = value ->> 'id') AS made, s.id IS NOT NULL AS known, \
         s.restoring IS NOT NULL AS closed FROM json_each($1) LEFT JOIN sites s ON s.id = value ->> 'site' ORDER BY key)",
    )
    .bind(rows::json(&asked)?)
    .fetch_one(tx)
    .await?;
    let looked_at: Vec<[u8; 3]> = rows::from_json(&row, "answers")?;
    let refusals = asked
        .iter()
        .zip(looked_at)
        .filter_map(|(night, [made, known, closed])| {
            let no = match (made, known, closed) {
                (1, ..) => return None,
                (_, 0, _) => Refusal::NotFound,
                (.., 1) => Refusal::SiteRestoring,
                _ => Refusal::TooLate,
            };
            Some((night.id, no))
        });
    Ok(refusals.collect())
}

/// Queues a restore and closes the site.
pub(crate) async fn queue_restore(store: &SqliteStore, new: &NewProcess) -> Result<Process, Fault> {
    let ProcessKind::Restore { backup, scope, .. } = &new.kind else {
        return Err(Fault::broken("only a restore is queued as one"));
    };
    let mut tx = store.begin().await?;
    refuse_closed(&mut tx, &new.site).await?;
    let database = match scope {
        Scope::Site => None,
        Scope::Database(database) => Some(database.as_str()),
    };
    let held: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM backups b JOIN artifacts a ON a.backup = b.id \
         WHERE b.id = $1 AND b.site = $2 AND b.deleted_at IS NULL AND a.database = COALESCE($3, a.database))",
    )
    .bind(backup.as_str())
    .bind(new.site.as_str())
    .bind(database)
    .fetch_one(&mut *tx)
    .await?;
    if !held {
        return Err(Refusal::NotFound.into());
    }
    insert(&mut tx, new).await?;
    sqlx::query("UPDATE sites SET restoring = $2 WHERE id = $1")
        .bind(new.site.as_str())
        .bind(new.id.as_str())
        .execute(&mut *tx)
        .await?;
    if let Some(alert) = Alert::of_order(new) {
        alerts::raise_with(&mut tx, &alert).await?;
    }
    let process = snapshot(&mut tx, &new.id).await?;
    tx.commit().await?;
    Ok(process)
}

/// Queues the making of a BACPAC, or returns the one under way.
pub(crate) async fn queue_export(store: &SqliteStore, new: &NewProcess) -> Result<Process, Fault> {
    let ProcessKind::Export { backup, database, .. } = &new.kind else {
        return Err(Fault::broken("only an export is queued as one"));
    };
    let mut tx = store.begin().await?;
    let held: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM backups b JOIN artifacts a ON a.backup = b.id \
         WHERE b.id = $1 AND b.site = $2 AND b.deleted_at IS NULL AND a.database = $3)",
    )
    .bind(backup.as_str())
    .bind(new.site.as_str())
    .bind(database.as_str())
    .fetch_one(&mut *tx)
    .await?;
    if !held {
        return Err(Refusal::NotFound.into());
    }
    let open = sqlx::query(
        "SELECT id FROM processes WHERE kind = 'export' AND of_backup = $1 AND of_database = $2 \
         AND state IN ('queued', 'running')",
    )
    .bind(backup.as_str())
    .bind(database.as_str())
    .fetch_optional(&mut *tx)
    .await?;
    let id = match open {
        Some(row) => rows::id(&row, "id")?,
        None => {
            insert(&mut tx, new).await?;
            new.id.clone()
        }
    };
    let process = snapshot(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(process)
}

/// Queues an import, which takes a slot.
pub(crate) async fn queue_import(store: &SqliteStore, new: &NewProcess) -> Result<Process, Fault> {
    let ProcessKind::Import { upload, database, .. } = &new.kind else {
        return Err(Fault::broken("only an import is queued as one"));
    };
    let mut tx = store.begin().await?;
    refuse_closed(&mut tx, &new.site).await?;
    let free: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM uploads WHERE id = $1 AND site = $2 AND database = $3) AND NOT EXISTS \
         (SELECT 1 FROM processes WHERE of_upload = $1 AND state IN ('queued', 'running', 'completed'))",
    )
    .bind(upload.as_str())
    .bind(new.site.as_str())
    .bind(database.as_str())
    .fetch_one(&mut *tx)
    .await?;
    if !free {
        return Err(Refusal::NotFound.into());
    }
    insert_with_slot(&mut tx, new).await?;
    let process = snapshot(&mut tx, &new.id).await?;
    tx.commit().await?;
    Ok(process)
}

/// The written reason of a process.
pub(crate) async fn reason(store: &SqliteStore, id: &ProcessId) -> Result<Option<String>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT reason FROM processes WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    Ok(row.map(|row| row.try_get("reason")).transpose()?.flatten())
}

/// One process.
pub(crate) async fn process(store: &SqliteStore, id: &ProcessId) -> Result<Option<Process>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query(process_sql!("WHERE p.id = $1"))
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    row.as_ref().map(rows::process).transpose()
}

/// Queued and running processes, oldest first.
pub(crate) async fn active(store: &SqliteStore, sites: Option<&[SiteId]>) -> Result<Vec<Process>, Fault> {
    let mut query = QueryBuilder::<Sqlite>::new(process_sql!("WHERE p.state IN ('queued', 'running')"));
    if let Some(sites) = sites {
        among(&mut query, sites);
    }
    query.push(" ORDER BY p.requested_at, p.id");
    let mut reading = store.one_reading().await?;
    query
        .build()
        .fetch_all(&mut *reading)
        .await?
        .iter()
        .map(rows::process)
        .collect()
}

/// Processes that have ended, youngest first.
pub(crate) async fn ended(store: &SqliteStore, sites: &[SiteId], limit: usize) -> Result<Vec<Process>, Fault> {
    let mut query = QueryBuilder::<Sqlite>::new(process_sql!("WHERE p.ended_at IS NOT NULL"));
    among(&mut query, sites);
    query.push(" ORDER BY p.ended_at DESC, p.revision DESC LIMIT ");
    query.push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let mut tx = store.read().await?;
    query
        .build()
        .fetch_all(&mut *tx)
        .await?
        .iter()
        .map(rows::process)
        .collect()
}

/// Inside a transaction: the snapshot of a process that is there.
pub(crate) async fn snapshot(tx: &mut SqliteConnection, id: &ProcessId) -> Result<Process, Fault> {
    rows::process(
        &sqlx::query(process_sql!("WHERE p.id = $1"))
            .bind(id.as_str())
            .fetch_one(tx)
            .await?,
    )
}

/// The revision of the next change.
pub(crate) async fn next_revision(tx: &mut SqliteConnection) -> Result<i64, Fault> {
    Ok(
        sqlx::query_scalar("UPDATE revisions SET value = value + 1 RETURNING value")
            .fetch_one(tx)
            .await?,
    )
}

/// Gives back what a process holds: its reserved slot, its closed site.
pub(crate) async fn let_go(tx: &mut SqliteConnection, id: &ProcessId) -> Result<(), Fault> {
    sqlx::query("DELETE FROM manual_slots WHERE process = $1")
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE sites SET restoring = NULL WHERE restoring = $1")
        .bind(id.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

async fn refuse_closed(tx: &mut SqliteConnection, site: &SiteId) -> Result<(), Fault> {
    let closed: Option<bool> = sqlx::query_scalar("SELECT restoring IS NOT NULL FROM sites WHERE id = $1")
        .bind(site.as_str())
        .fetch_optional(tx)
        .await?;
    match closed {
        None => Err(Refusal::NotFound.into()),
        Some(true) => Err(Refusal::SiteRestoring.into()),
        Some(false) => Ok(()),
    }
}

/// The lowest slot that nobody holds.
pub(crate) async fn free_slot(tx: &mut SqliteConnection, site: &SiteId) -> Result<i64, Fault> {
    let (Quota { kept, reserved, quota }, _) = backups::quota_of(tx, site).await?;
    let held: Vec<i64> = sqlx::query("SELECT slot FROM manual_slots WHERE site = $1")
        .bind(site.as_str())
        .fetch_all(&mut *tx)
        .await?
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    match (1..=i64::from(quota)).find(|slot| !held.contains(slot)) {
        Some(slot) => Ok(slot),
        None => Err(Refusal::QuotaReached {
            kept,
            reserved,
            quota,
            oldest: backups::oldest_kept(tx, site).await?,
        }
        .into()),
    }
}

/// A process that makes a manual backup holds a slot from the beginning.
async fn insert_with_slot(tx: &mut SqliteConnection, new: &NewProcess) -> Result<(), Fault> {
    let slot = free_slot(tx, &new.site).await?;
    insert(tx, new).await?;
    sqlx::query("INSERT INTO manual_slots (site, slot, process) VALUES ($1, $2, $3)")
        .bind(new.site.as_str())
        .bind(slot)
        .bind(new.id.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn insert(tx: &mut SqliteConnection, new: &NewProcess) -> Result<(), Fault> {
    let revision = next_revision(tx).await?;
    let (kind, day, restore, of) = match &new.kind {
        ProcessKind::ManualBackup => ("manual", None, None, None),
        ProcessKind::NightlyBackup { business_date } => ("nightly", Some(business_date.to_string()), None, None),
        ProcessKind::Restore {
            backup,
            t0,
            scope,
            database_name,
        } => ("restore", None, Some((backup, t0, scope, database_name)), None),
        ProcessKind::Export { backup, database, .. } => ("export", None, None, Some((Some(backup), database, None))),
        ProcessKind::Import { upload, database, .. } => ("import", None, None, Some((None, database, Some(upload)))),
        ProcessKind::Expiry => ("expiry", None, None, None),
    };
    let columns_hold_all = matches!(kind, "manual" | "nightly" | "restore");
    let facts = (!columns_hold_all).then(|| rows::json(&new.kind)).transpose()?;
    let database = restore.and_then(|(_, _, scope, _)| match scope {
        Scope::Site => None,
        Scope::Database(database) => Some(database.as_str()),
    });
    sqlx::query(
        "INSERT INTO processes (id, site, kind, business_date, restore_backup, restore_t0, restore_database, \
         restore_database_name, requested_by, reason, requested_at, state, attempt, percent, revision, updated_at, \
         exclusive, facts, of_backup, of_database, of_upload) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', 0, 0, $12, $11, $13, $14, $15, $16, $17)",
    )
    .bind(new.id.as_str())
    .bind(new.site.as_str())
    .bind(kind)
    .bind(day)
    .bind(restore.map(|(backup, ..)| backup.as_str()))
    .bind(restore.map(|(_, t0, ..)| t0.millis()))
    .bind(database)
    .bind(restore.and_then(|(.., name)| name.as_deref()))
    .bind(&new.requested_by)
    .bind(new.reason.as_deref())
    .bind(new.at.millis())
    .bind(revision)
    .bind(i64::from(new.kind.is_exclusive()))
    .bind(facts)
    .bind(of.and_then(|(backup, ..)| backup).map(BackupId::as_str))
    .bind(of.map(|(_, database, _)| database.as_str()))
    .bind(of.and_then(|(.., upload)| upload).map(UploadId::as_str))
    .execute(tx)
    .await?;
    Ok(())
}

fn among(query: &mut QueryBuilder<Sqlite>, sites: &[SiteId]) {
    query.push(" AND p.site IN (");
    let mut list = query.separated(", ");
    for site in sites {
        list.push_bind(site.as_str().to_owned());
    }
    query.push(")");
}

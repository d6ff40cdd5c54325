//! What leaves for good: chosen by the policy inside the transaction that marks it, so that nothing can change in between.

use std::collections::BTreeSet;

use control::ports::control_store::{Claim, Expiring, NewProcess};
use domain::anomaly::Review;
use domain::backup::{BackupKind, Deletion};
use domain::bacpac::Told;
use domain::expiry::{ExpiryLog, Leaving, Why};
use domain::ids::{BackupId, CustomerId, SiteId};
use domain::limits::{EXPIRY_RETRY, EXPIRY_WAITS};
use domain::process::{Process, ProcessKind};
use domain::refusal::Refusal;
use domain::retention::{Expired, Facts, plan};
use domain::time::{Timestamp, Zone};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::backups::whole;
use crate::cancelling::still_wanted;
use crate::claims::{complete, held};
use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::packages::keep_told;
use crate::policy::policy_of;
use crate::processes::{insert, next_revision, snapshot};
use crate::rows;

/// The sites for which an expiry has something to do.
pub(crate) async fn expiry_due(
    store: &SqliteStore,
    site: Option<&SiteId>,
    now: Timestamp,
) -> Result<Vec<SiteId>, Fault> {
    let mut tx = store.read().await?;
    // Those of one customer stand together, so that one of them can be told of space to free.
    let mut candidates = QueryBuilder::<Sqlite>::new("SELECT s.id, s.customer, COALESCE(r.free_at <= ");
    candidates.push_bind(now.millis()).push(
        ", 0) AS frees, EXISTS (SELECT 1 FROM backups b WHERE b.site = s.id AND b.deleted_at IS NOT NULL \
         AND (b.purging OR b.gone_at <= ",
    );
    candidates.push_bind(now.millis()).push(
        ")) AS leaving FROM sites s JOIN repositories r ON r.customer = s.customer AND r.created WHERE NOT EXISTS \
         (SELECT 1 FROM processes p WHERE p.site = s.id AND p.kind = 'expiry' AND p.state IN ('queued', 'running')) \
         AND NOT EXISTS (SELECT 1 FROM processes p WHERE p.site = s.id AND p.kind = 'expiry' \
         AND p.state IN ('failed', 'cancelled') \
         AND p.ended_at > ",
    );
    candidates.push_bind(now.minus(EXPIRY_RETRY).millis()).push(")");
    if let Some(site) = site {
        candidates.push(" AND s.id = ").push_bind(site.as_str());
    }
    candidates.push(" ORDER BY s.customer, s.id");
    let candidates = candidates.build().fetch_all(&mut *tx).await?;
    let (mut due, mut freed) = (Vec::new(), None);
    for row in candidates {
        let (id, customer): (SiteId, String) = (rows::id(&row, "id")?, row.try_get("customer")?);
        let frees = row.try_get::<bool, _>("frees")? && freed.as_ref() != Some(&customer);
        if frees || row.try_get::<bool, _>("leaving")? || !expired(&mut tx, &id, now).await?.is_empty() {
            freed = Some(customer);
            due.push(id);
        }
    }
    due.sort();
    Ok(due)
}

/// Queues an expiry, or returns the one under way.
pub(crate) async fn queue_expiry(store: &SqliteStore, new: &NewProcess) -> Result<Process, Fault> {
    if new.kind != ProcessKind::Expiry {
        return Err(Fault::broken("only an expiry is queued as one"));
    }
    let mut tx = store.begin().await?;
    let open = sqlx::query(
        "SELECT (SELECT p.id FROM processes p WHERE p.site = s.id AND p.kind = 'expiry' \
         AND p.state IN ('queued', 'running')) AS open FROM sites s WHERE s.id = $1",
    )
    .bind(new.site.as_str())
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Refusal::NotFound)?;
    let id = match rows::optional_id(&open, "open")? {
        Some(open) => open,
        None => {
            insert(&mut tx, new).await?;
            new.id.clone()
        }
    };
    let process = snapshot(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(process)
}

/// From now on they go among the nights.
pub(crate) async fn hasten(store: &SqliteStore, now: Timestamp) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let hastened = sqlx::query(
        "UPDATE processes SET hastened = 1 WHERE state = 'queued' AND kind = 'expiry' AND requested_at <= $1 AND NOT hastened",
    )
    .bind(now.minus(EXPIRY_WAITS).millis())
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if hastened > 0 {
        // The places in the queue have changed.
        next_revision(&mut tx).await?;
    }
    Ok(tx.commit().await?)
}

/// Marks what leaves, and returns all that is marked.
pub(crate) async fn begin_expiry(store: &SqliteStore, claim: &Claim, now: Timestamp) -> Result<Expiring, Fault> {
    let mut tx = store.begin().await?;
    let process = still_wanted(held(&mut tx, claim).await?)?;
    if process.kind != ProcessKind::Expiry {
        return Err(Fault::broken("only an expiry marks"));
    }
    let site = &process.site;
    // What is marked does not come back: from here on there is nothing to cancel.
    sqlx::query("UPDATE processes SET no_return = 1, revision = $2, updated_at = $3 WHERE id = $1")
        .bind(claim.process.as_str())
        .bind(next_revision(&mut tx).await?)
        .bind(now.millis())
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE backups SET purging = 1 WHERE site = $1 AND deleted_at IS NOT NULL AND gone_at <= $2 AND NOT purging",
    )
    .bind(site.as_str())
    .bind(now.millis())
    .execute(&mut *tx)
    .await?;
    for Expired { id, reason } in expired(&mut tx, site, now).await? {
        sqlx::query(
            "UPDATE backups SET deleted_at = $2, deleted_by = '', gone_at = $2, purging = 1, expired = $3 WHERE id = $1",
        )
        .bind(id.as_str())
        .bind(now.millis())
        .bind(rows::json(&reason)?)
        .execute(&mut *tx)
        .await?;
    }
    let found = sqlx::query("SELECT * FROM backups WHERE site = $1 AND purging ORDER BY t0, id")
        .bind(site.as_str())
        .fetch_all(&mut *tx)
        .await?;
    let mut leaving = Vec::with_capacity(found.len());
    for row in found {
        let why = why(&row)?;
        let backup = whole(&mut tx, Some(row)).await?;
        let backup = backup.ok_or_else(|| Fault::broken("a row without its backup"))?;
        leaving.push(Leaving { backup, why });
    }
    // Whatever happens from here on, somebody frees what these leave behind.
    sqlx::query(
        "UPDATE repositories SET free_at = MIN(COALESCE(free_at, $2), $2) WHERE $3 \
         AND customer = (SELECT customer FROM sites WHERE id = $1)",
    )
    .bind(site.as_str())
    .bind(now.millis())
    .bind(!leaving.is_empty())
    .execute(&mut *tx)
    .await?;
    let others: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM processes p JOIN sites s ON s.id = p.site JOIN sites own ON own.id = $1 \
         WHERE p.kind = 'expiry' AND p.state = 'queued' AND s.customer = own.customer)",
    )
    .bind(site.as_str())
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Expiring {
        leaving,
        frees: !others,
    })
}

/// Removes every row of a marked backup.
pub(crate) async fn remove_backup(store: &SqliteStore, claim: &Claim, id: &BackupId) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let process = held(&mut tx, claim).await?;
    let marked: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM backups WHERE id = $1 AND site = $2 AND purging)")
            .bind(id.as_str())
            .bind(process.site.as_str())
            .fetch_one(&mut *tx)
            .await?;
    if !marked {
        return Ok(());
    }
    for statement in [
        "DELETE FROM exports WHERE backup = $1",
        "DELETE FROM readings WHERE backup = $1",
        "DELETE FROM artifacts WHERE backup = $1",
        "DELETE FROM backups WHERE id = $1",
    ] {
        sqlx::query(statement).bind(id.as_str()).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

/// The snapshots that rows name.
pub(crate) async fn snapshots(store: &SqliteStore, customer: &CustomerId) -> Result<BTreeSet<String>, Fault> {
    let names =
        sqlx::query_scalar("SELECT b.snapshot FROM backups b JOIN sites s ON s.id = b.site WHERE s.customer = $1")
            .bind(customer.as_str())
            .fetch_all(&mut *store.one_reading().await?)
            .await?;
    Ok(names.into_iter().collect())
}

/// Keeps the log and completes an expiry.
pub(crate) async fn complete_expiry(
    store: &SqliteStore,
    claim: &Claim,
    log: &ExpiryLog,
    free_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    let process = held(&mut tx, claim).await?;
    if process.kind != ProcessKind::Expiry {
        return Err(Fault::broken("only an expiry is completed as one"));
    }
    keep_told(&mut tx, &process.id, &Told::Expired(log.clone())).await?;
    if log.space.is_some() {
        sqlx::query("UPDATE repositories SET free_at = $2 WHERE customer = (SELECT customer FROM sites WHERE id = $1)")
            .bind(process.site.as_str())
            .bind(free_at.map(Timestamp::millis))
            .execute(&mut *tx)
            .await?;
    }
    complete(&mut tx, &process.id, now).await?;
    let process = snapshot(&mut tx, &process.id).await?;
    tx.commit().await?;
    Ok(process)
}

/// What of a site the policy no longer keeps and nobody uses.
async fn expired(tx: &mut SqliteConnection, site: &SiteId, now: Timestamp) -> Result<Vec<Expired>, Fault> {
    let found = sqlx::query(
        "SELECT b.id, b.kind, b.promoted_at, b.business_date, b.completed_at, b.review, \
         EXISTS (SELECT 1 FROM processes p WHERE (p.restore_backup = b.id OR p.of_backup = b.id) \
         AND p.state IN ('queued', 'running')) OR EXISTS (SELECT 1 FROM readings r WHERE r.backup = b.id \
         AND r.until > $2) AS used FROM backups b WHERE b.site = $1 AND b.deleted_at IS NULL",
    )
    .bind(site.as_str())
    .bind(now.millis())
    .fetch_all(&mut *tx)
    .await?;
    let (mut facts, mut used) = (Vec::with_capacity(found.len()), Vec::new());
    for row in &found {
        let fact = fact(row)?;
        if row.try_get("used")? {
            used.push(fact.id.clone());
        }
        facts.push(fact);
    }
    if !facts.iter().any(Facts::is_under_policy) {
        return Ok(Vec::new());
    }
    let zone = sqlx::query("SELECT zone_name, zone_changes FROM sites WHERE id = $1")
        .bind(site.as_str())
        .fetch_one(&mut *tx)
        .await?;
    let zone = Zone {
        name: zone.try_get("zone_name")?,
        changes: rows::from_json(&zone, "zone_changes")?,
    };
    let mut expired = plan(now, &zone, policy_of(tx, site).await?, &facts).expired;
    expired.retain(|expired| !used.contains(&expired.id));
    Ok(expired)
}

fn fact(row: &SqliteRow) -> Result<Facts, Fault> {
    let (kind, review): (String, String) = (row.try_get("kind")?, row.try_get("review")?);
    Ok(Facts {
        id: rows::id(row, "id")?,
        kind: BackupKind::from_code(&kind).ok_or_else(|| Fault::broken("a kind that there is not"))?,
        promoted: rows::optional_at(row, "promoted_at")?.is_some(),
        business_date: rows::day(row)?,
        completed_at: rows::at(row, "completed_at")?,
        review: Review::from_code(&review).ok_or_else(|| Fault::broken("a review that there is not"))?,
    })
}

fn why(row: &SqliteRow) -> Result<Why, Fault> {
    if row.try_get::<Option<String>, _>("expired")?.is_some() {
        return Ok(Why::Policy(rows::from_json(row, "expired")?));
    }
    Ok(Why::Bin(Deletion {
        at: rows::at(row, "deleted_at")?,
        by: row.try_get("deleted_by")?,
        until: rows::at(row, "gone_at")?,
    }))
}

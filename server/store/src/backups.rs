//! Complete backups, their artifacts, and the slots that manual ones take. A backup is written here only together with the
//! process that made it; see [`crate::claims`].

use domain::backup::{Artifact, Backup, Quota};
use domain::ids::{BackupId, ProcessId, SiteId};
use domain::refusal::{OldestManual, Refusal};
use domain::time::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// Every complete backup of a site, youngest T0 first.
pub(crate) async fn backups(store: &SqliteStore, site: &SiteId) -> Result<Vec<Backup>, Fault> {
    let mut tx = store.read().await?;
    let found = sqlx::query(
        "SELECT * FROM backups WHERE site = $1 AND deleted_at IS NULL ORDER BY t0 DESC, completed_at DESC, id DESC",
    )
    .bind(site.as_str())
    .fetch_all(&mut *tx)
    .await?;
    let mut artifacts = sqlx::query(
        "SELECT a.* FROM artifacts a JOIN backups b ON b.id = a.backup WHERE b.site = $1 AND b.deleted_at IS NULL \
         ORDER BY b.t0 DESC, b.completed_at DESC, b.id DESC, a.position",
    )
    .bind(site.as_str())
    .fetch_all(&mut *tx)
    .await?
    .into_iter()
    .peekable();
    let mut backups = Vec::with_capacity(found.len());
    for row in found {
        let id: BackupId = rows::id(&row, "id")?;
        let mut own = Vec::new();
        while let Some(artifact) =
            artifacts.next_if(|artifact| artifact.try_get::<&str, _>("backup").is_ok_and(|of| of == id.as_str()))
        {
            own.push(rows::artifact(&artifact)?);
        }
        backups.push(rows::backup(&row, own)?);
    }
    Ok(backups)
}

/// The youngest complete backup of a site.
pub(crate) async fn last_backup(store: &SqliteStore, site: &SiteId) -> Result<Option<Backup>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query(
        "SELECT * FROM backups WHERE site = $1 AND kind <> 'safety' AND deleted_at IS NULL AND imported_from IS NULL \
         ORDER BY t0 DESC, completed_at DESC, id DESC LIMIT 1",
    )
    .bind(site.as_str())
    .fetch_optional(&mut *tx)
    .await?;
    whole(&mut tx, row).await
}

/// One backup that is not deleted.
pub(crate) async fn backup(store: &SqliteStore, id: &BackupId) -> Result<Option<Backup>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT * FROM backups WHERE id = $1 AND deleted_at IS NULL")
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    whole(&mut tx, row).await
}

/// How full the manual compartments of a site are, and which processes hold reserved ones.
pub(crate) async fn quota(store: &SqliteStore, site: &SiteId) -> Result<(Quota, Vec<ProcessId>), Fault> {
    let mut tx = store.read().await?;
    quota_of(&mut tx, site).await
}

/// The same inside a transaction.
pub(crate) async fn quota_of(tx: &mut SqliteConnection, site: &SiteId) -> Result<(Quota, Vec<ProcessId>), Fault> {
    let row = sqlx::query(
        "SELECT s.quota, (SELECT count(*) FROM manual_slots m WHERE m.site = s.id AND m.backup IS NOT NULL) AS kept \
         FROM sites s WHERE s.id = $1",
    )
    .bind(site.as_str())
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Refusal::NotFound)?;
    let reserving = sqlx::query(
        "SELECT p.id FROM manual_slots m JOIN processes p ON p.id = m.process WHERE m.site = $1 \
         ORDER BY p.requested_at, p.id",
    )
    .bind(site.as_str())
    .fetch_all(tx)
    .await?
    .iter()
    .map(|row| rows::id(row, "id"))
    .collect::<Result<Vec<ProcessId>, Fault>>()?;
    let reserved = u32::try_from(reserving.len()).map_err(|_| Fault::broken("more slots than numbers"))?;
    Ok((
        Quota {
            kept: rows::natural(&row, "kept")?,
            reserved,
            quota: rows::natural(&row, "quota")?,
        },
        reserving,
    ))
}

/// The oldest backup that holds a slot: the cheapest to give up.
pub(crate) async fn oldest_kept(tx: &mut SqliteConnection, site: &SiteId) -> Result<Option<OldestManual>, Fault> {
    let row = sqlx::query(
        "SELECT b.t0, b.business_date, (SELECT sum(a.download_bytes) FROM artifacts a WHERE a.backup = b.id) AS bytes \
         FROM manual_slots m JOIN backups b ON b.id = m.backup WHERE m.site = $1 ORDER BY b.t0, b.id LIMIT 1",
    )
    .bind(site.as_str())
    .fetch_optional(tx)
    .await?;
    row.map(|row| {
        let night = rows::day(&row)?;
        Ok(OldestManual::new(
            rows::at(&row, "t0")?,
            rows::natural(&row, "bytes")?,
            night,
        ))
    })
    .transpose()
}

/// Writes a backup and its artifacts. One without artifacts is refused by the database when the transaction commits.
pub(crate) async fn insert(tx: &mut SqliteConnection, backup: &Backup) -> Result<(), Fault> {
    let promotion = backup.promotion.as_ref();
    let facts = &backup.judgement.unusual;
    let unusual = (!facts.is_empty()).then(|| rows::json(facts)).transpose()?;
    sqlx::query(
        "INSERT INTO backups (id, site, kind, process, t0, skew_ms, completed_at, business_date, requested_by, \
         promoted_at, promoted_by, snapshot, imported_from, late, review, unusual) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(backup.id.as_str())
    .bind(backup.site.as_str())
    .bind(backup.kind.code())
    .bind(backup.process.as_str())
    .bind(backup.t0.millis())
    .bind(rows::stored(backup.skew_ms)?)
    .bind(backup.completed_at.millis())
    .bind(backup.business_date.map(|day| day.to_string()))
    .bind(&backup.requested_by)
    .bind(promotion.map(|promotion| promotion.at).map(Timestamp::millis))
    .bind(promotion.map(|promotion| promotion.by.as_str()))
    .bind(&backup.snapshot)
    .bind(backup.imported_from.as_deref())
    .bind(i64::from(backup.late))
    .bind(backup.judgement.review.code())
    .bind(unusual)
    .execute(&mut *tx)
    .await?;
    for (position, artifact) in (0_i64..).zip(&backup.artifacts) {
        insert_artifact(tx, &backup.id, position, artifact).await?;
    }
    Ok(())
}

async fn insert_artifact(
    tx: &mut SqliteConnection,
    backup: &BackupId,
    position: i64,
    artifact: &Artifact,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO artifacts (backup, position, database, database_name, engine, engine_version, frozen_at, files, \
         download_bytes, download_sha256, row_counts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(backup.as_str())
    .bind(position)
    .bind(artifact.database.as_str())
    .bind(&artifact.database_name)
    .bind(artifact.engine.code())
    .bind(&artifact.engine_version)
    .bind(artifact.frozen_at.millis())
    .bind(rows::json(&artifact.files)?)
    .bind(rows::stored(artifact.download_bytes)?)
    .bind(artifact.download_sha256.as_str())
    .bind(artifact.rows.as_ref().map(rows::json).transpose()?)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn whole(tx: &mut SqliteConnection, row: Option<SqliteRow>) -> Result<Option<Backup>, Fault> {
    let Some(row) = row else { return Ok(None) };
    let id: BackupId = rows::id(&row, "id")?;
    let artifacts = sqlx::query("SELECT * FROM artifacts WHERE backup = $1 ORDER BY position")
        .bind(id.as_str())
        .fetch_all(tx)
        .await?
        .iter()
        .map(rows::artifact)
        .collect::<Result<_, _>>()?;
    rows::backup(&row, artifacts).map(Some)
}

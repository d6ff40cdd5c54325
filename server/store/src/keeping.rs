//! Which backups are kept: promoted and demoted, deleted and put back. Nothing here copies, moves or changes
//! what a backup holds.

use domain::backup::{Backup, BackupKind, Binned, Deletion, Promotion};
use domain::ids::{BackupId, SiteId};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::backups::whole;
use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::processes::free_slot;
use crate::rows;

/// Keeps an automatic backup among the manual ones.
pub(crate) async fn promote(store: &SqliteStore, id: &BackupId, promotion: &Promotion) -> Result<Backup, Fault> {
    let mut tx = store.begin().await?;
    let backup = listed(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    if backup.kind != BackupKind::Automatic {
        return Err(Refusal::NotAutomatic.into());
    }
    if backup.promotion.is_some() {
        return Ok(backup);
    }
    let slot = free_slot(&mut tx, &backup.site).await?;
    sqlx::query("UPDATE backups SET promoted_at = $2, promoted_by = $3 WHERE id = $1")
        .bind(id.as_str())
        .bind(promotion.at.millis())
        .bind(&promotion.by)
        .execute(&mut *tx)
        .await?;
    take_slot(&mut tx, &backup, slot).await?;
    tx.commit().await?;
    Ok(Backup {
        promotion: Some(promotion.clone()),
        ..backup
    })
}

/// Puts a kept automatic backup back under the policy.
pub(crate) async fn demote(store: &SqliteStore, id: &BackupId) -> Result<Backup, Fault> {
    let mut tx = store.begin().await?;
    let backup = listed(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    if backup.kind != BackupKind::Automatic {
        return Err(Refusal::NotAutomatic.into());
    }
    if backup.promotion.is_none() {
        return Ok(backup);
    }
    free_the_slot_of(&mut tx, id).await?;
    sqlx::query("UPDATE backups SET promoted_at = NULL, promoted_by = NULL WHERE id = $1")
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Backup {
        promotion: None,
        ..backup
    })
}

/// Puts a manual backup in the bin.
pub(crate) async fn delete_backup(store: &SqliteStore, id: &BackupId, deletion: &Deletion) -> Result<Binned, Fault> {
    let mut tx = store.begin().await?;
    let Some(backup) = listed(&mut tx, id).await? else {
        let there = in_the_bin(&mut tx, id, deletion.at).await?;
        return there.ok_or_else(|| Refusal::NotFound.into());
    };
    if backup.kind != BackupKind::Manual {
        return Err(Refusal::NotManual.into());
    }
    let used: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM processes WHERE (restore_backup = $1 OR of_backup = $1) \
         AND state IN ('queued', 'running')) OR EXISTS (SELECT 1 FROM readings WHERE backup = $1 AND until > $2)",
    )
    .bind(id.as_str())
    .bind(deletion.at.millis())
    .fetch_one(&mut *tx)
    .await?;
    if used {
        return Err(Refusal::BackupInUse.into());
    }
    free_the_slot_of(&mut tx, id).await?;
    sqlx::query("UPDATE backups SET deleted_at = $2, deleted_by = $3, gone_at = $4 WHERE id = $1")
        .bind(id.as_str())
        .bind(deletion.at.millis())
        .bind(&deletion.by)
        .bind(deletion.until.millis())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Binned {
        backup,
        deletion: deletion.clone(),
    })
}

/// Takes a backup out of the bin.
pub(crate) async fn put_back(store: &SqliteStore, id: &BackupId, now: Timestamp) -> Result<Backup, Fault> {
    let mut tx = store.begin().await?;
    let Some(Binned { backup, .. }) = in_the_bin(&mut tx, id, now).await? else {
        return listed(&mut tx, id).await?.ok_or_else(|| Refusal::NotFound.into());
    };
    let slot = free_slot(&mut tx, &backup.site).await?;
    sqlx::query("UPDATE backups SET deleted_at = NULL, deleted_by = NULL, gone_at = NULL WHERE id = $1")
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    take_slot(&mut tx, &backup, slot).await?;
    tx.commit().await?;
    Ok(backup)
}

/// What of a site can be put back, youngest T0 first.
pub(crate) async fn bin(store: &SqliteStore, site: &SiteId, now: Timestamp) -> Result<Vec<Binned>, Fault> {
    let mut tx = store.read().await?;
    let found = sqlx::query(
        "SELECT * FROM backups WHERE site = $1 AND deleted_at IS NOT NULL AND gone_at > $2 AND NOT purging \
         ORDER BY t0 DESC, completed_at DESC, id DESC",
    )
    .bind(site.as_str())
    .bind(now.millis())
    .fetch_all(&mut *tx)
    .await?;
    let mut binned = Vec::with_capacity(found.len());
    for row in found {
        binned.push(with_deletion(&mut tx, row).await?);
    }
    Ok(binned)
}

/// One backup of the bin.
pub(crate) async fn binned(store: &SqliteStore, id: &BackupId, now: Timestamp) -> Result<Option<Binned>, Fault> {
    in_the_bin(&mut *store.read().await?, id, now).await
}

/// A backup that is not deleted.
pub(crate) async fn listed(tx: &mut SqliteConnection, id: &BackupId) -> Result<Option<Backup>, Fault> {
    let row = sqlx::query("SELECT * FROM backups WHERE id = $1 AND deleted_at IS NULL")
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    whole(tx, row).await
}

/// A backup that can be put back.
async fn in_the_bin(tx: &mut SqliteConnection, id: &BackupId, now: Timestamp) -> Result<Option<Binned>, Fault> {
    let row =
        sqlx::query("SELECT * FROM backups WHERE id = $1 AND deleted_at IS NOT NULL AND gone_at > $2 AND NOT purging")
            .bind(id.as_str())
            .bind(now.millis())
            .fetch_optional(&mut *tx)
            .await?;
    match row {
        Some(row) => with_deletion(tx, row).await.map(Some),
        None => Ok(None),
    }
}

async fn with_deletion(tx: &mut SqliteConnection, row: SqliteRow) -> Result<Binned, Fault> {
    let deletion = Deletion {
        at: rows::at(&row, "deleted_at")?,
        by: row.try_get("deleted_by")?,
        until: rows::at(&row, "gone_at")?,
    };
    let backup = whole(tx, Some(row)).await?;
    let backup = backup.ok_or_else(|| Fault::broken("a row without its backup"))?;
    Ok(Binned { backup, deletion })
}

async fn take_slot(tx: &mut SqliteConnection, backup: &Backup, slot: i64) -> Result<(), Fault> {
    sqlx::query("INSERT INTO manual_slots (site, slot, backup) VALUES ($1, $2, $3)")
        .bind(backup.site.as_str())
        .bind(slot)
        .bind(backup.id.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

async fn free_the_slot_of(tx: &mut SqliteConnection, id: &BackupId) -> Result<(), Fault> {
    let freed = sqlx::query("DELETE FROM manual_slots WHERE backup = $1")
        .bind(id.as_str())
        .execute(tx)
        .await?
        .rows_affected();
    if freed == 1 {
        Ok(())
    } else {
        Err(Fault::broken("a kept manual backup without a slot"))
    }
}

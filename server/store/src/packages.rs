//! BACPAC files beside the backups: the made ones, the uploaded ones, and what a process has to tell of them. The files
//! themselves lie on the shelf.

use control::ports::control_store::Claim;
use domain::bacpac::{Export, Told, Upload};
use domain::ids::{BackupId, DatabaseId, ProcessId, UploadId};
use domain::process::{Process, ProcessKind};
use domain::time::Timestamp;
use sqlx::SqliteConnection;

use crate::cancelling::still_wanted;
use crate::claims::{complete, held};
use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::processes::snapshot;
use crate::rows;

/// Records a made BACPAC and completes its process.
pub(crate) async fn complete_export(
    store: &SqliteStore,
    claim: &Claim,
    export: &Export,
    now: Timestamp,
) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    let process = still_wanted(held(&mut tx, claim).await?)?;
    let asked = matches!(&process.kind, ProcessKind::Export { backup, database, .. }
        if *backup == export.backup && *database == export.database);
    if !asked || export.process != process.id {
        return Err(Fault::broken("the file is not the one that was asked for"));
    }
    sqlx::query(
        "INSERT OR REPLACE INTO exports (backup, database, process, bytes, sha256, made_at, keep_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(export.backup.as_str())
    .bind(export.database.as_str())
    .bind(export.process.as_str())
    .bind(rows::stored(export.bytes)?)
    .bind(export.sha256.as_str())
    .bind(export.made_at.millis())
    .bind(export.keep_until.millis())
    .execute(&mut *tx)
    .await?;
    complete(&mut tx, &process.id, now).await?;
    let process = snapshot(&mut tx, &process.id).await?;
    tx.commit().await?;
    Ok(process)
}

/// Keeps what a process has to tell.
pub(crate) async fn tell(store: &SqliteStore, claim: &Claim, told: &Told) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    held(&mut tx, claim).await?;
    keep_told(&mut tx, &claim.process, told).await?;
    Ok(tx.commit().await?)
}

/// The same inside a transaction that knows that the claim is held.
pub(crate) async fn keep_told(tx: &mut SqliteConnection, process: &ProcessId, told: &Told) -> Result<(), Fault> {
    sqlx::query("INSERT OR REPLACE INTO told (process, told) VALUES ($1, $2)")
        .bind(process.as_str())
        .bind(rows::json(told)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// What a process has told.
pub(crate) async fn told(store: &SqliteStore, process: &ProcessId) -> Result<Option<Told>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT told FROM told WHERE process = $1")
        .bind(process.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    row.map(|row| rows::from_json(&row, "told")).transpose()
}

/// The BACPAC of one database of a backup.
pub(crate) async fn export(
    store: &SqliteStore,
    backup: &BackupId,
    database: &DatabaseId,
) -> Result<Option<Export>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT * FROM exports WHERE backup = $1 AND database = $2")
        .bind(backup.as_str())
        .bind(database.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    row.as_ref().map(rows::export).transpose()
}

/// Every kept BACPAC.
pub(crate) async fn exports(store: &SqliteStore) -> Result<Vec<Export>, Fault> {
    let mut tx = store.read().await?;
    let found = sqlx::query("SELECT * FROM exports ORDER BY made_at")
        .fetch_all(&mut *tx)
        .await?;
    found.iter().map(rows::export).collect()
}

/// Forgets those kept until before `now`.
pub(crate) async fn expire_exports(store: &SqliteStore, now: Timestamp) -> Result<Vec<Export>, Fault> {
    let mut tx = store.begin().await?;
    let found = sqlx::query("DELETE FROM exports WHERE keep_until < $1 RETURNING *")
        .bind(now.millis())
        .fetch_all(&mut *tx)
        .await?;
    let expired = found.iter().map(rows::export).collect::<Result<_, _>>()?;
    tx.commit().await?;
    Ok(expired)
}

/// Keeps a new upload.
pub(crate) async fn open_upload(store: &SqliteStore, upload: &Upload) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "INSERT INTO uploads (id, site, database, file_name, bytes, by_name, opened_at, touched_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(upload.id.as_str())
    .bind(upload.site.as_str())
    .bind(upload.database.as_str())
    .bind(&upload.file_name)
    .bind(rows::stored(upload.bytes)?)
    .bind(&upload.by)
    .bind(upload.opened_at.millis())
    .bind(upload.touched_at.millis())
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

/// One upload.
pub(crate) async fn upload(store: &SqliteStore, id: &UploadId) -> Result<Option<Upload>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT * FROM uploads WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    row.as_ref().map(rows::upload).transpose()
}

/// Every upload.
pub(crate) async fn uploads(store: &SqliteStore) -> Result<Vec<Upload>, Fault> {
    let mut tx = store.read().await?;
    let found = sqlx::query("SELECT * FROM uploads ORDER BY opened_at")
        .fetch_all(&mut *tx)
        .await?;
    found.iter().map(rows::upload).collect()
}

/// Notes that an upload has been gone on with.
pub(crate) async fn touch_upload(store: &SqliteStore, id: &UploadId, at: Timestamp) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    sqlx::query("UPDATE uploads SET touched_at = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(at.millis())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Forgets an upload that no import under way needs.
pub(crate) async fn close_upload(store: &SqliteStore, id: &UploadId) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let forgotten = sqlx::query(
        "DELETE FROM uploads WHERE id = $1 AND NOT EXISTS \
         (SELECT 1 FROM processes WHERE of_upload = $1 AND state IN ('queued', 'running'))",
    )
    .bind(id.as_str())
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(forgotten == 1)
}

//! Who reads a backup at this moment: it is neither deleted nor does it expire under their hands.

use domain::ids::{BackupId, ReadingId};
use domain::refusal::Refusal;
use domain::time::Timestamp;

use crate::fault::Fault;
use crate::open::SqliteStore;

/// Begins to read a backup.
pub(crate) async fn begin(
    store: &SqliteStore,
    reading: &ReadingId,
    backup: &BackupId,
    until: Timestamp,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let begun = sqlx::query(
        "INSERT INTO readings (id, backup, until) SELECT $1, id, $3 FROM backups WHERE id = $2 AND deleted_at IS NULL",
    )
    .bind(reading.as_str())
    .bind(backup.as_str())
    .bind(until.millis())
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if begun == 0 {
        return Err(Refusal::NotFound.into());
    }
    Ok(tx.commit().await?)
}

/// Goes on reading.
pub(crate) async fn go_on(
    store: &SqliteStore,
    reading: &ReadingId,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let goes_on = sqlx::query("UPDATE readings SET until = $3 WHERE id = $1 AND until > $2")
        .bind(reading.as_str())
        .bind(now.millis())
        .bind(until.millis())
        .execute(&mut *tx)
        .await?
        .rows_affected();
    tx.commit().await?;
    Ok(goes_on == 1)
}

/// Ends a reading, and all that gave no sign of life.
pub(crate) async fn end(store: &SqliteStore, reading: &ReadingId, now: Timestamp) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    sqlx::query("DELETE FROM readings WHERE id = $1 OR until <= $2")
        .bind(reading.as_str())
        .bind(now.millis())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

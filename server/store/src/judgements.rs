//! What is thought of backups: written when they are recorded ([`crate::backups`]), changed here alone.

use domain::anomaly::Review;
use domain::backup::Backup;
use domain::ids::{BackupId, SiteId};
use domain::judgement::{Decision, Judgement, Verdict};
use domain::refusal::Refusal;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::fault::Fault;
use crate::keeping::listed;
use crate::open::SqliteStore;
use crate::rows;

/// Keeps what somebody said of an unusual backup.
pub(crate) async fn decide(
    store: &SqliteStore,
    id: &BackupId,
    verdict: Verdict,
    decision: &Decision,
) -> Result<Backup, Fault> {
    let mut tx = store.begin().await?;
    let backup = listed(&mut tx, id).await?.ok_or(Refusal::NotFound)?;
    if backup.judgement.is_usual() {
        return Err(Refusal::NotUnusual.into());
    }
    if backup.judgement.review == verdict.review() {
        return Ok(backup);
    }
    sqlx::query("UPDATE backups SET review = $2, decided_at = $3, decided_by = $4, decided_because = $5 WHERE id = $1")
        .bind(id.as_str())
        .bind(verdict.review().code())
        .bind(decision.at.millis())
        .bind(&decision.by)
        .bind(decision.reason.as_deref())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Backup {
        judgement: backup.judgement.clone().decided(verdict, decision.clone()),
        ..backup
    })
}

/// How many wait for a decision.
pub(crate) async fn undecided(store: &SqliteStore, site: &SiteId) -> Result<u32, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query(
        "SELECT count(*) AS waiting FROM backups WHERE site = $1 AND review = 'undecided' AND deleted_at IS NULL",
    )
    .bind(site.as_str())
    .fetch_one(&mut *tx)
    .await?;
    rows::natural(&row, "waiting")
}

/// The judgement of a row of backups.
pub(crate) fn of(row: &SqliteRow) -> Result<Judgement, Fault> {
    let review: String = row.try_get("review")?;
    let review = Review::from_code(&review).ok_or_else(|| Fault::broken("column review holds what it cannot"))?;
    let by: Option<String> = row.try_get("decided_by")?;
    let decision = match rows::optional_at(row, "decided_at")?.zip(by) {
        Some((at, by)) => Some(Decision {
            at,
            by,
            reason: row.try_get("decided_because")?,
        }),
        None => None,
    };
    Ok(Judgement {
        review,
        unusual: rows::optional_json(row, "unusual")?.unwrap_or_default(),
        decision,
    })
}

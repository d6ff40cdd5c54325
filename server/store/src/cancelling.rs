//! Stopping processes: the wish of a person, the worker that sees it, and the end. A wish and the point from which the work
//! becomes visible are two changes of one row: whichever transaction is first refuses the other.

use control::ports::control_store::{Claim, StoreError};
use domain::ids::ProcessId;
use domain::process::{Cancelling, Process};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use sqlx::{Row, SqliteConnection};

use crate::claims::held;
use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::processes::{let_go, next_revision, snapshot};

/// Cancels a queued process, or asks for a running one to be stopped.
pub(crate) async fn cancel(store: &SqliteStore, id: &ProcessId, by: &str, now: Timestamp) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    let row = sqlx::query(
        "SELECT state, cancel_asked_at IS NOT NULL AS asked, no_return OR decided AS past FROM processes WHERE id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(StoreError::Refused(Refusal::NotFound))?;
    let (state, asked, past): (String, bool, bool) =
        (row.try_get("state")?, row.try_get("asked")?, row.try_get("past")?);
    match state.as_str() {
        "queued" => end(&mut tx, id, by, now).await?,
        "running" if asked => {}
        "running" if !past => ask(&mut tx, id, by, now).await?,
        _ => return Err(Refusal::TooLate.into()),
    }
    let process = snapshot(&mut tx, id).await?;
    tx.commit().await?;
    Ok(process)
}

/// Has somebody asked for it?
pub(crate) async fn asked_to_stop(store: &SqliteStore, claim: &Claim) -> Result<bool, Fault> {
    let mut tx = store.read().await?;
    let asked: Option<bool> = sqlx::query_scalar(
        "SELECT cancel_asked_at IS NOT NULL FROM processes WHERE id = $1 AND state = 'running' AND attempt = $2",
    )
    .bind(claim.process.as_str())
    .bind(i64::from(claim.attempt))
    .fetch_optional(&mut *tx)
    .await?;
    asked.ok_or_else(|| StoreError::Fenced.into())
}

/// From here on it can no longer be cancelled.
pub(crate) async fn pass_no_return(
    store: &SqliteStore,
    claim: &Claim,
    lease_until: Timestamp,
    now: Timestamp,
) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    still_wanted(held(&mut tx, claim).await?)?;
    sqlx::query("UPDATE processes SET no_return = 1, lease_until = $2, revision = $3, updated_at = $4 WHERE id = $1")
        .bind(claim.process.as_str())
        .bind(lease_until.millis())
        .bind(next_revision(&mut tx).await?)
        .bind(now.millis())
        .execute(&mut *tx)
        .await?;
    let process = snapshot(&mut tx, &claim.process).await?;
    tx.commit().await?;
    Ok(process)
}

/// Ends what was asked to stop, once it is undone.
pub(crate) async fn end_cancelled(store: &SqliteStore, claim: &Claim, now: Timestamp) -> Result<Process, Fault> {
    let mut tx = store.begin().await?;
    let Cancelling::Asked { by, .. } = held(&mut tx, claim).await?.cancelling else {
        return Err(Fault::broken("nobody has asked for this process to be cancelled"));
    };
    end(&mut tx, &claim.process, &by, now).await?;
    let process = snapshot(&mut tx, &claim.process).await?;
    tx.commit().await?;
    Ok(process)
}

/// The process, unless somebody has asked for its cancelling.
pub(crate) fn still_wanted(process: Process) -> Result<Process, Fault> {
    match process.cancelling {
        Cancelling::Asked { .. } => Err(StoreError::Stopping.into()),
        Cancelling::Possible | Cancelling::TooLate => Ok(process),
    }
}

/// Ends a process as cancelled; what it held is free again.
pub(crate) async fn end(tx: &mut SqliteConnection, id: &ProcessId, by: &str, now: Timestamp) -> Result<(), Fault> {
    let_go(tx, id).await?;
    sqlx::query(
        "UPDATE processes SET state = 'cancelled', ended_at = $2, cancelled_by = $3, stage = NULL, done_bytes = NULL, \
         total_bytes = NULL, worker = NULL, lease_until = NULL, revision = $4, updated_at = $2 WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(now.millis())
    .bind(by)
    .bind(next_revision(tx).await?)
    .execute(tx)
    .await?;
    Ok(())
}

async fn ask(tx: &mut SqliteConnection, id: &ProcessId, by: &str, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE processes SET cancel_asked_at = $2, cancel_asked_by = $3, revision = $4, updated_at = $2 WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(now.millis())
    .bind(by)
    .bind(next_revision(tx).await?)
    .execute(tx)
    .await?;
    Ok(())
}

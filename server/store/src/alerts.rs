//! The outbox of alerts. What it promises is written at the port; a kept alert that this version cannot read is given up
//! aloud, so that it holds up nothing.

use control::ports::control_store::StoreError;
use control::ports::outbox::{Alert, Delivery, Recipient, Settlement};
use domain::ids::{AlertId, SiteId};
use domain::limits::{ALERT_KEPT, ALERT_LONGEST_RETRY, ALERT_TRIED_FOR};
use domain::time::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// A delivery that can be taken at `$1`; moments after `$2` were reckoned under another clock.
macro_rules! due_sql {
    ($columns:literal, $tail:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM alert_deliveries d JOIN alerts a ON a.number = d.alert WHERE d.state = 'pending' ",
            "AND (d.due_at <= $1 OR d.due_at > $2) ",
            "AND (d.held_until IS NULL OR d.held_until <= $1 OR d.held_until > $2) ",
            "AND NOT EXISTS (SELECT 1 FROM alert_deliveries e JOIN alerts b ON b.number = e.alert ",
            "WHERE e.state = 'pending' AND e.channel = d.channel AND e.recipient = d.recipient AND e.alert < d.alert ",
            "AND NOT e.refused AND b.site IS a.site) ",
            $tail
        )
    };
}

/// Keeps an alert on its own.
pub(crate) async fn raise(store: &SqliteStore, alert: &Alert) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let raised = raise_with(&mut tx, alert).await?;
    tx.commit().await?;
    Ok(raised)
}

/// Keeps an alert with what it tells.
pub(crate) async fn raise_with(tx: &mut SqliteConnection, alert: &Alert) -> Result<bool, Fault> {
    let raised = sqlx::query(
        "INSERT INTO alerts (id, site, raised_at, matter) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
    )
    .bind(alert.id.as_str())
    .bind(alert.site.as_ref().map(SiteId::as_str))
    .bind(alert.raised_at.millis())
    .bind(rows::json(&alert.matter)?)
    .execute(tx)
    .await?;
    Ok(raised.rows_affected() == 1)
}

/// Alerts for which nobody has decided whom they reach.
pub(crate) async fn unaddressed(store: &SqliteStore) -> Result<Vec<Alert>, Fault> {
    let mut tx = store.read().await?;
    let open = sqlx::query("SELECT * FROM alerts WHERE addressed = 0 ORDER BY number")
        .fetch_all(&mut *tx)
        .await?;
    drop(tx);
    let mut alerts = Vec::with_capacity(open.len());
    for row in open {
        match alert(&row)? {
            Ok(alert) => alerts.push(alert),
            Err(unreadable) => {
                tracing::error!(alert = %unreadable, "an alert of another version cannot be read and reaches nobody");
                address(store, &unreadable, &[], rows::at(&row, "raised_at")?).await?;
            }
        }
    }
    Ok(alerts)
}

/// The addresses of the client's administrators of a site.
pub(crate) async fn administrators(store: &SqliteStore, site: &SiteId) -> Result<Vec<String>, Fault> {
    let mut tx = store.read().await?;
    let emails = sqlx::query_scalar(
        "SELECT a.email FROM accounts a JOIN account_sites s ON s.account = a.id \
         WHERE s.site = $1 AND a.role = 'client_admin' ORDER BY a.email",
    )
    .bind(site.as_str())
    .fetch_all(&mut *tx)
    .await?;
    Ok(emails)
}

/// Makes the deliveries of an alert.
pub(crate) async fn address(
    store: &SqliteStore,
    alert: &AlertId,
    to: &[Recipient],
    now: Timestamp,
) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let number: Option<i64> =
        sqlx::query_scalar("UPDATE alerts SET addressed = 1 WHERE id = $1 AND addressed = 0 RETURNING number")
            .bind(alert.as_str())
            .fetch_optional(&mut *tx)
            .await?;
    let Some(number) = number else { return Ok(false) };
    for recipient in to {
        sqlx::query("INSERT INTO alert_deliveries (alert, channel, recipient, due_at) VALUES ($1, $2, $3, $4)")
            .bind(number)
            .bind(&recipient.channel)
            .bind(&recipient.to)
            .bind(now.millis())
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Recipients for whom something can be taken.
pub(crate) async fn due_recipients(store: &SqliteStore, now: Timestamp) -> Result<Vec<Recipient>, Fault> {
    let mut tx = store.read().await?;
    sqlx::query(due_sql!(
        "DISTINCT d.channel, d.recipient",
        "ORDER BY d.channel, d.recipient"
    ))
    .bind(now.millis())
    .bind(now.plus(ALERT_LONGEST_RETRY).millis())
    .fetch_all(&mut *tx)
    .await?
    .iter()
    .map(recipient)
    .collect()
}

/// Hands out the next delivery to a recipient.
pub(crate) async fn take(
    store: &SqliteStore,
    to: &Recipient,
    now: Timestamp,
    held_until: Timestamp,
) -> Result<Option<Delivery>, Fault> {
    let mut tx = store.begin().await?;
    let taken = loop {
        let row = sqlx::query(due_sql!(
            "a.*, d.channel, d.recipient, d.attempts",
            "AND d.channel = $3 AND d.recipient = $4 ORDER BY d.alert LIMIT 1"
        ))
        .bind(now.millis())
        .bind(now.plus(ALERT_LONGEST_RETRY).millis())
        .bind(&to.channel)
        .bind(&to.to)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { break None };
        match delivery(&row)? {
            Ok(mut delivery) => {
                delivery.attempt += 1;
                change(
                    &mut tx,
                    &delivery,
                    "attempts = attempts + 1, held_until = $4",
                    held_until,
                )
                .await?;
                break Some(delivery);
            }
            Err(unreadable) => {
                tracing::error!(alert = %unreadable, channel = to.channel, "an alert of another version cannot be read and is given up");
                give_up(&mut tx, row.try_get("number")?, to, now).await?;
            }
        }
    };
    tx.commit().await?;
    Ok(taken)
}

/// Keeps how an attempt ended.
pub(crate) async fn settle(
    store: &SqliteStore,
    delivery: &Delivery,
    settlement: Settlement,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let held: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM alert_deliveries d JOIN alerts a ON a.number = d.alert WHERE a.id = $1 \
         AND d.channel = $2 AND d.recipient = $3 AND d.attempts = $4 AND d.state = 'pending')",
    )
    .bind(delivery.alert.id.as_str())
    .bind(&delivery.recipient.channel)
    .bind(&delivery.recipient.to)
    .bind(i64::from(delivery.attempt))
    .fetch_one(&mut *tx)
    .await?;
    if !held {
        return Err(StoreError::Fenced.into());
    }
    match settlement {
        Settlement::Again { due_at, refused: false } => {
            change(&mut tx, delivery, "held_until = NULL, refused = 0, due_at = $4", due_at).await?;
        }
        Settlement::Again { due_at, refused: true } => {
            change(&mut tx, delivery, "held_until = NULL, refused = 1, due_at = $4", due_at).await?;
        }
        Settlement::Delivered => {
            let set = "held_until = NULL, state = 'delivered', settled_at = $4";
            change(&mut tx, delivery, set, now).await?;
            sqlx::query(
                "UPDATE alert_deliveries SET due_at = $3 WHERE channel = $1 AND recipient = $2 AND state = 'pending' \
                 AND NOT refused AND held_until IS NULL AND due_at > $3",
            )
            .bind(&delivery.recipient.channel)
            .bind(&delivery.recipient.to)
            .bind(now.millis())
            .execute(&mut *tx)
            .await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Gives up what was tried for too long, forgets what is old.
pub(crate) async fn sweep(store: &SqliteStore, now: Timestamp) -> Result<Vec<Delivery>, Fault> {
    let mut tx = store.begin().await?;
    let lost = sqlx::query(
        "SELECT a.*, d.channel, d.recipient, d.attempts FROM alert_deliveries d JOIN alerts a ON a.number = d.alert \
         WHERE d.state = 'pending' AND a.raised_at <= $1 AND (d.held_until IS NULL OR d.held_until <= $2) \
         ORDER BY d.alert, d.channel, d.recipient",
    )
    .bind(now.minus(ALERT_TRIED_FOR).millis())
    .bind(now.millis())
    .fetch_all(&mut *tx)
    .await?;
    let mut given_up = Vec::with_capacity(lost.len());
    for row in lost {
        give_up(&mut tx, row.try_get("number")?, &recipient(&row)?, now).await?;
        given_up.extend(delivery(&row)?.ok());
    }
    sqlx::query(
        "DELETE FROM alerts WHERE addressed = 1 AND raised_at <= $1 \
         AND NOT EXISTS (SELECT 1 FROM alert_deliveries d WHERE d.alert = number AND d.state = 'pending')",
    )
    .bind(now.minus(ALERT_KEPT).millis())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(given_up)
}

/// Frees every delivery: their couriers are gone.
pub(crate) async fn end_leases(tx: &mut SqliteConnection) -> Result<(), Fault> {
    sqlx::query("UPDATE alert_deliveries SET held_until = NULL WHERE state = 'pending' AND held_until IS NOT NULL")
        .execute(tx)
        .await?;
    Ok(())
}

/// Changes the row of a delivery; `set` has its moment as `$4`.
async fn change(
    tx: &mut SqliteConnection,
    delivery: &Delivery,
    set: &'static str,
    moment: Timestamp,
) -> Result<(), Fault> {
    let update = format!(
        "UPDATE alert_deliveries SET {set} WHERE alert = (SELECT number FROM alerts WHERE id = $1) \
         AND channel = $2 AND recipient = $3"
    );
    sqlx::query(sqlx::AssertSqlSafe(update))
        .bind(delivery.alert.id.as_str())
        .bind(&delivery.recipient.channel)
        .bind(&delivery.recipient.to)
        .bind(moment.millis())
        .execute(tx)
        .await?;
    Ok(())
}

async fn give_up(tx: &mut SqliteConnection, number: i64, to: &Recipient, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE alert_deliveries SET state = 'given_up', held_until = NULL, settled_at = $4 \
         WHERE alert = $1 AND channel = $2 AND recipient = $3",
    )
    .bind(number)
    .bind(&to.channel)
    .bind(&to.to)
    .bind(now.millis())
    .execute(tx)
    .await?;
    Ok(())
}

fn recipient(row: &SqliteRow) -> Result<Recipient, Fault> {
    Ok(Recipient {
        channel: row.try_get("channel")?,
        to: row.try_get("recipient")?,
    })
}

fn delivery(row: &SqliteRow) -> Result<Result<Delivery, AlertId>, Fault> {
    let (recipient, attempt) = (recipient(row)?, rows::natural(row, "attempts")?);
    Ok(alert(row)?.map(|alert| Delivery {
        alert,
        recipient,
        attempt,
    }))
}

/// The alert of a row; its id when what it tells cannot be read.
fn alert(row: &SqliteRow) -> Result<Result<Alert, AlertId>, Fault> {
    let id: AlertId = rows::id(row, "id")?;
    let Ok(matter) = rows::from_json(row, "matter") else {
        return Ok(Err(id));
    };
    Ok(Ok(Alert {
        id,
        raised_at: rows::at(row, "raised_at")?,
        site: rows::optional_id(row, "site")?,
        matter,
    }))
}

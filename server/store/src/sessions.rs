//! Signed-in browsers and wrong passwords. Whether a session is past its limits, or a person must wait, is the caller's rule.

use control::ports::control_store::{Failures, Session};
use domain::time::Timestamp;
use sqlx::Row;

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// Keeps a new session.
pub(crate) async fn open_session(store: &SqliteStore, session: &Session) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    sqlx::query("INSERT INTO sessions (token, account, signed_in_at, issued_at, seen_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(session.token.as_slice())
        .bind(session.account.as_str())
        .bind(session.signed_in_at.millis())
        .bind(session.issued_at.millis())
        .bind(session.seen_at.millis())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// The session of a token's hash.
pub(crate) async fn session(store: &SqliteStore, token: &[u8; 32]) -> Result<Option<Session>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT * FROM sessions WHERE token = $1")
        .bind(token.as_slice())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Session {
        token: *token,
        account: rows::id(&row, "account")?,
        signed_in_at: rows::at(&row, "signed_in_at")?,
        issued_at: rows::at(&row, "issued_at")?,
        seen_at: rows::at(&row, "seen_at")?,
    }))
}

/// Replaces a session's row, if it is still there.
pub(crate) async fn renew_session(store: &SqliteStore, old: &[u8; 32], session: &Session) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let renewed = sqlx::query(
        "UPDATE sessions SET token = $2, account = $3, signed_in_at = $4, issued_at = $5, seen_at = $6 WHERE token = $1",
    )
    .bind(old.as_slice())
    .bind(session.token.as_slice())
    .bind(session.account.as_str())
    .bind(session.signed_in_at.millis())
    .bind(session.issued_at.millis())
    .bind(session.seen_at.millis())
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(renewed == 1)
}

/// Ends a session.
pub(crate) async fn close_session(store: &SqliteStore, token: &[u8; 32]) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    sqlx::query("DELETE FROM sessions WHERE token = $1")
        .bind(token.as_slice())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Ends every session last seen, or signed in, before these instants.
pub(crate) async fn expire_sessions(
    store: &SqliteStore,
    idle_before: Timestamp,
    signed_in_before: Timestamp,
) -> Result<u64, Fault> {
    let mut tx = store.begin().await?;
    let ended = sqlx::query("DELETE FROM sessions WHERE seen_at < $1 OR signed_in_at < $2")
        .bind(idle_before.millis())
        .bind(signed_in_before.millis())
        .execute(&mut *tx)
        .await?
        .rows_affected();
    tx.commit().await?;
    Ok(ended)
}

/// Wrong passwords for a key.
pub(crate) async fn failures(store: &SqliteStore, key: &str) -> Result<Failures, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT count, last_at FROM sign_in_failures WHERE key = $1")
        .bind(key)
        .fetch_optional(&mut *tx)
        .await?;
    match row {
        Some(row) => {
            let count: i64 = row.try_get("count")?;
            Ok(Failures {
                count: u32::try_from(count).unwrap_or(u32::MAX),
                last_at: rows::optional_at(&row, "last_at")?,
            })
        }
        None => Ok(Failures::default()),
    }
}

/// Counts one wrong password, or forgets them all.
pub(crate) async fn count_sign_in(store: &SqliteStore, key: &str, right: bool, at: Timestamp) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    if right {
        sqlx::query("DELETE FROM sign_in_failures WHERE key = $1")
            .bind(key)
            .execute(&mut *tx)
            .await?;
    } else {
        sqlx::query(
            "INSERT INTO sign_in_failures (key, count, last_at) VALUES ($1, 1, $2) \
             ON CONFLICT (key) DO UPDATE SET count = sign_in_failures.count + 1, last_at = excluded.last_at",
        )
        .bind(key)
        .bind(at.millis())
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}

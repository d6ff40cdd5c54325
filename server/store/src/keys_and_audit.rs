//! The sealed keys of the repositories, and the audit trail, which only grows.

use control::ports::control_store::{AuditEntry, RepositoryRow};
use control::ports::repository::SealedKey;
use domain::ids::CustomerId;
use sqlx::{Row, SqliteConnection};

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// A customer's repository.
pub(crate) async fn repository(store: &SqliteStore, customer: &CustomerId) -> Result<Option<RepositoryRow>, Fault> {
    let mut tx = store.read().await?;
    find(&mut tx, customer).await
}

/// Keeps a customer's key unless there is one.
pub(crate) async fn save_key(
    store: &SqliteStore,
    customer: &CustomerId,
    key: &SealedKey,
) -> Result<RepositoryRow, Fault> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "INSERT INTO repositories (customer, sealed_key, created) VALUES ($1, $2, 0) ON CONFLICT (customer) DO NOTHING",
    )
    .bind(customer.as_str())
    .bind(key.0.as_slice())
    .execute(&mut *tx)
    .await?;
    let kept = find(&mut tx, customer)
        .await?
        .ok_or_else(|| Fault::broken("a key that was not kept"))?;
    tx.commit().await?;
    Ok(kept)
}

/// From now on the repository must be there.
pub(crate) async fn repository_exists(store: &SqliteStore, customer: &CustomerId) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let found = sqlx::query("UPDATE repositories SET created = 1 WHERE customer = $1")
        .bind(customer.as_str())
        .execute(&mut *tx)
        .await?
        .rows_affected();
    if found == 0 {
        return Err(Fault::broken("a repository without a key"));
    }
    Ok(tx.commit().await?)
}

/// Writes a line of the audit trail.
pub(crate) async fn audit(store: &SqliteStore, entry: &AuditEntry) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "INSERT INTO audit_trail (at, account, name, site, action, outcome, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(entry.at.millis())
    .bind(entry.account.as_ref().map(|account| account.as_str()))
    .bind(&entry.name)
    .bind(entry.site.as_ref().map(|site| site.as_str()))
    .bind(&entry.action)
    .bind(&entry.outcome)
    .bind(&entry.detail)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

/// The youngest lines, in the order of writing, last written first.
pub(crate) async fn audit_trail(store: &SqliteStore, limit: usize) -> Result<Vec<AuditEntry>, Fault> {
    let mut tx = store.read().await?;
    sqlx::query("SELECT * FROM audit_trail ORDER BY id DESC LIMIT $1")
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?
        .iter()
        .map(|row| {
            Ok(AuditEntry {
                at: rows::at(row, "at")?,
                account: rows::optional_id(row, "account")?,
                name: row.try_get("name")?,
                site: rows::optional_id(row, "site")?,
                action: row.try_get("action")?,
                outcome: row.try_get("outcome")?,
                detail: row.try_get("detail")?,
            })
        })
        .collect()
}

async fn find(tx: &mut SqliteConnection, customer: &CustomerId) -> Result<Option<RepositoryRow>, Fault> {
    let row = sqlx::query("SELECT sealed_key, created FROM repositories WHERE customer = $1")
        .bind(customer.as_str())
        .fetch_optional(tx)
        .await?;
    row.map(|row| {
        Ok(RepositoryRow {
            key: SealedKey(row.try_get("sealed_key")?),
            exists: row.try_get::<i64, _>("created")? == 1,
        })
    })
    .transpose()
}

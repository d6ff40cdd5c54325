//! The retention policy of each site. What it means is the domain's; what follows from it is done elsewhere.

use domain::ids::SiteId;
use domain::refusal::Refusal;
use domain::retention::{Policy, Terms};
use sqlx::SqliteConnection;

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// The policy of a site.
pub(crate) async fn policy(store: &SqliteStore, site: &SiteId) -> Result<Policy, Fault> {
    policy_of(&mut *store.read().await?, site).await
}

/// The same inside a transaction.
pub(crate) async fn policy_of(tx: &mut SqliteConnection, site: &SiteId) -> Result<Policy, Fault> {
    let row = sqlx::query("SELECT keep_days, keep_months, keep_years, keep_safety_days FROM sites WHERE id = $1")
        .bind(site.as_str())
        .fetch_optional(tx)
        .await?
        .ok_or(Refusal::NotFound)?;
    let terms = Terms {
        days: rows::natural(&row, "keep_days")?,
        months: rows::natural(&row, "keep_months")?,
        years: rows::natural(&row, "keep_years")?,
        safety_days: rows::natural(&row, "keep_safety_days")?,
    };
    Policy::new(terms).map_err(|error| Fault::broken(format!("a policy that cannot be: {error}")))
}

/// Sets the policy of a site.
pub(crate) async fn set_policy(store: &SqliteStore, site: &SiteId, policy: Policy) -> Result<(), Fault> {
    let Terms {
        days,
        months,
        years,
        safety_days,
    } = policy.terms();
    let mut tx = store.begin().await?;
    let found = sqlx::query(
        "UPDATE sites SET keep_days = $2, keep_months = $3, keep_years = $4, keep_safety_days = $5 WHERE id = $1",
    )
    .bind(site.as_str())
    .bind(i64::from(days))
    .bind(i64::from(months))
    .bind(i64::from(years))
    .bind(i64::from(safety_days))
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if found == 0 {
        return Err(Refusal::NotFound.into());
    }
    Ok(tx.commit().await?)
}

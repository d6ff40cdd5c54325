//! What the operator declares: customers, partners, sites, their databases and how these are reached.

use std::collections::BTreeMap;

use control::ports::control_store::Declaration;
use control::ports::database_engine::{Address, DatabaseSource};
use domain::ids::{DatabaseId, SiteId};
use domain::refusal::Refusal;
use domain::site::{Database, Site};
use domain::time::Timestamp;
use sqlx::{Row, SqliteConnection};

use crate::fault::Fault;
use crate::nights;
use crate::open::SqliteStore;
use crate::rows;

macro_rules! site_sql {
    ($tail:literal) => {
        concat!(
            "SELECT s.*, c.name AS customer_name, p.name AS partner_name, ",
            "(SELECT min(a.name) FROM accounts a JOIN account_sites m ON m.account = a.id ",
            "WHERE m.site = s.id AND a.role = 'client_admin') AS administrator ",
            "FROM sites s JOIN customers c ON c.id = s.customer LEFT JOIN partners p ON p.id = s.partner ",
            $tail
        )
    };
}

/// Creates or updates everything declared. A quota below a slot that is held takes effect as far as it can: the rest
/// follows with the declaration after the slot was freed.
pub(crate) async fn declare(store: &SqliteStore, declaration: &Declaration, now: Timestamp) -> Result<(), Fault> {
    let addresses: BTreeMap<&DatabaseId, &Address> = declaration.addresses.iter().map(|(id, at)| (id, at)).collect();
    let mut tx = store.begin().await?;
    for (id, name) in &declaration.customers {
        sqlx::query(
            "INSERT INTO customers (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        )
        .bind(id.as_str())
        .bind(name)
        .execute(&mut *tx)
        .await?;
    }
    for (id, name) in &declaration.partners {
        sqlx::query(
            "INSERT INTO partners (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        )
        .bind(id.as_str())
        .bind(name)
        .execute(&mut *tx)
        .await?;
    }
    for site in &declaration.sites {
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sites WHERE id = $1)")
            .bind(site.id.as_str())
            .fetch_one(&mut *tx)
            .await?;
        save_site(&mut tx, site).await?;
        if !known {
            let declared = declaration.nights.iter().rfind(|(of, _)| *of == site.id);
            let schedule = declared.map(|(_, schedule)| *schedule).unwrap_or_default();
            nights::begin(&mut tx, &site.id, schedule, now).await?;
        }
        sqlx::query("UPDATE databases SET position = NULL WHERE site = $1")
            .bind(site.id.as_str())
            .execute(&mut *tx)
            .await?;
        for (position, database) in (0_i64..).zip(&site.databases) {
            save_database(
                &mut tx,
                &site.id,
                position,
                database,
                addresses.get(&database.id).copied(),
            )
            .await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Every site, by name.
pub(crate) async fn sites(store: &SqliteStore) -> Result<Vec<Site>, Fault> {
    let mut tx = store.read().await?;
    let found = sqlx::query(site_sql!("ORDER BY s.name, s.id"))
        .fetch_all(&mut *tx)
        .await?;
    let mut databases: BTreeMap<String, Vec<Database>> = BTreeMap::new();
    for row in sqlx::query("SELECT * FROM databases WHERE position IS NOT NULL ORDER BY site, position")
        .fetch_all(&mut *tx)
        .await?
    {
        databases
            .entry(row.try_get("site")?)
            .or_default()
            .push(rows::database(&row)?);
    }
    found
        .iter()
        .map(|row| rows::site(row, databases.remove(row.try_get::<&str, _>("id")?).unwrap_or_default()))
        .collect()
}

/// One site.
pub(crate) async fn site(store: &SqliteStore, id: &SiteId) -> Result<Option<Site>, Fault> {
    let mut tx = store.read().await?;
    let Some(row) = sqlx::query(site_sql!("WHERE s.id = $1"))
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?
    else {
        return Ok(None);
    };
    let databases = sqlx::query("SELECT * FROM databases WHERE site = $1 AND position IS NOT NULL ORDER BY position")
        .bind(id.as_str())
        .fetch_all(&mut *tx)
        .await?
        .iter()
        .map(rows::database)
        .collect::<Result<_, _>>()?;
    rows::site(&row, databases).map(Some)
}

/// How the databases of a site are reached, in the site's order.
pub(crate) async fn sources(store: &SqliteStore, site: &SiteId) -> Result<Vec<DatabaseSource>, Fault> {
    let mut tx = store.read().await?;
    sqlx::query("SELECT id, name, address FROM databases WHERE site = $1 AND position IS NOT NULL ORDER BY position")
        .bind(site.as_str())
        .fetch_all(&mut *tx)
        .await?
        .iter()
        .map(|row| {
            Ok(DatabaseSource {
                id: rows::id(row, "id")?,
                name: row.try_get("name")?,
                address: rows::from_json(row, "address")?,
            })
        })
        .collect()
}

/// Keeps a measured size.
pub(crate) async fn measured(store: &SqliteStore, database: &DatabaseId, bytes: u64) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let found = sqlx::query("UPDATE databases SET bytes = $2 WHERE id = $1")
        .bind(database.as_str())
        .bind(rows::stored(bytes)?)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    if found == 0 {
        return Err(Refusal::NotFound.into());
    }
    Ok(tx.commit().await?)
}

async fn save_site(tx: &mut SqliteConnection, site: &Site) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO sites (id, code, name, customer, partner, delegated, zone_name, zone_changes, quota) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET code = excluded.code, \
         name = excluded.name, customer = excluded.customer, partner = excluded.partner, \
         delegated = excluded.delegated, zone_name = excluded.zone_name, zone_changes = excluded.zone_changes, \
         quota = CASE WHEN excluded.quota > 99 THEN excluded.quota ELSE COALESCE((SELECT max(slot) FROM manual_slots \
         WHERE site = excluded.id AND slot > excluded.quota), excluded.quota) END",
    )
    .bind(site.id.as_str())
    .bind(&site.code)
    .bind(&site.name)
    .bind(site.customer.as_str())
    .bind(site.partner.as_ref().map(|partner| partner.as_str()))
    .bind(i64::from(site.delegated))
    .bind(&site.zone.name)
    .bind(rows::json(&site.zone.changes)?)
    .bind(i64::from(site.quota))
    .execute(tx)
    .await?;
    Ok(())
}

/// A database that cannot be reached, or that belongs to another site, makes the whole declaration wrong: it would be
/// missing from every backup without anybody noticing.
async fn save_database(
    tx: &mut SqliteConnection,
    site: &SiteId,
    position: i64,
    database: &Database,
    address: Option<&Address>,
) -> Result<(), Fault> {
    let Some(address) = address else {
        return Err(Fault::broken(format!(
            "database {} is declared without an address",
            database.id
        )));
    };
    if address.engine() != database.engine {
        return Err(Fault::broken(format!(
            "database {} has the address of another engine",
            database.id
        )));
    }
    let saved = sqlx::query(
        "INSERT INTO databases (id, site, position, name, product, engine, address) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET position = excluded.position, name = excluded.name, \
         product = excluded.product, engine = excluded.engine, address = excluded.address \
         WHERE databases.site = excluded.site",
    )
    .bind(database.id.as_str())
    .bind(site.as_str())
    .bind(position)
    .bind(&database.name)
    .bind(&database.product)
    .bind(database.engine.code())
    .bind(rows::json(address)?)
    .execute(tx)
    .await?
    .rows_affected();
    if saved == 0 {
        return Err(Fault::broken(format!(
            "database {} belongs to another site",
            database.id
        )));
    }
    Ok(())
}

//! People and their rights. Passwords are hashes by the time they come here.

use control::ports::control_store::Account;
use domain::account::{Actor, Role};
use domain::ids::{AccountId, SiteId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// Creates an account, or replaces the one with the same id or address. Another account that had the address goes, with its
/// sessions.
pub(crate) async fn save_account(store: &SqliteStore, account: &Account) -> Result<(), Fault> {
    let Account {
        actor,
        email,
        password_hash,
    } = account;
    let mut tx = store.begin().await?;
    sqlx::query("DELETE FROM accounts WHERE email = $1 AND id <> $2")
        .bind(email)
        .bind(actor.account.as_str())
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO accounts (id, email, name, password_hash, role, partner, firm) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, \
         password_hash = excluded.password_hash, role = excluded.role, partner = excluded.partner, firm = excluded.firm",
    )
    .bind(actor.account.as_str())
    .bind(email)
    .bind(&actor.name)
    .bind(password_hash)
    .bind(actor.role.code())
    .bind(actor.partner.as_ref().map(|partner| partner.as_str()))
    .bind(&actor.firm)
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM account_sites WHERE account = $1")
        .bind(actor.account.as_str())
        .execute(&mut *tx)
        .await?;
    for (position, site) in (0_i64..).zip(&actor.sites) {
        sqlx::query("INSERT INTO account_sites (account, position, site) VALUES ($1, $2, $3)")
            .bind(actor.account.as_str())
            .bind(position)
            .bind(site.as_str())
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

/// The account of an address.
pub(crate) async fn account_by_email(store: &SqliteStore, email: &str) -> Result<Option<Account>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT * FROM accounts WHERE email = $1")
        .bind(email)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Account {
        actor: person(&mut tx, &row).await?,
        email: row.try_get("email")?,
        password_hash: row.try_get("password_hash")?,
    }))
}

/// The person of an account.
pub(crate) async fn actor(store: &SqliteStore, account: &AccountId) -> Result<Option<Actor>, Fault> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT * FROM accounts WHERE id = $1")
        .bind(account.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    match row {
        Some(row) => person(&mut tx, &row).await.map(Some),
        None => Ok(None),
    }
}

async fn person(tx: &mut SqliteConnection, row: &SqliteRow) -> Result<Actor, Fault> {
    let account: AccountId = rows::id(row, "id")?;
    let role: String = row.try_get("role")?;
    let sites = sqlx::query("SELECT site FROM account_sites WHERE account = $1 ORDER BY position")
        .bind(account.as_str())
        .fetch_all(tx)
        .await?
        .iter()
        .map(|row| rows::id(row, "site"))
        .collect::<Result<Vec<SiteId>, Fault>>()?;
    Ok(Actor {
        account,
        name: row.try_get("name")?,
        role: Role::from_code(&role).ok_or_else(|| Fault::broken("an account with an unknown role"))?,
        partner: rows::optional_id(row, "partner")?,
        firm: row.try_get("firm")?,
        sites,
    })
}

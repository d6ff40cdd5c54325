//! Creating accounts from the command line.

use std::io::Read;

use control::NewAccount;
use control::ports::control_store::ControlStore;
use control::ports::password_hasher::PasswordHasher;
use domain::account::{Actor, Role};
use domain::ids::{AccountId, PartnerId, SiteId};
use domain::limits::PASSWORD_MAX_BYTES;

/// A person, as the command line or the demonstration describes one.
#[derive(Debug, Clone)]
pub struct Person {
    /// The address to sign in with.
    pub email: String,
    /// The shown name.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The firm shown under the name.
    pub firm: String,
    /// The partner they work for.
    pub partner: Option<String>,
    /// The sites they belong to.
    pub sites: Vec<String>,
}

/// Reads a password from standard input: the first line, without its end.
///
/// # Errors
/// Nothing to read, or too long.
pub fn password_from_stdin() -> Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin()
        .take(PASSWORD_MAX_BYTES as u64 + 2)
        .read_to_string(&mut text)?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    if password.is_empty() {
        Err("the password is read from standard input, and there is none".into())
    } else {
        Ok(password)
    }
}

/// Creates an account, or replaces the one with the same address.
///
/// # Errors
/// An id that is none; a role without what it needs; an address or password that cannot be one.
pub async fn save(
    store: &dyn ControlStore,
    hasher: &dyn PasswordHasher,
    person: Person,
    password: String,
) -> Result<(), Box<dyn std::error::Error>> {
    let partner = person.partner.as_deref().map(PartnerId::parse).transpose()?;
    let sites = person
        .sites
        .iter()
        .map(|site| SiteId::parse(site))
        .collect::<Result<Vec<_>, _>>()?;
    match person.role {
        Role::Partner if partner.is_none() => return Err("a partner's account needs --partner".into()),
        Role::ClientAdmin | Role::ClientViewer if sites.is_empty() => {
            return Err("a client's account needs at least one --site".into());
        }
        _ => {}
    }
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    let actor = Actor {
        account: AccountId::from_random(random),
        name: domain::names::name(&person.name)?,
        role: person.role,
        partner,
        firm: person.firm,
        sites,
    };
    control::save_account(
        store,
        hasher,
        NewAccount {
            actor,
            email: person.email,
            password,
        },
    )
    .await?;
    Ok(())
}

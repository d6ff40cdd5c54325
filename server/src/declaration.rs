//! `sites.toml`: the file in which the operator declares customers, partners, sites and databases. Read at each start;
//! what is no longer in it stays known, with its backups.

use std::path::{Path, PathBuf};

use control::ports::control_store::Declaration;
use control::ports::database_engine::Address;
use control::zones::zone;
use domain::ids::{CustomerId, DatabaseId, InvalidId, PartnerId, SiteId};
use domain::limits::{MANUAL_QUOTA, MANUAL_QUOTA_MAX, NIGHT_WINDOW_MINUTES};
use domain::names;
use domain::schedule::{self, Schedule};
use domain::site::{Database, Site, SiteStatus};
use domain::time::Timestamp;
use serde::Deserialize;

/// Why a declaration is not used. Says where, so that it can be put right in the file.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not TOML, or has a setting that is none.
    #[error("{path}: {error}")]
    Malformed {
        /// Which file.
        path: String,
        /// Where and what.
        error: Box<toml::de::Error>,
    },
    /// Something in it has no sense.
    #[error("{0}")]
    Wrong(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    customers: Vec<Named>,
    #[serde(default)]
    partners: Vec<Named>,
    #[serde(default)]
    sites: Vec<SiteEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteEntry {
    id: String,
    code: String,
    name: String,
    customer: String,
    partner: Option<String>,
    /// May the partner back up and promote? The client's decision, recorded by the operator.
    #[serde(default)]
    delegated: bool,
    zone: String,
    quota: Option<u32>,
    /// When the nights of the site start, to begin with: what an operator has set in the console stays.
    night: Option<NightEntry>,
    databases: Vec<DatabaseEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NightEntry {
    /// Local time, `HH:MM`.
    start: String,
    #[serde(default = "default_window")]
    window_minutes: u16,
}

const fn default_window() -> u16 {
    NIGHT_WINDOW_MINUTES
}

#[derive(Deserialize)]
struct DatabaseEntry {
    id: String,
    name: String,
    product: String,
    #[serde(flatten)]
    address: Address,
}

/// Reads a declaration. `now` decides which years of clock changes the zones carry.
///
/// # Errors
/// See [`DeclarationError`].
pub fn load(path: &Path, now: Timestamp) -> Result<Declaration, DeclarationError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| DeclarationError::Unreadable {
        path: name.clone(),
        error,
    })?;
    parse(&text, now).map_err(|error| match error {
        ParseError::Toml(error) => DeclarationError::Malformed { path: name, error },
        ParseError::Wrong(what) => DeclarationError::Wrong(format!("{name}: {what}")),
    })
}

enum ParseError {
    Toml(Box<toml::de::Error>),
    Wrong(String),
}

fn parse(text: &str, now: Timestamp) -> Result<Declaration, ParseError> {
    let file: File = toml::from_str(text).map_err(|error| ParseError::Toml(Box::new(error)))?;
    let mut declaration = Declaration::default();
    for Named { id, name } in file.customers {
        declaration
            .customers
            .push((told(CustomerId::parse(&id), &id)?, title(&name)?));
    }
    for Named { id, name } in file.partners {
        declaration
            .partners
            .push((told(PartnerId::parse(&id), &id)?, title(&name)?));
    }
    for entry in file.sites {
        add_site(&mut declaration, entry, now)?;
    }
    Ok(declaration)
}

fn add_site(declaration: &mut Declaration, entry: SiteEntry, now: Timestamp) -> Result<(), ParseError> {
    let at = |what: String| ParseError::Wrong(format!("site {}: {what}", entry.id));
    let id = told(SiteId::parse(&entry.id), &entry.id)?;
    let customer = told(CustomerId::parse(&entry.customer), &entry.customer)?;
    let customer_name = declaration
        .customers
        .iter()
        .find(|(known, _)| *known == customer)
        .map(|(_, name)| name.clone());
    let customer_name = customer_name.ok_or_else(|| at(format!("customer {customer} is not declared")))?;
    let partner = entry
        .partner
        .as_deref()
        .map(|id| told(PartnerId::parse(id), id))
        .transpose()?;
    let partner_name = partner.as_ref().map(|partner| {
        let known = declaration
            .partners
            .iter()
            .find(|(known, _)| known == partner)
            .map(|(_, name)| name.clone());
        known.ok_or_else(|| at(format!("partner {partner} is not declared")))
    });
    let partner_name = partner_name.transpose()?;
    let quota = entry.quota.unwrap_or(MANUAL_QUOTA);
    if !(1..=MANUAL_QUOTA_MAX).contains(&quota) {
        return Err(at(format!("quota must be 1 to {MANUAL_QUOTA_MAX}")));
    }
    if entry.databases.is_empty() {
        return Err(at("it has no database".to_owned()));
    }
    let zone = zone(&entry.zone, now).map_err(|error| at(error.to_string()))?;
    if let Some(NightEntry { start, window_minutes }) = &entry.night {
        let start = schedule::minutes(start)
            .ok_or_else(|| at(format!("night.start is {start:?}; write a time as \"01:30\"")))?;
        let schedule = Schedule::new(start, *window_minutes).map_err(|error| at(format!("night: {error}")))?;
        declaration.nights.push((id.clone(), schedule));
    }
    let mut databases = Vec::new();
    for DatabaseEntry {
        id,
        name,
        product,
        address,
    } in entry.databases
    {
        let id = told(DatabaseId::parse(&id), &id)?;
        if declaration.addresses.iter().any(|(known, _)| *known == id) {
            return Err(at(format!("database {id} is declared twice")));
        }
        databases.push(Database {
            id: id.clone(),
            name: title(&name)?,
            product: title(&product)?,
            engine: address.engine(),
            bytes: None,
        });
        declaration.addresses.push((id, absolute(address).map_err(at)?));
    }
    declaration.sites.push(Site {
        id,
        code: title(&entry.code)?,
        name: title(&entry.name)?,
        customer,
        customer_name,
        partner,
        partner_name,
        administrator: None,
        delegated: entry.delegated,
        status: SiteStatus::Ready,
        zone,
        quota,
        databases,
    });
    Ok(())
}

/// A relative path would change its meaning with the folder the server is started in.
fn absolute(address: Address) -> Result<Address, String> {
    let relative =
        |path: &PathBuf| (!path.is_absolute()).then(|| format!("{} is not an absolute path", path.display()));
    let wrong = match &address {
        Address::Sqlite { path } => relative(path),
        Address::Postgres { password_file, .. } => password_file.as_ref().and_then(relative),
    };
    wrong.map_or(Ok(address), Err)
}

fn told<T>(id: Result<T, InvalidId>, text: &str) -> Result<T, ParseError> {
    id.map_err(|error| ParseError::Wrong(format!("{text:?} is no identifier: {error}")))
}

fn title(text: &str) -> Result<String, ParseError> {
    names::name(text).map_err(|_| ParseError::Wrong(format!("{text:?} is no name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"
        customers = [{ id = "dupont", name = "Dupont & Fils" }]
        [[sites]]
        id = "dupont"
        code = "DUPONT"
        name = "Dupont & Fils"
        customer = "dupont"
        zone = "Europe/Paris"
        night = { start = "22:15", window_minutes = 90 }
        databases = [
            { id = "dupont-compta", name = "Comptabilité", product = "Sage 100", engine = "sqlite", path = "/srv/c.sqlite" },
            { id = "dupont-paie", name = "Paie", product = "Sage Paie", engine = "postgres", host = "db", port = 5432,
              database = "paie", user = "coffre", password_file = "/etc/coffre/paie.password" },
        ]
    "#;

    fn wrong(text: &str) -> String {
        match parse(text, Timestamp(0)) {
            Ok(_) => "accepted".to_owned(),
            Err(ParseError::Toml(error)) => error.to_string(),
            Err(ParseError::Wrong(what)) => what,
        }
    }

    #[test]
    fn a_site_has_its_databases_in_the_order_of_the_file() {
        let Ok(declaration) = parse(SOUND, Timestamp(0)) else {
            panic!("{}", wrong(SOUND))
        };
        let night = Schedule::new(22 * 60 + 15, 90).unwrap();
        assert_eq!(declaration.nights, [(declaration.sites[0].id.clone(), night)]);
        let names: Vec<_> = declaration.sites[0].databases.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["Comptabilité", "Paie"]);
        assert_eq!(
            format!("{:?}", declaration.addresses[1].1),
            "postgres:coffre@db:5432/paie"
        );
    }

    #[test]
    fn each_mistake_is_named_where_it_is() {
        for (change, with, said) in [
            ("Europe/Paris", "Europe/Atlantis", "no time zone named"),
            ("/srv/c.sqlite", "c.sqlite", "not an absolute path"),
            ("dupont-paie", "dupont-compta", "declared twice"),
            (
                "customer = \"dupont\"",
                "customer = \"durand\"",
                "customer durand is not declared",
            ),
            ("zone =", "quota = 0\nzone =", "quota must be 1 to"),
            ("id = \"dupont-paie\"", "id = \"../paie\"", "is no identifier"),
            ("22:15", "22h15", "write a time"),
            (
                "window_minutes = 90",
                "window_minutes = 14",
                "NightWindow is 14; it may be 15 to 720",
            ),
            ("window_minutes", "minutes", "unknown field"),
            ("zone =", "colour = \"red\"\nzone =", "unknown field"),
        ] {
            let said_instead = wrong(&SOUND.replacen(change, with, 1));
            assert!(said_instead.contains(said), "{with}: {said_instead}");
        }
    }
}

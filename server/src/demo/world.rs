//! The demonstration world, as data: who there is, which sites, which databases. Everybody in it is invented.

use std::path::{Path, PathBuf};

use control::ports::control_store::Declaration;
use control::ports::database_engine::Address;
use control::zones::zone;
use demo::{JournalMode, Kind, Profile};
use domain::account::Role;
use domain::ids::{CustomerId, DatabaseId, PartnerId, SiteId};
use domain::limits::MANUAL_QUOTA;
use domain::site::{Database, Site, SiteStatus};
use domain::time::Timestamp;

use crate::accounts::Person;

/// The password of every account: shown on the terminal and on the sign-in page.
pub const PASSWORD: &str = "demo-coffre";

/// From this everything random in the world follows.
const SEED: u64 = 20_261_124;

/// A database of the world.
pub struct Book {
    /// Its id, also the name of its file or of its database on the server.
    pub id: &'static str,
    /// Accounting or payroll.
    pub kind: Kind,
    /// Approximate size at the beginning of its history, MB. It about doubles in the year that follows.
    pub megabytes: u32,
}

/// A site of the world.
pub struct Place {
    /// Its id.
    pub id: &'static str,
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its customer: id and name.
    pub customer: (&'static str, &'static str),
    /// Its customer's partner: id and name.
    pub partner: Option<(&'static str, &'static str)>,
    /// May the partner back up?
    pub delegated: bool,
    /// Its zone.
    pub zone: &'static str,
    /// Does it live on PostgreSQL?
    pub on_postgres: bool,
    /// How SQLite writes its files.
    pub journal_mode: JournalMode,
    /// Its databases.
    pub books: &'static [Book],
}

const ARDOISE: (&str, &str) = ("ardoise", "Ardoise Informatique");
const DUPONT: (&str, &str) = ("dupont", "Dupont & Fils");

/// The sites.
pub const PLACES: [Place; 5] = [
    Place {
        id: "dupont",
        code: "DUPONT",
        name: "Dupont & Fils",
        customer: DUPONT,
        partner: Some(ARDOISE),
        delegated: true,
        zone: "Europe/Paris",
        on_postgres: false,
        journal_mode: JournalMode::Wal,
        books: &[
            Book {
                id: "dupont-compta",
                kind: Kind::Accounting,
                megabytes: 14,
            },
            Book {
                id: "dupont-paie",
                kind: Kind::Payroll,
                megabytes: 4,
            },
        ],
    },
    Place {
        id: "dupont-atelier",
        code: "ATELIER",
        name: "Dupont Atelier",
        customer: DUPONT,
        partner: Some(ARDOISE),
        delegated: false,
        zone: "Europe/Paris",
        on_postgres: false,
        journal_mode: JournalMode::Delete,
        books: &[Book {
            id: "atelier-compta",
            kind: Kind::Accounting,
            megabytes: 4,
        }],
    },
    Place {
        id: "lefevre",
        code: "LEFEVRE",
        name: "Maison Lefèvre",
        customer: ("lefevre", "Maison Lefèvre"),
        partner: Some(ARDOISE),
        delegated: false,
        zone: "Europe/Paris",
        on_postgres: false,
        journal_mode: JournalMode::Wal,
        books: &[
            Book {
                id: "lefevre-compta",
                kind: Kind::Accounting,
                megabytes: 6,
            },
            Book {
                id: "lefevre-paie",
                kind: Kind::Payroll,
                megabytes: 5,
            },
        ],
    },
    Place {
        id: "corail",
        code: "CORAIL",
        name: "Hôtel du Corail",
        customer: ("corail", "Hôtel du Corail"),
        partner: Some(("lagon", "Lagon Conseil")),
        delegated: false,
        zone: "Indian/Reunion",
        on_postgres: false,
        journal_mode: JournalMode::Wal,
        books: &[
            Book {
                id: "corail-compta",
                kind: Kind::Accounting,
                megabytes: 3,
            },
            Book {
                id: "corail-paie",
                kind: Kind::Payroll,
                megabytes: 8,
            },
        ],
    },
    Place {
        id: "vallee",
        code: "VALLEE",
        name: "Coopérative de la Vallée",
        customer: ("vallee", "Coopérative de la Vallée"),
        partner: Some(ARDOISE),
        delegated: false,
        zone: "Europe/Paris",
        on_postgres: true,
        journal_mode: JournalMode::Wal,
        books: &[
            Book {
                id: "vallee-compta",
                kind: Kind::Accounting,
                megabytes: 3,
            },
            Book {
                id: "vallee-paie",
                kind: Kind::Payroll,
                megabytes: 3,
            },
        ],
    },
];

/// The people, one per role.
#[must_use]
pub fn people() -> Vec<Person> {
    let person = |email: &str, name: &str, role, firm: &str| Person {
        email: email.to_owned(),
        name: name.to_owned(),
        role,
        firm: firm.to_owned(),
        partner: None,
        sites: Vec::new(),
    };
    let sites = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    vec![
        Person {
            sites: sites(&["dupont", "dupont-atelier"]),
            ..person(
                "claire.morel@dupont.example",
                "Claire Morel",
                Role::ClientAdmin,
                DUPONT.1,
            )
        },
        Person {
            sites: sites(&["dupont"]),
            ..person("hugo.petit@dupont.example", "Hugo Petit", Role::ClientViewer, DUPONT.1)
        },
        Person {
            partner: Some(ARDOISE.0.to_owned()),
            ..person("karim.haddad@ardoise.example", "Karim Haddad", Role::Partner, ARDOISE.1)
        },
        person(
            "ines.caron@hebergeur.example",
            "Inès Caron",
            Role::Operator,
            "Nuage du Centre",
        ),
    ]
}

/// How the demonstration's PostgreSQL is reached.
#[derive(Debug, Clone)]
pub struct PostgresAt {
    /// Folder of its socket.
    pub socket_dir: PathBuf,
    /// Port in the socket's name.
    pub port: u16,
    /// User.
    pub user: String,
    /// File with the password.
    pub password_file: PathBuf,
}

impl Place {
    /// Where a book lies: a file, or a database of the server.
    #[must_use]
    pub fn address(&self, book: &Book, files: &Path, postgres: Option<&PostgresAt>) -> Option<Address> {
        if !self.on_postgres {
            return Some(Address::Sqlite {
                path: files.join(format!("{}.sqlite", book.id)),
            });
        }
        postgres.map(|at| Address::Postgres {
            host: at.socket_dir.display().to_string(),
            port: at.port,
            database: book.id.to_owned(),
            user: at.user.clone(),
            password_file: Some(at.password_file.clone()),
        })
    }

    /// What a book is to be filled with.
    #[must_use]
    pub fn profile(&self, book: &Book) -> Profile {
        let number = PLACES.iter().position(|place| place.id == self.id).unwrap_or_default() as u64;
        let kind = if book.kind == Kind::Accounting { 0 } else { 1 };
        Profile {
            seed: SEED + number * 2 + kind,
            company: self.name.to_owned(),
            kind: book.kind,
            megabytes: book.megabytes,
            journal_mode: self.journal_mode,
        }
    }
}

/// What the operator of this world declares. Sites on PostgreSQL are left out when there is none.
///
/// # Panics
/// When the constants above are wrong: the tests would not let them be.
#[must_use]
pub fn declaration(files: &Path, postgres: Option<&PostgresAt>, now: Timestamp) -> Declaration {
    let mut declaration = Declaration::default();
    for place in PLACES.iter().filter(|place| !place.on_postgres || postgres.is_some()) {
        let customer = CustomerId::parse(place.customer.0).expect("the world's ids are sound");
        if !declaration.customers.iter().any(|(known, _)| *known == customer) {
            declaration
                .customers
                .push((customer.clone(), place.customer.1.to_owned()));
        }
        let partner = place
            .partner
            .map(|(id, name)| (PartnerId::parse(id).expect("the world's ids are sound"), name));
        if let Some((id, name)) = &partner
            && !declaration.partners.iter().any(|(known, _)| known == id)
        {
            declaration.partners.push((id.clone(), (*name).to_owned()));
        }
        let mut databases = Vec::new();
        for book in place.books {
            let id = DatabaseId::parse(book.id).expect("the world's ids are sound");
            let address = place
                .address(book, files, postgres)
                .expect("places without a server were left out above");
            let (name, product) = match book.kind {
                Kind::Accounting => ("Comptabilité", "Sage 100 Comptabilité"),
                Kind::Payroll => ("Paie", "Sage Paie"),
            };
            databases.push(Database {
                id: id.clone(),
                name: name.to_owned(),
                product: product.to_owned(),
                engine: address.engine(),
                bytes: None,
            });
            declaration.addresses.push((id, address));
        }
        declaration.sites.push(Site {
            id: SiteId::parse(place.id).expect("the world's ids are sound"),
            code: place.code.to_owned(),
            name: place.name.to_owned(),
            customer,
            customer_name: place.customer.1.to_owned(),
            partner: partner.as_ref().map(|(id, _)| id.clone()),
            partner_name: partner.map(|(_, name)| name.to_owned()),
            administrator: None,
            delegated: place.delegated,
            status: SiteStatus::Ready,
            zone: zone(place.zone, now).expect("the world's zones exist"),
            quota: MANUAL_QUOTA,
            databases,
        });
    }
    declaration
}

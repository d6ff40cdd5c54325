//! A small world: one site with accounting and payroll, a second customer's site, and one person per role.

use std::sync::Arc;

use control::ports::clock::Clock;
use control::ports::control_store::Declaration;
use control::ports::database_engine::Address;
use control::testing::fake_engine::{FakeEngine, Point};
use control::testing::fake_packages::{FakePackages, FolderShelf};
use control::testing::manual_clock::ManualClock;
use control::testing::memory_repository::MemoryRepositories;
use control::testing::memory_store::MemoryStore;
use control::testing::plain::{FolderScratch, KeptNotices, PlainHasher};
use control::testing::power::{Effect, Power};
use control::{ControlPlane, NewAccount, Outside, save_account};
use domain::account::{Actor, Role};
use domain::ids::{AccountId, CustomerId, DatabaseId, PartnerId, SiteId};
use domain::process::{Process, ProcessState};
use domain::site::{Database, EngineKind, Site, SiteStatus};
use domain::time::{Timestamp, Zone};

/// Tuesday 24 November 2026, 10:00 UTC.
pub const START: Timestamp = Timestamp(1_795_514_400_000);

/// The world, with a hand on everything outside.
pub struct World {
    pub plane: Arc<ControlPlane>,
    pub clock: Arc<ManualClock>,
    pub engine: Arc<FakeEngine>,
    pub repositories: MemoryRepositories,
    pub power: Power,
    pub packages: Arc<FakePackages>,
    pub outside: Outside,
    pub notices: Arc<KeptNotices>,
    pub folder: tempfile::TempDir,
}

pub fn site(id: &str) -> SiteId {
    SiteId::parse(id).unwrap()
}

pub fn database(id: &str) -> DatabaseId {
    DatabaseId::parse(id).unwrap()
}

pub fn actor(role: Role) -> Actor {
    Actor {
        account: AccountId::parse(&role.code().replace('_', "-")).unwrap(),
        name: match role {
            Role::ClientAdmin => "Claire Morel",
            Role::ClientViewer => "Hugo Petit",
            Role::Partner => "Karim Haddad",
            Role::Operator => "Inès Caron",
        }
        .to_owned(),
        role,
        partner: (role == Role::Partner).then(|| PartnerId::parse("ardoise").unwrap()),
        firm: String::new(),
        sites: match role {
            Role::ClientAdmin | Role::ClientViewer => vec![site("dupont")],
            _ => vec![],
        },
    }
}

fn hosted(id: &str, databases: &[&str]) -> Site {
    Site {
        id: site(id),
        code: id.to_uppercase(),
        name: id.to_owned(),
        customer: CustomerId::parse(id).unwrap(),
        customer_name: id.to_owned(),
        partner: (id == "dupont").then(|| PartnerId::parse("ardoise").unwrap()),
        partner_name: None,
        administrator: None,
        delegated: false,
        status: SiteStatus::Ready,
        zone: Zone::utc(),
        quota: 5,
        databases: databases
            .iter()
            .map(|id| Database {
                id: database(id),
                name: (*id).to_owned(),
                product: "Sage".to_owned(),
                engine: EngineKind::Sqlite,
                bytes: None,
            })
            .collect(),
    }
}

impl World {
    pub async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let engine = Arc::new(FakeEngine::new(EngineKind::Sqlite));
        let power = Power::default();
        let repositories = MemoryRepositories::powered_by(power.clone());
        let notices = Arc::new(KeptNotices::default());
        let store = Arc::new(MemoryStore::powered_by(power.clone()));
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shelf")).unwrap();
        let packages = Arc::new(FakePackages::default());
        let outside = Outside {
            clock: clock.clone(),
            store,
            engines: vec![engine.clone()],
            repositories: Arc::new(repositories.clone()),
            notifier: notices.clone(),
            hasher: Arc::new(PlainHasher),
            scratch: Arc::new(FolderScratch(folder.path().join("scratch"))),
            packages: packages.clone(),
            shelf: Arc::new(FolderShelf(folder.path().join("shelf"))),
            upload_most_bytes: 1_000,
            node: "node-1".to_owned(),
            max_running: 2,
        };
        let plane = ControlPlane::new(outside.clone());
        let mut declaration = Declaration {
            customers: ["dupont", "martin"]
                .map(|id| (CustomerId::parse(id).unwrap(), id.to_owned()))
                .to_vec(),
            partners: vec![(PartnerId::parse("ardoise").unwrap(), "Ardoise".to_owned())],
            sites: vec![
                hosted("dupont", &["compta", "paie"]),
                hosted("martin", &["martin-compta"]),
            ],
            addresses: vec![],
            nights: vec![],
        };
        for id in ["compta", "paie", "martin-compta"] {
            engine.create(&database(id), &["opening"]);
            let path = format!("/books/{id}.sqlite").into();
            declaration.addresses.push((database(id), Address::Sqlite { path }));
        }
        plane.store().declare(&declaration, START).await.unwrap();
        for role in Role::ALL {
            let email = format!("{}@example.org", role.code());
            let new = NewAccount {
                actor: actor(role),
                email,
                password: "right".into(),
            };
            save_account(plane.store().as_ref(), &PlainHasher, new).await.unwrap();
        }
        Self {
            plane,
            clock,
            engine,
            repositories,
            outside,
            packages,
            power,
            notices,
            folder,
        }
    }

    /// Declares this site again as it is given, with the databases it has.
    pub async fn declare(&self, site: Site) {
        let addresses = self.plane.store().sources(&site.id).await.unwrap();
        let declaration = Declaration {
            sites: vec![site],
            addresses: addresses
                .into_iter()
                .map(|source| (source.id, source.address))
                .collect(),
            ..Declaration::default()
        };
        self.plane.store().declare(&declaration, START).await.unwrap();
    }

    /// Lets the worker do everything that is queued.
    pub async fn work(&self) {
        while self.plane.work_once().await.unwrap() {}
    }

    /// Lets the worker begin what is next and kills the server when its snapshot has just become visible; another one finds out at
    /// once.
    pub async fn killed_once_visible(&self) {
        let power = self.power.clone();
        self.repositories.steps().set(move |step| {
            if step == "visible" {
                power.cut_after(0, Effect::None);
            }
        });
        self.killed().await;
        self.repositories.steps().set(|_| ());
    }

    /// The same when the engine reaches this point.
    pub async fn killed_once(&self, at: Point) {
        let power = self.power.clone();
        self.engine.on_point(move |point, _| {
            if point == at {
                power.cut_after(0, Effect::None);
            }
        });
        self.killed().await;
        self.engine.on_point(|_, _| ());
    }

    async fn killed(&self) {
        let _ = self.plane.work_once().await;
        assert!(self.power.restore(), "it ended before it could be killed");
        self.plane.store().end_leases().await.unwrap();
    }

    /// A manual backup of Dupont, done.
    pub async fn backed_up(&self) -> Process {
        let process = self
            .plane
            .start_backup(&actor(Role::ClientAdmin), &site("dupont"))
            .await
            .unwrap();
        self.work().await;
        let done = self.process(&process).await;
        assert!(matches!(done.state, ProcessState::Completed { .. }), "{:?}", done.state);
        done
    }

    pub async fn process(&self, process: &Process) -> Process {
        self.plane.store().process(&process.id).await.unwrap().unwrap()
    }

    pub async fn status(&self) -> SiteStatus {
        self.plane.gate(&site("dupont")).await.unwrap()
    }

    pub async fn audited(&self) -> Vec<(String, String)> {
        let mut trail = self.plane.store().audit_trail(100).await.unwrap();
        trail.reverse();
        trail.into_iter().map(|entry| (entry.action, entry.outcome)).collect()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

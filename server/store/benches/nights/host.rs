//! A host with so many sites over the real control store, and fakes for what costs time elsewhere: databases of one line, a
//! repository in memory. Half of the sites lie in Paris, a quarter in Nouméa, a quarter in Fort-de-France.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use control::ports::clock::Clock;
use control::ports::control_store::Declaration;
use control::ports::database_engine::Address;
use control::testing::fake_engine::FakeEngine;
use control::testing::fake_packages::{FakePackages, FolderShelf};
use control::testing::manual_clock::ManualClock;
use control::testing::memory_repository::MemoryRepositories;
use control::testing::plain::{KeptNotices, NoScratch, PlainHasher};
use control::zones::zone;
use control::{ControlPlane, Outside, Scheduler};
use domain::ids::{CustomerId, DatabaseId, SiteId};
use domain::site::{Database, EngineKind, Site, SiteStatus};
use domain::time::{Timestamp, Zone};
use store::SqliteStore;

use crate::Outcome;
use crate::clock::charge;

/// Tuesday 24 November 2026, 11:00 UTC: noon in Paris.
const NOON: Timestamp = Timestamp(1_795_518_000_000);

/// Sites of one customer, whose repository they share.
const SITES_PER_CUSTOMER: usize = 5;

pub struct Host {
    plane: Arc<ControlPlane>,
    clock: Arc<ManualClock>,
    server: Scheduler,
    pub sites: usize,
}

/// What a stretch of time cost.
#[derive(Default)]
pub struct Cost {
    /// Looks of the scheduler.
    pub looks: u32,
    /// Their time on the cores.
    pub scheduling: Duration,
    /// Time on the cores of claiming, reporting and completing, the fake backups included.
    pub working: Duration,
    /// Backups started in each minute in which any was.
    pub starts: Vec<u32>,
}

impl Cost {
    pub fn started(&self) -> u32 {
        self.starts.iter().sum()
    }
}

impl Host {
    pub async fn new(sites: usize, folder: &Path) -> Outcome<Self> {
        let clock = Arc::new(ManualClock::at(NOON));
        let engine = Arc::new(FakeEngine::new(EngineKind::Sqlite));
        let zones = [
            zone("Europe/Paris", NOON)?,
            zone("Pacific/Noumea", NOON)?,
            zone("Europe/Paris", NOON)?,
            zone("America/Martinique", NOON)?,
        ];
        let mut declaration = Declaration::default();
        for number in 0..sites {
            let site = site(number, &zones[number % zones.len()])?;
            let database = site.databases[0].id.clone();
            engine.create(&database, &["opening"]);
            let path = format!("/books/{database}.sqlite").into();
            declaration.addresses.push((database, Address::Sqlite { path }));
            if number % SITES_PER_CUSTOMER == 0 {
                declaration
                    .customers
                    .push((site.customer.clone(), site.customer.to_string()));
            }
            declaration.sites.push(site);
        }
        let store = SqliteStore::open(&folder.join(format!("{sites}.sqlite"))).await?;
        let plane = ControlPlane::new(Outside {
            clock: clock.clone(),
            store: Arc::new(store),
            engines: vec![engine],
            repositories: Arc::new(MemoryRepositories::default()),
            notifier: Arc::new(KeptNotices::default()),
            hasher: Arc::new(PlainHasher),
            scratch: Arc::new(NoScratch),
            packages: Arc::new(FakePackages::default()),
            shelf: Arc::new(FolderShelf(folder.join("shelf"))),
            upload_most_bytes: 1_000,
            node: "bench".to_owned(),
            max_running: 2,
        });
        plane.store().declare(&declaration, NOON).await?;
        let server = Scheduler::new(Arc::clone(&plane));
        Ok(Self {
            plane,
            clock,
            server,
            sites,
        })
    }

    /// Lives until this much later, looking as often as the server does. Whatever is queued is done at once.
    pub async fn live(&mut self, time: Duration) -> Outcome<Cost> {
        let mut cost = Cost::default();
        let until = self.clock.now().plus(time);
        let mut minute = (i64::MIN, 0);
        while self.clock.now() < until {
            self.look(&mut cost).await?;
            while charge(&mut cost.working, self.plane.work_once()).await? {
                let this = self.clock.now().seconds() / 60;
                if minute.0 != this {
                    cost.starts.extend((minute.1 > 0).then_some(minute.1));
                    minute = (this, 0);
                }
                minute.1 += 1;
            }
            self.clock.advance(self.server.pause());
        }
        cost.starts.extend((minute.1 > 0).then_some(minute.1));
        Ok(cost)
    }

    /// The time on the cores of one reading of all sites.
    pub async fn reading_all(&self) -> Outcome<Duration> {
        let mut cost = Duration::ZERO;
        let read = charge(&mut cost, self.plane.store().nights(self.clock.now())).await?;
        assert_eq!(read.len(), self.sites);
        Ok(cost)
    }

    /// Stands still until this much later: an outage. The server that follows has looked at nothing yet.
    pub fn be_away(&mut self, time: Duration) {
        self.clock.advance(time);
        self.server = Scheduler::new(Arc::clone(&self.plane));
    }

    async fn look(&mut self, cost: &mut Cost) -> Outcome<()> {
        cost.looks += 1;
        charge(&mut cost.scheduling, self.server.look()).await?;
        Ok(())
    }
}

fn site(number: usize, zone: &Zone) -> Outcome<Site> {
    let customer = format!("customer-{}", number / SITES_PER_CUSTOMER);
    Ok(Site {
        id: SiteId::parse(&format!("site-{number}"))?,
        code: format!("SITE-{number}"),
        name: format!("Site {number}"),
        customer: CustomerId::parse(&customer)?,
        customer_name: customer,
        partner: None,
        partner_name: None,
        administrator: None,
        delegated: false,
        status: SiteStatus::Ready,
        zone: zone.clone(),
        quota: 5,
        databases: vec![Database {
            id: DatabaseId::parse(&format!("database-{number}"))?,
            name: "Ledger".to_owned(),
            product: "Sage".to_owned(),
            engine: EngineKind::Sqlite,
            bytes: None,
        }],
    })
}

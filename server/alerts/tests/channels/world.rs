//! The small world of the stores' stories, with a clock that is moved by hand, a mail server and a webhook's receiver.

use std::sync::Arc;
use std::time::Duration;

use alerts::signature::Secret;
use alerts::{Mail, MailSettings, Security, Trust, Webhook, WebhookSettings, Wording};
use control::ports::alert_channel::{AlertChannel, Letter};
use control::ports::clock::Clock;
use control::ports::control_store::ControlStore;
use control::ports::outbox::Alert;
use control::testing::fake_packages::{FakePackages, FolderShelf};
use control::testing::manual_clock::ManualClock;
use control::testing::memory_repository::MemoryRepositories;
use control::testing::memory_store::MemoryStore;
use control::testing::plain::{KeptNotices, NoScratch, PlainHasher};
use control::testing::store_contract::story::{Story, at, id};
use control::{ControlPlane, Courier, Outside};
use domain::alert::Matter;
use domain::lang::Lang;

use crate::hook::{HookServer, SECRET};
use crate::smtp::SmtpServer;

pub const HOST: &str = "host@coffre.example";

pub struct World {
    pub clock: Arc<ManualClock>,
    pub store: Arc<MemoryStore>,
    pub story: Story,
    pub plane: Arc<ControlPlane>,
    pub smtp: SmtpServer,
    pub hook: HookServer,
}

impl World {
    pub async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(at(0)));
        let store = Arc::new(MemoryStore::new());
        let story = Story::begin(store.clone()).await;
        let plane = ControlPlane::new(Outside {
            clock: clock.clone(),
            store: store.clone(),
            engines: Vec::new(),
            repositories: Arc::new(MemoryRepositories::default()),
            notifier: Arc::new(KeptNotices::default()),
            hasher: Arc::new(PlainHasher),
            scratch: Arc::new(NoScratch),
            packages: Arc::new(FakePackages::default()),
            shelf: Arc::new(FolderShelf("nowhere".into())),
            upload_most_bytes: 1,
            node: "node-1".to_owned(),
            max_running: 1,
        });
        Self {
            smtp: SmtpServer::start().await,
            hook: HookServer::start(clock.clone()).await,
            clock,
            store,
            story,
            plane,
        }
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A server that has just started.
    pub fn courier(&self) -> Courier {
        let mail = Mail::new(mail_settings(&self.smtp), wording()).unwrap();
        let webhook = Webhook::new(hook_settings(&self.hook), wording()).unwrap();
        let channels: Vec<Arc<dyn AlertChannel>> = vec![Arc::new(mail), Arc::new(webhook)];
        Courier::new(self.store.clone(), self.clock.clone(), channels)
    }

    /// Raises an alert about a site now.
    pub async fn raise(&self, site: &str, matter: Matter) -> Alert {
        let alert = Alert::about(Some(id(site)), matter, self.clock.now());
        assert!(self.store.raise_alert(&alert).await.unwrap());
        alert
    }

    /// A letter about a site, outside the outbox.
    pub async fn letter(&self, matter: Matter) -> Letter {
        Letter {
            alert: Alert::about(Some(id("dupont")), matter, self.clock.now()),
            site: self.store.site(&id("dupont")).await.unwrap(),
        }
    }
}

pub fn wording() -> Wording {
    Wording {
        language: Lang::Fr,
        public_url: Some("https://coffre.example/".to_owned()),
    }
}

pub fn mail_settings(server: &SmtpServer) -> MailSettings {
    MailSettings {
        server: "127.0.0.1".to_owned(),
        port: Some(server.port),
        security: Security::Plain,
        plain_allowed: false,
        credentials: None,
        from: "Coffre <coffre@coffre.example>".to_owned(),
        to: vec![HOST.to_owned()],
        timeout: Duration::from_secs(30),
        trust: Trust::default(),
    }
}

pub fn hook_settings(server: &HookServer) -> WebhookSettings {
    WebhookSettings {
        urls: vec![server.url()],
        secrets: vec![Secret::parse(SECRET).unwrap()],
        trust: Trust::default(),
    }
}

//! The small world of the store's stories behind the real pages: no network, no browser, no time of day.

use std::sync::Arc;

use app::viewer::Viewer;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use control::ports::control_store::ControlStore;
use control::testing::fake_engine::FakeEngine;
use control::testing::fake_packages::{FakePackages, FolderShelf};
use control::testing::manual_clock::ManualClock;
use control::testing::memory_repository::MemoryRepositories;
use control::testing::memory_store::MemoryStore;
use control::testing::plain::{KeptNotices, NoScratch, PlainHasher};
use control::testing::store_contract::story::{self, Story, at};
use control::{ControlPlane, Outside};
use domain::account::{Actor, Role};
use domain::anomaly::{Unusual, What};
use domain::backup::{Backup, BackupKind};
use domain::judgement::Judgement;
use domain::lang::Lang;
use domain::process::{ProcessKind, Progress, Stage};
use domain::site::EngineKind;
use leptos::config::LeptosOptions;
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, render_app_async_with_context};
use tower::ServiceExt;

/// A page as it left the server.
pub struct Page {
    pub status: u16,
    pub location: Option<String>,
    pub html: String,
}

impl Page {
    /// What is in the first-level heading.
    pub fn heading(&self) -> &str {
        let start = self.html.find("<h1").unwrap_or_default();
        let end = self.html[start..].find("</h1>").map_or(start, |end| start + end);
        &self.html[start..end]
    }

    /// The page without what a request must differ in: its nonce, and the address that the preferences come back to.
    pub fn without_address(&self) -> String {
        let mut text = self.html.clone();
        for mark in ["nonce=\"", "crossorigin=\"", "name=\"next\" value=\""] {
            let mut rest = text.as_str();
            let mut without = String::new();
            while let Some(at) = rest.find(mark) {
                without.push_str(&rest[..at]);
                rest = rest[at + mark.len()..].split_once('"').unwrap_or_default().1;
            }
            without.push_str(rest);
            text = without;
        }
        text
    }
}

pub struct World {
    story: Story,
    plane: Arc<ControlPlane>,
    people: Vec<Actor>,
    pub clock: Arc<ManualClock>,
}

impl World {
    pub async fn new() -> Self {
        let store: Arc<dyn ControlStore> = Arc::new(MemoryStore::new());
        let story = Story::begin(Arc::clone(&store)).await;
        let people = [
            story::account("Claire", Role::ClientAdmin, &["dupont"]),
            story::account("Luc", Role::ClientViewer, &["dupont"]),
            story::account("Paul", Role::Partner, &[]),
            story::account("Odile", Role::Operator, &[]),
        ];
        for account in &people {
            store.save_account(account).await.unwrap();
        }
        let clock = Arc::new(ManualClock::at(at(3_600)));
        let plane = ControlPlane::new(Outside {
            clock: clock.clone(),
            store,
            engines: vec![Arc::new(FakeEngine::new(EngineKind::Sqlite))],
            repositories: Arc::new(MemoryRepositories::default()),
            notifier: Arc::new(KeptNotices::default()),
            hasher: Arc::new(PlainHasher),
            scratch: Arc::new(NoScratch),
            packages: Arc::new(FakePackages::default()),
            shelf: Arc::new(FolderShelf("no-shelf".into())),
            upload_most_bytes: 20_000_000_000,
            node: "stories".to_owned(),
            max_running: story::MANY,
        });
        Self {
            story,
            plane,
            people: people.into_iter().map(|account| account.actor).collect(),
            clock,
        }
    }

    pub fn actor(&self, name: &str) -> Actor {
        self.people.iter().find(|actor| actor.name == name).cloned().unwrap()
    }

    async fn claim(&self, site: &str) -> control::ports::control_store::Claimed {
        let new = self.story.new_manual(site, at(0));
        self.story.store.queue_backup(&new).await.unwrap();
        self.story
            .store
            .claim("stories", at(1), at(10_000), story::MANY)
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn complete_backup(&self, site: &str) -> Backup {
        let claimed = self.claim(site).await;
        let backup = story::backup_by(&claimed.process, BackupKind::Manual, at(0));
        self.story
            .store
            .complete_backup(&claimed.claim, &backup, at(30))
            .await
            .unwrap();
        backup
    }

    /// The backup of the night after this day of November.
    pub async fn night(&self, site: &str, day: u8) -> Backup {
        let kind = ProcessKind::NightlyBackup {
            business_date: story::november(day),
        };
        let new = self.story.new_process(site, kind, at(0));
        self.story.store.queue_backup(&new).await.unwrap();
        self.story.complete(&self.story.claim(at(1)).await, at(0)).await
    }

    /// The same, begun after its window had closed.
    pub async fn late_night(&self, site: &str, day: u8) -> Backup {
        let kind = ProcessKind::NightlyBackup {
            business_date: story::november(day),
        };
        let new = self.story.new_process(site, kind, at(0));
        self.story.store.queue_backup(&new).await.unwrap();
        let claimed = self.story.claim(at(1)).await;
        let mut backup = story::backup_by(&claimed.process, BackupKind::Automatic, at(0));
        backup.late = true;
        let done = self.story.store.complete_backup(&claimed.claim, &backup, at(30)).await;
        done.unwrap();
        backup
    }

    /// A night that lost most rows of a table of Paie, and half of Compta.
    pub async fn unusual_night(&self, site: &str, day: u8) -> Backup {
        let kind = ProcessKind::NightlyBackup {
            business_date: story::november(day),
        };
        let new = self.story.new_process(site, kind, at(0));
        self.story.store.queue_backup(&new).await.unwrap();
        let claimed = self.story.claim(at(1)).await;
        let mut backup = story::backup_by(&claimed.process, BackupKind::Automatic, at(0));
        let [paie, compta] = &backup.artifacts[..] else {
            panic!("the site has two databases")
        };
        let fact = |what, before, now| Unusual { what, before, now };
        let (paie, compta) = (paie.database.clone(), compta.database.clone());
        let rows = What::Rows {
            database: paie,
            table: "F_ECRITUREC".to_owned(),
        };
        backup.judgement = Judgement::of(vec![
            fact(What::Bytes { database: compta }, 120_000_000, 60_000_000),
            fact(rows, 4_200, 120),
        ]);
        let done = self.story.store.complete_backup(&claimed.claim, &backup, at(30)).await;
        done.unwrap();
        backup
    }

    pub async fn running_backup(&self, site: &str, percent: u8) {
        let claimed = self.claim(site).await;
        let progress = Progress {
            stage: Stage::Store,
            done_bytes: 1_900_000_000,
            total_bytes: Some(4_500_000_000),
            percent,
        };
        self.story
            .store
            .report(&claimed.claim, progress, Some(at(1)), at(60))
            .await
            .unwrap();
    }

    /// A backup whose snapshot is being made visible.
    pub async fn recording_backup(&self, site: &str) {
        let claimed = self.claim(site).await;
        let passed = self
            .story
            .store
            .pass_no_return(&claimed.claim, at(10_000), at(60))
            .await;
        passed.unwrap();
    }

    pub async fn failed_backup(&self, site: &str) {
        let claimed = self.claim(site).await;
        self.story
            .store
            .fail(&claimed.claim, &story::failure(), at(20))
            .await
            .unwrap();
    }

    pub async fn get(&self, who: Option<&str>, path: &str) -> Page {
        self.get_in(Lang::Fr, who, path).await
    }

    pub async fn get_in(&self, lang: Lang, who: Option<&str>, path: &str) -> Page {
        let request = Request::builder()
            .uri(path)
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())
            .unwrap();
        self.ask(lang, who, request).await
    }

    /// A form as a browser without script posts it from `page`, or a script's call when `page` is none.
    pub async fn post(&self, who: Option<&str>, page: Option<&str>, function: &str, form: &str) -> Page {
        let mut request = Request::post(format!("/api/{function}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::HOST, "coffre.example");
        request = match page {
            Some(page) => request
                .header(header::ACCEPT, "text/html")
                .header(header::REFERER, format!("http://coffre.example{page}")),
            None => request.header(header::ACCEPT, "application/json"),
        };
        self.ask(Lang::Fr, who, request.body(Body::from(form.to_owned())).unwrap())
            .await
    }

    async fn ask(&self, lang: Lang, who: Option<&str>, request: Request<Body>) -> Page {
        let viewer = Viewer {
            actor: who.map(|name| self.actor(name)),
            lang,
            ..Viewer::default()
        };
        let plane = Arc::clone(&self.plane);
        let context = move || {
            provide_context(viewer.clone());
            provide_context(Arc::clone(&plane));
        };
        let options = LeptosOptions::builder().output_name("coffre").build();
        let shell = {
            let options = options.clone();
            move || app::shell(options.clone())
        };
        let draw = render_app_async_with_context(context.clone(), shell.clone());
        let service = Router::new()
            .leptos_routes_with_context(&options, app::routes(), context, shell)
            .fallback(move |request: Request<Body>| draw(request))
            .with_state(options);
        let answer = service.oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let location = answer
            .headers()
            .get(header::LOCATION)
            .map(|location| location.to_str().unwrap().to_owned());
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        Page {
            status,
            location,
            html: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

//! A console in a temporary folder: two customers, one person per role, and hands to call it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use control::ControlPlane;
use control::ports::clock::Clock;
use domain::account::Role;
use domain::process::{Process, StateName};
use server::accounts::{self, Person};
use server::adapters::{Argon2Hasher, SystemClock};
use server::declaration;
use server::http::{Site, WebOptions, router};
use server::wiring::{self, Choices, Places};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

pub const PASSWORD: &str = "open sesame";

/// The console and all it stands on; gone when dropped.
pub struct Console {
    pub plane: Arc<ControlPlane>,
    pub router: Router,
    pub folder: TempDir,
    _stop: watch::Sender<bool>,
}

/// A browser that is signed in, or not.
#[derive(Clone, Default)]
pub struct Browser {
    pub cookie: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Console {
    pub async fn open() -> Self {
        Self::open_under(Arc::new(SystemClock)).await
    }

    /// One that is told the time by this clock.
    pub async fn open_under(clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let books = folder.path().join("books");
        std::fs::create_dir(&books).unwrap();
        for name in ["dupont-compta", "dupont-paie", "martin-compta"] {
            book(&books.join(format!("{name}.sqlite")), name);
        }
        let sites = folder.path().join("sites.toml");
        std::fs::write(&sites, declared(&books)).unwrap();
        let declared = declaration::load(&sites, clock.now()).unwrap();
        let places = Places::below(&folder.path().join("data"), vec![books]);
        let hasher = Arc::new(Argon2Hasher::cheap());
        let choices = Choices {
            clock,
            hasher: hasher.clone(),
            max_running: 2,
            lock_timeout: wiring::LOCK_TIMEOUT,
            upload_most_bytes: 8 << 20,
        };
        let plane = wiring::control_plane(&places, choices).await.unwrap();
        plane.store().declare(&declared, plane.now()).await.unwrap();
        for role in Role::ALL {
            let person = Person {
                email: format!("{}@example.org", role.code()),
                name: format!("Person {}", role.code()),
                role,
                firm: String::new(),
                partner: (role == Role::Partner).then(|| "ardoise".to_owned()),
                sites: if matches!(role, Role::ClientAdmin | Role::ClientViewer) {
                    vec!["dupont".into()]
                } else {
                    vec![]
                },
            };
            accounts::save(plane.store().as_ref(), hasher.as_ref(), person, PASSWORD.to_owned())
                .await
                .unwrap();
        }
        let site = folder.path().join("site");
        std::fs::create_dir(&site).unwrap();
        std::fs::write(site.join("hash.txt"), "js: 0\nwasm: 0\ncss: 0\n").unwrap();
        let options = WebOptions {
            site: Site::in_folder(&site).unwrap(),
            secure: true,
            demo_accounts: Vec::new(),
        };
        let (stop, stopped) = watch::channel(false);
        let router = router(Arc::clone(&plane), options, stopped);
        Self {
            plane,
            router,
            folder,
            _stop: stop,
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Response<Body> {
        let mut request = request;
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 5))));
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.send(request).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn sign_in(&self, role: Role) -> Browser {
        let form = format!(
            "email={}%40example.org&password={}",
            role.code(),
            PASSWORD.replace(' ', "+")
        );
        let answer = self.call(Browser::default().post("/sign-in", &form)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let cookie = answer.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        assert!(cookie.starts_with("__Host-coffre="), "{cookie}");
        Browser { cookie }
    }

    /// A manual backup of Dupont through the web, worked on to its end.
    pub async fn back_up(&self, browser: &Browser) -> Process {
        let answer = self.call(browser.function("start_backup", "site=dupont")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let queued: Process = serde_json::from_slice(&answer.body).unwrap();
        self.work().await;
        let done = self.plane.store().process(&queued.id).await.unwrap().unwrap();
        assert_eq!(done.state.name(), StateName::Completed, "{:?}", done.state);
        done
    }

    pub async fn work(&self) {
        while self.plane.work_once().await.unwrap() {}
    }

    pub fn database(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("books/{name}.sqlite"))
    }
}

impl Browser {
    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "console.example");
        if self.cookie.is_empty() {
            request
        } else {
            request.header(header::COOKIE, &self.cookie)
        }
    }

    /// Follows a link.
    pub fn get(&self, path: &str) -> Request<Body> {
        self.request("GET", path)
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())
            .unwrap()
    }

    /// Follows a link with one more header.
    pub fn get_with(&self, path: &str, name: header::HeaderName, value: &str) -> Request<Body> {
        self.request("GET", path)
            .header(name, value)
            .body(Body::empty())
            .unwrap()
    }

    /// Posts a form, as a page of this console does.
    pub fn post(&self, path: &str, form: &str) -> Request<Body> {
        self.request("POST", path)
            .header(header::ACCEPT, "text/html")
            .header(header::ORIGIN, "https://console.example")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap()
    }

    /// Calls a server function, as the script of a page does.
    pub fn function(&self, name: &str, form: &str) -> Request<Body> {
        self.request("POST", &format!("/api/{name}"))
            .header(header::ACCEPT, "application/json")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap()
    }
}

/// A live database with a table that says whose it is.
fn book(path: &Path, name: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = wal;
             CREATE TABLE entry (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
             INSERT INTO entry (text) VALUES ('opening of {name}');
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO entry (text) SELECT hex(randomblob(100)) FROM n;"
        ))
        .unwrap();
}

fn declared(books: &Path) -> String {
    let books = books.display();
    format!(
        r#"
customers = [{{ id = "dupont", name = "Dupont & Fils" }}, {{ id = "martin", name = "Garage Martin" }}]
partners = [{{ id = "ardoise", name = "Ardoise Informatique" }}]

[[sites]]
id = "dupont"
code = "DUPONT"
name = "Dupont & Fils"
customer = "dupont"
partner = "ardoise"
zone = "Europe/Paris"
databases = [
    {{ id = "dupont-compta", name = "Comptabilité", product = "Sage 100", engine = "sqlite", path = "{books}/dupont-compta.sqlite" }},
    {{ id = "dupont-paie", name = "Paie", product = "Sage Paie", engine = "sqlite", path = "{books}/dupont-paie.sqlite" }},
]

[[sites]]
id = "martin"
code = "MARTIN"
name = "Garage Martin"
customer = "martin"
zone = "Europe/Paris"
databases = [
    {{ id = "martin-compta", name = "Comptabilité", product = "Sage 100", engine = "sqlite", path = "{books}/martin-compta.sqlite" }},
]
"#
    )
}

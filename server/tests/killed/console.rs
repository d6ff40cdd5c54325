//! The real program in a process of its own, which can be killed and started again over the same data.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::ports::clock::Clock;
use control::ports::control_store::ControlStore;
use control::ports::repository::Repositories;
use domain::ids::{BackupId, SiteId};
use domain::process::{Process, StateName};
use domain::site::SiteStatus;
use server::adapters::SystemClock;
use server::wiring::{self, Places};
use store::SqliteStore;

use crate::books::Books;

/// How often something that happens elsewhere is looked at.
pub const LOOK: Duration = Duration::from_millis(20);

/// A start must not take longer than this on a busy machine.
const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// An expiry of the small worlds here must not take longer than this on a busy machine.
const EXPIRED_WITHIN: Duration = Duration::from_secs(60);

/// Numbers that look random and are the same in every run, so that a failure can be repeated.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Up to a little more than the whole: some kills come just after the end.
    pub fn part_of(&mut self, whole: Duration) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        whole.mul_f64((self.0 >> 33) as f64 / f64::from(1_u32 << 31) * 1.1)
    }
}

pub struct Console {
    config: PathBuf,
    data: PathBuf,
    site_files: PathBuf,
    address: SocketAddr,
    running: Option<Child>,
    cookie: String,
}

impl Console {
    pub fn new(books: &Books) -> Self {
        let folder = books.folder.path();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (config, data, site_files) = (folder.join("coffre.toml"), folder.join("data"), folder.join("site"));
        std::fs::write(
            &config,
            format!(
                "[web]\nlisten = \"{address}\"\nplain_http = true\n[storage]\ndata = {data:?}\nsqlite_folders = [{:?}]\n",
                books.files()
            ),
        )
        .unwrap();
        let [compta, paie] = books.paths();
        std::fs::write(
            folder.join("sites.toml"),
            format!(
                r#"
customers = [{{ id = "dupont", name = "Dupont" }}]
[[sites]]
id = "dupont"
code = "DUPONT"
name = "Dupont"
customer = "dupont"
zone = "Europe/Paris"
quota = 99
databases = [
    {{ id = "compta", name = "Compta", product = "Sage", engine = "sqlite", path = {compta:?} }},
    {{ id = "paie", name = "Paie", product = "Sage", engine = "sqlite", path = {paie:?} }},
]
"#
            ),
        )
        .unwrap();
        std::fs::create_dir(&site_files).unwrap();
        std::fs::write(site_files.join("hash.txt"), "js: 0\nwasm: 0\ncss: 0\n").unwrap();
        let console = Self {
            config,
            data,
            site_files,
            address,
            running: None,
            cookie: String::new(),
        };
        console.make_account();
        console
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coffre"));
        command.env("COFFRE_SITE", &self.site_files).env("RUST_LOG", "error");
        command
    }

    fn make_account(&self) {
        std::fs::create_dir_all(&self.data).unwrap();
        let mut child = self
            .program()
            .args([
                "account",
                "--email",
                "op@example.org",
                "--name",
                "Op",
                "--role",
                "operator",
                "--config",
            ])
            .arg(&self.config)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"open sesame\n").unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// Starts the server and waits until it answers.
    pub fn start(&mut self) {
        let child = self
            .program()
            .arg("serve")
            .arg("--config")
            .arg(&self.config)
            .spawn()
            .unwrap();
        self.running = Some(child);
        let deadline = Instant::now() + STARTED_WITHIN;
        while self
            .try_call("GET", "/health", "")
            .is_none_or(|(status, _)| status != 200)
        {
            assert!(Instant::now() < deadline, "the server does not answer");
            let ended = self.running.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "the server ended at its start: {ended:?}");
            std::thread::sleep(LOOK);
        }
        if self.cookie.is_empty() {
            let (status, head) = self.call("POST", "/sign-in", "email=op%40example.org&password=open+sesame");
            assert_eq!(status, 303, "{head}");
            let cookie = head
                .lines()
                .find_map(|line| line.strip_prefix("set-cookie: "))
                .expect("a session");
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
    }

    /// Lets the server work for a while and kills it without warning.
    pub fn kill_after(&mut self, moment: Duration) {
        // The moment itself is what is tested.
        std::thread::sleep(moment);
        self.kill();
    }

    /// Kills the server, if nobody else has.
    pub fn kill(&mut self) {
        let mut child = self.running.take().expect("the server runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server runs").id()
    }

    pub fn order_backup(&self) -> Process {
        self.order("start_backup", "site=dupont")
    }

    pub fn order_restore(&self, backup: &BackupId) -> Process {
        let form = format!("site=dupont&scope=*&backup={backup}&confirmation=DUPONT&reason=test");
        self.order("start_restore", &form)
    }

    /// Orders a backup of a server that may be killed before it answers; the order is kept then.
    pub fn order_backup_of_whoever_answers(&self) {
        if let Some((status, answer)) = self.try_call("POST", "/api/start_backup", "site=dupont") {
            assert_eq!(status, 200, "{answer}");
        }
    }

    /// Has what is due queued, by setting the policy that there is. A server that is killed meanwhile does not answer.
    fn order_expiry(&self) {
        let form = "site=dupont&days=7&months=1&years=1&safety=7";
        if let Some((status, answer)) = self.try_call("POST", "/api/set_policy", form) {
            assert!(matches!(status, 200 | 302), "{answer}");
        }
    }

    /// Has everything that is due expire, unless that is `given_up` before.
    pub async fn expire_to_the_end(&self, given_up: impl Fn() -> bool) {
        let store = self.store().await;
        let deadline = Instant::now() + EXPIRED_WITHIN;
        while !given_up() && !expiries_are_over(&store).await {
            assert!(Instant::now() < deadline, "the expiry does not end");
            // Also after one that the server had begun by itself when not everything was due yet: the rest would wait for its next sweep.
            if store.active(None).await.unwrap().is_empty() {
                self.order_expiry();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until nothing is left to do for an expiry, and none is under way. The server sees to it by itself.
    pub async fn wait_for_expiries(&self) {
        let store = self.store().await;
        let deadline = Instant::now() + EXPIRED_WITHIN;
        while !expiries_are_over(&store).await {
            assert!(Instant::now() < deadline, "the expiry does not end");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// A backup from its order to its end: how long it takes.
    pub fn back_up_to_the_end(&self) -> Duration {
        let begun = Instant::now();
        let process = self.order_backup();
        self.wait_blocking(&process);
        begun.elapsed()
    }

    pub async fn back_up_to_the_end_and_name(&self) -> BackupId {
        let process = self.order_backup();
        let ended = self.wait_for(&process, STARTED_WITHIN).await;
        ended.backup.expect("it is Completed")
    }

    pub async fn restore_to_the_end(&self, backup: &BackupId) -> Duration {
        let begun = Instant::now();
        let process = self.order_restore(backup);
        let ended = self.wait_for(&process, STARTED_WITHIN).await;
        assert_eq!(ended.state.name(), StateName::Completed, "{:?}", ended.state);
        begun.elapsed()
    }

    /// Waits for the end of a process.
    pub async fn wait_for(&self, process: &Process, within: Duration) -> Process {
        let deadline = Instant::now() + within;
        let store = self.store().await;
        loop {
            let now = store.process(&process.id).await.unwrap().unwrap();
            if now.state.is_over() {
                return now;
            }
            assert!(Instant::now() < deadline, "not ended after {within:?}: {now:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    fn wait_blocking(&self, process: &Process) {
        let deadline = Instant::now() + STARTED_WITHIN;
        let path = format!("/processes/{}", process.id);
        while !self.call("GET", &path, "").1.contains("Completed") {
            assert!(Instant::now() < deadline, "the backup does not end");
            std::thread::sleep(LOOK);
        }
    }

    pub async fn status(&self) -> SiteStatus {
        self.store().await.site(&self.site()).await.unwrap().unwrap().status
    }

    pub fn site(&self) -> SiteId {
        SiteId::parse("dupont").unwrap()
    }

    pub async fn store(&self) -> SqliteStore {
        wiring::store(&self.places()).await.unwrap()
    }

    pub fn repositories(&self) -> Arc<dyn Repositories> {
        wiring::repositories(&self.places()).unwrap()
    }

    pub fn scratch_is_empty(&self) {
        let left: Vec<_> = std::fs::read_dir(self.data.join("scratch")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }

    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    pub fn places(&self) -> Places {
        Places::below(Path::new(&self.data), Vec::new())
    }

    fn order(&self, function: &str, form: &str) -> Process {
        let (status, answer) = self.call("POST", &format!("/api/{function}"), form);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    fn call(&self, method: &str, path: &str, form: &str) -> (u16, String) {
        self.try_call(method, path, form).expect("the server answers")
    }

    fn try_call(&self, method: &str, path: &str, form: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: application/json\r\nCookie: {}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            self.cookie,
            form.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer))
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A site whose expiry is under way is not due: one that begins and ends between two questions must not hide what is left.
async fn expiries_are_over(store: &SqliteStore) -> bool {
    for _ in 0..2 {
        let idle = store.active(None).await.unwrap().is_empty();
        if !idle || !store.expiry_due(None, SystemClock.now()).await.unwrap().is_empty() {
            return false;
        }
    }
    true
}

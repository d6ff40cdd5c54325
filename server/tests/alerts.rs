//! Alerts over the real control store and a real receiver: past a restart, and from the command line.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alerts::signature::{Secret, verify};
use alerts::{Webhook, WebhookSettings, Wording};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use control::ports::alert_channel::AlertChannel;
use control::ports::clock::Clock;
use control::ports::control_store::ControlStore;
use control::ports::outbox::Recipient;
use control::testing::manual_clock::ManualClock;
use control::testing::store_contract::story::{Story, at};
use control::{Courier, Scheduler};
use server::adapters::Argon2Hasher;
use server::declaration;
use server::wiring::{self, Choices, Places};
use store::SqliteStore;
use tokio::sync::{mpsc, watch};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Keeps the ids and kinds of calls whose signature is right.
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    ids: Arc<Mutex<Vec<String>>>,
    kinds: mpsc::UnboundedReceiver<String>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (status, ids) = (Arc::new(AtomicU16::new(200)), Arc::new(Mutex::new(Vec::new())));
        let (arrived, kinds) = mpsc::unbounded_channel();
        let (answer, kept) = (status.clone(), ids.clone());
        let take = move |headers: HeaderMap, body: Bytes| async move {
            let text = |name: &str| headers[name].to_str().unwrap().to_owned();
            let (id, timestamp) = (text("webhook-id"), text("webhook-timestamp").parse().unwrap());
            let secrets = [Secret::parse(SECRET).unwrap()];
            if verify(&secrets, &id, timestamp, &body, &text("webhook-signature")) {
                kept.lock().unwrap().push(id);
                let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
                let _ = arrived.send(told["type"].as_str().unwrap().to_owned());
            }
            StatusCode::from_u16(answer.load(Ordering::SeqCst)).unwrap()
        };
        let router = Router::new().route("/", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            status,
            ids,
            kinds,
        }
    }

    fn ids(&self) -> Vec<String> {
        self.ids.lock().unwrap().clone()
    }

    fn channel(&self) -> Arc<dyn AlertChannel> {
        let settings = WebhookSettings {
            urls: vec![self.url.clone()],
            secrets: vec![Secret::parse(SECRET).unwrap()],
            ..WebhookSettings::default()
        };
        Arc::new(Webhook::new(settings, Wording::default()).unwrap())
    }
}

async fn started(path: &Path, clock: &Arc<ManualClock>, receiver: &Receiver) -> (Arc<SqliteStore>, Courier) {
    let store = Arc::new(SqliteStore::open(path).await.unwrap());
    // The lock of the data folder is this server's alone.
    store.end_leases().await.unwrap();
    let courier = Courier::new(store.clone(), clock.clone(), vec![receiver.channel()]);
    (store, courier)
}

#[tokio::test]
async fn a_restart_at_any_moment_loses_no_alert_and_sends_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    let (clock, receiver) = (Arc::new(ManualClock::at(at(0))), Receiver::start().await);

    // Ended right after the alert was kept with what it tells.
    let (store, _) = started(&path, &clock, &receiver).await;
    let story = Story::begin(store.clone()).await;
    let backup = story.manual_backup("dupont", at(0)).await;
    story.queue_restore("dupont", &backup, at(60)).await;
    let alert = store.unaddressed_alerts().await.unwrap().remove(0);
    store.close().await;

    // Ended while the receiver was away.
    let (store, courier) = started(&path, &clock, &receiver).await;
    receiver.status.store(503, Ordering::SeqCst);
    assert_eq!(courier.deliver_once().await.unwrap().failed, 1);
    store.close().await;

    // Ended between taking it and sending it.
    clock.advance(Duration::from_secs(120));
    receiver.status.store(200, Ordering::SeqCst);
    let (store, _) = started(&path, &clock, &receiver).await;
    let to = Recipient {
        channel: "webhook".to_owned(),
        to: receiver.channel().standing().remove(0),
    };
    let held_until = clock.now().plus(Duration::from_secs(300));
    assert!(
        store
            .take_delivery(&to, clock.now(), held_until)
            .await
            .unwrap()
            .is_some()
    );
    store.close().await;

    let (store, courier) = started(&path, &clock, &receiver).await;
    assert_eq!(courier.deliver_once().await.unwrap().delivered, 1);
    assert_eq!(
        receiver.ids(),
        [alert.id.as_str(); 2],
        "the try that was answered 503, and this one"
    );
    store.close().await;

    let (store, courier) = started(&path, &clock, &receiver).await;
    clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(courier.deliver_once().await.unwrap().delivered, 0);
    assert_eq!(store.audit_invariants().await.unwrap(), [""; 0]);
}

/// Through the whole server: the worker fails, the courier is woken, the receiver has it.
#[tokio::test]
async fn a_night_whose_database_is_gone_is_told_without_waiting_for_the_next_look() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, mut receiver) = (Arc::new(ManualClock::at(at(0))), Receiver::start().await);
    let books = folder.path().join("books");
    std::fs::create_dir(&books).unwrap();
    let sites = folder.path().join("sites.toml");
    let declared = format!(
        "[[customers]]\nid = \"dupont-sa\"\nname = \"Dupont SA\"\n[[sites]]\nid = \"dupont\"\ncode = \"DUPONT\"\n\
         name = \"Dupont & Fils\"\ncustomer = \"dupont-sa\"\nzone = \"Europe/Paris\"\n[[sites.databases]]\n\
         id = \"compta\"\nname = \"Comptabilité\"\nproduct = \"Sage\"\nengine = \"sqlite\"\npath = {:?}\n",
        books.join("gone.sqlite")
    );
    std::fs::write(&sites, declared).unwrap();
    let declared = declaration::load(&sites, clock.now()).unwrap();
    let choices = Choices {
        clock: clock.clone(),
        hasher: Arc::new(Argon2Hasher::cheap()),
        max_running: 1,
        lock_timeout: wiring::LOCK_TIMEOUT,
        upload_most_bytes: 1,
    };
    let places = Places::below(&folder.path().join("data"), vec![books]);
    let plane = wiring::control_plane(&places, choices).await.unwrap();
    plane.store().declare(&declared, plane.now()).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let courier = tokio::spawn(plane.clone().deliver_alerts(vec![receiver.channel()], stopped));

    let mut scheduler = Scheduler::new(plane.clone());
    let night = scheduler.look().await.unwrap().unwrap();
    clock.set(night);
    scheduler.look().await.unwrap();
    assert!(plane.work_once().await.unwrap());
    assert_eq!(receiver.kinds.recv().await.unwrap(), "backup.night-failed");
    clock.set(at(26 * 3_600));
    scheduler.look().await.unwrap();
    assert_eq!(receiver.kinds.recv().await.unwrap(), "site.silent");
    stop.send(true).unwrap();
    courier.await.unwrap();
}

#[tokio::test]
async fn the_command_line_tries_every_channel_and_its_exit_says_whether_all_went_well() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start().await;
    let config = folder.path().join("coffre.toml");
    let webhook = format!(
        "[alerts.webhook]\nurls = [\"{}\"]\nsecrets = [\"{SECRET}\"]\n",
        receiver.url
    );
    let dead_mail = "[alerts.mail]\nserver = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n\
                     from = \"coffre@example.org\"\nto = [\"host@example.org\"]\n";
    let test = async |channels: &str| {
        std::fs::write(&config, format!("[storage]\ndata = \"/nowhere\"\n{channels}")).unwrap();
        let output: Output = tokio::process::Command::new(env!("CARGO_BIN_EXE_coffre"))
            .args(["alerts", "test", "--config"])
            .arg(&config)
            .output()
            .await
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), told)
    };
    let (well, told) = test(&webhook).await;
    assert!(well && told.starts_with("ok     webhook to 127.0.0.1/"), "{told}");
    assert_eq!(receiver.ids().len(), 1);
    let (well, told) = test(&format!("{dead_mail}{webhook}")).await;
    assert!(!well, "{told}");
    assert!(told.contains("FAILED mail to host@example.org: "), "{told}");
    assert!(told.contains("ok     webhook"), "{told}");
    let (well, told) = test("").await;
    assert!(!well && told.contains("no channel"), "{told}");
}

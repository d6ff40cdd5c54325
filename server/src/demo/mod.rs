//! `coffre demo`: a living console over invented companies, on this machine alone. Started again, it goes on where it was.

pub mod books;
mod history;
mod moved_clock;
pub mod world;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use app::viewer::DemoAccount;
use control::ControlPlane;
use control::ports::clock::Clock;
use domain::account::{Actor, Role};
use domain::limits::UPLOAD_MAX_BYTES;
use domain::site::Site as HostedSite;
use domain::time::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::accounts;
use crate::adapters::{Argon2Hasher, SystemClock};
use crate::http::{Site, WebOptions, router, serve};
use crate::wiring::{self, Choices, Places};
use books::Books;
use moved_clock::MovedClock;

/// The port that is tried first.
const PORT: u16 = 3_000;

/// Processes at work at once.
const MAX_RUNNING: u32 = 2;

/// Present when the past of the world is complete; a first start that was interrupted begins anew.
const COMPLETE: &str = "world-is-complete";

type Failed = Box<dyn std::error::Error>;

/// The demonstration, as the command line asks for it.
pub struct Demo {
    /// Where the world is kept.
    pub data: PathBuf,
    /// Address and port.
    pub listen: Option<SocketAddr>,
    /// Begin anew?
    pub reset: bool,
    /// The instant at which its clock starts; the present one without it.
    pub now: Option<Timestamp>,
}

impl Demo {
    /// Runs until `stop` says so.
    ///
    /// # Errors
    /// An address others could reach; a folder that cannot be written; a past that cannot be made.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), Failed> {
        if self.listen.is_some_and(|listen| !listen.ip().is_loopback()) {
            return Err("the demonstration shows its passwords: it only listens on a loopback address".into());
        }
        let site = Site::find()?;
        let listener = listener(self.listen).await?;
        if self.reset || !self.data.join(COMPLETE).exists() {
            books::remove(&self.data)?;
        }
        std::fs::create_dir_all(&self.data)?;
        let data = self.data.canonicalize()?;

        let books = {
            let data = data.clone();
            tokio::task::spawn_blocking(move || Books::open(&data))
                .await?
                .map_err(plain)?
        };
        if let Some(reason) = books.without() {
            println!("The site on PostgreSQL is left out: {reason}");
        }
        let clock: Arc<dyn Clock> = match self.now {
            Some(now) => Arc::new(MovedClock::at(now)),
            None => Arc::new(SystemClock),
        };
        if !data.join(COMPLETE).exists() {
            make_past(&data, &books, clock.now()).await?;
        }
        let plane = control_plane(&data, &books, Arc::clone(&clock)).await?;
        self.present(listener, site, plane, &books, clock, stop).await
    }

    async fn present(
        self,
        listener: TcpListener,
        site: Site,
        plane: Arc<ControlPlane>,
        books: &Books,
        clock: Arc<dyn Clock>,
        stop: watch::Receiver<bool>,
    ) -> Result<(), Failed> {
        let address = listener.local_addr()?;
        let accounts = demo_accounts();
        say_where(address, &accounts)?;
        let options = WebOptions {
            site,
            secure: false,
            demo_accounts: accounts,
        };
        let web = router(Arc::clone(&plane), options, stop.clone());
        let writer = books.write(clock);
        let work = tokio::spawn(Arc::clone(&plane).work(stop.clone()));
        // To nobody: what is raised in the demonstration is forgotten after its time.
        let alerts = tokio::spawn(plane.deliver_alerts(Vec::new(), stop.clone()));
        serve(listener, web, stop).await?;
        work.abort();
        alerts.abort();
        writer.stop().await;
        Ok(())
    }
}

async fn listener(wanted: Option<SocketAddr>) -> io::Result<TcpListener> {
    if let Some(address) = wanted {
        return TcpListener::bind(address).await;
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
        other => other,
    }
}

async fn control_plane(data: &Path, books: &Books, clock: Arc<dyn Clock>) -> Result<Arc<ControlPlane>, Failed> {
    let places = Places::below(data, vec![books.files().to_owned()]);
    let now = clock.now();
    let choices = Choices {
        clock,
        hasher: Arc::new(Argon2Hasher::new()),
        max_running: MAX_RUNNING,
        lock_timeout: wiring::LOCK_TIMEOUT,
        upload_most_bytes: UPLOAD_MAX_BYTES,
    };
    let plane = wiring::control_plane(&places, choices).await?;
    plane
        .store()
        .declare(&world::declaration(books.files(), books.postgres(), now), now)
        .await?;
    Ok(plane)
}

async fn make_past(data: &Path, books: &Books, today: Timestamp) -> Result<(), Failed> {
    println!("Making the demonstration world: books of a year, and the backups that would be kept today.");
    let clock = Arc::new(MovedClock::at(today));
    let plane = control_plane(data, books, clock.clone()).await?;
    let hasher = Argon2Hasher::new();
    for person in world::people() {
        accounts::save(plane.store().as_ref(), &hasher, person, world::PASSWORD.to_owned()).await?;
    }
    let sites = plane.store().sites().await?;
    for place in books.places() {
        let site = sites
            .iter()
            .find(|site| site.id.as_str() == place.id)
            .ok_or("a declared site is not stored")?;
        let by = by_hand(&plane, site).await?;
        let made = history::make(&plane, &clock, books, place, site, &by, today)
            .await
            .map_err(plain)?;
        println!("  {}: {} databases, {made} backups", place.name, place.books.len());
    }
    std::fs::write(data.join(COMPLETE), "")?;
    Ok(())
}

/// Who backed a site up by hand: its administrator, or the operator where the world has none.
async fn by_hand(plane: &ControlPlane, site: &HostedSite) -> Result<Actor, Failed> {
    let people = world::people();
    let suits = |role: Role| {
        people
            .iter()
            .find(|p| p.role == role && (role == Role::Operator || p.sites.iter().any(|s| s == site.id.as_str())))
    };
    let person = suits(Role::ClientAdmin)
        .or_else(|| suits(Role::Operator))
        .ok_or("the world has an operator")?;
    let account = plane
        .store()
        .account_by_email(&person.email)
        .await?
        .ok_or("the world's people have accounts")?;
    Ok(account.actor)
}

fn demo_accounts() -> Vec<DemoAccount> {
    let account = |person: accounts::Person| DemoAccount {
        role: person.role,
        name: person.name,
        email: person.email,
        password: world::PASSWORD.to_owned(),
    };
    world::people().into_iter().map(account).collect()
}

fn say_where(address: SocketAddr, accounts: &[DemoAccount]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\nCoffre, demonstration: http://{address}\n")?;
    for account in accounts {
        writeln!(out, "  {:<14} {:<30} {}", account.name, account.email, account.password)?;
    }
    writeln!(
        out,
        "\nThe books are being written to while you watch. Ctrl-C stops; `make demo-reset` begins anew."
    )?;
    out.flush()
}

/// Errors of other threads, without their Send and Sync.
fn plain(error: Box<dyn std::error::Error + Send + Sync>) -> Failed {
    error
}

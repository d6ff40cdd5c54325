//! The command line of Coffre.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use control::ports::clock::Clock;
use control::ports::control_store::ControlStore;
use domain::account::Role;
use domain::ids::CustomerId;
use domain::time::Timestamp;
use server::adapters::{Argon2Hasher, SystemClock};
use server::bacpac_files::BacpacCommand;
use server::config::{Config, DEFAULT_PATH};
use server::demo::Demo;
use server::http::{Site, WebOptions, router, serve};
use server::wiring::{self, Choices, Places};
use server::{accounts, alerting, declaration, doctor, metrics};
use tokio::sync::watch;

/// Backup and restore console for hosted sites.
#[derive(Parser)]
#[command(name = "coffre", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the console over the sites that the operator declared.
    Serve {
        /// The configuration file.
        #[arg(long, default_value = DEFAULT_PATH)]
        config: PathBuf,
    },
    /// Serve a demonstration: real databases of invented companies, on this machine alone.
    Demo {
        /// Start the demonstration world anew.
        #[arg(long)]
        reset: bool,
        /// Where the demonstration world is kept.
        #[arg(long, default_value = "data/demo")]
        data: PathBuf,
        /// Address and port; loopback only. Without it, 3000 or the next free port.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Let its clock start at this instant, such as 2027-03-15T09:00:00Z: to see nights and policies come and go. Started
        /// again, a world goes on best at a later one.
        #[arg(long, value_parser = instant)]
        now: Option<Timestamp>,
    },
    /// Say what a server on this machine has and lacks: tools and their versions, folders, keys.
    Doctor {
        /// The configuration file; without one, the tools alone are looked at.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// See whether alerts arrive.
    Alerts {
        #[command(subcommand)]
        command: AlertsCommand,
    },
    /// Look into BACPAC files.
    Bacpac {
        #[command(subcommand)]
        command: BacpacCommand,
    },
    /// Print the configuration file with every setting and its default.
    Config,
    /// Create an account, or replace the one with the same address; the password is read from standard input.
    Account {
        /// The configuration file.
        #[arg(long, default_value = DEFAULT_PATH)]
        config: PathBuf,
        /// The address to sign in with.
        #[arg(long)]
        email: String,
        /// The shown name.
        #[arg(long)]
        name: String,
        /// client_admin, client_viewer, partner or operator.
        #[arg(long, value_parser = role)]
        role: Role,
        /// The firm shown under the name.
        #[arg(long, default_value = "")]
        firm: String,
        /// The partner they work for.
        #[arg(long)]
        partner: Option<String>,
        /// The sites they belong to, for the two client roles.
        #[arg(long = "site")]
        sites: Vec<String>,
    },
    /// Print the password by which the standard `restic` program opens a customer's repository.
    ResticPassword {
        /// The configuration file.
        #[arg(long, default_value = DEFAULT_PATH)]
        config: PathBuf,
        /// The customer.
        customer: String,
    },
}

#[derive(Subcommand)]
enum AlertsCommand {
    /// Send a test alert through every configured channel and say how it went.
    Test {
        /// The configuration file.
        #[arg(long, default_value = DEFAULT_PATH)]
        config: PathBuf,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_code(text).ok_or_else(|| "one of client_admin, client_viewer, partner, operator".to_owned())
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let command = Cli::parse().command;
    log(&command);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("coffre: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(command));
    // Work under way is left where it is, as a power cut would: its lease says so, and the next start goes on with it.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("coffre: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Outcome {
    match command {
        Command::Serve { config } => serve_sites(&config).await,
        Command::Demo {
            reset,
            data,
            listen,
            now,
        } => {
            let stop = stop_signal()?;
            let demo = Demo {
                data,
                listen,
                reset,
                now,
            };
            demo.run(stop).await
        }
        Command::Doctor { config } => {
            let config = config.map(|path| Config::load(&path)).transpose()?;
            if doctor::examine(config.as_ref(), &mut std::io::stdout())? {
                Ok(())
            } else {
                Err("something is missing, see above".into())
            }
        }
        Command::Alerts {
            command: AlertsCommand::Test { config },
        } => {
            let config = Config::load(&config)?;
            let channels = config.alerts.channels(config.web.public_url.as_deref())?;
            if alerting::test(&channels, SystemClock.now(), &mut std::io::stdout()).await? {
                Ok(())
            } else {
                Err("an alert would not reach everybody, see above".into())
            }
        }
        Command::Bacpac { command } => command.run(&mut std::io::stdout().lock()),
        Command::Config => {
            print!("{}", Config::template());
            Ok(())
        }
        Command::Account {
            config,
            email,
            name,
            role,
            firm,
            partner,
            sites,
        } => {
            let store = wiring::store(&places(&Config::load(&config)?)).await?;
            let password = accounts::password_from_stdin()?;
            let person = accounts::Person {
                email,
                name,
                role,
                firm,
                partner,
                sites,
            };
            accounts::save(&store, &Argon2Hasher::new(), person, password).await
        }
        Command::ResticPassword { config, customer } => {
            let places = places(&Config::load(&config)?);
            let customer = CustomerId::parse(&customer)?;
            let row = wiring::store(&places).await?.repository(&customer).await?;
            let row = row.ok_or("this customer has no repository yet")?;
            println!("{}", wiring::repositories(&places)?.export_password(&row.key)?);
            Ok(())
        }
    }
}

async fn serve_sites(path: &Path) -> Outcome {
    let config = Config::load(path)?;
    let stop = stop_signal()?;
    let choices = choices(&config);
    let channels = config.alerts.channels(config.web.public_url.as_deref())?;
    if channels.is_empty() {
        tracing::warn!("no alert channel is configured: nobody is told when a site has no backup");
    }
    let sites = config
        .storage
        .sites
        .clone()
        .unwrap_or_else(|| path.with_file_name("sites.toml"));
    let declared = declaration::load(&sites, choices.clock.now())?;
    let plane = wiring::control_plane(&places(&config), choices).await?;
    plane.store().declare(&declared, plane.now()).await?;

    let options = WebOptions {
        site: Site::find()?,
        secure: !config.web.plain_http,
        demo_accounts: Vec::new(),
    };
    let listener = tokio::net::TcpListener::bind(config.web.listen).await?;
    tracing::info!(address = %config.web.listen, sites = declared.sites.len(), "serving");
    let web = router(Arc::clone(&plane), options, stop.clone());
    if let Some(address) = config.metrics.listen {
        let figures = tokio::net::TcpListener::bind(address).await?;
        tracing::info!(%address, "figures for Prometheus");
        let metrics = metrics::router(Arc::clone(&plane), config.repositories());
        tokio::spawn(serve(figures, metrics, stop.clone()));
    }
    let work = tokio::spawn(Arc::clone(&plane).work(stop.clone()));
    let alerts = tokio::spawn(plane.deliver_alerts(channels, stop.clone()));
    serve(listener, web, stop).await?;
    work.abort();
    alerts.abort();
    Ok(())
}

fn places(config: &Config) -> Places {
    Places {
        data: config.storage.data.clone(),
        repositories: config.repositories(),
        scratch: config.scratch(),
        sqlite_folders: config.storage.sqlite_folders.clone(),
    }
}

fn choices(config: &Config) -> Choices {
    Choices {
        clock: Arc::new(SystemClock),
        hasher: Arc::new(Argon2Hasher::new()),
        max_running: config.work.max_running,
        lock_timeout: Duration::from_secs(config.work.lock_timeout_secs.into()),
        upload_most_bytes: u64::from(config.work.upload_max_gb) * 1_000_000_000,
    }
}

fn instant(text: &str) -> Result<Timestamp, jiff::Error> {
    Ok(Timestamp(text.parse::<jiff::Timestamp>()?.as_millisecond()))
}

/// Becomes true at Ctrl-C or SIGTERM.
fn stop_signal() -> std::io::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(false);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = sender.send(true);
    });
    Ok(receiver)
}

/// Logs go to standard error: plain on a terminal, JSON elsewhere. `RUST_LOG` chooses; the demonstration is quiet.
fn log(command: &Command) {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let usual = if matches!(command, Command::Demo { .. }) {
        "warn"
    } else {
        "warn,server=info,control=info,alerts=info"
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.compact().init();
    } else {
        log.json().init();
    }
}

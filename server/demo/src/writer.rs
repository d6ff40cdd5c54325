//! The people at work: a background task that keeps entering invoices and payslips while databases are backed up.
//!
//! It opens a database anew for each entry, so that a restored file is picked up and a database that is missing,
//! locked, swapped or refused for a moment only costs that entry.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::civil::DateTime;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::error::DemoError;
use crate::{postgres, sqlite};

/// Longest time one entry in PostgreSQL may take, waiting for a connection and for locks included. SQLite has its own.
const PATIENCE: Duration = Duration::from_secs(5);

/// A database the writer works on.
#[derive(Clone)]
pub enum Target {
    /// The file; never created by the writer.
    Sqlite(PathBuf),
    /// A connection URL, which may hold a password: it is never printed.
    Postgres(String),
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// What became of the entries in one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Committed.
    pub entered: u64,
    /// Not entered, because the database was not there or not ready.
    pub missed: u64,
}

/// The running task. Dropping it stops it after the entry at hand.
#[derive(Debug)]
pub struct Writer {
    stop: watch::Sender<bool>,
    counts: Arc<[(AtomicU64, AtomicU64)]>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Enters one document every `period`, in one target after the other, dated by `now`. Must be called on a tokio
    /// runtime with time and I/O.
    pub fn spawn(targets: Vec<Target>, period: Duration, now: impl Fn() -> DateTime + Send + 'static) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let counts: Arc<[_]> = targets.iter().map(|_| (AtomicU64::new(0), AtomicU64::new(0))).collect();
        let shared = Arc::clone(&counts);
        let task = tokio::spawn(async move {
            for (counter, target) in (0_u64..).zip(targets.iter().enumerate().cycle()) {
                let next = Instant::now() + period;
                let (place, target) = target;
                let (entered, missed) = &shared[place];
                match enter(target.clone(), now(), counter).await {
                    Ok(_) => entered.fetch_add(1, Ordering::Relaxed),
                    Err(reason) => {
                        tracing::debug!(?target, %reason, "no entry");
                        missed.fetch_add(1, Ordering::Relaxed)
                    }
                };
                tokio::select! {
                    () = sleep_until(next) => {}
                    _ = stopped.wait_for(|stop| *stop) => return,
                }
            }
        });
        Self { stop, counts, task }
    }

    /// So far, in the order of the targets.
    pub fn counts(&self) -> Vec<Counts> {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        self.counts
            .iter()
            .map(|(entered, missed)| Counts {
                entered: load(entered),
                missed: load(missed),
            })
            .collect()
    }

    /// Waits for the entry at hand, then answers the final counts.
    pub async fn stop(mut self) -> Vec<Counts> {
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
        self.counts()
    }
}

async fn enter(target: Target, at: DateTime, counter: u64) -> Result<i64, DemoError> {
    match target {
        Target::Sqlite(path) => tokio::task::spawn_blocking(move || {
            let mut connection = sqlite::open(&path)?;
            sqlite::enter_one(&mut connection, at, counter)
        })
        .await
        .unwrap_or_else(|panic| Err(DemoError::Foreign(panic.to_string()))),
        Target::Postgres(url) => timeout(PATIENCE, async {
            let mut connection = PgConnection::connect(&url).await?;
            let entered = postgres::enter_one(&mut connection, at, counter).await;
            let _ = connection.close().await;
            entered
        })
        .await
        .unwrap_or_else(|_| Err(DemoError::Postgres(sqlx::Error::PoolTimedOut))),
    }
}

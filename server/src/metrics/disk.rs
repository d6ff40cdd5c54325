//! What each customer's repository takes on disk. Looking through all of them can take a while: it is done now and then, on a
//! thread of its own, and in between the last answer stands.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ids::CustomerId;
use domain::time::Timestamp;

/// How old an answer may be before the folders are looked through anew.
const MEASURE_EVERY: Duration = Duration::from_secs(5 * 60);

/// What was found, and when.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) at: Timestamp,
    /// Bytes of all files in the repository of each customer.
    pub(super) customers: Vec<(CustomerId, u64)>,
}

pub(super) struct Disk {
    folder: Arc<PathBuf>,
    last: Arc<Mutex<Option<Measured>>>,
    /// Held while the folders are looked through.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Disk {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder: Arc::new(folder),
            last: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// The last answer. The very first is waited for; later ones are sought in the background when they have become old.
    pub(super) async fn measured(&self, now: Timestamp) -> Option<Measured> {
        let last = self.last();
        let is_old = |last: &Measured| now.since(last.at) >= MEASURE_EVERY || now < last.at;
        if last.as_ref().is_some_and(|last| !is_old(last)) {
            return last;
        }
        let seeking = match (Arc::clone(&self.turn).try_lock_owned(), &last) {
            (Ok(turn), _) => self.seek(turn, now),
            // Somebody is at it.
            (Err(_), Some(_)) => return last,
            (Err(_), None) => {
                drop(self.turn.lock().await);
                return self.last();
            }
        };
        if last.is_none() {
            // A panic in it is one look without figures.
            let _ = seeking.await;
        }
        self.last()
    }

    fn seek(&self, turn: tokio::sync::OwnedMutexGuard<()>, at: Timestamp) -> tokio::task::JoinHandle<()> {
        let (folder, last) = (Arc::clone(&self.folder), Arc::clone(&self.last));
        tokio::task::spawn_blocking(move || {
            let customers = customers(&folder);
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Measured { at, customers });
            drop(turn);
        })
    }

    fn last(&self) -> Option<Measured> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Each folder whose name is a customer's. What cannot be read is left out: whether a disk is there is said by backups.
fn customers(folder: &Path) -> Vec<(CustomerId, u64)> {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut customers: Vec<_> = folders
        .filter_map(|entry| {
            let customer = CustomerId::parse(entry.file_name().to_str()?).ok()?;
            entry
                .file_type()
                .ok()?
                .is_dir()
                .then(|| (customer, bytes(&entry.path())))
        })
        .collect();
    customers.sort();
    customers
}

fn bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => bytes(&entry.path()),
            Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |file| file.len()),
            _ => 0,
        })
        .sum()
}

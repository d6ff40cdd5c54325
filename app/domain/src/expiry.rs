//! What an expiry tells: which backups it removed, why, and what became of their space.
//!
//! An expiry carries out what was decided elsewhere, by the policy ([`crate::retention`]) or by whoever used the bin. Its log
//! is what is left of these backups, so it says enough to answer "where is the backup of that day?".

use serde::{Deserialize, Serialize};

use crate::backup::{Backup, BackupKind, Deletion};
use crate::ids::BackupId;
use crate::retention::Expire;
use crate::time::{CivilDate, Timestamp};

/// Why a backup leaves for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The policy no longer keeps it.
    Policy(Expire),
    /// It was deleted, and nobody put it back in time.
    Bin(Deletion),
}

/// A backup that leaves for good: marked in the control store, so that it comes back in no list, whatever happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The backup, whole.
    pub backup: Backup,
    /// Why.
    pub why: Why,
}

/// What the log says of a backup that has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Its id.
    pub backup: BackupId,
    /// What it was.
    pub kind: BackupKind,
    /// The instant it held.
    pub t0: Timestamp,
    /// For an automatic one, the day that ended.
    pub business_date: Option<CivilDate>,
    /// The size of its downloads together, bytes. What of it was stored for it alone is not known.
    pub bytes: u64,
    /// Why it left.
    pub why: Why,
}

impl From<&Leaving> for Gone {
    fn from(Leaving { backup, why }: &Leaving) -> Self {
        Self {
            backup: backup.id.clone(),
            kind: backup.kind,
            t0: backup.t0,
            business_date: backup.business_date,
            bytes: backup.bytes(),
            why: why.clone(),
        }
    }
}

/// What became of the space in the customer's repository. Space is freed in two phases, a day apart: what nobody needs is
/// marked first and removed by a later expiry, so that whoever read the repository meanwhile still finds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Marked now, removed in a day, bytes.
    pub marked: u64,
    /// Removed now, bytes: it had been marked for long enough.
    pub removed: u64,
    /// What the repository takes afterwards, bytes.
    pub stored: u64,
}

/// The log of an expiry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryLog {
    /// What left, in the order it did.
    pub gone: Vec<Gone>,
    /// What became of the space; `None` when another expiry of the same customer is to free it.
    pub space: Option<Space>,
}

impl ExpiryLog {
    /// Adds those that an earlier attempt has not written down.
    pub fn add(&mut self, leaving: &[Leaving]) {
        for backup in leaving {
            if !self.gone.iter().any(|gone| gone.backup == backup.backup.id) {
                self.gone.push(backup.into());
            }
        }
    }
}

//! What a control store has seen end, counted as it happened: what is removed later is not taken off again. For whoever
//! watches the server over months.

use std::time::Duration;

use domain::backup::BackupKind;
use domain::process::{ProcessKind, StateName};

/// Upper bounds, in seconds, of the classes by which durations are counted: from the copy of a small file to half a night.
pub const DURATION_BOUNDS_SECS: [u32; 8] = [1, 5, 15, 60, 300, 900, 3_600, 14_400];

/// Everything counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ended processes; a kind and state that never was is missing.
    pub ended: Vec<Ended>,
    /// Backups that became complete; a kind that never was is missing.
    pub stored: Vec<Stored>,
}

/// Processes of one kind that ended in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// See [`kind_code`].
    pub kind: String,
    /// Completed, Failed or Cancelled.
    pub state: StateName,
    /// How many.
    pub count: u64,
    /// Of completed ones: how many took at most as long as each of [`DURATION_BOUNDS_SECS`], and not as little as the bound
    /// before; the last number is those that took longer than all. Their last attempts alone.
    pub durations: [u64; DURATION_BOUNDS_SECS.len() + 1],
    /// Of completed ones: how long they took together.
    pub took: Duration,
}

/// Backups of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Which kind.
    pub kind: BackupKind,
    /// How many.
    pub count: u64,
    /// Bytes of the databases in them.
    pub bytes: u64,
}

/// The class of a duration: a position in [`Ended::durations`].
#[must_use]
pub fn duration_class(took: Duration) -> usize {
    let within = |bound: &&u32| took <= Duration::from_secs(u64::from(**bound));
    let longer = DURATION_BOUNDS_SECS.iter().position(|bound| within(&bound));
    longer.unwrap_or(DURATION_BOUNDS_SECS.len())
}

/// A kind of process as stores and figures name it.
#[must_use]
pub const fn kind_code(kind: &ProcessKind) -> &'static str {
    match kind {
        ProcessKind::ManualBackup => "manual",
        ProcessKind::NightlyBackup { .. } => "nightly",
        ProcessKind::Restore { .. } => "restore",
        ProcessKind::Export { .. } => "export",
        ProcessKind::Import { .. } => "import",
        ProcessKind::Expiry => "expiry",
    }
}

//! A process: a piece of work that one can follow. Every snapshot of it is whole, so that a late joiner needs no replay.
//!
//! States carry their facts, and the two promises of the fiche are kept here: 100 % if and only if Completed (R7), and a
//! percentage that never goes back within an attempt.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::failure::Failure;
use crate::ids::{BackupId, DatabaseId, ProcessId, SiteId, UploadId};
use crate::limits::{ESTIMATE_AFTER, ESTIMATE_FROM_PERCENT};
use crate::restore::Scope;
use crate::time::{CivilDate, Timestamp};

/// What the work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessKind {
    /// A backup asked for by a person.
    ManualBackup,
    /// The backup of a night.
    NightlyBackup {
        /// The day that ended.
        business_date: CivilDate,
    },
    /// Puts stored data back.
    Restore {
        /// From which backup.
        backup: BackupId,
        /// The instant that backup holds.
        t0: Timestamp,
        /// How much of the site.
        scope: Scope,
        /// The restored database's name, when it is one.
        database_name: Option<String>,
    },
    /// Makes the BACPAC of one database of a backup.
    Export {
        /// Which backup.
        backup: BackupId,
        /// The instant that backup holds.
        t0: Timestamp,
        /// Which database of it.
        database: DatabaseId,
        /// Its name.
        database_name: String,
    },
    /// Makes a manual backup of an uploaded BACPAC.
    Import {
        /// The uploaded file.
        upload: UploadId,
        /// Its name on the computer it came from.
        file_name: String,
        /// The database that the backup is one of.
        database: DatabaseId,
        /// Its name.
        database_name: String,
    },
    /// Removes backups of the site that the policy or the bin has given up, and frees their space in the customer's repository.
    Expiry,
}

/// A step of the work, in the order people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Reach the databases, measure them, open the repository.
    Prepare,
    /// Fix every database of the site at one instant and copy it aside.
    Copy,
    /// Cut, compress, encrypt and store what is new.
    Store,
    /// Read back what was stored.
    Verify,
    /// Make the backup visible.
    Record,
    /// Before a restore: back the present state up.
    Safety,
    /// Before a restore: read the chosen backup and compare its hashes.
    Prove,
    /// Load the stored copy beside the live database.
    Load,
    /// Check the loaded copy.
    Check,
    /// Exchange the two.
    Swap,
    /// For a BACPAC: read the stored copy and load it aside.
    Extract,
    /// Write the BACPAC.
    Encode,
    /// Read an uploaded BACPAC from end to end with the strict reader.
    Inspect,
    /// Build a database of it.
    Convert,
    /// Keep that database as a backup: copy, store, read back.
    Keep,
    /// Mark what is no longer kept: from here on it is in no list.
    Mark,
    /// Make it invisible in the repository.
    Forget,
    /// Free the space that nobody needs.
    Free,
}

const BACKUP_STAGES: &[Stage] = &[Stage::Prepare, Stage::Copy, Stage::Store, Stage::Verify, Stage::Record];
const RESTORE_STAGES: &[Stage] = &[
    Stage::Prepare,
    Stage::Safety,
    Stage::Prove,
    Stage::Load,
    Stage::Check,
    Stage::Swap,
];
const EXPORT_STAGES: &[Stage] = &[Stage::Prepare, Stage::Extract, Stage::Encode];
const IMPORT_STAGES: &[Stage] = &[
    Stage::Prepare,
    Stage::Inspect,
    Stage::Convert,
    Stage::Keep,
    Stage::Record,
];
const EXPIRY_STAGES: &[Stage] = &[Stage::Prepare, Stage::Mark, Stage::Forget, Stage::Free];

impl ProcessKind {
    /// The steps of this work, in order.
    #[must_use]
    pub const fn stages(&self) -> &'static [Stage] {
        match self {
            Self::ManualBackup | Self::NightlyBackup { .. } => BACKUP_STAGES,
            Self::Restore { .. } => RESTORE_STAGES,
            Self::Export { .. } => EXPORT_STAGES,
            Self::Import { .. } => IMPORT_STAGES,
            Self::Expiry => EXPIRY_STAGES,
        }
    }

    /// Does it keep other work of its site waiting? Making a BACPAC reads only what is stored and does not.
    #[must_use]
    pub const fn is_exclusive(&self) -> bool {
        !matches!(self, Self::Export { .. })
    }

    /// May an interrupted attempt leave something behind, beside the live data or on a database server, that only a later
    /// attempt finds? Then it is handed out once more even when it will not be tried again.
    #[must_use]
    pub const fn leaves_remains(&self) -> bool {
        matches!(self, Self::Restore { .. } | Self::Export { .. } | Self::Import { .. })
    }

    /// Whose turn comes first: 0 for what a person asked for, 1 for a night, 2 for an expiry, for which nobody waits until it is
    /// `hastened` ([`crate::limits::EXPIRY_WAITS`]): then it takes its turn among the nights.
    #[must_use]
    pub const fn turn(&self, hastened: bool) -> u8 {
        match self {
            Self::NightlyBackup { .. } => 1,
            Self::Expiry if hastened => 1,
            Self::Expiry => 2,
            _ => 0,
        }
    }

    /// Does it need the customer's repository for itself? What is removed there must be needed by nobody who is at work.
    #[must_use]
    pub const fn is_alone_in_the_repository(&self) -> bool {
        matches!(self, Self::Expiry)
    }

    /// Does it close the site?
    #[must_use]
    pub const fn is_restore(&self) -> bool {
        matches!(self, Self::Restore { .. })
    }
}

impl Stage {
    /// Share of the whole at which the step begins and ends, percent. Shares follow the cost of the work on one core
    /// (storing is several times slower than copying); they need only be honest about the order of magnitude.
    const fn span(self) -> (u8, u8) {
        match self {
            Self::Prepare => (0, 2),
            Self::Copy => (2, 15),
            Self::Store => (15, 85),
            Self::Verify => (85, 97),
            Self::Record => (97, 99),
            Self::Safety => (2, 45),
            Self::Prove => (45, 60),
            Self::Load => (60, 85),
            Self::Check => (85, 95),
            Self::Swap => (95, 99),
            Self::Extract => (2, 30),
            Self::Encode => (30, 99),
            Self::Inspect => (2, 25),
            Self::Convert => (25, 60),
            Self::Keep => (60, 97),
            Self::Mark => (2, 10),
            Self::Forget => (10, 40),
            Self::Free => (40, 99),
        }
    }
}

/// How far a running process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The step under way.
    pub stage: Stage,
    /// Bytes done in this step.
    pub done_bytes: u64,
    /// Bytes of this step, when known.
    pub total_bytes: Option<u64>,
    /// Share of the whole, 0 to 99.
    pub percent: u8,
}

impl Progress {
    /// The beginning.
    #[must_use]
    pub const fn start() -> Self {
        Self {
            stage: Stage::Prepare,
            done_bytes: 0,
            total_bytes: None,
            percent: 0,
        }
    }

    /// What comes after `self` when so many thousandths of `stage` are done, in a step whose bytes mean nothing to people.
    #[must_use]
    pub fn advanced_by_share(self, stage: Stage, thousandths: u64) -> Self {
        Self {
            done_bytes: 0,
            total_bytes: None,
            ..self.advanced(stage, thousandths, Some(1_000))
        }
    }

    /// What comes after `self` when `stage` has done so many bytes. The percentage never goes back and stops at 99.
    #[must_use]
    pub fn advanced(self, stage: Stage, done_bytes: u64, total_bytes: Option<u64>) -> Self {
        let (from, to) = stage.span();
        let share = total_bytes.filter(|total| *total > 0).map_or(0, |total| {
            let done = u128::from(done_bytes.min(total));
            u8::try_from(done * u128::from(to - from) / u128::from(total)).unwrap_or(0)
        });
        Self {
            stage,
            done_bytes,
            total_bytes,
            percent: (from + share).min(99).max(self.percent),
        }
    }
}

/// Where the work stands. Only the transitions below exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessState {
    /// Waits for its turn.
    Queued,
    /// Being worked on.
    Running {
        /// When this attempt began.
        started_at: Timestamp,
        /// How far it is.
        progress: Progress,
    },
    /// Done: the only state at 100 %.
    Completed {
        /// When the last attempt began.
        started_at: Timestamp,
        /// When it ended.
        ended_at: Timestamp,
    },
    /// Ended without a result; nothing half-done is visible.
    Failed {
        /// When it ended.
        ended_at: Timestamp,
        /// How far it was, percent: at most 99.
        percent: u8,
        /// Why.
        failure: Failure,
    },
    /// Stopped by a person.
    Cancelled {
        /// When.
        ended_at: Timestamp,
        /// How far it was, percent: at most 99.
        percent: u8,
        /// Shown name of who stopped it.
        by: String,
    },
}

/// The state without its facts, as the control store indexes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StateName {
    /// See [`ProcessState::Queued`].
    Queued,
    /// See [`ProcessState::Running`].
    Running,
    /// See [`ProcessState::Completed`].
    Completed,
    /// See [`ProcessState::Failed`].
    Failed,
    /// See [`ProcessState::Cancelled`].
    Cancelled,
}

impl StateName {
    /// The English word of the fiche, shown in both languages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

impl ProcessState {
    /// The state's name.
    #[must_use]
    pub const fn name(&self) -> StateName {
        match self {
            Self::Queued => StateName::Queued,
            Self::Running { .. } => StateName::Running,
            Self::Completed { .. } => StateName::Completed,
            Self::Failed { .. } => StateName::Failed,
            Self::Cancelled { .. } => StateName::Cancelled,
        }
    }

    /// Share of the whole, 0 to 100; 100 if and only if Completed.
    #[must_use]
    pub const fn percent(&self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Running { progress, .. } => progress.percent,
            Self::Completed { .. } => 100,
            Self::Failed { percent, .. } | Self::Cancelled { percent, .. } => *percent,
        }
    }

    /// Has it ended, one way or another?
    #[must_use]
    pub const fn is_over(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running { .. })
    }

    /// When it ended, if it has.
    #[must_use]
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Queued | Self::Running { .. } => None,
            Self::Completed { ended_at, .. } | Self::Failed { ended_at, .. } | Self::Cancelled { ended_at, .. } => {
                Some(*ended_at)
            }
        }
    }
}

/// Can a process that is under way still be cancelled?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cancelling {
    /// Yes, and nobody has asked for it.
    Possible,
    /// Somebody has asked for it: the work stops at its next step, what it began is undone, and it ends Cancelled.
    Asked {
        /// Shown name of who asked first.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// No: what it does becomes visible now, or it has ended.
    TooLate,
}

/// A whole snapshot of a process, as people follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its id.
    pub id: ProcessId,
    /// The site it works on.
    pub site: SiteId,
    /// The site's name.
    pub site_name: String,
    /// What the work is.
    pub kind: ProcessKind,
    /// Where it stands.
    pub state: ProcessState,
    /// Shown name of who asked; empty for the night.
    pub requested_by: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Which attempt this is: 0 while it has never run, 2 after one interruption.
    pub attempt: u32,
    /// Its place in the queue, while it is queued: how many processes a single worker would take before it if nothing were
    /// added, what runs now ran on, and every site were free; and one more if work that now runs on its own site keeps it
    /// waiting. A prediction: it is made anew whenever something is queued, claimed or ended.
    pub ahead: Option<u32>,
    /// Can it still be cancelled?
    pub cancelling: Cancelling,
    /// The instant whose state is being kept, once fixed.
    pub t0: Option<Timestamp>,
    /// The backup it made, once Completed: the backup itself, or the one taken before a restore.
    pub backup: Option<BackupId>,
    /// Grows with every change: an older snapshot never replaces a newer one.
    pub revision: u64,
    /// When this snapshot was taken.
    pub updated_at: Timestamp,
}

impl Process {
    /// Number of the step under way (from 1) and number of steps.
    #[must_use]
    pub fn step(&self) -> Option<(usize, usize)> {
        let ProcessState::Running { progress, .. } = &self.state else {
            return None;
        };
        let stages = self.kind.stages();
        stages
            .iter()
            .position(|stage| *stage == progress.stage)
            .map(|at| (at + 1, stages.len()))
    }

    /// How long it has run, or ran.
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        match &self.state {
            ProcessState::Running { started_at, .. } => Some(self.updated_at.since(*started_at)),
            ProcessState::Completed { started_at, ended_at } => Some(ended_at.since(*started_at)),
            _ => None,
        }
    }

    /// A range for the time that is left, only once it is honest: after [`ESTIMATE_FROM_PERCENT`] and
    /// [`ESTIMATE_AFTER`]. The range is wide because the steps do not cost the same on every machine.
    #[must_use]
    pub fn remaining(&self) -> Option<(Duration, Duration)> {
        let elapsed = self.elapsed()?;
        let percent = self.state.percent();
        if self.state.is_over() || percent < ESTIMATE_FROM_PERCENT || elapsed < ESTIMATE_AFTER {
            return None;
        }
        let middle = elapsed.mul_f64(f64::from(100 - percent) / f64::from(percent));
        Some((middle.mul_f64(0.7), middle.mul_f64(1.5)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_steps_of_each_work_follow_each_other_without_a_gap() {
        for stages in [
            BACKUP_STAGES,
            RESTORE_STAGES,
            EXPORT_STAGES,
            IMPORT_STAGES,
            EXPIRY_STAGES,
        ] {
            assert_eq!(stages[0].span().0, 0);
            for pair in stages.windows(2) {
                assert_eq!(pair[0].span().1, pair[1].span().0, "{pair:?}");
            }
            assert_eq!(stages[stages.len() - 1].span().1, 99);
        }
    }

    proptest! {
        #[test]
        fn the_percentage_never_goes_back_and_never_reaches_100_while_running(
            steps in prop::collection::vec((0_usize..5, any::<u64>(), prop::option::of(any::<u64>())), 1..60)
        ) {
            let mut progress = Progress::start();
            for (stage, done, total) in steps {
                let next = progress.advanced(BACKUP_STAGES[stage], done, total);
                prop_assert!(next.percent >= progress.percent);
                prop_assert!(next.percent <= 99);
                progress = next;
            }
        }
    }
}

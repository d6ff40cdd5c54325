//! What is thought of a stored backup: the unusual facts that were found when it completed, and what somebody said of them.
//!
//! The rule is in [`crate::anomaly`]; what follows from a judgement is in [`crate::retention`]. Judged are the backups of the
//! living site that stay: nights and manual ones. A backup taken before a restore is not: it is made *because* the data are
//! damaged, and it is there to undo the restore, whatever it holds. One made of an uploaded file is not either: it says
//! nothing of the site. For the same reasons neither is a level that a new backup is compared with.

use serde::{Deserialize, Serialize};

use crate::anomaly::{Measured, Past, Review, Thresholds, Unusual, unusual};
use crate::backup::{Artifact, Backup, BackupKind};
use crate::time::Timestamp;

/// What somebody says of an unusual backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as it should be: its level is the normal one from now on.
    Accept,
    /// It holds damaged data: it stands for no night, and is kept as evidence for a while.
    Reject,
}

impl Verdict {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Accept, Self::Reject];

    /// The review of a backup of which this was said.
    #[must_use]
    pub const fn review(self) -> Review {
        match self {
            Self::Accept => Review::Accepted,
            Self::Reject => Review::Rejected,
        }
    }

    /// The word in forms and in the audit trail.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
        }
    }

    /// The verdict of a word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }
}

/// Who decided about an unusual backup, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// Shown name of who.
    pub by: String,
    /// Why, if they wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is thought of a backup, why, and who decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// What is thought of it.
    #[serde(default)]
    pub review: Review,
    /// The facts found when it completed; none exactly when it is usual. They do not change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusual: Vec<Unusual>,
    /// Set exactly when it is accepted or rejected; the last one, when somebody changed their mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

impl Judgement {
    /// Of a backup that just completed.
    #[must_use]
    pub fn of(unusual: Vec<Unusual>) -> Self {
        let review = if unusual.is_empty() {
            Review::Usual
        } else {
            Review::Undecided
        };
        Self {
            review,
            unusual,
            decision: None,
        }
    }

    /// Is there nothing to tell?
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.review == Review::Usual
    }

    /// Does it wait for somebody?
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.review == Review::Undecided
    }

    /// After a decision. The facts stay.
    #[must_use]
    pub fn decided(self, verdict: Verdict, decision: Decision) -> Self {
        Self {
            review: verdict.review(),
            decision: Some(decision),
            ..self
        }
    }
}

/// Is a backup judged, and may others be compared with it?
#[must_use]
pub const fn is_judged(backup: &Backup) -> bool {
    !matches!(backup.kind, BackupKind::Safety) && backup.imported_from.is_none()
}

/// Judges a backup beside the complete backups of its site, youngest first; it may be among them itself.
#[must_use]
pub fn judge(thresholds: Thresholds, backups: &[Backup], new: &Backup) -> Judgement {
    if !is_judged(new) {
        return Judgement::default();
    }
    let before = |backup: &&Backup| is_judged(backup) && backup.id != new.id && backup.t0 <= new.t0;
    let past: Vec<Past> = backups.iter().filter(before).map(past).collect();
    let new: Vec<Measured> = new.artifacts.iter().map(measured).collect();
    Judgement::of(unusual(thresholds, &past, &new))
}

fn past(backup: &Backup) -> Past {
    Past {
        review: backup.judgement.review,
        databases: backup.artifacts.iter().map(measured).collect(),
    }
}

fn measured(artifact: &Artifact) -> Measured {
    Measured {
        database: artifact.database.clone(),
        bytes: artifact.download_bytes,
        rows: artifact.rows.clone(),
    }
}

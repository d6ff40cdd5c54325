//! What reaches people who are not looking at the console: what an alert may be about, how grave it is, who is told, and how
//! long a delivery is tried. How it is delivered and in which words is not here.
//!
//! A new kind of alert is a variant of [`Matter`] with its line in [`Matter::terms`]; the compiler then asks for its
//! sentences (`app/src/i18n/alerts.rs`), its facts in a webhook (`server/alerts/src/payload.rs`) and its occasion
//! (`control::ports::outbox`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::anomaly::Unusual;
use crate::failure::{Cause, Failure};
use crate::ids::{BackupId, ProcessId};
use crate::limits::{ALERT_FIRST_RETRY, ALERT_LONGEST_RETRY};
use crate::nights::Silence;
use crate::time::{CivilDate, Timestamp};

/// What an alert is about, with the facts it tells. Kept in the control store until it is delivered: a field that is added
/// later needs `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "matter", rename_all = "kebab-case")]
pub enum Matter {
    /// A site has been without a complete backup for too long.
    Silent {
        /// Since when.
        silence: Silence,
    },
    /// A site of which that was said has a complete backup again.
    SilenceOver,
    /// A restore was ordered without the client's request (R22).
    GlassBroken {
        /// The restore.
        process: ProcessId,
        /// Shown name of who ordered it.
        by: String,
        /// The written reason.
        reason: String,
    },
    /// The automatic backup of a night failed; further tries of the same night raise no second alert.
    NightFailed {
        /// The process that failed.
        process: ProcessId,
        /// The day it was to save.
        business_date: CivilDate,
        /// Why.
        failure: Failure,
    },
    /// A new backup is unusual: until somebody decides, older good ones of the site do not expire.
    Unusual {
        /// The backup.
        backup: BackupId,
        /// The instant it holds.
        t0: Timestamp,
        /// For an automatic one, the day that ended.
        business_date: Option<CivilDate>,
        /// The facts, at least one.
        facts: Vec<Unusual>,
    },
    /// A restore failed.
    RestoreFailed {
        /// The restore.
        process: ProcessId,
        /// Why.
        failure: Failure,
    },
    /// What is no longer kept could not be removed, or its space not freed; the further tries of a day raise no second alert.
    ExpiryFailed {
        /// The expiry.
        process: ProcessId,
        /// Why.
        failure: Failure,
    },
    /// Somebody asks whether alerts arrive.
    Test,
}

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look at it today.
    Warning,
    /// Somebody should look at it now.
    Critical,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever runs the host.
    Host,
    /// They and the client's administrators of the site.
    HostAndClient,
}

impl Matter {
    /// The table: the word in a webhook's `type`, how grave it is, who is told.
    const fn terms(&self) -> (&'static str, Severity, Audience) {
        match self {
            Self::Silent { .. } => ("site.silent", Severity::Critical, Audience::Host),
            Self::SilenceOver => ("site.silence-over", Severity::Info, Audience::Host),
            Self::GlassBroken { .. } => ("restore.without-request", Severity::Warning, Audience::HostAndClient),
            Self::NightFailed { .. } => ("backup.night-failed", Severity::Warning, Audience::Host),
            Self::Unusual { .. } => ("backup.unusual", Severity::Warning, Audience::HostAndClient),
            Self::RestoreFailed { .. } => ("restore.failed", Severity::Critical, Audience::Host),
            // Backups are read where expiries work: damage seen there is damage to them.
            Self::ExpiryFailed { failure, .. } if matches!(failure.cause, Cause::StoredDataDamaged) => {
                ("expiry.failed", Severity::Critical, Audience::Host)
            }
            Self::ExpiryFailed { .. } => ("expiry.failed", Severity::Warning, Audience::Host),
            Self::Test => ("alert.test", Severity::Info, Audience::Host),
        }
    }

    /// The word by which programs know it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        self.terms().0
    }

    /// How grave it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.terms().1
    }

    /// Who is told.
    #[must_use]
    pub const fn audience(&self) -> Audience {
        self.terms().2
    }
}

impl Severity {
    /// The word by which programs know it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// How long a delivery waits after so many failed attempts (from 1): doubled each time, up to [`ALERT_LONGEST_RETRY`].
#[must_use]
pub fn wait(attempts: u32) -> Duration {
    ALERT_FIRST_RETRY
        .saturating_mul(1 << attempts.saturating_sub(1).min(16))
        .min(ALERT_LONGEST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_a_minute_to_an_hour() {
        let minutes = [0, 1, 2, 3, 4, 5, 6, 7, 99, u32::MAX].map(|attempts| wait(attempts).as_secs() / 60);
        assert_eq!(minutes, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_matter_is_read_back_as_it_was_kept() {
        let process = ProcessId::from_random([7; 10]);
        let failure: Failure =
            serde_json::from_str(r#"{"cause":"storage-full","database":null,"reference":"7f3k-92qd"}"#).unwrap();
        let business_date = CivilDate::from_days(20_000);
        for matter in [
            Matter::SilenceOver,
            Matter::Test,
            Matter::NightFailed {
                process: process.clone(),
                business_date,
                failure,
            },
            Matter::GlassBroken {
                process,
                by: "Inès".into(),
                reason: "disque".into(),
            },
        ] {
            let kept = serde_json::to_string(&matter).unwrap();
            assert_eq!(serde_json::from_str::<Matter>(&kept).unwrap(), matter, "{kept}");
        }
    }
}

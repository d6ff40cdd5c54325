//! The port by which whoever runs the server follows what happens, as it happens: the log. What must reach people is kept in
//! the outbox beside it ([`super::outbox`]), in the transaction of what it tells, and does not go this way.

use domain::anomaly::Unusual;
use domain::ids::{BackupId, SiteId};
use domain::nights::Silence;
use domain::process::Process;

/// What people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a notice is handed over once and not kept")]
pub enum Notice {
    /// An operator restores without a client's request, with this written reason: the client is told at once (R22).
    GlassBroken {
        /// The site.
        site: SiteId,
        /// Shown name of the operator.
        by: String,
        /// The written reason.
        reason: String,
    },
    /// A process ended, well or badly.
    Ended(Process),
    /// A new backup is unusual: until somebody decides, older good ones of the site do not expire.
    Unusual {
        /// The site.
        site: SiteId,
        /// The backup.
        backup: BackupId,
        /// The facts, at least one.
        facts: Vec<Unusual>,
    },
    /// A site has been without a complete backup for too long.
    Silent {
        /// The site.
        site: SiteId,
        /// Since when.
        silence: Silence,
    },
    /// A site of which that was said has a complete backup again.
    SilenceOver {
        /// The site.
        site: SiteId,
    },
}

/// Takes notices. None may stop the work, and nothing is lost with one.
pub trait Notifier: Send + Sync {
    /// Takes a notice over.
    fn notify(&self, notice: Notice);
}

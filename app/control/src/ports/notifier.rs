//! The port by which people are told what concerns them when they are not looking at the console.

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

/// Sends notices. A notice that cannot be delivered must not stop the work: the adapter logs and retries by itself.
pub trait Notifier: Send + Sync {
    /// Takes a notice over.
    fn notify(&self, notice: Notice);
}

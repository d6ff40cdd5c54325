//! What the server pushes to every open page. Each event is a whole state, never a difference: late joiners and
//! reconnections need no replay.

use serde::{Deserialize, Serialize};

use crate::ids::SiteId;
use crate::process::Process;
use crate::site::SiteStatus;

/// One pushed event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::large_enum_variant,
    reason = "most events are processes, and each is sent at once"
)]
#[serde(rename_all = "kebab-case")]
pub enum LiveEvent {
    /// A process, as it is now.
    Process(Process),
    /// The status of a site, as it is now.
    Site {
        /// The site.
        site: SiteId,
        /// Its status.
        status: SiteStatus,
    },
    /// Which backups a site keeps has changed otherwise than by a process: whoever shows them reads them again. The lists
    /// themselves are not sent, because what of them a person may see differs.
    Backups {
        /// The site.
        site: SiteId,
    },
}

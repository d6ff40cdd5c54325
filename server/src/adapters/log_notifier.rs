//! Writes what happens to the log: whoever runs the host reads it or forwards it. Alerts by mail and webhook come from the
//! outbox, not from here.

use control::ports::notifier::{Notice, Notifier};
use domain::time::Zone;

/// Writes notices to the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogNotifier;

impl Notifier for LogNotifier {
    fn notify(&self, notice: Notice) {
        match notice {
            Notice::GlassBroken { site, by, reason } => {
                tracing::warn!(%site, by, reason, "a restore was ordered without a client's request");
            }
            Notice::Unusual { site, backup, facts } => {
                tracing::warn!(%site, %backup, facts = facts.len(), first = ?facts.first(), "the backup is unusual; older ones do not expire until somebody decides");
            }
            Notice::Silent { site, silence } => match silence.last {
                Some(last) => {
                    let last = Zone::utc().rfc3339(last);
                    tracing::error!(%site, last, "the site has been without a complete backup for too long");
                }
                None => tracing::error!(%site, "the site has never had a complete backup"),
            },
            Notice::SilenceOver { site } => tracing::info!(%site, "the site has a complete backup again"),
            Notice::Ended(process) => {
                let state = process.state.name().word();
                tracing::info!(process = %process.id, site = %process.site, state, attempt = process.attempt, "process ended");
            }
        }
    }
}

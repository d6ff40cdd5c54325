//! Tells people through the log: whoever runs the host reads it or forwards it. Mail and webhooks have adapters of their own
//! when they come.

use control::ports::notifier::{Notice, Notifier};

/// Writes notices to the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogNotifier;

impl Notifier for LogNotifier {
    fn notify(&self, notice: Notice) {
        match notice {
            Notice::GlassBroken { site, by, reason } => {
                tracing::warn!(%site, by, reason, "a restore was ordered without a client's request");
            }
            Notice::Ended(process) => {
                let state = process.state.name().word();
                tracing::info!(process = %process.id, site = %process.site, state, attempt = process.attempt, "process ended");
            }
        }
    }
}

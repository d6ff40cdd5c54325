//! The one channel by which open pages learn of changes, within this server. It carries whole states, so a slow listener
//! that misses some is right again with the next.

use domain::ids::SiteId;
use domain::live::LiveEvent;
use domain::process::Process;
use domain::site::SiteStatus;
use tokio::sync::broadcast;

/// Events kept for a listener that is busy: at four snapshots a second and some dozens of processes, some seconds.
const BACKLOG: usize = 1_024;

/// The channel. Cheap to publish on when nobody listens.
#[derive(Debug)]
pub struct Feed(broadcast::Sender<LiveEvent>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Feed {
    /// Listens from now on. A listener that falls behind is told so, and reads the present state again.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<LiveEvent> {
        self.0.subscribe()
    }

    /// Does anybody listen? Whoever begins afterwards reads the present state first.
    pub(crate) fn is_followed(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(crate) fn process(&self, process: &Process) {
        // No listener is no error.
        let _ = self.0.send(LiveEvent::Process(process.clone()));
    }

    pub(crate) fn site(&self, site: &SiteId, status: SiteStatus) {
        let _ = self.0.send(LiveEvent::Site {
            site: site.clone(),
            status,
        });
    }

    pub(crate) fn backups(&self, site: &SiteId) {
        let _ = self.0.send(LiveEvent::Backups { site: site.clone() });
    }
}

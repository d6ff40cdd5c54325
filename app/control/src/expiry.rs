//! When an expiry is wanted: after whatever may have made the policy let go of a backup, and regularly for what time alone
//! brings. What it then does is in `jobs/expiry.rs`; what leaves is decided in the store, by the domain's own function.

use domain::ids::{ProcessId, SiteId};
use domain::process::ProcessKind;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::control_store::NewProcess;
use crate::random;

impl ControlPlane {
    /// Queues an expiry for this site, or for every site, if there is something for it to do. Doing so twice queues one.
    ///
    /// # Errors
    /// A failure of the store.
    pub(crate) async fn expire(&self, site: Option<&SiteId>) -> Result<(), ControlError> {
        self.outside.store.hasten_expiries(self.now()).await?;
        for site in self.outside.store.expiry_due(site, self.now()).await? {
            let new = NewProcess {
                id: ProcessId::from_random(random::bytes()),
                site,
                kind: ProcessKind::Expiry,
                requested_by: String::new(),
                reason: None,
                at: self.now(),
            };
            let process = self.outside.store.queue_expiry(&new).await?;
            self.announce(&process);
        }
        Ok(())
    }

    /// The same after something of a site has ended well, whose answer this must not change.
    pub(crate) async fn expire_soon(&self, site: &SiteId) {
        // A failure was logged where it happened; the next sweep looks again.
        let _ = self.expire(Some(site)).await;
    }
}

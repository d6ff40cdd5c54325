//! The control plane: what server functions, HTTP handlers, the worker and the command line call. It holds the ports and
//! nothing that must survive: a second one on the same store would do the same.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use domain::account::Actor;
use domain::ids::{AccountId, SiteId, UploadId};
use domain::permission::{Action, refusal};
use domain::refusal::Refusal;
use domain::site::{EngineKind, Site};
use domain::time::Timestamp;
use tokio::sync::{Notify, Semaphore};

use crate::error::ControlError;
use crate::feed::Feed;
use crate::jobs::AtWork;
use crate::nights::NightWatch;
use crate::ports::clock::Clock;
use crate::ports::control_store::{AuditEntry, ControlStore};
use crate::ports::database_engine::DatabaseEngine;
use crate::ports::notifier::Notifier;
use crate::ports::packages::Packages;
use crate::ports::password_hasher::PasswordHasher;
use crate::ports::repository::Repositories;
use crate::ports::scratch::Scratch;
use crate::ports::shelf::Shelf;

/// Passwords hashed at once: each takes 64 MiB, and a burst of tries must not take the machine.
const HASHED_AT_ONCE: usize = 2;

/// The outside world, as `server/src/wiring.rs` or a test puts it together.
#[derive(Clone)]
pub struct Outside {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Sites, accounts, processes, backups.
    pub store: Arc<dyn ControlStore>,
    /// One adapter per engine.
    pub engines: Vec<Arc<dyn DatabaseEngine>>,
    /// Where backups are kept.
    pub repositories: Arc<dyn Repositories>,
    /// How people are told.
    pub notifier: Arc<dyn Notifier>,
    /// How passwords are compared.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Room for copies under way.
    pub scratch: Arc<dyn Scratch>,
    /// How BACPAC files are made and read.
    pub packages: Arc<dyn Packages>,
    /// Where BACPAC files lie.
    pub shelf: Arc<dyn Shelf>,
    /// Largest file that may be uploaded, bytes.
    pub upload_most_bytes: u64,
    /// Names this server in leases; unique among the nodes of one store.
    pub node: String,
    /// Processes at work at once on this node.
    pub max_running: u32,
}

/// What Coffre does, as methods. Grouped by noun: `accounts.rs sites.rs backups.rs
/// keeping.rs processes.rs restores.rs downloads.rs exports.rs imports.rs`.
pub struct ControlPlane {
    pub(crate) outside: Outside,
    pub(crate) feed: Feed,
    pub(crate) wake: Notify,
    pub(crate) night_watch: NightWatch,
    /// Something may have come into the outbox.
    pub(crate) alert_raised: Notify,
    pub(crate) at_work: AtWork,
    pub(crate) hashing: Semaphore,
    /// Held while a try to sign in is counted.
    pub(crate) counting: tokio::sync::Mutex<()>,
    /// Uploads that something is arriving for at this moment.
    pub(crate) arriving: Arc<Mutex<HashSet<UploadId>>>,
}

impl ControlPlane {
    /// A control plane over these ports. It works on nothing by itself: see [`Self::work`].
    #[must_use]
    pub fn new(outside: Outside) -> Arc<Self> {
        Arc::new(Self {
            feed: Feed::default(),
            wake: Notify::new(),
            night_watch: NightWatch::begun(outside.clock.now()),
            at_work: AtWork::default(),
            outside,
            alert_raised: Notify::new(),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            counting: tokio::sync::Mutex::default(),
            arriving: Arc::default(),
        })
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    /// Changes, as open pages follow them.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The control store, for the command line and the demonstration.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ControlStore> {
        &self.outside.store
    }

    pub(crate) fn engine(&self, kind: EngineKind) -> Option<&Arc<dyn DatabaseEngine>> {
        self.outside.engines.iter().find(|engine| engine.kind() == kind)
    }

    /// The site, if `actor` may do `action` on it. A refusal of a changing action or of a download is audited.
    pub(crate) async fn allowed(&self, actor: &Actor, action: Action, site: &SiteId) -> Result<Site, ControlError> {
        let Some(found) = self.outside.store.site(site).await? else {
            return Err(Refusal::NotFound.into());
        };
        let Some(no) = refusal(actor, action, &found) else {
            return Ok(found);
        };
        if action != Action::See {
            self.audit(Some(actor), Some(site), &format!("{action:?}"), no.code(), "")
                .await?;
        }
        Err(no.into())
    }

    /// Writes a line of the audit trail. What cannot be written down is not done: callers pass the error on.
    pub(crate) async fn audit(
        &self,
        actor: Option<&Actor>,
        site: Option<&SiteId>,
        action: &str,
        outcome: &str,
        detail: &str,
    ) -> Result<(), ControlError> {
        let entry = AuditEntry {
            at: self.now(),
            account: actor.map(|actor| -> AccountId { actor.account.clone() }),
            name: actor.map_or_else(String::new, |actor| actor.name.clone()),
            site: site.cloned(),
            action: action.to_owned(),
            outcome: outcome.to_owned(),
            detail: detail.to_owned(),
        };
        Ok(self.outside.store.audit(&entry).await?)
    }
}

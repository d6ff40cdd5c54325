//! The courier: brings every alert of the outbox to everybody who is to be told.
//!
//! It remembers nothing that must survive. A recipient that fails is left alone for this round; the others go on beside it.
//! Two couriers on one store send each delivery once, unless one dies between sending and keeping that it did.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::alert::{self, Audience};
use domain::time::Timestamp;
use futures::StreamExt;
use tokio::sync::watch;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::alert_channel::{AlertChannel, Letter, Undelivered};
use crate::ports::clock::Clock;
use crate::ports::control_store::{ControlStore, StoreError};
use crate::ports::notifier::Notice;
use crate::ports::outbox::{Alert, Delivery, Recipient, Settlement};

/// How often the outbox is looked at when nobody says that something is in it: for waits that are over, another server's
/// alerts, leases that ran out.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How long a delivery is one courier's: longer than any channel tries.
const LEASE: Duration = Duration::from_secs(5 * 60);

/// Recipients that are written to at once.
const AT_ONCE: usize = 8;

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Deliveries that arrived.
    pub delivered: usize,
    /// Those that did not, and will be tried again.
    pub failed: usize,
    /// Those that are not tried any more.
    pub given_up: usize,
}

/// Delivers through these channels what is in this store.
pub struct Courier {
    store: Arc<dyn ControlStore>,
    clock: Arc<dyn Clock>,
    channels: Vec<Arc<dyn AlertChannel>>,
    /// Receivers that want nothing more, until the next start.
    gone: Mutex<HashSet<Recipient>>,
}

impl Courier {
    /// One that has delivered nothing yet. Without channels it addresses alerts to nobody and sweeps old ones.
    #[must_use]
    pub fn new(store: Arc<dyn ControlStore>, clock: Arc<dyn Clock>, channels: Vec<Arc<dyn AlertChannel>>) -> Self {
        Self {
            store,
            clock,
            channels,
            gone: Mutex::default(),
        }
    }

    /// Addresses new alerts, tries every delivery that is due once, gives up what was tried for too long.
    ///
    /// # Errors
    /// A failure of the store. The next round begins anew.
    pub async fn deliver_once(&self) -> Result<Round, ControlError> {
        for alert in self.store.unaddressed_alerts().await? {
            let recipients = self.recipients(&alert).await?;
            self.store.address_alert(&alert.id, &recipients, self.now()).await?;
        }
        let due = self.store.due_recipients(self.now()).await?;
        let ways = due.into_iter().filter_map(|recipient| {
            let channel = self.channel(&recipient)?;
            Some(self.deliver_to(channel, recipient))
        });
        let tried: Vec<_> = futures::stream::iter(ways).buffer_unordered(AT_ONCE).collect().await;
        let mut round = Round::default();
        for outcome in tried {
            let (delivered, failed) = outcome?;
            round.delivered += delivered;
            round.failed += failed;
        }
        for lost in self.store.sweep_alerts(self.now()).await? {
            round.given_up += 1;
            let Delivery { alert, recipient, .. } = &lost;
            tracing::error!(
                alert = %alert.id, matter = alert.matter.word(), channel = recipient.channel, to = recipient.to,
                attempts = lost.attempt, "an alert was never delivered and is given up"
            );
        }
        Ok(round)
    }

    /// Everybody who is to be told.
    async fn recipients(&self, alert: &Alert) -> Result<Vec<Recipient>, ControlError> {
        let clients = match (&alert.site, alert.matter.audience()) {
            (Some(site), Audience::HostAndClient) => self.store.administrators(site).await?,
            _ => Vec::new(),
        };
        let mut recipients = BTreeSet::new();
        for channel in &self.channels {
            let people = if channel.reaches_people() {
                clients.clone()
            } else {
                Vec::new()
            };
            recipients.extend(channel.standing().into_iter().chain(people).map(|to| Recipient {
                channel: channel.name().to_owned(),
                to,
            }));
        }
        Ok(recipients.into_iter().collect())
    }

    /// The channel that serves this recipient, if there is one now.
    fn channel(&self, recipient: &Recipient) -> Option<&Arc<dyn AlertChannel>> {
        if self.gone().contains(recipient) {
            return None;
        }
        self.channels.iter().find(|channel| {
            let served = channel.reaches_people() || channel.standing().contains(&recipient.to);
            channel.name() == recipient.channel && served
        })
    }

    /// Delivers one after the other until nothing is due or the recipient cannot be reached.
    async fn deliver_to(
        &self,
        channel: &Arc<dyn AlertChannel>,
        recipient: Recipient,
    ) -> Result<(usize, usize), ControlError> {
        let (mut delivered, mut failed) = (0, 0);
        loop {
            let now = self.now();
            let taken = self.store.take_delivery(&recipient, now, now.plus(LEASE)).await?;
            let Some(delivery) = taken else { break };
            let site = match &delivery.alert.site {
                Some(site) => self.store.site(site).await?,
                None => None,
            };
            let letter = Letter {
                alert: delivery.alert.clone(),
                site,
            };
            let outcome = channel.send(&letter, &recipient.to, now).await;
            let again = |refused| Settlement::Again {
                due_at: self.now().plus(alert::wait(delivery.attempt)),
                refused,
            };
            let settlement = match &outcome {
                Ok(()) => Settlement::Delivered,
                Err(Undelivered::Refused(_)) => again(true),
                Err(Undelivered::Later(_) | Undelivered::Gone(_)) => again(false),
            };
            self.log(&delivery, &outcome);
            match self.store.settle_delivery(&delivery, settlement, self.now()).await {
                Ok(()) | Err(StoreError::Fenced) => {}
                Err(error) => return Err(error.into()),
            }
            match outcome {
                Ok(()) => delivered += 1,
                Err(Undelivered::Refused(_)) => failed += 1,
                Err(Undelivered::Later(_)) => {
                    failed += 1;
                    break;
                }
                Err(Undelivered::Gone(_)) => {
                    failed += 1;
                    self.gone().insert(recipient);
                    break;
                }
            }
        }
        Ok((delivered, failed))
    }

    fn log(&self, delivery: &Delivery, outcome: &Result<(), Undelivered>) {
        let Delivery {
            alert,
            recipient,
            attempt,
        } = delivery;
        let (matter, channel, to) = (alert.matter.word(), &recipient.channel, &recipient.to);
        match outcome {
            Ok(()) => tracing::info!(alert = %alert.id, matter, channel, to, attempt, "alert delivered"),
            Err(error @ Undelivered::Gone(_)) => {
                tracing::error!(alert = %alert.id, matter, channel, to, %error, "no alert goes there until the next start");
            }
            Err(error) => {
                tracing::warn!(alert = %alert.id, matter, channel, to, attempt, %error, "alert not delivered; it is tried again");
            }
        }
    }

    fn gone(&self) -> std::sync::MutexGuard<'_, HashSet<Recipient>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl ControlPlane {
    /// Delivers alerts through these channels until `stop` says so. Without channels they are kept for a while and reach nobody.
    pub async fn deliver_alerts(
        self: Arc<Self>,
        channels: Vec<Arc<dyn AlertChannel>>,
        mut stop: watch::Receiver<bool>,
    ) {
        let (store, clock) = (Arc::clone(&self.outside.store), Arc::clone(&self.outside.clock));
        let courier = Arc::new(Courier::new(store, clock, channels));
        while !*stop.borrow() {
            // On its own: a channel that panics must not silence every alert that is still to come. A failure of the store
            // was logged where it happened; the next round may find it well again.
            let round = Arc::clone(&courier);
            if let Err(panic) = tokio::spawn(async move { round.deliver_once().await }).await {
                tracing::error!(%panic, "delivering alerts panicked");
            }
            tokio::select! {
                () = self.alert_raised.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Keeps an alert that is told in no other transaction, to be delivered at once.
    ///
    /// # Errors
    /// A failure of the store: nobody is told then.
    pub async fn raise(&self, alert: &Alert) -> Result<(), ControlError> {
        self.outside.store.raise_alert(alert).await?;
        self.alert_raised.notify_one();
        Ok(())
    }

    /// Hands a notice to whoever follows the log, and lets the courier look: what the notice tells may be in the outbox.
    pub(crate) fn notify(&self, notice: Notice) {
        self.alert_raised.notify_one();
        self.outside.notifier.notify(notice);
    }
}

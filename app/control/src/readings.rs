//! Reading a backup for somebody outside, such as a download: while it goes on, the backup is neither deleted nor does it expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ids::{BackupId, ReadingId};
use domain::limits::{READING_HEARTBEAT, READING_LEASE};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::random;

/// Protects a backup for as long as it is kept.
#[derive(Debug)]
pub(crate) struct Reading {
    lost: Arc<AtomicBool>,
    /// Closes with this value, which ends the reading.
    _end: oneshot::Sender<()>,
}

impl Reading {
    /// May the backup be gone? Then nothing more is read of it.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }
}

impl ControlPlane {
    /// Begins to read a backup.
    ///
    /// # Errors
    /// [`domain::refusal::Refusal::NotFound`] when it is deleted; a failure of the store.
    pub(crate) async fn read_backup(&self, backup: &BackupId) -> Result<Reading, ControlError> {
        let (store, clock) = (self.outside.store.clone(), self.outside.clock.clone());
        let id = ReadingId::from_random(random::bytes());
        let until = clock.now().plus(READING_LEASE);
        store.begin_reading(&id, backup, until).await?;
        let lost = Arc::new(AtomicBool::new(false));
        let (end, mut ended) = oneshot::channel::<()>();
        let told = Arc::clone(&lost);
        tokio::spawn(async move {
            let mut beat = interval(READING_HEARTBEAT);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            // The first beat comes at once, and there was one above.
            beat.tick().await;
            let mut until = until;
            loop {
                tokio::select! {
                    _ = &mut ended => break,
                    _ = beat.tick() => {}
                }
                let now = clock.now();
                match store.go_on_reading(&id, now, now.plus(READING_LEASE)).await {
                    Ok(true) => until = now.plus(READING_LEASE),
                    Ok(false) => break told.store(true, Ordering::SeqCst),
                    // The lease decides.
                    Err(error) => {
                        tracing::warn!(%error, "a reading could not be prolonged");
                        told.store(now >= until, Ordering::SeqCst);
                    }
                }
            }
            if let Err(error) = store.end_reading(&id, clock.now()).await {
                tracing::warn!(%error, "a reading could not be ended; it runs out by itself");
            }
        });
        Ok(Reading { lost, _end: end })
    }
}

//! The worker: claims one process after another and attends to each until it ends. All kinds of work go this way.
//!
//! The work itself blocks, on a thread of its own ([`crate::jobs`]). Beside it runs the attendance: it prolongs the lease, keeps
//! the progress at most four times a second, and stops the work when the claim is lost or a person wants it stopped.

use std::sync::Arc;
use std::time::Duration;

use domain::failure::{Cause, Failure};
use domain::limits::{HEARTBEAT, LEASE, PROGRESS_INTERVAL};
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, StateName};
use domain::site::SiteStatus;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::jobs::{Attempt, JobError, Outcome, Report};
use crate::ports::control_store::{Claim, Claimed, StoreError};
use crate::ports::notifier::Notice;
use crate::random;

/// How often an idle worker looks for work that nobody woke it for: a lease that ran out, another node's queue. Well below
/// the 30 s in which an interrupted process must go on.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often the wish of a person to stop the work is looked for. Here it arrives at once; this is for another node's.
const LISTEN_EVERY: Duration = Duration::from_secs(1);

/// How often ended sessions are swept.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

impl ControlPlane {
    /// Works until `stop` says so; what is under way then is left to its lease. As many processes at once as the
    /// configuration allows. The nights are made meanwhile.
    pub async fn work(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..self.outside.max_running.max(1) {
            workers.spawn(Arc::clone(&self).work_alone(stop.clone()));
        }
        workers.spawn(Arc::clone(&self).make_nights(stop.clone()));
        workers.spawn(Arc::clone(&self).sweep_regularly(stop));
        workers.join_all().await;
    }

    /// Claims one process and attends to it until it ends. `false` when there was none.
    ///
    /// # Errors
    /// A failure of the store while claiming.
    pub async fn work_once(self: &Arc<Self>) -> Result<bool, ControlError> {
        let now = self.now();
        let outside = &self.outside;
        for given_up in outside.store.end_silent(now).await? {
            tracing::warn!(process = %given_up.id, "its worker is silent, and it is not tried again");
            self.tell_end(given_up).await;
        }
        let claimed = outside
            .store
            .claim(&outside.node, now, now.plus(LEASE), outside.max_running)
            .await?;
        let Some(claimed) = claimed else { return Ok(false) };
        self.feed.process(&claimed.process);
        self.announce_queue().await;
        self.attend(claimed).await;
        Ok(true)
    }

    async fn work_alone(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            // A failure was logged where it happened; the next look may find the store well again.
            let worked = self.work_once().await.unwrap_or(false);
            if !worked {
                tokio::select! {
                    () = self.wake.notified() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    _ = stop.changed() => {}
                }
            }
        }
    }

    async fn sweep_regularly(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Ok(count @ 1..) = self.expire_sessions().await {
                tracing::debug!(count, "sessions past their limits are gone");
            }
            // A failure was logged where it happened.
            let _ = self.sweep().await;
            tokio::select! {
                () = tokio::time::sleep(SWEEP_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn attend(self: &Arc<Self>, claimed: Claimed) {
        let (claim, process) = (claimed.claim.clone(), claimed.process.clone());
        let halt = self.at_work.begin(&claim.process);
        if matches!(process.cancelling, Cancelling::Asked { .. }) {
            halt.stop();
        }
        let (reports, mut latest) = watch::channel(Report::start());
        let attempt = Attempt::new(Arc::clone(self), claimed, Arc::clone(&halt), reports);
        let mut job = tokio::task::spawn_blocking(move || attempt.run());

        let mut tick = interval(PROGRESS_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beaten = Instant::now();
        let mut listened: Option<Instant> = None;
        let outcome = loop {
            tokio::select! {
                ended = &mut job => break ended.unwrap_or_else(|panic| match process.kind {
                    // It may have been in the middle of an exchange: only a later attempt can tell and settle.
                    ProcessKind::Restore { .. } => Err(JobError::Unsettled),
                    _ => Err(JobError::new(Cause::Unexpected, format!("the work panicked: {panic}"))),
                }),
                _ = tick.tick() => {
                    let mut held = Ok(());
                    if beaten.elapsed() >= HEARTBEAT {
                        beaten = Instant::now();
                        held = self.outside.store.heartbeat(&claim, self.now().plus(LEASE)).await;
                    }
                    if held.is_ok() && listened.is_none_or(|at| at.elapsed() >= LISTEN_EVERY) {
                        listened = Some(Instant::now());
                        held = match self.outside.store.asked_to_stop(&claim).await {
                            Ok(true) => Err(StoreError::Stopping),
                            other => other.map(drop),
                        };
                    }
                    if held.is_ok() && latest.has_changed().unwrap_or(false) {
                        let report = latest.borrow_and_update().clone();
                        held = self.keep_progress(&claim, &report).await;
                    }
                    match held {
                        Ok(()) => {}
                        Err(StoreError::Fenced) => halt.lose(),
                        Err(StoreError::Stopping) => halt.stop(),
                        // The lease decides: if the store stays away for longer, another attempt takes over.
                        Err(error) => tracing::warn!(process = %claim.process, %error, "progress not kept"),
                    }
                }
            }
        };
        self.at_work.end(&claim.process, &halt);
        self.settle(&claim, &process, outcome).await;
    }

    async fn keep_progress(&self, claim: &Claim, report: &Report) -> Result<(), StoreError> {
        let process = self
            .outside
            .store
            .report(claim, report.progress, report.t0, self.now())
            .await?;
        self.feed.process(&process);
        Ok(())
    }

    async fn settle(&self, claim: &Claim, process: &Process, outcome: Result<Outcome, JobError>) {
        let store = &self.outside.store;
        let now = self.now();
        let mut unusual = None;
        let ended = match outcome {
            Ok(Outcome::Backup(backup)) => {
                let ended = store.complete_backup(claim, &backup, now).await;
                unusual = backup.judgement.is_undecided().then_some(backup);
                ended
            }
            Ok(Outcome::Exported(export)) => store.complete_export(claim, &export, now).await,
            Ok(Outcome::Expired(log, free_at)) => store.complete_expiry(claim, &log, free_at, now).await,
            Ok(Outcome::Restored) => store.complete_restore(claim, now).await,
            Err(JobError::Unsettled) => {
                tracing::error!(process = %claim.process, attempt = claim.attempt, "not settled; the next attempt begins with it");
                return;
            }
            Err(JobError::Lost) => {
                tracing::warn!(process = %claim.process, attempt = claim.attempt, "the claim was lost; nothing was kept");
                return;
            }
            Err(JobError::Stopped) => store.end_cancelled(claim, now).await,
            Err(JobError::Failed {
                cause,
                database,
                detail,
            }) => {
                let failure = Failure {
                    cause,
                    database,
                    reference: random::reference(),
                };
                tracing::error!(process = %claim.process, reference = failure.reference, ?cause, detail, "process failed");
                store.fail(claim, &failure, now).await
            }
        };
        // The wish came after the work had gone wrong by itself, and before that was kept.
        let unusual = unusual.filter(|_| ended.is_ok());
        let ended = match ended {
            Err(StoreError::Stopping) => store.end_cancelled(claim, now).await,
            ended => ended,
        };
        match ended {
            Ok(process) => {
                if let ProcessKind::Import { upload, .. } = &process.kind
                    && is_done_with(&process.state)
                {
                    let _ = self.remove_upload(upload).await;
                }
                self.tell_end(process).await;
                if let Some(backup) = unusual {
                    self.notify(Notice::Unusual {
                        site: backup.site,
                        backup: backup.id,
                        facts: backup.judgement.unusual,
                    });
                }
            }
            Err(error) => {
                tracing::error!(process = %process.id, %error, "the end of a process was not kept; its lease decides")
            }
        }
        self.wake.notify_one();
    }

    /// Everybody is told that a process has ended: open pages, the scheduler, whoever is to be notified, those who waited.
    async fn tell_end(&self, process: Process) {
        if process.kind.is_restore() {
            self.feed.site(&process.site, SiteStatus::Ready);
        }
        self.feed.process(&process);
        // What a completed backup changes can wait until the scheduler asks: it would be one look more at each site and night.
        if process.kind.is_restore() || process.state.name() != StateName::Completed {
            self.night_watch.changed(&process.site);
        }
        if matches!(process.kind, ProcessKind::NightlyBackup { .. }) {
            self.expire_soon(&process.site).await;
        }
        self.notify(Notice::Ended(process));
        self.announce_queue().await;
    }

    /// The queue has changed: the pages of those who wait in it are told their places, if there are any.
    pub(crate) async fn announce_queue(&self) {
        if !self.feed.is_followed() {
            return;
        }
        match self.outside.store.active(None).await {
            Ok(active) => active
                .iter()
                .filter(|p| p.ahead.is_some())
                .for_each(|p| self.feed.process(p)),
            Err(error) => tracing::warn!(%error, "the queue could not be read"),
        }
    }
}

/// Is an uploaded file not wanted any more? Used, or refused: yes. After a failure that is ours it can be tried again without
/// being sent again.
fn is_done_with(state: &ProcessState) -> bool {
    match state {
        ProcessState::Completed { .. } => true,
        ProcessState::Failed { failure, .. } => matches!(failure.cause, Cause::FileRefused | Cause::FileGone),
        _ => false,
    }
}

//! What a claimed process does, stage by stage. Everything here blocks, on a thread of its own.
//!
//! A stage that fails ends the work; the stages before it are undone by the guards they hold. So does a person who wants it
//! stopped, at its next report. Whoever has lost the claim stops at once and undoes nothing, because a later attempt may be
//! at work already.

mod backup;
mod expiry;
mod export;
mod halt;
mod import;
mod kept;
mod restore;
mod resumed;

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use domain::backup::Backup;
use domain::bacpac::Export;
use domain::expiry::ExpiryLog;
use domain::failure::Cause;
use domain::ids::DatabaseId;
use domain::limits::MAX_ATTEMPTS;
use domain::process::{Cancelling, Process, ProcessKind, Progress, Stage};
use domain::site::Site;
use domain::time::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::control_plane::ControlPlane;
use crate::ports::control_store::{AuditEntry, Claim, Claimed, RestoreProgress, StoreError};
use crate::ports::database_engine::{DatabaseEngine, DatabaseSource, EngineError};
use crate::ports::repository::{Repository, RepositoryError};
use crate::ports::scratch::ScratchFolder;

pub(crate) use self::halt::{AtWork, Halt};

/// How the work ended well.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A backup is stored, verified and durable; its row comes next.
    Backup(Box<Backup>),
    /// The chosen state is live.
    Restored,
    /// A BACPAC is made and checked; its row comes next.
    Exported(Box<Export>),
    /// What was no longer kept is gone; the space that was marked may be removed from that instant on.
    Expired(Box<ExpiryLog>, Option<Timestamp>),
}

/// Why the work ended without a result.
#[derive(Debug)]
pub(crate) enum JobError {
    /// The claim belongs to somebody else now.
    Lost,
    /// A person wanted it stopped, and what it began is undone.
    Stopped,
    /// A restore failed and its old data could not all be put back. The process is left to its lease: the next attempt
    /// settles first, and the site stays closed until that has worked.
    Unsettled,
    /// It failed.
    Failed {
        /// What people are told.
        cause: Cause,
        /// The database it struck, by name.
        database: Option<String>,
        /// For the log.
        detail: String,
    },
}

impl JobError {
    pub(crate) fn new(cause: Cause, detail: impl std::fmt::Display) -> Self {
        Self::Failed {
            cause,
            database: None,
            detail: detail.to_string(),
        }
    }

    fn of(source: &DatabaseSource) -> impl Fn(EngineError) -> Self {
        let name = source.name.clone();
        move |error| Self::Failed {
            cause: error.cause,
            database: Some(name.clone()),
            detail: error.detail,
        }
    }
}

impl From<RepositoryError> for JobError {
    fn from(error: RepositoryError) -> Self {
        Self::new(error.cause, error.detail)
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced => Self::Lost,
            StoreError::Stopping => Self::Stopped,
            other => Self::new(Cause::Unexpected, other),
        }
    }
}

/// How far the work is, as the attendance keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) progress: Progress,
    pub(crate) t0: Option<Timestamp>,
}

impl Report {
    pub(crate) const fn start() -> Self {
        Self {
            progress: Progress::start(),
            t0: None,
        }
    }
}

/// One attempt at a process, on its thread.
pub(crate) struct Attempt {
    plane: Arc<ControlPlane>,
    claim: Claim,
    process: Process,
    reached: RestoreProgress,
    halt: Arc<Halt>,
    reports: Mutex<watch::Sender<Report>>,
    runtime: Handle,
}

impl Attempt {
    /// Must be called within the runtime that drives the store.
    pub(crate) fn new(
        plane: Arc<ControlPlane>,
        claimed: Claimed,
        halt: Arc<Halt>,
        reports: watch::Sender<Report>,
    ) -> Self {
        let Claimed {
            claim,
            process,
            restore,
        } = claimed;
        let reports = Mutex::new(reports);
        Self {
            plane,
            claim,
            process,
            reached: restore,
            halt,
            reports,
            runtime: Handle::current(),
        }
    }

    /// Does the work, to its end.
    pub(crate) fn run(self) -> Result<Outcome, JobError> {
        let result = match self.process.cancelling {
            Cancelling::Asked { .. } => self.tidy_up(),
            _ => self.work(),
        };
        match result {
            // Whatever went wrong after the claim was lost went wrong because of that.
            _ if self.halt.is_lost() => Err(JobError::Lost),
            Err(JobError::Failed { detail, .. }) if self.halt.must_stop() => {
                tracing::debug!(process = %self.claim.process, detail, "stopped");
                Err(JobError::Stopped)
            }
            result => result,
        }
    }

    fn work(&self) -> Result<Outcome, JobError> {
        match self.process.kind.clone() {
            ProcessKind::ManualBackup | ProcessKind::NightlyBackup { .. } => backup::run(self),
            ProcessKind::Restore { backup, scope, .. } => restore::run(self, &backup, &scope),
            ProcessKind::Export { backup, database, .. } => export::run(self, &backup, &database),
            ProcessKind::Import { upload, database, .. } => import::run(self, &upload, &database),
            ProcessKind::Expiry => expiry::run(self),
        }
    }

    /// A person wanted it stopped, and the attempt that should have stopped was interrupted itself: what that one left is put
    /// in order, and nothing is begun again.
    fn tidy_up(&self) -> Result<Outcome, JobError> {
        match &self.process.kind {
            ProcessKind::ManualBackup | ProcessKind::NightlyBackup { .. } | ProcessKind::Expiry => {}
            ProcessKind::Restore { scope, .. } => restore::put_back(self, scope)?,
            ProcessKind::Export { backup, database, .. } => {
                export::remove_unfinished(self, backup, database);
                self.clear_earlier(&self.source(database)?);
            }
            ProcessKind::Import { database, .. } => self.clear_earlier(&self.source(database)?),
        }
        Err(JobError::Stopped)
    }

    /// Waits for the store from this thread.
    fn wait<T, E: Into<JobError>>(&self, future: impl Future<Output = Result<T, E>>) -> Result<T, JobError> {
        self.runtime.block_on(future).map_err(Into::into)
    }

    fn site(&self) -> Result<Site, JobError> {
        let site = self.wait(self.plane.outside.store.site(&self.process.site))?;
        site.ok_or_else(|| JobError::new(Cause::Unexpected, "the site is no longer declared"))
    }

    fn sources(&self) -> Result<Vec<Reached>, JobError> {
        let sources = self.wait(self.plane.outside.store.sources(&self.process.site))?;
        if sources.is_empty() {
            return Err(JobError::new(Cause::DatabaseMissing, "the site has no database"));
        }
        let with_engine = |source: DatabaseSource| {
            let kind = source.address.engine();
            let engine = self.plane.engine(kind).cloned();
            engine
                .map(|engine| (source, engine))
                .ok_or_else(|| JobError::new(Cause::ToolMissing, kind.name()))
        };
        sources.into_iter().map(with_engine).collect()
    }

    /// Works with a database aside, under a tag of this attempt alone: one that lost its claim cannot take away what the next one
    /// made. What earlier attempts left is removed first, what this one leaves behind by failing is removed after.
    fn aside<T>(&self, reached: &Reached, work: impl FnOnce(&str) -> Result<T, JobError>) -> Result<T, JobError> {
        self.clear_earlier(reached);
        if self.claim.attempt > MAX_ATTEMPTS {
            return Err(JobError::new(Cause::Interrupted, "interrupted too often"));
        }
        let worked = work(&self.aside_tag(self.claim.attempt));
        if worked.is_err() {
            self.clear_aside(reached, self.claim.attempt);
        }
        worked
    }

    fn aside_tag(&self, attempt: u32) -> String {
        format!("{}-{attempt}", self.process.id)
    }

    fn clear_earlier(&self, reached: &Reached) {
        (1..self.claim.attempt).for_each(|attempt| self.clear_aside(reached, attempt));
    }

    fn clear_aside(&self, (source, engine): &Reached, attempt: u32) {
        if let Err(error) = engine.clear_aside(source, &self.aside_tag(attempt)) {
            tracing::warn!(process = %self.claim.process, attempt, %error, "a database aside may still be there");
        }
    }

    fn source(&self, database: &DatabaseId) -> Result<Reached, JobError> {
        let found = self.sources()?.into_iter().find(|(source, _)| source.id == *database);
        found.ok_or_else(|| JobError::new(Cause::DatabaseMissing, "the database is no longer declared"))
    }

    fn repository(&self, site: &Site) -> Result<Box<dyn Repository>, JobError> {
        let (store, repositories) = (&self.plane.outside.store, &self.plane.outside.repositories);
        let row = match self.wait(store.repository(&site.customer))? {
            Some(row) => row,
            // The key is kept before anything is created with it.
            None => self.wait(store.save_key(&site.customer, &repositories.new_key()?))?,
        };
        let repository = repositories.open(&site.customer, &row.key, row.exists, self.halt.fence())?;
        if !row.exists {
            self.wait(store.repository_exists(&site.customer))?;
        }
        Ok(repository)
    }

    fn scratch(&self, name: &str) -> Result<Box<dyn ScratchFolder>, JobError> {
        let name = format!("{}-{}-{name}", self.claim.process, self.claim.attempt);
        self.plane
            .outside
            .scratch
            .folder(&name)
            .map_err(|(cause, detail)| JobError::new(cause, detail))
    }

    /// Tells how far a stage is; `false` asks whoever works to stop: the claim is lost, or a person wants it stopped.
    fn report(&self, stage: Stage, done: u64, total: Option<u64>) -> bool {
        let reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.send_modify(|report| report.progress = report.progress.advanced(stage, done, total));
        !self.halt.must_stop()
    }

    /// The same for a step made of others, in thousandths.
    fn report_share(&self, stage: Stage, thousandths: u64) -> bool {
        let reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.send_modify(|report| report.progress = report.progress.advanced_by_share(stage, thousandths));
        !self.halt.must_stop()
    }

    fn fixed_at(&self, t0: Timestamp) {
        let reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.send_modify(|report| report.t0 = Some(t0));
    }

    /// Writes down that the present state of a database could not be kept before it is replaced.
    fn without_safety(&self, source: &DatabaseSource, error: &EngineError) -> Result<(), JobError> {
        tracing::warn!(process = %self.claim.process, database = %source.id, %error, "beyond use: restored without a safety copy");
        let entry = AuditEntry {
            at: self.plane.now(),
            account: None,
            name: self.process.requested_by.clone(),
            site: Some(self.process.site.clone()),
            action: "restore.without-safety-copy".to_owned(),
            outcome: "done".to_owned(),
            detail: format!("{} {} {:?}", self.claim.process, source.id, error.cause),
        };
        self.wait(self.plane.outside.store.audit(&entry))
    }

    /// Why the work stops where a report said so.
    fn halted(&self) -> JobError {
        if self.halt.is_lost() || !self.halt.must_stop() {
            JobError::Lost
        } else {
            JobError::Stopped
        }
    }

    /// Is the claim still held, and the work still wanted? Asks the store, not the memory of it.
    fn still_mine(&self) -> bool {
        let store = &self.plane.outside.store;
        let lease = self.plane.now().plus(domain::limits::LEASE);
        let held = self.wait(async {
            store.heartbeat(&self.claim, lease).await?;
            match store.asked_to_stop(&self.claim).await? {
                false => Ok(()),
                true => Err(StoreError::Stopping),
            }
        });
        self.heed(held).is_ok()
    }

    /// From here on what the work does becomes visible, and nobody can cancel it any more; asks like [`Self::still_mine`].
    ///
    /// # Errors
    /// [`JobError::Stopped`] when somebody was first; [`JobError::Lost`], also when the store does not answer: then nobody
    /// knows who was first, and the lease decides.
    fn pass_no_return(&self) -> Result<(), JobError> {
        let now = self.plane.now();
        let lease = now.plus(domain::limits::LEASE);
        let store = &self.plane.outside.store;
        let passed = self.wait(store.pass_no_return(&self.claim, lease, now));
        let process = self.heed(passed)?;
        self.plane.feed.process(&process);
        Ok(())
    }

    /// Lets an answer of the store stop the work.
    fn heed<T>(&self, answer: Result<T, JobError>) -> Result<T, JobError> {
        match answer {
            Err(JobError::Lost) => self.halt.lose(),
            Err(JobError::Stopped) => self.halt.stop(),
            _ => {}
        }
        match answer {
            _ if self.halt.is_lost() => Err(JobError::Lost),
            Err(JobError::Failed { detail, .. }) => {
                tracing::warn!(process = %self.claim.process, detail, "the claim could not be asked for");
                Err(JobError::Lost)
            }
            answer => answer,
        }
    }
}

/// A database of the site, with the engine that understands it.
type Reached = (DatabaseSource, Arc<dyn DatabaseEngine>);

/// A folder given out, as the engine wants it.
fn path(folder: &dyn ScratchFolder) -> &Path {
    folder.path()
}

//! The queue in memory: whose turn it is, and how a process is stopped. The place of each is found by playing the queue through,
//! so that the answer of a database, which counts, can be compared with it.

use std::collections::{BTreeMap, BTreeSet};

use domain::failure::{Cause, Failure};
use domain::ids::{CustomerId, ProcessId, SiteId};
use domain::limits::{MAX_ATTEMPTS, expiries_at_once, exports_at_once};
use domain::process::{Cancelling, Process, ProcessKind, ProcessState, Progress, StateName};
use domain::refusal::Refusal;
use domain::time::Timestamp;

use super::world::{Work, World, broken};
use crate::ports::control_store::{Claim, Claimed, StoreError};

/// Who goes first among queued processes: the least of these.
type Turn = (u8, usize, u64, Timestamp, ProcessId);

fn is_running(work: &Work) -> bool {
    work.process.state.name() == StateName::Running
}

impl World {
    pub(super) fn claim(
        &mut self,
        worker: &str,
        now: Timestamp,
        lease_until: Timestamp,
        max_running: u32,
    ) -> Result<Option<Claimed>, StoreError> {
        self.end_silent(now);
        let here = |work: &&Work| is_running(work) && work.worker == worker;
        let alive = |work: &&Work| here(work) && work.lease_until > now;
        if self.processes.values().filter(alive).count() >= max_running as usize {
            return Ok(None);
        }
        let silent = |work: &&Work| is_running(work) && work.lease_until <= now;
        let oldest = |work: &&Work| (work.process.requested_at, work.process.id.clone());
        let interrupted = self.processes.values().filter(silent).min_by_key(oldest);
        let next = interrupted.or_else(|| self.next_queued(worker, now, max_running));
        let Some(id) = next.map(|work| work.process.id.clone()) else {
            return Ok(None);
        };
        self.begin_attempt(&id, worker, now, lease_until).map(Some)
    }

    fn next_queued(&self, worker: &str, now: Timestamp, max_running: u32) -> Option<&Work> {
        let running = self.processes.values().filter(|work| is_running(work));
        let exclusive = |work: &&Work| work.process.kind.is_exclusive();
        let busy: BTreeSet<&SiteId> = running
            .clone()
            .filter(exclusive)
            .map(|work| &work.process.site)
            .collect();
        let export = |work: &Work| matches!(work.process.kind, ProcessKind::Export { .. });
        let expiry = |work: &Work| work.process.kind == ProcessKind::Expiry;
        let here = || running.clone().filter(|work| work.worker == worker);
        let no_export = here().filter(|work| export(work)).count() >= exports_at_once(max_running) as usize;
        let no_expiry = here().filter(|work| expiry(work)).count() >= expiries_at_once(max_running) as usize;
        let ready = |work: &&Work| {
            let waits = || {
                exclusive(work) && busy.contains(&work.process.site)
                    || export(work) && no_export
                    || expiry(work) && no_expiry
                    || self.waits_for_the_repository(&work.process, now)
            };
            work.process.state == ProcessState::Queued && !waits()
        };
        let turn = |work: &&Work| self.turn(work, &self.served);
        self.processes.values().filter(ready).min_by_key(turn)
    }

    fn turn(&self, work: &Work, served: &BTreeMap<CustomerId, u64>) -> Turn {
        let process = &work.process;
        let of_same = |work: &&Work| is_running(work) && self.customer(&work.process) == self.customer(process);
        let running = self.processes.values().filter(of_same).count();
        let served = self.customer(process).and_then(|customer| served.get(customer));
        let served = served.copied().unwrap_or(0);
        let (at, id) = (process.requested_at, process.id.clone());
        (process.kind.turn(work.hastened), running, served, at, id)
    }

    fn customer(&self, process: &Process) -> Option<&CustomerId> {
        self.sites.get(&process.site).map(|site| &site.customer)
    }

    /// The queue in the order in which one worker would take it, were every site free.
    pub(super) fn line(&self) -> Vec<ProcessId> {
        let mut waiting: Vec<_> = self
            .processes
            .values()
            .filter(|work| work.process.state == ProcessState::Queued)
            .collect();
        let (mut served, mut revision) = (self.served.clone(), self.revision);
        let mut line = Vec::new();
        while let Some(next) = (0..waiting.len()).min_by_key(|at| self.turn(waiting[*at], &served)) {
            let process = &waiting.swap_remove(next).process;
            revision += 1;
            served.extend(self.customer(process).map(|customer| (customer.clone(), revision)));
            line.push(process.id.clone());
        }
        line
    }

    /// Silent backups and expiries that are not tried again: a person wants them stopped, or they were interrupted too often.
    pub(super) fn end_silent(&mut self, now: Timestamp) -> Vec<ProcessId> {
        let given_up = |work: &&Work| {
            let asked = matches!(work.process.cancelling, Cancelling::Asked { .. });
            let silent = is_running(work) && work.lease_until <= now;
            silent && (asked || work.process.attempt >= MAX_ATTEMPTS) && !work.process.kind.leaves_remains()
        };
        let mut silent: Vec<_> = self.processes.values().filter(given_up).cloned().collect();
        silent.sort_by_key(|work| (work.process.requested_at, work.process.id.clone()));
        for Work { process, .. } in &silent {
            let failure = Failure {
                cause: Cause::Interrupted,
                database: None,
                reference: process.id.to_string(),
            };
            match &process.cancelling {
                Cancelling::Asked { by, .. } => self.end_as_cancelled(&process.id, by.clone(), now),
                _ => self.end_failed(&process.id, failure, now),
            }
        }
        silent.into_iter().map(|work| work.process.id).collect()
    }

    fn begin_attempt(
        &mut self,
        id: &ProcessId,
        worker: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Claimed, StoreError> {
        let state = ProcessState::Running {
            started_at: now,
            progress: Progress::start(),
        };
        self.put(id, state, now);
        let work = self.processes.get_mut(id).ok_or_else(|| broken("no such process"))?;
        work.process.attempt += 1;
        worker.clone_into(&mut work.worker);
        work.lease_until = lease_until;
        work.no_return = work.restore.swapped;
        if work.made.is_none() {
            work.process.t0 = None;
        }
        let (process, restore) = (work.process.clone(), work.restore.clone());
        if let Some(customer) = self.customer(&process).cloned() {
            self.served.insert(customer, process.revision);
        }
        Ok(Claimed {
            claim: Claim {
                process: id.clone(),
                attempt: process.attempt,
            },
            process: self.snapshot(id)?,
            restore,
        })
    }

    /// The process, if this claim is held and nobody wants it stopped.
    pub(super) fn wanted(&mut self, claim: &Claim) -> Result<&mut Work, StoreError> {
        let work = self.held(claim)?;
        match work.process.cancelling {
            Cancelling::Asked { .. } => Err(StoreError::Stopping),
            Cancelling::Possible | Cancelling::TooLate => Ok(work),
        }
    }

    pub(super) fn pass_no_return(
        &mut self,
        claim: &Claim,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Process, StoreError> {
        let work = self.wanted(claim)?;
        work.no_return = true;
        work.lease_until = lease_until;
        let state = work.process.state.clone();
        self.put(&claim.process, state, now);
        self.snapshot(&claim.process)
    }

    pub(super) fn cancel(&mut self, id: &ProcessId, by: &str, now: Timestamp) -> Result<Process, StoreError> {
        let work = self.processes.get_mut(id).ok_or(Refusal::NotFound)?;
        let past = work.no_return || work.restore.swapped;
        match (&work.process.state, &work.process.cancelling) {
            (ProcessState::Queued, _) => self.end_as_cancelled(id, by.to_owned(), now),
            (ProcessState::Running { .. }, Cancelling::Asked { .. }) => {}
            (ProcessState::Running { .. }, _) if !past => {
                let by = by.to_owned();
                work.process.cancelling = Cancelling::Asked { by, at: now };
                let state = work.process.state.clone();
                self.put(id, state, now);
            }
            _ => return Err(Refusal::TooLate.into()),
        }
        self.snapshot(id)
    }

    pub(super) fn end_cancelled(&mut self, claim: &Claim, now: Timestamp) -> Result<Process, StoreError> {
        let Cancelling::Asked { by, .. } = self.held(claim)?.process.cancelling.clone() else {
            return Err(broken("nobody has asked for this process to be cancelled"));
        };
        self.end_as_cancelled(&claim.process, by, now);
        self.snapshot(&claim.process)
    }

    fn end_as_cancelled(&mut self, id: &ProcessId, by: String, now: Timestamp) {
        self.let_go(id);
        let percent = self.processes.get(id).map_or(0, |work| work.process.state.percent());
        let state = ProcessState::Cancelled {
            ended_at: now,
            percent,
            by,
        };
        self.put(id, state, now);
    }
}

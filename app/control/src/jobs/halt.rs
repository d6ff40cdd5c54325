//! Why work must stop before its end: its claim is lost, or a person wants it stopped. Either closes the fence of its
//! repository and answers its next report; only the first leaves everything to a later attempt.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::ProcessId;

use crate::ports::repository::Fence;

/// One attempt's order to stop.
#[derive(Debug, Default)]
pub(crate) struct Halt {
    fence: Fence,
    lost: AtomicBool,
}

impl Halt {
    /// The claim belongs to somebody else: nothing more is written, nothing is undone.
    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
        self.fence.close();
    }

    /// A person wants it stopped: nothing more is written, what was begun is undone.
    pub(crate) fn stop(&self) {
        self.fence.close();
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    pub(crate) fn must_stop(&self) -> bool {
        self.fence.is_closed()
    }

    /// For a repository: it stops with the work.
    pub(crate) fn fence(&self) -> Fence {
        self.fence.clone()
    }
}

/// The work of this server. Whoever cancels a process here stops it at once; for one of another server the wish is read in
/// the store.
#[derive(Debug, Default)]
pub(crate) struct AtWork(Mutex<HashMap<ProcessId, Arc<Halt>>>);

impl AtWork {
    pub(crate) fn begin(&self, process: &ProcessId) -> Arc<Halt> {
        let halt = Arc::<Halt>::default();
        self.lock().insert(process.clone(), Arc::clone(&halt));
        halt
    }

    /// Stops the process if it is at work here.
    pub(crate) fn stop(&self, process: &ProcessId) {
        if let Some(halt) = self.lock().get(process) {
            halt.stop();
        }
    }

    /// A later attempt of the same process may have begun here meanwhile: that one stays.
    pub(crate) fn end(&self, process: &ProcessId, halt: &Arc<Halt>) {
        let mut at_work = self.lock();
        if at_work.get(process).is_some_and(|other| Arc::ptr_eq(other, halt)) {
            at_work.remove(process);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ProcessId, Arc<Halt>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The small runtime that drives connections, behind methods that block.
//!
//! The port blocks, sqlx does not. Waiting is done on a plain thread whenever the caller's thread belongs to a runtime:
//! so every method, and every `drop`, may be called from a blocking thread, from a test, or by mistake from a future.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// Drives the connections of one engine.
pub(crate) struct Runner(Option<Runtime>);

impl Runner {
    pub(crate) fn new() -> io::Result<Self> {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("coffre-postgres")
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
    }

    /// Waits for a future.
    pub(crate) fn wait<F>(&self, future: F) -> F::Output
    where
        F: Future + Send,
        F::Output: Send,
    {
        let runtime = self.0.as_ref().expect("taken by drop only");
        if Handle::try_current().is_err() {
            return runtime.block_on(future);
        }
        std::thread::scope(|scope| match scope.spawn(|| runtime.block_on(future)).join() {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // The ordinary drop waits for the worker and may not be done inside another runtime.
            runtime.shutdown_background();
        }
    }
}

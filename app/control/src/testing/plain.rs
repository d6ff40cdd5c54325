//! The simplest things that satisfy the smaller ports.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use domain::failure::Cause;

use crate::ports::notifier::{Notice, Notifier};
use crate::ports::password_hasher::PasswordHasher;
use crate::ports::scratch::{Scratch, ScratchFolder};

/// Something to be called at each step of an adapter in memory; it may block, and may use the adapter.
#[derive(Clone, Default)]
pub struct StepHook(Arc<Mutex<Option<Hook>>>);

type Hook = Arc<dyn Fn(&str) + Send + Sync>;

impl StepHook {
    /// Calls `hook` with the name of each step from now on.
    pub fn set(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
    }

    pub(super) fn reach(&self, step: &str) {
        let hook = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook {
            hook(step);
        }
    }
}

impl std::fmt::Debug for StepHook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StepHook")
    }
}

/// Keeps notices for a test to read.
#[derive(Debug, Default)]
pub struct KeptNotices(Mutex<Vec<Notice>>);

impl KeptNotices {
    /// What was sent so far.
    #[must_use]
    pub fn all(&self) -> Vec<Notice> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Notifier for KeptNotices {
    fn notify(&self, notice: Notice) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }
}

/// "Hashes" by writing the password down. For tests only.
#[derive(Debug, Default)]
pub struct PlainHasher;

impl PasswordHasher for PlainHasher {
    fn hash(&self, password: &str) -> String {
        format!("plain:{password}")
    }

    fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        hash == Some(&self.hash(password))
    }
}

/// Folders that exist in name only, for engines that write nothing.
#[derive(Debug, Default)]
pub struct NoScratch;

struct Named(PathBuf);

impl ScratchFolder for Named {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Scratch for NoScratch {
    fn folder(&self, name: &str) -> Result<Box<dyn ScratchFolder>, (Cause, String)> {
        Ok(Box::new(Named(PathBuf::from(name))))
    }
}

/// Folders below one that somebody else removes.
#[derive(Debug)]
pub struct FolderScratch(pub PathBuf);

struct Real(PathBuf);

impl ScratchFolder for Real {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

impl Scratch for FolderScratch {
    fn folder(&self, name: &str) -> Result<Box<dyn ScratchFolder>, (Cause, String)> {
        let path = self.0.join(name);
        std::fs::create_dir_all(&path).map_err(|error| (Cause::ScratchFull, error.to_string()))?;
        Ok(Box::new(Real(path)))
    }
}

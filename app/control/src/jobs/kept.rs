//! An artifact's files as an engine reads them back: from the repository, while they are wanted.

use std::io::{self, Read};
use std::sync::Arc;

use domain::backup::{Artifact, StoredFile};

use crate::downloads::stored_path;
use crate::ports::database_engine::StoredFiles;
use crate::ports::repository::Repository;

/// An artifact's files, in the repository.
pub(super) struct Kept {
    repository: Arc<dyn Repository>,
    snapshot: String,
    folder: String,
    files: Vec<StoredFile>,
}

impl Kept {
    pub(super) fn new(repository: &Arc<dyn Repository>, snapshot: &str, artifact: &Artifact) -> Self {
        Self {
            repository: Arc::clone(repository),
            snapshot: snapshot.to_owned(),
            folder: artifact.database.to_string(),
            files: artifact.files.clone(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl StoredFiles for Kept {
    fn files(&self) -> &[StoredFile] {
        &self.files
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let path = stored_path(&self.folder, name);
        let reader = self
            .repository
            .reader(&self.snapshot, &path)
            .map_err(io::Error::other)?;
        Ok(Box::new(reader))
    }
}

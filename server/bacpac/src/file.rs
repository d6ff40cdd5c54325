//! A file on disk that has its name only once it is complete and checked. Until then it is called `NAME.partial`, and it goes
//! away when it is given up.
use crate::model::Model;
use crate::self_check::{CheckError, Checked, self_check_with};
use crate::value::Value;
use crate::writer::{PackageWriter, WriteError, WriterOptions, Written};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A file could not be created, synced or renamed.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It did not pass its check.
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// A BACPAC being written to disk.
pub struct FileWriter {
    // Before `partial`: it must be closed before the file goes away.
    writer: PackageWriter<BufWriter<File>>,
    partial: Partial,
    target: PathBuf,
    threads: usize,
}

impl FileWriter {
    /// Begins the file that will be called `path`; one that is there is replaced at the end.
    ///
    /// # Errors
    /// [`FileError::Io`], and what [`PackageWriter::new`] gives.
    pub fn create(path: &Path, model: &Model, options: WriterOptions) -> Result<Self, FileError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = Partial(PathBuf::from(name));
        let file = File::create(&partial.0).map_err(|source| partial.error(source))?;
        let threads = options.threads;
        let writer = PackageWriter::new(BufWriter::with_capacity(64 << 10, file), model, options)?;
        Ok(Self {
            writer,
            partial,
            target: path.to_owned(),
            threads,
        })
    }

    /// As [`PackageWriter::row`].
    ///
    /// # Errors
    /// As there.
    pub fn row(&mut self, table: usize, row: &[Value]) -> Result<(), WriteError> {
        self.writer.row(table, row)
    }

    /// As [`PackageWriter::set_ended`].
    pub fn set_ended(&mut self, ended: SystemTime) {
        self.writer.set_ended(ended);
    }

    /// Ends the file, checks it, and gives it its name.
    ///
    /// # Errors
    /// [`FileError`]; then there is no file of that name, or the one from before.
    pub fn finish(self) -> Result<(Written, Checked), FileError> {
        let (sink, written) = self.writer.finish()?;
        let io_error = |source| self.partial.error(source);
        let file = sink.into_inner().map_err(|error| io_error(error.into_error()))?;
        file.sync_all().map_err(io_error)?;
        drop(file);
        let checked = self_check_with(self.threads, &self.partial.0, &written)?;
        fs::rename(&self.partial.0, &self.target).map_err(io_error)?;
        // The new name must survive a crash too; where folders cannot be opened there is nothing to sync.
        let here = |folder: &Path| folder.as_os_str().is_empty();
        let folder = self
            .target
            .parent()
            .map(|folder| if here(folder) { Path::new(".") } else { folder });
        if let Some(Ok(folder)) = folder.map(File::open) {
            folder.sync_all().map_err(io_error)?;
        }
        Ok((written, checked))
    }
}

struct Partial(PathBuf);

impl Partial {
    fn error(&self, source: io::Error) -> FileError {
        FileError::Io {
            path: self.0.clone(),
            source,
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It has its final name, or nobody wants it.
        drop(fs::remove_file(&self.0));
    }
}

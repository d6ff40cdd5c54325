//! Downloads: the engine's own form of one database's part of a backup, read from the repository while it is sent.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use domain::account::Actor;
use domain::backup::{Artifact, Sha256Hex, StoredFile};
use domain::ids::{BackupId, DatabaseId};
use domain::permission::Action;
use domain::refusal::Refusal;
use domain::site::{EngineKind, Site};
use domain::time::Timestamp;

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::repository::{Fence, Repository};
use crate::readings::Reading;
use crate::tarball::{self, Segment};

/// A download that was allowed.
pub struct Download {
    /// Its name on the person's computer.
    pub file_name: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// Its hash: the one on the page, and the entity tag.
    pub sha256: Sha256Hex,
    /// When the backup became complete.
    pub modified: Timestamp,
    reading: Reading,
    repository: Arc<dyn Repository>,
    snapshot: String,
    folder: String,
    files: Vec<StoredFile>,
    segments: Vec<Segment>,
}

impl ControlPlane {
    /// Allows and opens a download. Every one is audited, refused or done, with the range it asks for.
    ///
    /// # Errors
    /// The refusal of the right (R26); [`Refusal::NotFound`]; a repository that does not open.
    pub async fn download(
        &self,
        actor: &Actor,
        backup: &BackupId,
        database: &DatabaseId,
        range: &str,
    ) -> Result<Download, ControlError> {
        let backup = self.outside.store.backup(backup).await?.ok_or(Refusal::NotFound)?;
        let site = self.allowed(actor, Action::Download, &backup.site).await?;
        let artifact = backup.artifact(database).cloned().ok_or(Refusal::NotFound)?;
        let reading = self.read_backup(&backup.id).await?;
        let row = self.outside.store.repository(&site.customer).await?;
        let row =
            row.ok_or_else(|| ControlError::failed("a backup is listed but its customer has no repository key"))?;
        let repositories = self.outside.repositories.clone();
        let customer = site.customer.clone();
        let repository =
            tokio::task::spawn_blocking(move || repositories.open(&customer, &row.key, true, Fence::open()))
                .await
                .map_err(ControlError::failed)?
                .map_err(ControlError::failed)?;
        {
            let what = format!("{} {} {range}", backup.id, artifact.database);
            self.audit(Some(actor), Some(&site.id), "backup.download", "done", &what)
                .await?;
        }
        Ok(Download {
            file_name: file_name(&site, &artifact),
            bytes: artifact.download_bytes,
            sha256: artifact.download_sha256.clone(),
            modified: backup.completed_at,
            reading,
            repository: Arc::from(repository),
            snapshot: backup.snapshot.clone(),
            folder: artifact.database.to_string(),
            segments: download_segments(&artifact.database, artifact.engine, &artifact.files, artifact.frozen_at),
            files: artifact.files,
        })
    }
}

impl Download {
    /// A reader of these bytes of the download. Blocking: to be read from a thread that may.
    #[must_use]
    pub fn reader(&self, range: Range<u64>) -> DownloadReader<'_> {
        DownloadReader {
            download: self,
            at: range.start,
            end: range.end.min(self.bytes),
            open: None,
        }
    }

    /// The segment that holds this byte, and where it begins.
    fn segment_at(&self, at: u64) -> Option<(&Segment, u64)> {
        let mut start = 0;
        for segment in &self.segments {
            let length = tarball::segment_length(segment, &self.files);
            if at < start + length {
                return Some((segment, start));
            }
            start += length;
        }
        None
    }
}

/// Reads a range of a download.
pub struct DownloadReader<'a> {
    download: &'a Download,
    at: u64,
    end: u64,
    open: Option<(usize, Box<dyn crate::ports::repository::StoredReader>)>,
}

impl Read for DownloadReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.at);
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if want == 0 {
            return Ok(0);
        }
        if self.download.reading.is_lost() {
            return Err(io::Error::other(
                "the backup may be deleted: the reading was not prolonged in time",
            ));
        }
        let Some((segment, start)) = self.download.segment_at(self.at) else {
            return Ok(0);
        };
        let inside = self.at - start;
        let read = match segment {
            Segment::Bytes(bytes) => {
                let rest = &bytes[usize::try_from(inside).unwrap_or_default()..];
                let count = rest.len().min(want);
                buffer[..count].copy_from_slice(&rest[..count]);
                count
            }
            Segment::File(number) => {
                let in_file = self.download.files[*number].bytes - inside;
                let count = want.min(usize::try_from(in_file).unwrap_or(usize::MAX));
                let read = self.file(*number, inside)?.read(&mut buffer[..count])?;
                if read == 0 {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "a stored file is shorter than recorded",
                    ));
                }
                read
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl DownloadReader<'_> {
    fn file(&mut self, number: usize, inside: u64) -> io::Result<&mut dyn Read> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            let path = stored_path(&self.download.folder, &self.download.files[number].name);
            let mut reader = self
                .download
                .repository
                .reader(&self.download.snapshot, &path)
                .map_err(io::Error::other)?;
            reader.seek(SeekFrom::Start(inside))?;
            self.open = Some((number, reader));
        }
        match &mut self.open {
            Some((_, reader)) => Ok(reader),
            None => Err(io::Error::other("the stored file was opened above")),
        }
    }
}

/// The segments of a download: the file itself for SQLite, a tar of the folder for PostgreSQL.
pub(crate) fn download_segments(
    database: &DatabaseId,
    engine: EngineKind,
    files: &[StoredFile],
    at: Timestamp,
) -> Vec<Segment> {
    match engine {
        EngineKind::Sqlite => (0..files.len()).map(Segment::File).collect(),
        EngineKind::Postgres => tarball::segments(database.as_str(), files, at),
    }
}

/// Where a file of an artifact lies inside a snapshot.
pub(crate) fn stored_path(folder: &str, file: &str) -> String {
    format!("{folder}/{file}")
}

/// The name of the downloaded file: `DUPONT Comptabilité 2026-11-24 0941.sqlite`, the instant in the site's zone.
pub(crate) fn file_name(site: &Site, artifact: &Artifact) -> String {
    let extension = match artifact.engine {
        EngineKind::Sqlite => "sqlite",
        EngineKind::Postgres => "tar",
    };
    name_with(site, artifact, extension)
}

/// The same for its BACPAC.
pub(crate) fn export_file_name(site: &Site, artifact: &Artifact) -> String {
    name_with(site, artifact, "bacpac")
}

fn name_with(site: &Site, artifact: &Artifact, extension: &str) -> String {
    let at = site.zone.local(artifact.frozen_at);
    let name: String = artifact
        .database_name
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    format!(
        "{}_{name}_{}_{:02}{:02}.{extension}",
        site.code, at.date, at.hour, at.minute
    )
}

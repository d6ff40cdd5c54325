//! BACPAC files of backups: having one made, what its page shows, and its download.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use domain::account::Actor;
use domain::backup::{Backup, Sha256Hex};
use domain::bacpac::{Export, Told};
use domain::export_log::ExportLog;
use domain::ids::{BackupId, DatabaseId, ProcessId};
use domain::overview::{ExportPage, ReadyExport};
use domain::permission::{Action, refusal};
use domain::process::{Process, ProcessKind};
use domain::refusal::Refusal;
use domain::site::Site;
use domain::time::Timestamp;

use crate::control_plane::ControlPlane;
use crate::downloads::export_file_name;
use crate::error::ControlError;
use crate::ports::control_store::NewProcess;
use crate::ports::shelf::Place;
use crate::random;
use crate::sites::entry;

/// How many ended processes of a site are looked through for the last export of one file.
const ENDED_LOOKED_AT: usize = 200;

/// A made file whose download was allowed.
pub struct ExportDownload {
    /// Its name on the person's computer.
    pub file_name: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// Its hash: the one on the page, and the entity tag.
    pub sha256: Sha256Hex,
    /// When it was made.
    pub modified: Timestamp,
    file: File,
}

impl ExportDownload {
    /// A reader of these bytes. Blocking: to be read from a thread that may.
    ///
    /// # Errors
    /// The file cannot be read there.
    pub fn reader(&self, range: Range<u64>) -> io::Result<impl Read + use<'_>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(range.start))?;
        Ok(file.take(range.end.saturating_sub(range.start)))
    }
}

impl ControlPlane {
    /// Has the BACPAC of one database of a backup made; while it is being made, everybody is led to the same process.
    ///
    /// # Errors
    /// The refusal of the right (R26, audited); [`Refusal::NotFound`].
    pub async fn start_export(
        &self,
        actor: &Actor,
        backup: &BackupId,
        database: &DatabaseId,
    ) -> Result<Process, ControlError> {
        let backup = self.outside.store.backup(backup).await?.ok_or(Refusal::NotFound)?;
        let site = self.allowed(actor, Action::Download, &backup.site).await?;
        let artifact = backup.artifact(database).ok_or(Refusal::NotFound)?;
        let new = NewProcess {
            id: ProcessId::from_random(random::bytes()),
            site: site.id.clone(),
            kind: ProcessKind::Export {
                backup: backup.id.clone(),
                t0: backup.t0,
                database: artifact.database.clone(),
                database_name: artifact.database_name.clone(),
            },
            requested_by: actor.name.clone(),
            reason: None,
            at: self.now(),
        };
        let process = self.outside.store.queue_export(&new).await?;
        let what = format!("{} {} {}", process.id, backup.id, artifact.database);
        self.audit(Some(actor), Some(&site.id), "export.start", "done", &what)
            .await?;
        self.announce(&process);
        Ok(process)
    }

    /// The page of the BACPAC of one database of a backup. Whoever sees the site may see whether there is one; the file and
    /// its log, which names rows, are for those who may download.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when it does not exist or is another customer's.
    pub async fn export_page(
        &self,
        actor: &Actor,
        backup: &BackupId,
        database: &DatabaseId,
    ) -> Result<ExportPage, ControlError> {
        let store = &self.outside.store;
        let backup = store.backup(backup).await?.ok_or(Refusal::NotFound)?;
        let site = self.allowed(actor, Action::See, &backup.site).await?;
        let artifact = backup.artifact(database).ok_or(Refusal::NotFound)?;
        let ready = match store.export(&backup.id, database).await? {
            Some(export) if refusal(actor, Action::Download, &site).is_none() => Some(ReadyExport {
                file_name: export_file_name(&site, artifact),
                log: self.log_of(&export).await?,
                export,
            }),
            _ => None,
        };
        let of_this = |process: &Process| {
            matches!(&process.kind, ProcessKind::Export { backup: of, database: which, .. }
                if *of == backup.id && which == database)
        };
        let site_ids = std::slice::from_ref(&site.id);
        let active = store.active(Some(site_ids)).await?.into_iter().find(of_this);
        let last_ended = match (&ready, &active) {
            (None, None) => store.ended(site_ids, ENDED_LOOKED_AT).await?.into_iter().find(of_this),
            _ => None,
        };
        Ok(ExportPage {
            database_name: artifact.database_name.clone(),
            database: artifact.database.clone(),
            backup: entry(&backup),
            site,
            ready,
            active,
            last_ended,
            now: self.now(),
        })
    }

    /// Allows and opens the download of a made file. Every one is audited, refused or done, with the range it asks for.
    ///
    /// # Errors
    /// The refusal of the right (R26); [`Refusal::NotFound`] when no such file is kept.
    pub async fn download_export(
        &self,
        actor: &Actor,
        backup: &BackupId,
        database: &DatabaseId,
        range: &str,
    ) -> Result<ExportDownload, ControlError> {
        let (site, backup, export) = self.downloadable(actor, backup, database).await?;
        let artifact = backup.artifact(database).ok_or(Refusal::NotFound)?;
        let path = self.outside.shelf.path(&Place::Export(
            backup.id.clone(),
            database.clone(),
            export.process.clone(),
        ));
        let file = File::open(path).map_err(ControlError::failed)?;
        let bytes = file.metadata().map_err(ControlError::failed)?.len();
        if bytes != export.bytes {
            return Err(ControlError::failed("a made BACPAC has another length than recorded"));
        }
        let what = format!("{} {database} {range}", backup.id);
        self.audit(Some(actor), Some(&site.id), "export.download", "done", &what)
            .await?;
        Ok(ExportDownload {
            file_name: export_file_name(&site, artifact),
            bytes: export.bytes,
            sha256: export.sha256,
            modified: export.made_at,
            file,
        })
    }

    /// The log of a made file, with the name for a file of it.
    ///
    /// # Errors
    /// As [`Self::download_export`].
    pub async fn export_log(
        &self,
        actor: &Actor,
        backup: &BackupId,
        database: &DatabaseId,
    ) -> Result<(String, ExportLog), ControlError> {
        let (site, backup, export) = self.downloadable(actor, backup, database).await?;
        let artifact = backup.artifact(database).ok_or(Refusal::NotFound)?;
        let log = self.log_of(&export).await?;
        let what = format!("{} {database}", backup.id);
        self.audit(Some(actor), Some(&site.id), "export.log", "done", &what)
            .await?;
        Ok((format!("{}.json", export_file_name(&site, artifact)), log))
    }

    async fn downloadable(
        &self,
        actor: &Actor,
        backup: &BackupId,
        database: &DatabaseId,
    ) -> Result<(Site, Backup, Export), ControlError> {
        let store = &self.outside.store;
        let backup = store.backup(backup).await?.ok_or(Refusal::NotFound)?;
        let site = self.allowed(actor, Action::Download, &backup.site).await?;
        let export = store.export(&backup.id, database).await?.ok_or(Refusal::NotFound)?;
        Ok((site, backup, export))
    }

    async fn log_of(&self, export: &Export) -> Result<ExportLog, ControlError> {
        match self.outside.store.told(&export.process).await? {
            Some(Told::Exported(log)) => Ok(*log),
            _ => Err(ControlError::failed("a made BACPAC is recorded without its log")),
        }
    }
}

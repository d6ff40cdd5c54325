//! Uploaded BACPAC files: received piece by piece, resumed after a cut, and turned into a backup by a process.
//!
//! How much of a file is there is its length on disk, and nothing else: after whatever happened, the sender asks for it and
//! goes on from there.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Mutex, PoisonError};

use domain::account::Actor;
use domain::bacpac::Upload;
use domain::ids::{DatabaseId, ProcessId, SiteId, UploadId};
use domain::limits::{FILE_NAME_MAX_CHARS, UPLOAD_IDLE};
use domain::overview::{ImportPage, UploadEntry};
use domain::permission::Action;
use domain::process::{Process, ProcessKind};
use domain::refusal::{Field, Refusal};

use crate::control_plane::ControlPlane;
use crate::error::ControlError;
use crate::ports::control_store::NewProcess;
use crate::ports::shelf::{Place, Shelf};
use crate::random;

/// Room that files on the shelf must leave on the disk, bytes: the control store lies there, and the next night's copies may.
pub(crate) const ROOM_LEFT: u64 = 256 << 20;

/// An upload that is being gone on with. While it lives nobody else writes to the same file.
pub struct Arriving {
    file: File,
    upload: Upload,
    offset: u64,
    shelf: Arc<dyn Shelf>,
    _alone: Alone,
}

/// Keeps others away from an upload for as long as it lives.
struct Alone {
    id: UploadId,
    arriving: Arc<Mutex<HashSet<UploadId>>>,
}

impl Alone {
    /// `None` while somebody else holds it.
    fn with(id: &UploadId, arriving: &Arc<Mutex<HashSet<UploadId>>>) -> Option<Self> {
        let mut held = arriving.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(id.clone()).then(|| Self {
            id: id.clone(),
            arriving: Arc::clone(arriving),
        })
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let mut held = self.arriving.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&self.id);
    }
}

impl Arriving {
    /// Writes what arrived. Blocking.
    ///
    /// # Errors
    /// The file would become longer than announced; the disk is full. What was written before stays.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let after = self.offset.saturating_add(bytes.len() as u64);
        if after > self.upload.bytes {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "more bytes than were announced",
            ));
        }
        if self.shelf.room()? < ROOM_LEFT {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_all(bytes)?;
        self.offset = after;
        Ok(())
    }

    /// Makes durable what was written; returns how much is there. Blocking.
    ///
    /// # Errors
    /// The disk.
    pub fn settle(&mut self) -> io::Result<u64> {
        self.file.sync_data()?;
        Ok(self.offset)
    }
}

impl ControlPlane {
    /// The page on which a file is uploaded for a database. Whoever sees the site may read it; uploading is another right.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when site or database do not exist or are another customer's.
    pub async fn import_page(
        &self,
        actor: &Actor,
        site: &SiteId,
        database: &DatabaseId,
    ) -> Result<ImportPage, ControlError> {
        let site = self.allowed(actor, Action::See, site).await?;
        let database = site.database(database).cloned().ok_or(Refusal::NotFound)?;
        let mut uploads = Vec::new();
        if domain::permission::refusal(actor, Action::Administer, &site).is_none() {
            let under_way = self.outside.store.active(Some(std::slice::from_ref(&site.id))).await?;
            let used = |id: &UploadId| {
                let of =
                    |process: &Process| matches!(&process.kind, ProcessKind::Import { upload, .. } if upload == id);
                under_way.iter().any(of)
            };
            for upload in self.outside.store.uploads().await? {
                if upload.site == site.id && upload.database == database.id && !used(&upload.id) {
                    let received = self.received(&upload.id);
                    uploads.push(UploadEntry { upload, received });
                }
            }
        }
        Ok(ImportPage {
            summary: self.summary(site).await?,
            database,
            uploads,
            most_bytes: self.outside.upload_most_bytes,
            now: self.now(),
        })
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// The refusal of the right (audited); [`Refusal::Invalid`] for an empty file or no name; [`Refusal::FileTooLarge`];
    /// [`Refusal::NoRoom`]; [`Refusal::NotFound`].
    pub async fn open_upload(
        &self,
        actor: &Actor,
        site: &SiteId,
        database: &DatabaseId,
        file_name: &str,
        bytes: u64,
    ) -> Result<Upload, ControlError> {
        let site = self.allowed(actor, Action::Import, site).await?;
        let database = site.database(database).ok_or(Refusal::NotFound)?;
        let file_name = shown_name(file_name).ok_or(Refusal::Invalid { field: Field::File })?;
        if bytes == 0 {
            return Err(Refusal::Invalid { field: Field::File }.into());
        }
        let most = self.outside.upload_most_bytes;
        if bytes > most {
            return Err(Refusal::FileTooLarge { most }.into());
        }
        let free = self.outside.shelf.room().map_err(ControlError::failed)?;
        // What others have announced and not sent yet is spoken for.
        let others = self.outside.store.uploads().await?;
        let coming: u64 = others
            .iter()
            .map(|upload| upload.bytes.saturating_sub(self.received(&upload.id)))
            .sum();
        let free = free.saturating_sub(ROOM_LEFT).saturating_sub(coming);
        if bytes > free {
            return Err(Refusal::NoRoom { free }.into());
        }
        let now = self.now();
        let upload = Upload {
            id: UploadId::from_random(random::bytes()),
            site: site.id.clone(),
            database: database.id.clone(),
            file_name,
            bytes,
            by: actor.name.clone(),
            opened_at: now,
            touched_at: now,
        };
        self.outside.store.open_upload(&upload).await?;
        let what = format!("{} {} {bytes}", upload.id, upload.database);
        self.audit(Some(actor), Some(&site.id), "upload.open", "done", &what)
            .await?;
        Ok(upload)
    }

    /// How much of an upload is there.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::NotFound`].
    pub async fn upload_state(&self, actor: &Actor, id: &UploadId) -> Result<UploadEntry, ControlError> {
        let upload = self.own_upload(actor, id).await?;
        let received = self.received(id);
        Ok(UploadEntry { upload, received })
    }

    /// Goes on with an upload at `offset`; `None` when that is not where it stands.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::NotFound`]; [`Refusal::UploadBusy`] while something else arrives for it.
    pub async fn continue_upload(
        &self,
        actor: &Actor,
        id: &UploadId,
        offset: u64,
    ) -> Result<Option<Arriving>, ControlError> {
        let upload = self.own_upload(actor, id).await?;
        let alone = Alone::with(id, &self.arriving).ok_or(Refusal::UploadBusy)?;
        let path = self.outside.shelf.path(&Place::Upload(id.clone()));
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(ControlError::failed)?;
        let there = file.seek(SeekFrom::End(0)).map_err(ControlError::failed)?;
        if there != offset {
            return Ok(None);
        }
        self.outside.store.touch_upload(id, self.now()).await?;
        Ok(Some(Arriving {
            file,
            upload,
            offset,
            shelf: Arc::clone(&self.outside.shelf),
            _alone: alone,
        }))
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// The refusal of the right; [`Refusal::TooLate`] once a process works on it.
    pub async fn drop_upload(&self, actor: &Actor, id: &UploadId) -> Result<Upload, ControlError> {
        let upload = self.own_upload(actor, id).await?;
        if !self.remove_upload(id).await? {
            return Err(Refusal::TooLate.into());
        }
        self.audit(Some(actor), Some(&upload.site), "upload.drop", "done", id.as_str())
            .await?;
        Ok(upload)
    }

    /// Queues the process that makes a backup of a whole upload. It takes a slot of the quota at once. Ordered again while that is
    /// under way, it leads to it.
    ///
    /// # Errors
    /// The refusal of the right (audited); [`Refusal::Invalid`] while the file is not whole; [`Refusal::QuotaReached`];
    /// [`Refusal::SiteRestoring`]; [`Refusal::NotFound`].
    pub async fn start_import(&self, actor: &Actor, id: &UploadId) -> Result<Process, ControlError> {
        let upload = self.outside.store.upload(id).await?.ok_or(Refusal::NotFound)?;
        let site = self.allowed(actor, Action::Import, &upload.site).await?;
        let database = site.database(&upload.database).ok_or(Refusal::NotFound)?;
        if self.received(id) != upload.bytes {
            return Err(Refusal::Invalid { field: Field::File }.into());
        }
        let new = NewProcess {
            id: ProcessId::from_random(random::bytes()),
            site: site.id.clone(),
            kind: ProcessKind::Import {
                upload: id.clone(),
                file_name: upload.file_name.clone(),
                database: database.id.clone(),
                database_name: database.name.clone(),
            },
            requested_by: actor.name.clone(),
            reason: None,
            at: self.now(),
        };
        let queued = self.outside.store.queue_import(&new).await.map_err(ControlError::from);
        // A double click, or a second tab: the answer is the import under way.
        if matches!(&queued, Err(ControlError::Refused(Refusal::NotFound))) {
            let under_way = self.outside.store.active(Some(std::slice::from_ref(&site.id))).await?;
            let same = |process: &Process| process.kind == new.kind;
            if let Some(first) = under_way.into_iter().find(same) {
                return Ok(first);
            }
        }
        let outcome = match &queued {
            Ok(process) => ("done", process.id.as_str()),
            Err(ControlError::Refused(no)) => (no.code(), id.as_str()),
            Err(_) => return queued,
        };
        self.audit(Some(actor), Some(&site.id), "import.start", outcome.0, outcome.1)
            .await?;
        let process = queued?;
        self.announce(&process);
        Ok(process)
    }

    /// Removes what is kept for nobody: deleted backups and exports past their time, uploads that nobody goes on with, files
    /// without a row. The worker does so regularly.
    ///
    /// # Errors
    /// A failure of the store or of the shelf.
    pub async fn sweep(&self) -> Result<(), ControlError> {
        let (store, shelf) = (&self.outside.store, &self.outside.shelf);
        // What cannot be asked for now must not hold up the rest; a failure was logged where it happened.
        let _ = self.expire(None).await;
        let now = self.now();
        // Listed before the rows are read: what is made meanwhile is not among them.
        let places = shelf.places().map_err(ControlError::failed)?;
        for export in store.expire_exports(now).await? {
            tracing::info!(backup = %export.backup, database = %export.database, "a made BACPAC is past its time");
        }
        for upload in store.uploads().await? {
            let rests = now.since(upload.touched_at) > UPLOAD_IDLE && !self.is_arriving(&upload.id);
            if rests && self.remove_upload(&upload.id).await? {
                tracing::info!(upload = %upload.id, "an upload that nobody went on with is gone");
            }
        }
        // A file is made before its row: those of processes under way have none yet.
        let under_way = store.active(None).await?;
        let kept: HashSet<_> = store
            .exports()
            .await?
            .into_iter()
            .map(|export| Place::Export(export.backup, export.database, export.process))
            .chain(
                store
                    .uploads()
                    .await?
                    .into_iter()
                    .map(|upload| Place::Upload(upload.id)),
            )
            .chain(under_way.into_iter().filter_map(|process| match process.kind {
                ProcessKind::Export { backup, database, .. } => Some(Place::Export(backup, database, process.id)),
                _ => None,
            }))
            .collect();
        for place in places.into_iter().filter(|place| !kept.contains(place)) {
            if let Err(error) = shelf.remove(&place) {
                tracing::warn!(?place, %error, "a file that nobody needs could not be removed");
            }
        }
        Ok(())
    }

    fn is_arriving(&self, id: &UploadId) -> bool {
        let held = self.arriving.lock().unwrap_or_else(PoisonError::into_inner);
        held.contains(id)
    }

    /// Forgets an upload and removes its file, unless a process needs it: `false` then.
    pub(crate) async fn remove_upload(&self, id: &UploadId) -> Result<bool, ControlError> {
        let forgotten = self.outside.store.close_upload(id).await?;
        if forgotten {
            let removed = self.outside.shelf.remove(&Place::Upload(id.clone()));
            removed.map_err(ControlError::failed)?;
        }
        Ok(forgotten)
    }

    async fn own_upload(&self, actor: &Actor, id: &UploadId) -> Result<Upload, ControlError> {
        let upload = self.outside.store.upload(id).await?.ok_or(Refusal::NotFound)?;
        // A restore that closes the site meanwhile is no reason to lose what has arrived.
        self.allowed(actor, Action::Administer, &upload.site).await?;
        Ok(upload)
    }

    fn received(&self, id: &UploadId) -> u64 {
        let path = self.outside.shelf.path(&Place::Upload(id.clone()));
        std::fs::metadata(path).map_or(0, |found| found.len())
    }
}

/// The name as it is kept and shown: the last part of a path, without control characters.
fn shown_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last
        .chars()
        .filter(|letter| !letter.is_control())
        .take(FILE_NAME_MAX_CHARS)
        .collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

//! The commit: the only way to make a backup visible.
//!
//! Packs are durable, then index files, then everything just written is read back from the store and compared, then
//! the caller is asked one last time, then the gate opens for exactly one snapshot file. A crash or an error before
//! the last step leaves nothing that any reader would see.

use std::{collections::HashSet, error::Error as StdError};

use rustic_core::{FileType, Id};

use crate::{
    backend::{describe, lock},
    chunk::{Chunking, Form},
    error::Error,
    index::{self, BlobKind, Index, IndexFile},
    pack::{OpenPack, is_intact},
    seal::{BlobSealer, hash, name_of},
    snapshot::{self, SnapshotFacts, SnapshotId},
    tree,
    writer::Writer,
};

/// Name of the manifest at the root of a snapshot.
pub const MANIFEST: &str = "manifest.json";

/// A backup that is now visible and durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its name.
    pub snapshot: SnapshotId,
    /// Bytes read from the streams (the manifest included).
    pub read_bytes: u64,
    /// Bytes added to the store in packs.
    pub added_bytes: u64,
}

impl Writer {
    /// Makes everything stored through this writer visible as one snapshot.
    ///
    /// `manifest`, if given, is stored last as `manifest.json`. `progress` gets the bytes of each step of the read-back,
    /// whose total is [`added_bytes`](Self::added_bytes) plus a little for trees. `last_check` runs when all is stored
    /// and verified: return an error there if the right to commit (a lease, an attempt number) is gone.
    ///
    /// # Errors
    /// [`Error::Incomplete`] if a stream failed, [`Error::Refused`] with the error of `last_check`,
    /// [`Error::Damaged`] if the store does not give back what was written, [`Error::Missing`] if the repository
    /// vanished meanwhile, [`Error::Fenced`], or a failure of the store. In all these cases there is no snapshot; only
    /// if the store failed while writing the snapshot itself, it may exist: the caller's record decides.
    pub fn commit<E: Into<Box<dyn StdError + Send + Sync>>>(
        self,
        facts: &SnapshotFacts,
        manifest: Option<&[u8]>,
        progress: &dyn Fn(u64),
        last_check: impl FnOnce() -> Result<(), E>,
    ) -> Result<Committed, Error> {
        let repository = &*self.repository;
        if !self.is_complete() {
            return Err(Error::Incomplete);
        }
        if let Some(mut manifest) = manifest {
            let chunking = Chunking::for_database(0, Form::Pages);
            self.store(MANIFEST, Some(manifest.len() as u64), &mut manifest, chunking, &|_| ())?;
        }
        let root = self.store_trees()?;
        self.upload_rest()?;
        let written: Vec<Id> = lock(&self.written).iter().map(|pack| pack.id).collect();
        let entries = IndexFile {
            packs: std::mem::take(&mut *lock(&self.written)),
            ..IndexFile::default()
        };
        index::write(&repository.backend, &repository.sealer, entries, &|| Ok(()))?;

        for pack in &written {
            repository.backend.fence().pass()?;
            let stored = repository.backend.read_file(FileType::Pack, pack)?;
            if !is_intact(&stored, pack) {
                return Err(Error::Damaged(format!(
                    "{} was stored wrongly",
                    describe(FileType::Pack, pack)
                )));
            }
            progress(stored.len() as u64);
        }
        let index = Index::load(&repository.backend, &repository.sealer)?;
        self.verify_references(&index, root)?;
        repository.verify_config()?;

        last_check().map_err(|error| Error::Refused(error.into()))?;
        let names: HashSet<String> = lock(&self.files).keys().map(|path| top(path).to_owned()).collect();
        let json = snapshot::to_json(facts, root, names.iter().map(String::as_str))?;
        let sealed = repository.sealer.seal_file(&json)?;
        let id = name_of(&sealed);
        repository.backend.write_snapshot(&id, sealed.into())?;
        snapshot::read(&repository.backend, &repository.sealer, id)?;
        repository.remember(index);
        Ok(Committed {
            snapshot: id.into(),
            read_bytes: self.read_bytes(),
            added_bytes: self.added_bytes(),
        })
    }

    /// Stores the trees over all stored files; returns the root's name.
    fn store_trees(&self) -> Result<Id, Error> {
        let mut sealer = BlobSealer::new(&self.repository.sealer)?;
        let (mut pack, mut fresh) = (OpenPack::new(BlobKind::Tree), HashSet::new());
        let files = lock(&self.files).clone();
        let root = tree::build(&files, &mut |json| {
            let (name, length) = (hash(&json), json.len());
            let id = Id::new(name);
            let length = u32::try_from(length).map_err(|_| Error::Damaged("a directory is too large".into()))?;
            if !self.index.has(BlobKind::Tree, &id) && fresh.insert(id) {
                pack.add(name, sealer.seal(&json, &id)?, length);
                if pack.is_full() {
                    self.upload(std::mem::replace(&mut pack, OpenPack::new(BlobKind::Tree)))?;
                }
            }
            Ok(id)
        })?;
        self.upload(pack)?;
        Ok(root)
    }

    /// Whether the store's own index leads to a present pack, not marked for removal, for every chunk and tree of this
    /// backup: those just written, and those of earlier backups that it relies on.
    fn verify_references(&self, index: &Index, root: Id) -> Result<(), Error> {
        let lost = |what: &str| Err(Error::Damaged(format!("{what} is in no readable pack")));
        let files = lock(&self.files);
        for (path, content) in &*files {
            if !content.blobs.iter().all(|id| index.has(BlobKind::Data, id)) {
                return lost(&format!("a part of {path:?}"));
            }
        }
        let found = tree::build(&files, &mut |json| {
            let id = name_of(&json);
            if index.has(BlobKind::Tree, &id) {
                Ok(id)
            } else {
                lost("a directory").map(|()| id)
            }
        })?;
        if found == root {
            Ok(())
        } else {
            lost("the root directory")
        }
    }
}

fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

//! The index: which blob lies where.
//!
//! Loaded whole into memory (about 100 bytes a blob). Only blobs of packs that are present with the right size count:
//! a writer stores again what a lost pack held, instead of relying on it, and a reader never starts on what is gone.
//! A damaged index file does not stop the others from being used; it is remembered as a problem.

use std::{collections::HashMap, num::NonZeroU32};

use rustic_core::{FileType, Id};
use serde::{Deserialize, Serialize};

use crate::{
    backend::{Backend, describe},
    error::Error,
    pack,
    seal::{Sealer, name_of},
};

/// An index file is closed at this many blobs, as restic does, so that none grows beyond a few megabytes.
const FULL_BLOBS: usize = 50_000;

/// What a blob holds. The same bytes may be stored as both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BlobKind {
    Data,
    Tree,
}

#[derive(Serialize, Deserialize)]
struct IndexFile {
    packs: Vec<PackEntry>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PackEntry {
    pub(crate) id: Id,
    pub(crate) blobs: Vec<BlobEntry>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct BlobEntry {
    pub(crate) id: Id,
    #[serde(rename = "type")]
    pub(crate) kind: BlobKind,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uncompressed_length: Option<NonZeroU32>,
}

/// Where a blob lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) pack: Id,
    pub(crate) offset: u32,
    /// Sealed length.
    pub(crate) length: u32,
    /// Plain length of a compressed blob.
    pub(crate) uncompressed: Option<NonZeroU32>,
}

impl Place {
    pub(crate) fn plain_length(self) -> u32 {
        self.uncompressed
            .map_or(self.length.saturating_sub(32), NonZeroU32::get)
    }
}

#[derive(Clone, Copy)]
struct Slot {
    pack: u32,
    offset: u32,
    length: u32,
    uncompressed: Option<NonZeroU32>,
}

/// All blobs of a repository at one moment.
pub(crate) struct Index {
    packs: Vec<Id>,
    blobs: HashMap<(BlobKind, Id), Slot>,
    /// What was found wrong while loading, in words.
    pub(crate) problems: Vec<String>,
    /// Packs that no index file names: left by interrupted writers, or being written now.
    pub(crate) unreferenced_packs: usize,
}

impl Index {
    pub(crate) fn load(backend: &Backend, sealer: &Sealer) -> Result<Self, Error> {
        // Index files first: a pack is always older than the index file that names it.
        let files = backend.list_files(FileType::Index)?;
        let mut listed: HashMap<Id, u64> = backend.list_files(FileType::Pack)?.into_iter().collect();
        let mut sizes = HashMap::new();
        let mut index = Self {
            packs: Vec::new(),
            blobs: HashMap::new(),
            problems: Vec::new(),
            unreferenced_packs: 0,
        };
        for (id, _) in files {
            match read_index_file(backend, sealer, &id) {
                Ok(file) => {
                    for entry in file.packs {
                        if let Some(size) = listed.remove(&entry.id) {
                            sizes.insert(entry.id, size);
                        }
                        index.add(entry, &sizes);
                    }
                }
                Err(Error::Damaged(why)) => index.problems.push(why),
                Err(error) => return Err(error),
            }
        }
        index.unreferenced_packs = listed.len();
        Ok(index)
    }

    fn add(&mut self, entry: PackEntry, sizes: &HashMap<Id, u64>) {
        let expected = pack::size_of(&entry.blobs);
        match sizes.get(&entry.id) {
            Some(size) if *size == expected => {}
            Some(size) => {
                let name = describe(FileType::Pack, &entry.id);
                return self
                    .problems
                    .push(format!("{name} has {size} bytes instead of {expected}"));
            }
            None => {
                return self
                    .problems
                    .push(format!("{} is missing", describe(FileType::Pack, &entry.id)));
            }
        }
        let pack = self.packs.len() as u32;
        self.packs.push(entry.id);
        for blob in entry.blobs {
            let slot = Slot {
                pack,
                offset: blob.offset,
                length: blob.length,
                uncompressed: blob.uncompressed_length,
            };
            self.blobs.entry((blob.kind, blob.id)).or_insert(slot);
        }
    }

    pub(crate) fn find(&self, kind: BlobKind, id: &Id) -> Option<Place> {
        self.blobs.get(&(kind, *id)).map(|slot| self.place(slot))
    }

    pub(crate) fn has(&self, kind: BlobKind, id: &Id) -> bool {
        self.blobs.contains_key(&(kind, *id))
    }

    fn place(&self, slot: &Slot) -> Place {
        Place {
            pack: self.packs[slot.pack as usize],
            offset: slot.offset,
            length: slot.length,
            uncompressed: slot.uncompressed,
        }
    }

    /// The sound packs, each with the blobs that are read from it.
    pub(crate) fn by_pack(&self) -> Vec<(Id, Vec<(Id, Place)>)> {
        let mut packs: Vec<_> = self.packs.iter().map(|id| (*id, Vec::new())).collect();
        for ((_, id), slot) in &self.blobs {
            packs[slot.pack as usize].1.push((*id, self.place(slot)));
        }
        packs
    }
}

fn read_index_file(backend: &Backend, sealer: &Sealer, id: &Id) -> Result<IndexFile, Error> {
    let json = read_sealed_json(backend, sealer, FileType::Index, id)?;
    serde_json::from_slice(&json)
        .map_err(|_| Error::Damaged(format!("{} cannot be understood", describe(FileType::Index, id))))
}

/// The JSON inside an index or snapshot file. Name (hash) and seal are both checked: the seal alone would accept
/// another file's content under this name.
pub(crate) fn read_sealed_json(backend: &Backend, sealer: &Sealer, kind: FileType, id: &Id) -> Result<Vec<u8>, Error> {
    let sealed = backend.read_file(kind, id)?;
    let opened = (name_of(&sealed) == *id).then(|| sealer.open_file(&sealed)).flatten();
    opened.ok_or_else(|| Error::Damaged(format!("{} is not what was written", describe(kind, id))))
}

/// Writes index files for these packs.
pub(crate) fn write(backend: &Backend, sealer: &Sealer, packs: Vec<PackEntry>) -> Result<(), Error> {
    let (mut file, mut blobs) = (IndexFile { packs: Vec::new() }, 0);
    let flush = |file: &IndexFile| {
        if file.packs.is_empty() {
            return Ok(());
        }
        let json = serde_json::to_vec(file).map_err(|error| Error::reading("writing the index", error))?;
        let sealed = sealer.seal_file(&json)?;
        backend.write_file(FileType::Index, &name_of(&sealed), vec![sealed.into()])
    };
    for entry in packs {
        blobs += entry.blobs.len();
        file.packs.push(entry);
        if blobs >= FULL_BLOBS {
            flush(&file)?;
            (file.packs, blobs) = (Vec::new(), 0);
        }
    }
    flush(&file)
}

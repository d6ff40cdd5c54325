//! The index: which blob lies where.
//!
//! Loaded whole into memory (about 100 bytes a blob). Only blobs of packs that are present with the right size count:
//! a writer stores again what a lost pack held, instead of relying on it, and a reader never starts on what is gone.
//! Packs marked for removal are half there: a reader may still use them, a writer must not rely on them.
//! A damaged index file does not stop the others from being used; it is remembered as a problem.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
};

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

/// How often loading begins again because an index file was replaced between listing and reading it.
const MAX_RELOADS: usize = 3;

/// What a blob holds. The same bytes may be stored as both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BlobKind {
    Data,
    Tree,
}

/// What one index file says.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct IndexFile {
    pub(crate) packs: Vec<PackEntry>,
    /// Packs that nothing needed when they were marked; `restic` passes over this list, `rustic` keeps the same one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) packs_to_delete: Vec<PackEntry>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PackEntry {
    pub(crate) id: Id,
    pub(crate) blobs: Vec<BlobEntry>,
    /// When it was marked, in RFC 3339; `rustic` writes here when it made the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<String>,
    /// Bytes of a marked pack whose blobs are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u32>,
}

impl PackEntry {
    pub(crate) fn new(id: Id, blobs: Vec<BlobEntry>) -> Self {
        let (time, size) = (None, None);
        Self { id, blobs, time, size }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
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

impl BlobEntry {
    pub(crate) fn key(&self) -> (BlobKind, Id) {
        (self.kind, self.id)
    }
}

#[derive(Clone, Copy)]
struct Slot {
    pack: u32,
    offset: u32,
    length: u32,
    uncompressed: Option<NonZeroU32>,
}

impl Slot {
    fn new(pack: u32, blob: &BlobEntry) -> Self {
        Self {
            pack,
            offset: blob.offset,
            length: blob.length,
            uncompressed: blob.uncompressed_length,
        }
    }
}

/// All blobs of a repository at one moment.
#[derive(Default)]
pub(crate) struct Index {
    packs: Vec<Id>,
    blobs: HashMap<(BlobKind, Id), Slot>,
    /// Blobs that only marked packs hold.
    marked: HashMap<(BlobKind, Id), Slot>,
    /// What was found wrong while loading, in words.
    pub(crate) problems: Vec<String>,
    /// Packs that no index file names: left by interrupted writers, or being written now.
    pub(crate) unreferenced_packs: usize,
}

impl Index {
    pub(crate) fn load(backend: &Backend, sealer: &Sealer) -> Result<Self, Error> {
        for _ in 0..MAX_RELOADS {
            if let Some(index) = Self::load_once(backend, sealer, true)? {
                return Ok(index);
            }
        }
        let last = Self::load_once(backend, sealer, false)?;
        last.ok_or_else(|| Error::Damaged("its index changes faster than it can be read".into()))
    }

    /// `None` if an index file that was listed is gone: a prune has replaced it, or is about to be done with that.
    fn load_once(backend: &Backend, sealer: &Sealer, may_begin_again: bool) -> Result<Option<Self>, Error> {
        // Index files first: a pack is always older than the index file that names it.
        let names = backend.list_files(FileType::Index)?;
        let present: HashMap<Id, u64> = backend.list_files(FileType::Pack)?.into_iter().collect();
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for (id, _) in names {
            match read_index_file(backend, sealer, &id) {
                Ok(file) => files.push(file),
                Err(Error::Damaged(why)) => {
                    let still_there = backend.list_files(FileType::Index)?.iter().any(|file| file.0 == id);
                    if may_begin_again && !still_there {
                        return Ok(None);
                    }
                    problems.push(why);
                }
                Err(error) => return Err(error),
            }
        }
        let mut index = Self::of(files.iter(), &present);
        problems.append(&mut index.problems);
        index.problems = problems;
        Ok(Some(index))
    }

    /// What these index files say, as far as the packs are `present` with the right size.
    pub(crate) fn of<'a>(files: impl Iterator<Item = &'a IndexFile> + Clone, present: &HashMap<Id, u64>) -> Self {
        let mut index = Self::default();
        let mut named = HashSet::new();
        for file in files.clone() {
            for entry in &file.packs {
                named.insert(entry.id);
                index.add(entry, present);
            }
        }
        for entry in files.flat_map(|file| &file.packs_to_delete) {
            if named.insert(entry.id) && is_sound(entry, present) {
                index.add_marked(entry);
            }
        }
        index.unreferenced_packs = present.keys().filter(|id| !named.contains(*id)).count();
        index
    }

    fn add(&mut self, entry: &PackEntry, present: &HashMap<Id, u64>) {
        if !is_sound(entry, present) {
            let name = describe(FileType::Pack, &entry.id);
            self.problems.push(match present.get(&entry.id) {
                Some(size) => format!("{name} has {size} bytes instead of {}", pack::size_of(&entry.blobs)),
                None => format!("{name} is missing"),
            });
            return;
        }
        let pack = self.add_pack(entry.id);
        for blob in &entry.blobs {
            self.blobs.entry(blob.key()).or_insert(Slot::new(pack, blob));
        }
    }

    fn add_marked(&mut self, entry: &PackEntry) {
        let pack = self.add_pack(entry.id);
        for blob in entry.blobs.iter().filter(|blob| !self.blobs.contains_key(&blob.key())) {
            self.marked.entry(blob.key()).or_insert(Slot::new(pack, blob));
        }
    }

    fn add_pack(&mut self, id: Id) -> u32 {
        self.packs.push(id);
        self.packs.len() as u32 - 1
    }

    /// Where to read a blob.
    pub(crate) fn find(&self, kind: BlobKind, id: &Id) -> Option<Place> {
        let slot = self.blobs.get(&(kind, *id)).or_else(|| self.marked.get(&(kind, *id)));
        slot.map(|slot| self.place(slot))
    }

    /// Whether a backup may rely on a blob: it lies in a pack that is not marked.
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
        for ((_, id), slot) in self.blobs.iter().chain(&self.marked) {
            packs[slot.pack as usize].1.push((*id, self.place(slot)));
        }
        packs
    }
}

/// Whether the pack is there with the size that its blobs make.
pub(crate) fn is_sound(entry: &PackEntry, present: &HashMap<Id, u64>) -> bool {
    present.get(&entry.id) == Some(&pack::size_of(&entry.blobs))
}

pub(crate) fn read_index_file(backend: &Backend, sealer: &Sealer, id: &Id) -> Result<IndexFile, Error> {
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

/// Writes index files that say this, asking `may_write` before each. Returns their names.
pub(crate) fn write(
    backend: &Backend,
    sealer: &Sealer,
    content: IndexFile,
    may_write: &dyn Fn() -> Result<(), Error>,
) -> Result<Vec<Id>, Error> {
    let mut written = Vec::new();
    let mut flush = |file: &mut IndexFile| {
        if file.packs.is_empty() && file.packs_to_delete.is_empty() {
            return Ok(());
        }
        let json = serde_json::to_vec(file).map_err(|error| Error::reading("writing the index", error))?;
        let sealed = sealer.seal_file(&json)?;
        let id = name_of(&sealed);
        may_write()?;
        backend.write_file(FileType::Index, &id, vec![sealed.into()])?;
        written.push(id);
        *file = IndexFile::default();
        Ok(())
    };
    let (mut file, mut blobs) = (IndexFile::default(), 0);
    let live = content.packs.into_iter().map(|entry| (false, entry));
    let marked = content.packs_to_delete.into_iter().map(|entry| (true, entry));
    for (is_marked, entry) in live.chain(marked) {
        blobs += entry.blobs.len().max(1);
        if is_marked {
            file.packs_to_delete.push(entry);
        } else {
            file.packs.push(entry);
        }
        if blobs >= FULL_BLOBS {
            flush(&mut file)?;
            blobs = 0;
        }
    }
    flush(&mut file)?;
    Ok(written)
}

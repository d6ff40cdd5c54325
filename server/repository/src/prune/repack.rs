//! Moving the needed blobs of wasteful packs into new ones.
//!
//! A blob is opened and compared with its name before it is moved; its sealed bytes are copied as they are. Every new
//! pack is read back from the store before anything relies on it.

use rustic_core::{FileType, Id};

use super::Pruning;
use crate::{
    backend::describe,
    error::Error,
    index::{BlobEntry, BlobKind, PackEntry, Place},
    pack::{OpenPack, is_intact},
    reader::open_blob,
    seal::{BlobOpener, BlobSealer, hash},
};

/// The packs being filled, one for each kind of blob.
pub(super) struct Repacker<'a> {
    pruning: &'a Pruning<'a>,
    data: OpenPack,
    trees: OpenPack,
    written: Vec<PackEntry>,
    written_bytes: u64,
}

impl<'a> Repacker<'a> {
    pub(super) fn new(pruning: &'a Pruning<'a>) -> Self {
        Self {
            pruning,
            data: OpenPack::new(BlobKind::Data),
            trees: OpenPack::new(BlobKind::Tree),
            written: Vec::new(),
            written_bytes: 0,
        }
    }

    /// Moves these blobs of these packs. Returns the new packs and their bytes.
    pub(super) fn take_all(mut self, packs: &[(Id, Vec<BlobEntry>)]) -> Result<(Vec<PackEntry>, u64), Error> {
        let taken = packs.iter().try_for_each(|(from, blobs)| self.take(*from, blobs));
        match taken.and_then(|()| self.store_rest()) {
            Ok(()) => Ok((self.written, self.written_bytes)),
            Err(Error::StorageFull) => {
                // Nothing can rely on packs that no index file ever named: on a full disk they need not wait.
                for pack in &self.written {
                    self.pruning.may_write()?;
                    self.pruning.inner.backend.remove_file(FileType::Pack, &pack.id)?;
                }
                Err(Error::StorageFull)
            }
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, from: Id, blobs: &[BlobEntry]) -> Result<(), Error> {
        let inner = self.pruning.inner;
        let content = inner.backend.read_file(FileType::Pack, &from)?;
        let mut opener = BlobOpener::new(&inner.sealer)?;
        for blob in blobs {
            let place = Place {
                pack: from,
                offset: blob.offset,
                length: blob.length,
                uncompressed: blob.uncompressed_length,
            };
            let plain = open_blob(&mut opener, &content, 0, place, &blob.id)?;
            let (name, plain_length) = (hash(&plain), place.plain_length());
            let pack = match blob.kind {
                BlobKind::Data => &mut self.data,
                BlobKind::Tree => &mut self.trees,
            };
            let end = blob.offset as usize + blob.length as usize;
            match (blob.uncompressed_length, content.get(blob.offset as usize..end)) {
                (Some(_), Some(sealed)) => pack.add(name, sealed, plain_length),
                // Other programs may leave small blobs uncompressed; our packs hold compressed ones only.
                _ => pack.add(
                    name,
                    BlobSealer::new(&inner.sealer)?.seal(&plain, &blob.id)?,
                    plain_length,
                ),
            }
            if pack.is_full() {
                let full = std::mem::replace(pack, OpenPack::new(blob.kind));
                self.store(full)?;
            }
        }
        Ok(())
    }

    fn store_rest(&mut self) -> Result<(), Error> {
        let data = std::mem::replace(&mut self.data, OpenPack::new(BlobKind::Data));
        let trees = std::mem::replace(&mut self.trees, OpenPack::new(BlobKind::Tree));
        self.store(data)?;
        self.store(trees)
    }

    fn store(&mut self, pack: OpenPack) -> Result<(), Error> {
        if pack.is_empty() {
            return Ok(());
        }
        let inner = self.pruning.inner;
        let pack = pack.finish(&inner.sealer)?;
        let (id, size) = (pack.entry.id, pack.bytes.len() as u64);
        self.pruning.may_write()?;
        inner.backend.write_file(FileType::Pack, &id, vec![pack.bytes])?;
        if !is_intact(&inner.backend.read_file(FileType::Pack, &id)?, &id) {
            let name = describe(FileType::Pack, &id);
            return Err(Error::Damaged(format!("{name} was stored wrongly")));
        }
        self.written_bytes += size;
        self.written.push(pack.entry);
        (self.pruning.progress)(size);
        Ok(())
    }
}

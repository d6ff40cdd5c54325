//! Packs: the files that hold sealed blobs.
//!
//! `blob … blob | sealed header | header length (u32, little endian)`. The header lists kind, lengths and name of each
//! blob, so that an index can be rebuilt from packs alone. A pack's name is the SHA-256 of the whole file.

use std::num::NonZeroU32;

use bytes::Bytes;
use rustic_core::Id;

use crate::{
    error::Error,
    index::{BlobEntry, BlobKind, PackEntry},
    seal::{OVERHEAD, Sealer, hash, name_of},
};

/// A pack is closed at this many bytes (16 MiB, restic's own default): large enough that files and fsyncs are few, small
/// enough that one open and four travelling packs stay below 100 MiB.
const FULL_BYTES: usize = 16 << 20;

/// … or at this many blobs, so that the header of a pack of highly compressible chunks stays small.
const FULL_BLOBS: usize = 10_000;

/// Header bytes for one compressed blob: kind, sealed length, plain length, name.
const HEADER_ENTRY: usize = 41;

/// Size in bytes of a pack with these blobs.
pub(crate) fn size_of(blobs: &[BlobEntry]) -> u64 {
    let entry = |blob: &BlobEntry| {
        if blob.uncompressed_length.is_some() {
            HEADER_ENTRY
        } else {
            HEADER_ENTRY - 4
        }
    };
    blobs
        .iter()
        .map(|blob| u64::from(blob.length) + entry(blob) as u64)
        .sum::<u64>()
        + OVERHEAD as u64
        + 4
}

/// A pack being filled.
pub(crate) struct OpenPack {
    kind: BlobKind,
    bytes: Vec<u8>,
    header: Vec<u8>,
    blobs: Vec<BlobEntry>,
}

/// A pack ready to be stored.
pub(crate) struct FinishedPack {
    pub(crate) bytes: Bytes,
    pub(crate) entry: PackEntry,
}

impl OpenPack {
    pub(crate) fn new(kind: BlobKind) -> Self {
        Self {
            kind,
            bytes: Vec::new(),
            header: Vec::new(),
            blobs: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blobs.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL_BYTES || self.blobs.len() >= FULL_BLOBS
    }

    /// Adds a sealed, compressed blob whose plain content is named `name` and has `plain_length` > 0 bytes.
    pub(crate) fn add(&mut self, name: [u8; 32], sealed: &[u8], plain_length: u32) {
        if self.bytes.is_empty() {
            self.bytes.reserve(FULL_BYTES / 16);
        }
        let (offset, length) = (self.bytes.len() as u32, sealed.len() as u32);
        self.bytes.extend_from_slice(sealed);
        self.header.push(match self.kind {
            BlobKind::Data => 2,
            BlobKind::Tree => 3,
        });
        self.header.extend_from_slice(&length.to_le_bytes());
        self.header.extend_from_slice(&plain_length.to_le_bytes());
        self.header.extend_from_slice(&name);
        let uncompressed_length = NonZeroU32::new(plain_length);
        self.blobs.push(BlobEntry {
            id: Id::new(name),
            kind: self.kind,
            offset,
            length,
            uncompressed_length,
        });
    }

    pub(crate) fn finish(mut self, sealer: &Sealer) -> Result<FinishedPack, Error> {
        let start = self.bytes.len();
        sealer.seal(&self.header, &mut self.bytes)?;
        let header_length = (self.bytes.len() - start) as u32;
        self.bytes.extend_from_slice(&header_length.to_le_bytes());
        let entry = PackEntry::new(name_of(&self.bytes), self.blobs);
        Ok(FinishedPack {
            bytes: self.bytes.into(),
            entry,
        })
    }
}

/// Whether these are the bytes that the pack `id` was stored with.
pub(crate) fn is_intact(bytes: &[u8], id: &Id) -> bool {
    Id::new(hash(bytes)) == *id
}

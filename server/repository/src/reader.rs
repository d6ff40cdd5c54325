//! Reading stored files: whole, by range, or as a seekable stream.
//!
//! Neighbouring chunks of one pack are read in one request. Each chunk is authenticated, decompressed and compared
//! with its name before a byte of it is handed out: damaged storage gives an error, never wrong bytes.

use std::{
    io::{self, Read, Seek, SeekFrom, Write},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use rustic_core::{FileType, Id};
use sha2::{Digest, Sha256};

use crate::{
    backend::{Backend, describe, lock},
    error::Error,
    index::{BlobKind, Index, Place},
    repository::Inner,
    seal::{BlobOpener, Sealer},
    tree::Content,
    writer::StoredFile,
};

/// Most bytes asked from the store at once.
const MAX_REQUEST: u64 = 4 << 20;

/// A sequential reader starts by reading this far ahead, and doubles up to [`MAX_REQUEST`]: a range stays cheap, a
/// download needs few requests.
const FIRST_AHEAD: u64 = 64 << 10;

/// The blobs of a repository, by name.
pub(crate) struct Blobs<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) sealer: &'a Sealer,
    pub(crate) index: &'a Index,
}

impl Blobs<'_> {
    pub(crate) fn read_one(&self, kind: BlobKind, id: &Id) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        self.read(kind, std::slice::from_ref(id), &mut |blob| {
            content = blob;
            Ok(())
        })?;
        Ok(content)
    }

    /// Hands the blobs' content to `receive`, in order.
    pub(crate) fn read(
        &self,
        kind: BlobKind,
        ids: &[Id],
        receive: &mut dyn FnMut(Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut opener = BlobOpener::new(self.sealer)?;
        let mut rest = ids;
        while let Some(first) = rest.first() {
            let start = self.place(kind, first)?;
            let (mut run, mut end) = (vec![start], u64::from(start.offset) + u64::from(start.length));
            for next in &rest[1..] {
                let place = self.place(kind, next)?;
                let grown = end + u64::from(place.length) - u64::from(start.offset);
                if place.pack != start.pack || u64::from(place.offset) != end || grown > MAX_REQUEST {
                    break;
                }
                end += u64::from(place.length);
                run.push(place);
            }
            let offset = u64::from(start.offset);
            let sealed = self
                .backend
                .read_part(FileType::Pack, &start.pack, offset, end - offset)?;
            for (place, id) in run.iter().zip(rest) {
                receive(open_blob(&mut opener, &sealed, offset, *place, id)?)?;
            }
            rest = &rest[run.len()..];
        }
        Ok(())
    }

    fn place(&self, kind: BlobKind, id: &Id) -> Result<Place, Error> {
        let found = self.index.find(kind, id);
        found.ok_or_else(|| Error::Damaged(format!("no readable pack holds the {kind:?} blob {id}").to_lowercase()))
    }
}

/// One blob out of the bytes of its pack that start at `offset`.
pub(crate) fn open_blob(
    opener: &mut BlobOpener<'_>,
    sealed: &[u8],
    offset: u64,
    place: Place,
    id: &Id,
) -> Result<Vec<u8>, Error> {
    let start = (u64::from(place.offset) - offset) as usize;
    let sealed = sealed.get(start..start + place.length as usize);
    let plain_length = place.uncompressed.map(|length| length.get() as usize);
    sealed
        .and_then(|sealed| opener.open(sealed, plain_length, id))
        .ok_or_else(|| Error::Damaged(format!("{} holds wrong bytes", describe(FileType::Pack, &place.pack))))
}

/// A stored file, opened for reading. Opening finds its chunks once; ranges are cheap afterwards.
///
/// `Read` and `Seek` read ahead; an `io::Error` of theirs carries an [`Error`].
pub struct StoredFileReader {
    repository: Arc<Inner>,
    index: Mutex<Arc<Index>>,
    path: String,
    blobs: Vec<Id>,
    /// Where each chunk begins; one more entry for the end of the last.
    starts: Vec<u64>,
    position: u64,
    window: Vec<u8>,
    window_start: u64,
    ahead: u64,
}

impl StoredFileReader {
    pub(crate) fn new(
        repository: Arc<Inner>,
        index: Arc<Index>,
        path: String,
        content: Content,
    ) -> Result<Self, Error> {
        let mut starts = Vec::with_capacity(content.blobs.len() + 1);
        let mut end = 0u64;
        for id in &content.blobs {
            starts.push(end);
            let place = index.find(BlobKind::Data, id);
            let place = place.ok_or_else(|| Error::Damaged(format!("a part of {path:?} is in no readable pack")))?;
            end += u64::from(place.plain_length());
        }
        starts.push(end);
        if end != content.size {
            return Err(Error::Damaged(format!(
                "{path:?} has {end} bytes instead of {}",
                content.size
            )));
        }
        let (window, blobs) = (Vec::new(), content.blobs);
        Ok(Self {
            repository,
            index: Mutex::new(index),
            path,
            blobs,
            starts,
            position: 0,
            window,
            window_start: 0,
            ahead: FIRST_AHEAD,
        })
    }

    /// Its path in the snapshot.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.starts.last().copied().unwrap_or_default()
    }

    /// The bytes from `offset`, at most `length` of them: fewer at the end of the file, none beyond it. Does not
    /// move the stream's position.
    ///
    /// # Errors
    /// [`Error::Damaged`] or a failure of the store.
    pub fn read_at(&self, offset: u64, length: u64) -> Result<Bytes, Error> {
        let end = offset.saturating_add(length).min(self.size());
        if offset >= end {
            return Ok(Bytes::new());
        }
        let (start, chunks) = self.chunks(offset, end)?;
        let from = (offset - start) as usize;
        Ok(Bytes::from(chunks).slice(from..from + (end - offset) as usize))
    }

    /// Copies the whole file to `sink`; `progress` gets the bytes of each step.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Sink`] or a failure of the store. `sink` then holds a true beginning of the file.
    pub fn copy_to(&self, sink: &mut dyn Write, progress: &dyn Fn(u64)) -> Result<StoredFile, Error> {
        let mut hash = Sha256::new();
        self.read_blobs(&self.blobs, &mut |chunk| {
            hash.update(&chunk);
            sink.write_all(&chunk).map_err(Error::Sink)?;
            progress(chunk.len() as u64);
            Ok(())
        })?;
        sink.flush().map_err(Error::Sink)?;
        Ok(StoredFile {
            path: self.path.clone(),
            size: self.size(),
            sha256: hash.finalize().into(),
        })
    }

    /// Hands the chunks to `receive`, in order. A prune may have moved them to other packs since the file was opened: what
    /// is not where it was is looked for once more.
    fn read_blobs(&self, ids: &[Id], receive: &mut dyn FnMut(Vec<u8>) -> Result<(), Error>) -> Result<(), Error> {
        let index = lock(&self.index).clone();
        let mut handed = 0;
        let read = self.blobs_in(&index).read(BlobKind::Data, ids, &mut |chunk| {
            receive(chunk)?;
            handed += 1;
            Ok(())
        });
        let (Err(Error::Damaged(_)), Some(failed)) = (&read, ids.get(handed)) else {
            return read;
        };
        let fresh = self.repository.fresh_index()?;
        if fresh.find(BlobKind::Data, failed) == index.find(BlobKind::Data, failed) {
            return read;
        }
        (*lock(&self.index)).clone_from(&fresh);
        self.blobs_in(&fresh).read(BlobKind::Data, &ids[handed..], receive)
    }

    fn blobs_in<'a>(&'a self, index: &'a Index) -> Blobs<'a> {
        Blobs {
            backend: &self.repository.backend,
            sealer: &self.repository.sealer,
            index,
        }
    }

    /// The whole chunks that hold `offset..end`, and where the first begins. `offset < end <= size`.
    fn chunks(&self, offset: u64, end: u64) -> Result<(u64, Vec<u8>), Error> {
        let first = self.starts.partition_point(|start| *start <= offset) - 1;
        let last = self.starts.partition_point(|start| *start < end) - 1;
        let start = self.starts[first];
        let mut content = Vec::with_capacity((self.starts[last + 1] - start) as usize);
        self.read_blobs(&self.blobs[first..=last], &mut |chunk| {
            content.extend_from_slice(&chunk);
            Ok(())
        })?;
        Ok((start, content))
    }
}

impl Read for StoredFileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.size() {
            return Ok(0);
        }
        let window_end = self.window_start + self.window.len() as u64;
        if !(self.window_start..window_end).contains(&self.position) {
            let sequential = self.position == window_end && !self.window.is_empty();
            self.ahead = if sequential {
                (self.ahead * 2).min(MAX_REQUEST)
            } else {
                FIRST_AHEAD
            };
            let end = (self.position + self.ahead).min(self.size());
            (self.window_start, self.window) = self.chunks(self.position, end).map_err(io::Error::other)?;
        }
        let ready = &self.window[(self.position - self.window_start) as usize..];
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for StoredFileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.size().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

impl std::fmt::Debug for StoredFileReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "StoredFileReader({:?}, {} bytes, at {})",
            self.path,
            self.size(),
            self.position
        )
    }
}

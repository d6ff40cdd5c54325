//! Storing streams: cut, hash, look up, compress, seal, pack.
//!
//! The calling thread reads and cuts; a few threads do the rest. Nothing that a writer stores is visible before
//! [`Writer::commit`](crate::Writer::commit), and one failed stream rules a commit out for good: a backup is whole or
//! it is not. What an abandoned writer leaves are packs that no index names.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    io::Read,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use rustic_core::{FileType, Id};
use sha2::{Digest, Sha256};

use crate::{
    backend::lock,
    chunk::Chunking,
    error::Error,
    index::{BlobKind, Index, PackEntry},
    pack::OpenPack,
    repository::Inner,
    seal::{BlobSealer, hash},
    tree::{self, Content},
};

/// Bytes read before they are handed on (or one longest chunk, if that is more).
const BLOCK: usize = 1 << 20;

/// A file as it went into, or came out of, a repository.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its path in the snapshot.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its whole content.
    pub sha256: [u8; 32],
}

impl fmt::Debug for StoredFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "StoredFile({:?}, {} bytes, {})",
            self.path,
            self.size,
            Id::new(self.sha256).to_hex().as_str()
        )
    }
}

/// One backup being written. Threads may store through it at the same time.
pub struct Writer {
    pub(crate) repository: Arc<Inner>,
    /// The repository as it was when this writer began.
    pub(crate) index: Arc<Index>,
    fresh: Mutex<HashSet<Id>>,
    pack: Mutex<OpenPack>,
    pub(crate) written: Mutex<Vec<PackEntry>>,
    pub(crate) files: Mutex<BTreeMap<String, Content>>,
    started: AtomicU64,
    finished: AtomicU64,
    read: AtomicU64,
    added: AtomicU64,
}

/// A block of chunks on its way through the threads.
struct Block {
    number: usize,
    bytes: Vec<u8>,
    lengths: Vec<u32>,
}

/// What the threads share while one stream is stored.
struct Stream<'a> {
    blocks: Mutex<Receiver<Block>>,
    stored: Mutex<BTreeMap<usize, Vec<Id>>>,
    failure: Mutex<Option<Error>>,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Writer {
    pub(crate) fn new(repository: Arc<Inner>, index: Arc<Index>) -> Self {
        Self {
            repository,
            index,
            fresh: Mutex::default(),
            pack: Mutex::new(OpenPack::new(BlobKind::Data)),
            written: Mutex::default(),
            files: Mutex::default(),
            started: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            read: AtomicU64::new(0),
            added: AtomicU64::new(0),
        }
    }

    /// Stores a stream, read to its end, under `path` (such as `compta/database.sqlite`). `progress` gets the bytes
    /// of each step, from several threads; their sum is the stream's length. Memory does not grow with the stream.
    ///
    /// # Errors
    /// [`Error::Reader`] if the stream failed, [`Error::SizeMismatch`] if it had not `expected_size` bytes,
    /// [`Error::InvalidPath`], [`Error::Fenced`], [`Error::StorageFull`], [`Error::ReadOnly`] or another failure of
    /// the store. After any of them, this writer cannot be committed.
    pub fn store(
        &self,
        path: &str,
        expected_size: Option<u64>,
        reader: &mut dyn Read,
        chunking: Chunking,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<StoredFile, Error> {
        // Counted before anything can fail or panic: a commit compares the two counts.
        self.started.fetch_add(1, Ordering::SeqCst);
        self.repository.backend.fence().pass()?;
        tree::validate(path)?;
        self.refuse_collision(path)?;
        let (content, sha256) = self.store_stream(path, expected_size, reader, chunking, progress)?;
        let stored = StoredFile {
            path: path.into(),
            size: content.size,
            sha256,
        };
        if expected_size.is_some_and(|expected| expected != stored.size) {
            return Err(size_mismatch(path, expected_size, stored.size));
        }
        self.refuse_collision(path)?;
        lock(&self.files).insert(path.into(), content);
        self.finished.fetch_add(1, Ordering::SeqCst);
        Ok(stored)
    }

    /// Bytes that this writer added to the store so far; the read-back of a commit reports progress over them.
    #[must_use]
    pub fn added_bytes(&self) -> u64 {
        self.added.load(Ordering::Relaxed)
    }

    /// Bytes read from streams so far.
    #[must_use]
    pub fn read_bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Whether every stream that was begun came to a good end.
    pub(crate) fn is_complete(&self) -> bool {
        self.started.load(Ordering::SeqCst) == self.finished.load(Ordering::SeqCst)
    }

    fn refuse_collision(&self, path: &str) -> Result<(), Error> {
        if tree::collides(&lock(&self.files), path) {
            return Err(Error::InvalidPath {
                path: path.into(),
                why: "this backup already has it",
            });
        }
        Ok(())
    }

    fn store_stream(
        &self,
        path: &str,
        expected_size: Option<u64>,
        reader: &mut dyn Read,
        chunking: Chunking,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(Content, [u8; 32]), Error> {
        let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, 4);
        let (sender, receiver) = sync_channel::<Block>(threads);
        let stream = Stream {
            blocks: Mutex::new(receiver),
            stored: Mutex::default(),
            failure: Mutex::default(),
            progress,
        };
        let (size, sha256) = thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| self.store_blocks(&stream));
            }
            // The sender ends with the closure, and with it the threads.
            let send = move |block| sender.send(block).is_ok();
            self.read_blocks(path, expected_size, reader, chunking, &stream, send)
        })?;
        if let Some(error) = stream
            .failure
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            return Err(error);
        }
        let stored = std::mem::take(&mut *lock(&stream.stored));
        let blobs = stored.into_values().flatten().collect();
        Ok((Content { size, blobs }, sha256))
    }

    /// Reads the stream, cuts it and sends blocks of whole chunks. Returns its length and SHA-256.
    fn read_blocks(
        &self,
        path: &str,
        expected_size: Option<u64>,
        reader: &mut dyn Read,
        chunking: Chunking,
        stream: &Stream<'_>,
        send: impl Fn(Block) -> bool,
    ) -> Result<(u64, [u8; 32]), Error> {
        let want = BLOCK.max(chunking.max());
        let (mut carry, mut number, mut size, mut hash) = (Vec::new(), 0, 0u64, Sha256::new());
        loop {
            let kept = carry.len();
            let read = (&mut *reader)
                .take(want as u64)
                .read_to_end(&mut carry)
                .map_err(|source| Error::Reader {
                    path: path.into(),
                    source,
                })?;
            hash.update(&carry[kept..]);
            size += read as u64;
            self.read.fetch_add(read as u64, Ordering::Relaxed);
            if expected_size.is_some_and(|expected| size > expected) {
                return Err(size_mismatch(path, expected_size, size));
            }
            let ended = read < want;
            let (lengths, used) = self.repository.gear.cut(chunking, &carry, ended);
            if used > 0 {
                let rest = carry.split_off(used);
                let bytes = std::mem::replace(&mut carry, rest);
                let failed = lock(&stream.failure).is_some() || self.repository.backend.fence().is_closed();
                if failed || !send(Block { number, bytes, lengths }) {
                    // A thread kept the reason, or the fence is it.
                    self.repository.backend.fence().pass()?;
                    return Ok((size, hash.finalize().into()));
                }
                number += 1;
            }
            if ended {
                return Ok((size, hash.finalize().into()));
            }
        }
    }

    /// One thread's work, until the stream ends. After a failure blocks are still taken, so that nobody waits.
    fn store_blocks(&self, stream: &Stream<'_>) {
        let keep = |error| {
            lock(&stream.failure).get_or_insert(error);
        };
        let mut sealer = BlobSealer::new(&self.repository.sealer).map_err(keep).ok();
        loop {
            let next = lock(&stream.blocks).recv();
            let Ok(block) = next else { return };
            if lock(&stream.failure).is_some() {
                continue;
            }
            let Some(sealer) = sealer.as_mut() else { continue };
            match self.store_block(&block, sealer) {
                Ok(ids) => {
                    lock(&stream.stored).insert(block.number, ids);
                    (stream.progress)(block.bytes.len() as u64);
                }
                Err(error) => keep(error),
            }
        }
    }

    fn store_block(&self, block: &Block, sealer: &mut BlobSealer<'_>) -> Result<Vec<Id>, Error> {
        let mut ids = Vec::with_capacity(block.lengths.len());
        let mut rest = &block.bytes[..];
        for length in &block.lengths {
            let (chunk, after) = rest.split_at(*length as usize);
            rest = after;
            let name = hash(chunk);
            let id = Id::new(name);
            if !self.index.has(BlobKind::Data, &id) && lock(&self.fresh).insert(id) {
                let sealed = sealer.seal(chunk, &id)?;
                self.add(name, sealed, *length)?;
            }
            ids.push(id);
        }
        Ok(ids)
    }

    fn add(&self, name: [u8; 32], sealed: &[u8], length: u32) -> Result<(), Error> {
        let full = {
            let mut pack = lock(&self.pack);
            pack.add(name, sealed, length);
            pack.is_full()
                .then(|| std::mem::replace(&mut *pack, OpenPack::new(BlobKind::Data)))
        };
        full.map_or(Ok(()), |pack| self.upload(pack))
    }

    /// Stores the pack that is still open.
    pub(crate) fn upload_rest(&self) -> Result<(), Error> {
        let rest = std::mem::replace(&mut *lock(&self.pack), OpenPack::new(BlobKind::Data));
        self.upload(rest)
    }

    pub(crate) fn upload(&self, pack: OpenPack) -> Result<(), Error> {
        if pack.is_empty() {
            return Ok(());
        }
        let pack = pack.finish(&self.repository.sealer)?;
        let size = pack.bytes.len() as u64;
        self.repository
            .backend
            .write_file(FileType::Pack, &pack.entry.id, vec![pack.bytes])?;
        self.added.fetch_add(size, Ordering::Relaxed);
        lock(&self.written).push(pack.entry);
        Ok(())
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Writer({} bytes read, {} added)",
            self.read_bytes(),
            self.added_bytes()
        )
    }
}

fn size_mismatch(path: &str, expected: Option<u64>, read: u64) -> Error {
    Error::SizeMismatch {
        path: path.into(),
        expected: expected.unwrap_or_default(),
        read,
    }
}

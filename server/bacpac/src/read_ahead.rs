//! Reads a source on a thread of its own, a few blocks ahead of who wants the bytes. It changes nothing about them.
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Bytes of a block, and how many blocks may wait.
const BLOCK: usize = 256 << 10;
const WAITING: usize = 3;

/// What a thread has read ahead; about 1 MiB of memory.
pub struct ReadAhead {
    blocks: Option<Receiver<io::Result<Vec<u8>>>>,
    used: SyncSender<Vec<u8>>,
    block: Vec<u8>,
    next: usize,
    thread: Option<JoinHandle<()>>,
}

impl ReadAhead {
    /// Begins to read what `open` gives.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn new(work: impl FnOnce(&mut Blocks) + Send + 'static) -> io::Result<Self> {
        let (sender, blocks) = sync_channel(WAITING);
        // Room for every block that there is, so that giving one back never waits.
        let (used, spare) = sync_channel(WAITING + 3);
        let thread = std::thread::Builder::new()
            .name("bacpac-read".to_owned())
            .spawn(move || work(&mut Blocks { sender, spare }))?;
        Ok(Self {
            blocks: Some(blocks),
            used,
            block: Vec::new(),
            next: 0,
            thread: Some(thread),
        })
    }
}

/// Where the thread puts what it reads.
pub(crate) struct Blocks {
    sender: SyncSender<io::Result<Vec<u8>>>,
    spare: Receiver<Vec<u8>>,
}

impl Blocks {
    /// Reads the source to its end, its first error, or until nobody wants more.
    pub(crate) fn read(&mut self, mut source: impl Read) {
        loop {
            let mut block = self.spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(BLOCK));
            block.clear();
            let result = (&mut source).take(BLOCK as u64).read_to_end(&mut block);
            let (failed, ended) = (result.is_err(), block.is_empty());
            // What was read before an error is wanted too: the error belongs behind it.
            if !ended && self.sender.send(Ok(block)).is_err() {
                return;
            }
            if let Err(error) = result {
                self.fail(error);
            }
            if failed || ended {
                return;
            }
        }
    }

    pub(crate) fn fail(&mut self, error: io::Error) {
        // Nobody waits any more when the reader was given up.
        drop(self.sender.send(Err(error)));
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.next == self.block.len() {
            let Some(Ok(found)) = self.blocks.as_ref().map(Receiver::recv) else {
                return match self.thread.take().map(JoinHandle::join) {
                    Some(Err(_)) => Err(io::Error::other("a reading thread has stopped")),
                    _ => Ok(0),
                };
            };
            let used = std::mem::replace(&mut self.block, found?);
            self.next = 0;
            drop(self.used.try_send(used));
        }
        let count = buffer.len().min(self.block.len() - self.next);
        buffer[..count].copy_from_slice(&self.block[self.next..self.next + count]);
        self.next += count;
        Ok(count)
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        // The thread cannot put anything down any more, and ends.
        self.blocks = None;
        drop(self.thread.take().map(JoinHandle::join));
    }
}

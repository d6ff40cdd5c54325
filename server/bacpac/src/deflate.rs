//! Deflates a stream in blocks of 1 MiB, several at once, into one ordinary deflate stream, and sums up its CRC-32 on the way. The
//! result depends on the bytes and the level alone, never on the number of threads. It writes no archive.
use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A block that starts afresh cannot refer to the one before; at this length that costs less than 1 % of the size.
const BLOCK: usize = 1 << 20;

struct Job {
    block: Vec<u8>,
    last: bool,
    answer: SyncSender<io::Result<Deflated>>,
}

/// A finished block, with the buffer of its input to be used again.
struct Deflated {
    block: Vec<u8>,
    output: Vec<u8>,
    crc: Hasher,
}

/// Takes the bytes of one stream after another.
pub(crate) struct Deflater {
    compress: Compress,
    /// Of the stream so far, as far as it is deflated.
    crc: Hasher,
    filling: Vec<u8>,
    spare: Vec<Vec<u8>>,
    waiting: VecDeque<Receiver<io::Result<Deflated>>>,
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Deflater {
    /// `level` 0 to 9; `threads` 0 or 1 compresses where it is called. Memory: about 4 MiB per thread.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(crate) fn new(level: u32, threads: usize) -> io::Result<Self> {
        let level = Compression::new(level.min(9));
        let mut deflater = Self {
            compress: Compress::new(level, false),
            crc: Hasher::new(),
            filling: Vec::with_capacity(BLOCK),
            spare: Vec::new(),
            waiting: VecDeque::new(),
            jobs: None,
            threads: Vec::new(),
        };
        if threads > 1 {
            let (sender, receiver) = channel::<Job>();
            let receiver = Arc::new(Mutex::new(receiver));
            for _ in 0..threads {
                let receiver = Arc::clone(&receiver);
                let work = move || work(&receiver, Compress::new(level, false));
                deflater.threads.push(
                    std::thread::Builder::new()
                        .name("bacpac-deflate".to_owned())
                        .spawn(work)?,
                );
            }
            deflater.jobs = Some(sender);
        }
        Ok(deflater)
    }

    /// Takes bytes of the stream; `out` is given what is finished, in order.
    pub(crate) fn write(&mut self, mut bytes: &[u8], out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.filling.len() == BLOCK {
                self.block(false, out)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.filling.len()));
            self.filling.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Ends the stream and gives its CRC-32; the next bytes begin another.
    pub(crate) fn end(&mut self, out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u32> {
        self.block(true, out)?;
        while let Some(answer) = self.waiting.pop_front() {
            self.take(&answer, out)?;
        }
        Ok(std::mem::take(&mut self.crc).finalize())
    }

    fn block(&mut self, last: bool, out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let Some(jobs) = &self.jobs else {
            let mut output = self.spare.pop().unwrap_or_default();
            deflate(&mut self.compress, &self.filling, last, &mut output)?;
            self.crc.update(&self.filling);
            self.filling.clear();
            out(&output)?;
            self.spare.push(output);
            return Ok(());
        };
        let next = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(BLOCK));
        let block = std::mem::replace(&mut self.filling, next);
        let (answer, receiver) = sync_channel(1);
        jobs.send(Job { block, last, answer }).map_err(|_| stopped())?;
        self.waiting.push_back(receiver);
        if self.waiting.len() > self.threads.len() + 1
            && let Some(answer) = self.waiting.pop_front()
        {
            self.take(&answer, out)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        answer: &Receiver<io::Result<Deflated>>,
        out: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut done = answer.recv().map_err(|_| stopped())??;
        out(&done.output)?;
        self.crc.combine(&done.crc);
        done.block.clear();
        self.spare.push(done.block);
        Ok(())
    }
}

impl Drop for Deflater {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread that failed has already made its stream fail.
            drop(thread.join());
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("a compressing thread has stopped")
}

fn work(jobs: &Mutex<Receiver<Job>>, mut compress: Compress) {
    loop {
        let job = match jobs.lock() {
            Ok(receiver) => receiver.recv(),
            Err(_) => return,
        };
        let Ok(job) = job else { return };
        let mut output = Vec::new();
        let result = deflate(&mut compress, &job.block, job.last, &mut output);
        let (block, mut crc) = (job.block, Hasher::new());
        crc.update(&block);
        // Nobody waits any more when the writer was given up.
        drop(job.answer.send(result.map(|()| Deflated { block, output, crc })));
    }
}

/// Every block ends at a byte, so blocks can be put one after another; only the last says that it is the last.
fn deflate(compress: &mut Compress, block: &[u8], last: bool, output: &mut Vec<u8>) -> io::Result<()> {
    let flush = if last {
        FlushCompress::Finish
    } else {
        FlushCompress::Sync
    };
    compress.reset();
    output.clear();
    loop {
        output.reserve((block.len() / 3).max(1 << 10));
        let consumed = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let rest = block.get(consumed..).unwrap_or_default();
        let status = compress.compress_vec(rest, output, flush).map_err(io::Error::other)?;
        let all_in = compress.total_in() == block.len() as u64;
        let done = if last {
            status == Status::StreamEnd
        } else {
            all_in && output.len() < output.capacity()
        };
        if done {
            break;
        }
    }
    // The fastest levels would let bytes that cannot be compressed grow by 5 %.
    if output.len() > block.len() + block.len() / STORED_MOST + STORED_HEAD {
        store(block, last, output);
    }
    Ok(())
}

/// Bytes of one stored piece, and of what stands before it.
const STORED_MOST: usize = u16::MAX as usize;
const STORED_HEAD: usize = 5;

/// The block as it is, in the form that deflate has for it.
fn store(block: &[u8], last: bool, output: &mut Vec<u8>) {
    output.clear();
    let mut pieces = block.chunks(STORED_MOST).peekable();
    while let Some(piece) = pieces.next() {
        let length = piece.len() as u16;
        output.push(u8::from(last && pieces.peek().is_none()));
        output.extend_from_slice(&length.to_le_bytes());
        output.extend_from_slice(&(!length).to_le_bytes());
        output.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn deflated(streams: &[Vec<u8>], threads: usize) -> Vec<(Vec<u8>, u32)> {
        let mut deflater = Deflater::new(1, threads).unwrap();
        streams
            .iter()
            .map(|bytes| {
                let mut stream = Vec::new();
                let mut out = |bytes: &[u8]| {
                    stream.extend_from_slice(bytes);
                    Ok(())
                };
                for piece in bytes.chunks(70_001) {
                    deflater.write(piece, &mut out).unwrap();
                }
                let crc = deflater.end(&mut out).unwrap();
                (stream, crc)
            })
            .collect()
    }

    #[test]
    fn blocks_join_into_one_stream_that_is_the_same_with_any_number_of_threads() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut streams: Vec<Vec<u8>> = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK]
            .into_iter()
            .map(|length| (0..length).map(|at| (at / 7) as u8 ^ random.u8(0..4)).collect())
            .collect();
        // Bytes that cannot be compressed take more room than they had.
        streams.push((0..2 * BLOCK).map(|_| random.u8(..)).collect());
        let alone = deflated(&streams, 1);
        assert!(alone == deflated(&streams, 3));
        for (bytes, (stream, crc)) in streams.iter().zip(&alone) {
            assert_eq!(*crc, crc32fast::hash(bytes));
            let mut again = Vec::new();
            let mut reader = flate2::read::DeflateDecoder::new(stream.as_slice());
            reader.read_to_end(&mut again).unwrap();
            assert!(again == *bytes);
            assert_eq!(reader.total_in(), stream.len() as u64);
            assert!(
                stream.len() <= bytes.len() + bytes.len() / 10_000 + 20,
                "{} of {}",
                stream.len(),
                bytes.len()
            );
        }
    }
}

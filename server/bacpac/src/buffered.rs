//! Reads the archive in long pieces. The archive reader asks for a few kilobytes at a time and moves about between headers;
//! here, a move to what is in memory already costs nothing. It can be told how much may be read, because the directory of a
//! hostile archive is kept in memory before it can be judged. It knows nothing else of archives.
use crate::metered::passed;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const BUFFER: usize = 64 << 10;
/// Bytes read after a move: headers are short, and what follows them may be wanted by nobody.
const FIRST: usize = 4 << 10;

/// A source with a buffer that survives moves.
#[derive(Clone)]
pub(crate) struct Buffered<R> {
    inner: R,
    /// Where `inner` stands; the buffer holds what lies before.
    inner_at: u64,
    buffer: Box<[u8]>,
    filled: usize,
    /// Where the next byte is in the buffer; at most `filled`.
    next: usize,
    /// How much of the buffer the next reading fills.
    step: usize,
    allowance: Allowance,
}

/// How many bytes may still be read, shared with who decides on it.
#[derive(Clone)]
pub(crate) struct Allowance(Arc<AtomicU64>, u64);

impl Allowance {
    pub(crate) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)), bytes)
    }

    /// From now on everything may be read.
    pub(crate) fn lift(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            u64::MAX => Ok(()),
            left => match left.checked_sub(bytes as u64) {
                Some(left) => {
                    self.0.store(left, Ordering::Relaxed);
                    Ok(())
                }
                None => Err(passed("bytes of directory, or read in search of it", self.1)),
            },
        }
    }
}

impl<R: Read + Seek> Buffered<R> {
    pub(crate) fn new(mut inner: R, allowance: Allowance) -> io::Result<Self> {
        Ok(Self {
            inner_at: inner.stream_position()?,
            inner,
            step: FIRST,
            allowance,
            buffer: vec![0; BUFFER].into(),
            filled: 0,
            next: 0,
        })
    }

    fn position(&self) -> u64 {
        self.inner_at - (self.filled - self.next) as u64
    }
}

impl<R: Read + Seek> Read for Buffered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.next == self.filled {
            (self.filled, self.next) = (0, 0);
            if out.len() >= BUFFER {
                let count = self.inner.read(out)?;
                self.inner_at += count as u64;
                self.allowance.take(count)?;
                return Ok(count);
            }
            let count = self.inner.read(&mut self.buffer[..self.step])?;
            self.step = (self.step * 2).min(BUFFER);
            self.inner_at += count as u64;
            self.filled = count;
        }
        let count = out.len().min(self.filled - self.next);
        out[..count].copy_from_slice(&self.buffer[self.next..self.next + count]);
        self.next += count;
        self.allowance.take(count)?;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for Buffered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let start = self.inner_at - self.filled as u64;
        let target = match to {
            SeekFrom::Start(target) => Some(target),
            SeekFrom::Current(by) => self.position().checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        if let Some(ahead) = target.and_then(|target| target.checked_sub(start))
            && ahead <= self.filled as u64
        {
            self.next = ahead as usize;
            return Ok(self.position());
        }
        let to = match (to, target) {
            (SeekFrom::Current(_), None) => return Err(io::ErrorKind::InvalidInput.into()),
            (_, Some(target)) => SeekFrom::Start(target),
            (end, None) => end,
        };
        self.inner_at = self.inner.seek(to)?;
        (self.filled, self.next, self.step) = (0, 0, FIRST);
        Ok(self.inner_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn reads_and_moves_give_what_the_source_itself_gives() {
        let mut random = fastrand::Rng::with_seed(3);
        let bytes: Vec<u8> = (0..5 * BUFFER / 2).map(|_| random.u8(..)).collect();
        let mut alone = Cursor::new(bytes.as_slice());
        let mut buffered = Buffered::new(Cursor::new(bytes.as_slice()), Allowance::new(u64::MAX)).unwrap();
        for _ in 0..20_000 {
            let far = random.i64(-200_000..200_000);
            let to = match random.u8(0..6) {
                0 => SeekFrom::Start(far.unsigned_abs()),
                1 => SeekFrom::Current(far),
                2 => SeekFrom::Current(far / 1_000),
                3 => SeekFrom::End(far.min(0)),
                _ => SeekFrom::Current(0),
            };
            match (alone.seek(to), buffered.seek(to)) {
                (Ok(one), Ok(other)) => assert_eq!(one, other),
                (Err(_), Err(_)) => {}
                both => panic!("{to:?}: {both:?}"),
            }
            let most = [2 * BUFFER, 9_000, 9_000][random.usize(0..3)];
            let mut two = [vec![0; random.usize(0..most)], Vec::new()];
            two[1] = two[0].clone();
            let count = buffered.read(&mut two[1]).unwrap();
            alone.read_exact(&mut two[0][..count]).unwrap();
            assert!(two[0] == two[1]);
            let end = alone.position() >= bytes.len() as u64;
            assert!(count > 0 || two[0].is_empty() || end);
        }
    }
}

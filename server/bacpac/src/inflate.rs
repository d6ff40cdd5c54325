//! The bytes of one entry, inflated and compared with their CRC-32 at the end. The archive reader could do so itself, but by a few
//! kilobytes at a time, and inflating then spends much of its time on remembering what went before. It keeps no limits.
use flate2::bufread::DeflateDecoder;
use std::io::{self, BufReader, Read};

/// Compressed bytes taken at once.
const BUFFER: usize = 64 << 10;

/// A reader of the content of an entry.
pub(crate) struct Inflate<R> {
    source: Source<R>,
    crc: crc32fast::Hasher,
    promised: u32,
}

enum Source<R> {
    Stored(R),
    Deflated(Box<DeflateDecoder<BufReader<R>>>),
}

impl<R: Read> Inflate<R> {
    /// `source` gives the entry as it lies in the archive, `promised` is the CRC-32 of its content.
    pub(crate) fn new(source: R, deflated: bool, promised: u32) -> Self {
        let source = if deflated {
            let buffered = BufReader::with_capacity(BUFFER, source);
            Source::Deflated(Box::new(DeflateDecoder::new(buffered)))
        } else {
            Source::Stored(source)
        };
        Self {
            source,
            crc: crc32fast::Hasher::new(),
            promised,
        }
    }
}

impl<R: Read> Read for Inflate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.source {
            Source::Stored(source) => source.read(buffer)?,
            Source::Deflated(source) => source.read(buffer)?,
        };
        self.crc.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() {
            let found = self.crc.clone().finalize();
            if found != self.promised {
                let problem = format!("CRC-32 {found:08x}, the archive promises {:08x}", self.promised);
                return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
            }
        }
        Ok(count)
    }
}

//! Deflate and inflate with nothing around them but the CRC-32 that an archive needs: what writing and reading are measured
//! against.
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::{self, BufReader, Read, Write};

/// One stream at level 1 by the same library, its output thrown away.
pub struct DeflateAlone {
    encoder: DeflateEncoder<io::Sink>,
    crc: crc32fast::Hasher,
}

impl DeflateAlone {
    pub fn new() -> Self {
        Self {
            encoder: DeflateEncoder::new(io::sink(), Compression::new(1)),
            crc: crc32fast::Hasher::new(),
        }
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.encoder.write_all(bytes)
    }

    pub fn finish(self) -> io::Result<u32> {
        self.encoder.finish()?;
        Ok(std::hint::black_box(self.crc.finalize()))
    }
}

/// One stream from the file, its output thrown away.
pub struct InflateAlone<R> {
    decoder: DeflateDecoder<BufReader<R>>,
    crc: crc32fast::Hasher,
    buffer: Vec<u8>,
    total: u64,
}

impl<R: Read> InflateAlone<R> {
    pub fn new(compressed: R) -> Self {
        Self {
            decoder: DeflateDecoder::new(BufReader::with_capacity(64 << 10, compressed)),
            crc: crc32fast::Hasher::new(),
            buffer: vec![0; 128 << 10],
            total: 0,
        }
    }

    /// Inflates so many bytes, or what is left.
    pub fn read(&mut self, mut bytes: usize) -> io::Result<()> {
        while bytes > 0 {
            let most = bytes.min(self.buffer.len());
            let count = self.decoder.read(&mut self.buffer[..most])?;
            if count == 0 {
                break;
            }
            self.crc.update(&self.buffer[..count]);
            self.total += count as u64;
            bytes -= count;
        }
        Ok(())
    }

    /// Inflates what is left; `size` is what it must come to.
    pub fn finish(mut self, size: u64) -> io::Result<u32> {
        self.read(usize::MAX)?;
        assert_eq!(self.total, size, "both sides read the same bytes");
        Ok(std::hint::black_box(self.crc.finalize()))
    }
}

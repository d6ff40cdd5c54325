//! Writes the ZIP archive. The `zip` crate reads archives here, but writes an entry on one thread or holds it whole; this
//! writer deflates on several threads while it streams, and keeps the vendor's rule for zip64 in plain sight: either no
//! entry has zip64 fields, or every entry has them in both of its headers. It does not know what the entries mean.
use crate::deflate::Deflater;
use std::io::{self, Seek, SeekFrom, Write};

/// From here on the 32-bit fields cannot hold a size or position.
const ZIP64_FROM: u64 = u32::MAX as u64;
/// 1980-01-01 00:00, the first moment that a ZIP archive can name: equal input gives equal archives.
const DATE: u16 = 0x21;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
const DEFLATE: u16 = 8;

/// What an entry came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) crc: u32,
    pub(crate) size: u64,
    pub(crate) compressed: u64,
    start: u64,
}

/// An archive being written. Entries are written one after another.
pub(crate) struct ArchiveWriter<W> {
    sink: W,
    base: u64,
    position: u64,
    zip64: bool,
    deflater: Deflater,
    pub(crate) entries: Vec<Entry>,
}

impl<W: Write + Seek> ArchiveWriter<W> {
    /// `zip64` must be true when the archive may reach 4 GiB.
    pub(crate) fn new(mut sink: W, zip64: bool, deflater: Deflater) -> io::Result<Self> {
        let base = sink.stream_position()?;
        Ok(Self {
            sink,
            base,
            position: 0,
            zip64,
            deflater,
            entries: Vec::new(),
        })
    }

    /// Begins an entry; the one before must have ended.
    pub(crate) fn begin(&mut self, name: &str) -> io::Result<()> {
        let entry = Entry {
            name: name.to_owned(),
            crc: 0,
            size: 0,
            compressed: 0,
            start: self.position,
        };
        // The header is written again when its sizes are known.
        let header = self.local_header(&entry)?;
        self.raw(&header)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Bytes of the entry begun last.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(entry) = self.entries.last_mut() {
            entry.size += bytes.len() as u64;
        }
        let (sink, position) = (&mut self.sink, &mut self.position);
        self.deflater.write(bytes, &mut |done| {
            *position += done.len() as u64;
            sink.write_all(done)
        })
    }

    /// Ends the entry begun last.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        let (sink, position) = (&mut self.sink, &mut self.position);
        let crc = self.deflater.end(&mut |done| {
            *position += done.len() as u64;
            sink.write_all(done)
        })?;
        let (position, header_length) = (self.position, if self.zip64 { 50 } else { 30 });
        let Some(entry) = self.entries.last_mut() else {
            return Ok(());
        };
        entry.crc = crc;
        entry.compressed = position - entry.start - header_length - entry.name.len() as u64;
        let entry = entry.clone();
        let header = self.local_header(&entry)?;
        self.sink.seek(SeekFrom::Start(self.base + entry.start))?;
        self.sink.write_all(&header)?;
        self.sink.seek(SeekFrom::Start(self.base + position))?;
        Ok(())
    }

    /// Writes the directory and gives the sink back, flushed.
    pub(crate) fn finish(mut self) -> io::Result<(W, Vec<Entry>)> {
        let start = self.position;
        for entry in std::mem::take(&mut self.entries) {
            let header = self.central_header(&entry)?;
            self.raw(&header)?;
            self.entries.push(entry);
        }
        let (length, count) = (self.position - start, self.entries.len() as u64);
        if self.zip64 || count >= u64::from(u16::MAX) {
            let mut end = Fields::default();
            let end_position = self.position;
            end.u32(0x0606_4b50).u64(44).u16(45).u16(45).u32(0).u32(0);
            end.u64(count).u64(count).u64(length).u64(start);
            end.u32(0x0706_4b50).u32(0).u64(end_position).u32(1);
            self.raw(&end.0)?;
        }
        let mut end = Fields::default();
        let few = u16::try_from(count).unwrap_or(u16::MAX);
        end.u32(0x0605_4b50).u16(0).u16(0).u16(few).u16(few);
        end.u32(self.narrow(length)?).u32(self.narrow(start)?).u16(0);
        self.raw(&end.0)?;
        self.sink.flush()?;
        Ok((self.sink, self.entries))
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.sink.write_all(bytes)
    }

    /// The value of a 32-bit field, or the mark that the zip64 fields hold it.
    fn narrow(&self, value: u64) -> io::Result<u32> {
        if self.zip64 {
            return Ok(u32::MAX);
        }
        if value < ZIP64_FROM {
            return Ok(value as u32);
        }
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the archive reaches 4 GiB, which it was not begun for (expected_bytes)",
        ))
    }

    fn version(&self) -> u16 {
        if self.zip64 { 45 } else { 20 }
    }

    fn local_header(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let mut header = Fields::default();
        header.u32(0x0403_4b50);
        self.shared(entry, &mut header)?;
        // The place matters too: the directory could not name it.
        self.narrow(entry.start)?;
        header.u16(if self.zip64 { 20 } else { 0 });
        header.bytes(entry.name.as_bytes());
        if self.zip64 {
            header.u16(1).u16(16).u64(entry.size).u64(entry.compressed);
        }
        Ok(header.0)
    }

    fn central_header(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let mut header = Fields::default();
        header.u32(0x0201_4b50).u16(self.version());
        self.shared(entry, &mut header)?;
        header.u16(if self.zip64 { 28 } else { 0 });
        header.u16(0).u16(0).u16(0).u32(0).u32(self.narrow(entry.start)?);
        header.bytes(entry.name.as_bytes());
        if self.zip64 {
            header
                .u16(1)
                .u16(24)
                .u64(entry.size)
                .u64(entry.compressed)
                .u64(entry.start);
        }
        Ok(header.0)
    }

    /// The fields from "version needed" to the length of the name, the same in both headers.
    fn shared(&self, entry: &Entry, header: &mut Fields) -> io::Result<()> {
        let length = u16::try_from(entry.name.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "an entry name of 64 KiB"))?;
        header
            .u16(self.version())
            .u16(FLAGS)
            .u16(DEFLATE)
            .u16(0)
            .u16(DATE)
            .u32(entry.crc);
        header
            .u32(self.narrow(entry.compressed)?)
            .u32(self.narrow(entry.size)?)
            .u16(length);
        Ok(())
    }
}

/// Little-endian fields one after another.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }
}

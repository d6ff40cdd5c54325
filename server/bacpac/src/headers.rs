//! Reads the raw headers of an archive just written and compares each entry's two headers with one another and with what was
//! written. Some loaders refuse an archive as corrupted when they differ in a field that other readers never look at.
use crate::archive::Entry;
use std::io::{self, Read, Seek, SeekFrom};

/// What does not agree; nothing when all does.
///
/// # Errors
/// When the archive cannot be read.
pub(crate) fn disagreements(
    source: &mut (impl Read + Seek),
    entries: &[Entry],
    zip64: bool,
) -> io::Result<Vec<String>> {
    let mut wrong = Vec::new();
    let (mut position, count) = directory(source, zip64)?;
    if count != entries.len() as u64 {
        wrong.push(format!(
            "{count} entries in the directory, {} were written",
            entries.len()
        ));
    }
    for entry in entries {
        let mut told = |what: String| wrong.push(format!("{}: {what}", entry.name));
        let central = bytes(source, position, 46)?;
        let (name, extra, comment) = (u16_at(&central, 28), u16_at(&central, 30), u16_at(&central, 32));
        let tail = bytes(source, position + 46, u64::from(name) + u64::from(extra))?;
        position += 46 + u64::from(name) + u64::from(extra) + u64::from(comment);
        let (central_name, central_extra) = tail.split_at(usize::from(name).min(tail.len()));
        if u32_at(&central, 0) != 0x0201_4b50 || central_name != entry.name.as_bytes() {
            told("the directory has something else in its place".to_owned());
            continue;
        }
        let mut wide = central_extra
            .get(4..)
            .unwrap_or_default()
            .chunks_exact(8)
            .map(|field| u64_at(field, 0));
        let mut field = |narrow: u32| match narrow {
            u32::MAX => wide.next().unwrap_or(0),
            narrow => u64::from(narrow),
        };
        let (size, compressed) = (field(u32_at(&central, 24)), field(u32_at(&central, 20)));
        let start = field(u32_at(&central, 42));
        if (u32_at(&central, 16), size, compressed) != (entry.crc, entry.size, entry.compressed) {
            told("CRC or sizes in the directory are not those written".to_owned());
        }
        let version = if zip64 { 45 } else { 20 };
        if u16_at(&central, 6) != version {
            told(format!(
                "version needed {} in the directory, {version} is right",
                u16_at(&central, 6)
            ));
        }
        let local = bytes(source, start, 30 + u64::from(name))?;
        // From "version needed" to "length of the name" the two headers have the same fields in the same order.
        if u32_at(&local, 0) != 0x0403_4b50 || local.get(4..28) != central.get(6..30) {
            told("its two headers differ".to_owned());
        }
        if local.get(30..) != Some(central_name) {
            told("its two names differ".to_owned());
        }
        if zip64 != (u16_at(&local, 28) != 0) || zip64 != (extra != 0) {
            told("zip64 fields are not in both headers or in none".to_owned());
        }
    }
    Ok(wrong)
}

/// Where the directory begins and how many entries it has. The archive has no comment.
fn directory(source: &mut (impl Read + Seek), zip64: bool) -> io::Result<(u64, u64)> {
    let length = source.seek(SeekFrom::End(0))?;
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "the archive has no end record");
    let end = bytes(source, length.checked_sub(22).ok_or_else(missing)?, 22)?;
    if u32_at(&end, 0) != 0x0605_4b50 {
        return Err(missing());
    }
    let count = u16_at(&end, 10);
    if !zip64 && count != u16::MAX {
        return Ok((u64::from(u32_at(&end, 16)), u64::from(count)));
    }
    let locator = bytes(source, length.checked_sub(42).ok_or_else(missing)?, 20)?;
    let end = bytes(source, u64_at(&locator, 8), 56)?;
    if u32_at(&locator, 0) != 0x0706_4b50 || u32_at(&end, 0) != 0x0606_4b50 {
        return Err(missing());
    }
    Ok((u64_at(&end, 48), u64_at(&end, 32)))
}

pub(crate) fn bytes(source: &mut (impl Read + Seek), position: u64, length: u64) -> io::Result<Vec<u8>> {
    source.seek(SeekFrom::Start(position))?;
    let mut found = Vec::new();
    source.take(length).read_to_end(&mut found)?;
    if (found.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(found)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let field = bytes.get(at..at + N).and_then(|field| field.first_chunk::<N>());
    field.copied().unwrap_or([0; N])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

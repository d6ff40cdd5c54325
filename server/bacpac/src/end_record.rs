//! Looks at the records at the end of an archive before the archive reader does: it sets memory aside for as many entries as they
//! claim. It decides nothing else, and finds nothing wrong with what is no archive.
use crate::headers::{bytes, u32_at, u64_at};
use std::io::{self, Read, Seek, SeekFrom};

/// The end record with the longest comment, and the locator that may stand before it.
const TAIL: u64 = 22 + 0xffff + LOCATOR;
const LOCATOR: u64 = 20;

/// The greatest number of entries that any zip64 record claims which could be taken for that of the archive. Other records
/// cannot claim more than 65,535.
///
/// # Errors
/// When the archive cannot be read.
pub(crate) fn most_claimed(source: &mut (impl Read + Seek)) -> io::Result<u64> {
    let length = source.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(TAIL);
    let tail = bytes(source, start, length - start)?;
    let mut most = 0;
    for locator in tail.windows(LOCATOR as usize + 4) {
        if u32_at(locator, 0) != 0x0706_4b50 || u32_at(locator, LOCATOR as usize) != 0x0605_4b50 {
            continue;
        }
        // A place beyond the end of the file is no record.
        let place = u64_at(locator, 8);
        if place.checked_add(56).is_some_and(|end| end <= length) {
            let record = bytes(source, place, 56)?;
            if u32_at(&record, 0) == 0x0606_4b50 {
                most = most.max(u64_at(&record, 24)).max(u64_at(&record, 32));
            }
        }
    }
    Ok(most)
}

//! The download of an artifact that has several files: a tar whose every byte is decided by the artifact, so that its
//! length, its hash and any range of it are known without making it.

use domain::backup::StoredFile;
use domain::time::Timestamp;

/// A tar is made of blocks of this many bytes.
const BLOCK: u64 = 512;

/// A run of bytes of the tar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// These bytes: a header, padding, the end.
    Bytes(Vec<u8>),
    /// The content of the artifact's file of this number.
    File(usize),
}

/// The segments of a tar of `files` below the folder `folder`, all dated `at`. Deterministic.
pub(crate) fn segments(folder: &str, files: &[StoredFile], at: Timestamp) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(files.len() * 3 + 1);
    for (number, file) in files.iter().enumerate() {
        segments.push(Segment::Bytes(header(folder, file, at)));
        segments.push(Segment::File(number));
        let over = file.bytes % BLOCK;
        if over > 0 {
            segments.push(Segment::Bytes(vec![
                0;
                usize::try_from(BLOCK - over).unwrap_or_default()
            ]));
        }
    }
    segments.push(Segment::Bytes(vec![0; 2 * BLOCK as usize]));
    segments
}

/// The length of these segments, bytes.
pub(crate) fn length(segments: &[Segment], files: &[StoredFile]) -> u64 {
    segments.iter().map(|segment| segment_length(segment, files)).sum()
}

/// The length of one segment, bytes.
pub(crate) fn segment_length(segment: &Segment, files: &[StoredFile]) -> u64 {
    match segment {
        Segment::Bytes(bytes) => bytes.len() as u64,
        Segment::File(number) => files.get(*number).map_or(0, |file| file.bytes),
    }
}

fn header(folder: &str, file: &StoredFile, at: Timestamp) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    // Names are database ids and the engine's own file names: far below the 255 characters of the format.
    header
        .set_path(format!("{folder}/{}", file.name))
        .expect("artifact names fit a tar header");
    header.set_size(file.bytes);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(at.seconds()).unwrap_or_default());
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    header.as_bytes().to_vec()
}

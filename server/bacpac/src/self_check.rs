//! Reads a file just written with the strict reader and compares it with what was meant. A loader that finds something wrong in
//! a file may import less and say nothing; so nothing is called done before this has passed.
use crate::error::Error;
use crate::headers;
use crate::limits::Limits;
use crate::package::Package;
use crate::writer::Written;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Seek, SeekFrom};

/// A file that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// Why a file did not pass.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The file cannot be read back.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The strict reader refuses it.
    #[error("the file is refused: {0}")]
    Refused(#[from] Error),
    /// It can be read, but it is not what was meant.
    #[error("the file is not what was written: {}", .0.join("; "))]
    Differs(Vec<String>),
}

/// Checks a file that [`crate::PackageWriter`] has written: the headers of every entry, checksum and CRCs, the model, the name of
/// every part, every row.
///
/// # Errors
/// [`CheckError`] with all differences found.
pub fn self_check<R: Read + Seek>(mut source: R, written: &Written) -> Result<Checked, CheckError> {
    let mut wrong = headers::disagreements(&mut source, &written.entries, written.zip64)?;
    source.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let bytes = io::copy(&mut source, &mut HashInto(&mut hash))?;
    source.seek(SeekFrom::Start(0))?;
    let mut package = Package::open(source, &trusting())?;
    let report = package.check()?;
    wrong.extend(report.findings.iter().map(ToString::to_string));
    for (found, meant) in report.tables.iter().zip(&written.tables) {
        if found != meant {
            wrong.push(format!("{found:?} was read, {meant:?} was written"));
        }
    }
    let found: Vec<_> = package.entries().iter().map(|entry| entry.name.as_str()).collect();
    let meant: Vec<_> = written.entries.iter().map(|entry| entry.name.as_str()).collect();
    if found != meant {
        wrong.push("the entries are not those written, or not in their order".to_owned());
    }
    if *package.model() != written.model {
        wrong.push("the model read is not the model written".to_owned());
    }
    if package.origin().rows != Some(written.rows) {
        wrong.push("Origin.xml does not have the number of rows".to_owned());
    }
    if !wrong.is_empty() {
        return Err(CheckError::Differs(wrong));
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Checked { bytes, sha256 })
}

/// The file is our own: its size is no attack. Long values may compress beyond any ratio that a stranger's could claim.
fn trusting() -> Limits {
    Limits {
        entries: u64::MAX,
        directory_bytes: u64::MAX,
        entry_bytes: u64::MAX,
        total_bytes: u64::MAX,
        ratio: u64::MAX,
        model_bytes: u64::MAX,
        objects: u64::MAX,
        element_bytes: u64::MAX,
        name_bytes: usize::MAX,
        value_bytes: i32::MAX as u64,
        row_bytes: i32::MAX as u64,
        ..Limits::default()
    }
}

struct HashInto<'a>(&'a mut Sha256);

impl io::Write for HashInto<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Reads a file just written with the strict reader and compares it with what was meant. A loader that finds something wrong in
//! a file may import less and say nothing; so nothing is called done before this has passed.
use crate::error::Error;
use crate::headers;
use crate::limits::Limits;
use crate::package::Package;
use crate::shared_file::SharedFile;
use crate::verify::VerifyReport;
use crate::writer::Written;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

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
    let checked = hashed(&mut source)?;
    compared(source, written, Package::check)?;
    Ok(checked)
}

/// [`self_check`] of a file on disk, on several threads.
pub(crate) fn self_check_with(threads: usize, path: &Path, written: &Written) -> Result<Checked, CheckError> {
    let source = SharedFile::open(path)?;
    if threads < 2 {
        return self_check(source, written);
    }
    std::thread::scope(|scope| {
        let mut whole = source.clone();
        let builder = std::thread::Builder::new().name("bacpac-hash".to_owned());
        let hashing = builder.spawn_scoped(scope, move || hashed(&mut whole))?;
        compared(source, written, |package| package.check_with(threads))?;
        let stopped = |_| io::Error::other("the hashing thread has stopped");
        Ok(hashing.join().map_err(stopped)??)
    })
}

fn hashed(source: &mut (impl Read + Seek)) -> io::Result<Checked> {
    source.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 128 << 10];
    let mut bytes = 0;
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&buffer[..count]);
        bytes += count as u64;
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Checked { bytes, sha256 })
}

fn compared<R: Read + Seek>(
    mut source: R,
    written: &Written,
    check: impl FnOnce(&mut Package<R>) -> Result<VerifyReport, Error>,
) -> Result<(), CheckError> {
    let mut wrong = headers::disagreements(&mut source, &written.entries, written.zip64)?;
    source.seek(SeekFrom::Start(0))?;
    let mut package = Package::open(source, &trusting())?;
    let report = check(&mut package)?;
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
    if wrong.is_empty() {
        return Ok(());
    }
    Err(CheckError::Differs(wrong))
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

//! A stored file, read back into a local one: every byte counted, the hash compared with the one recorded.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use control::ports::database_engine::{EngineError, StoredFiles};
use domain::backup::{Sha256Hex, StoredFile};
use domain::failure::Cause;
use sha2::{Digest, Sha256};

use crate::disk;

/// Bytes moved at once.
const BLOCK_BYTES: usize = 1024 * 1024;

/// Writes one stored file to `target`, which lies at `path`. `go_on` is told the bytes of this file done so far.
///
/// # Errors
/// `StoredDataDamaged` when it does not read back as it was stored, `ScratchFull`, `Interrupted`.
pub(crate) fn write(
    file: &StoredFile,
    files: &dyn StoredFiles,
    mut target: &File,
    path: &Path,
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<(), EngineError> {
    let damaged = |detail: String| EngineError::new(Cause::StoredDataDamaged, detail);
    let unreadable = |error: std::io::Error| damaged(format!("{} does not read back: {error}", file.name));
    let mut stored = files.open(&file.name).map_err(unreadable)?;
    let (mut hash, mut done, mut block) = (Sha256::new(), 0_u64, vec![0; BLOCK_BYTES]);
    loop {
        let read = match stored.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        done += read as u64;
        if done > file.bytes {
            return Err(damaged(format!(
                "{} is longer than its {} bytes",
                file.name, file.bytes
            )));
        }
        hash.update(&block[..read]);
        target
            .write_all(&block[..read])
            .map_err(|error| disk::failed("cannot write", path, &error))?;
        if !go_on(done) {
            return Err(EngineError::new(Cause::Interrupted, "the load was asked to stop"));
        }
    }
    if done != file.bytes {
        return Err(damaged(format!(
            "{} ends after {done} of {} bytes",
            file.name, file.bytes
        )));
    }
    if Sha256Hex::from_bytes(&hash.finalize().into()) != file.sha256 {
        return Err(damaged(format!(
            "{} does not have the content that was stored",
            file.name
        )));
    }
    Ok(())
}

//! Where the real files of these tests are: those of this crate, and those beside the project when they are there.
#![allow(dead_code, reason = "each test binary uses a part")]
use std::path::{Path, PathBuf};

/// A file of this crate.
pub fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// A file beside the project; says aloud when it is not there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/samples")
        .join(name);
    if !path.exists() {
        eprintln!("NOT TESTED: {} is not there", path.display());
        return None;
    }
    Some(path)
}

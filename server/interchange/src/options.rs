//! What an export is told by its caller, and how both directions report how far they are. It reads no clock and no random
//! numbers: those come from outside, so that equal calls give equal files.

use std::time::{SystemTime, UNIX_EPOCH};

use bacpac::WriterOptions;
use domain::time::Timestamp;

/// The program, as the files name it.
pub const PRODUCT: &str = "Coffre";

/// What an export is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOptions {
    /// Name of the database in the file.
    pub database: String,
    /// Version of the program, as the file tells it.
    pub product_version: String,
    /// Identifies this export; random, or fixed for a reproducible file.
    pub identity: [u8; 16],
    /// When the export began.
    pub started: SystemTime,
    /// Deflate level, 1 (fast) to 9 (small).
    pub level: u32,
    /// Threads that compress; 0 or 1 for none but the caller's.
    pub threads: usize,
}

impl ExportOptions {
    /// When the export began, in milliseconds; the epoch for anything before it.
    pub(crate) fn started_at(&self) -> Timestamp {
        let since = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// What the writer of the file is told.
    pub(crate) fn writer(&self, server_version: &str, source_bytes: u64) -> WriterOptions {
        WriterOptions {
            database: carried(&self.database),
            product: PRODUCT.to_owned(),
            product_version: self.product_version.clone(),
            server_version: carried(server_version),
            identity: self.identity,
            started: self.started,
            source_kib: source_bytes.div_ceil(1024),
            level: self.level,
            threads: self.threads,
            ..WriterOptions::default()
        }
    }
}

/// Names of databases come from anywhere; a control character in one is no reason to have no file.
fn carried(text: &str) -> String {
    let replaced = |letter: char| {
        let carried = !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}');
        if carried { letter } else { '_' }
    };
    text.chars().map(replaced).collect()
}

/// Told the rows done and, when it is known, how many there are; `false` asks to stop.
pub type Progress<'a> = &'a (dyn Fn(u64, Option<u64>) -> bool + Sync);

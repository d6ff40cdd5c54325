//! Counts what an entry really inflates to and stops it at its limits, whatever its headers say. It inflates nothing.
use crate::error::Error;
use crate::limits::Limits;
use std::io::{self, Read};

/// Below this many inflated bytes the ratio says nothing.
const RATIO_FROM: u64 = 8 << 20;

/// A reader of one entry, under limits.
pub(crate) struct Metered<R> {
    inner: R,
    compressed: u64,
    declared: u64,
    most: u64,
    ratio: u64,
    inflated: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("more than {limit} {what}")]
struct Passed {
    what: &'static str,
    limit: u64,
}

impl<R: Read> Metered<R> {
    /// `compressed` and `declared` are the sizes in the central directory; `most` is the limit for this entry.
    pub(crate) fn new(inner: R, compressed: u64, declared: u64, most: u64, limits: &Limits) -> Self {
        Self {
            inner,
            compressed,
            declared,
            most,
            ratio: limits.ratio,
            inflated: 0,
        }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.inflated += count as u64;
        let passed = |what, limit| Err(passed(what, limit));
        if self.inflated > self.declared {
            return passed("inflated bytes, the size that the directory declares", self.declared);
        }
        if self.inflated > self.most {
            return passed("inflated bytes", self.most);
        }
        if self.inflated > RATIO_FROM && self.inflated / self.ratio.max(1) > self.compressed {
            return passed("inflated bytes per compressed byte", self.ratio);
        }
        if count == 0 && !buffer.is_empty() && self.inflated < self.declared {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "shorter than the directory declares",
            ));
        }
        Ok(count)
    }
}

/// The I/O error that [`error`] turns into [`Error::Limit`].
pub(crate) fn passed(what: &'static str, limit: u64) -> io::Error {
    io::Error::other(Passed { what, limit })
}

/// The error behind an I/O error of `entry`.
pub(crate) fn error(entry: &str, source: io::Error) -> Error {
    match source.get_ref().and_then(|inner| inner.downcast_ref::<Passed>()) {
        Some(passed) => Error::Limit {
            entry: entry.to_owned(),
            what: passed.what,
            limit: passed.limit,
        },
        None => Error::Io {
            entry: entry.to_owned(),
            source,
        },
    }
}

//! What can be wrong with a file, typed, each with the place it was found. It does not decide what a caller forgives.
use std::fmt;

/// Where in the data a fault was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `schema.table` as the model names it.
    pub table: String,
    /// Name of the archive entry.
    pub part: String,
    /// Row inside the part, counted from 1.
    pub row: u64,
    /// Column name; empty between two rows.
    pub column: String,
    /// Bytes from the start of the inflated part.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "table {}, part {}, row {}, column {}, offset {}",
            self.table, self.part, self.row, self.column, self.offset
        )
    }
}

/// What is wrong with one field of the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The part ends inside a field.
    #[error("the part ends inside the field")]
    Truncated,
    /// A length prefix that the type does not allow.
    #[error("length {found} where the type allows {allowed}")]
    Length {
        /// The length read, in bytes.
        found: u64,
        /// The length (or greatest length) of the type, in bytes.
        allowed: u64,
    },
    /// Text is UTF-16 and so has an even number of bytes.
    #[error("text with an odd number of bytes ({0})")]
    OddText(u64),
    /// A number outside the range of its type.
    #[error("{0} is out of range")]
    Range(&'static str),
    /// A value bigger than the caller's limit.
    #[error("a value of more than {0} bytes (the limit)")]
    TooBig(u64),
    /// A row that takes no byte, or a table without columns that has data.
    #[error("the table's columns take no bytes, but the part has some")]
    NoColumns,
    /// A column type whose encoding is not known.
    #[error("the encoding of type {0} is not known")]
    Unsupported(String),
}

/// Why a file, or a part of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes could not be read, or the compressed stream is damaged.
    #[error("{entry}: {source}")]
    Io {
        /// Archive entry, or `archive`.
        entry: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Not a ZIP archive, or one whose headers contradict one another.
    #[error("not a sound ZIP archive: {0}")]
    Archive(String),
    /// The archive is built in a way that this reader refuses.
    #[error("archive entry {entry:?} is refused: {reason}")]
    Refused {
        /// Entry name, as far as it could be read.
        entry: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A limit of [`crate::Limits`] was reached.
    #[error("{entry}: more than {limit} {what}")]
    Limit {
        /// Archive entry, or `archive`.
        entry: String,
        /// What was counted.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// An entry that every BACPAC has is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Malformed XML, or XML of a kind that is refused (a DTD).
    #[error("{entry}, offset {offset}: {problem}")]
    Xml {
        /// Archive entry.
        entry: String,
        /// Bytes from the start of the inflated entry.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// `Origin.xml` says that this is not a BACPAC that can be read.
    #[error("Origin.xml: {0}")]
    Origin(String),
    /// `model.xml` was changed after the export.
    #[error("model.xml has SHA-256 {found}, Origin.xml promises {promised}")]
    Checksum {
        /// From `Origin.xml`, upper-case hex.
        promised: String,
        /// Of the bytes read, upper-case hex.
        found: String,
    },
    /// The model contradicts itself.
    #[error("model.xml, {element}: {problem}")]
    Model {
        /// Element name.
        element: String,
        /// What is wrong.
        problem: String,
    },
    /// A field of the data is wrong.
    #[error("{place}: {fault}")]
    Data {
        /// Where.
        place: Box<Place>,
        /// What.
        fault: Fault,
    },
}

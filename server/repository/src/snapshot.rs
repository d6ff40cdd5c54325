//! Snapshots: the small files that make stored content visible.

use std::{fmt, str::FromStr};

use rustic_core::{FileType, Id, jiff, repofile::SnapshotFile};

use crate::{
    backend::{Backend, describe},
    error::Error,
    index::read_sealed_json,
    seal::Sealer,
};

/// A snapshot's name: 64 hexadecimal digits, of which `restic` shows the first eight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId([u8; 32]);

impl SnapshotId {
    pub(crate) fn id(self) -> Id {
        Id::new(self.0)
    }
}

impl From<Id> for SnapshotId {
    fn from(id: Id) -> Self {
        id.to_hex()
            .parse()
            .expect("the format library prints its ids as 64 hexadecimal digits")
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SnapshotId({self})")
    }
}

impl FromStr for SnapshotId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Error::Damaged(format!(
                "{:?} is no snapshot id",
                text.chars().take(80).collect::<String>()
            )));
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default() as u8;
            *byte = value(digits[0]) << 4 | value(digits[1]);
        }
        Ok(Self(bytes))
    }
}

/// What a snapshot says about itself, visible to `restic snapshots`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotFacts {
    /// When its content was taken, in milliseconds since 1970 (UTC).
    pub time_ms: i64,
    /// Whose content it is; restic's *host*.
    pub host: String,
    /// Free words to find it by. Empty ones are left out.
    pub tags: Vec<String>,
    /// One line for people; `restic` does not show it.
    pub label: String,
}

/// A visible snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub id: SnapshotId,
    /// What it says about itself. Tags are sorted.
    pub facts: SnapshotFacts,
}

/// The file for a new snapshot of the tree `root`, whose top-level names are `names`.
pub(crate) fn to_json<'a>(
    facts: &SnapshotFacts,
    root: Id,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<u8>, Error> {
    let time = jiff::Timestamp::from_millisecond(facts.time_ms)
        .map_err(|error| Error::reading("reading the snapshot's time", error))?;
    let mut file = SnapshotFile {
        time: time.to_zoned(jiff::tz::TimeZone::UTC),
        program_version: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
        tree: root.into(),
        label: facts.label.clone(),
        hostname: facts.host.clone(),
        ..SnapshotFile::default()
    };
    names.for_each(|name| file.paths.add(format!("/{name}")));
    facts
        .tags
        .iter()
        .filter(|tag| !tag.is_empty())
        .for_each(|tag| file.tags.add(tag.clone()));
    serde_json::to_vec(&file).map_err(|error| Error::reading("writing the snapshot", error))
}

pub(crate) fn read(backend: &Backend, sealer: &Sealer, id: Id) -> Result<(Snapshot, Id), Error> {
    let json = read_sealed_json(backend, sealer, FileType::Snapshot, &id)?;
    let file: SnapshotFile = serde_json::from_slice(&json)
        .map_err(|_| Error::Damaged(format!("{} cannot be understood", describe(FileType::Snapshot, &id))))?;
    let facts = SnapshotFacts {
        time_ms: file.time.timestamp().as_millisecond(),
        host: file.hostname,
        tags: file.tags.iter().cloned().collect(),
        label: file.label,
    };
    Ok((Snapshot { id: id.into(), facts }, *file.tree))
}

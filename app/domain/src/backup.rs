//! A backup of a site: one instant, one artifact per database. A value of this type is complete and restorable;
//! what is under way is a process, not a backup (R7).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{BackupId, DatabaseId, ProcessId, SiteId};
use crate::judgement::Judgement;
use crate::site::EngineKind;
use crate::time::{CivilDate, Timestamp};

/// Why a backup exists. Fixed at creation, except by promotion (R2, R18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BackupKind {
    /// Asked for by a person; counts in the quota.
    Manual,
    /// Made by the night.
    Automatic,
    /// Made before a restore, so that it can be undone; outside the quota.
    Safety,
}

impl BackupKind {
    /// Every kind, in the order of the lists.
    pub const ALL: [Self; 3] = [Self::Automatic, Self::Manual, Self::Safety];

    /// The code kept in the control store.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Automatic => "automatic",
            Self::Safety => "safety",
        }
    }

    /// The kind of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A SHA-256, as 64 lower-case hexadecimal characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Hex(String);

impl Sha256Hex {
    /// From the 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        use std::fmt::Write;
        let mut text = String::with_capacity(64);
        for byte in bytes {
            write!(text, "{byte:02x}").expect("writing to a String does not fail");
        }
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sha256Hex {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let sound = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if sound {
            Ok(Self(text))
        } else {
            Err("a SHA-256 is 64 lower-case hexadecimal characters".to_owned())
        }
    }
}

impl From<Sha256Hex> for String {
    fn from(hash: Sha256Hex) -> Self {
        hash.0
    }
}

/// One stored file of an artifact, as the repository keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Name inside the artifact: `database.sqlite`, `toc.dat`.
    pub name: String,
    /// Length, bytes.
    pub bytes: u64,
    /// Hash of its content.
    pub sha256: Sha256Hex,
}

/// One database's stored copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Which database it was taken from.
    pub database: DatabaseId,
    /// The database's name at that time.
    pub database_name: String,
    /// Which engine can load it.
    pub engine: EngineKind,
    /// The engine's version when it was taken: "SQLite 3.51.3", "PostgreSQL 15.18".
    pub engine_version: String,
    /// When this database's view was fixed.
    pub frozen_at: Timestamp,
    /// Its files, in the order of the download.
    pub files: Vec<StoredFile>,
    /// Length of the download, bytes: the file itself, or a tar of the files.
    pub download_bytes: u64,
    /// Hash of the download: the one shown on the page, and the entity tag.
    pub download_sha256: Sha256Hex,
    /// Rows of each table in the stored state, by name; `None` when they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<BTreeMap<String, u64>>,
}

/// Who kept an automatic backup among the manual ones, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// When.
    pub at: Timestamp,
    /// Shown name of who.
    pub by: String,
}

/// Who deleted a manual backup, and how long it can be put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When.
    pub at: Timestamp,
    /// Shown name of who.
    pub by: String,
    /// From this instant on it is gone for good.
    pub until: Timestamp,
}

/// A deleted manual backup that can still be put back. It is in no list, and nothing is restored, made or downloaded of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binned {
    /// The backup, whole.
    pub backup: Backup,
    /// Its deletion.
    pub deletion: Deletion,
}

/// A complete, restorable copy of a site at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// The site.
    pub site: SiteId,
    /// Manual, automatic or before a restore.
    pub kind: BackupKind,
    /// The process that made it.
    pub process: ProcessId,
    /// The instant whose state it holds (R8): when the first database was fixed.
    pub t0: Timestamp,
    /// How much later the last database of the site was fixed, milliseconds.
    pub skew_ms: u64,
    /// When it became complete.
    pub completed_at: Timestamp,
    /// For an automatic one, the day that ended.
    pub business_date: Option<CivilDate>,
    /// Did it begin after the window of its night had closed? Decided once, at completion, by T0 and the schedule then valid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// Shown name of who asked for it; empty for the night.
    pub requested_by: String,
    /// Set when an automatic backup was kept among the manual ones.
    pub promotion: Option<Promotion>,
    /// The name of the file it was made of, when it was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_from: Option<String>,
    /// What is thought of it. The manifest beside the stored data does not tell: it is written before the judgement.
    #[serde(default, skip_serializing_if = "Judgement::is_usual")]
    pub judgement: Judgement,
    /// The name of what makes it visible in the repository.
    pub snapshot: String,
    /// One artifact per database.
    pub artifacts: Vec<Artifact>,
}

impl Backup {
    /// The stored copy of one database.
    #[must_use]
    pub fn artifact(&self, database: &DatabaseId) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.database == *database)
    }

    /// The size of all downloads together, bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.artifacts.iter().map(|artifact| artifact.download_bytes).sum()
    }

    /// Manual and promoted backups stand in the manual section and take a slot.
    #[must_use]
    pub const fn takes_a_slot(&self) -> bool {
        matches!(self.kind, BackupKind::Manual) || self.promotion.is_some()
    }
}

/// How full the manual compartments are. `kept + reserved <= quota` always holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Manual backups kept now.
    pub kept: u32,
    /// Slots held by manual backups under way.
    pub reserved: u32,
    /// How many the site may have.
    pub quota: u32,
}

impl Quota {
    /// Slots left.
    #[must_use]
    pub const fn free(self) -> u32 {
        self.quota.saturating_sub(self.kept + self.reserved)
    }
}

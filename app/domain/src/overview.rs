//! What the pages show, gathered by the control plane in one reading and sent to the browser as it is.
//!
//! Each carries `now`, the server's instant of the reading, so that relative dates read the same on both sides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::backup::{BackupKind, Deletion, Promotion, Quota, Sha256Hex};
use crate::bacpac::{Export, Told, Upload};
use crate::export_log::ExportLog;
use crate::ids::{BackupId, DatabaseId, ProcessId};
use crate::judgement::Judgement;
use crate::nights::{Night, Silence};
use crate::process::Process;
use crate::retention::{Coming, Facts, Keep, Policy};
use crate::schedule::Schedule;
use crate::site::{Database, EngineKind, Site};
use crate::time::{CivilDate, Timestamp};

/// A complete backup as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupEntry {
    /// Its id.
    pub id: BackupId,
    /// Manual, automatic or before a restore.
    pub kind: BackupKind,
    /// The instant it holds.
    pub t0: Timestamp,
    /// How much later the last database was fixed, milliseconds.
    pub skew_ms: u64,
    /// When it became complete.
    pub completed_at: Timestamp,
    /// For an automatic one, the day that ended.
    pub business_date: Option<CivilDate>,
    /// Did it begin after the window of its night had closed?
    pub late: bool,
    /// Shown name of who asked; empty for the night.
    pub requested_by: String,
    /// Set when it was kept among the manual ones.
    pub promotion: Option<Promotion>,
    /// The name of the file it was made of, when it was imported.
    pub imported_from: Option<String>,
    /// The size of all its downloads, bytes.
    pub bytes: u64,
    /// What is thought of it.
    #[serde(default, skip_serializing_if = "Judgement::is_usual")]
    pub judgement: Judgement,
}

impl BackupEntry {
    /// Manual and promoted backups stand in the manual section and take a slot.
    #[must_use]
    pub const fn takes_a_slot(&self) -> bool {
        matches!(self.kind, BackupKind::Manual) || self.promotion.is_some()
    }
}

/// A compartment of the quota meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "a page has a handful of them")]
pub enum Slot {
    /// Holds a kept backup.
    Kept(BackupEntry),
    /// Held by a backup under way.
    Reserved(ProcessId),
    /// Empty.
    Free,
}

/// The nights of a site, as pages tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightPlan {
    /// When they start.
    pub schedule: Schedule,
    /// The next one that is not queued yet.
    pub next: Option<Night>,
    /// Set while the site has been without a complete backup for too long.
    pub silence: Option<Silence>,
}

/// A site in the list of sites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSummary {
    /// The site.
    pub site: Site,
    /// How full its manual compartments are.
    pub quota: Quota,
    /// Its last complete backup of any kind.
    pub last: Option<BackupEntry>,
    /// What is queued or running on it.
    pub active: Vec<Process>,
    /// Its nights.
    pub nights: NightPlan,
    /// How many unusual backups wait for a decision.
    pub undecided: u32,
}

/// The sites a person sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteList {
    /// By name.
    pub sites: Vec<SiteSummary>,
    /// When this was read.
    pub now: Timestamp,
}

/// The page of one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteOverview {
    /// The site, its quota, its last backup, what runs.
    pub summary: SiteSummary,
    /// One entry per compartment, kept ones first, oldest first.
    pub slots: Vec<Slot>,
    /// The last process that ended, if any.
    pub last_ended: Option<Process>,
    /// Unusual backups about which nobody has decided, oldest first: while there is one, older good ones do not expire.
    pub undecided: Vec<BackupEntry>,
    /// How many complete backups one can go back to.
    pub restorable: u32,
    /// The id that a backup confirmed on this page will have: a form sent twice starts one.
    pub ticket: ProcessId,
    /// When this was read.
    pub now: Timestamp,
}

/// One database's part of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseEntry {
    /// The backup.
    pub backup: BackupEntry,
    /// Name of the downloaded file.
    pub file_name: String,
    /// Length of the download, bytes.
    pub bytes: u64,
    /// Hash of the download.
    pub sha256: Sha256Hex,
    /// Which engine wrote it.
    pub engine: EngineKind,
    /// "SQLite 3.51.3".
    pub engine_version: String,
    /// Rows of all its tables together, when they were counted.
    pub rows: Option<u64>,
    /// For one under policy, or kept among the manual ones: why the policy keeps it, or would if it were no longer kept there.
    /// None: it goes with the next expiry, or would go at once.
    pub kept: Vec<Keep>,
}

/// A deleted backup that can be put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinEntry {
    /// The backup.
    pub backup: BackupEntry,
    /// Size of the database's part of it, bytes.
    pub bytes: u64,
    /// Who deleted it, and until when it can be put back.
    pub deletion: Deletion,
}

/// The backups of one database (R15): the window that *Restaurer* opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseBackups {
    /// The site.
    pub summary: SiteSummary,
    /// The database.
    pub database: Database,
    /// Automatic backups that are not kept by hand, youngest first.
    pub automatic: Vec<DatabaseEntry>,
    /// Manual and promoted backups, youngest first.
    pub manual: Vec<DatabaseEntry>,
    /// Backups taken before a restore, youngest first.
    pub safety: Vec<DatabaseEntry>,
    /// Deleted ones that can be put back, youngest first.
    pub bin: Vec<BinEntry>,
    /// When this was read.
    pub now: Timestamp,
}

/// What the policy of a site keeps, and everything that a preview of another one needs: it is computed where it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionView {
    /// The site.
    pub site: Site,
    /// The present policy.
    pub policy: Policy,
    /// Every complete backup, youngest first.
    pub backups: Vec<BackupEntry>,
    /// What the rule knows of each of them, in the same order.
    pub facts: Vec<Facts>,
    /// The nights to look ahead.
    pub coming: Coming,
    /// When this was read.
    pub now: Timestamp,
}

/// The page of what was measured of a backup, and of the decision when it is unusual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPage {
    /// The site.
    pub site: Site,
    /// The backup.
    pub backup: BackupEntry,
    /// What was measured, in the order of the site.
    pub measured: Vec<MeasuredEntry>,
    /// Unusual backups of the site about which nobody has decided, this one included.
    pub undecided: u32,
    /// When this was read.
    pub now: Timestamp,
}

/// What was measured of one database in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredEntry {
    /// Which one.
    pub database: DatabaseId,
    /// Its name at that time.
    pub name: String,
    /// The size of its stored copy, bytes.
    pub bytes: u64,
    /// Rows of each table, by name; `None` when they were not counted.
    pub rows: Option<BTreeMap<String, u64>>,
}

/// What one can restore a site from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreChoices {
    /// The site.
    pub summary: SiteSummary,
    /// Every complete backup, youngest first, with the databases it holds.
    pub backups: Vec<BackupEntry>,
    /// When this was read.
    pub now: Timestamp,
}

/// The processes of one site, or of every site a person sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessList {
    /// The sites they belong to, for their zones and names.
    pub sites: Vec<Site>,
    /// Queued and running first, then the youngest.
    pub processes: Vec<Process>,
    /// When this was read.
    pub now: Timestamp,
}

/// The page of one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessDetail {
    /// The process.
    pub process: Process,
    /// Its site.
    pub site: Site,
    /// The backup it made, when it has ended well and the backup is still kept.
    pub backup: Option<BackupEntry>,
    /// The written reason of a restore that no client asked for (R22).
    pub reason: Option<String>,
    /// What it has to tell of a BACPAC, for those who may read such a file.
    pub told: Option<Told>,
    /// When this was read.
    pub now: Timestamp,
}

/// The page of the BACPAC of one database of a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportPage {
    /// The site.
    pub site: Site,
    /// The database, by the name it had in the backup.
    pub database_name: String,
    /// The database.
    pub database: DatabaseId,
    /// The backup.
    pub backup: BackupEntry,
    /// The made file, when there is one.
    pub ready: Option<ReadyExport>,
    /// The process that makes it, when one is queued or running.
    pub active: Option<Process>,
    /// The last one that ended, when there is neither file nor process.
    pub last_ended: Option<Process>,
    /// When this was read.
    pub now: Timestamp,
}

/// A made BACPAC, for those who may download it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadyExport {
    /// The file.
    pub export: Export,
    /// Its name on the person's computer.
    pub file_name: String,
    /// What could not be carried, and what was changed.
    pub log: ExportLog,
}

/// The page on which a file is uploaded to become a backup of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPage {
    /// The site, and how full its compartments are.
    pub summary: SiteSummary,
    /// The database.
    pub database: Database,
    /// Files for it that are there, whole or in part.
    pub uploads: Vec<UploadEntry>,
    /// Largest file the operator allows, bytes.
    pub most_bytes: u64,
    /// When this was read.
    pub now: Timestamp,
}

/// A file that is there, whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadEntry {
    /// The file.
    pub upload: Upload,
    /// How much of it is there, bytes.
    pub received: u64,
}

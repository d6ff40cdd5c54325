//! A backup: fix every database of the site at one instant, copy, store, read back, record.
//!
//! Nothing is visible before the last step: an interruption anywhere leaves no backup and a live site.

use std::io::{self, Read};

use domain::anomaly::Thresholds;
use domain::backup::{Artifact, Backup, BackupKind, Sha256Hex, StoredFile};
use domain::failure::Cause;
use domain::ids::BackupId;
use domain::judgement::{Judgement, judge};
use domain::process::{ProcessKind, Stage};
use domain::site::Site;
use domain::time::{CivilDate, Timestamp};
use sha2::{Digest, Sha256};

use super::resumed::unrecorded;
use super::{Attempt, JobError, Outcome, path};
use crate::downloads::{download_segments, stored_path};
use crate::ports::database_engine::{CopiedDatabase, CopiedFile, DatabaseSource, EngineError, Measure};
use crate::ports::repository::{BackupWriter, Repository, SnapshotFacts};
use crate::ports::scratch::ScratchFolder;
use crate::random;
use crate::tarball::{self, Segment};

/// Backs the site up and ends the process.
pub(super) fn run(attempt: &Attempt) -> Result<Outcome, JobError> {
    let site = attempt.site()?;
    let kind = match attempt.process.kind {
        ProcessKind::NightlyBackup { .. } => BackupKind::Automatic,
        _ => BackupKind::Manual,
    };
    let repository = attempt.repository(&site)?;
    let backup = take(attempt, &site, repository.as_ref(), kind, Shown::Backup)?;
    let mut backup = backup.ok_or_else(|| JobError::new(Cause::DatabaseMissing, "the site has no database"))?;
    // No other backup of the site completes meanwhile: what it is compared with is what its row will stand beside.
    let others = attempt.wait(attempt.plane.outside.store.backups(&site.id))?;
    backup.judgement = judge(Thresholds::default(), &others, &backup);
    attempt.report(Stage::Record, 0, None);
    Ok(Outcome::Backup(Box::new(backup)))
}

/// How the steps of taking a backup appear to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Each as a step of its own.
    Backup,
    /// All as the one step before a restore.
    Safety,
    /// All as the one step that keeps what was imported.
    Keep,
}

/// The parts of a backup that take time, in their order.
const PARTS: [Stage; 3] = [Stage::Copy, Stage::Store, Stage::Verify];

impl Shown {
    fn report(self, attempt: &Attempt, part: Stage, done: u64, total: u64) -> bool {
        match self {
            Self::Backup => attempt.report(part, done, Some(total)),
            Self::Safety | Self::Keep => {
                let whole_step = if self == Self::Safety {
                    Stage::Safety
                } else {
                    Stage::Keep
                };
                let before = PARTS.iter().position(|other| *other == part).unwrap_or_default() as u64;
                let share = u128::from(done.min(total)) * 1_000 / u128::from(total.max(1));
                let whole = before * 1_000 + u64::try_from(share).unwrap_or(1_000);
                attempt.report_share(whole_step, whole / PARTS.len() as u64)
            }
        }
    }
}

/// A database that was copied aside.
pub(super) struct Copied {
    pub(super) source: DatabaseSource,
    pub(super) measure: Measure,
    /// The instant the copy holds.
    pub(super) frozen_at: Timestamp,
    pub(super) copy: Box<dyn CopiedDatabase>,
    /// Where it lies.
    pub(super) _room: Box<dyn ScratchFolder>,
}

/// Takes a backup of the whole site and makes it durable in the repository, unless an earlier attempt has; its row is the
/// caller's. `None` when it is the one before a restore and every database is beyond use.
pub(super) fn take(
    attempt: &Attempt,
    site: &Site,
    repository: &dyn Repository,
    kind: BackupKind,
    shown: Shown,
) -> Result<Option<Backup>, JobError> {
    if let Some(backup) = unrecorded(attempt, site, repository, kind)? {
        return Ok(Some(backup));
    }
    let copies = copy(attempt, shown)?;
    if copies.is_empty() {
        return Ok(None);
    }
    keep(attempt, site, repository, copies, kind, shown).map(Some)
}

/// Stores these copies as one backup and makes it durable in the repository.
pub(super) fn keep(
    attempt: &Attempt,
    site: &Site,
    repository: &dyn Repository,
    copies: Vec<Copied>,
    kind: BackupKind,
    shown: Shown,
) -> Result<Backup, JobError> {
    let t0 = copies
        .iter()
        .map(|copied| copied.frozen_at)
        .min()
        .unwrap_or_else(|| attempt.plane.now());
    let last = copies.iter().map(|copied| copied.frozen_at).max().unwrap_or(t0);

    let mut writer = repository.writer()?;
    let artifacts = store(attempt, writer.as_mut(), &copies, shown)?;
    drop(copies);

    let business_date = match attempt.process.kind {
        ProcessKind::NightlyBackup { business_date } => Some(business_date),
        _ => None,
    };
    let late = match business_date {
        Some(date) => began_late(attempt, site, date, t0)?,
        None => false,
    };
    let mut backup = Backup {
        id: BackupId::from_random(random::bytes()),
        site: site.id.clone(),
        kind,
        process: attempt.process.id.clone(),
        t0,
        skew_ms: u64::try_from(last.since(t0).as_millis()).unwrap_or(u64::MAX),
        completed_at: attempt.plane.now(),
        business_date,
        late,
        requested_by: attempt.process.requested_by.clone(),
        promotion: None,
        imported_from: match &attempt.process.kind {
            ProcessKind::Import { file_name, .. } => Some(file_name.clone()),
            _ => None,
        },
        judgement: Judgement::default(),
        snapshot: String::new(),
        artifacts,
    };
    backup.snapshot = commit(attempt, writer, &backup, shown)?;
    backup.completed_at = attempt.plane.now();
    Ok(backup)
}

/// A night that began after its window had closed holds what was recorded until then as well: that is kept with it, by the
/// schedule of this moment, because a schedule that is set later must not change what was said of an older night.
fn began_late(attempt: &Attempt, site: &Site, business_date: CivilDate, t0: Timestamp) -> Result<bool, JobError> {
    let nights = attempt.wait(attempt.plane.outside.store.nights_of(&site.id, attempt.plane.now()))?;
    Ok(nights.is_some_and(|nights| nights.schedule.is_late(&nights.zone, business_date, t0)))
}

/// A database that is gone or ruined must not stand in the way of the restore that mends it: the backup before a restore
/// leaves it out, and the trail says so. Any other backup fails.
fn unless_beyond_use<T>(
    attempt: &Attempt,
    shown: Shown,
    source: &DatabaseSource,
    result: Result<T, EngineError>,
) -> Result<Option<T>, JobError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if shown == Shown::Safety && error.cause.is_beyond_use() => {
            attempt.without_safety(source, &error)?;
            Ok(None)
        }
        Err(error) => Err(JobError::of(source)(error)),
    }
}

fn copy(attempt: &Attempt, shown: Shown) -> Result<Vec<Copied>, JobError> {
    let sources = attempt.sources()?;
    let go_on = || !attempt.halt.must_stop();
    let mut measured = Vec::new();
    for (source, engine) in sources {
        let measure = engine.measure(&source, &go_on);
        let Some(measure) = unless_beyond_use(attempt, shown, &source, measure)? else {
            continue;
        };
        attempt.wait(attempt.plane.outside.store.measured(&source.id, measure.bytes))?;
        let room = attempt.scratch(source.id.as_str())?;
        measured.push((source, engine, measure, room));
    }
    let total = measured.iter().map(|(_, _, measure, _)| measure.bytes).sum();

    // All views are fixed before the first byte is copied: that is what makes them one instant.
    let mut frozen = Vec::new();
    for (source, engine, measure, room) in measured {
        let view = engine.freeze(&source, path(room.as_ref()), &go_on);
        let Some(view) = unless_beyond_use(attempt, shown, &source, view)? else {
            continue;
        };
        let frozen_at = attempt.plane.now();
        if frozen.is_empty() && shown == Shown::Backup {
            attempt.fixed_at(frozen_at);
        }
        frozen.push((source, measure, frozen_at, view, room));
    }

    let mut before = 0;
    let mut copies = Vec::new();
    for (source, measure, frozen_at, view, room) in frozen {
        let progress = |done: u64| shown.report(attempt, Stage::Copy, before + done, total);
        let copy = view.copy(&progress);
        before += measure.bytes;
        let Some(copy) = unless_beyond_use(attempt, shown, &source, copy)? else {
            continue;
        };
        copies.push(Copied {
            source,
            measure,
            frozen_at,
            copy,
            _room: room,
        });
    }
    Ok(copies)
}

fn store(
    attempt: &Attempt,
    writer: &mut dyn BackupWriter,
    copies: &[Copied],
    shown: Shown,
) -> Result<Vec<Artifact>, JobError> {
    let size = |copied: &Copied| copied.copy.files().iter().map(|file| file.bytes).sum::<u64>();
    let total = copies.iter().map(size).sum();
    let mut before = 0;
    let mut artifacts = Vec::new();
    for copied in copies {
        let progress = |done: u64| shown.report(attempt, Stage::Store, before + done, total);
        artifacts.push(store_one(writer, copied, &progress)?);
        before += size(copied);
    }
    Ok(artifacts)
}

fn store_one(
    writer: &mut dyn BackupWriter,
    copied: &Copied,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Artifact, JobError> {
    let Copied {
        source,
        measure,
        frozen_at,
        copy,
        _room: _,
    } = copied;
    let announced: Vec<StoredFile> = copy.files().iter().map(placeholder).collect();
    let segments = download_segments(&source.id, source.address.engine(), &announced, *frozen_at);
    let mut download = Sha256::new();
    let mut files = Vec::new();
    let mut before = 0;
    for segment in &segments {
        let file = match segment {
            Segment::Bytes(bytes) => {
                download.update(bytes);
                continue;
            }
            Segment::File(number) => &copy.files()[*number],
        };
        let content = copy.open(&file.name).map_err(JobError::of(source))?;
        let mut content = Hashing {
            content,
            hash: &mut download,
        };
        let stored = writer.store(
            &stored_path(source.id.as_str(), &file.name),
            &mut content,
            file.bytes,
            file.form,
            measure.bytes,
            &|done| progress(before + done),
        )?;
        if stored.bytes != file.bytes {
            return Err(JobError::new(
                Cause::StoredDataDamaged,
                format!("{} was stored with another length", file.name),
            ));
        }
        before += stored.bytes;
        let sha256 = Sha256Hex::from_bytes(&stored.sha256);
        files.push(StoredFile {
            name: file.name.clone(),
            bytes: stored.bytes,
            sha256,
        });
    }
    Ok(Artifact {
        database: source.id.clone(),
        database_name: source.name.clone(),
        engine: source.address.engine(),
        engine_version: measure.version.clone(),
        frozen_at: *frozen_at,
        download_bytes: tarball::length(&segments, &files),
        download_sha256: Sha256Hex::from_bytes(&download.finalize().into()),
        rows: copy.rows().cloned(),
        files,
    })
}

/// What the snapshot of a backup is tagged with.
pub(super) fn tags(backup: &Backup) -> Vec<String> {
    let tag = |name: &str, value: &str| format!("{name}={value}");
    vec![
        tag("backup", backup.id.as_str()),
        tag("site", backup.site.as_str()),
        tag("kind", backup.kind.code()),
    ]
}

fn commit(attempt: &Attempt, writer: Box<dyn BackupWriter>, backup: &Backup, shown: Shown) -> Result<String, JobError> {
    let manifest = serde_json::to_vec_pretty(backup).map_err(|e| JobError::new(Cause::Unexpected, e))?;
    let facts = SnapshotFacts {
        time: backup.t0,
        tags: tags(backup),
        manifest,
    };
    let total = std::sync::atomic::AtomicU64::new(1);
    let ordering = std::sync::atomic::Ordering::Relaxed;
    let to_verify = |bytes: u64| total.store(bytes.max(1), ordering);
    let progress = |done: u64| shown.report(attempt, Stage::Verify, done, total.load(ordering));
    // A backup is visible from its snapshot on; one before a restore is only a step of it, and stays when that is cancelled.
    let last_word = || match shown {
        Shown::Backup | Shown::Keep => attempt.pass_no_return().is_ok(),
        Shown::Safety => attempt.still_mine(),
    };
    Ok(writer.commit(facts, &to_verify, &progress, &last_word)?)
}

/// The length of a file decides its tar header; its hash is not known yet and is not in the header.
fn placeholder(file: &CopiedFile) -> StoredFile {
    StoredFile {
        name: file.name.clone(),
        bytes: file.bytes,
        sha256: Sha256Hex::from_bytes(&[0; 32]),
    }
}

/// Hashes the download in the pass that stores it.
struct Hashing<'a> {
    content: Box<dyn Read + Send>,
    hash: &'a mut Sha256,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

//! A backup that an earlier attempt of the same process had made durable when it was killed: only its row is missing.
//!
//! It is whole, because a snapshot is visible only once everything in it was read back. So it is not made a second time: of a
//! restore it may hold what has been ruined since, and a second one would leave the first in the repository for ever.

use std::collections::BTreeSet;

use domain::backup::{Backup, BackupKind};
use domain::site::Site;

use super::backup::tags;
use super::{Attempt, JobError};
use crate::ports::repository::{Repository, SnapshotFacts};

/// The one that this process made durable without recording it; the oldest, should there be several.
pub(super) fn unrecorded(
    attempt: &Attempt,
    site: &Site,
    repository: &dyn Repository,
    kind: BackupKind,
) -> Result<Option<Backup>, JobError> {
    if attempt.claim.attempt == 1 {
        return Ok(None);
    }
    let mut unnamed = repository.snapshots()?;
    let named = attempt.wait(attempt.plane.outside.store.snapshots(&site.customer))?;
    unnamed.retain(|snapshot| !named.contains(snapshot));
    let is_ours = |backup: &Backup| {
        let of = (&backup.process, &backup.site, backup.kind);
        of == (&attempt.process.id, &site.id, kind)
    };
    let read = |snapshot: String| match repository.facts(&snapshot) {
        Ok(facts) => facts.and_then(|facts| as_written_here(facts, snapshot)),
        // Whosever it is: it keeps nobody from making a backup.
        Err(error) => {
            tracing::warn!(snapshot, %error, "a snapshot that no row names cannot be read");
            None
        }
    };
    let found = unnamed.into_iter().filter_map(read).filter(is_ours);
    let Some(found) = found.min_by_key(|backup| (backup.t0, backup.id.clone())) else {
        return Ok(None);
    };
    tracing::info!(process = %attempt.process.id, backup = %found.id, "an earlier attempt had stored it already");
    Ok(Some(Backup {
        completed_at: attempt.plane.now(),
        ..found
    }))
}

/// The backup that a snapshot was made of, if this program made it.
fn as_written_here(facts: SnapshotFacts, snapshot: String) -> Option<Backup> {
    let backup: Backup = serde_json::from_slice(&facts.manifest).ok()?;
    let own = BTreeSet::from_iter(tags(&backup));
    let is_its_own = facts.time == backup.t0 && BTreeSet::from_iter(facts.tags) == own;
    is_its_own.then_some(Backup { snapshot, ..backup })
}

//! Removing what is no longer kept: mark, forget, remove the rows, free the space.
//!
//! Each step leaves something by which the next expiry finds what is left to do: the mark of a backup, and for the space the
//! instant from which it waits. So a kill anywhere loses neither a backup that is listed nor space for ever. Nothing else
//! works in the customer's repository meanwhile: the store hands an expiry out alone.

use domain::bacpac::Told;
use domain::expiry::{ExpiryLog, Space};
use domain::ids::CustomerId;
use domain::limits::KEPT_MARKED;
use domain::process::Stage;

use super::{Attempt, JobError, Outcome};
use crate::ports::control_store::{AuditEntry, Expiring};
use crate::ports::repository::Repository;

/// Removes everything that is marked, and ends the process.
pub(super) fn run(attempt: &Attempt) -> Result<Outcome, JobError> {
    let store = &attempt.plane.outside.store;
    let customer = attempt.site()?.customer;
    attempt.report(Stage::Mark, 0, None);
    let begun = attempt.plane.now();
    let Expiring { leaving, frees } = attempt.wait(store.begin_expiry(&attempt.claim, begun))?;
    // An earlier attempt may have removed some already: what it told of them is all that is left.
    let mut log = match attempt.wait(store.told(&attempt.process.id))? {
        Some(Told::Expired(log)) => log,
        _ => ExpiryLog::default(),
    };
    log.add(&leaving);
    attempt.wait(store.tell(&attempt.claim, &Told::Expired(log.clone())))?;
    attempt.plane.feed.backups(&attempt.process.site);

    let Some(repository) = repository(attempt, &customer)? else {
        return Ok(Outcome::Expired(Box::new(log), None));
    };
    let all = leaving.len() as u64;
    for (done, backup) in (1..).zip(leaving.iter().map(|leaving| &leaving.backup)) {
        if !attempt.still_mine() {
            return Err(attempt.halted());
        }
        repository.forget(&backup.snapshot)?;
        attempt.wait(store.audit(&AuditEntry {
            at: attempt.plane.now(),
            account: None,
            name: String::new(),
            site: Some(backup.site.clone()),
            action: "backup.expire".to_owned(),
            outcome: "done".to_owned(),
            detail: backup.id.to_string(),
        }))?;
        attempt.wait(store.remove_backup(&attempt.claim, &backup.id))?;
        attempt.report_share(Stage::Forget, done * 1_000 / all);
    }
    let mut free_at = None;
    if frees {
        let now = attempt.plane.now();
        let bytes = |done| {
            attempt.report(Stage::Free, done, None);
        };
        let freed = repository.free(now, KEPT_MARKED, &|| attempt.still_mine(), &bytes)?;
        free_at = (freed.still_marked > 0).then(|| now.plus(KEPT_MARKED));
        log.space = Some(Space {
            marked: freed.marked,
            removed: freed.removed,
            stored: freed.stored,
        });
    }
    Ok(Outcome::Expired(Box::new(log), free_at))
}

/// The customer's repository; `None` when nothing was ever stored.
fn repository(attempt: &Attempt, customer: &CustomerId) -> Result<Option<Box<dyn Repository>>, JobError> {
    let outside = &attempt.plane.outside;
    match attempt.wait(outside.store.repository(customer))? {
        Some(row) if row.exists => {
            let fence = attempt.halt.fence();
            Ok(Some(outside.repositories.open(customer, &row.key, true, fence)?))
        }
        _ => Ok(None),
    }
}

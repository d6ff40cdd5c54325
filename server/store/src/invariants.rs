//! Every invariant of the control store as a query that finds who breaks it. The constraints make most of them impossible;
//! tests ask after each race, and an operator may ask at any time.

use sqlx::Row;

use crate::fault::Fault;
use crate::open::SqliteStore;
use control::ports::control_store::StoreError;

/// What must never be found, and the ids of those for whom it is so.
const NEVER: &[(&str, &str)] = &[
    (
        "a site with more slots held than its quota",
        "SELECT s.id FROM sites s WHERE (SELECT count(*) FROM manual_slots m WHERE m.site = s.id) > s.quota",
    ),
    (
        "a slot above the quota",
        "SELECT m.site FROM manual_slots m JOIN sites s ON s.id = m.site WHERE m.slot > s.quota",
    ),
    (
        "what makes a manual backup under way without a slot",
        "SELECT id FROM processes WHERE kind IN ('manual', 'import') AND state IN ('queued', 'running') \
         AND id NOT IN (SELECT process FROM manual_slots WHERE process IS NOT NULL)",
    ),
    (
        "a slot reserved by what makes no manual backup",
        "SELECT m.process FROM manual_slots m JOIN processes p ON p.id = m.process \
         WHERE NOT (p.kind IN ('manual', 'import') AND p.state IN ('queued', 'running'))",
    ),
    (
        "a manual or promoted backup without a slot",
        "SELECT id FROM backups WHERE (kind = 'manual' OR promoted_at IS NOT NULL) AND deleted_at IS NULL \
         AND id NOT IN (SELECT backup FROM manual_slots WHERE backup IS NOT NULL)",
    ),
    (
        "a slot held by a backup outside the quota",
        "SELECT m.backup FROM manual_slots m JOIN backups b ON b.id = m.backup \
         WHERE (b.kind <> 'manual' AND b.promoted_at IS NULL) OR b.deleted_at IS NOT NULL",
    ),
    (
        "a deleted backup that a process under way uses",
        "SELECT b.id FROM backups b JOIN processes p ON b.id IN (p.restore_backup, p.of_backup) \
         WHERE b.deleted_at IS NOT NULL AND p.state IN ('queued', 'running')",
    ),
    (
        "a deleted backup that is not a manual one",
        "SELECT id FROM backups WHERE deleted_at IS NOT NULL AND expired IS NULL AND kind <> 'manual'",
    ),
    (
        "an expired backup that is not under policy, or not marked",
        "SELECT id FROM backups WHERE expired IS NOT NULL AND (kind = 'manual' OR promoted_at IS NOT NULL OR NOT purging)",
    ),
    (
        "a process running beside an expiry of the same customer",
        "SELECT p.id FROM processes p JOIN sites s ON s.id = p.site JOIN sites t ON t.customer = s.customer \
         JOIN processes e ON e.site = t.id WHERE e.kind = 'expiry' AND e.state = 'running' AND p.state = 'running' AND p.id <> e.id",
    ),
    (
        "a marked backup whose repository nobody will free",
        "SELECT b.id FROM backups b JOIN sites s ON s.id = b.site LEFT JOIN repositories r ON r.customer = s.customer \
         WHERE b.purging AND r.customer IS NOT NULL AND r.free_at IS NULL",
    ),
    (
        "a backup given up for good that was not deleted",
        "SELECT id FROM backups WHERE purging AND deleted_at IS NULL",
    ),
    (
        "an unusual backup without its facts, or facts of a usual one",
        "SELECT id FROM backups WHERE (review = 'usual') <> (unusual IS NULL) OR unusual = '[]'",
    ),
    (
        "a decision about a backup that is not unusual, or the reverse",
        "SELECT id FROM backups WHERE (review IN ('accepted', 'rejected')) <> (decided_at IS NOT NULL)",
    ),
    (
        "processes that have ended and are not counted",
        "SELECT p.kind FROM processes p WHERE p.ended_at IS NOT NULL GROUP BY p.kind, p.state HAVING count(*) > \
         COALESCE((SELECT sum(t.count) FROM ended_tally t WHERE t.kind = p.kind AND t.state = p.state), 0)",
    ),
    (
        "two exclusive processes running on one site",
        "SELECT site FROM processes WHERE state = 'running' AND exclusive GROUP BY site HAVING count(*) > 1",
    ),
    (
        "a site closed by what is no restore of it under way",
        "SELECT s.id FROM sites s LEFT JOIN processes p ON p.id = s.restoring WHERE s.restoring IS NOT NULL \
         AND (p.id IS NULL OR p.site <> s.id OR p.kind <> 'restore' OR p.state NOT IN ('queued', 'running'))",
    ),
    (
        "a restore under way that does not close its site",
        "SELECT p.id FROM processes p JOIN sites s ON s.id = p.site WHERE p.kind = 'restore' \
         AND p.state IN ('queued', 'running') AND (s.restoring IS NULL OR s.restoring <> p.id)",
    ),
    (
        "100 % without Completed, or the reverse",
        "SELECT id FROM processes WHERE (state = 'completed') <> (percent = 100)",
    ),
    (
        "two backups of one night",
        "SELECT site FROM backups WHERE kind = 'automatic' GROUP BY site, business_date HAVING count(*) > 1",
    ),
    (
        "two processes for one night",
        "SELECT site FROM processes WHERE kind = 'nightly' AND state IN ('queued', 'running', 'completed') \
         GROUP BY site, business_date HAVING count(*) > 1",
    ),
    (
        "a backup without artifacts",
        "SELECT b.id FROM backups b WHERE NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.backup = b.id)",
    ),
    (
        "an artifact of another site's database",
        "SELECT a.backup FROM artifacts a JOIN backups b ON b.id = a.backup JOIN databases d ON d.id = a.database \
         WHERE d.site <> b.site",
    ),
    (
        "a backup whose process is not its maker",
        "SELECT b.id FROM backups b JOIN processes p ON p.id = b.process WHERE p.site <> b.site \
         OR p.made_backup IS NULL OR p.made_backup <> b.id \
         OR CASE p.kind WHEN 'manual' THEN 'manual' WHEN 'import' THEN 'manual' WHEN 'nightly' THEN 'automatic' ELSE 'safety' END <> b.kind",
    ),
    (
        "a visible backup of a process that did not complete",
        "SELECT b.id FROM backups b JOIN processes p ON p.id = b.process WHERE b.kind <> 'safety' AND p.state <> 'completed'",
    ),
    (
        "a kept BACPAC whose process did not complete",
        "SELECT e.process FROM exports e JOIN processes p ON p.id = e.process WHERE p.kind <> 'export' OR p.state <> 'completed'",
    ),
    (
        "an import under way without its upload",
        "SELECT id FROM processes WHERE kind = 'import' AND state IN ('queued', 'running') \
         AND of_upload NOT IN (SELECT id FROM uploads)",
    ),
    (
        "a completed restore that was not decided",
        "SELECT id FROM processes WHERE kind = 'restore' AND state = 'completed' AND decided = 0",
    ),
    (
        "a delivery of an alert that is not addressed",
        "SELECT a.id FROM alerts a JOIN alert_deliveries d ON d.alert = a.number WHERE a.addressed = 0",
    ),
    (
        "a delivery that is settled without an attempt, or held beyond its end",
        "SELECT a.id FROM alerts a JOIN alert_deliveries d ON d.alert = a.number \
         WHERE (d.state = 'delivered' AND d.attempts = 0) OR (d.state <> 'pending' AND d.held_until IS NOT NULL)",
    ),
    (
        "a process that was to be cancelled and ended otherwise",
        "SELECT id FROM processes WHERE cancel_asked_at IS NOT NULL AND state NOT IN ('running', 'cancelled')",
    ),
    (
        "a process cancelled while it ran that nobody wanted cancelled",
        "SELECT id FROM processes WHERE state = 'cancelled' AND attempt > 0 AND cancel_asked_by IS NOT cancelled_by",
    ),
    (
        "a process to be cancelled that has gone too far",
        "SELECT id FROM processes WHERE cancel_asked_at IS NOT NULL AND (no_return OR decided)",
    ),
    (
        "a cancelled process that made something",
        "SELECT id FROM processes WHERE state = 'cancelled' AND made_backup IS NOT NULL AND kind <> 'restore'",
    ),
    (
        "a customer served after the youngest change",
        "SELECT id FROM customers WHERE served > (SELECT value FROM revisions)",
    ),
    (
        "a revision above the counter",
        "SELECT id FROM processes WHERE revision > (SELECT value FROM revisions)",
    ),
];

impl SqliteStore {
    /// Every invariant that does not hold, as a sentence with the ids concerned; empty when all is well. Reads the whole file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn audit_invariants(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.broken_invariants().await?)
    }

    async fn broken_invariants(&self) -> Result<Vec<String>, Fault> {
        let mut tx = self.read().await?;
        let mut found = Vec::new();
        for (never, query) in NEVER {
            for row in sqlx::query(*query).fetch_all(&mut *tx).await? {
                found.push(format!("{never}: {}", row.try_get::<String, _>(0)?));
            }
        }
        for row in sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *tx).await? {
            found.push(format!("a reference to nothing in {}", row.try_get::<String, _>(0)?));
        }
        for row in sqlx::query("PRAGMA integrity_check").fetch_all(&mut *tx).await? {
            let verdict: String = row.try_get(0)?;
            if verdict != "ok" {
                found.push(format!("damage in the file: {verdict}"));
            }
        }
        Ok(found)
    }
}

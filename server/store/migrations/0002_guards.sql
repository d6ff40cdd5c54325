-- Rules that concern two rows, or a row before and after: a constraint of one row cannot say them.

CREATE TRIGGER an_ended_process_does_not_change BEFORE UPDATE ON processes
WHEN OLD.state IN ('completed', 'failed', 'cancelled')
BEGIN SELECT RAISE(ABORT, 'an ended process does not change'); END;

CREATE TRIGGER a_process_does_not_go_back_to_the_queue BEFORE UPDATE OF state ON processes
WHEN NEW.state = 'queued' AND OLD.state <> 'queued'
BEGIN SELECT RAISE(ABORT, 'a process does not go back to the queue'); END;

CREATE TRIGGER the_percentage_never_goes_back BEFORE UPDATE OF percent ON processes
WHEN NEW.attempt = OLD.attempt AND NEW.percent < OLD.percent
BEGIN SELECT RAISE(ABORT, 'the percentage never goes back within an attempt'); END;

CREATE TRIGGER attempts_and_revisions_only_grow BEFORE UPDATE ON processes
WHEN NEW.attempt < OLD.attempt OR NEW.revision < OLD.revision OR NEW.decided < OLD.decided
BEGIN SELECT RAISE(ABORT, 'attempts, revisions and decisions only grow'); END;

CREATE TRIGGER an_ended_process_holds_nothing BEFORE UPDATE OF state ON processes
WHEN NEW.state IN ('completed', 'failed', 'cancelled')
    AND (EXISTS (SELECT 1 FROM sites WHERE restoring = OLD.id)
        OR EXISTS (SELECT 1 FROM manual_slots WHERE process = OLD.id))
BEGIN SELECT RAISE(ABORT, 'an ended process holds no slot and closes no site'); END;

CREATE TRIGGER only_an_open_restore_closes_a_site BEFORE UPDATE OF restoring ON sites
WHEN NEW.restoring IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM processes WHERE id = NEW.restoring AND kind = 'restore' AND state IN ('queued', 'running'))
BEGIN SELECT RAISE(ABORT, 'only a restore under way closes a site'); END;

CREATE TRIGGER the_quota_stays_above_the_slots BEFORE UPDATE OF quota ON sites
WHEN EXISTS (SELECT 1 FROM manual_slots WHERE site = NEW.id AND slot > NEW.quota)
BEGIN SELECT RAISE(ABORT, 'the quota is below a slot that is held'); END;

CREATE TRIGGER a_slot_is_within_the_quota BEFORE INSERT ON manual_slots
WHEN NEW.slot > (SELECT quota FROM sites WHERE id = NEW.site)
BEGIN SELECT RAISE(ABORT, 'a slot above the quota'); END;

CREATE TRIGGER a_slot_keeps_its_number BEFORE UPDATE OF site, slot ON manual_slots
WHEN NEW.site <> OLD.site OR NEW.slot <> OLD.slot
BEGIN SELECT RAISE(ABORT, 'a slot keeps its number'); END;

CREATE TRIGGER only_an_open_manual_backup_reserves BEFORE INSERT ON manual_slots
WHEN NEW.process IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM processes WHERE id = NEW.process AND kind = 'manual' AND state IN ('queued', 'running'))
BEGIN SELECT RAISE(ABORT, 'only a manual backup under way reserves a slot'); END;

CREATE TRIGGER the_audit_trail_is_not_rewritten BEFORE UPDATE ON audit_trail
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;

CREATE TRIGGER the_audit_trail_is_not_shortened BEFORE DELETE ON audit_trail
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;

-- Which backups are kept: deleted by the bin, put back, promoted and demoted.

ALTER TABLE backups ADD COLUMN deleted_at INTEGER;
ALTER TABLE backups ADD COLUMN deleted_by TEXT CHECK ((deleted_by IS NULL) = (deleted_at IS NULL));
-- From this instant on it cannot be put back.
ALTER TABLE backups ADD COLUMN gone_at INTEGER
    CHECK ((gone_at IS NULL) = (deleted_at IS NULL) AND (gone_at IS NULL OR gone_at >= deleted_at));
-- Its data are being forgotten, or are forgotten: the rows go last, so that whoever was interrupted is found again.
ALTER TABLE backups ADD COLUMN purging INTEGER NOT NULL DEFAULT 0 CHECK (purging IN (0, 1));

CREATE INDEX backups_in_the_bin ON backups (gone_at) WHERE deleted_at IS NOT NULL;

CREATE TRIGGER a_backup_keeps_what_it_was_made_as
BEFORE UPDATE OF id, site, kind, process, t0, skew_ms, completed_at, business_date, requested_by, snapshot, imported_from ON backups
BEGIN SELECT RAISE(ABORT, 'a backup keeps its kind, its instant and its content'); END;

CREATE TRIGGER an_artifact_keeps_its_content BEFORE UPDATE ON artifacts
BEGIN SELECT RAISE(ABORT, 'an artifact keeps its content'); END;

CREATE TRIGGER only_a_manual_backup_is_deleted BEFORE UPDATE OF deleted_at ON backups
WHEN NEW.deleted_at IS NOT NULL AND (NEW.kind <> 'manual' OR NEW.promoted_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'only a manual backup is deleted'); END;

CREATE TRIGGER a_backup_in_use_is_not_deleted BEFORE UPDATE OF deleted_at ON backups
WHEN NEW.deleted_at IS NOT NULL AND EXISTS (
    SELECT 1 FROM processes WHERE (restore_backup = NEW.id OR of_backup = NEW.id) AND state IN ('queued', 'running'))
BEGIN SELECT RAISE(ABORT, 'a backup in use is not deleted'); END;

CREATE TRIGGER a_deleted_backup_is_not_used BEFORE INSERT ON processes
WHEN EXISTS (SELECT 1 FROM backups WHERE id IN (NEW.restore_backup, NEW.of_backup) AND deleted_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a deleted backup is neither restored nor exported'); END;

CREATE TRIGGER what_leaves_the_lists_holds_no_slot BEFORE UPDATE OF deleted_at, promoted_at ON backups
WHEN (NEW.deleted_at IS NOT NULL OR (NEW.kind = 'automatic' AND NEW.promoted_at IS NULL))
    AND EXISTS (SELECT 1 FROM manual_slots WHERE backup = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a deleted or demoted backup holds no slot'); END;

CREATE TRIGGER a_new_slot_is_for_a_kept_backup BEFORE INSERT ON manual_slots
WHEN NEW.backup IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM backups WHERE id = NEW.backup AND deleted_at IS NULL AND (kind = 'manual' OR promoted_at IS NOT NULL))
BEGIN SELECT RAISE(ABORT, 'only a kept manual or promoted backup holds a slot'); END;

CREATE TRIGGER a_slot_goes_to_a_kept_backup BEFORE UPDATE OF backup ON manual_slots
WHEN NEW.backup IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM backups WHERE id = NEW.backup AND deleted_at IS NULL AND (kind = 'manual' OR promoted_at IS NOT NULL))
BEGIN SELECT RAISE(ABORT, 'only a kept manual or promoted backup holds a slot'); END;

CREATE TRIGGER only_what_is_deleted_is_given_up BEFORE UPDATE OF purging ON backups
WHEN NEW.purging AND NEW.deleted_at IS NULL
BEGIN SELECT RAISE(ABORT, 'only a deleted backup is given up for good'); END;

CREATE TRIGGER what_is_given_up_does_not_come_back BEFORE UPDATE ON backups
WHEN OLD.purging AND (NOT NEW.purging OR NEW.deleted_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'what is given up for good does not come back'); END;

CREATE TRIGGER only_what_is_given_up_goes BEFORE DELETE ON backups
WHEN NOT OLD.purging
BEGIN SELECT RAISE(ABORT, 'a backup is given up for good before it goes'); END;

-- What leaves for good: by the policy or out of the bin, its space, and who is reading meanwhile.

INSERT INTO process_kinds (kind) VALUES ('expiry');

CREATE UNIQUE INDEX one_open_expiry_per_site ON processes (site) WHERE kind = 'expiry' AND state IN ('queued', 'running');

-- Why the policy no longer keeps it, as JSON; NULL for one out of the bin.
ALTER TABLE backups ADD COLUMN expired TEXT CHECK (expired IS NULL OR purging);

CREATE INDEX backups_leaving ON backups (site) WHERE purging;

-- Space waits to be freed from this instant on.
ALTER TABLE repositories ADD COLUMN free_at INTEGER;

CREATE TABLE readings (
    id     TEXT PRIMARY KEY NOT NULL,
    backup TEXT NOT NULL REFERENCES backups (id),
    until  INTEGER NOT NULL
) STRICT;

CREATE INDEX readings_of_a_backup ON readings (backup, until);

DROP TRIGGER only_a_manual_backup_is_deleted;

CREATE TRIGGER only_a_manual_backup_is_deleted BEFORE UPDATE OF deleted_at ON backups
WHEN NEW.deleted_at IS NOT NULL AND NEW.expired IS NULL AND (NEW.kind <> 'manual' OR NEW.promoted_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'only a manual backup is deleted'); END;

CREATE TRIGGER only_what_is_under_policy_expires BEFORE UPDATE OF expired ON backups
WHEN NEW.expired IS NOT NULL AND (NEW.kind = 'manual' OR NEW.promoted_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'neither a manual backup nor one that is kept among them expires'); END;

CREATE TRIGGER a_deleted_backup_is_not_read BEFORE INSERT ON readings
WHEN EXISTS (SELECT 1 FROM backups WHERE id = NEW.backup AND deleted_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a deleted backup is not read'); END;

-- What earlier versions had removed left its space behind.
UPDATE repositories SET free_at = 0 WHERE created = 1;

-- What was counted in each backup, what is unusual about it, and what somebody said of it.

-- Rows of each table, as a JSON object; NULL: not counted.
ALTER TABLE artifacts ADD COLUMN row_counts TEXT;

-- One taken before a restore, and one made of an uploaded file, is not judged.
ALTER TABLE backups ADD COLUMN review TEXT NOT NULL DEFAULT 'usual' CHECK (
    review IN ('usual', 'undecided', 'accepted', 'rejected')
    AND (review = 'usual' OR (kind <> 'safety' AND imported_from IS NULL)));
-- The facts, as JSON.
ALTER TABLE backups ADD COLUMN unusual TEXT CHECK ((unusual IS NULL) = (review = 'usual'));
ALTER TABLE backups ADD COLUMN decided_at INTEGER
    CHECK ((decided_at IS NOT NULL) = (review IN ('accepted', 'rejected')));
ALTER TABLE backups ADD COLUMN decided_by TEXT CHECK ((decided_by IS NULL) = (decided_at IS NULL));
ALTER TABLE backups ADD COLUMN decided_because TEXT CHECK (decided_because IS NULL OR decided_at IS NOT NULL);

CREATE INDEX backups_that_wait ON backups (site) WHERE review = 'undecided';

CREATE TRIGGER a_new_backup_waits_for_its_decision BEFORE INSERT ON backups
WHEN NEW.review NOT IN ('usual', 'undecided')
BEGIN SELECT RAISE(ABORT, 'a backup is decided about after it was recorded'); END;

CREATE TRIGGER what_was_found_does_not_change BEFORE UPDATE OF unusual ON backups
BEGIN SELECT RAISE(ABORT, 'what was found unusual does not change'); END;

CREATE TRIGGER only_an_unusual_backup_is_decided_about BEFORE UPDATE OF review ON backups
WHEN OLD.review = 'usual' OR NEW.review NOT IN ('accepted', 'rejected')
BEGIN SELECT RAISE(ABORT, 'an unusual backup is accepted or rejected, and no other'); END;

CREATE TRIGGER a_decision_keeps_its_time BEFORE UPDATE OF decided_at, decided_by, decided_because ON backups
WHEN NEW.review = OLD.review
BEGIN SELECT RAISE(ABORT, 'a decision changes with its verdict alone'); END;

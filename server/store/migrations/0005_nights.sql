-- Nights: when those of a site start, since when it has any, and what is known of them at a glance.

-- Minutes after local midnight, and how long the window stays open. They do not cross noon: a night belongs to one day.
ALTER TABLE sites ADD COLUMN night_start INTEGER NOT NULL DEFAULT 90 CHECK (night_start BETWEEN 0 AND 1439);
ALTER TABLE sites ADD COLUMN night_window INTEGER NOT NULL DEFAULT 120 CHECK (
    night_window BETWEEN 15 AND 720
    AND night_start + night_window <= CASE WHEN night_start < 720 THEN 720 ELSE 2160 END);

-- A site that was there before has nights from this migration on: no earlier one is missed.
ALTER TABLE sites ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
UPDATE sites SET created_at = unixepoch() * 1000;

-- NULL: nobody needs to be told that the site is without a backup, or it was told that this is over.
ALTER TABLE sites ADD COLUMN silence_told INTEGER;

-- An automatic backup that began after its window had closed.
ALTER TABLE backups ADD COLUMN late INTEGER NOT NULL DEFAULT 0 CHECK (late = 0 OR (late = 1 AND kind = 'automatic'));

CREATE TRIGGER a_night_stays_late_or_in_time BEFORE UPDATE OF late ON backups
BEGIN SELECT RAISE(ABORT, 'whether a night was late is decided once'); END;

CREATE INDEX nights_of_a_site ON processes (site, business_date, state, ended_at) WHERE kind = 'nightly';
CREATE INDEX backups_by_completion ON backups (site, completed_at);

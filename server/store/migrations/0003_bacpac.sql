-- BACPAC files: made on demand beside a backup, or uploaded to become one.
--
-- `processes` is made anew, because its checks name its kinds: from now on kinds are rows. References to it are checked when
-- this transaction commits, when every row is back.
PRAGMA defer_foreign_keys = ON;

CREATE TABLE process_kinds (
    kind TEXT PRIMARY KEY NOT NULL
) STRICT;

INSERT INTO process_kinds (kind) VALUES ('manual'), ('nightly'), ('restore'), ('export'), ('import');

CREATE TEMP TABLE kept_processes AS SELECT * FROM processes;

DROP TABLE processes;

CREATE TABLE processes (
    id                    TEXT PRIMARY KEY NOT NULL,
    site                  TEXT NOT NULL REFERENCES sites (id),
    kind                  TEXT NOT NULL REFERENCES process_kinds (kind),
    -- It keeps other exclusive work of its site waiting.
    exclusive             INTEGER NOT NULL CHECK (exclusive IN (0, 1)),
    business_date         TEXT,
    -- No reference to `backups`: the process is remembered after the backup has expired.
    restore_backup        TEXT,
    restore_t0            INTEGER,
    -- NULL: the whole site.
    restore_database      TEXT REFERENCES databases (id),
    restore_database_name TEXT,
    -- The facts of the other kinds, as JSON; beside them what constraints ask for.
    facts                 TEXT,
    of_backup             TEXT,
    of_database           TEXT REFERENCES databases (id),
    of_upload             TEXT,
    requested_by          TEXT NOT NULL,
    reason                TEXT,
    requested_at          INTEGER NOT NULL,
    state                 TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    attempt               INTEGER NOT NULL CHECK (attempt >= 0),
    percent               INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
    stage                 TEXT,
    done_bytes            INTEGER CHECK (done_bytes >= 0),
    total_bytes           INTEGER CHECK (total_bytes >= 0),
    worker                TEXT,
    lease_until           INTEGER,
    started_at            INTEGER,
    ended_at              INTEGER,
    t0                    INTEGER,
    failure_cause         TEXT,
    failure_database      TEXT,
    failure_reference     TEXT,
    cancelled_by          TEXT,
    -- The backup itself, or the one taken before a restore. No reference: see `restore_backup`.
    made_backup           TEXT,
    decided               INTEGER NOT NULL DEFAULT 0 CHECK (decided IN (0, 1)),
    revision              INTEGER NOT NULL UNIQUE,
    updated_at            INTEGER NOT NULL,
    UNIQUE (id, site),
    CHECK ((kind = 'nightly') = (business_date IS NOT NULL)),
    CHECK ((kind IN ('manual', 'nightly', 'restore')) = (facts IS NULL)),
    CHECK ((kind = 'export') = (of_backup IS NOT NULL)),
    CHECK ((kind = 'import') = (of_upload IS NOT NULL)),
    CHECK ((kind IN ('export', 'import')) = (of_database IS NOT NULL)),
    CHECK (exclusive = (kind <> 'export')),
    CHECK ((kind = 'restore') = (restore_backup IS NOT NULL)),
    CHECK ((kind = 'restore') = (restore_t0 IS NOT NULL)),
    CHECK (kind = 'restore' OR (restore_database IS NULL AND restore_database_name IS NULL AND decided = 0)),
    -- 100 % if and only if Completed.
    CHECK ((state = 'completed') = (percent = 100)),
    CHECK (state <> 'queued' OR (attempt = 0 AND percent = 0)),
    CHECK (state NOT IN ('running', 'completed') OR (attempt > 0 AND started_at IS NOT NULL)),
    CHECK ((state = 'running') = (worker IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'running') = (stage IS NOT NULL)),
    CHECK ((state = 'running') = (done_bytes IS NOT NULL)),
    CHECK (state = 'running' OR total_bytes IS NULL),
    CHECK ((state IN ('completed', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'failed') = (failure_cause IS NOT NULL)),
    CHECK ((state = 'failed') = (failure_reference IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancelled_by IS NOT NULL)),
    -- A backup is Completed with its backup, a restore once it is decided.
    CHECK (state <> 'completed' OR kind NOT IN ('manual', 'nightly', 'import') OR made_backup IS NOT NULL),
    CHECK (state <> 'completed' OR kind <> 'restore' OR decided = 1)
) STRICT;

CREATE UNIQUE INDEX one_running_process_per_site ON processes (site) WHERE state = 'running' AND exclusive = 1;
CREATE UNIQUE INDEX one_open_restore_per_site ON processes (site) WHERE kind = 'restore' AND state IN ('queued', 'running');
CREATE UNIQUE INDEX one_nightly_process_per_day ON processes (site, business_date)
    WHERE kind = 'nightly' AND state IN ('queued', 'running', 'completed');
CREATE UNIQUE INDEX one_open_export_per_backup_and_database ON processes (of_backup, of_database)
    WHERE kind = 'export' AND state IN ('queued', 'running');
CREATE INDEX processes_by_state ON processes (state, requested_at, id);
CREATE INDEX processes_ended ON processes (site, ended_at) WHERE ended_at IS NOT NULL;

INSERT INTO processes (exclusive, id, site, kind, business_date, restore_backup, restore_t0, restore_database, restore_database_name, requested_by, reason, requested_at, state, attempt, percent, stage, done_bytes, total_bytes, worker, lease_until, started_at, ended_at, t0, failure_cause, failure_database, failure_reference, cancelled_by, made_backup, decided, revision, updated_at)
SELECT 1, id, site, kind, business_date, restore_backup, restore_t0, restore_database, restore_database_name, requested_by, reason, requested_at, state, attempt, percent, stage, done_bytes, total_bytes, worker, lease_until, started_at, ended_at, t0, failure_cause, failure_database, failure_reference, cancelled_by, made_backup, decided, revision, updated_at FROM kept_processes;

DROP TABLE kept_processes;

-- The guards of the table went with it.

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

DROP TRIGGER only_an_open_manual_backup_reserves;

CREATE TRIGGER only_what_makes_a_manual_backup_reserves BEFORE INSERT ON manual_slots
WHEN NEW.process IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM processes WHERE id = NEW.process AND kind IN ('manual', 'import') AND state IN ('queued', 'running'))
BEGIN SELECT RAISE(ABORT, 'only what makes a manual backup reserves a slot'); END;

-- The name of the file a backup was made of.
ALTER TABLE backups ADD COLUMN imported_from TEXT CHECK (imported_from IS NULL OR kind = 'manual');

CREATE TABLE exports (
    backup     TEXT NOT NULL,
    database   TEXT NOT NULL,
    process    TEXT NOT NULL UNIQUE REFERENCES processes (id),
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    sha256     TEXT NOT NULL CHECK (length(sha256) = 64),
    made_at    INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    PRIMARY KEY (backup, database),
    FOREIGN KEY (backup, database) REFERENCES artifacts (backup, database)
) STRICT;

CREATE TABLE uploads (
    id         TEXT PRIMARY KEY NOT NULL,
    site       TEXT NOT NULL REFERENCES sites (id),
    database   TEXT NOT NULL REFERENCES databases (id),
    file_name  TEXT NOT NULL,
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    by_name    TEXT NOT NULL,
    opened_at  INTEGER NOT NULL,
    touched_at INTEGER NOT NULL
) STRICT;

-- What a process has to tell beyond its state, as JSON.
CREATE TABLE told (
    process TEXT PRIMARY KEY NOT NULL REFERENCES processes (id),
    told    TEXT NOT NULL
) STRICT;

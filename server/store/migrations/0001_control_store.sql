-- The control store: what Coffre knows of sites, people, processes and backups.
--
-- Every rule that must hold under two clicks is a constraint here as well as a check in the code: whoever gets past the
-- one is stopped by the other. Instants are milliseconds since 1970-01-01T00:00:00Z; days are "YYYY-MM-DD".

CREATE TABLE customers (
    id   TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE partners (
    id   TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE sites (
    id           TEXT PRIMARY KEY NOT NULL,
    code         TEXT NOT NULL,
    name         TEXT NOT NULL,
    customer     TEXT NOT NULL REFERENCES customers (id),
    partner      TEXT REFERENCES partners (id),
    delegated    INTEGER NOT NULL CHECK (delegated IN (0, 1)),
    zone_name    TEXT NOT NULL,
    zone_changes TEXT NOT NULL,
    quota        INTEGER NOT NULL CHECK (quota BETWEEN 0 AND 99),
    -- NULL: Ready. Otherwise the restore, of this very site, that closed it.
    restoring    TEXT,
    FOREIGN KEY (restoring, id) REFERENCES processes (id, site)
) STRICT;

CREATE TABLE databases (
    id       TEXT PRIMARY KEY NOT NULL,
    site     TEXT NOT NULL REFERENCES sites (id),
    -- NULL: its site is declared without it by now; kept because backups name it.
    position INTEGER,
    name     TEXT NOT NULL,
    product  TEXT NOT NULL,
    engine   TEXT NOT NULL CHECK (engine IN ('sqlite', 'postgres')),
    address  TEXT NOT NULL,
    bytes    INTEGER CHECK (bytes >= 0),
    UNIQUE (site, position)
) STRICT;

CREATE TABLE accounts (
    id            TEXT PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('client_admin', 'client_viewer', 'partner', 'operator')),
    partner       TEXT REFERENCES partners (id),
    firm          TEXT NOT NULL,
    CHECK (role <> 'partner' OR partner IS NOT NULL)
) STRICT;

CREATE TABLE account_sites (
    account  TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    site     TEXT NOT NULL REFERENCES sites (id),
    PRIMARY KEY (account, position),
    UNIQUE (account, site)
) STRICT;

CREATE INDEX account_sites_by_site ON account_sites (site);

CREATE TABLE sessions (
    token        BLOB PRIMARY KEY NOT NULL CHECK (length(token) = 32),
    account      TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    signed_in_at INTEGER NOT NULL,
    issued_at    INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_in_failures (
    key     TEXT PRIMARY KEY NOT NULL,
    count   INTEGER NOT NULL CHECK (count > 0),
    last_at INTEGER NOT NULL
) STRICT;

-- One counter for all processes: it grows with every change of any of them.
CREATE TABLE revisions (
    one   INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    value INTEGER NOT NULL
) STRICT;

INSERT INTO revisions (one, value) VALUES (1, 0);

CREATE TABLE processes (
    id                    TEXT PRIMARY KEY NOT NULL,
    site                  TEXT NOT NULL REFERENCES sites (id),
    kind                  TEXT NOT NULL CHECK (kind IN ('manual', 'nightly', 'restore')),
    business_date         TEXT,
    -- No reference to `backups`: the process is remembered after the backup has expired.
    restore_backup        TEXT,
    restore_t0            INTEGER,
    -- NULL: the whole site.
    restore_database      TEXT REFERENCES databases (id),
    restore_database_name TEXT,
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
    CHECK (state <> 'completed' OR kind = 'restore' OR made_backup IS NOT NULL),
    CHECK (state <> 'completed' OR kind <> 'restore' OR decided = 1)
) STRICT;

CREATE UNIQUE INDEX one_running_process_per_site ON processes (site) WHERE state = 'running';
CREATE UNIQUE INDEX one_open_restore_per_site ON processes (site) WHERE kind = 'restore' AND state IN ('queued', 'running');
CREATE UNIQUE INDEX one_nightly_process_per_day ON processes (site, business_date)
    WHERE kind = 'nightly' AND state IN ('queued', 'running', 'completed');
CREATE INDEX processes_by_state ON processes (state, requested_at, id);
CREATE INDEX processes_ended ON processes (site, ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE backups (
    id             TEXT PRIMARY KEY NOT NULL,
    site           TEXT NOT NULL REFERENCES sites (id),
    kind           TEXT NOT NULL CHECK (kind IN ('manual', 'automatic', 'safety')),
    process        TEXT NOT NULL UNIQUE,
    t0             INTEGER NOT NULL,
    skew_ms        INTEGER NOT NULL CHECK (skew_ms >= 0),
    completed_at   INTEGER NOT NULL,
    business_date  TEXT,
    requested_by   TEXT NOT NULL,
    promoted_at    INTEGER,
    promoted_by    TEXT,
    snapshot       TEXT NOT NULL,
    -- With the deferred reference below: no transaction leaves a backup without an artifact.
    first_artifact INTEGER NOT NULL DEFAULT 0 CHECK (first_artifact = 0),
    UNIQUE (id, site),
    CHECK ((kind = 'automatic') = (business_date IS NOT NULL)),
    CHECK ((promoted_at IS NULL) = (promoted_by IS NULL)),
    CHECK (promoted_at IS NULL OR kind = 'automatic'),
    FOREIGN KEY (process, site) REFERENCES processes (id, site),
    FOREIGN KEY (id, first_artifact) REFERENCES artifacts (backup, position) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE UNIQUE INDEX one_nightly_backup_per_day ON backups (site, business_date) WHERE kind = 'automatic';
CREATE INDEX backups_by_age ON backups (site, t0);

CREATE TABLE artifacts (
    backup          TEXT NOT NULL REFERENCES backups (id),
    position        INTEGER NOT NULL CHECK (position >= 0),
    database        TEXT NOT NULL REFERENCES databases (id),
    database_name   TEXT NOT NULL,
    engine          TEXT NOT NULL CHECK (engine IN ('sqlite', 'postgres')),
    engine_version  TEXT NOT NULL,
    frozen_at       INTEGER NOT NULL,
    files           TEXT NOT NULL,
    download_bytes  INTEGER NOT NULL CHECK (download_bytes >= 0),
    download_sha256 TEXT NOT NULL CHECK (length(download_sha256) = 64),
    PRIMARY KEY (backup, position),
    UNIQUE (backup, database)
) STRICT;

-- The compartments of the quota meter that are not free. A number is unique in its site and never above the quota: so
-- there are never more of them than the quota, however many ask at once.
CREATE TABLE manual_slots (
    site    TEXT NOT NULL REFERENCES sites (id),
    slot    INTEGER NOT NULL CHECK (slot >= 1),
    process TEXT UNIQUE,
    backup  TEXT UNIQUE,
    PRIMARY KEY (site, slot),
    CHECK ((process IS NULL) <> (backup IS NULL)),
    FOREIGN KEY (process, site) REFERENCES processes (id, site),
    FOREIGN KEY (backup, site) REFERENCES backups (id, site)
) STRICT;

CREATE TABLE repositories (
    customer   TEXT PRIMARY KEY NOT NULL REFERENCES customers (id),
    sealed_key BLOB NOT NULL,
    created    INTEGER NOT NULL CHECK (created IN (0, 1))
) STRICT;

-- No references: a refused request may name what does not exist.
CREATE TABLE audit_trail (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    account TEXT,
    name    TEXT NOT NULL,
    site    TEXT,
    action  TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;

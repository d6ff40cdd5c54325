-- What has ended, counted as it ends: whoever watches the server asks every few seconds, and counting history each time
-- would cost more every day. Rows that are removed later stay counted.

CREATE TABLE ended_tally (
    kind   TEXT NOT NULL REFERENCES process_kinds (kind),
    state  TEXT NOT NULL CHECK (state IN ('completed', 'failed', 'cancelled')),
    -- Position of the duration among the bounds of the port; 0 for what was not completed.
    class  INTEGER NOT NULL CHECK (class BETWEEN 0 AND 8),
    count  INTEGER NOT NULL CHECK (count >= 0),
    ran_ms INTEGER NOT NULL CHECK (ran_ms >= 0),
    PRIMARY KEY (kind, state, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_tally (
    kind  TEXT PRIMARY KEY NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO ended_tally (kind, state, class, count, ran_ms)
SELECT kind, state,
    CASE WHEN state <> 'completed' THEN 0
        WHEN ended_at - started_at <= 1000 THEN 0 WHEN ended_at - started_at <= 5000 THEN 1
        WHEN ended_at - started_at <= 15000 THEN 2 WHEN ended_at - started_at <= 60000 THEN 3
        WHEN ended_at - started_at <= 300000 THEN 4 WHEN ended_at - started_at <= 900000 THEN 5
        WHEN ended_at - started_at <= 3600000 THEN 6 WHEN ended_at - started_at <= 14400000 THEN 7 ELSE 8 END AS of_class,
    count(*), sum(CASE state WHEN 'completed' THEN max(ended_at - started_at, 0) ELSE 0 END)
FROM processes WHERE ended_at IS NOT NULL GROUP BY kind, state, of_class;

INSERT INTO stored_tally (kind, count, bytes)
SELECT b.kind, count(DISTINCT b.id), sum(a.download_bytes) FROM backups b JOIN artifacts a ON a.backup = b.id GROUP BY b.kind;

CREATE TRIGGER what_ends_is_counted AFTER UPDATE OF state ON processes
WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL
BEGIN
    INSERT INTO ended_tally (kind, state, class, count, ran_ms)
    VALUES (NEW.kind, NEW.state,
        CASE WHEN NEW.state <> 'completed' THEN 0
            WHEN NEW.ended_at - NEW.started_at <= 1000 THEN 0 WHEN NEW.ended_at - NEW.started_at <= 5000 THEN 1
            WHEN NEW.ended_at - NEW.started_at <= 15000 THEN 2 WHEN NEW.ended_at - NEW.started_at <= 60000 THEN 3
            WHEN NEW.ended_at - NEW.started_at <= 300000 THEN 4 WHEN NEW.ended_at - NEW.started_at <= 900000 THEN 5
            WHEN NEW.ended_at - NEW.started_at <= 3600000 THEN 6 WHEN NEW.ended_at - NEW.started_at <= 14400000 THEN 7
            ELSE 8 END,
        1, CASE NEW.state WHEN 'completed' THEN max(NEW.ended_at - NEW.started_at, 0) ELSE 0 END)
    ON CONFLICT (kind, state, class) DO UPDATE SET count = count + 1, ran_ms = ran_ms + excluded.ran_ms;
END;

CREATE TRIGGER what_is_stored_is_counted AFTER INSERT ON backups
BEGIN
    INSERT INTO stored_tally (kind, count, bytes) VALUES (NEW.kind, 1, 0)
    ON CONFLICT (kind) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER the_bytes_of_what_is_stored_are_counted AFTER INSERT ON artifacts
BEGIN
    UPDATE stored_tally SET bytes = bytes + NEW.download_bytes
    WHERE kind = (SELECT kind FROM backups WHERE id = NEW.backup);
END;

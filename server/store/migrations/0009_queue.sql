-- The queue: cancelling what runs, and customers that take turns.

-- A person's wish that a running process be stopped. It stays when the process has ended.
ALTER TABLE processes ADD COLUMN cancel_asked_at INTEGER;
ALTER TABLE processes ADD COLUMN cancel_asked_by TEXT CHECK ((cancel_asked_by IS NULL) = (cancel_asked_at IS NULL));

-- What the process does becomes visible: until its next attempt it can no longer be cancelled.
ALTER TABLE processes ADD COLUMN no_return INTEGER NOT NULL DEFAULT 0 CHECK (no_return IN (0, 1));

-- The revision of the youngest claim of a process of this customer; 0 before the first.
ALTER TABLE customers ADD COLUMN served INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER only_what_runs_and_is_not_too_far_is_asked_to_stop BEFORE UPDATE OF cancel_asked_at ON processes
WHEN NEW.cancel_asked_at IS NOT NULL AND OLD.cancel_asked_at IS NULL
    AND (NEW.state <> 'running' OR NEW.no_return OR NEW.decided)
BEGIN SELECT RAISE(ABORT, 'only a running process that can still be cancelled is asked to stop'); END;

CREATE TRIGGER nothing_queued_is_asked_to_stop BEFORE INSERT ON processes
WHEN NEW.cancel_asked_at IS NOT NULL OR NEW.no_return
BEGIN SELECT RAISE(ABORT, 'a new process was not asked to stop and has not gone too far'); END;

CREATE TRIGGER a_wish_to_stop_stays BEFORE UPDATE OF cancel_asked_at, cancel_asked_by ON processes
WHEN OLD.cancel_asked_at IS NOT NULL
    AND (NEW.cancel_asked_at IS NOT OLD.cancel_asked_at OR NEW.cancel_asked_by IS NOT OLD.cancel_asked_by)
BEGIN SELECT RAISE(ABORT, 'a wish to stop is neither taken back nor given to another'); END;

CREATE TRIGGER what_is_asked_to_stop_goes_no_further BEFORE UPDATE OF no_return, decided, state ON processes
WHEN NEW.cancel_asked_at IS NOT NULL AND (NEW.no_return OR NEW.decided OR NEW.state IN ('completed', 'failed'))
BEGIN SELECT RAISE(ABORT, 'what is asked to stop ends cancelled'); END;

CREATE TRIGGER what_runs_is_cancelled_by_asking BEFORE UPDATE OF state ON processes
WHEN NEW.state = 'cancelled' AND OLD.state = 'running' AND NEW.cancel_asked_by IS NOT NEW.cancelled_by
BEGIN SELECT RAISE(ABORT, 'a running process is cancelled by whoever asked for it'); END;

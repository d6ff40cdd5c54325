-- The outbox of alerts: what people are to be told, and how far each delivery is.

CREATE TABLE alerts (
    -- The order in which they were raised.
    number    INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    site      TEXT REFERENCES sites (id),
    raised_at INTEGER NOT NULL,
    matter    TEXT NOT NULL CHECK (json_valid(matter)),
    -- Is it decided whom it reaches? Its deliveries are all there from then on.
    addressed INTEGER NOT NULL DEFAULT 0 CHECK (addressed IN (0, 1))
) STRICT;

CREATE INDEX alerts_to_be_addressed ON alerts (number) WHERE addressed = 0;

CREATE TABLE alert_deliveries (
    alert      INTEGER NOT NULL REFERENCES alerts (number) ON DELETE CASCADE,
    channel    TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    state      TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given_up')),
    -- The number of the last attempt: the fencing token.
    attempts   INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at     INTEGER NOT NULL,
    -- The lease of the attempt under way.
    held_until INTEGER CHECK (held_until IS NULL OR state = 'pending'),
    -- This very alert was refused: later ones of its site do not wait for it.
    refused    INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)),
    settled_at INTEGER CHECK ((settled_at IS NULL) = (state = 'pending')),
    PRIMARY KEY (alert, channel, recipient)
) STRICT, WITHOUT ROWID;

CREATE INDEX alerts_on_their_way ON alert_deliveries (channel, recipient, alert) WHERE state = 'pending';

CREATE TRIGGER an_alert_keeps_what_it_tells BEFORE UPDATE OF number, id, site, raised_at, matter ON alerts
BEGIN SELECT RAISE(ABORT, 'an alert keeps what it tells'); END;

CREATE TRIGGER an_alert_is_addressed_once BEFORE UPDATE OF addressed ON alerts WHEN OLD.addressed = 1
BEGIN SELECT RAISE(ABORT, 'an alert is addressed once'); END;

CREATE TRIGGER a_delivery_ends_once BEFORE UPDATE ON alert_deliveries WHEN OLD.state <> 'pending'
BEGIN SELECT RAISE(ABORT, 'a delivery ends once'); END;

CREATE TRIGGER an_alert_on_its_way_stays BEFORE DELETE ON alerts
WHEN OLD.addressed = 0 OR EXISTS (SELECT 1 FROM alert_deliveries WHERE alert = OLD.number AND state = 'pending')
BEGIN SELECT RAISE(ABORT, 'an alert on its way stays'); END;

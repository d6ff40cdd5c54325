-- The backups of a site lie in its customer's repository: under another customer nobody would find them, and what expires would
-- be looked for in the wrong place.

CREATE TRIGGER a_site_with_backups_stays_with_its_customer BEFORE UPDATE OF customer ON sites
WHEN NEW.customer <> OLD.customer
    AND (EXISTS (SELECT 1 FROM backups WHERE site = OLD.id)
        OR EXISTS (SELECT 1 FROM processes WHERE site = OLD.id AND state IN ('queued', 'running')))
BEGIN SELECT RAISE(ABORT, 'a site that has backups cannot be given to another customer'); END;

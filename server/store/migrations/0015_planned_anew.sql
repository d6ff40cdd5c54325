-- When a site was last planned anew, in the count of all changes: what no process shows of its nights, such as the hour that an
-- operator has set at another server. Without it a scheduler would have to read every site anew to find out.

ALTER TABLE sites ADD COLUMN planned_revision INTEGER NOT NULL DEFAULT 0;

CREATE INDEX sites_planned_anew ON sites (planned_revision);

-- A new site is given the instant from which it has nights right after it was inserted.
CREATE TRIGGER a_site_is_planned_anew AFTER UPDATE OF night_start, night_window, zone_name, zone_changes, created_at ON sites
WHEN (NEW.night_start, NEW.night_window, NEW.zone_name, NEW.zone_changes, NEW.created_at)
    IS NOT (OLD.night_start, OLD.night_window, OLD.zone_name, OLD.zone_changes, OLD.created_at)
BEGIN
    UPDATE revisions SET value = value + 1;
    UPDATE sites SET planned_revision = (SELECT value FROM revisions) WHERE id = NEW.id;
END;

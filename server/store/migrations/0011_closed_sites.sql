-- Every end of a process asks whether it still closes a site: without this, each asks all sites.

CREATE INDEX closed_sites ON sites (restoring) WHERE restoring IS NOT NULL;

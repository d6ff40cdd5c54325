-- The retention policy of each site; the ranges are those of the limits in the domain.

ALTER TABLE sites ADD COLUMN keep_days INTEGER NOT NULL DEFAULT 7 CHECK (keep_days BETWEEN 1 AND 366);
ALTER TABLE sites ADD COLUMN keep_months INTEGER NOT NULL DEFAULT 1 CHECK (keep_months BETWEEN 0 AND 60);
ALTER TABLE sites ADD COLUMN keep_years INTEGER NOT NULL DEFAULT 1 CHECK (keep_years BETWEEN 0 AND 10);
ALTER TABLE sites ADD COLUMN keep_safety_days INTEGER NOT NULL DEFAULT 7 CHECK (keep_safety_days BETWEEN 1 AND 90);

-- An expiry that has waited for so long that it takes its turn among the nights: on a server that is never idle, it would never come.

ALTER TABLE processes ADD COLUMN hastened INTEGER NOT NULL DEFAULT 0 CHECK (hastened IN (0, 1));

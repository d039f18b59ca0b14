-- Timers of the service's jobs. A claim names the instance at work; next_us moves in the same commit.
CREATE TABLE timers (
    name       TEXT    PRIMARY KEY,
    schedule   TEXT    NOT NULL,
    next_us    INTEGER NOT NULL,
    asked_us   INTEGER,                      -- somebody wants it now
    claimed_by TEXT,
    claimed_us INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,   -- begun since it last ended
    last       TEXT                          -- how it ended last, as JSON
) STRICT, WITHOUT ROWID;

-- How far a poller has read.
CREATE TABLE cursors (
    name  TEXT    PRIMARY KEY,
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened after the backup is not known here: schedules rest until a person releases them.
CREATE TABLE restores (
    restored_us INTEGER PRIMARY KEY,
    backup_us   INTEGER NOT NULL,
    released_us INTEGER
) STRICT;

-- NULL on rows of before: their age counts from the first retention sweep that sees them.
ALTER TABLE idempotency ADD COLUMN claimed_us INTEGER;

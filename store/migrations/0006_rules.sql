-- Every rule set a run was decided by, as the text it is read from (empty = the built-in one), so that it can be replayed.
CREATE TABLE rule_sets (
    digest    TEXT PRIMARY KEY,
    id        TEXT NOT NULL,
    version   TEXT NOT NULL,
    source    TEXT NOT NULL,
    stored_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was put in force, by whom; only ever appended. The newest row says what is in force now.
CREATE TABLE rule_changes (
    seq    INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

-- Runs that a candidate judged beside the rules in force; the difference is null where both agree.
CREATE TABLE rule_shadows (
    digest     TEXT NOT NULL,
    run_id     TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
    difference TEXT,
    PRIMARY KEY (digest, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX rule_shadows_of_run ON rule_shadows (run_id);

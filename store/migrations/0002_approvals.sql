-- Several approvals per run, one pending at a time: a voided one is kept beside the one that replaced it.

CREATE TABLE approvals_new (
    approval_id  TEXT    PRIMARY KEY,
    run_id       TEXT    NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
    round        INTEGER NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'expired', 'void')),
    requested_us INTEGER NOT NULL,
    record       TEXT    NOT NULL
) STRICT;
INSERT INTO approvals_new (approval_id, run_id, round, state, requested_us, record)
    SELECT approval_id, run_id, 1, state, requested_us, record FROM approvals;
DROP TABLE approvals;
ALTER TABLE approvals_new RENAME TO approvals;
CREATE UNIQUE INDEX approvals_one_per_round ON approvals (run_id, round);
CREATE UNIQUE INDEX approvals_one_pending_per_run ON approvals (run_id) WHERE state = 'pending';
CREATE INDEX approvals_pending ON approvals (requested_us) WHERE state = 'pending';

-- One-time values (buttons, sealed request states) that were used, hashed together with who used them.
CREATE TABLE approval_tokens (
    token_hash  TEXT PRIMARY KEY,
    approval_id TEXT NOT NULL REFERENCES approvals (approval_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

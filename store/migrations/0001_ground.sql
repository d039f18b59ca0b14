-- Every table holds its record as JSON beside the columns that are searched, sorted or constrained.
-- Times are microseconds since 1970 (UTC), days are ISO dates.

CREATE TABLE runs (
    seq        INTEGER PRIMARY KEY,  -- order of acceptance
    run_id     TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    state      TEXT NOT NULL
        CHECK (state IN ('assessing', 'awaiting_approval', 'fulfilling', 'completed', 'blocked', 'parked')),
    record     TEXT NOT NULL
) STRICT;
CREATE INDEX runs_of_account ON runs (account_id);
CREATE INDEX runs_in_state ON runs (state);
CREATE UNIQUE INDEX runs_one_live_per_account ON runs (account_id)
    WHERE state IN ('assessing', 'awaiting_approval', 'fulfilling');

-- Which run a correlation id was answered with: its own, or the live one it met.
CREATE TABLE correlations (
    correlation_id TEXT PRIMARY KEY,
    account_id     TEXT NOT NULL,
    run_id         TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX correlations_of_run ON correlations (run_id);

CREATE TABLE journal (
    run_id TEXT    NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
    seq    INTEGER NOT NULL,
    label  TEXT    NOT NULL,
    output TEXT    NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT;

CREATE TABLE approvals (
    approval_id TEXT    PRIMARY KEY,
    run_id      TEXT    NOT NULL UNIQUE REFERENCES runs (run_id) ON DELETE CASCADE,
    state       TEXT    NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'expired')),
    requested_us INTEGER NOT NULL,
    record      TEXT    NOT NULL
) STRICT;
CREATE INDEX approvals_pending ON approvals (requested_us) WHERE state = 'pending';

-- No foreign key from tasks, outbox or audit: their servers also work for hosts that know no run of ours,
-- and a tenant may live in a customer's own provisioning system.
CREATE TABLE tenants (
    tenant_id  TEXT PRIMARY KEY,
    account_id TEXT NOT NULL UNIQUE,
    key_hash   TEXT NOT NULL,
    record     TEXT NOT NULL
) STRICT;

CREATE TABLE tasks (
    task_id    TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    account_id TEXT NOT NULL,
    code       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('pending', 'in_progress', 'completed', 'blocked', 'skipped')),
    due_date   TEXT NOT NULL,
    record     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX tasks_of_tenant ON tasks (tenant_id, code);
CREATE INDEX tasks_of_account ON tasks (account_id);
CREATE INDEX tasks_open_by_due_date ON tasks (due_date) WHERE status NOT IN ('completed', 'skipped');

-- A row exists while a call runs and after it answered or was lost; a call that failed leaves none.
CREATE TABLE idempotency (
    tool             TEXT NOT NULL,
    key              TEXT NOT NULL,
    arguments_digest TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('claimed', 'answered', 'unknown')),
    instance         TEXT NOT NULL,
    answer           TEXT,
    PRIMARY KEY (tool, key)
) STRICT;

CREATE TABLE outbox (
    seq            INTEGER PRIMARY KEY,
    message_id     TEXT    NOT NULL UNIQUE,
    channel        TEXT    NOT NULL CHECK (channel IN ('slack', 'mail', 'page')),
    key            TEXT    NOT NULL,
    target         TEXT    NOT NULL,
    body           TEXT    NOT NULL,
    run_id         TEXT,
    correlation_id TEXT,
    state          TEXT    NOT NULL CHECK (state IN ('claimed', 'sent', 'unknown', 'failed')),
    instance       TEXT    NOT NULL,
    attempts       INTEGER NOT NULL,
    claimed_us     INTEGER NOT NULL,
    reference      TEXT,
    why            TEXT
) STRICT;
CREATE UNIQUE INDEX outbox_once_per_key ON outbox (channel, key);
CREATE INDEX outbox_of_run ON outbox (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX outbox_unsettled ON outbox (state) WHERE state <> 'sent';

-- Append-only; hash covers seq, previous and record (src/audit/chain.rs). Both hashes are 32 raw bytes.
CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY,
    previous BLOB NOT NULL,
    hash     BLOB NOT NULL,
    run_id   TEXT,
    record   TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of_run ON audit (run_id) WHERE run_id IS NOT NULL;

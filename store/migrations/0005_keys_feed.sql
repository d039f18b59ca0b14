-- Keys of the people and programs that use the HTTP API. Only a hash of the secret is kept; one usable key per name.
CREATE TABLE api_keys (
    key_id       TEXT    PRIMARY KEY,
    name         TEXT    NOT NULL,
    secret_hash  TEXT    NOT NULL,
    revoked_us   INTEGER,
    last_used_us INTEGER,  -- to some minutes: a write per request would cost a commit each
    record       TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX api_keys_one_per_name ON api_keys (name) WHERE revoked_us IS NULL;

-- What changed, in order, for whoever watches: ids and states, no personal data. Triggers write it, so it stands in the
-- commit of the change it tells, whoever makes the change, and nobody can forget it.
CREATE TABLE feed (
    seq         INTEGER PRIMARY KEY,
    at_us       INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER)),
    kind        TEXT NOT NULL,
    run_id      TEXT,
    account_id  TEXT,
    approval_id TEXT,
    task_id     TEXT,
    message_id  TEXT,
    state       TEXT NOT NULL
) STRICT;

-- Who was away for longer than this many changes must look anew.
CREATE TRIGGER feed_is_bounded AFTER INSERT ON feed
BEGIN
    DELETE FROM feed WHERE seq = NEW.seq - 100000;
END;

CREATE TRIGGER feed_run_accepted AFTER INSERT ON runs
BEGIN
    INSERT INTO feed (kind, run_id, account_id, state) VALUES ('run', NEW.run_id, NEW.account_id, NEW.state);
END;
CREATE TRIGGER feed_run_moved AFTER UPDATE OF state ON runs WHEN NEW.state <> OLD.state
BEGIN
    INSERT INTO feed (kind, run_id, account_id, state) VALUES ('run', NEW.run_id, NEW.account_id, NEW.state);
END;

CREATE TRIGGER feed_approval_asked AFTER INSERT ON approvals
BEGIN
    INSERT INTO feed (kind, run_id, approval_id, state) VALUES ('approval', NEW.run_id, NEW.approval_id, NEW.state);
END;
-- A first of two votes keeps the state, but is news all the same.
CREATE TRIGGER feed_approval_moved AFTER UPDATE OF state, record ON approvals
WHEN NEW.state <> OLD.state OR NEW.record <> OLD.record
BEGIN
    INSERT INTO feed (kind, run_id, approval_id, state) VALUES ('approval', NEW.run_id, NEW.approval_id, NEW.state);
END;

-- A checklist is made whole: one change, not fourteen.
CREATE TRIGGER feed_checklist_made AFTER INSERT ON tasks WHEN NEW.code = 'T001'
BEGIN
    INSERT INTO feed (kind, account_id, state) VALUES ('checklist', NEW.account_id, 'made');
END;
CREATE TRIGGER feed_task_moved AFTER UPDATE OF status ON tasks WHEN NEW.status <> OLD.status
BEGIN
    INSERT INTO feed (kind, account_id, task_id, state) VALUES ('task', NEW.account_id, NEW.task_id, NEW.status);
END;

-- Only messages that need somebody, and their end; those that go out as they should would drown them.
CREATE TRIGGER feed_message_moved AFTER UPDATE OF state ON outbox
WHEN NEW.state <> OLD.state AND (NEW.state IN ('unknown', 'dead', 'dropped') OR OLD.state IN ('unknown', 'dead'))
BEGIN
    INSERT INTO feed (kind, run_id, message_id, state) VALUES ('message', NEW.run_id, NEW.message_id, NEW.state);
END;

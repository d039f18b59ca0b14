-- Messages that wait for another attempt, are given up or settled by a person. What a message says stands apart from
-- how it stands: its end is written without writing the text again, and the text can be forgotten before the row.

CREATE TABLE outbox_messages (
    seq            INTEGER PRIMARY KEY,
    message_id     TEXT    NOT NULL UNIQUE,
    channel        TEXT    NOT NULL CHECK (channel IN ('slack', 'mail', 'page')),
    key            TEXT    NOT NULL,
    target         TEXT    NOT NULL,
    run_id         TEXT,
    correlation_id TEXT,
    state          TEXT    NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'unknown', 'dead', 'dropped')),
    instance       TEXT    NOT NULL,  -- who handed it over last
    attempts       INTEGER NOT NULL,  -- since since_us
    since_us       INTEGER NOT NULL,  -- accepted, or put back by a person
    tried_us       INTEGER NOT NULL,  -- last handed over
    due_us         INTEGER NOT NULL,  -- queued: the next attempt; unknown: the next look
    settled_us     INTEGER,           -- sent, dead or dropped
    reference      TEXT,
    why            TEXT,
    follow_up      INTEGER NOT NULL DEFAULT 0 CHECK (follow_up IN (0, 1))  -- somebody else must act on its end
) STRICT;

CREATE TABLE outbox_bodies (
    seq  INTEGER PRIMARY KEY,  -- of the message
    body TEXT NOT NULL
) STRICT;

INSERT INTO outbox_bodies (seq, body) SELECT seq, body FROM outbox;
INSERT INTO outbox_messages (seq, message_id, channel, key, target, run_id, correlation_id, state, instance, attempts,
                             since_us, tried_us, due_us, settled_us, reference, why)
    SELECT seq, message_id, channel, key, target, run_id, correlation_id,
           CASE state WHEN 'claimed' THEN 'sending' WHEN 'failed' THEN 'dead' ELSE state END,
           instance, attempts, claimed_us, claimed_us, claimed_us,
           CASE WHEN state IN ('sent', 'failed') THEN claimed_us END, reference, why
    FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_messages RENAME TO outbox;

CREATE UNIQUE INDEX outbox_once_per_key ON outbox (channel, key);
CREATE INDEX outbox_of_run ON outbox (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX outbox_unsettled ON outbox (state, due_us) WHERE state <> 'sent';
CREATE INDEX outbox_to_follow_up ON outbox (seq) WHERE follow_up = 1;

-- The address goes with the text.
CREATE TRIGGER outbox_forgets_the_address AFTER DELETE ON outbox_bodies
BEGIN
    UPDATE outbox SET target = '' WHERE seq = OLD.seq;
END;

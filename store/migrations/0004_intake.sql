-- Events that came in and what each was answered, so that one that comes again is answered the same. No reference to
-- runs: an event is remembered as long as its sender may repeat it, whatever becomes of its run.
CREATE TABLE intake (
    source      TEXT    NOT NULL,  -- who sends, e.g. onboarding/default, docusign
    event_id    TEXT    NOT NULL,  -- the sender's own id of the event
    body_digest TEXT    NOT NULL,
    run_id      TEXT,              -- the run it led to, when it led to one
    received_us INTEGER NOT NULL,
    answer      TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX intake_once ON intake (source, event_id);
CREATE INDEX intake_by_age ON intake (received_us);

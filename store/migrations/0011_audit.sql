-- The run of an entry, read from the entry itself: a copy beside it could say something else than what was hashed.
DROP INDEX audit_of_run;
ALTER TABLE audit DROP COLUMN run_id;
ALTER TABLE audit ADD COLUMN run_id TEXT GENERATED ALWAYS AS (record ->> '$.run_id') VIRTUAL;
CREATE INDEX audit_of_run ON audit (run_id) WHERE run_id IS NOT NULL;

-- The audit grows at its end and changes nowhere. A REPLACE deletes without asking the delete's trigger, so the insert's
-- asks for the position as well. Nothing is forgotten here by age: an entry holds no personal data, and its hash is what
-- the entries after it stand on. Whoever can write this file can drop the triggers, too; signed checkpoints outside of it
-- are for them.
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only: entries are not changed');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only: entries are not deleted');
END;
CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only: an entry follows the newest');
END;

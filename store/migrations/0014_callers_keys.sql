-- Each caller has idempotency keys of its own, and a claim's key says so. The claims of before do not say whose they are:
-- whoever repeats one meets it, as ever, until they are forgotten by age.
ALTER TABLE idempotency ADD COLUMN is_callers INTEGER NOT NULL DEFAULT 0 CHECK (is_callers IN (0, 1));

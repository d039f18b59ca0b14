-- One row for each call to a language model; input and output inside the record are masked. day counts from 1970-01-01, UTC.
CREATE TABLE llm_calls (
    seq       INTEGER PRIMARY KEY,
    at_us     INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    run_id    TEXT,
    model     TEXT    NOT NULL,
    prompt    TEXT    NOT NULL,
    verdict   TEXT    NOT NULL,
    tokens    INTEGER NOT NULL,
    micro_usd INTEGER NOT NULL,
    record    TEXT    NOT NULL
) STRICT;
CREATE INDEX llm_calls_of_day ON llm_calls (day, tokens, micro_usd);
CREATE INDEX llm_calls_of_run ON llm_calls (run_id) WHERE run_id IS NOT NULL;

-- Which checkpoint of the audit was signed last, and which one its receiver has acknowledged. The checkpoints themselves are
-- kept elsewhere; by this row a second place that was emptied, shortened or altered at its end is found.
CREATE TABLE seals (
    stage TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL
) STRICT;

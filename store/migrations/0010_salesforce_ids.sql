-- The first 15 characters of the account's Salesforce id, where it is known: the other name an account is asked for by.
-- account_id becomes the business id as soon as that is known.
ALTER TABLE runs ADD COLUMN salesforce_id TEXT;
UPDATE runs SET salesforce_id = substr(record ->> '$.facts.account.id', 1, 15)
    WHERE length(record ->> '$.facts.account.id') IN (15, 18);
CREATE INDEX runs_of_salesforce_id ON runs (salesforce_id);
